"""The baseline's record and its laws, on the sample shops, on tiny ones, and against what is true in the samples."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import retention_core as rc
from retention_core.goals.baseline import Baseline, baseline
from retention_core.goals.curve import SEASON_FROM
from retention_core.goals.forecast import Forecast
from retention_core.goals.people import STAGES
from retention_core.goals.returns import SEASON_SEEN
from retention_core.goals.rolling import Mix, Spread

DRAWS = 400
TRUE_RATE = {"replenish": 0.3943, "gift": 0.0989}  # second order within 365 days, counted: sample_data/truth.json

# By the generator's own arithmetic for July 2026 to June 2027, channels as on the last day, weighted by newcomers.
COMING_RATE = {"replenish": 0.373, "gift": 0.094}


@pytest.fixture(scope="module", params=["replenish", "gift"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shop(name: str) -> Iterator[rc.Shop]:
    opened = rc.open_orders(rc.sample(name))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def base(shop: rc.Shop) -> Baseline:
    return baseline(shop, months=18, draws=DRAWS)


@pytest.fixture(scope="module")
def year_ago(name: str) -> Baseline:
    """What the shop would have been told a year before its last day."""
    earlier = rc.open_orders(rc.sample(name), as_of="2025-07-01")
    then = baseline(earlier, months=12, draws=DRAWS)
    earlier.close()
    assert then.months[0] == date(2025, 7, 1)
    return then


@pytest.fixture(scope="module")
def mid_month(name: str) -> Iterator[tuple[rc.Shop, Baseline]]:
    """What the shop would have been told on 20 November 2025."""
    earlier = rc.open_orders(rc.sample(name), as_of="2025-11-21")
    yield earlier, baseline(earlier, months=12, draws=DRAWS)
    earlier.close()


def values(table: pd.DataFrame) -> pd.DataFrame:
    """(cohort, age): a column for each of value_per_customer and its ends."""
    columns = [name for name in table if str(name).startswith("value_per_customer")]
    return table.set_index(["cohort", "age"])[columns]


def value_so_far(shop: rc.Shop, complete: bool = True) -> pd.Series:
    """By cohort and age: money per customer, as counted."""
    cells = shop.query("cohort_retention").set_index(["cohort", "age"])
    counted = cells.groupby("cohort")["revenue"].cumsum() / cells["cohort_customers"]
    return counted[cells["is_complete"] == complete]


def tiny(folder: Path, orders: list[tuple[str, str, float]]) -> rc.Shop:
    file = folder / "orders.csv"
    lines = [f"{number},{who},{day},{amount}" for number, (who, day, amount) in enumerate(orders)]
    file.write_text("order_id,customer_id,ordered_at,amount\n" + "\n".join(lines) + "\n")
    return rc.open_orders(file)


def assert_lawful(base: Baseline, months: int, draws: int) -> None:
    rows = len(STAGES) + months
    assert len(base.months) == months
    assert base.rows["row"].tolist() == list(range(rows))
    assert base.rows["stage"].tolist() == [*STAGES, *["new"] * months]
    assert base.rows["cohort"].isna().tolist() == [True] * 3 + [False] * months
    assert base.rows["cohort"].iloc[3:].dt.date.tolist() == list(base.months)
    for values, shape in (
        (base.customers, (draws, rows)),
        (base.returning, (draws, rows)),
        (base.active, (draws, rows, months)),
        (base.orders, (draws, rows, months)),
    ):
        assert values.shape == shape
        assert np.isfinite(values).all() and (values >= 0).all()
    assert base.order_value.shape == (draws, months)
    assert set(base.returning_within) == {90, 180, 365}
    assert base.returning_within[365] is base.returning
    assert (base.returning <= 1).all() and (base.active <= 1).all()
    assert (base.returning_within[90] <= base.returning_within[180] + 1e-12).all()
    assert (base.returning_within[180] <= base.returning + 1e-12).all()
    assert (base.active <= base.returning[:, :, None] + 1e-12).all()
    assert (base.orders >= base.active * base.customers[:, :, None] - 1e-9).all()
    for cohort in range(months):
        assert (base.active[:, 3 + cohort, :cohort] == 0).all(), "nobody orders again before the first order"
    shares = base.history[["rate", "low", "high", "expected", "p10", "p90"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    assert (base.history["rate"].notna() == base.history["is_complete"]).all()
    assert (base.history["expected"].notna() != base.history["is_complete"]).all()


def test_the_record_keeps_its_laws(base: Baseline) -> None:
    assert_lawful(base, 18, DRAWS)


def test_existing_customers_are_conserved(base: Baseline, shop: rc.Shop) -> None:
    customers = shop.query("customer_totals")["customers"].iloc[0]
    assert (base.customers[:, :3].sum(axis=1) == customers).all()
    assert base.history["customers"].sum() == customers


def test_whoever_returns_in_a_year_is_active_in_a_month_of_it(base: Baseline) -> None:
    """Otherwise the goal's rate and the order flow would tell two stories."""
    mean = base.active.mean(axis=0)
    assert (mean[:3, :12].sum(axis=1) >= base.returning.mean(axis=0)[:3] - 1e-9).all()
    for cohort in range(5):  # the horizon holds their first 13 calendar months
        active = mean[3 + cohort, cohort : cohort + 13].sum()
        assert active >= 0.99 * base.returning.mean(axis=0)[3 + cohort]


def test_the_rate_of_those_to_come_lies_about_the_true_one(base: Baseline, name: str) -> None:
    """All finished cohorts together return at the true rate; the mix of channels gets a little worse over time."""
    low, high = np.quantile(base.returning[:, 3:15].mean(axis=1), [0.05, 0.95])
    assert 0.85 * low < TRUE_RATE[name] < 1.15 * high
    finished = base.history[base.history["is_complete"]]
    realised = (finished["rate"] * finished["customers"]).sum() / finished["customers"].sum()
    assert realised == pytest.approx(TRUE_RATE[name], abs=0.005)


def test_the_level_of_those_to_come_is_the_true_one(base: Baseline, name: str) -> None:
    weight = base.customers[:, 3:15].mean(axis=0)
    assert np.average(base.returning[:, 3:15].mean(axis=0), weights=weight) == pytest.approx(
        COMING_RATE[name], rel=0.08
    )


def test_december_is_told_apart_and_no_other_month_jumps(base: Baseline) -> None:
    """Holiday buyers stay less often; newcomers of the other months differ by chance alone."""
    rate = pd.Series(base.returning[:, 3:15].mean(axis=0), index=[month.month for month in base.months[:12]])
    others = rate.drop(12)
    assert 0.8 < rate[12] / others.median() < 0.93
    assert (others / others.median() - 1).abs().max() < 0.06


def test_unfinished_cohorts_end_within_their_band(base: Baseline, year_ago: Baseline) -> None:
    """A year ago the baseline said what the cohorts of that day would end at: eight of ten should be inside."""
    now = base.history.set_index("cohort")["rate"]
    running = year_ago.history[~year_ago.history["is_complete"]].set_index("cohort")
    running = running[running["customers"] > 50]
    rate = now.reindex(running.index)
    assert rate.notna().sum() >= 11
    inside = (rate >= running["p10"] - 0.005) & (rate <= running["p90"] + 0.005)
    assert inside.mean() >= 0.6
    assert abs((running["expected"] - rate).mean()) < 0.1 * rate.mean()


def test_last_years_forecast_held(year_ago: Baseline, shop: rc.Shop) -> None:
    cells = shop.query("cohort_retention")
    later = cells["cohort"].dt.to_period("M") + cells["age"] >= pd.Period("2025-07")
    known = cells["cohort"] < pd.Timestamp("2025-07-01")
    actual = cells.loc[known & later, "active_customers"].sum()
    total = (year_ago.active[:, :3, :12] * year_ago.customers[:, :3, None]).sum(axis=(1, 2))
    low, high = np.quantile(total, [0.1, 0.9])
    assert low <= actual <= high
    assert abs(total.mean() / actual - 1) < 0.2


def test_the_back_test_names_forecasters_origins_and_horizons(base: Baseline) -> None:
    table = base.backtest
    assert set(table["forecaster"]) == {"cohort_curve", "buy_till_you_die", "together"}
    assert set(table["horizon"]) == {6, 12}
    assert table.groupby("forecaster")["weight"].first()[["cohort_curve", "buy_till_you_die"]].sum() == pytest.approx(1)
    assert table["error_share"].to_numpy() == pytest.approx((table["expected"] / table["actual"] - 1).to_numpy())
    together = table[table["forecaster"] == "together"]
    assert together["held_80"].mean() >= 0.6
    assert together["error_share"].abs().median() < 0.2


def test_the_band_that_is_drawn_is_the_one_that_is_judged(rng: np.random.Generator) -> None:
    """Of the level alone; what the parameters and the chance of a month add is not in question."""
    spread = Spread(0.1, 0.01)
    told = Forecast(
        total=np.full(6, 1e9), stages=np.zeros((3, 6)), moves=np.zeros((0, 6)), spread=spread, scatter=1e-9,
        mixed=Mix({}, {}), curve=None, fit=None, trials=(), mixtures=(),  # type: ignore[arg-type]
    )  # fmt: skip
    total = np.log(told.draws(40_000, rng).sum(axis=1) / 6e9)
    width = float(np.diff(np.quantile(total, [0.1, 0.9]))[0]) / 2
    assert spread.holds(0.95 * width, 6) and not spread.holds(1.05 * width, 6)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_triangle_continues_the_cohort_table(base: Baseline, shop: rc.Shop) -> None:
    table = base.triangle
    seen, coming = table[~table["is_forecast"]], table[table["is_forecast"]]
    cells = shop.query("cohort_retention")
    assert seen["orders"].sum() == cells.loc[cells["is_complete"], "orders"].sum()
    assert coming["month"].min().date() == base.months[0]
    for _, cohort in table.groupby("cohort"):
        assert (cohort["age"].diff().dropna() == 1).all()
        assert (cohort["value_per_customer"].diff().dropna() >= -1e-9).all(), "value to date never falls"
    for column in ("share_active", "orders", "value_per_customer"):
        assert (coming[f"{column}_p10"] <= coming[f"{column}_p90"]).all()
    existing = (base.active[:, :3] * base.customers[:, :3, None]).sum(axis=(0, 1, 2)) / DRAWS
    by_cohort = (coming["share_active"] * coming["customers"]).sum()
    assert by_cohort == pytest.approx(existing, rel=0.05)


def test_no_cohort_is_forecast_where_no_earlier_day_could_be_tried(tmp_path: Path) -> None:
    """Five months gave the cohort of one customer a cell of "~ 54.18"; with ten months there are trials, and cells."""
    for months, has_forecasts in ((5, False), (10, True)):
        file = tmp_path / f"{months}.csv"
        days = [date(2025, 1 + month, 3 + n % 20) for month in range(months) for n in range(40)]
        file.write_text("customer,ordered_at,amount\n" + "\n".join(f"c{n // 2},{day},10" for n, day in enumerate(days)))
        small = rc.open_orders(file)
        told = baseline(small, months=12, draws=20)
        assert told.triangle["is_forecast"].any() == has_forecasts and not told.triangle["is_forecast"].all()
        small.close()


def test_the_forecast_of_a_cohort_goes_on_with_the_running_month(
    mid_month: tuple[rc.Shop, Baseline], shop: rc.Shop
) -> None:
    """No month between what is over and what is coming goes missing, nor what the running one has brought so far."""
    earlier, then = mid_month
    for _, cohort in then.triangle.groupby("cohort"):
        assert (cohort["age"].diff().dropna() == 1).all()
    coming = values(then.triangle[then.triangle["is_forecast"]])
    assert then.triangle.loc[then.triangle["is_forecast"], "month"].min() == pd.Timestamp("2025-11-01")
    so_far = value_so_far(earlier, complete=False)[:-1]  # the last cohort is that of the month itself
    first = coming.reindex(so_far.index)
    assert (first.ge(so_far - 1e-9, axis=0)).all(axis=None)
    actual = value_so_far(shop).reindex(first.index)
    expected, counted = (first["value_per_customer"] - so_far).sum(), (actual - so_far).sum()
    assert 0.5 < expected / counted < 2, "what the rest of the month brings"


def money(base: Baseline, first: date, last: date) -> float:
    """Expected of all customers in these coming months, first orders included."""
    chosen = np.array([first <= month <= last for month in base.months])
    orders = base.orders.sum(axis=1) + base.customers[:, len(STAGES) :]
    return float((orders * base.order_value)[:, chosen].sum(axis=1).mean())


def test_two_days_into_a_month_the_coming_year_is_what_it_was(name: str) -> None:
    """Who still comes in the running month counts: some 6 % of the customers of the year, and all they order."""
    told = []
    for day in ("2025-11-01", "2025-11-03"):
        earlier = rc.open_orders(rc.sample(name), as_of=day)
        told.append(baseline(earlier, months=13, draws=DRAWS))
        earlier.close()
    before, then = told
    assert (before.months[0], then.months[0]) == (date(2025, 11, 1), date(2025, 12, 1))
    assert_lawful(then, 13, DRAWS)
    assert np.ptp(then.customers[:, :3], axis=0).max() == 0, "the same in every draw"
    customers = before.rows["customers"].iloc[:4].sum()
    assert then.rows["customers"].iloc[:3].sum() == pytest.approx(customers, rel=0.01)
    span = date(2025, 12, 1), date(2026, 11, 1)
    assert money(then, *span) == pytest.approx(money(before, *span), rel=0.02)


def test_days_chosen_from_the_past_do_not_end_the_shop(shop: rc.Shop) -> None:
    """As many come as in the last chosen months, and the caveats say so."""
    part = baseline(shop, months=12, draws=DRAWS, until="2025-01-01")
    cells = shop.query("cohort_retention", until="2025-01-01")
    sizes = cells.drop_duplicates("cohort").set_index("cohort")["cohort_customers"]
    assert part.rows["customers"].iloc[3:].sum() == pytest.approx(sizes["2024"].sum(), rel=0.25)
    assert any("chosen days" in caveat for caveat in part.caveats)
    assert not any("chosen days" in caveat for caveat in baseline(shop, 1, draws=10, until="2026-07-01").caveats)


def test_the_bands_of_single_cohorts_hold_the_truth_as_often_as_they_say(year_ago: Baseline, shop: rc.Shop) -> None:
    """Eight times of ten: in the first month, where chance rules, and over all months of the hidden year."""
    table = year_ago.triangle[year_ago.triangle["is_forecast"]]
    coming = values(table).join(value_so_far(shop).rename("actual"), how="inner")
    held = coming["actual"].between(coming["value_per_customer_p10"], coming["value_per_customer_p90"])
    first = table.set_index(["cohort", "age"])["month"] == pd.Timestamp("2025-07-01")
    assert len(held) == 12 * 24
    assert 0.65 <= held[first.reindex(held.index)].mean() <= 0.95
    assert 0.65 <= held.mean() <= 0.95


def test_the_same_seed_gives_the_same_bytes(shop: rc.Shop, base: Baseline) -> None:
    again = baseline(shop, months=18, draws=DRAWS)
    other = baseline(shop, months=18, draws=DRAWS, seed=1)
    for field in fields(Baseline):
        first, second = getattr(base, field.name), getattr(again, field.name)
        if isinstance(first, np.ndarray):
            assert first.tobytes() == second.tobytes(), field.name
        elif isinstance(first, pd.DataFrame):
            pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert other.returning.tobytes() != base.returning.tobytes()


def test_a_plan_of_arrivals_is_kept(shop: rc.Shop) -> None:
    planned = baseline(shop, months=3, draws=10, arrivals=[100, 250])
    assert planned.customers[:, 3:].tolist() == [[100, 250, 250]] * 10
    assert baseline(shop, months=2, draws=10, arrivals=0).orders[:, 3:].sum() == 0


@pytest.mark.parametrize("plan", [[], [-1], float("nan")])
def test_a_plan_that_is_none_is_refused(shop: rc.Shop, plan: object) -> None:
    with pytest.raises(ValueError, match="arrivals"):
        baseline(shop, months=2, draws=10, arrivals=plan)  # type: ignore[arg-type]


def test_no_month_is_no_horizon(shop: rc.Shop) -> None:
    with pytest.raises(ValueError, match="months is 0"):
        baseline(shop, months=0)


def test_the_scope_chooses_customers(shop: rc.Shop) -> None:
    part = baseline(shop, months=3, draws=50, channel=["Social"])
    social = shop.query("customer_totals", channel=["Social"])["customers"].iloc[0]
    assert (part.customers[:, :3].sum(axis=1) == social).all()
    assert_lawful(part, 3, 50)


def test_a_longer_forecast_is_less_sure(base: Baseline) -> None:
    total = (base.active[:, :3] * base.customers[:, :3, None]).sum(axis=1)
    low, high = np.quantile(total, [0.1, 0.9], axis=0) / total.mean(axis=0)
    assert (high - low)[12:].mean() > (high - low)[:6].mean()


SHORT = {
    "one order": [("A", "2026-01-05", 10.0)],
    "one day": [(who, "2026-01-05", 10.0) for who in "ABC"],
    "one day twice each": [(who, "2026-01-05", 10.0) for who in "ABCABC"],
    "no repeat orders": [(f"c{n}", f"2025-{1 + n % 12:02}-1{n % 9}", 10.0) for n in range(200)],
    "one cohort": [(f"c{n}", day, 10.0) for n in range(90) for day in ("2025-01-05", "2025-06-07")[: 1 + n % 2]],
    "three months": [
        (f"c{n}", f"2026-0{month}-{1 + (n * 7) % 28:02}", 10.0) for n in range(120) for month in (1, 2, 3)[n % 3 :]
    ],
    "a running month only": [("A", "2026-01-05", 10.0), ("B", "2026-01-07", 10.0), ("A", "2026-01-09", 1.0)],
    "nothing paid": [(f"c{n % 40}", f"2025-{1 + n % 12:02}-11", 0.0) for n in range(200)],
}


@pytest.mark.parametrize("case", SHORT)
def test_short_and_odd_histories_keep_the_laws_and_say_so(case: str, tmp_path: Path) -> None:
    shop = tiny(tmp_path, SHORT[case])
    short = baseline(shop, months=6, draws=200)
    assert_lawful(short, 6, 200)
    assert short.caveats
    shop.close()


def test_three_months_of_data_have_a_wide_band(tmp_path: Path, base: Baseline) -> None:
    shop = tiny(tmp_path, SHORT["three months"])
    short = baseline(shop, months=6, draws=DRAWS)
    assert any("twice" in caveat for caveat in short.caveats)
    assert any("whole year" in caveat for caveat in short.caveats)
    assert relative_width(short) > 2 * relative_width(base) or relative_width(short) > 0.5
    shop.close()


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (SEASON_FROM - 1, "too short to tell the season"),
        (SEASON_FROM, "season rests on few months"),
        (SEASON_SEEN - 1, "season rests on few months"),
        (SEASON_SEEN, ""),
    ],
)
def test_what_is_said_of_the_season_is_what_the_forecast_has(months: int, words: str, tmp_path: Path) -> None:
    starts = pd.date_range("2024-01-01", periods=months, freq="MS")
    orders = [(f"c{n % 40}", str((starts[n % months] + pd.Timedelta(days=n % 28)).date()), 10.0) for n in range(600)]
    shop = tiny(tmp_path, [*orders, ("c0", str((starts[-1] + pd.offsets.MonthEnd()).date()), 10.0)])
    said = [caveat for caveat in baseline(shop, 1, draws=10).caveats if "season" in caveat]
    assert len(said) == bool(words) and words in "".join(said)
    shop.close()


def relative_width(base: Baseline) -> float:
    total = (base.active[:, :3, :6] * base.customers[:, :3, None]).sum(axis=(1, 2))
    low, high = np.quantile(total, [0.1, 0.9])
    return float((high - low) / total.mean())


def test_without_amounts_money_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    days = [f"2025-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(300)]
    file.write_text("customer,date\n" + "\n".join(f"c{n % 50},{day}" for n, day in enumerate(days)) + "\n")
    silent = rc.open_orders(file)
    base = baseline(silent, months=3, draws=50)
    assert np.isnan(base.order_value).all()
    assert any("amounts" in caveat for caveat in base.caveats)
    silent.close()
