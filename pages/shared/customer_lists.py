"""What every list of customers keeps to: only who may be written to is in it, and it says how it names people."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import sources
from retention_core import letters
from retention_core.letters import LeftOut
from retention_core.say import number, say

OWN_PSEUDONYMS = (
    "Customers are named by pseudonyms. To get their own numbers or e-mails, open the files again under Orders and "
    "tick that lists must come back with them."
)
OTHERS_PSEUDONYMS = "Customers are named by pseudonyms: only those who published these orders know who they are."


def writable(listed: pd.DataFrame) -> pd.DataFrame:
    """The customers of the list who may be written to, by the rule of `letters`; captions count the others.

    `listed`: one row per customer_id with consent and is_consent_known. Consent stays where the files tell it.
    """
    is_known = bool(listed["is_consent_known"].any())
    kept, left_out = letters.writable(listed.drop(columns="is_consent_known"), is_known, "customer_id")
    tell_left_out(left_out, kept.empty)
    return kept


def tell_left_out(left_out: LeftOut, is_empty: bool) -> None:
    """Who is left out of a list and why, that nobody is left where it `is_empty`, or that nothing tells who agreed."""
    if not left_out.is_known:
        st.caption(say("The files do not tell who agreed to letters: check it before you write to anybody."))
        return
    if left_out.refused:
        n = number(left_out.refused)
        st.caption(
            say("1 customer said no to letters and is left out.")
            if left_out.refused == 1
            else say("{n} customers said no to letters and are left out.", n=n)
        )
    if left_out.untold:
        n = number(left_out.untold)
        st.caption(
            say("1 customer said neither yes nor no to letters, as others did, and is left out.")
            if left_out.untold == 1
            else say("{n} customers said neither yes nor no to letters, as others did, and are left out.", n=n)
        )
    if is_empty:
        st.caption(say("Nobody is left who agreed to letters, so there is no list."))


def show(listed: pd.DataFrame, has_pseudonyms: bool) -> None:
    """The list as a table. It stays out of the report, which travels further than the people in it may know."""
    st.dataframe(listed, hide_index=True)
    tell_names(has_pseudonyms)


def tell_names(has_pseudonyms: bool) -> None:
    """Said beside a list whose customers stand under pseudonyms, and how to get their own names back."""
    if has_pseudonyms:
        st.caption(say(OWN_PSEUDONYMS if sources.current() == "upload" else OTHERS_PSEUDONYMS))
