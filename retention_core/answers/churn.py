"""The sentences of the page Churn: who is silent for longer than those who come back, and when to remind them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from retention_core.answers.retention import with_interval
from retention_core.lifecycle import GONE, Limits, Wait
from retention_core.metrics import wilson
from retention_core.say import between, number, percent, say

AFTER = {
    0: "after any order",
    1: "after a first order",
    2: "after a second order",
    3: "after a third order",
    4: "after a fourth order",
    5: "after a fifth or later order",
}
ORDERS = {
    1: "First order",
    2: "Second order",
    3: "Third order",
    4: "Fourth order",
    5: "Fifth and later",
    0: "All orders",
}


def churn_answer(standing: pd.DataFrame, wait: Wait | None, lapsed_days: int) -> str:
    """How many customers are gone, and from when on somebody counts as gone.

    `standing`: one row per stage (stage, customers), as of today; `wait`: that after a first order, where the limits
    come from the shop's own waits; else they are `lapsed_days`.
    """
    counts = standing.set_index("stage")["customers"]
    everybody, gone = int(counts.sum()), int(counts[list(GONE)].sum())
    low, high = wilson(gone, everybody)
    head = say(
        "{gone} of {n} customers have lapsed: {share}.",
        gone=number(gone),
        n=number(everybody),
        share=with_interval(gone / everybody, low, high),
    )
    if wait is not None:
        return (
            head
            + " "
            + say(
                "{wait} They are silent for longer than that, and {n} more are at risk.",
                wait=lapse_answer(wait),
                n=number(counts["at_risk"]),
            )
        )
    return (
        head
        + " "
        + say(
            "That is: silent for more than {days} days. {n} more are at risk.",
            days=number(lapsed_days),
            n=number(counts["at_risk"]),
        )
    )


def lapse_answer(wait: Wait) -> str:
    """Nine of ten who come back do so within so many days."""
    return say(
        "Nine of ten who come back {after} do so within {days} days ({span}).",
        after=say(AFTER[wait.order_number]),
        days=number(wait.lapse_days),
        span=between(number(wait.lapse_low), number(wait.lapse_high)),
    )


def reminder_answer(wait: Wait, early: float | None, then: float | None, late: float | None) -> str:
    """When to remind after this order, and the chance to order in 30 days without help before, then and after."""
    return say(
        "{order}: remind on day {day}. Left alone, {then} of those still silent then order within 30 days; "
        "on day 1 it is {early}, on day {lapse} {late}.",
        order=say(ORDERS[wait.order_number]),
        day=number(wait.reminder_days),
        lapse=number(wait.lapse_days),
        then=percent(then),
        early=percent(early),
        late=percent(late),
    )


def limits_in_words(limits: Limits) -> Mapping[str, str]:
    """What each stage means, with this shop's days after a first order and after a fifth."""
    first = {
        "risk": number(limits.at_risk_days[0]),
        "lapsed": number(limits.lapsed_days[0]),
        "lost": number(limits.lost_days[0]),
    }
    return {
        "new": say("one order so far, silent for at most {risk} days", **first),
        "active": say("came back, and not silent for long since"),
        "won_back": say("had lapsed, ordered again, and not silent for long since"),
        "at_risk": say("silent for longer than four of five who come back (first order: {risk} days)", **first),
        "lapsed": say("silent for longer than nine of ten who come back (first order: {lapsed} days)", **first),
        "lost": say("silent for twice as long as that (first order: {lost} days)", **first),
    }
