"""Parts of the page Churn: waits between orders, stages and moves, the moment for a reminder."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import ui
from retention_core import lifecycle
from retention_core.answers import churn as answers
from retention_core.charts import churn as charts
from retention_core.lifecycle import Limits, Wait
from retention_core.say import month, say

NOTES = (
    "A customer without a contract never says goodbye. Lapsed means: silent for longer than nine of ten of those who "
    "did come back (within the time observed, at most two years). Customers who are still silent count for as long "
    "as they have been observed.",
    "Reminder: the day by which four of five who come back by themselves are back. Earlier, it mostly reaches people "
    "who would order anyway; later, people who are gone. Only a test with a control group shows whether it helps.",
    "Moves are counted day by day: a customer can move twice in a month. Stages are those at the end of the month.",
)


def waits(gaps: pd.DataFrame, found: dict[int, Wait]) -> None:
    """How long those who come back wait, by order number."""
    st.subheader(say("How long those who come back wait"), anchor=False)
    known = [wait for number, wait in found.items() if number]
    if not known:
        st.info(say("Fewer than 30 customers have come back after an order, so the shop has no waits of its own yet."))
        return
    ui.tell(*(answers.lapse_answer(wait) for wait in known))
    ui.chart(charts.waits_by_order(gaps, found), say("Days to the next order, by order number."))


def stages(standing: pd.DataFrame, flows: pd.DataFrame, totals: pd.DataFrame, limits: Limits) -> None:
    """Customers per stage at the end of each month, and the moves of the last whole one."""
    st.subheader(say("Where customers stand"), anchor=False)
    is_complete = totals.set_index("period")["is_complete"]
    ui.chart(charts.stages_over_time(standing, is_complete), say("Customers by stage at the end of each month."))
    over = totals.loc[totals["is_complete"], "period"]
    if len(over):
        last = over.iloc[-1]
        moved = flows[flows["month"] == last]
        st.subheader(say("Who moved in {month}", month=month(last)), anchor=False)
        if len(moved):
            ui.chart(charts.moves_of_a_month(moved), say("Customers who moved from stage to stage."))


def reminders(curves: pd.DataFrame, found: dict[int, Wait]) -> None:
    """The way to the second, third and fourth order, and when to remind."""
    st.subheader(say("When a reminder pays most"), anchor=False)
    if not found:
        return
    sentences = []
    for number in (1, 2, 3):
        wait = found.get(number)
        if wait is None:
            continue
        curve = curves[curves["order_number"] == number]
        early, then, late = (lifecycle.chance_within(curve, day) for day in (0, wait.reminder_days, wait.lapse_days))
        sentences.append(answers.reminder_answer(wait, early, then, late))
    ui.tell(*sentences)
    ui.chart(charts.next_order_curves(curves, found), say("Share of customers who have ordered again, by day."))
