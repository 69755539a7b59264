"""Would the model have known? The last months are hidden, forecast, and held against what happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from retention_core.contracts.keeping import Kept, kept
from retention_core.contracts.months import faced, whole_months
from retention_core.contracts.record import Contracts
from retention_core.models.triples import Floats

HIDDEN_MONTHS = (6, 12)
DRAWS = 200
Z_80 = 1.2816


def hide_and_forecast(contracts: Contracts, by: str | None = None, seed: int = 0) -> pd.DataFrame:
    """One row per group and span hidden: name, hidden_months, running (at the time), kept, expected, low, high, error.

    `kept` of the contracts running then are still running; `expected` is what the model of that time says, `low` and
    `high` are its 80 % interval, of chance and of the model's parameters; `error` is expected / kept − 1. No
    row for a snapshot, for a group whose model of that time was of no use, and where nobody was running.
    """
    rows = []
    for hidden in HIDDEN_MONTHS:
        for then, could_face, is_kept in _then_and_now(contracts, by, hidden):
            found = _forecast(then, could_face, is_kept, np.random.default_rng(seed))
            if found is not None:
                rows.append((then.name, hidden, *found))
    columns = ["name", "hidden_months", "running", "kept", "expected", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(error=table["expected"] / table["kept"].where(table["kept"] > 0) - 1)


def _then_and_now(contracts: Contracts, by: str | None, hidden: int) -> list[tuple[Kept, Floats, Floats]]:
    """Each group as it was `hidden` months ago; renewals that its contracts could face by now; whether each stayed."""
    if contracts.observed_on is None:
        return []
    last = pd.Timestamp(contracts.observed_on)
    origin = last - pd.DateOffset(months=hidden)
    rows = contracts.rows
    months, is_lost = faced(rows["started_on"], rows["ended_on"], origin)
    there = months.ge(1) & rows["started_on"].le(origin)
    if not there.any():
        return []
    seen = rows.assign(months=months, is_lost=is_lost)[there]
    then = replace(contracts, rows=seen, groups=contracts.groups[there], observed_on=origin.date())
    could_face = whole_months(rows["started_on"], last)[there].to_numpy(np.float64)
    is_kept = ~rows.loc[there, "is_lost"].to_numpy(bool)
    found = []
    for group in kept(then, by):
        which = then.groups[by].eq(group.name).to_numpy(bool) if by else np.ones(len(seen), bool)
        found.append((group, could_face[which], is_kept[which].astype(np.float64)))
    return found


def _forecast(
    then: Kept, could_face: Floats, is_kept: Floats, rng: np.random.Generator
) -> tuple[int, int, float, float, float] | None:
    """Running then, kept now, expected, low, high; None where there is no model or nobody."""
    model, running = then.usable_model, then.is_lost == 0
    if model is None or not running.any():
        return None
    before = np.floor(then.months[running] / then.unit_months)
    after = np.floor(could_face[running] / then.unit_months)

    def chance(params: Floats) -> Floats:
        drawn = replace(model, maximum=replace(model.maximum, params=params))
        return drawn.survival(after) / drawn.survival(before)

    each = chance(model.maximum.params)
    sums = [chance(params).sum() for params in model.maximum.draws(DRAWS, rng)]
    spread = Z_80 * float(np.sqrt((each * (1 - each)).sum() + np.var(sums)))
    expected, still = float(each.sum()), int(is_kept[running].sum())
    return int(running.sum()), still, expected, expected - spread, expected + spread
