"""Existing customers by stage: which part of the coming orders is theirs, and how many of each come back at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.goals import people
from retention_core.goals.forecast import NOW, Forecast, Views
from retention_core.goals.people import STAGES
from retention_core.goals.returns import WINDOWS
from retention_core.models.triples import Floats

FEW = 20  # customers of a stage who came back, below which its own share is not believed
STEADY = 5.0  # actives added to both sides of observed / expected
MOST = 0.995  # nobody is certain to come back
YEAR = 12  # months


@dataclass(frozen=True)
class Stages:
    """Of the existing customers: `active` (3, H) mean share of the stage that orders in a month; `returning` (3,) for
    each window: mean share that orders within it."""

    active: Floats
    returning: dict[int, Floats]


def stages(counted: pd.DataFrame, customers: Floats, forecast: Forecast, seen: Views) -> Stages:
    """The total of the forecast, divided among the stages. `counted`: `stage_months`; `customers` (3,): now.

    A stage's part is what the people forecaster says of it, corrected by how the same stage did at an earlier origin;
    without that forecaster, what the stage did then.
    """
    months = len(forecast.total)
    back = _best_origin(counted)
    then = counted[counted["months_back"] == back]
    observed = _by_stage(then, "active_customers", months)
    sizes = _by_stage(then, "customers", 1)[:, 0]
    fit_then = seen.fit(back) if forecast.fit is not None else None
    if forecast.fit is not None and fit_then is not None and np.isfinite(forecast.stages).all():
        span = min(back, months)
        said = people.monthly_actives(fit_then, seen.by_back[back], np.arange(span + 1) * 365.25 / 12).sum(axis=1)
        correction = (observed[:, :span].sum(axis=1) + STEADY) / (said + STEADY)
        part = forecast.stages * correction[:, None]
    else:
        rate = (observed + 0.1) / (sizes[:, None] + 1.0)
        part = rate * customers[:, None]
    part = np.maximum(part, 1e-9) * (customers[:, None] > 0)
    part = part / np.maximum(part.sum(axis=0), 1e-12)
    active = np.minimum(forecast.total * part / np.maximum(customers, 1.0)[:, None], 1.0)
    return Stages(active, _returning(active, then, observed, forecast, seen))


def _returning(
    active: Floats, then: pd.DataFrame, observed: Floats, forecast: Forecast, seen: Views
) -> dict[int, Floats]:
    """A year's returns are a year's active months ÷ the months in which a returning customer is active.

    That number is the stage's own at an earlier origin, or the model's. So returns and monthly cells agree.
    """
    year_active = active[:, :YEAR].sum(axis=1) * YEAR / min(YEAR, active.shape[1])
    back = int(then["months_back"].max()) if len(then) else 0
    share = {}
    for window in WINDOWS:
        came = _by_stage(then, f"returned_{window}", 1)[:, 0]
        size = np.maximum(_by_stage(then, "customers", 1)[:, 0], 1e-12)
        told = (came >= FEW) & (back * 365.25 / 12 >= window - 2)
        model = np.full(len(STAGES), np.nan)
        if forecast.fit is not None:
            model = people.returning(forecast.fit, seen.by_back[NOW], window)
        share[window] = np.where(told, came / size, model)
    whole = observed[:, :YEAR].sum(axis=1) / np.maximum(_by_stage(then, "returned_365", 1)[:, 0], 1e-12)
    own = (_by_stage(then, "returned_365", 1)[:, 0] >= FEW) & (back >= YEAR)
    usual = np.full(len(STAGES), 1.5)
    if forecast.fit is not None:
        mine = np.maximum(seen.by_back[NOW].by_stage, 1e-12)
        said = forecast.stages[:, :YEAR].sum(axis=1) / seen.scale / mine
        usual = said / np.maximum(people.returning(forecast.fit, seen.by_back[NOW], 365.0), 1e-9)
    months_each = np.maximum(np.where(own, whole, usual), 1.0)
    year = np.clip(year_active / months_each, 1e-6, MOST)
    # Windows keep the ratio of their hazards: −ln(1 − share in 90 days) / −ln(1 − share in 365).
    hazard = {w: -np.log1p(-np.clip(share[w], 1e-6, MOST)) for w in WINDOWS}
    ratio = {w: np.nan_to_num(hazard[w] / hazard[365], nan=(w / 365) ** 0.8) for w in WINDOWS}
    return {w: -np.expm1(np.log1p(-year) * np.minimum(ratio[w], 1.0)) for w in WINDOWS}


def _best_origin(counted: pd.DataFrame) -> int:
    """A year back where there is one, else as far as can be."""
    return int(counted["months_back"].max()) if len(counted) else 0


def _by_stage(then: pd.DataFrame, column: str, months: int) -> Floats:
    """(3, months) of a column of `stage_months`; months beyond those observed repeat the last one."""
    table = then.pivot_table(index="stage", columns="ahead", values=column, aggfunc="sum").reindex(STAGES)
    table = table.reindex(columns=range(1, months + 1)).ffill(axis=1)
    return table.fillna(0.0).to_numpy(np.float64)
