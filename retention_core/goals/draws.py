"""Draws of what levers do: a lever's own draws depend on the seed and on its key, never on the other levers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from retention_core.goals.goal import Lever, Uplift
from retention_core.models.triples import Floats
from retention_core.remembered import remember


def draw_uplifts(levers: Sequence[Lever], draws: int, seed: int) -> Floats:
    """(draws, L): one column per lever. Switching one lever leaves the columns of the others as they are.

    A column has each of `draws` equally likely quantiles of the uplift once, in the lever's own random order: a higher
    mean is higher in every draw, and means have no noise from drawing.
    """
    columns = [quantiles(lever.uplift, draws)[_order(lever.key, draws, seed)] for lever in levers]
    return np.stack(columns, axis=1) if columns else np.zeros((draws, 0))


@remember(256)
def quantiles(uplift: Uplift, draws: int) -> Floats:
    """The middles of `draws` equally likely slices of the uplift, rising. Not to be written to."""
    found = quantile(uplift, (np.arange(draws) + 0.5) / draws)
    found.setflags(write=False)
    return found


def quantile(uplift: Uplift, share: Floats) -> Floats:
    """The uplift that is not exceeded with the given probability."""
    if uplift.sd == 0:
        return np.full(share.shape, float(uplift.mean))
    from scipy import special

    if uplift.kind == "beta":
        # Mean m, variance m(1 - m) / (a + b + 1).
        both = uplift.mean * (1 - uplift.mean) / uplift.sd**2 - 1
        return np.asarray(special.betaincinv(uplift.mean * both, (1 - uplift.mean) * both, share))
    low, high = special.ndtr((np.array([-1.0, 1.0]) - uplift.mean) / uplift.sd)
    return np.asarray(np.clip(uplift.mean + uplift.sd * special.ndtri(low + share * (high - low)), -1, 1))


@remember(256)
def span(uplift: Uplift) -> tuple[float, float]:
    """The ends that hold the uplift in four of five cases."""
    low, high = quantile(uplift, np.array([0.1, 0.9]))
    return float(low), float(high)


def _order(key: str, draws: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    own = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
    return np.random.default_rng([seed, own]).permutation(draws)
