"""The sentences of the page Churn: who is silent for longer than those who come back, and what silence means."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from retention_core.lifecycle import GONE, WITHOUT_WAITS, Limits, Silence, Wait
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


def churn_answer(standing: pd.DataFrame) -> str:
    """How many customers are gone, and how many more may soon be. The limits stand with the stages, below.

    `standing`: one row per stage (stage, customers), as of today.
    """
    counts = standing.set_index("stage")["customers"]
    everybody, gone, risk = int(counts.sum()), int(counts[list(GONE)].sum()), int(counts["at_risk"])
    sentence = say(
        "{gone} of {customers} ({share}) has lapsed or is lost; "
        if gone == 1
        else "{gone} of {customers} ({share}) have lapsed or are lost; ",
        gone=number(gone),
        customers=customers_in_words(everybody),
        share=percent(gone / everybody),
    )
    if risk == 1:
        return sentence + say("1 more is at risk.")
    return sentence + say("{risk} more are at risk.", risk=number(risk))


def no_waits_answer(has_returns: bool, is_own: bool) -> str:
    """Why the shop has no waits of its own, and what is taken instead. `has_returns`: enough came back, but too early.

    `is_own`: the limits would be the shop's own.
    """
    if has_returns:
        why = say(
            "Too few customers have been watched for long enough to see how long those who come back wait: long waits "
            "are still to come."
        )
    else:
        why = say("Fewer than 30 customers have come back so far, so this shop has no waits of its own to go by.")
    if is_own:
        until = say(
            "As long as that is so, {days} days of silence are taken for lapsed, and what a silence means cannot be "
            "said yet.",
            days=number(WITHOUT_WAITS),
        )
    else:
        until = say("What a silence means cannot be said yet.")
    return f"{why} {until}"


def waits_of_shop_answer(is_own: bool) -> str:
    """That the chosen customers have no waits of their own, and what is taken instead. `is_own`: as above."""
    why = say("Too few of these customers have come back, or over too short a time, to see how long they wait.")
    return f"{why} " + say("Lapsed and at risk go by the waits of the whole shop.") if is_own else why


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
        "Nine of ten who come back after {order} order do so within {days} days ({span})"
        if first.is_settled
        else "Nine of ten of those seen to come back so far after {order} order did so within {days} days ({span})",
        order=order_in_words(first.order_number),
        days=number(first.lapse_days),
        span=_lapse_span(first),
    )
    if last is not first:
        sentence += say(
            "; after {order}, within {days} ({span})",
            order=order_in_words(last.order_number),
            days=number(last.lapse_days),
            span=_lapse_span(last),
        )
    if first.is_settled:
        return sentence + "."
    return sentence + ". " + say("Longer waits may still come, so the true span is rather longer.")


def moves_answer(moved: pd.DataFrame, month: str, net: int) -> str:
    """What happened in a month. `moved`: its rows of lifecycle_flows; `month`: its name; `net`: of lifecycle.net_of."""

    def customers(to: str) -> str:
        return number(int(moved.loc[moved["to_stage"] == to, "customers"].sum()))

    sentence = say(
        "In {month}, {new} won and {back} won back; {risk} became at risk, {lapsed} lapsed.",
        month=month,
        new=customers_in_words(int(moved.loc[moved["to_stage"] == "new", "customers"].sum())),
        back=customers("won_back"),
        risk=customers("at_risk"),
        lapsed=customers("lapsed"),
    )
    if not net:
        return sentence + " " + say("Net: as many as a month before have not lapsed.")
    change = say("{n} more", n=number(net)) if net > 0 else say("{n} fewer", n=number(-net))
    return sentence + " " + say("Net: those who have not lapsed are {change} than a month before.", change=change)


def silence_answer(silence: Silence, is_own: bool) -> str:
    """What silence until a day after this order means; `is_own`: the day is the shop's own four of five."""
    order, day = order_in_words(silence.order_number), number(silence.day)
    if silence.back is None:
        return say(
            "Fewer than 30 customers have been watched in silence for longer than {n} days after {order} order, so "
            "what a silence of {day} days means cannot be said yet.",
            n=number(silence.horizon_days),
            day=day,
            order=order,
        )
    if silence.back == 1 and silence.soon is None:
        return say(
            "After {order} order everybody came back, the last on day {n}: nobody has been seen silent for longer.",
            n=number(silence.horizon_days),
            order=order,
        )
    if not silence.tells:
        return say(
            "Silence tells little here: of those silent for {day} days after {order} order, {soon} order in the next "
            "30 days; of those who have just ordered, {fresh}. Customers order rarely, so no day parts those who have "
            "left from those who have not.",
            day=day,
            order=order,
            soon=percent(silence.soon),
            fresh=percent(silence.fresh),
        )
    sentence = say(
        "After {order} order, {part} who come back by themselves are back by day {day}",
        order=order,
        part=say("four of five") if is_own else say("{share} of those", share=percent(silence.back)),
        day=day,
    )
    if silence.soon is None:
        return sentence + "."
    return sentence + say(
        "; of those still silent then, {soon} order in the next 30 days, and {late} within the {n} days watched.",
        soon=percent(silence.soon),
        late=percent(silence.late),
        n=number(silence.horizon_days),
    )


def not_told_apart_answer(found: Mapping[int, Wait], missing: int) -> str:
    """Why orders are not told apart by their number, and when they will be. `missing`: days, of days_missing."""
    if not found:
        return ""
    if not missing:
        return say("Told apart by order number only when 30 customers have come back after one of them.")
    return say(
        "Customers have not been watched long enough to tell a first order from later ones: that needs about {n} more.",
        n=months_in_words(missing),
    )


def customers_in_words(n: float) -> str:
    return say("1 customer") if n == 1 else say("{n} customers", n=number(n))


def months_in_words(days: int) -> str:
    """ "1 month", "4 months": days rounded up."""
    months = -(-days * 12 // 365)
    return say("1 month") if months <= 1 else say("{n} months", n=number(months))


def stage_meanings(is_own: bool) -> dict[str, str]:
    """Each stage in one sentence; the days stand beside it, as `stage_days` says them."""
    if is_own:
        at_risk = say("Silent for longer than four of five who come back need.")
        lapsed = say("Silent for longer than nine of ten who come back need.")
    else:
        at_risk, lapsed = say("Silent for half as long as lapsed."), say("Silent for longer than the days set.")
    return {
        "active": say("Ordered on two or more days, and is not at risk."),
        "won_back": say("Ordered again after having lapsed, and is not at risk."),
        "new": say("Ordered once, and is not at risk."),
        "at_risk": at_risk,
        "lapsed": lapsed,
        "lost": say("Silent for twice as long as lapsed."),
    }


def stage_days(limits: Limits) -> dict[str, str]:
    """The days of silence of each stage: "up to 98", "over 93–171" where they depend on the order number."""
    return {
        "active": say("up to {days}", days=_span(limits.at_risk_days[1:])),
        "won_back": say("up to {days}", days=_span(limits.at_risk_days[1:])),
        "new": say("up to {days}", days=_span(limits.at_risk_days[:1])),
        "at_risk": say("over {days}", days=_span(limits.at_risk_days)),
        "lapsed": say("over {days}", days=_span(limits.lapsed_days)),
        "lost": say("over {days}", days=_span(limits.lost_days)),
    }


def _span(days: tuple[int, ...]) -> str:
    low, high = number(min(days)), number(max(days))
    return low if low == high else between(low, high)


def stages_caption(standing: pd.DataFrame, limits: Limits) -> str:
    """What belongs under the table of stages: the sum of the headline, and why days come as a span."""
    gone = int(standing.loc[standing["stage"].isin(GONE), "customers"].sum())
    sentence = say("Lapsed and lost together are the {n} above.", n=number(gone))
    if len(set(limits.lapsed_days)) > 1:
        sentence += " " + say("Days depend on the number of orders: who has ordered often is usually back sooner.")
    return sentence


def who_they_are_answer(can_judge: bool) -> str:
    """How to see the customers behind the stages. `can_judge`: whether enough is known to list those in doubt."""
    behind = say("The customers of any month are behind a cell of Cohorts: click it.")
    if can_judge:
        here = say("Who to write to: those in doubt with most at stake, if any, are listed below to take along.")
    else:
        here = say(
            "Who to write to cannot be listed here yet: too little is known to tell those in doubt from those who are "
            "surely gone; why is said below, under “Who is still a customer”."
        )
    return f"{here} {behind}"
