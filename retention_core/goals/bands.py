"""A number that is not known for sure: the mean and the quantiles of its draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retention_core.models.triples import Floats

SHARES = (0.10, 0.25, 0.50, 0.75, 0.90)
COLUMNS = ("mean", "p10", "p25", "p50", "p75", "p90")


@dataclass(frozen=True)
class Band:
    """A number that is not known for sure: p10 to p90 hold 80 % of the draws, p25 to p75 half of them."""

    mean: float
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float


def bands(values: Floats) -> Floats:
    """(…, 6): mean and quantiles over the last axis, in the order of COLUMNS. Quantiles are numpy's, linear."""
    values = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    found = [values.mean(axis=-1)]
    for share in SHARES:
        below = int(share * last)
        part = share * last - below
        found.append(values[..., below] * (1 - part) + values[..., min(below + 1, last)] * part)
    return np.stack(found, axis=-1)


def band(values: Floats) -> Band:
    return Band(*map(float, bands(values)))
