"""The sentences of the page Value: what a value is called and why it differs, whom the money rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, cast

import pandas as pd
import pytest

from retention_core.answers import four_values as ways
from retention_core.answers import value as answers
from retention_core.forecasts import Estimate, Forecasts
from retention_core.metrics import Reading

YEAR = Reading(100.0, 90.0, 110.0, 1e4, 100, "money")
NOTHING = Reading(None, None, None, None, None, "money")


def coming_year(value: float, has_model: bool) -> tuple[str, str]:
    """The name and the words of the row of the coming year."""
    fit = cast("Any", object()) if has_model else None
    made = Forecasts(
        date(2026, 1, 1), 100, "mbg_nbd" if has_model else "none", None, (), fit, None, None, {}, pd.DataFrame(),
        value_existing=Estimate(value, value / 2, value * 2),
    )  # fmt: skip
    name, words, _ = ways.four_values(NOTHING, made, YEAR, YEAR, 1.0, "EUR")[2]
    return name, words


def test_the_coming_year_is_called_low_only_where_it_is_and_by_a_model_only_where_there_is_one() -> None:
    name, words = coming_year(27, has_model=True)
    assert name == "Next year, by the model" and words.endswith("so it is low.")
    name, words = coming_year(127, has_model=True)
    assert name == "Next year, by the model" and "low" not in words and "gone" not in words
    name, words = coming_year(27, has_model=False)
    assert name == "Next year, counted" and "low" not in words and "customers like them" in words


def test_without_any_forecast_nothing_is_called_counted() -> None:
    made = Forecasts(date(2026, 1, 1), 1, "none", None, (), None, None, None, {}, pd.DataFrame())
    assert [row[0] for row in ways.four_values(NOTHING, made, YEAR, YEAR, 1.0, "EUR")][1:3] == [
        "First year, by the model",
        "Next year, by the model",
    ]


@pytest.mark.parametrize(
    ("cost", "year", "words"),
    [
        (100.0, replace(YEAR, low=None, high=None), "it comes back once."),
        (40.0, replace(YEAR, low=None, high=None), "it comes back 2.5 times."),
        (40.0, YEAR, "it comes back 2.5 (2.2–2.8) times."),
        (100.0, NOTHING, "costs €100.00, paid back after 3 months."),
    ],
)
def test_a_cost_comes_back_so_often_and_once_is_no_plural(cost: float, year: Reading, words: str) -> None:
    assert answers.cost_answer(pd.Series({"cost": cost}), year, 3, "EUR", is_margin=True).endswith(words)


def test_without_a_margin_a_cost_does_not_come_back_but_brings_revenue() -> None:
    assert answers.cost_answer(pd.Series({"cost": 40.0}), YEAR, 0, "EUR", is_margin=False) == (
        "Winning a customer costs €40.00, paid back in the first month if all revenue counts as earned; within a year "
        "a customer brings that 2.5 (2.2–2.8) times in revenue. Set your margin."
    )


def test_a_customer_with_a_fifth_of_the_money_is_told_of() -> None:
    totals = pd.Series({"customers": 101, "revenue": 2000.0, "most_revenue": 1000.0})
    assert answers.carried_answer(totals, "EUR") == (
        "One customer has brought 50 % of all revenue, and every mean of money rests on that one: without it, a "
        "customer has brought €10.00 to date, with it €19.80."
    )
    for silent in ({"most_revenue": 400.0}, {"customers": 3}, {"revenue": 0.0}):
        assert answers.carried_answer(pd.Series(totals.to_dict() | silent), "EUR") == ""


@pytest.mark.parametrize(
    ("churn", "years"), [(1.0, "times 1 year at"), (0.5, "times 2 years at"), (0.99, "times 1 year")]
)
def test_one_year_is_no_plural(churn: float, years: str) -> None:
    assert years in ways.simple_answer(Reading(50 / churn, None, None, 50, churn, "money"), "EUR")
