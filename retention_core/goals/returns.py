"""Who orders a second time within a year: each month's newcomers so far, what they will have done, and those to come.

Newcomers of a month differ from others by one factor u on the hazard of a second order (see `waits`), whose log is a
level, a season and chance (see `month_effects`). So 90, 180 and 365 days always agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from retention_core.goals import month_effects, waits
from retention_core.goals.month_effects import Effects
from retention_core.goals.waits import YEAR, Waiting
from retention_core.metrics import wilson
from retention_core.models.triples import Floats, Ints

WINDOWS = (90, 180, YEAR)
UNSEEN_SPREAD = 0.8  # of the log of a year's hazard, when nobody was watched for long; of other shops, see benchmarks
SEASONLESS_SPREAD = 0.2  # of the same, when no season was seen twice
SEASON_SEEN = 18  # months of history from which half of the seasons were
CURVE_SPREAD = 0.02  # of the log of what is left of it, when everybody was
RECENT = 12  # months of newcomers that tell the present


@dataclass(frozen=True)
class Newcomers:
    """`table`: `first_order_days` with cohort and age in days; `months`: of the first orders, oldest first."""

    table: pd.DataFrame
    months: pd.DatetimeIndex
    position: Ints
    hazard: Floats
    waiting: Waiting
    effects: Effects

    @property
    def unseen(self) -> float:
        """Error of the log of the hazard beyond what was observed."""
        seasonless = SEASONLESS_SPREAD * (len(self.months) < SEASON_SEEN)
        return float(np.hypot(UNSEEN_SPREAD * (1 - self.waiting.observed_days / YEAR), seasonless))

    def draws(self, coming: pd.DatetimeIndex, draws: int, rng: np.random.Generator) -> dict[int, Floats]:
        """(D, H) share of the newcomers of each coming month that orders again, for each window."""
        mean, covariance = self.effects.ahead(_numbers(coming))
        root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(coming)))
        off = rng.standard_normal((draws, len(coming))) @ root.T + rng.standard_normal((draws, 1)) * self.unseen
        hazard = self.waiting.hazard(coming + pd.Timedelta(days=14))
        factor = np.exp(mean + off - np.diag(covariance) / 2 - self.unseen**2 / 2)
        return {window: -np.expm1(-factor * hazard[:, window]) for window in WINDOWS}

    def history(self, as_of: date, draws: int, rng: np.random.Generator) -> pd.DataFrame:
        """One row per month of first orders. See `Baseline.history`."""
        days, count = self.table, len(self.months)
        customers = np.bincount(self.position, days["customers"])
        again = np.bincount(self.position, days["again_365"])
        oldest_age = (pd.Timestamp(as_of) - (self.months + pd.offsets.MonthEnd(0))).days
        complete = np.asarray(oldest_age >= YEAR)
        low, high = wilson(pd.Series(again), pd.Series(customers))
        left = self.hazard[:, YEAR] - self.hazard[np.arange(len(days)), np.minimum(days["age"], YEAR)]
        unseen, own = np.hypot(self.unseen, CURVE_SPREAD), self.effects.spread
        off = rng.standard_normal((draws, 1)) * unseen + rng.standard_normal((draws, count)) * own
        factors = np.exp(self.effects.mean + off - (unseen**2 + own**2) / 2)
        coming = np.zeros((draws, count))
        for month in np.flatnonzero(~complete):
            mine = self.position == month
            chance = -np.expm1(-factors[:, [month]] * left[mine])
            coming[:, month] = rng.binomial(days["waiting"].to_numpy()[mine].astype(int), chance).sum(axis=1)
        share = (again + coming) / customers
        low_10, high_90 = np.quantile(share, [0.1, 0.9], axis=0)
        unknown = np.where(complete, np.nan, 1.0)
        return pd.DataFrame(
            {
                "cohort": self.months,
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


def newcomers(
    days: pd.DataFrame, curve: pd.DataFrame, season: Floats, as_of: date, apart: list[pd.Timestamp]
) -> Newcomers:
    """From `first_order_days` and `second_order_curve`, the latter without the months `apart`: those are older than the
    data and tell nothing of newcomers. season (12,): how much more each calendar month sells."""
    today, first = pd.Timestamp(as_of), pd.DatetimeIndex(days["first_on"])
    cohort = first.to_period("M").to_timestamp()
    table = days.assign(cohort=cohort, age=(today - first).days)
    months, position = np.unique(cohort.to_numpy(), return_inverse=True)
    older = pd.DatetimeIndex(months).isin(apart)
    older = np.zeros(len(months), bool) if older.all() else older
    waiting = waits.waiting(curve, table[~older[position]], today, season)
    hazard = waiting.hazard(first)
    passed = hazard[np.arange(len(table)), np.minimum(table["age"], YEAR)]
    customers, again = table["customers"].to_numpy(float), table["again_365"].to_numpy(float)
    index = pd.DatetimeIndex(months)
    effects = month_effects.fit(_numbers(index), position, customers, again, passed, older)
    return Newcomers(table, index, position, hazard, waiting, effects)


def _numbers(months: pd.DatetimeIndex) -> Ints:
    """Months since the year 0: the remainder by 12 is 0 in January."""
    return np.asarray(months.year.to_numpy() * 12 + months.month.to_numpy() - 1, np.int64)
