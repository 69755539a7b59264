"""What every plan on a baseline starts from, worked out once: a slider that moves a lever finds it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retention_core.goals.arithmetic import NONE, Cells, Outcome, cells_of, evaluate
from retention_core.goals.bands import bands
from retention_core.goals.kept import Kept
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline
    from retention_core.goals.goal import Goal

SERIES = ("rate", "customers", "orders", "revenue", "margin_after_cost")


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


_starts: Kept[Start] = Kept(most=4)


def start_of(baseline: Baseline, goal: Goal) -> Start:
    """Where a goal starts. The levers, the target and its date do not matter. Raises GoalError as `cells_of` does."""
    key = (goal.window, goal.horizon, goal.margin)
    return _starts.get(baseline, key, lambda: _worked_out(cells_of(baseline, goal)))


def _worked_out(cells: Cells) -> Start:
    expected, base = cells.mean(), evaluate(cells, (), NONE, NONE)
    return Start(cells, expected, base, evaluate(expected, (), NONE, NONE), bands_of(base))


def bands_of(outcome: Outcome) -> Floats:
    """(5, H, 6): of each of SERIES and month."""
    return bands(np.stack([getattr(outcome, series).T for series in SERIES]))
