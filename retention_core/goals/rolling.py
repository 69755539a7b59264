"""Rolling origins: what each forecaster would have said at earlier months of this shop, beside what happened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.goals.curve import SEASON_FROM
from retention_core.models.triples import Floats

HORIZONS = (6, 12)
MOST_ORIGINS = 12
LEAST_HISTORY = 4  # months before the first origin
ENOUGH_MONTHS = 9  # back from now, so that origins that knew the season are enough among themselves
CARRIED = (0.5, 1.0, 0.0)  # shares of the recent deviation that may be carried forward; of equals the first
PRIOR_ERROR = {6: 0.15, 12: 0.22}  # of the log of a total, before the shop's own errors: the usual size in real shops
PRIOR_WEIGHT = 1.0  # independent origins that this belief counts for
PRIOR_PRECISION = 0.05  # no forecaster is trusted beyond this error
DEGREES = 6  # of the t distribution of errors: few origins tell their size only roughly
WIDTH_80 = 1.4398  # its 90 % point: so many sizes to either end of an 80 % band
SHORT = 1.5  # the band of a history shorter than twice the horizon is so many times wider


@dataclass(frozen=True)
class Look:
    """What a forecaster says at an origin: expected monthly actives (H,) of the customers known then, season included,
    and `level`: by what factor the last months were beside its own account of them."""

    expected: Floats
    level: float

    def path(self, carried: float) -> Floats:
        return np.asarray(self.expected * self.level**carried)


@dataclass(frozen=True)
class Trial:
    """A look at an earlier origin (index of the first hidden month) beside what came in the months since."""

    forecaster: str
    origin: int
    look: Look
    actual: Floats

    def error(self, horizon: int, carried: float) -> float:
        """log(expected / actual) of the total of the first `horizon` months."""
        return log_ratio(self.look.path(carried)[:horizon], self.actual[:horizon])


@dataclass(frozen=True)
class Mix:
    """How much each forecaster counts and how much of its recent deviation it carries forward; both by back-test."""

    weights: Mapping[str, float]
    carried: Mapping[str, float]

    def path(self, looks: Mapping[str, Look]) -> Floats:
        """The forecasters' geometric mean, by weight; of those that have something to say."""
        there = [name for name in looks if self.weights.get(name, 0.0) > 0] or list(looks)
        total = sum(self.weights.get(name, 1.0) for name in there)
        logs = [
            self.weights.get(name, 1.0) / total * np.log(looks[name].path(self.carried.get(name, 0.5)) + 1e-9)
            for name in there
        ]
        return np.asarray(np.exp(np.sum(logs, axis=0)))


@dataclass(frozen=True)
class Spread:
    """How far the log of a month's total may be off: start + growth·(h − 1) at month h, one draw for all months."""

    start: float
    growth: float

    def at(self, months: int) -> Floats:
        return np.asarray(self.start + self.growth * np.arange(months))

    def holds(self, error: float, horizon: int) -> bool:
        """Whether the 80 % band of the total of so many months holds this error."""
        return abs(error) <= WIDTH_80 * float(self.at(horizon).mean())


def log_ratio(expected: Floats, actual: Floats) -> float:
    return float(np.log((expected.sum() + 0.5) / (actual.sum() + 0.5)))


def months_back(size: int) -> list[int]:
    """The origins, as months before the end of history: at most twelve, the last with half a year behind it.

    Once there are enough that knew the season, those that did not are left out: they tell nothing of a forecast of now.
    """
    shortest = 6 if size >= SEASON_FROM else 3
    longest = size - SEASON_FROM if size - SEASON_FROM >= ENOUGH_MONTHS else size - LEAST_HISTORY
    if longest < shortest:
        return []
    count = min(MOST_ORIGINS, longest - shortest + 1)
    # Years long gone tell less of the shop than the last three.
    return sorted({round(back) for back in np.linspace(shortest, min(longest, 36), count)})


def mix(trials: Sequence[Trial], forecasters: Sequence[str]) -> Mix:
    """Weights by the inverse of the mean squared error over origins and horizons."""
    precision, carried = {}, {}
    for name in forecasters:
        mine = [trial for trial in trials if trial.forecaster == name]
        squares = {share: _mean_square(mine, share) for share in CARRIED}
        carried[name] = min(squares, key=lambda share: squares[share])
        precision[name] = 1.0 / (squares[carried[name]] + PRIOR_PRECISION**2)
    total = sum(precision.values())
    return Mix({name: value / total for name, value in precision.items()}, carried)


def _mean_square(trials: Sequence[Trial], carried: float) -> float:
    squares = [trial.error(min(h, len(trial.actual)), carried) ** 2 for trial in trials for h in HORIZONS]
    return float(np.mean(squares)) if squares else PRIOR_ERROR[12] ** 2


def spread(errors: Mapping[int, Sequence[float]], months: int) -> Spread:
    """From log errors of totals by horizon, of a history of so many `months`.

    The shop's own errors are mixed with the usual size in real shops. A total of n months whose log errors share one
    draw and grow by `growth` a month is off by start + growth·(n − 1)/2: two horizons tell both.
    """
    sizes: dict[int, float] = {}
    for horizon in HORIZONS:
        own = np.array(errors.get(horizon, []))
        # Neighbouring origins share most of their hidden months: of a span of months this many are independent.
        independent = 1 + (len(own) - 1) / 3 if len(own) else 0.0
        square = float((own**2).mean()) if len(own) else 0.0
        # Who errs twice as much as usual over six months is thought to do so over twelve, until that is seen.
        usual = PRIOR_ERROR[horizon] * (
            sizes[HORIZONS[0]] / PRIOR_ERROR[HORIZONS[0]] if sizes and not len(own) else 1.0
        )
        prior = usual * (1.0 if months >= 2 * horizon else SHORT)
        sizes[horizon] = math.sqrt((PRIOR_WEIGHT * prior**2 + independent * square) / (PRIOR_WEIGHT + independent))
    short, long = HORIZONS
    growth = max(float(sizes[long] - sizes[short]) * 2 / (long - short), 0.002)
    return Spread(max(float(sizes[short]) - growth * (short - 1) / 2, 0.01), growth)


COLUMNS = ["forecaster", "origin", "horizon", "actual", "expected", "error_share", "held_80", "weight"]


def table(trials: Sequence[Trial], mixed: Mix, mixtures: Sequence[Trial], months: pd.DatetimeIndex) -> pd.DataFrame:
    """See `Baseline.backtest`. `mixtures`: the forecasters together, at each origin weighted by the other origins.

    `error_share`: expected / actual − 1, NaN where nobody ordered. Whether the band held is asked of a band made
    without that origin.
    """
    rows = []
    for trial in [*trials, *mixtures]:
        carried = mixed.carried.get(trial.forecaster, 0.0)
        for horizon in HORIZONS:
            if len(trial.actual) < horizon:
                continue
            others = {h: [t.error(h, carried) for t in trials_of(trials, mixtures, trial, h)] for h in HORIZONS}
            error = trial.error(horizon, carried)
            actual = float(trial.actual[:horizon].sum())
            expected = float(trial.look.path(carried)[:horizon].sum())
            rows.append(
                {
                    "forecaster": trial.forecaster,
                    "origin": months[trial.origin],
                    "horizon": horizon,
                    "actual": actual,
                    "expected": expected,
                    "error_share": expected / actual - 1 if actual else math.nan,
                    "held_80": spread(others, trial.origin).holds(error, horizon),
                    "weight": mixed.weights.get(trial.forecaster, 1.0),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def trials_of(trials: Sequence[Trial], mixtures: Sequence[Trial], one: Trial, horizon: int) -> list[Trial]:
    """The other origins of the same forecaster with so many months behind them."""
    return [
        trial
        for trial in [*trials, *mixtures]
        if trial.forecaster == one.forecaster and trial.origin != one.origin and len(trial.actual) >= horizon
    ]
