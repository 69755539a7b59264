"""The sentences of the page Value, made from readings and small frames."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from retention_core import worth
from retention_core.metrics import FEWEST, LARGE_PART, Reading
from retention_core.say import between, money, month, number, percent, say


def money_with_span(reading: Reading, currency: str | None) -> str:
    """ "€58 (56–60)"; without an interval, the mean alone."""
    if reading.value is None or reading.low is None or reading.high is None or reading.low == reading.high:
        return money(reading.value, currency)
    digits = 2 if reading.high - reading.low < 2 else 0
    low, high = money(reading.low, None, digits), money(reading.high, None, digits)
    return f"{money(reading.value, currency, digits)} ({between(low, high)})"


def table_digits(values: Iterable[float]) -> int:
    """Decimals for all money of one table: none where even the smallest amount has two figures without them."""
    sizes = [abs(value) for value in values if value == value and value]
    return 0 if sizes and min(sizes) >= 10 else 2


def how_sure(is_rough: bool, is_forecast: bool = False) -> str:
    """How sure a span is. `is_rough`: margins by category are taken to be alike for all customers of a group."""
    if is_forecast:
        return say("about 80 % sure") if is_rough else say("80 % sure")
    return say("about 95 % sure") if is_rough else say("95 % sure")


def headline(year: Reading, new: Reading, currency: str | None, is_margin: bool = False) -> str:
    """What customers bring in their first year, and where those stand whose year runs. `is_margin`: not revenue."""
    of = say(" of margin") if is_margin else ""
    if year.value is None:
        return say(
            "No customer has been seen for a year yet; so far, one has brought {so_far}{of} on average.",
            so_far=money_with_span(new, currency),
            of=of,
        )
    if new.value is None:
        return say(
            "A customer brings {year}{of} in the first year.",
            year=money_with_span(year, currency),
            of=of,
        )
    return say(
        "A customer brings {year}{of} in the first year. Those won in the last year stand at {so_far}, "
        "with months to go.",
        so_far=money_with_span(new, currency),
        year=money_with_span(year, currency),
        of=of,
    )


def margin_note(margin: worth.Margin, costs: pd.Series | None = None) -> str:
    """What the figures of the page count: revenue, or which part of it. `costs`: the row of known_costs."""
    if margin.from_file and costs is not None:
        return _costs_note(costs)
    if margin.by_category:
        rates = ", ".join(f"{name or say('no category')} {percent(rate)}" for name, rate in margin.by_category.items())
        return say(
            "Money on this page is margin: {rates}, everything else {rate} of revenue. The spans are rough then: each "
            "customer of a channel is taken to buy the same mix of categories.",
            rates=rates,
            rate=percent(margin.rate),
        )
    if margin.rate == 1:
        return say("Money on this page is revenue until you set a margin: 100 % of a sale counts as earned.")
    return say("Money on this page is margin: {rate} of revenue.", rate=percent(margin.rate))


def _costs_note(costs: pd.Series) -> str:
    """How many orders tell what their goods cost, and what the others are taken to cost."""
    orders, told = int(costs["orders"]), int(costs["orders_with_cost"])
    if told == orders:
        return say(
            "Money on this page is margin: amount less what the goods cost, which the file tells for all {n} orders.",
            n=number(orders),
        )
    return say(
        "Money on this page is margin: amount less what the goods cost. The file tells it for {told} of {n} orders, "
        "with {share} of the revenue; the other {rest} to cost what those of the shop do on average, {rate} of the "
        "amount.",
        told=number(told),
        n=number(orders),
        share=percent(costs["revenue_with_cost"] / costs["revenue"] if costs["revenue"] else 0.0),
        rest=say("one is taken") if orders - told == 1 else say("{n} are taken", n=number(orders - told)),
        rate=percent(costs["cost_share"]),
    )


def small_cohorts(cells: pd.DataFrame) -> str:
    """Which cohorts are too small to say much; empty where none is. `cells`: rows of worth.triangle."""
    sizes = cells.drop_duplicates("cohort").set_index("cohort")["cohort_customers"]
    small = sizes[sizes < worth.FEW_CUSTOMERS]
    few = [f"{month(day)} ({number(size)})" for day, size in zip(small.index, small, strict=True)]
    if not few:
        return ""
    return say(
        "Fewer than {n} customers, so a single one moves the line: {months}.",
        n=number(worth.FEW_CUSTOMERS),
        months=", ".join(few),
    )


def curve_signs(cells: pd.DataFrame) -> str:
    """What the signs in the picture of cohorts mean; only of those that are there. `cells`: rows of worth.triangle."""
    grey = say("Dashed grey: what each month of age brings on average, added up over all cohorts.")
    if not cells["is_forecast"].any():
        return grey
    return (
        grey
        + " "
        + say(
            "Dotted and hollow: a forecast. Band: 80 % of what can happen, as far as the forecast's past errors tell."
        )
    )


def triangle_signs(cells: pd.DataFrame) -> str:
    """The same for the triangle."""
    parts = []
    if not cells["is_complete"].all():
        parts.append(say("Striped: not over yet."))
    if cells["is_forecast"].any():
        parts.append(say("In a dashed frame: a forecast."))
    if cells["is_left_truncated"].any():
        parts.append(say("† out of line: probably many had bought before the data begin. Left out of means."))
    return " ".join(parts)


def age_in_words(age: float | None) -> str:
    """When a cost is paid back; missing: not yet, which is not 0."""
    if age is None or age != age:
        return say("not yet")
    if age == 0:
        return say("in the first month")
    return say("after 1 month") if age == 1 else say("after {n} months", n=number(age))


def cost_answer(whole: pd.Series, year: Reading, age: int | None, currency: str | None, is_margin: bool) -> str:
    """What winning a customer costs, when it is paid back, and how often within a year.

    `whole`: the row of all channels; `age`: the payback. Without `is_margin` the money is revenue.
    """
    if pd.isna(whole["cost"]):
        return say(
            "What winning a customer costs is not known: nobody was won in the months that the spend is told for."
        )
    cost = float(whole["cost"])
    paid = say("not yet paid back") if age is None else say("paid back {when}", when=age_in_words(age))
    sentence = say("Winning a customer costs {cost}, {paid}", cost=money(cost, currency), paid=paid)
    if not is_margin:
        sentence += say(" if all revenue counts as earned")
    times = worth.ratio(year.value, cost)
    if times is None:
        return sentence + "."
    often = _times_in_words(times, worth.ratio(year.low, cost), worth.ratio(year.high, cost))
    if is_margin:
        return sentence + say("; within a year it comes back {times}.", times=often)
    return sentence + say("; within a year a customer brings that {times} in revenue. Set your margin.", times=often)


def _times_in_words(times: float, low: float | None, high: float | None) -> str:
    """ "8.6 (8.2–9.0) times"; without an interval "8.6 times", or "once"."""
    often = number(times, 1)
    if low is None or high is None or low == high:
        return say("once") if often == number(1) else say("{n} times", n=often)
    return say("{n} ({span}) times", n=often, span=between(number(low, 1), number(high, 1)))


def unmatched_answer(costs: pd.DataFrame, whole: pd.Series, currency: str | None) -> str:
    """Which spend won nobody directly, and what the cost would be without it; empty where all of it matches."""
    lost = worth.unmatched_spend(costs)
    if lost.empty:
        return ""
    spend = float(lost["spend"].sum())
    return say(
        "{money} ({share} of the spend) went to {names}, through which nobody first bought: it counts in the average "
        "of {average} only. Without it, one customer has cost {cost}.",
        money=money(spend, currency),
        share=percent(spend / float(whole["spend"])),
        names=say(" and ").join(name or say("no named channel") for name in lost["channel"]),
        average=money(float(whole["cost"]), currency),
        cost=money((float(whole["spend"]) - spend) / float(whole["customers"]), currency),
    )


def silent_answer(costs: pd.DataFrame) -> str:
    """Which channels won customers without spend; their cost is not known, and not 0."""
    silent = costs[costs["cost"].isna() & (costs["customers"] > 0)]
    if silent.empty:
        return ""
    names = [name or say("no named channel") for name in silent["channel"]]
    return say("The spend says nothing of {names}: what those customers cost is not known.", names=", ".join(names))


def allowable_answer(
    brought: Reading, days: int, share: float, cost: float | None, currency: str | None, is_margin: bool = True
) -> str:
    """What may be paid for a customer who brings so much within `days`, and how that stands to what one costs now.

    Without `is_margin` the money is revenue, and there is no telling whether one may pay more than now.
    """
    if brought.value is None:
        return say("Nobody has been seen for {days} days yet: choose a shorter time.", days=number(days))
    spans = {0: say("with the first order"), 365: say("within a year")}
    allowed = worth.allowable_cost(brought.value, share=share)
    sentence = say(
        "A customer brings {value}{of} {span}. To spend {share} of that, pay up to {allowed} for one",
        value=money_with_span(brought, currency),
        of="" if is_margin else say(" of revenue"),
        span=spans.get(days, say("within {days} days", days=number(days))),
        share=percent(share),
        allowed=money(allowed, currency),
    )
    if not is_margin:
        return sentence + say(". But of revenue the goods are yet to be paid: set your margin first.")
    if cost is None or cost != cost:
        return sentence + "."
    if allowed >= cost:
        return sentence + say(": {room} more than one costs now.", room=money(allowed - cost, currency))
    return sentence + say(": {gap} less than one costs now.", gap=money(cost - allowed, currency))


def concentration_answer(best_tenth: Reading, best_fifth: Reading) -> str:
    """How much of the money the best customers bring."""
    if best_tenth.value is None or best_fifth.value is None:
        return ""
    return say(
        "The best 10 % of customers have brought {tenth} of the revenue, and the best 20 % have brought {fifth}.",
        tenth=percent(best_tenth.value),
        fifth=percent(best_fifth.value),
    )


def carried_answer(totals: pd.Series, currency: str | None) -> str:
    """How much of the money a single customer has brought, where it is a large part; else nothing.

    `totals`: the row of customer_totals.
    """
    customers, revenue, most = (float(totals[name]) for name in ("customers", "revenue", "most_revenue"))
    if customers < FEWEST or not revenue > 0 or most <= LARGE_PART * revenue:
        return ""
    return say(
        "One customer has brought {share} of all revenue, and every mean of money rests on that one: without it, a "
        "customer has brought {other} to date, with it {all}.",
        share=percent(most / revenue),
        other=money((revenue - most) / (customers - 1), currency),
        all=money(revenue / customers, currency),
    )


def worked_example(currency: str | None) -> list[str]:
    """Profit on the first order, what one letter adds, and what that allows: the arithmetic of this page by hand.

    The figures are invented; `currency`: the shop's, in which they are said.
    """
    cost, order, letter, year = 30.0, 35.0, 0.001, 70.0
    first = worth.profit(order, cost)
    later = worth.profit(2 * order, cost + letter)
    gained = worth.rise(first, later)
    return [
        say(
            "A customer who costs {cost} and orders for {order} leaves {first}.",
            cost=money(cost, currency, 0),
            order=money(order, currency, 0),
            first=money(first, currency, 0),
        ),
        say(
            "A letter for {letter} brings another order of {order}: now {later} are left, {gained} more.",
            letter=money(letter, currency, 3),
            order=money(order, currency, 0),
            later=money(later, currency, 3),
            gained=percent(gained, 2),
        ),
        say(
            "A customer worth {year} a year allows up to {allowed} to win one: shops that count the first order alone "
            "stop at {order}.",
            year=money(year, currency, 0),
            allowed=money(worth.allowable_cost(year), currency, 0),
            order=money(order, currency, 0),
        ),
    ]
