"""The scope: which data set, which customers. Its widgets stand in the sidebar of every page and in the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import sources
from retention_core.say import day, say

DIMENSIONS = {"channel": "Channel", "country": "Country", "category": "Category"}
NOT_HERE = "The link asked for something that is not here; the default is shown."
NOTICE = "place_for_notice"  # in the session: where a run of the page says what its link asked in vain
PHRASES = {"channel": "through {names}", "country": "in {names}", "category": "something of {names}"}


def choose() -> None:
    """Draw the widgets. Each filter looks at a customer's first order; the keys are the names in the link."""
    names = sources.names()
    note_unknown("shop", names.values())
    st.selectbox("Orders", list(names), format_func=names.__getitem__, key="shop", bind="query-params")
    if not sources.is_open():
        return
    options = sources.query("scope_options", {})
    if options.empty:
        return
    # On the first run a link's filters are in no widget yet; they, and what was not found, must not hide.
    is_open = bool(chosen()) or any(key in st.query_params for key in ("since", "until", "coupon", *DIMENSIONS))
    with st.expander("Filter by first order", expanded=is_open, icon=":material/filter_alt:"):
        _choose_days()
        for dimension, label in DIMENSIONS.items():
            _choose_values(dimension, label, options)
        if options["dimension"].eq("coupon").sum() > 1:
            note_unknown("coupon", ["yes", "no"])
            st.segmented_control("Coupon on the first order", ["yes", "no"], key="coupon", bind="query-params")


def _choose_days() -> None:
    shop = sources.shop()
    for key, label in (("since", "From"), ("until", "Before")):
        asked = st.query_params.get(key)
        chosen_day = st.date_input(
            label, None, shop.first_on, shop.observed_on, key=key, format="YYYY-MM-DD", bind="query-params"
        )
        if asked and chosen_day is None:
            say_not_here()


def _choose_values(dimension: str, label: str, options: pd.DataFrame) -> None:
    values = options.loc[options["dimension"] == dimension, "value"].tolist()
    if len(values) > 1:
        note_unknown(dimension, map(_named, values))
        st.multiselect(label, values, format_func=_named, key=dimension, bind="query-params", placeholder="All")


def read_old_words(key: str, renamed: Mapping[str, str]) -> None:
    """Take what a link says in the words of before for what it means. `renamed`: word of before → word of now.

    A widget reads its link before the script runs, so the script begins anew.
    """
    if (word := st.query_params.get(key, "")) in renamed:
        st.query_params[key] = renamed[word]
        st.rerun()


def note_unknown(key: str, known: Iterable[str]) -> None:
    """Say it where the link asks for something that this shop or page does not have; Streamlit takes the default."""
    asked = st.query_params.get_all(key)
    if asked and not set(asked) <= set(known):
        say_not_here()


def note_unfit(key: str, low: float, high: float) -> None:
    """The same for a number: say it where the link asks for one that the slider does not have."""
    asked = st.query_params.get(key)
    if asked is None:
        return
    try:
        fits = low <= float(asked) <= high
    except ValueError:
        fits = False
    if not fits:
        say_not_here()


def keep_place_for_notice() -> None:
    """Keep the top of the page for one sentence on the link: on a phone the sidebar is closed, and pages are long."""
    st.session_state[NOTICE] = st.container()


def say_not_here() -> None:
    """Beside the setting that was asked in vain; and the first of each run at the top of the page, too."""
    st.caption(say(NOT_HERE))
    place = st.session_state.pop(NOTICE, None)
    if place is not None:
        place.info(say(NOT_HERE), icon=":material/link_off:")


def chosen() -> dict[str, Any]:
    """The filters that are set, as parameters of `Shop.query`."""
    state = st.session_state
    filters: dict[str, Any] = {key: state.get(key) for key in ("since", "until")}
    filters |= {key: list(state.get(key) or []) or None for key in DIMENSIONS}
    filters["coupon"] = {"yes": True, "no": False}.get(str(state.get("coupon")))
    return {key: value for key, value in filters.items() if value is not None}


def ends_before_it_begins() -> bool:
    """Whether the days of the scope hold none."""
    days = chosen()
    return "since" in days and "until" in days and days["since"] >= days["until"]


def in_words() -> str:
    """ "Only customers who first bought from 1 Jan 2025, through Search." Empty where no filter is set."""
    filters = chosen()
    if not filters:
        return ""
    parts = []
    if "since" in filters:
        parts.append(say("from {day}", day=day(filters["since"])))
    if "until" in filters:
        parts.append(say("before {day}", day=day(filters["until"])))
    for key, phrase in PHRASES.items():
        if key in filters:
            parts.append(say(phrase, names=say(" or ").join(_named(value) for value in filters[key])))
    if "coupon" in filters:
        parts.append(say("with a coupon") if filters["coupon"] else say("without a coupon"))
    return say("Only customers who first bought {how}.", how=", ".join(parts))


def _named(value: str) -> str:
    return value or say("not known")
