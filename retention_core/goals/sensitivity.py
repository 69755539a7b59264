"""Each lever by itself, and how far each uncertain input moves the result: settings on the expected baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retention_core.goals.arithmetic import NONE, Cells, Outcome, evaluate
from retention_core.goals.bands import COLUMNS, bands
from retention_core.goals.goal import Goal, Lever
from retention_core.goals.start import Start, started
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline

STEP = 0.01
ENDS = [COLUMNS.index("p10"), COLUMNS.index("p90")]
ALONE = ("key", "rate_change", "extra_margin", "cost", "profit", "extra_retained", "break_even_uplift")


def alone(start: Start, levers: Sequence[Lever], middle: Floats, strengths: Floats, place: int) -> pd.DataFrame:
    """One row per lever, without the others: key, rate_change, extra_margin, cost, profit, extra_retained,
    break_even_uplift. `middle`, `strengths` (1, L)."""
    if not levers:
        return pd.DataFrame({name: pd.Series(dtype=object if name == "key" else float) for name in ALONE})
    one_each = np.tile(np.diag(strengths[0]), (3, 1))
    own = np.concatenate([np.broadcast_to(uplift, (len(levers),)) for uplift in (middle[0], 0.0, STEP)])
    base = start.expected_base
    outcome = evaluate(start.expected, levers, np.broadcast_to(own[:, None], one_each.shape), one_each)
    with_it, without_effect, with_a_little = np.split(extra_profit(outcome, base), 3)
    cost = np.split(outcome.cost.sum(axis=1), 3)[0]
    rate, retained = np.split(outcome.rate[:, place], 3)[0], np.split(outcome.retained, 3)[0]
    return pd.DataFrame(
        {
            "key": [lever.key for lever in levers],
            "rate_change": rate - base.rate[0, place],
            "extra_margin": with_it + cost,
            "cost": cost,
            "profit": with_it,
            "extra_retained": retained - base.retained[0],
            "break_even_uplift": _break_even(without_effect, with_a_little),
        }
    )


def _break_even(without_effect: Floats, with_a_little: Floats) -> Floats:
    """A lever's profit is a straight line in its uplift: where it crosses 0. NaN beyond an uplift of 1."""
    slope = (with_a_little - without_effect) / STEP
    uplift = np.divide(-without_effect, slope, out=np.full(slope.shape, np.nan), where=slope > 0)
    return np.where(without_effect >= 0, 0.0, np.where(uplift <= 1, uplift, np.nan))


def extra_profit(outcome: Outcome, base: Outcome) -> Floats:
    """(S): margin after all costs, against the baseline, over all months."""
    return np.asarray((outcome.margin_after_cost - base.margin_after_cost).sum(axis=1))


@dataclass(frozen=True)
class Inputs:
    """What a result rests on: its baseline and goal, the levers in force with their uplifts (draws, L) and strengths
    (1, L), and the place of the goal's month."""

    baseline: Baseline
    goal: Goal
    levers: Sequence[Lever]
    uplifts: Floats
    strengths: Floats
    place: int


def tornado(inputs: Inputs) -> pd.DataFrame:
    """One row per uncertain input at its 10 % and 90 % value, all others at the middle; widest profit first."""
    with started(inputs.baseline, inputs.goal) as start:
        return _tornado(inputs, start)


def _tornado(inputs: Inputs, start: Start) -> pd.DataFrame:
    cells, levers, uplifts, place = start.cells, inputs.levers, inputs.uplifts, inputs.place
    levels = {"return": cells.new_returning[:, place], "arrivals": cells.new_customers.sum(axis=1)}
    levels["order_value"] = cells.order_value.mean(axis=1)
    known = {name: _ends(level) for name, level in levels.items() if level.mean() > 0}
    ends = np.array(list(known.values())).reshape(-1, 2)
    both = np.concatenate([ends, bands(uplifts.T)[:, ENDS]])
    # Settings: the middle, then the low and the high value of each input.
    count = 1 + both.size
    factors = {name: np.ones(count) for name in levels}
    for row, (name, (low, high)) in enumerate(known.items()):
        factors[name][1 + 2 * row : 3 + 2 * row] = np.array([low, high]) / levels[name].mean()
    settings = np.repeat(np.median(uplifts, axis=0)[None, :], count, axis=0)
    for place_of, lever_row in enumerate(range(len(known), len(both))):
        settings[1 + 2 * lever_row : 3 + 2 * lever_row, place_of] = both[lever_row]
    scaled = _scaled(start.expected, factors["return"], factors["arrivals"], factors["order_value"])
    base = evaluate(scaled, (), NONE, NONE)
    plan = evaluate(scaled, levers, settings, inputs.strengths) if levers else base
    rate, profit = plan.rate[:, place], extra_profit(plan, base)
    frame = pd.DataFrame(
        {
            "input": [*known, *("uplift" for _ in levers)],
            "key": [*("" for _ in known), *(lever.key for lever in levers)],
            "at_low": both[:, 0],
            "at_high": both[:, 1],
            "rate_low": rate[1::2],
            "rate_mid": rate[0],
            "rate_high": rate[2::2],
            "profit_low": profit[1::2],
            "profit_mid": profit[0],
            "profit_high": profit[2::2],
        }
    )
    width = (frame["profit_high"] - frame["profit_low"]).abs()
    reach = (frame["rate_high"] - frame["rate_low"]).abs()
    return frame.iloc[np.lexsort((-reach, -width))].reset_index(drop=True)


def _ends(level: Floats) -> Floats:
    return np.asarray(bands(level)[ENDS])


def _scaled(cells: Cells, returning: Floats, arrivals: Floats, value: Floats) -> Cells:
    """One cell set per setting: more or fewer customers return, come for the first time, spend more or less."""
    habit, wide = returning[:, None], returning[:, None, None]
    return replace(
        cells,
        old_returning=np.minimum(cells.old_returning * habit, 1),
        old_active=np.minimum(cells.old_active * wide, 1),
        old_orders=cells.old_orders * wide,
        new_customers=cells.new_customers * arrivals[:, None],
        new_returning=np.minimum(cells.new_returning * habit, 1),
        new_rate=np.minimum(cells.new_rate * habit, 1),
        new_active=np.minimum(cells.new_active * wide, 1),
        new_orders=cells.new_orders * wide,
        new_peak=np.minimum(cells.new_peak * habit, 1),
        order_value=cells.order_value * value[:, None],
    )
