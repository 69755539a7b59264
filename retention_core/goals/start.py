"""What every plan on a baseline starts from, worked out once: a slider that moves a lever finds it there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from retention_core.goals.arithmetic import NONE, Cells, Outcome, cells_of, evaluate, with_other_terms
from retention_core.goals.bands import Band, band, bands
from retention_core.goals.kept import Kept
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline
    from retention_core.goals.goal import Goal

LUCK_SEED = 19_480_601
SERIES = ("rate", "customers", "orders", "revenue", "margin_after_cost")


@dataclass(frozen=True)
class Start:
    """A baseline as a goal's window, horizon and margin see it: its cells, their mean, and what comes without levers.

    `bands` (5, H, 6): of each of SERIES and month, as `bands.bands` has them. `luck` (S, H): see `seen`. Nobody may
    change the arrays.
    """

    cells: Cells
    expected: Cells
    base: Outcome
    expected_base: Outcome
    bands: Floats
    luck: Floats


# Some twenty megabytes each: for those who move at the moment, of whom each needs one or two, not for all visitors.
_cells: Kept[Cells] = Kept(most=4)
_starts: Kept[Start] = Kept(most=4)
_in_use = threading.BoundedSemaphore(2)  # each takes some thirty megabytes while it is worked out


@contextmanager
def started(baseline: Baseline, goal: Goal) -> Iterator[Start]:
    """Where a goal starts, while a plan is worked out with it: of a crowd only some do at the same time, the others
    wait their turn. Nothing within may ask for another. Raises GoalError as `cells_of` does."""
    with _in_use:
        yield start_of(baseline, goal)


def start_of(baseline: Baseline, goal: Goal) -> Start:
    """The same without waiting. The levers, the target and its date do not matter."""
    key = (goal.window, goal.horizon, goal.margin)
    return _starts.get(baseline, key, lambda: _worked_out(_cells_of(baseline, goal)))


def _cells_of(baseline: Baseline, goal: Goal) -> Cells:
    whole = _cells.get(baseline, goal.horizon, lambda: cells_of(baseline, goal))
    return with_other_terms(whole, baseline, goal)


def _worked_out(cells: Cells) -> Start:
    expected, base = cells.mean(), evaluate(cells, (), NONE, NONE)
    luck = _luck(cells.new_customers)
    return Start(cells, expected, base, evaluate(expected, (), NONE, NONE), bands_of(base, luck), luck)


def bands_of(outcome: Outcome, luck: Floats) -> Floats:
    """(5, H, 6): of each of SERIES and month; of the rate as it would be seen."""
    arrays = [getattr(outcome, series).T for series in SERIES]
    found = bands(np.stack([seen(outcome.rate, luck).T, *arrays[1:]]))
    found[0, :, 0] = outcome.rate.mean(axis=0)  # chance widens a band, it does not move its middle
    return found


def rate_band(rate: Floats, luck: Floats) -> Band:
    """The rate of one month as it would be seen."""
    return replace(band(seen(rate, luck)), mean=float(rate.mean()))


def _luck(customers: Floats) -> Floats:
    """How far the share of so many customers strays by chance, on the scale of arcsin √share, where its standard
    deviation is 1 / (2·√customers) whatever the share (Anscombe 1948). The same draws for every plan."""
    strays = np.random.default_rng(LUCK_SEED).standard_normal(customers.shape[::-1]).T  # month by month
    return np.where(customers > 0, strays / (2 * np.sqrt(np.maximum(customers, 1))), 0.0)


def seen(rate: Floats, luck: Floats) -> Floats:
    """The share that will be seen among so many customers, where each comes back with the probability `rate`.

    Rises with the rate in every draw, and stays within 0-1.
    """
    return np.asarray(np.sin(np.clip(np.arcsin(np.sqrt(rate)) + luck, 0.0, np.pi / 2)) ** 2)


def needed(share: float, luck: Floats) -> Floats:
    """The rate from which on at least `share` is seen: the other way round."""
    return seen(np.asarray(share), -luck) if share > 0 else np.zeros_like(luck)
