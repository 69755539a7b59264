"""Second orders of newcomers against shops whose truth is known: calendar months, busy times, the level to come."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import retention_core as rc
from retention_core.goals import returns
from retention_core.goals.baseline import baseline
from retention_core.goals.returns import Newcomers

OPENED = pd.Timestamp("2023-07-01")
MEAN_WAIT = 60.0  # days on the shop's clock
CALM = np.ones(12)
BUSY_AUTUMN = np.array([1.0, 0.9, 0.9, 0.8, 0.8, 0.7, 0.6, 0.7, 1.0, 1.3, 1.7, 1.6])


def told(
    rate: float, customers: int, seed: int, last: str = "2026-06-30", december: float = 1.0, busy: np.ndarray = CALM
) -> Newcomers:
    """What a shop is told on its last day when `rate` of its newcomers order again, in December so many times as many,
    after an exponential wait on a clock that runs faster in busy months."""
    rng = np.random.default_rng(seed)
    calendar = pd.date_range(OPENED, periods=5 * 365)
    clock = np.concatenate([[0.0], np.cumsum(busy[calendar.month - 1] / busy.mean())])
    end = (pd.Timestamp(last) - OPENED).days
    first = np.sort(rng.integers(0, end + 1, customers))
    again = rng.random(customers) < rate * np.where(calendar[first].month == 12, december, 1.0)
    due = np.interp(clock[first] + rng.exponential(MEAN_WAIT, customers), clock, np.arange(len(clock)))
    wait = np.where(again, np.maximum(np.ceil(due) - first, 1), np.inf)
    seen = first + wait <= end
    days = pd.DataFrame(
        {"first_on": calendar[first], "customers": 1, "again_365": seen & (wait <= 365), "waiting": ~seen}
    )
    lasted = np.where(seen, wait, end - first).astype(int)
    leaving, events = np.bincount(lasted), np.bincount(lasted, seen)
    at_risk = leaving[::-1].cumsum()[::-1]
    share = 1 - np.cumprod(1 - events / np.maximum(at_risk, 1))
    curve = pd.DataFrame({"day": np.arange(1, len(share)), "share": share[1:]})
    season = busy * np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    frame = days.groupby("first_on", as_index=False).sum()
    return returns.newcomers(frame, curve, season, date.fromisoformat(last), [])


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_chance_makes_no_season(seed: int) -> None:
    assert told(0.39, 12_000, seed).effects.season == pytest.approx(np.ones(12), abs=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_december_that_differs_every_year_is_kept_and_the_other_months_stay_together(seed: int) -> None:
    true = np.log1p(-0.39 * 0.8) / np.log1p(-0.39)
    season = told(0.39, 24_000, seed, december=0.8).effects.season
    assert season[11] == pytest.approx(true, abs=0.12)
    assert season[11] < season[:11].min() - 0.1
    assert np.abs(season[:11] - np.median(season[:11])).mean() < 0.03


@pytest.mark.parametrize("last", ["2026-06-30", "2025-12-31"])
def test_quiet_months_do_not_make_the_youngest_look_worse(last: str) -> None:
    """Nor busy ones better: whoever came in spring has waited through the slow part of the year."""
    drawn = told(0.39, 60_000, 5, last, busy=BUSY_AUTUMN).history(date.fromisoformat(last), 300, rng())
    youngest = drawn[~drawn["is_complete"]].tail(5).head(4)
    assert youngest["expected"].mean() == pytest.approx(0.39, rel=0.04)


def test_the_band_of_the_coming_year_holds_the_true_rate_and_is_not_absurdly_wide() -> None:
    coming = pd.date_range("2026-07-01", periods=12, freq="MS")
    means, widths, held = [], [], []
    for seed in range(10):
        drawn = told(0.2, 6_000, seed).draws(coming, 400, rng())[365].mean(axis=1)
        low, high = np.quantile(drawn, [0.1, 0.9])
        means.append(drawn.mean())
        widths.append(high - low)
        held.append(low <= 0.2 <= high)
    assert np.mean(means) == pytest.approx(0.2, rel=0.03)
    assert np.mean(held) >= 0.7
    assert np.mean(widths) < 0.1


def test_windows_are_nested_and_a_busy_time_ahead_brings_second_orders_sooner() -> None:
    coming = pd.date_range("2026-07-01", periods=12, freq="MS")
    shares = told(0.39, 20_000, 7, busy=BUSY_AUTUMN).draws(coming, 200, rng())
    assert (shares[90] < shares[180]).all() and (shares[180] < shares[365]).all()
    early, year = shares[90].mean(axis=0), shares[365].mean(axis=0)
    assert early[coming.month == 10][0] > 1.15 * early[coming.month == 5][0]
    assert year[coming.month == 10][0] == pytest.approx(year[coming.month == 5][0], rel=0.05)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize(("months", "is_said"), [(24, False), (9, True)])
def test_a_shop_whose_customers_are_all_back_early_has_been_observed_for_a_year(
    months: int, is_said: bool, tmp_path: Path
) -> None:
    """The curve of waits ends when the last of them is back, after a month; the oldest came two years ago."""
    days = pd.date_range("2024-01-05", periods=months, freq="MS")
    lines = [f"c{n},{day + pd.Timedelta(days=n):%Y-%m-%d},10" for n in range(30) for day in days[n % 3 :]]
    file = tmp_path / "orders.csv"
    file.write_text("customer,ordered_at,amount\n" + "\n".join(lines) + "\n")
    shop = rc.open_orders(file)
    caveats = baseline(shop, months=6, draws=20).caveats
    shop.close()
    assert any("whole year" in caveat for caveat in caveats) is is_said
