"""Forecasts of hidden months: the published hold-outs, and the choice of a model by them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retention_core.models import btyd, cohort_curve, validate
from retention_core.models.backtest import Backtest
from tests.models import summaries

Fits = dict[str, btyd.Fit]
WEEKS = 39


@pytest.fixture(scope="module")
def backtests(cdnow: pd.DataFrame) -> dict[str, Backtest]:
    return {model: validate.hold_out(cdnow, WEEKS, model) for model in btyd.MODELS}


@pytest.mark.parametrize(
    ("model", "expected", "error"),
    [("bg_nbd", 1653.4, 0.785), ("mbg_nbd", 1576.7, 0.765), ("pareto_nbd", 1665.5, 0.755)],
)
def test_cdnow_hidden_39_weeks(backtests: dict[str, Backtest], model: str, expected: float, error: float) -> None:
    test = backtests[model]
    assert test.actual == 1882
    assert test.expected == pytest.approx(expected, abs=0.06)
    assert test.mean_absolute_error == pytest.approx(error, abs=5e-4)
    assert test.error_share == pytest.approx(expected / 1882 - 1, abs=1e-4)
    assert test.low < test.expected < test.high


def test_cdnow_hidden_39_weeks_by_repeat_orders_of_the_btyd_walkthrough(backtests: dict[str, Backtest]) -> None:
    customers = [1411, 439, 214, 100, 62, 38, 29, 64]
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    published = {
        "pareto_nbd": [0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403],
        "bg_nbd": [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157],
    }
    for model, expected in published.items():
        groups = backtests[model].groups
        assert groups["repeat_orders"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
        assert groups["customers"].tolist() == customers
        assert (groups["actual"] / groups["customers"]).tolist() == pytest.approx(actual, abs=6e-4)
        assert (groups["expected"] / groups["customers"]).tolist() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("model", "expected"), [("bg_nbd", 16873.7), ("mbg_nbd", 15933.6), ("pareto_nbd", 17153.2)])
def test_hidden_39_weeks_of_the_whole_cohort(shared_data: Path, model: str, expected: float) -> None:
    master = summaries.histories(summaries.cdnow_master(shared_data), "1997-09-30", "1998-06-30")
    test = validate.hold_out(master, WEEKS, model)
    assert (test.customers, test.actual) == (23570, 19684)
    assert test.expected == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    ("model", "expected"),
    [("bg_nbd", (2501.5, 4165.7)), ("pareto_nbd", (2532.8, 4275.4)), ("mbg_nbd", (2483.0, 4054.6))],
)
def test_cdnow_tracking_to_weeks_39_and_78(
    shared_data: Path, cdnow_fits: Fits, model: str, expected: tuple[float, float]
) -> None:
    """4 % under (BG/NBD) and 2 % under (Pareto/NBD) the 4,339 of week 78, say Fader, Hardie & Lee (2005)."""
    said = validate.tracking(cdnow_fits[model], cdnow_starts(shared_data), np.array([39.0, 78.0]))["expected"]
    assert said.tolist() == pytest.approx(expected, abs=0.06)


def test_cdnow_tracking_of_weeks_20_to_25_of_the_btyd_walkthrough(shared_data: Path, cdnow_fits: Fits) -> None:
    weeks = np.arange(20.0, 26.0)
    published = {
        "pareto_nbd": [1308.856, 1385.275, 1459.923, 1532.906, 1604.32, 1674.253],
        "bg_nbd": [1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6],
    }
    for model, expected in published.items():
        said = validate.tracking(cdnow_fits[model], cdnow_starts(shared_data), weeks)
        assert said["expected"].tolist() == pytest.approx(expected, rel=1e-4)


def cdnow_starts(folder: Path) -> pd.DataFrame:
    """Weeks from 1997-01-01 to the first orders: `time`, `customers`."""
    first = summaries.cdnow(folder).groupby("customer")["day"].min()
    weeks = (first - pd.Timestamp("1997-01-01")).dt.days / 7
    return weeks.rename("time").value_counts().rename("customers").reset_index()


def test_periods_are_forecast_each_and_sum_to_the_whole(shared_data: Path) -> None:
    days = summaries.cdnow(shared_data)
    calibration = summaries.histories(days, "1997-09-30", "1998-06-27", unit=1)
    periods = summaries.hidden_periods(days, "1997-09-30", "1998-06-27")
    test = validate.hold_out(calibration, 270, "mbg_nbd", periods)
    assert test.periods["actual"].sum() == test.actual
    assert test.periods["expected"].sum() == pytest.approx(test.expected, rel=1e-9)
    assert test.groups["expected"].sum() == pytest.approx(test.expected, rel=1e-9)
    assert test.periods["expected"].is_monotonic_decreasing
    held = pd.concat([test.groups["held"], test.periods["held"]])
    assert test.coverage == pytest.approx(held.astype(float).mean())


def test_interval_holds_as_often_as_it_says_where_the_model_is_true() -> None:
    """Customers made by an MBG/NBD: of the cells, about 80 % lie within their 80 % intervals."""
    held = []
    for seed in range(6):
        table = simulated_hold_out(np.random.default_rng(seed))
        held.append(validate.hold_out(table, 180, "mbg_nbd").groups["held"])
    assert 0.65 < pd.concat(held).astype(float).mean() < 0.95


def simulated_hold_out(rng: np.random.Generator, customers: int = 1500) -> pd.DataFrame:
    """MBG/NBD (r 0.8, α 60, a 0.9, b 2.5 in days): 300 to 500 days to learn from, 180 hidden."""
    age = rng.integers(300, 500, size=customers).astype(float)
    rate, stops = rng.gamma(0.8, 1 / 60, size=customers), rng.beta(0.9, 2.5, size=customers)
    table = []
    for T, pace, stop in zip(age, rate, stops, strict=True):
        lives = rng.geometric(stop)  # orders, the first one counted, after the last of which the customer stops
        moments = np.cumsum(rng.exponential(1 / pace, size=lives - 1)) if lives < 10_000 else np.empty(0)
        seen = moments[moments <= T]
        hidden = ((moments > T) & (moments <= T + 180)).sum()
        table.append((len(seen), seen[-1] if len(seen) else 0.0, T, hidden))
    return pd.DataFrame(table, columns=["repeat_orders", "first_to_last", "age", "hidden_orders"])


def test_interval_counts_the_doubt_about_the_parameters(cdnow: pd.DataFrame) -> None:
    """Ten times the customers, the same per customer: chance shrinks by √10, and so must the doubt."""
    ten = cdnow.assign(customers=10)
    narrow, wide = validate.hold_out(ten, WEEKS), validate.hold_out(cdnow, WEEKS)
    assert (wide.high - wide.low) / wide.expected == pytest.approx(
        np.sqrt(10) * (narrow.high - narrow.low) / narrow.expected, rel=1e-3
    )
    fit = btyd.fit(cdnow, "mbg_nbd")
    history = cdnow["repeat_orders"], cdnow["first_to_last"], cdnow["age"]
    chance_alone = 2 * 1.2816 * np.sqrt(fit.variance_of_orders(*history, 0, WEEKS).sum())
    by_draws = btyd.interval(
        fit.laplace(300, np.random.default_rng(4)), lambda drawn: drawn.expected_orders(*history, WEEKS).sum()
    )
    both = np.hypot(chance_alone, by_draws[1] - by_draws[0])
    assert wide.high - wide.low == pytest.approx(both, rel=0.05)
    assert wide.high - wide.low > 1.1 * chance_alone


def test_rows_that_share_a_history_count_as_often(cdnow: pd.DataFrame) -> None:
    keys = ["repeat_orders", "first_to_last", "age", "hidden_orders"]
    shared = cdnow.groupby(keys, as_index=False).size().rename(columns={"size": "customers"})
    assert len(shared) < len(cdnow)
    one_by_one, together = validate.hold_out(cdnow, WEEKS), validate.hold_out(shared, WEEKS)
    assert together.expected == pytest.approx(one_by_one.expected, rel=1e-6)
    assert together.mean_absolute_error == pytest.approx(one_by_one.mean_absolute_error, rel=1e-6)
    assert (together.low, together.high) == pytest.approx((one_by_one.low, one_by_one.high), rel=1e-6)


def test_curve_forecasts_cdnow_as_well_as_the_models(shared_data: Path) -> None:
    days = summaries.cdnow(shared_data)
    calibration = summaries.histories(days, "1997-09-30", "1998-06-30", unit=1)
    test = validate.hold_out_curve(calibration, summaries.activity(days, "1997-09-30"), 7, 273)
    assert test.model == "cohort_curve" and test.is_usable
    assert -0.16 < test.error_share < -0.11
    assert test.mean_absolute_error > 1  # it cannot tell one customer from another


def test_curve_finds_a_known_decay() -> None:
    age = np.arange(52)
    table = pd.DataFrame({"age": age, "customers": 10_000, "orders": np.round(10_000 * 0.05 * (1.5 + age) ** -0.6)})
    curve = cohort_curve.fit(table, unit=7)
    assert list(curve.params.values()) == pytest.approx([0.05, 0.6], rel=2e-2)
    assert float(curve.expected_orders(0, 364)) == pytest.approx(table["orders"].sum() / 10_000, rel=2e-2)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_curve_that_fades_at_once_is_sure_of_the_months_that_bring_nothing() -> None:
    """Orders in the first week only: later months expect next to nothing, and none has a variance below 0."""
    at_once = pd.DataFrame({"age": np.arange(100), "customers": 1000, "orders": [10] + [0] * 99})
    silent = pd.DataFrame({"repeat_orders": 0, "first_to_last": 0, "age": np.arange(700), "hidden_orders": 0})
    months = pd.DataFrame({"starts": np.arange(0, 360, 30), "ends": np.arange(30, 390, 30), "orders": 0})
    test = validate.hold_out_curve(silent, at_once, 7, 365, months)
    assert test.periods.notna().all(axis=None) and test.periods["held"].all()
    later = test.periods.iloc[2:]
    assert (later["low"] <= later["high"]).all() and later["high"].max() < 1e-3


def test_a_shop_without_orders_to_come_back_to_gets_a_sentence(cdnow: pd.DataFrame) -> None:
    once = cdnow.assign(repeat_orders=0, first_to_last=0.0, hidden_orders=0)
    nothing = pd.DataFrame({"age": [0, 1], "customers": [10, 5], "orders": [0, 0]})
    tests = [validate.hold_out(once, WEEKS, model) for model in btyd.MODELS]
    tests.append(validate.hold_out_curve(once, nothing, 7, WEEKS))
    for test in tests:
        assert not test.is_usable and test.message.startswith("Too little data")
        assert np.isfinite([test.expected, test.low, test.high, test.mean_absolute_error]).all()
        assert np.isnan(test.error_share)
    choice = validate.choose(tests)
    assert (choice.model, choice.verdict) == ("cohort_curve", "none")
    assert choice.reason.startswith("No model passed")


def test_retail_transactions_show_no_dropout_and_leave_the_curve(shared_data: Path) -> None:
    days = summaries.retail_transactions(shared_data)
    calibration = summaries.histories(days, "2014-06-30", "2015-03-16", unit=1)
    tests = [validate.hold_out(calibration, 259, model) for model in btyd.MODELS]
    for test in tests:
        assert not test.is_usable
        assert "hardly any customer of this shop can be seen to stop buying for good" in test.message
    tests.append(validate.hold_out_curve(calibration, summaries.activity(days, "2014-06-30"), 7, 259))
    choice = validate.choose(tests)
    assert (choice.model, choice.verdict) == ("cohort_curve", "only")
    assert abs(tests[-1].error_share) < 0.02


def test_pareto_nbd_is_at_a_boundary_on_online_retail_and_is_not_chosen(shared_data: Path) -> None:
    calibration = summaries.histories(summaries.online_retail(shared_data), "2011-06-10", "2011-12-09", unit=1)
    tests = {model: validate.hold_out(calibration, 182, model) for model in btyd.MODELS}
    assert not tests["pareto_nbd"].is_usable
    assert tests["pareto_nbd"].message.startswith("At a boundary")
    choice = validate.choose(list(tests.values()))
    assert (choice.model, choice.verdict) == ("mbg_nbd", "equal")
    assert choice.error < 0.05


@pytest.mark.parametrize(
    ("errors", "unusable", "model", "verdict"),
    [
        ({"bg_nbd": 0.10, "mbg_nbd": 0.12, "pareto_nbd": 0.11}, (), "mbg_nbd", "equal"),
        ({"bg_nbd": 0.10, "mbg_nbd": 0.20, "pareto_nbd": 0.11}, (), "pareto_nbd", "equal"),
        ({"bg_nbd": 0.10, "mbg_nbd": 0.20, "cohort_curve": 0.30}, (), "bg_nbd", "least"),
        ({"mbg_nbd": 0.20, "cohort_curve": 0.05}, (), "cohort_curve", "least"),
        ({"mbg_nbd": 0.06, "cohort_curve": 0.05}, (), "mbg_nbd", "equal"),
        ({"mbg_nbd": 0.01, "cohort_curve": 0.40}, ("mbg_nbd",), "cohort_curve", "only"),
    ],
)
def test_choice(
    backtests: dict[str, Backtest], errors: dict[str, float], unusable: tuple[str, ...], model: str, verdict: str
) -> None:
    tests = [
        replace(backtests["bg_nbd"], model=name, expected=1882 * (1 + error), is_usable=name not in unusable)
        for name, error in errors.items()
    ]
    choice = validate.choose(tests)
    assert (choice.model, choice.verdict) == (model, verdict)
    assert choice.error == pytest.approx(errors[model])
    assert ("large error" in choice.reason) == (errors[model] > 0.25)


def test_a_model_must_be_usable_in_one_back_test_and_today(backtests: dict[str, Backtest], cdnow_fits: Fits) -> None:
    """A back-test that left it too little to learn from is no veto, but its error counts."""
    mbg, bg = backtests["mbg_nbd"], backtests["bg_nbd"]
    never = replace(mbg, is_usable=False)
    assert validate.choose([mbg, bg, never, bg]).model == "mbg_nbd"
    assert validate.choose([mbg, bg, replace(never, expected=4000.0), bg]).model == "bg_nbd"
    assert validate.choose([never, bg, never, bg]).model == "bg_nbd"
    today = cdnow_fits["mbg_nbd"]
    assert validate.choose([mbg, bg], {"mbg_nbd": today}).model == "mbg_nbd"
    gone = replace(today, maximum=replace(today.maximum, at_boundary=True))
    assert validate.choose([mbg, bg], {"mbg_nbd": gone}).model == "bg_nbd"


def test_the_error_of_the_model_widens_parts_more_than_the_total(backtests: dict[str, Backtest]) -> None:
    alone = backtests["mbg_nbd"]
    drawn = alone.widened(0.1)
    assert drawn.deviation == pytest.approx(np.hypot(alone.deviation, 0.1 * alone.expected))
    cells, wide = (test.groups.iloc[0] for test in (alone, drawn))
    by_model = np.hypot((cells["high"] - cells["expected"]) / 1.28155, 2 * 0.1 * cells["expected"])
    assert (wide["high"] - wide["expected"]) / 1.28155 == pytest.approx(by_model, rel=1e-4)
    assert drawn.coverage > alone.coverage
    assert alone.widened(0.2).total_held and not alone.total_held
    same = alone.widened(0.0)
    assert (same.low, same.high) == pytest.approx((alone.low, alone.high))
    pd.testing.assert_frame_equal(same.groups, alone.groups)


def test_choosing_from_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no back-test"):
        validate.choose([])
