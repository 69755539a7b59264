"""Parts of the page Churn: stages and moves, waits between orders, the moment for a reminder."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.shared import ui
from retention_core import lifecycle
from retention_core.answers import churn as answers
from retention_core.charts import churn as charts
from retention_core.lifecycle import Limits, Wait
from retention_core.say import month, say

NOTES = (
    "A customer without a contract never says goodbye. Lapsed: silent for longer than nine of ten of those who did "
    "come back, within the time observed and at most two years. Customers who are still silent count for as long as "
    "they have been observed (Kaplan and Meier), so a young shop does not take its quick returners for all of them. "
    "The interval is that of a share of so many returns (Woodruff 1952), 95 % sure.",
    "Limits depend on the order number: who has ordered often orders again sooner. An order number that fewer than 30 "
    "came back from, or that is too young to show long waits, takes the limits of all orders. With a number of days of "
    "your own, at risk begins after half of them. Lost is always twice as long as lapsed.",
    "Reminder: the day by which four of five who come back by themselves are back. Earlier it mostly reaches people "
    "who would order anyway; later, people who are gone. Whether it brings orders that would not have come, only a "
    "test with a control group shows.",
    "Moves are counted day by day, so a customer can move twice in a month. Stages are those at the end of a month. "
    "Customers who bought before the data begin count as new when they are first seen.",
)


def stages(standing: pd.DataFrame, flows: pd.DataFrame, totals: pd.DataFrame, limits: Limits, is_own: bool) -> None:
    """Customers per stage at the end of each month, what the stages mean, and the moves of the last whole month."""
    st.subheader(say("Where customers stand"), anchor=False)
    ui.chart(charts.stages_over_time(standing, totals), say("Customers won so far by stage, at the end of each month"))
    now = standing.tail(len(lifecycle.STAGES))
    st.table(charts.stage_table(now, limits, is_own), hide_index=True, border="horizontal")
    over = totals.loc[totals["is_complete"], "period"]
    moved = flows[flows["month"].isin(over.tail(1))]
    if moved.empty:
        return
    name = month(over.iloc[-1])
    st.subheader(say("Who moved in {month}", month=name), anchor=False)
    answer = answers.moves_answer(moved, name)
    ui.tell(answer)
    ui.chart(charts.moves_of_a_month(moved), say("Customers by move. {answer}", answer=answer))
    st.caption(say("Blue: came closer. Grey: drifted away."))
    ui.download(say("All moves"), "moves", lambda: flows)


def waits(gaps: pd.DataFrame, found: Mapping[int, Wait]) -> None:
    """How long those who come back wait, by order number."""
    st.subheader(say("How long those who come back wait"), anchor=False)
    if not found:
        ui.tell(answers.too_few_waits_answer())
        return
    answer = answers.waits_answer(found)
    ui.tell(answer)
    if set(found) - {lifecycle.ALL_ORDERS}:
        ui.chart(charts.waits_by_order(gaps, found), say("Days to the next order. {answer}", answer=answer))
        st.caption(
            say("Bar: the middle half of the waits seen, the line in it their middle. Point: nine of ten, 95 % sure.")
        )
    st.dataframe(charts.wait_table(gaps, found))
    st.caption(
        say("“Seen so far” leaves out those who are still silent, so it is too short where many customers are young.")
    )


def reminders(curves: pd.DataFrame, found: Mapping[int, Wait]) -> None:
    """The way to the second, third and fourth order, and when to remind."""
    known = [found[order_number] for order_number in charts.LATER if order_number in found]
    if not known:
        return
    st.subheader(say("When a reminder pays most"), anchor=False)
    curve = curves[curves["order_number"] == known[0].order_number]
    answer = answers.reminder_answer(known[0], lifecycle.chance_within(curve, known[0].reminder_days))
    ui.tell(answer)
    ui.chart(charts.next_order_curves(curves, found), say("Ordered again, by day. {answer}", answer=answer))
    st.caption(say("Points: the day to remind. Bands: 95 % sure. Whether a reminder helps, only a test shows."))
    st.dataframe(charts.reminder_table(curves, found))
    st.caption(say("Where many would order anyway, a reminder needs no discount: most of it would be given away."))
