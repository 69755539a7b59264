"""What the pages draw where the data set is a list of contracts: Churn, Value, the ledger, and the way there."""

from __future__ import annotations

import streamlit as st

from pages.shared import sources
from retention_core.say import say


def churn_or_none() -> bool:
    """Draws the Churn page of a list of contracts; False, and nothing drawn, where the data set is orders."""
    return sources.contracts() is not None


def value_or_none() -> bool:
    """Draws the Value page of a list of contracts; False, and nothing drawn, where the data set is orders."""
    return sources.contracts() is not None


def say_orders_needed(title: str) -> None:
    """In place of a page that counts orders."""
    st.title(title, anchor=False)
    st.header(
        say("This page counts orders; the open file is a list of contracts. Its answers stand under Churn and Value."),
        anchor=False,
    )
