"""What every list of customers keeps to: only who may be written to is in it, and it says how it names people."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import sources
from pages.shared.tables import sortable
from retention_core import letters
from retention_core.letters import LeftOut
from retention_core.say import NOT_KNOWN, number, say

OWN_PSEUDONYMS = (
    "Customers are named by pseudonyms. To get their own numbers or e-mails, open the files again under Orders and "
    "tick that lists must come back with them."
)
OTHERS_PSEUDONYMS = "Customers are named by pseudonyms: only those who published these orders know who they are."


def writable(listed: pd.DataFrame) -> pd.DataFrame:
    """The customers of the list who may be written to, by the rule of `letters`; a caption counts the others.

    `listed`: one row per customer_id with consent and is_consent_known. Consent stays where the files tell it.
    """
    is_known = bool(listed["is_consent_known"].any())
    kept, left_out = letters.writable(listed.drop(columns="is_consent_known"), is_known, "customer_id")
    tell_left_out(left_out, len(listed))
    return kept


def tell_left_out(left_out: LeftOut, everyone: int) -> None:
    """How many of `everyone` a list leaves out and why; that nobody is left; or that nothing tells who agreed."""
    if not left_out.is_known:
        st.caption(say("The files do not tell who agreed to letters: check it before you write to anybody."))
        return
    if sentence := left_out_sentence(left_out, everyone):
        st.caption(sentence)
    if left_out.refused + left_out.untold == everyone:
        st.caption(say("Nobody is left who agreed to letters, so there is no list."))


def left_out_sentence(left_out: LeftOut, everyone: int) -> str:
    """The customers that a list leaves out, by reason: the numbers add up. Empty where nobody is left out."""
    n, of = left_out.refused + left_out.untold, number(everyone)
    if left_out.refused and left_out.untold:
        return say(
            "{n} of {all} customers are left out: {refused} said no to letters, {untold} said neither yes nor no while "
            "others did.",
            n=number(n), all=of, refused=number(left_out.refused), untold=number(left_out.untold),
        )  # fmt: skip
    if not n:
        return ""
    why = say("said no to letters") if left_out.refused else say("said neither yes nor no to letters while others did")
    if n == 1:
        return say("1 of {all} customers {why} and is left out.", all=of, why=why)
    return say("{n} of {all} customers {why} and are left out.", n=number(n), all=of, why=why)


def agreed(consent: pd.Series) -> pd.Series:
    """Consent as people read it; missing where it is not known."""
    return consent.astype("boolean").map({True: say("yes"), False: say("no")}).astype("string")


def in_money(label: str, currency: str | None) -> str:
    """The name of a column of amounts, with the currency where the file names it."""
    return f"{say(label)} ({currency})" if currency else say(label)


def show(listed: pd.DataFrame, has_pseudonyms: bool) -> None:
    """The list as a table. It stays out of the report, which travels further than the people in it may know."""
    st.dataframe(sortable(listed), hide_index=True, placeholder=NOT_KNOWN)
    tell_names(has_pseudonyms)


def tell_names(has_pseudonyms: bool) -> None:
    """Said beside a list whose customers stand under pseudonyms, and how to get their own names back."""
    if has_pseudonyms:
        st.caption(say(OWN_PSEUDONYMS if sources.current() == "upload" else OTHERS_PSEUDONYMS))
