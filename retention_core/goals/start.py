"""What every plan on a baseline starts from, worked out once: a slider that moves a lever finds it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from retention_core.goals.arithmetic import NONE, Cells, Outcome, cells_of, evaluate
from retention_core.goals.bands import bands
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline
    from retention_core.goals.goal import Goal

SERIES = ("rate", "customers", "orders", "revenue", "margin_after_cost")
MOST = 4  # starts of one baseline that are kept, the latest ones

Key: TypeAlias = tuple[int, int | None, float]


@dataclass(frozen=True)
class Start:
    """A baseline as a goal's window, horizon and margin see it: its cells, their mean, and what comes without levers.

    `bands` (5, H, 6): of each of SERIES and month, as `bands.bands` has them. Nobody may change the arrays.
    """

    cells: Cells
    expected: Cells
    base: Outcome
    expected_base: Outcome
    bands: Floats


# A baseline that nobody holds any more takes its starts along.
_known: WeakKeyDictionary[Baseline, dict[Key, Start]] = WeakKeyDictionary()


def start_of(baseline: Baseline, goal: Goal) -> Start:
    """Where a goal starts. The levers, the target and its date do not matter. Raises GoalError as `cells_of` does."""
    own = _known.setdefault(baseline, {})
    key = (goal.window, goal.horizon, goal.margin)
    found = own.get(key)
    if found is None:
        found = own[key] = _worked_out(cells_of(baseline, goal))
        for oldest in list(own)[:-MOST]:
            own.pop(oldest, None)
    return found


def _worked_out(cells: Cells) -> Start:
    expected, base = cells.mean(), evaluate(cells, (), NONE, NONE)
    return Start(cells, expected, base, evaluate(expected, (), NONE, NONE), bands_of(base))


def bands_of(outcome: Outcome) -> Floats:
    """(5, H, 6): of each of SERIES and month."""
    return bands(np.stack([getattr(outcome, series).T for series in SERIES]))
