"""Churn: from when on a silent customer counts as lapsed, how many are, what a silence means, who still orders."""

import streamlit as st

from pages.shared import churn_parts, contract_parts, model_parts, sources, ui
from retention_core import lifecycle
from retention_core.answers import churn as answers
from retention_core.say import say

LIMITS = {"own": "The shop's own waits", "60": "60 days", "90": "90 days", "180": "180 days", "365": "365 days"}

if contract_parts.churn_or_none():
    st.stop()
ui.customers_or_stop("Churn")
head = st.container()
chosen = ui.choose("Lapsed: silent for longer than", LIMITS, "lapsed")
curves, gaps = ui.query("wait_curve"), ui.query("order_gaps")
waits = lifecycle.waits(curves)
whole = curves if waits else sources.query("wait_curve", {})  # of a chosen few too little may be seen
to_go_by = waits or lifecycle.waits(whole)
limits = lifecycle.own_limits(to_go_by) if chosen == "own" else lifecycle.fixed_limits(int(chosen))
flows, totals = ui.query("lifecycle_flows", **limits.parameters()), ui.query("period_totals")
standing = lifecycle.stages(flows, totals["period"])
first_wait = lifecycle.wait_after(to_go_by, 1) if chosen == "own" else None
now = standing.tail(len(lifecycle.STAGES))
with head:
    ui.answer("Churn", answers.churn_answer(now))
churn_parts.stages(standing, flows, totals, limits, first_wait is not None)
who = st.container()
if to_go_by and not waits:
    why_none = answers.waits_of_shop_answer(chosen == "own")
else:
    why_none = answers.no_waits_answer(lifecycle.has_returns(whole), chosen == "own")
churn_parts.waits(gaps, waits, why_none)
churn_parts.silences(curves, waits, limits, chosen == "own")
model_parts.who_is_still_a_customer(limits, first_wait is not None)
with who:
    ui.tell(answers.who_they_are_answer(model_parts.made().can_judge))
    ui.link("pages/measure/cohorts.py", say("To the customers of a cell"))
queries = {"wait_curve": {}, "order_gaps": {}, "lifecycle_flows": limits.parameters(), "purchase_histories": {}}
ui.explain((), queries, churn_parts.NOTES + model_parts.NOTES)
