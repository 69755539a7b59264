"""Readings of the registry: the worked examples of the trade, intervals, what is not known yet."""

import math
from pathlib import Path

import numpy as np
import pytest

import retention_core as rc
from retention_core.metrics import METRICS, wilson
from tests.conftest import ROOT


def orders_file(folder: Path, rows: list[tuple[str, str, float]]) -> Path:
    file = folder / "orders.csv"
    lines = [f"{customer},{day},{amount}" for customer, day, amount in rows]
    file.write_text("customer,date,amount\n" + "\n".join(lines) + "\n")
    return file


def test_two_thousand_customers_of_whom_900_buy_in_two_months_are_45_percent(tmp_path: Path) -> None:
    """The articles' example: a two-month window, 2,000 existing customers, 900 of them buy. New ones do not count."""
    rows = [(f"c{n}", "2023-12-10", 10.0) for n in range(2000)]
    rows += [(f"c{n}", "2024-01-20", 10.0) for n in range(900)] + [(f"c{n}", "2024-02-20", 10.0) for n in range(300)]
    rows += [(f"new{n}", "2024-01-15", 10.0) for n in range(500)] + [("new1", "2024-02-10", 10.0)]
    shop = rc.open_orders(orders_file(tmp_path, rows))
    reading = shop.metric("crr_returning", starts_at="2024-01-01", ends_at="2024-03-01")
    assert (reading.value, reading.numerator, reading.denominator) == (0.45, 900, 2000)
    assert reading.low == pytest.approx(0.4283, abs=1e-3) and reading.high == pytest.approx(0.4719, abs=1e-3)


def test_the_textbook_rate_of_the_articles_is_78_and_not_81_percent(tmp_path: Path) -> None:
    """S = 50,000, N = 1,000, E = 40,000: (40,000 - 1,000) / 50,000. One article divides by 50,000 - 1,000 instead."""
    rows = [(f"c{n}", "2024-01-31", 1.0) for n in range(50_000)]
    rows += [(f"c{n}", "2024-02-10", 1.0) for n in range(39_000)] + [
        (f"new{n}", "2024-02-20", 1.0) for n in range(1000)
    ]
    rows += [("late", "2024-03-01", 1.0)]
    shop = rc.open_orders(orders_file(tmp_path, rows))
    row = shop.query("retention_rates", window_days=29).set_index("period").loc["2024-02-01"]
    assert (row["customers_start"], row["customers_end"], row["new_customers"]) == (50_000, 40_000, 1_000)
    assert row["crr"] == 0.78


@pytest.fixture(scope="module")
def shop() -> rc.Shop:
    return rc.open_orders(ROOT / "tests" / "queries" / "given.csv")


@pytest.mark.parametrize(
    ("key", "numerator", "denominator"),
    [
        ("customers", 6, None),
        ("orders", 12, None),
        ("revenue", 259, None),
        ("repeat_purchase_rate", 4, 6),
        ("repeat_purchase_rate_orders", 4, 6),
        ("second_order_within_30_days", 1, 4),
        ("second_order_within_60_days", 2, 3),
        ("returning_customer_rate", 1, 3),
        ("crr_returning", 1, 4),
        ("average_order_value", 259, 12),
        ("purchase_frequency", 12, 6),
        ("customer_value_historic", 259, 6),
        ("orders_from_repeat_customers", 10, 12),
        ("orders_not_first", 6, 12),
        ("revenue_from_repeat_customers", 151, 259),
        ("concentration_top_10", 100, 259),
        ("concentration_top_20", 165, 259),
    ],
)
def test_reading_divides_what_it_says(shop: rc.Shop, key: str, numerator: float, denominator: float | None) -> None:
    reading = shop.metric(key)
    assert (reading.numerator, reading.denominator) == (numerator, denominator)
    assert reading.value == pytest.approx(numerator / (denominator or 1))


def test_the_rates_of_a_period_come_from_the_last_whole_one(shop: rc.Shop) -> None:
    strict, churn, textbook = (shop.metric(key, window_days=45) for key in ("crr_strict", "churn", "crr_textbook"))
    assert strict.value == 0.5 and churn.value == 0.5 and textbook.value == 0.5


def test_half_have_ordered_again_after_36_days(shop: rc.Shop) -> None:
    assert shop.metric("median_days_to_second_order").value == 36


def test_historic_value_is_orders_per_customer_times_order_value(shop: rc.Shop) -> None:
    value, frequency, order = (
        shop.metric(key).value for key in ("customer_value_historic", "purchase_frequency", "average_order_value")
    )
    assert value is not None and frequency is not None and order is not None
    assert value == pytest.approx(frequency * order)


@pytest.mark.parametrize("key", ["crr_strict", "second_order_within_365_days", "customer_value_simple"])
def test_what_has_not_been_observed_is_absent_and_never_zero(shop: rc.Shop, key: str) -> None:
    reading = shop.metric(key)
    assert reading.value is None and reading.low is None
    assert "Not known yet" in reading.caveats[0]


@pytest.mark.parametrize("key", METRICS)
def test_every_metric_can_be_read_and_holds_its_interval(shop: rc.Shop, key: str) -> None:
    reading = shop.metric(key)
    assert reading.unit == METRICS[key].unit
    if reading.value is not None and reading.low is not None and reading.high is not None:
        assert reading.low <= reading.value <= reading.high


@pytest.mark.parametrize("key", METRICS)
def test_every_metric_says_what_it_is(key: str) -> None:
    metric = METRICS[key]
    assert metric.label and metric.definition.endswith(".") and metric.formula and metric.source
    assert all(caveat.endswith(".") for caveat in metric.caveats)
    assert (ROOT / "retention_core" / "sql" / f"{metric.query}.sql").exists()


def test_an_unknown_metric_names_those_there_are(shop: rc.Shop) -> None:
    with pytest.raises(KeyError, match="repeat_purchase_rate"):
        shop.metric("repeat_rate")


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (1, 3), (45, 100), (900, 2000)])
def test_wilson_of_python_and_of_the_engine_are_one(shop: rc.Shop, hits: int, trials: int) -> None:
    """The ends solve (p - k/n)^2 = z^2 p (1 - p) / n."""
    low, high = wilson(hits, trials)
    for end in (low, high):
        if 0 < end < 1:
            z = abs(hits / trials - end) / math.sqrt(end * (1 - end) / trials)
            assert z == pytest.approx(1.959964, abs=1e-6)
    rows = shop.query("second_order_within", days=[30, 60])
    for row in rows.itertuples():
        assert (row.low, row.high) == pytest.approx(wilson(row.ordered_again, row.customers))


def test_the_error_of_the_order_value_is_that_of_whole_customers_drawn_again(shop: rc.Shop) -> None:
    """Linearised error against a bootstrap over customers, on the sample shop."""
    sample = rc.open_orders(rc.sample("gift"))
    customers = sample.query("customer_summary")
    revenue, orders = customers["revenue"].to_numpy(), customers["orders"].to_numpy()
    rng = np.random.default_rng(7)
    draws = rng.integers(0, len(customers), (400, len(customers)))
    again = revenue[draws].sum(axis=1) / orders[draws].sum(axis=1)
    reading = sample.metric("average_order_value")
    assert reading.low is not None and reading.high is not None
    assert reading.high - reading.low == pytest.approx(2 * 1.96 * again.std(), rel=0.15)


@pytest.mark.parametrize("has_whale", [False, True])
def test_the_error_of_the_simple_value_is_that_of_whole_customers_drawn_again(tmp_path: Path, has_whale: bool) -> None:
    """The churn's error and the deviation of what customers bring, against a bootstrap over customers.

    A whale holds more than half of the money, and what is left of the interval says so.
    """
    rng = np.random.default_rng(3)
    rows, years = [], np.zeros((400, 2))
    for n in range(400):
        for year in (0, 1):
            if rng.random() < (0.8 if year == 0 or years[n, 0] else 0.5):
                years[n, year] = 20_000.0 if has_whale and n == 0 else round(float(rng.gamma(0.3, 130)), 2) + 1
                rows.append((f"c{n}", f"{2023 + year}-0{n % 9 + 1}-15", years[n, year]))
    rows += [("edge", "2023-01-01", 30.0), ("edge", "2024-12-31", 30.0)]
    reading = rc.open_orders(orders_file(tmp_path, rows)).metric("customer_value_simple")
    drawn = rng.integers(0, 400, (2000, 400))
    before, now = years[drawn, 0], years[drawn, 1]
    kept = ((before > 0) & (now > 0)).sum(axis=1) / (before > 0).sum(axis=1)
    again = now.sum(axis=1) / (now > 0).sum(axis=1) / (1 - kept)
    low, high = np.percentile(again, [2.5, 97.5])
    assert reading.value is not None and reading.low is not None and reading.high is not None
    if has_whale:
        assert reading.low < 1.2 * low and reading.high > 0.9 * high and reading.low > 0
        assert any("single customer" in caveat for caveat in reading.caveats)
    else:
        assert (reading.low, reading.high) == pytest.approx((low, high), rel=0.04)


def test_two_customers_do_not_tell_how_sure_a_mean_is(tmp_path: Path) -> None:
    shop = rc.open_orders(
        orders_file(tmp_path, [("a", "2025-01-05", 10), ("a", "2025-02-05", 12), ("b", "2025-05-07", 9)])
    )
    for key in ("average_order_value", "customer_value_historic", "purchase_frequency"):
        reading = shop.metric(key)
        assert reading.value is not None and reading.low is None and "fewer than 30" in reading.caveats[0], key


def test_money_is_never_less_than_nothing_where_no_order_is(tmp_path: Path) -> None:
    rows = [(f"c{n}", f"2025-01-{n % 28 + 1:02}", 10) for n in range(40)]
    whale = rc.open_orders(orders_file(tmp_path, [*rows, ("whale", "2025-01-30", 5000)])).metric(
        "customer_value_historic"
    )
    assert whale.low == 0 and any("single customer" in caveat for caveat in whale.caveats)


def test_orders_after_as_of_do_not_exist_and_stand_in_the_ledger() -> None:
    early = rc.open_orders(ROOT / "tests" / "queries" / "given.csv", as_of="2026-03-01")
    totals = early.query("customer_totals").iloc[0]
    assert (totals["customers"], totals["orders"], totals["revenue"]) == (4, 7, 107)
    assert early.observed_on.isoformat() == "2026-02-28"
    ledger = early.ledger().set_index("rule")
    assert ledger.loc["after_as_of", ["rows", "amount"]].tolist() == [5, 152]
    assert ledger.loc[ledger.index != "no_cost", "rows"].sum() == 13  # a note on rows that are counted elsewhere


def test_a_file_without_amounts_has_no_money_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("customer,date\n" + "".join(f"c{n % 40},2024-01-{n % 28 + 1:02}\n" for n in range(120)))
    silent = rc.open_orders(file)
    for key, block in METRICS.items():
        reading = silent.metric(key)
        if block.unit == "money" or "revenue" in block.formula.lower():
            assert reading.value is None and reading.caveats == ("The file tells no amounts.",), key
    assert silent.metric("orders").value == 120


def test_the_textbook_rate_is_never_cut_at_100_percent(tmp_path: Path) -> None:
    """17 of 20 kept and 2 back from before: 95 %, and the interval reaches beyond 100 %."""
    rows = [(f"lapsed{n}", "2023-11-15", 1.0) for n in range(2)] + [(f"c{n}", "2024-01-20", 1.0) for n in range(20)]
    rows += [(f"c{n}", "2024-02-20", 1.0) for n in range(17)] + [(f"lapsed{n}", "2024-02-21", 1.0) for n in range(2)]
    shop = rc.open_orders(orders_file(tmp_path, [*rows, ("late", "2024-02-29", 1.0)]))
    reading = shop.metric("crr_textbook", window_days=30)
    assert (reading.numerator, reading.denominator) == (19, 20)
    assert reading.high is not None and reading.high > 1


def test_a_small_sample_is_told_by_its_customers(tmp_path: Path) -> None:
    rows = [(f"c{n % 12}", f"2024-{n % 12 + 1:02}-10", 5.0 + n) for n in range(200)]
    few = rc.open_orders(orders_file(tmp_path, rows)).metric("average_order_value")
    many = rc.open_orders(rc.sample("gift")).metric("customer_value_simple")
    assert "fewer than 30" in few.caveats[0] and not any("fewer than 30" in caveat for caveat in many.caveats)


def test_an_older_period_never_passes_for_the_present(tmp_path: Path) -> None:
    """Nobody was active when the last whole month began: the rate is not known, not that of an earlier month."""
    rows = [(f"c{n}", "2024-01-10", 1.0) for n in range(50)] + [(f"c{n}", "2024-02-10", 1.0) for n in range(40)]
    shop = rc.open_orders(orders_file(tmp_path, [*rows, ("late", "2024-07-31", 1.0)]))
    assert shop.metric("crr_strict", window_days=30).value is None
