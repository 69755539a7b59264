"""How far a forecast can be off: what is usual in shops, and what this shop's own past shows.

The intervals of a model hold chance and the doubt about its parameters, not that the shop may change or the model be
wrong: on hidden months of real shops they hold far too seldom (benchmarks/README.md). What is missing is added here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from retention_core.models.backtest import Backtest

USUAL = 0.06  # of the log of a total; with chance and doubt about 10 %, where twice the horizon or more was seen
USUAL_WEIGHT = 2.0  # trials that the usual error counts for beside the shop's own
WORST = 3.0  # a trial that missed by more than so many times what was to be expected counts as so many: one may be odd
INDEPENDENT = 182  # days: trials of longer horizons, made every so many days, share hidden days and count for less


@dataclass(frozen=True)
class Trial:
    """A forecast of the orders in the `horizon` after `observed_until`, learnt from `learnt_days`, beside what came.

    `deviation`: of the log of the forecast, by chance and the doubt about the parameters alone.
    """

    observed_until: date
    horizon: int
    learnt_days: float
    expected: float
    actual: float
    deviation: float

    @property
    def known_on(self) -> date:
        """The last hidden day: from then on the trial can be learnt from."""
        return self.observed_until + timedelta(days=self.horizon)

    @property
    def tells(self) -> bool:
        return self.expected > 0 and self.actual > 0

    @property
    def error(self) -> float:
        """log(expected / actual)."""
        return float(np.log(self.expected / self.actual))

    @property
    def surprise(self) -> float:
        """The error of the log, in sizes of the error that was to be expected."""
        to_expect = np.hypot(usual(self.learnt_days, self.horizon), self.deviation)
        return float(self.error / to_expect)


def trial(observed_until: date, learnt_days: float, test: Backtest) -> Trial:
    deviation = test.deviation / test.expected if test.expected > 0 else 0.0
    return Trial(observed_until, int(test.horizon), learnt_days, test.expected, test.actual, deviation)


def usual(learnt_days: float, horizon: float) -> float:
    """Standard deviation of the log of a total in real shops, beyond chance: it grows as less was seen."""
    return USUAL * max(1.0, 2 * horizon / max(learnt_days, 1.0))


def spread(trials: Iterable[Trial], learnt_days: float, horizon: float) -> float:
    """The same for this shop: the usual error, larger or smaller as the trials were surprised more or less.

    A few trials pull it a little, more of them more; none can make it nothing.
    """
    told = [trial for trial in trials if trial.tells]
    weights = np.array([min(1.0, INDEPENDENT / trial.horizon) for trial in told])
    surprises = np.minimum(np.abs([trial.surprise for trial in told]), WORST)
    scale = np.sqrt((USUAL_WEIGHT + weights @ surprises**2) / (USUAL_WEIGHT + weights.sum()))
    return float(scale * usual(learnt_days, horizon))
