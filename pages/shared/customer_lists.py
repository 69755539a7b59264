"""What every list of customers keeps to: nobody who said no to letters is in it, and it says how it names people."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import sources
from retention_core.say import number, say

OWN_PSEUDONYMS = (
    "Customers are named by pseudonyms. To get their own numbers or e-mails, open the files again under Orders and "
    "tick that lists must come back with them."
)
OTHERS_PSEUDONYMS = "Customers are named by pseudonyms: only those who published these orders know who they are."


def without_refusals(listed: pd.DataFrame) -> pd.DataFrame:
    """The customers of the list who did not say no to letters; a caption counts the others and those not asked.

    `listed`: one row per customer with `consent`, missing where the files say nothing. The column stays where they do.
    """
    consent = listed["consent"].astype("boolean")
    refused, unknown = consent.eq(False).fillna(False), consent.isna()
    if refused.any():
        n = number(refused.sum())
        st.caption(
            say("1 customer said no to letters and is left out.")
            if refused.sum() == 1
            else say("{n} customers said no to letters and are left out.", n=n)
        )
    if unknown.all():
        tell_consent_unknown()
        return listed.drop(columns="consent")
    if unknown.any():
        n = number(unknown.sum())
        st.caption(say("Whether {n} of the customers agreed to letters is not known: check before you write.", n=n))
    return listed[~refused]


def show(listed: pd.DataFrame, has_pseudonyms: bool) -> None:
    """The list as a table. It stays out of the report, which travels further than the people in it may know."""
    st.dataframe(listed, hide_index=True)
    tell_names(has_pseudonyms)


def tell_consent_unknown() -> None:
    """Said where nothing in the files tells who may be written to."""
    st.caption(say("The files do not tell who agreed to letters: check it before you write to anybody."))


def tell_names(has_pseudonyms: bool) -> None:
    """Said beside a list whose customers stand under pseudonyms, and how to get their own names back."""
    if has_pseudonyms:
        st.caption(say(OWN_PSEUDONYMS if sources.current() == "upload" else OTHERS_PSEUDONYMS))
