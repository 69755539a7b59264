"""Rolling origins: what each forecaster would have said at earlier months of this shop, beside what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retention_core.models.triples import Floats

HORIZONS = (6, 12)
MOST_ORIGINS = 6
LEAST_HISTORY = 4  # months before the first origin
PRIOR_ERROR = {6: 0.15, 12: 0.22}  # of the log of a total, before the shop's own errors: the usual size in real shops
PRIOR_WEIGHT = 1.0  # origins that this belief counts for
PRIOR_PRECISION = 0.05  # no forecaster is trusted beyond this error


@dataclass(frozen=True)
class Trial:
    """One forecast at an origin (index of the first hidden month): monthly actives expected, and what came."""

    forecaster: str
    origin: int
    expected: Floats
    actual: Floats

    def error(self, horizon: int) -> float:
        """log(expected / actual) of the total of the first `horizon` months."""
        return float(np.log((self.expected[:horizon].sum() + 0.5) / (self.actual[:horizon].sum() + 0.5)))


@dataclass(frozen=True)
class Spread:
    """How far the log of a month's total may be off: shared·(1 + growth·(h − 1)) at month h, one draw for all months."""

    start: float
    growth: float

    def at(self, months: int) -> Floats:
        return np.asarray(self.start + self.growth * np.arange(months))


def origins(months: int, longest: int = 12) -> list[int]:
    """First hidden months, at most six, the last one six months (or what there is) before the end of history."""
    shortest = min(HORIZONS[0], max(months // 3, 1))
    first, last = LEAST_HISTORY, months - shortest
    if last < first:
        return []
    count = min(MOST_ORIGINS, last - first + 1)
    return sorted({int(round(o)) for o in np.linspace(max(first, months - 3 * longest), last, count)})


def weights(trials: Sequence[Trial], forecasters: Sequence[str]) -> dict[str, float]:
    """Share of each forecaster: the inverse of its mean squared error over origins and horizons, and half of equal.

    Few origins cannot tell two forecasters apart for good: each keeps some share.
    """
    precision = {}
    for name in forecasters:
        errors = [t.error(min(h, len(t.actual))) ** 2 for t in trials if t.forecaster == name for h in HORIZONS]
        precision[name] = 1.0 / (np.mean(errors) + PRIOR_PRECISION**2) if errors else 1.0
    total = sum(precision.values())
    return {name: float(value / total) for name, value in precision.items()}


def spread(errors: dict[int, list[float]], months: int) -> Spread:
    """From log errors of totals by horizon. The shop's own errors are mixed with the usual size in real shops.

    A total of n months whose log errors share one draw and grow by `growth` a month is off by
    start + growth·(n − 1)/2: two horizons tell both.
    """
    sizes = {}
    for horizon in HORIZONS:
        own = np.array(errors.get(horizon, []))
        # Origins three months apart share most of their hidden year: so many are independent.
        independent = 1 + (len(own) - 1) / 3 if len(own) else 0.0
        square = float((own**2).mean()) if len(own) else 0.0
        prior = PRIOR_ERROR[horizon] * (1.0 if months >= 2 * horizon else 1.5)
        sizes[horizon] = np.sqrt((PRIOR_WEIGHT * prior**2 + independent * square) / (PRIOR_WEIGHT + independent))
    short, long = HORIZONS
    growth = max(float(sizes[long] - sizes[short]) * 2 / (long - short), 0.002)
    start = max(float(sizes[short]) - growth * (short - 1) / 2, 0.01)
    return Spread(start, growth)
