"""Parts of the page Churn: stages and moves, waits between orders, what a silence means."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

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
    "came back from, or that is too young to show long waits, takes the limits of all orders. Watched for less than a "
    "year, waits count as known where that is twice as long as nine of ten needed, where those still silent could "
    "change little, or where they are longer than the 180 days taken otherwise. With a number of days of your own, at "
    "risk begins after half of them. Lost is always twice as long as lapsed.",
    "Nine of ten is said of those who come back, not of all: of frequent buyers who have lapsed many still return, as "
    "the table under “What a silence means” shows.",
    "What a silence means: shares of orders that came by themselves, or with the letters that the shop sends anyway. "
    "Silence tells little where the silent order in the next 30 days at least four fifths as often as those who have "
    "just ordered. When a reminder brings orders that would not have come, only a test with a control group shows.",
    "Moves are counted day by day, so a customer can move twice in a month. Stages are those at the end of a month. "
    "Customers who bought before the data begin count as new when they are first seen.",
)


def stages(standing: pd.DataFrame, flows: pd.DataFrame, totals: pd.DataFrame, limits: Limits, is_own: bool) -> None:
    """Customers per stage at the end of each month, what the stages mean, and the moves of the last whole month."""
    ui.heading(say("Where customers stand"))
    ui.chart(charts.stages_over_time(standing, totals), say("Customers won so far by stage, at the end of each month"))
    now = standing.tail(len(lifecycle.STAGES))
    ui.table(_with_meanings(charts.stage_table(now, limits, is_own)))
    ui.caption(answers.stages_caption(now, limits))
    over = totals.loc[totals["is_complete"], "period"]
    moved = flows[flows["month"].isin(over.tail(1))]
    if moved.empty:
        return
    name = month(over.iloc[-1])
    ui.heading(say("Who moved in {month}", month=name))
    answer = answers.moves_answer(moved, name, lifecycle.net_of(moved))
    ui.tell(answer)
    ui.chart(charts.moves_of_a_month(moved), say("Customers by move. {answer}", answer=answer))
    ui.caption(
        say("Blue: came closer. Grey: drifted away. The most frequent {n} of each.", n=charts.MOST_MOVES)
        if len(moved) > 2 * charts.MOST_MOVES
        else say("Blue: came closer. Grey: drifted away.")
    )
    ui.download(say("All moves"), "moves", lambda: flows)


def _with_meanings(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `stage_table` with the meaning beside the name: a column of its own is too narrow on a phone."""
    stages, meanings = table.iloc[:, 0], table.iloc[:, 1]
    rows = table.iloc[:, 2:].copy()
    rows.insert(0, say("Stage, and what it means"), "**" + stages + ".** " + meanings)
    return rows


def waits(gaps: pd.DataFrame, found: Mapping[int, Wait], why_none: str) -> None:
    """How long those who come back wait, by order number; where nothing is found, `why_none`."""
    ui.heading(say("How long those who come back wait"))
    if not found:
        ui.tell(why_none)
        return
    answer = answers.waits_answer(found)
    ui.tell(answer)
    if set(found) - {lifecycle.ALL_ORDERS}:
        ui.chart(charts.waits_by_order(gaps, found), say("Days to the next order. {answer}", answer=answer))
        ui.caption(
            say("Bar: the middle half of the waits seen, the line in it their middle. Point: nine of ten, 95 % sure.")
        )
    ui.frame(charts.wait_table(gaps, found))
    ui.caption(
        say(
            "Days from one order to the next. “Seen so far” leaves out those who are still silent, so it is too short "
            "where many customers are young."
        )
    )


def silences(curves: pd.DataFrame, found: dict[int, Wait], limits: Limits, is_own: bool) -> None:
    """How many are back by a day of silence, and who of the others still orders: the way to the next order."""
    if not found:
        return
    known = lifecycle.told_apart(found)
    ui.heading(say("What a silence means"))
    days = limits.at_risk_days if is_own else limits.lapsed_days
    said = {
        number: lifecycle.silence_after(curves[curves["order_number"] == number], wait, days[max(number, 1) - 1])
        for number, wait in sorted(known.items())
    }
    sentence = answers.silence_answer(next(iter(said.values())), is_own)
    alone = lifecycle.ALL_ORDERS in known
    ui.tell(sentence, answers.not_told_apart_answer(found, lifecycle.days_missing(curves, 1)) if alone else "")
    if set(known) & set(charts.LATER):
        ui.chart(charts.next_order_curves(curves, known, said), say("Ordered again, by day. {text}", text=sentence))
        point = say("Points: four of five are back.") if is_own else say("Points: the days set for lapsed.")
        ui.caption(say("Ordered again by themselves. Bands: 95 % sure.") + " " + point)
    ui.frame(charts.silence_table(said))
    ui.caption(
        say(
            "“Silent” counts those not back by the day of the row; “ever seen” until the last day that 30 customers "
            "were watched for. Whether a reminder brings more, and when, only a test with a control group shows."
        )
    )
