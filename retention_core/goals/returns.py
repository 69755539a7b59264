"""Who orders a second time within a year: each month's newcomers so far, what they will have done, and those to come.

One waiting curve S(t), the share still waiting t days after the first order (Kaplan and Meier), holds for all;
newcomers of a month differ by a factor u on the hazard: S(t)^u wait longer than t (proportional hazards, Cox 1972). So
one number per month tells its rate for every window, finished or not, and 90, 180 and 365 days always agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from retention_core.goals.curve import Flags
from retention_core.metrics import wilson
from retention_core.models.triples import Floats, Ints

WINDOWS = (90, 180, 365)
YEAR = 365
HALVINGS = 50
FADING_DAYS = 30.0  # beyond what was observed, the hazard falls as 1 / (day + 30)
UNSEEN_SPREAD = 0.5  # of the log of a year's hazard, when nobody was watched for long
SEASON_FROM = 24  # months of newcomers from which their calendar month is told apart
SEASON_SPREAD = 0.2
YEARLY_DRIFT = 0.1  # of log u in a year, before the shop's own history speaks
RECENT = 12  # months of newcomers that tell the present level


@dataclass(frozen=True)
class Waiting:
    """`hazard` (366,): cumulative hazard −ln S(t) at days 0 to 365; `observed_days`: how far it was seen."""

    hazard: Floats
    observed_days: int

    def share(self, factor: Floats | float, days: int = YEAR) -> Floats:
        """Share that orders again within so many days at hazards `factor` times as high."""
        return np.asarray(-np.expm1(-self.hazard[days] * np.asarray(factor, np.float64)))


def waiting(curve: pd.DataFrame, customers: float) -> Waiting:
    """From a `second_order_curve`. Without any second order: half a customer is thought to order again in a year."""
    days = curve["day"].to_numpy(int)
    seen = int(min(days.max(), YEAR)) if len(days) else 0
    steps = np.zeros(YEAR + 1)
    if len(days):
        at = np.searchsorted(days, np.arange(YEAR + 1), side="right") - 1
        share = np.where(at >= 0, curve["share"].to_numpy(float)[np.maximum(at, 0)], 0.0)
        steps = -np.log(np.maximum(1 - share, 0.5 / (customers + 1.0)))
    if steps[seen] <= 0:
        steps[: seen + 1] = 0.5 / (customers + 1.0) * np.log1p(np.arange(seen + 1) / FADING_DAYS)
        seen_total = 0.5 / (customers + 1.0)
    else:
        seen_total = steps[seen]
    later = np.arange(YEAR + 1) > seen
    growth = np.log1p(np.arange(YEAR + 1) / FADING_DAYS) / max(np.log1p(seen / FADING_DAYS), 1e-9)
    steps[later] = seen_total * (growth[later] if seen else growth[later] / growth[-1])
    return Waiting(np.maximum.accumulate(steps), seen)


@dataclass(frozen=True)
class Newcomers:
    """Months of first orders, oldest first, and what their hazards are beside the shop's curve.

    `factor` (C,): u of each month, pulled to the level; `spread`: how far months differ beyond season and chance;
    `season` (12,): factor of each calendar month; `level`: of the last twelve months, `level_error` of its log;
    `drift`: standard deviation of the level's log after a year.
    """

    table: pd.DataFrame
    curve: Waiting
    factor: Floats
    season: Floats
    spread: float
    level: float
    level_error: float
    drift: float

    def draws(self, coming: pd.DatetimeIndex, draws: int, rng: np.random.Generator) -> Floats:
        """(D, H) factors u of the newcomers of each coming month. The level's error is shared by all months."""
        lead = (np.arange(len(coming)) + 1) / 12
        walk = rng.standard_normal((draws, len(coming))).cumsum(axis=1) / np.sqrt(12) * self.drift
        shared = rng.standard_normal((draws, 1)) * np.hypot(self.level_error, self.drift * np.sqrt(lead[0]))
        own = rng.standard_normal((draws, len(coming))) * self.spread
        unseen = rng.standard_normal((draws, 1)) * UNSEEN_SPREAD * (1 - self.curve.observed_days / YEAR)
        season = np.log(self.season[coming.month.to_numpy() - 1])
        log_factor = np.log(self.level) + season + shared + walk + own + unseen
        return np.asarray(np.exp(log_factor - log_factor.var(axis=0) / 2))

    def history(self, as_of: date, draws: int, rng: np.random.Generator) -> pd.DataFrame:
        """One row per month of first orders. See `Baseline.history`."""
        days = self.table
        cohort = days["cohort"].to_numpy()
        months, position = np.unique(cohort, return_inverse=True)
        customers = np.bincount(position, days["customers"])
        again = np.bincount(position, days["again_365"])
        oldest_age = (pd.Timestamp(as_of) - (pd.DatetimeIndex(months) + pd.offsets.MonthEnd(0))).days
        complete = np.asarray(oldest_age >= YEAR)
        low, high = wilson(pd.Series(again), pd.Series(customers))
        left = self.curve.hazard[YEAR] - self.curve.hazard[np.minimum(days["age"], YEAR)]
        noise = np.hypot(1 / np.sqrt(again + 1 / max(self.spread, 0.05) ** 2), 0.02)
        unseen = UNSEEN_SPREAD * (1 - self.curve.observed_days / YEAR)
        factors = self.factor * np.exp(
            rng.standard_normal((draws, len(months))) * noise + rng.standard_normal((draws, 1)) * unseen
        )
        coming = np.zeros((draws, len(months)))
        for month in np.flatnonzero(~complete):
            mine = position == month
            chance = -np.expm1(-factors[:, [month]] * left[mine])
            coming[:, month] = rng.binomial(days["waiting"].to_numpy()[mine].astype(int), chance).sum(axis=1)
        share = (again + coming) / customers
        low_10, high_90 = np.quantile(share, [0.1, 0.9], axis=0)
        unknown = np.where(complete, np.nan, 1.0)
        return pd.DataFrame(
            {
                "cohort": months,
                "customers": customers.astype(int),
                "rate": np.where(complete, again / customers, np.nan),
                "low": np.where(complete, low, np.nan),
                "high": np.where(complete, high, np.nan),
                "expected": share.mean(axis=0) * unknown,
                "p10": low_10 * unknown,
                "p90": high_90 * unknown,
                "is_complete": complete,
            }
        )


def newcomers(days: pd.DataFrame, curve: Waiting, as_of: date, apart: list[pd.Timestamp]) -> Newcomers:
    """From `first_order_days`; months `apart` are older than the data and tell nothing of newcomers."""
    first = days["first_on"]
    table = days.assign(cohort=first.dt.to_period("M").dt.to_timestamp(), age=(pd.Timestamp(as_of) - first).dt.days)
    months, position = np.unique(table["cohort"].to_numpy(), return_inverse=True)
    hazard = curve.hazard[np.minimum(table["age"], YEAR)]
    customers, again = table["customers"].to_numpy(float), table["again_365"].to_numpy(float)
    own = ~pd.DatetimeIndex(months).isin(apart)
    usable = own if own.any() else np.ones(len(months), bool)
    raw = _factors(position, len(months), customers, again, hazard)
    events = np.bincount(position, again)
    expected = np.bincount(position, customers * -np.expm1(-hazard))
    season = _season(pd.DatetimeIndex(months), np.log(raw), np.minimum(events, expected) * usable)
    seasoned = season[pd.DatetimeIndex(months).month.to_numpy() - 1]
    recent = usable & (np.arange(len(months)) >= len(months) - RECENT)
    recent = recent if recent.any() else usable
    inside = recent[position]
    level = _factors(
        np.zeros(inside.sum(), int), 1, customers[inside], again[inside], (hazard * seasoned[position])[inside]
    )[0]
    residual = np.log(raw / seasoned)
    spread, drift = _spreads(residual, np.minimum(events, expected), usable)
    weight = spread**2 / (spread**2 + 1 / (np.minimum(events, expected) + 0.5))
    factor = np.exp(weight * residual + (1 - weight) * np.log(level)) * seasoned
    error = np.sqrt(1 / (again[inside].sum() + 0.5) + spread**2 / recent.sum())
    return Newcomers(table, curve, factor, season, spread, float(level), float(error), drift)


def _factors(position: Ints, count: int, customers: Floats, again: Floats, hazard: Floats) -> Floats:
    """u of each group, so that the expected second orders Σ n·(1 − e^(−u·hazard)) are those seen; by halving.

    Half an order at the level of the curve is added to both sides: a month without any has a low u and not 0.
    """
    seen = np.bincount(position, again, count) + 0.5
    usual = np.bincount(position, customers * -np.expm1(-hazard), count)
    low, high = np.full(count, -6.0), np.full(count, 6.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        expected = np.bincount(position, customers * -np.expm1(-np.exp(middle)[position] * hazard), count)
        too_low = expected + 0.5 * np.exp(middle) < seen
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.where(usual > 0, np.exp((low + high) / 2), 1.0)


def _season(months: pd.DatetimeIndex, log_factor: Floats, weight: Floats) -> Floats:
    """(12,) factors of the calendar month of the first order, pulled to 1; all 1 below two years of newcomers."""
    if (weight > 0).sum() < SEASON_FROM:
        return np.ones(12)
    # The years' own levels are taken out first: a good year that began in autumn is no good autumn.
    year = np.arange(len(months)) // 12
    level = np.bincount(year, weight * log_factor) / np.maximum(np.bincount(year, weight), 1e-9)
    off = log_factor - level[year]
    calendar = months.month.to_numpy() - 1
    sums = np.bincount(calendar, weight * off, 12)
    index = sums / (np.bincount(calendar, weight, 12) + SEASON_SPREAD**-2)
    return np.asarray(np.exp(index - index.mean()))


def _spreads(residual: Floats, events: Floats, usable: Flags) -> tuple[float, float]:
    """How far months differ beyond chance, and how far the level moves in a year (both of the log of u)."""
    told = usable & (events >= 5)
    if told.sum() < 4:
        return 0.1, 2 * YEARLY_DRIFT
    months = np.flatnonzero(told)
    value, chance = residual[told], 1 / events[told]
    neighbours = np.diff(value) ** 2 / 2 - (chance[1:] + chance[:-1]) / 2
    spread = float(np.sqrt(np.clip(neighbours.mean(), 0.02**2, 0.5**2)))
    means = [
        (value[(months >= end - 12) & (months < end)].mean(), value[(months >= end) & (months < end + 12)].mean())
        for end in months
        if ((months >= end - 12) & (months < end)).sum() >= 6 and ((months >= end) & (months < end + 12)).sum() >= 6
    ]
    moves = np.array([(after - before) ** 2 for before, after in means])
    # Overlapping years are about one independent move in six; the prior counts as one move.
    independent = len(moves) / 6
    drift = np.sqrt((YEARLY_DRIFT**2 + moves.sum() / 6) / (1 + independent))
    return spread, float(drift)
