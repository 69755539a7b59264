"""One customer, four values: what each way to value a customer says, and why they differ."""

from __future__ import annotations

from functools import partial

from retention_core.answers.value import how_sure, table_digits
from retention_core.forecasts import Estimate, Forecasts
from retention_core.metrics import Reading
from retention_core.say import NOT_KNOWN, between, money, number, percent, say


def simple_answer(simple: Reading, currency: str | None) -> str:
    """How the simple formula comes to its value."""
    if simple.value is None or not simple.denominator:
        return say("The simple formula needs two years of orders: the churn of a whole year is one of its parts.")
    years = number(1 / simple.denominator, 1)
    return say(
        "By the simple formula a customer is worth {value}: {yearly} a year from an active one, times {years} at "
        "the present churn of {churn} a year.",
        value=money(simple.value, currency),
        yearly=money(simple.numerator, currency),
        years=say("1 year") if years == "1" else say("{n} years", n=years),
        churn=percent(simple.denominator),
    )


def four_values(
    simple: Reading,
    made: Forecasts,
    year: Reading,
    first: Reading,
    rate: float,
    currency: str | None,
    is_rough: bool = False,
) -> list[tuple[str, str, str]]:
    """One row per way to value a customer: its name, what it says and why it differs, the value with how sure it is.

    `year`, `first`: money of the first year and of the first order, `rate`: the margin, which the model does not know;
    `is_rough`: see how_sure. Without a model the coming year is that of customers like them in the last year, counted.
    """
    coming, later = (estimate and _times(estimate, rate) for estimate in (made.value_existing, made.value_new))
    new = None if later is None or first.value is None else _plus(later, first.value)
    none = " ".join(say(caveat) for caveat in made.caveats) or say("No model stood the check on hidden months.")
    known = [value.value for value in (year, new, coming, simple) if value is not None and value.value is not None]
    words = partial(_with_certainty, currency=currency, digits=table_digits(known), is_rough=is_rough)
    return [
        (
            say("First year, seen"),
            say(
                "Use this one for what a new customer may cost. Customers won a year ago or earlier, in their first "
                "year: nothing is forecast, and nothing is newer."
            )
            if year.value is not None
            else say("Nobody has been seen for a year yet."),
            words(year),
        ),
        (
            say("First year, by the model"),
            say("A first order, and what the model expects of a new customer in the year after it.") if new else none,
            words(new),
        ),
        (
            say("Next year, counted") if coming and not made.is_usable else say("Next year, by the model"),
            _coming_year(coming, year, made.is_usable) if coming else none,
            words(coming),
        ),
        (
            say("Lifetime, simple formula"),
            say(
                "Speaks of active customers alone, and takes for granted that all of them leave at one rate for ever. "
                "In truth the loyal stay and the others go at once, so use it to compare years, not to plan."
            )
            if simple.value is not None
            else say("Two years of orders are needed: the churn of a whole year is a part of the formula."),
            words(simple),
        ),
    ]


def _coming_year(coming: Estimate, year: Reading, by_model: bool) -> str:
    """Whose year it is, and why it is lower than the first one, where it is and a model says who has gone."""
    if not by_model:
        return say("The coming year of all who have ever bought, if it is like the last one of customers like them.")
    whose = say("The coming year of all who have ever bought.")
    if year.value is None or coming.value >= year.value:
        return whose
    return whose + " " + say("Many have gone for good and bring nothing, so it is low.")


def _times(estimate: Estimate, rate: float) -> Estimate:
    return Estimate(estimate.value * rate, estimate.low * rate, estimate.high * rate)


def _plus(estimate: Estimate, first: float) -> Estimate:
    return Estimate(estimate.value + first, estimate.low + first, estimate.high + first)


def _with_certainty(value: Reading | Estimate | None, currency: str | None, digits: int, is_rough: bool = False) -> str:
    if value is None or value.value is None:
        return NOT_KNOWN
    if value.low is None or value.high is None:
        return money(value.value, currency, digits)
    sure = how_sure(is_rough, is_forecast=isinstance(value, Estimate))
    span = between(money(value.low, None, digits), money(value.high, None, digits))
    return f"{money(value.value, currency, digits)} ({span}, {sure})"
