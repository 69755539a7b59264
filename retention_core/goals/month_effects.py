"""What sets the newcomers of one month apart from those of another, told from chance: random effects.

The log of a month's factor u on the hazard of a second order is a level that wanders, an effect of the calendar month
of the first order, and the month's own. How large each of the three is, the shop's own months say (marginal likelihood
on a grid, mixed with a belief): where Decembers differ no more than chance lets them, there is no December.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from retention_core.goals.curve import Flags
from retention_core.models.triples import Floats, Ints

YEAR = 12
LEVEL_SPREAD = 1.0  # of the log of the level before the data
SPREADS = np.array([0.0, 0.03, 0.06, 0.1, 0.15, 0.22, 0.32])  # tried between calendar months and for a month's own
DRIFTS = np.array([0.02, 0.05, 0.1, 0.18, 0.3])  # of the level in a year, tried
SEASON_BELIEF, OWN_BELIEF = 0.03, 0.1  # a spread larger by so much is believed an e-th as much
DRIFT_BELIEF, DRIFT_FACTOR = 0.1, 2.0  # the yearly drift is 0.1, give or take a factor of 2
ORDINARY = 0.7  # spread of the eleven months that do not stand out, beside that of all twelve
APART_SPREAD = 0.5  # customers older than the data are another kind
ROUNDS, SETTLED = 12, 4  # Newton steps; those after which only single calendar months are looked at
LONGEST = 96  # months looked at


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of the log of u: of each calendar month from the usual one (12,), of a month's own, of the
    level after a year."""

    season: Floats
    own: float
    drift: float

    def covariance(self, one: Ints, other: Ints, origin: int) -> Floats:
        """Of the level and the season between months, given as numbers whose remainder by 12 is 0 in January.

        `origin`: number of the month from which the level wanders.
        """
        shared = np.minimum(one[:, None], other[None, :]) - origin
        same = (one[:, None] - other[None, :]) % YEAR == 0
        season = self.season[one % YEAR, None] ** 2 * same
        return np.asarray(LEVEL_SPREAD**2 + self.drift**2 / YEAR * shared + season)


@dataclass(frozen=True)
class Effects:
    """Of the log of u. `mean`, `spread` (C,): of each month seen, chance taken out. month, solved, variance: numbers,
    precision-weighted deviations and covariance of the months looked at."""

    mean: Floats
    spread: Floats
    spreads: Spreads
    month: Ints
    solved: Floats
    variance: Floats

    def ahead(self, coming: Ints) -> tuple[Floats, Floats]:
        """(H,) mean and (H, H) covariance of the months to come, their own effects included."""
        origin = int(self.month[0])
        across = self.spreads.covariance(coming, self.month, origin)
        left = self.spreads.covariance(coming, coming, origin) - across @ np.linalg.solve(self.variance, across.T)
        return across @ self.solved, left + self.spreads.own**2 * np.eye(len(coming))

    @property
    def season(self) -> Floats:
        """(12,) factor of each calendar month, January first; near 1 where the months tell of none."""
        return np.asarray(np.exp(self.spreads.season**2 * (_calendar(self.month) @ self.solved)))


def fit(month: Ints, position: Ints, customers: Floats, again: Floats, hazard: Floats, apart: Flags) -> Effects:
    """month (C,): ascending; position (N,): month of each group of customers, `again` of whom have ordered again by the
    time their `hazard` of a second order had passed; apart (C,): months of customers older than the data."""
    kept = slice(max(len(month) - LONGEST, 0), None)
    known, extra = month[kept], np.where(apart[kept], APART_SPREAD**2, 0.0)
    mean, spread = np.zeros(len(month)), np.full(len(month), LEVEL_SPREAD)
    general = spreads = Spreads(np.zeros(YEAR), OWN_BELIEF, DRIFT_BELIEF)
    solved, variance = np.zeros(len(known)), np.eye(len(known))
    for step in range(ROUNDS):
        value, chance = (part[kept] for part in _working(mean, position, customers, again, hazard))
        if step < SETTLED:
            general = spreads = _spreads(known, value, chance + extra)
        else:
            spreads = replace(general, season=_seasons(general, spreads, known, solved, variance))
        effect = spreads.covariance(known, known, int(known[0])) + np.diag(spreads.own**2 + extra)
        variance = effect + np.diag(chance)
        solved = np.asarray(np.linalg.solve(variance, value), np.float64)
        mean[kept] = np.clip(effect @ solved, mean[kept] - 1.0, mean[kept] + 1.0)
    spread[kept] = np.sqrt(np.maximum(np.diag(effect - effect @ np.linalg.solve(variance, effect)), 0.0))
    return Effects(mean, spread, spreads, known, solved, variance)


def _working(
    log_factor: Floats, position: Ints, customers: Floats, again: Floats, hazard: Floats
) -> tuple[Floats, Floats]:
    """Each month's log u by its second orders, one Newton step from where it is thought to be, and its variance."""
    count = len(log_factor)
    passed = np.exp(log_factor)[position] * hazard
    share = -np.expm1(-passed)
    expected = np.bincount(position, customers * share, count)
    slope = np.maximum(np.bincount(position, customers * passed * np.exp(-passed), count), 1e-3)
    variance = np.bincount(position, customers * share * (1 - share), count)
    value = log_factor + (np.bincount(position, again, count) - expected) / slope
    return value, np.maximum(variance, 1e-6) / slope**2


def _spreads(month: Ints, value: Floats, chance: Floats) -> Spreads:
    """The means of the three variances, each combination weighted by how well it accounts for the months."""
    season, own, drift = (grid.ravel() for grid in np.meshgrid(SPREADS, SPREADS, DRIFTS, indexing="ij"))
    belief = -season / SEASON_BELIEF - own / OWN_BELIEF
    belief -= (np.log(drift / DRIFT_BELIEF) / np.log(DRIFT_FACTOR)) ** 2 / 2
    wander = (np.minimum(month[:, None], month[None, :]) - month[0]) / YEAR
    same = (month[:, None] - month[None, :]) % YEAR == 0
    log_likelihood = np.empty(len(season))
    for index in range(len(season)):
        matrix = LEVEL_SPREAD**2 + drift[index] ** 2 * wander + season[index] ** 2 * same
        matrix[np.diag_indices_from(matrix)] += own[index] ** 2 + chance
        root = np.linalg.cholesky(matrix)
        log_likelihood[index] = -np.log(np.diag(root)).sum() - (np.linalg.solve(root, value) ** 2).sum() / 2
    weight = np.exp(log_likelihood + belief - (log_likelihood + belief).max())
    weight /= weight.sum()
    between, of_own, yearly = (float(np.sqrt(weight @ each**2)) for each in (season, own, drift))
    return Spreads(np.full(YEAR, between), of_own, yearly)


def _seasons(general: Spreads, before: Spreads, month: Ints, solved: Floats, variance: Floats) -> Floats:
    """(12,) spreads of the calendar months: that of a month which stands out is raised, the others are lowered.

    One step towards effects that follow a t distribution (EM): many shops have one December and eleven other months.
    """
    calendar, square = _calendar(month), before.season**2
    effect = square * (calendar @ solved)
    left = square - square**2 * ((calendar @ np.linalg.inv(variance)) * calendar).sum(axis=1)
    return np.asarray(np.sqrt(((ORDINARY * general.season) ** 2 + effect**2 + np.maximum(left, 0.0)) / 2))


def _calendar(month: Ints) -> Floats:
    """(12, C) 1 where the month is that calendar month."""
    return np.asarray((np.arange(YEAR)[:, None] - month[None, :]) % YEAR == 0, np.float64)
