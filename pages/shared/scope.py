"""The scope: which data set, which customers. Its widgets stand in the sidebar of every page and in the link."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared import sources
from retention_core.say import day, say

DIMENSIONS = {"channel": "Channel", "country": "Country", "category": "Category"}


def choose() -> None:
    """Draw the widgets. Each filter looks at a customer's first order; the keys are the names in the link."""
    names = sources.names()
    st.selectbox("Orders", list(names), format_func=names.__getitem__, key="shop", bind="query-params", required=True)
    if sources.current() == "upload" and "upload" not in st.session_state:
        return
    shop = sources.shop()
    options = sources.query("scope_options", {})
    with st.expander("Customers who first bought …", expanded=bool(chosen()), icon=":material/filter_alt:"):
        left, right = st.columns(2)
        dates = {"min_value": shop.first_on, "max_value": shop.observed_on, "bind": "query-params"}
        left.date_input("from", None, key="since", **dates)
        right.date_input("before", None, key="until", **dates)
        for dimension, label in DIMENSIONS.items():
            values = options.loc[options["dimension"] == dimension, "value"].tolist()
            if len(values) > 1:
                st.multiselect(label, values, format_func=_named, key=dimension, bind="query-params", placeholder="All")
        if options["dimension"].eq("coupon").sum() > 1:
            st.segmented_control("Coupon on the first order", ["yes", "no"], key="coupon", bind="query-params")


def chosen() -> dict[str, Any]:
    """The filters that are set, as parameters of `Shop.query`."""
    state = st.session_state
    filters: dict[str, Any] = {key: state.get(key) for key in ("since", "until")}
    filters |= {key: list(state.get(key) or []) or None for key in DIMENSIONS}
    filters["coupon"] = {"yes": True, "no": False}.get(str(state.get("coupon")))
    return {key: value for key, value in filters.items() if value is not None}


def in_words() -> str:
    """ "Customers who first bought from 1 Jan 2025 through Search." Empty where no filter is set."""
    filters = chosen()
    if not filters:
        return ""
    parts = []
    if "since" in filters:
        parts.append(say("from {day}", day=day(filters["since"])))
    if "until" in filters:
        parts.append(say("before {day}", day=day(filters["until"])))
    for key, phrase in (("channel", "through {names}"), ("country", "in {names}"), ("category", "something of {names}")):
        if key in filters:
            parts.append(say(phrase, names=" or ".join(_named(value) for value in filters[key])))
    if "coupon" in filters:
        parts.append(say("with a coupon") if filters["coupon"] else say("without a coupon"))
    return say("Only customers who first bought {how}.", how=", ".join(parts))


def _named(value: str) -> str:
    return value or say("not known")
