"""The sentences of the page Churn: who is silent for longer than those who come back, and when to remind them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from retention_core.lifecycle import GONE, Limits, Wait
from retention_core.say import between, number, percent, say

ORDERS = {0: "any", 1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth or later"}
STAGE_NAMES = {
    "stranger": "First order",
    "active": "Active",
    "won_back": "Won back",
    "new": "New",
    "at_risk": "At risk",
    "lapsed": "Lapsed",
    "lost": "Lost",
}


def churn_answer(standing: pd.DataFrame, limits: Limits, wait: Wait | None) -> str:
    """How many customers are gone, and from when on somebody counts as gone.

    `standing`: one row per stage (stage, customers), as of today; `wait`: that after a first order, where the limits
    are the shop's own.
    """
    counts = standing.set_index("stage")["customers"]
    everybody, gone = int(counts.sum()), int(counts[list(GONE)].sum())
    figures = {
        "gone": number(gone),
        "n": number(everybody),
        "share": percent(gone / everybody),
        "risk": number(counts["at_risk"]),
    }
    if wait is None:
        return say(
            "{gone} of {n} customers ({share}) have been silent for more than {days} days; {risk} more, silent for "
            "more than {half}, are at risk.",
            days=number(limits.lapsed_days[0]),
            half=number(limits.at_risk_days[0]),
            **figures,
        )
    return say(
        "{gone} of {n} customers ({share}) have been silent for longer than nine of ten who come back; {risk} more "
        "are at risk. After {order} order that is {days} days ({span}).",
        order=order_in_words(wait.order_number),
        days=number(wait.lapse_days),
        span=_lapse_span(wait),
        **figures,
    )


def too_few_waits_answer() -> str:
    return say(
        "Fewer than 30 customers have come back so far, so this shop has no waits of its own to go by: 180 days of "
        "silence are taken for lapsed until it has."
    )


def order_in_words(order_number: int) -> str:
    """ "a first", "any": for the middle of a sentence, before "order"."""
    return say(ORDERS[order_number]) if order_number == 0 else say("a " + ORDERS[order_number])


def _lapse_span(wait: Wait) -> str:
    return between(number(wait.lapse_low), number(wait.lapse_high))


def waits_answer(found: Mapping[int, Wait]) -> str:
    """Nine of ten who come back do so within so many days: after the first order number that is known, and the last."""
    known = [wait for order_number, wait in sorted(found.items()) if order_number] or [*found.values()]
    first, last = known[0], known[-1]
    sentence = say(
        "Nine of ten who come back after {order} order do so within {days} days ({span})",
        order=order_in_words(first.order_number),
        days=number(first.lapse_days),
        span=_lapse_span(first),
    )
    if last is first:
        return sentence + "."
    return sentence + say(
        "; after {order}, within {days} ({span}).",
        order=order_in_words(last.order_number),
        days=number(last.lapse_days),
        span=_lapse_span(last),
    )


def moves_answer(moved: pd.DataFrame, month: str) -> str:
    """What happened in a month. `moved`: its rows of lifecycle_flows; `month`: its name."""

    def customers(to: str) -> str:
        return number(int(moved.loc[moved["to_stage"] == to, "customers"].sum()))

    return say(
        "In {month}, {new} customers were won and {back} won back; {risk} became at risk, {lapsed} lapsed.",
        month=month,
        new=customers("new"),
        back=customers("won_back"),
        risk=customers("at_risk"),
        lapsed=customers("lapsed"),
    )


def reminder_answer(wait: Wait, then: float | None) -> str:
    """When to remind after this order; `then`: who orders in the 30 days after that day without help, of the silent."""
    sentence = say(
        "After {order} order, remind on day {day}: four of five who come back by themselves are back",
        order=order_in_words(wait.order_number),
        day=number(wait.reminder_days),
    )
    if then is None:
        return sentence + "."
    return sentence + say(", and of the others {then} would order in the next 30 days without it.", then=percent(then))


def stage_meanings(limits: Limits, is_own: bool) -> dict[str, str]:
    """Each stage in one sentence, with the days of silence after a first order."""
    days = {
        "risk": number(limits.at_risk_days[0]),
        "lapsed": number(limits.lapsed_days[0]),
        "lost": number(limits.lost_days[0]),
    }
    if is_own:
        at_risk = "Silent for longer than four of five who come back: after a first order {risk} days."
        lapsed = "Silent for longer than nine of ten who come back: after a first order {lapsed} days."
        lost = "Silent for twice as long as that: after a first order {lost} days."
    else:
        at_risk, lapsed, lost = (f"Silent for more than {{{stage}}} days." for stage in ("risk", "lapsed", "lost"))
    return {
        "active": say("Ordered on two or more days, and is not at risk."),
        "won_back": say("Ordered again after having lapsed, and is not at risk."),
        "new": say("Ordered once, and is not at risk."),
        "at_risk": say(at_risk, **days),
        "lapsed": say(lapsed, **days),
        "lost": say(lost, **days),
    }
