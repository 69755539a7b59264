"""Comeback: page settings, the menu and the scope. Everything that is said or drawn stands in pages/."""

import streamlit as st

from pages.shared import login, quick, scope, sharing, transfers

st.set_page_config(page_title="Comeback", page_icon="🔁", layout="wide")
quick.settle()

page = st.navigation(
    {
        "Measure": [
            st.Page("pages/measure/overview.py", title="Overview", icon=":material/home:", default=True),
            st.Page("pages/measure/retention.py", title="Retention", icon=":material/autorenew:"),
            st.Page("pages/measure/cohorts.py", title="Cohorts", icon=":material/grid_on:"),
            st.Page("pages/measure/churn.py", title="Churn", icon=":material/person_off:"),
            st.Page("pages/measure/value.py", title="Value", icon=":material/payments:"),
        ],
        "Plan": [
            st.Page("pages/plan/goals.py", title="Goals", icon=":material/flag:"),
        ],
        "Data": [
            st.Page("pages/data/source.py", title="Orders", icon=":material/upload_file:"),
            st.Page("pages/data/glossary.py", title="Glossary", icon=":material/menu_book:"),
        ],
    },
    # A link finds its page before its visitor has signed in too: the menu is known, and hidden.
    position="hidden" if login.is_needed() else "sidebar",
)
if login.is_needed():
    login.ask()
transfers.admit()
scope.keep_place_for_notice()
with st.sidebar:
    scope.choose()
    sharing.offer()
    login.offer_to_leave()
page.run()
