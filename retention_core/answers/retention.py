"""The sentences in which pages answer, made from frames and readings. They hold figures, never a bare adjective."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from retention_core.answers.churn import customers_in_words
from retention_core.changes import Change, share_change, z_for
from retention_core.metrics import SMALL_SAMPLE, Reading, wilson
from retention_core.say import between, money, number, percent, say

ENOUGH_FOR_A_HEADLINE = 100  # customers behind a figure of the first sentence

# A customer's age as people say it, by the grain of the cohorts.
AGES = {"month": "month {n}", "quarter": "quarter {n}", "week": "week {n}", "rolling": "days {from_day}–{to_day}"}
SOON = {
    "month": "In the month after the first order",
    "quarter": "In the quarter after the first order",
    "week": "In the week after the first order",
    "rolling": "In the second 30 days after the first order",
}
NEW = "{n} of them were new: {change} in {before} ({then}), {chance}."
NEW_ONE = "{n} of them was new: {change} in {before} ({then}), {chance}."
RATES = {
    "crr_strict": "Of the {customers} active ({active}) when {period} began, {share} were still active when it ended.",
    "churn": "Of the {customers} active ({active}) when {period} began, {share} were no longer active when it ended.",
    "crr_textbook": (
        "For every 100 of the {customers} active ({active}) when {period} began, {per_hundred} were active when it "
        "ended, new ones not counted."
    ),
    "crr_returning": "Of the {customers} won before {period}, {share} ordered in it.",
    "returning_customer_rate": (
        "Of the {customers} who ordered in {period}, {share} had ordered before, or ordered twice in it."
    ),
}


def with_interval(share: float, low: float, high: float) -> str:
    """ "39 % (38–41 %)"; with a decimal where the interval is narrower than two of a hundred.

    Without an interval, which is what low = high means, "100 %".
    """
    if low == high:
        return percent(share)
    value, span = precise(share, low, high)
    return f"{value} ({span})"


def precise(share: float, low: float, high: float) -> tuple[str, str]:
    """A share and its 95 % interval, with as many decimals as the interval is worth."""
    digits = 1 if high - low < 0.02 else None
    return percent(share, digits), between(percent(max(low, 0.0), digits), percent(high, digits))


def period_in_words(name: str, grain: str) -> str:
    """The name of a period for the middle of a sentence: the week of 22 Jun 2026, or Jun 2026."""
    return say("the week of {day}", day=name) if grain == "week" else name


def _age(grain: str, age: int) -> str:
    return say(AGES[grain], n=number(age), from_day=number(30 * age), to_day=number(30 * age + 29))


def second_order_answer(reading: Reading, days: int) -> str:
    """Of the customers won long enough ago, how many came back in time; or why that cannot be said yet."""
    span = _span_in_words(days)
    if reading.value is None or reading.low is None or reading.high is None:
        return say(
            "No first order is {span} old yet, so how many customers return in that time is not known.", span=span
        )
    return say(
        "Of the {customers} won at least {span} ago, {share} ordered again within {span}.",
        customers=customers_in_words(reading.denominator or 0),
        span=span,
        share=with_interval(reading.value, reading.low, reading.high),
    )


def waiting_answer(spans: pd.DataFrame) -> str:
    """How many are back after 30, 90 … days. `spans`: second_order_within; one nobody has lived through is left out."""
    known = spans[spans["customers"] > 0]
    if known.empty:
        return say("No first order is 30 days old yet, so nothing can be said about second orders.")
    shares = [
        say("{share} within {days}", share=percent(float(share)), days=int(days))
        for share, days in zip(known["share"], known["days"], strict=True)
    ]
    return say("Ordered again: {shares} days.", shares=", ".join(shares))


def soon_answer(spans: pd.DataFrame) -> str:
    """How many are back early, and how many after the longest known span. `spans`: as of waiting_answer."""
    known = spans[spans["customers"] > 0]
    if known.empty:
        return waiting_answer(spans)
    last, early = known.iloc[-1], known[known["days"] <= known["days"].iloc[-1] / 4].tail(1)
    low, high = wilson(float(last["ordered_again"]), float(last["customers"]))
    late = with_interval(float(last["share"]), low, high)
    span = _span_in_words(int(last["days"]))
    if early.empty:
        return say("{share} order again within {span}.", share=late, span=span)
    soon = float(early["share"].iloc[0])
    return say(
        "Most who return do so early: {soon} within {days} days, {late} within {span}."
        if soon > last["share"] / 2
        else "Many who return do so late: {soon} within {days} days, {late} within {span}.",
        soon=percent(soon),
        days=number(early["days"].iloc[0]),
        late=late,
        span=span,
    )


def _span_in_words(days: int) -> str:
    return say("a year") if days == 365 else say("{days} days", days=days)


def repeat_answer(customers: Reading, orders: Reading) -> str:
    """How few customers place how many of the orders: two readings about customers with two or more orders."""
    if customers.value is None or orders.value is None:
        return ""
    return say(
        "Customers with two or more orders are {customers} of all customers and placed {orders} of all orders.",
        customers=percent(customers.value),
        orders=percent(orders.value),
    )


def gap_answer(groups: Mapping[str, pd.Series], dimensions: int = 1) -> str:
    """The best and the worst of several groups, if further apart than chance explains; else nothing.

    `groups`: name → row of second_order_within (days, customers, ordered_again, share). `dimensions`: how many such
    sets of groups are looked at: the best of many pairs must be further apart than one pair.
    """
    known = {name: row for name, row in groups.items() if row["customers"] >= SMALL_SAMPLE}
    if len(known) < 2:
        return ""
    best, worst = (pick(known, key=lambda name: float(known[name]["share"])) for pick in (max, min))
    top, low = known[best], known[worst]
    z = z_for(math.comb(len(known), 2) * dimensions)
    gap = share_change("gap", top["ordered_again"], top["customers"], low["ordered_again"], low["customers"], z)
    if gap is None or not gap.is_beyond_chance:
        return ""
    return say(
        "{best}: {share} of the customers who first bought so order again within {days} days. {worst}: {other}.",
        best=best,
        worst=worst,
        share=percent(gap.now),
        other=percent(gap.before),
        days=number(top["days"]),
    )


def odd_cohort_answer(cell: pd.Series, mean: pd.Series, cohort: str) -> str:
    """One cohort that stands out from all. `cell`, `mean`: by second order, at the end of twelve times 30 days."""
    sentence = (
        "Customers won in {cohort} return more often: {share} had a second order within 360 days, of all {mean}."
        if cell["stands_out"] > 0
        else "Customers won in {cohort} return less often: {share} had a second order within 360 days, of all {mean}."
    )
    shares = {"share": percent(cell["retained_share"]), "mean": percent(mean["retained_share"])}
    return say(sentence, cohort=cohort, **shares)


def cohort_answer(means: pd.DataFrame, grain: str, form: str, show: str, currency: str | None) -> str:
    """What the mean row of a cohort table says soon after the first order and up to a dozen periods later."""
    seen = means[means["age"] > 0]
    if seen.empty:
        return say(
            "No whole period after a first order is over yet, so nothing can be said about coming back. "
            "Choose shorter periods, or add later orders."
        )
    first, enough = seen.iloc[0], seen["cohort_customers"] >= ENOUGH_FOR_A_HEADLINE
    up_to_a_dozen = seen[seen["age"].le(12) & (enough | seen["age"].eq(first["age"]))]
    last = up_to_a_dozen.iloc[-1]
    age = _age(grain, int(last["age"]))
    share = with_interval(last["retained_share"], last["low"], last["high"])
    if show == "value":
        return say(
            "By the end of {age}, a customer has brought {total} on average, {at_once} of it in the first period "
            "({customers} seen that long).",
            age=age,
            total=money(last["value_per_customer"], currency),
            at_once=money(last["first_value_per_customer"], currency),
            customers=customers_in_words(last["cohort_customers"]),
        )
    if form == "by":
        return say("By the end of {age}, {share} of customers have ordered a second time.", age=age, share=share)
    if form == "on_or_after":
        return say(
            "So far, {share} of customers have ordered again in {age} or later; younger ones still have time to.",
            age=_age(grain, int(first["age"])),
            share=percent(first["retained_share"]),
        )
    soon = with_interval(first["retained_share"], first["low"], first["high"])
    sentence = say("{soon}, {share} of customers order again", soon=say(SOON[grain]), share=soon)
    if last["age"] == first["age"]:
        return sentence + "."
    return sentence + say("; in {age}, {share} do.", age=age, share=share)


def cohort_signs(shown: pd.DataFrame) -> str:
    """What the signs in a cohort picture mean; only of those that are there."""
    parts = []
    if not shown["is_complete"].all():
        parts.append(say("Striped: not over yet, still changing. No cell: not reached yet."))
    if shown["stands_out"].any():
        parts.append(say("▲ ▼ further from the other cohorts of that age than chance explains."))
    if shown["is_small"].any():
        parts.append(say("° fewer than 30 customers: one more or less moves it a lot."))
    if shown["is_left_truncated"].any():
        parts.append(say("† out of line: probably many had bought before the data begin. Left out of the mean."))
    return " ".join(parts)


def rate_answer(definition: str, over: pd.DataFrame, period: str, window_days: int | None) -> str:
    """The last whole period of a rate. `over`: finished rows of rates.over_time; `period`: the name of the last one.

    `window_days`: within how many days of an order somebody is active; None is for ever.
    """
    if over.empty:
        return say(
            "No period can be judged yet: the data must reach back the whole activity window before a period begins. "
            "Choose a shorter window, or add earlier orders."
        )
    last = over.iloc[-1]
    value, low, high = (float(last[name]) for name in ("value", "low", "high"))
    return say(
        RATES[definition],
        customers=customers_in_words(float(last["denominator"])),
        period=period,
        active=say("ever ordered") if window_days is None else say("ordered within {n} days", n=number(window_days)),
        share=with_interval(value, low, high),
        per_hundred=f"{number(100 * value, 1)} ({number(100 * low, 1)}–{number(100 * high, 1)})",
    )


def changes_in_words(changes: Mapping[str, Change], now: str, before: str, currency: str | None) -> list[str]:
    """One sentence for each thing that changed between two periods; `now` and `before` are their names."""
    names = {"now": now, "before": before}
    if not changes["orders"].now and not changes["orders"].before:
        return [say("Nobody ordered in {now}, and nobody in {before}.", **names)]
    sentences = [
        _count_in_words(
            changes["customers"], "{customers} ordered in {now}: {change} in {before} ({then}), {chance}.", names
        )
    ]
    new, rate = changes["new_customers"], changes.get("returning_customer_rate")
    if new.now or new.before:  # without new customers all are returning ones: nothing to tell
        sentences.append(_count_in_words(new, NEW_ONE if new.now == 1 else NEW, names))
        if rate:
            shares = {"share": percent(rate.now), "then": percent(rate.before)}
            sentences.append(
                say(
                    "{share} had ordered before, or ordered twice in {now}; in {before} it was {then}.",
                    **shares,
                    **names,
                )
            )
    if value := changes.get("average_order_value"):
        sentences.append(
            say(
                "Revenue was {money}: {change} in {before}. Orders: {orders}; value of an order: {value} after {then}.",
                money=money(changes["revenue"].now, currency),
                change=_more_or_less(changes["revenue"]),
                orders=_plus_or_minus(changes["orders"]),
                value=money(value.now, currency),
                then=money(value.before, currency),
                **names,
            )
        )
    return sentences


def _count_in_words(change: Change, sentence: str, names: Mapping[str, str]) -> str:
    figures = {"n": number(change.now), "customers": customers_in_words(change.now), "then": number(change.before)}
    return say(sentence, change=_more_or_less(change), chance=_chance(change), **figures, **names)


def _plus_or_minus(change: Change) -> str:
    if change.relative is None:
        return number(change.now)
    if abs(change.relative) < 0.0005:
        return say("as many")
    return ("+" if change.relative > 0 else "−") + percent(abs(change.relative))


def _more_or_less(change: Change) -> str:
    """ "8 % fewer than"."""
    if change.relative is None:
        return say("after none")
    if abs(change.relative) < 0.0005:
        return say("the same as")
    size = percent(abs(change.relative))
    if change.difference > 0:
        return say("{size} more than", size=size)
    return say("{size} less than", size=size) if change.unit == "money" else say("{size} fewer than", size=size)


def _chance(change: Change) -> str:
    return say("more than chance explains") if change.is_beyond_chance else say("no more than chance explains")
