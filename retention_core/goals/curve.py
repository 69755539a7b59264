"""The cohort curve: how likely customers of an age order in a month, fading smoothly, with the season of the shop.

Nobody is told from another; the curve says only that the share of a cohort that orders falls with the log of its age,
that months differ, and that some cohorts are better than others. See `fit` for the formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from retention_core.models.triples import Floats, Ints

Flags = npt.NDArray[np.bool_]

SEASON_FROM = 15  # months of history from which calendar months are told apart, with the pull of SEASON_SPREAD
SEASON_SPREAD = 0.35  # of the log of a month's index before the data speak: about −30 % to +40 %
SLOPE_SPREAD = 1.0
TREND_SPREAD = 0.1  # of the log of what the shop gains or loses in a year, whatever the age of its customers
TREND_FADES = 6.0  # months in which such a trend loses all but e^−1 of its pace
STEPS = 25
TREND = 5  # its column of `_design`
TINY = 1e-12


@dataclass(frozen=True)
class Triangle:
    """What each cohort did in each whole month. `months[0]` is the first month of the data.

    `customers` (C,): size of the cohort that began in month c (0 where nobody did); `active`, `orders`, `revenue`
    (C, M): in month m, first orders included in m = c; `apart` (C,): customers known before the data begin.
    """

    months: pd.DatetimeIndex
    customers: Floats
    active: Floats
    orders: Floats
    revenue: Floats
    apart: Flags

    def until(self, month: int) -> Triangle:
        """The same as it stood at the start of a month: later cohorts and months do not exist."""
        cut = slice(0, month)
        return Triangle(
            self.months[cut],
            self.customers[cut],
            self.active[cut, cut],
            self.orders[cut, cut],
            self.revenue[cut, cut],
            self.apart[cut],
        )

    @property
    def size(self) -> int:
        return len(self.months)


def triangle(cells: pd.DataFrame, apart: list[pd.Timestamp]) -> Triangle:
    """The whole months of a monthly `cohort_retention` (form "in") as arrays."""
    whole = cells[cells["is_complete"]]
    if whole.empty:
        none = np.zeros((0, 0))
        return Triangle(pd.DatetimeIndex([]), np.zeros(0), none, none, none, np.zeros(0, bool))
    first, last = whole["cohort"].min(), (whole["cohort"].dt.to_period("M") + whole["age"]).max().to_timestamp()
    months = pd.date_range(first, last, freq="MS")
    row = (whole["cohort"].dt.year - first.year) * 12 + whole["cohort"].dt.month - first.month
    column = row + whole["age"]

    def grid(name: str) -> Floats:
        values = np.zeros((len(months), len(months)))
        values[row, column] = whole[name]
        return values

    customers = np.zeros(len(months))
    customers[row] = whole["cohort_customers"]
    return Triangle(
        months,
        customers,
        grid("active_customers"),
        grid("orders"),
        grid("revenue"),
        months.isin(pd.DatetimeIndex(apart)),
    )


@dataclass(frozen=True)
class Curve:
    """A fitted curve. `beta`: weights of the columns of `_design`; `covariance` of them, scatter included.

    `scatter`: how many times wider than chance the cells lie around the curve. `cohort` (C,): each cohort's own factor,
    pulled to 1 as far as its size allows. `season` (12,): factor of each calendar month, January first.
    `level`: what the last months did beside what the curve says of them.
    """

    beta: Floats
    covariance: Floats
    scatter: float
    cohort: Floats
    cohort_spread: float
    level: float
    apart: Flags
    has_season: bool

    @property
    def season(self) -> Floats:
        return np.asarray(np.exp(self.beta[-12:] - self.beta[-12:].mean()))

    def share(self, ages: Ints, calendar_month: Ints, apart: bool = False) -> Floats:
        """Share of an average cohort that orders at each age (months since the first order's, from 1), 1 at most.

        At the pace of the end of the history."""
        flat, now = np.ravel(ages).astype(np.float64), np.zeros(np.size(ages))
        design = _design(flat, np.full(np.size(ages), apart), np.ravel(calendar_month), now)
        return np.asarray(np.minimum(np.exp(design @ self.beta), 1.0).reshape(np.shape(ages)))


def fit(known: Triangle, recent: int = 6, season_from: int = SEASON_FROM) -> Curve:
    """Poisson regression with a pull to 0 (ridge), by Newton steps, on all cells of age 1 and more.

    log(share) = level + decay·log(age) + early·e^(1−age) + trend·years + season(month), level and decay apart for
    cohorts older than the data: those mix customers of all ages. Season enters from `season_from` months of history on;
    the trend counts years to the end of the history and is pulled to 0, because most of it could as well be age.
    """
    cohort, month = np.nonzero(np.triu(np.ones((known.size, known.size)), 1) * known.customers[:, None])
    ages = (month - cohort).astype(float)
    calendar = known.months.month.to_numpy()[month] - 1 if known.size else np.zeros(0, int)
    watched, active = known.customers[cohort], known.active[cohort, month]
    design = _design(ages, known.apart[cohort], calendar, (month + 0.5 - known.size) / 12)
    has_season = known.size >= season_from
    precision = np.full(design.shape[1], SLOPE_SPREAD**-2)
    precision[[0, 3]] = 1e-6
    precision[TREND] = TREND_SPREAD**-2
    precision[-12:] = SEASON_SPREAD**-2 if has_season else 1e9
    beta = np.zeros(design.shape[1])
    beta[[0, 3]] = np.log((active.sum() + 0.5) / (watched.sum() + 1.0))
    scatter = 1.0
    for _ in range(STEPS):
        mean = watched * np.exp(np.clip(design @ beta, -30, 1))
        curvature = design.T @ (design * mean[:, None]) / scatter + np.diag(precision)
        pull = np.where(np.isin(np.arange(len(beta)), (0, 3)), 0.0, beta) * precision
        step = np.linalg.solve(curvature, design.T @ (active - mean) / scatter - pull)
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
        scatter = max(float(((active - mean) ** 2 / np.maximum(mean, 0.5)).sum() / max(len(mean) - 6, 1)), 1.0)
    mean = watched * np.exp(np.clip(design @ beta, -30, 1))
    own, spread = _cohort_factors(known, cohort, active, mean)
    late = month >= known.size - recent
    level = (active[late].sum() + 1.0) / ((own[cohort] * mean)[late].sum() + 1.0)
    covariance = np.asarray(np.linalg.inv(curvature), np.float64)
    return Curve(beta, covariance, scatter, own, spread, float(level), known.apart, has_season)


def ahead(curve: Curve, known: Triangle, coming: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """Customers of the known cohorts that order in each coming month (C, H), and how it moves with `beta` (H, P)."""
    if known.size == 0:
        return np.zeros((0, len(coming))), np.zeros((len(coming), len(curve.beta)))
    first = known.months[0]
    month = (coming.year - first.year).to_numpy() * 12 + coming.month.to_numpy() - first.month
    ages = (month[None, :] - np.arange(known.size)[:, None]).astype(float)
    calendar = np.broadcast_to(coming.month.to_numpy() - 1, ages.shape)
    apart = np.broadcast_to(known.apart[:, None], ages.shape)
    later = np.broadcast_to(_faded(month + 0.5 - known.size) / 12, ages.shape)
    design = _design(ages.ravel(), apart.ravel(), calendar.ravel(), later.ravel())
    share = np.minimum(np.exp(design @ curve.beta).reshape(ages.shape) * curve.cohort[:, None], 1.0)
    expected = known.customers[:, None] * share
    slopes = (design * expected.reshape(-1, 1)).reshape(*ages.shape, -1).sum(axis=0)
    return expected, slopes / np.maximum(expected.sum(axis=0), TINY)[:, None]


def _faded(months: Floats) -> Floats:
    """How many months' worth of the trend have come after so many: never more than TREND_FADES."""
    return np.asarray(-TREND_FADES * np.expm1(-months / TREND_FADES))


def _design(ages: Floats, apart: Flags, calendar: Ints, later: Floats) -> Floats:
    """One row per cell: 1, log age, e^(1−age) of the shop's own cohorts; 1, log age of those apart; years of trend from
    the end of the history; twelve months."""
    own = ~apart
    log_age, early = np.log(np.maximum(ages, 1.0)), np.exp(1.0 - np.maximum(ages, 1.0))
    columns = [own, own * log_age, own * early, ~own, ~own * log_age, later]
    return np.column_stack([*columns, np.eye(12)[calendar]]).astype(np.float64)


def _cohort_factors(known: Triangle, cohort: Ints, active: Floats, mean: Floats) -> tuple[Floats, float]:
    """Each cohort's observed/expected, pulled to 1 by the gamma-Poisson rule; and how far cohorts truly differ.

    The pull is (seen + k) / (expected + k), 1/k the variance of the true factors, by moments.
    """
    seen = np.bincount(cohort, active, known.size)
    expected = np.bincount(cohort, mean, known.size)
    used = expected > 5
    if used.sum() < 3:
        return np.ones(known.size), 0.0
    excess = (seen[used] - expected[used]) ** 2 - expected[used]
    variance = max(float(excess.sum() / (expected[used] ** 2).sum()), 1e-4)
    return np.asarray((seen + 1 / variance) / (expected + 1 / variance), np.float64), float(np.sqrt(variance))
