"""Gamma-Gamma and 12-month value: note 025, CLVTools, and the values a peer's example gets wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retention_core.models import btyd, spend, value
from tests.models import summaries

YEAR_WEEKS = 365 / 7


@pytest.fixture(scope="module")
def rounded(shared_data: Path) -> pd.DataFrame:
    """The summary that the peers' examples use: weeks, rounded to two decimals."""
    table = pd.read_csv(shared_data / "cdnow_summary_weeks.csv")
    return table.rename(
        columns={
            "frequency": "repeat_orders",
            "recency": "first_to_last",
            "T": "age",
            "monetary_value": "mean_repeat_amount",
        }
    )


@pytest.fixture(scope="module")
def spending(rounded: pd.DataFrame) -> spend.GammaGamma:
    return spend.fit(rounded["repeat_orders"], rounded["mean_repeat_amount"])


def test_params_of_note_025_and_clvtools(cdnow: pd.DataFrame) -> None:
    fit = spend.fit(cdnow["repeat_orders"], cdnow["mean_repeat_amount"])
    assert [round(number, 2) for number in fit.params.values()] == [6.25, 3.74, 15.44]
    assert list(fit.params.values()) == pytest.approx((6.249572, 3.744225, 15.443521), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-4055.9177, abs=1e-3)
    assert fit.population_mean == pytest.approx(35.1704, abs=2e-4)
    assert fit.customers == 946 and fit.is_usable
    assert fit.correlation == pytest.approx(0.1139, abs=5e-5)


def test_params_on_the_rounded_summary_as_lifetimes_and_pymc_marketing_find_them(spending: spend.GammaGamma) -> None:
    assert list(spending.params.values()) == pytest.approx((6.248803, 3.744588, 15.447746), rel=1e-5)
    assert spending.log_likelihood == pytest.approx(-4055.9232, abs=1e-3)
    assert spending.correlation == pytest.approx(0.113884, abs=1e-6)


def test_params_of_the_whole_cohort(shared_data: Path) -> None:
    master = summaries.histories(summaries.cdnow_master(shared_data), "1997-09-30")
    fit = spend.fit(master["repeat_orders"], master["mean_repeat_amount"])
    assert list(fit.params.values()) == pytest.approx((6.275359, 3.624450, 14.983688), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-40763.4763, abs=2e-3)


def test_mean_spend_in_hardies_spreadsheet_of_note_025(rounded: pd.DataFrame, spending: spend.GammaGamma) -> None:
    ten = rounded.head(10)
    expected = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert spending.mean_spend(ten["repeat_orders"], ten["mean_repeat_amount"]) == pytest.approx(expected, abs=0.011)


def test_mean_of_the_mean_spend_of_lifetimes_quickstart(rounded: pd.DataFrame, spending: spend.GammaGamma) -> None:
    said = spending.mean_spend(rounded["repeat_orders"], rounded["mean_repeat_amount"])
    assert said.mean() == pytest.approx(35.252959, abs=2e-6)
    repeaters = rounded[rounded["repeat_orders"] > 0]
    assert repeaters["mean_repeat_amount"].mean() == pytest.approx(35.078552, abs=1e-6)


LIFETIMES_IN_WEEKS = [
    36.278496, 4.637466, 8.344093, 8.344093, 8.344093, 283.523593, 6.881407, 8.344093, 43.353642, 8.344093,
]  # fmt: skip
LIFETIMES_QUICKSTART = 140.096211  # customer 1; weeks taken for days, so a month became 30 weeks


def test_twelve_month_values_are_the_corrected_ones(rounded: pd.DataFrame, spending: spend.GammaGamma) -> None:
    """365 days in weeks; the peer's month is 4.345 weeks, which makes its year 14 minutes shorter."""
    fit, ten = btyd.fit(rounded, "bg_nbd"), rounded.head(10)
    history = ten["repeat_orders"], ten["first_to_last"], ten["age"], ten["mean_repeat_amount"]
    ours = value.value(fit, spending, *history, horizon=YEAR_WEEKS, monthly_discount=0.01)
    theirs = value.value(fit, spending, *history, horizon=12 * 4.345, monthly_discount=0.01)
    assert ours == pytest.approx(LIFETIMES_IN_WEEKS, rel=1e-4)
    assert theirs == pytest.approx(LIFETIMES_IN_WEEKS, rel=2e-5)
    assert round(float(ours[0]), 2) == 36.28


def test_the_quickstart_value_comes_out_only_with_months_of_30_weeks(
    rounded: pd.DataFrame, spending: spend.GammaGamma
) -> None:
    first = rounded.iloc[0]
    history = first["repeat_orders"], first["first_to_last"], first["age"], first["mean_repeat_amount"]
    fit = btyd.fit(rounded, "bg_nbd")
    wrong = value.value(fit, spending, *history, horizon=12 * 30, monthly_discount=0.01)
    assert float(wrong) == pytest.approx(LIFETIMES_QUICKSTART, rel=1e-4)


def test_value_does_not_depend_on_the_unit_of_time(shared_data: Path) -> None:
    days = summaries.cdnow(shared_data)
    said = []
    for unit, year in ((1, 365.0), (7, YEAR_WEEKS)):
        table = summaries.histories(days, "1997-09-30", unit=unit)
        fit = btyd.fit(table, "mbg_nbd")
        spending = spend.fit(table["repeat_orders"], table["mean_repeat_amount"])
        history = table["repeat_orders"], table["first_to_last"], table["age"], table["mean_repeat_amount"]
        said.append(value.value(fit, spending, *history, horizon=year, monthly_discount=0.01, margin=0.3))
    assert said[0] == pytest.approx(said[1], rel=1e-4)


def test_value_without_discount_is_orders_times_spend(
    cdnow_fits: dict[str, btyd.Fit], spending: spend.GammaGamma
) -> None:
    for fit in cdnow_fits.values():
        orders = fit.expected_orders(2, 30.43, 38.86, YEAR_WEEKS)
        said = value.value(fit, spending, 2, 30.43, 38.86, 22.35, horizon=YEAR_WEEKS)
        assert float(said) == pytest.approx(float(orders * spending.mean_spend(2, 22.35)), rel=1e-9)
        new = fit.expected_orders_new(YEAR_WEEKS) * spending.population_mean
        assert value.value_new(fit, spending, horizon=YEAR_WEEKS) == pytest.approx(float(new), rel=1e-9)


def test_repeaters_who_paid_nothing_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(1)
    amounts = np.concatenate([rng.gamma(3.0, 10.0, size=200), np.zeros(5)])
    fit = spend.fit(np.full(205, 2), amounts)
    assert fit.customers == 200 and fit.unpaid == 5
    assert "5 customers" in fit.message


@pytest.mark.parametrize(
    ("orders", "amounts"),
    [
        ([], []),
        ([0, 0], [0.0, 0.0]),
        ([1, 2, 3], [np.nan, 0.0, 5.0]),
        ([1] * 100, [9.99] * 100),
        ([2] * 40, [1e-9] * 40),
    ],
)
def test_odd_amounts_never_raise_and_say_so(orders: list[int], amounts: list[float]) -> None:
    fit = spend.fit(orders, amounts)
    assert not fit.is_usable
    assert "Too little data" in fit.message or "At a boundary" in fit.message
    assert np.isfinite(fit.mean_spend([0, 3], [0.0, 10.0])).all()


def test_amounts_without_a_mean_are_at_a_boundary() -> None:
    """With q ≤ 1 the mean over all customers has no end: the plain mean is shown instead."""
    rng = np.random.default_rng(2)
    amounts = rng.gamma(5 * 3, 1 / (3 * rng.gamma(0.6, 1 / 20.0, size=3000)))
    fit = spend.fit(np.full(3000, 3), amounts)
    assert fit.params["q"] < 1 and fit.at_boundary and not fit.is_usable
    assert fit.population_mean == pytest.approx(amounts.mean())
