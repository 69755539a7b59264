"""The month that is not over: what the cohorts did in it so far, and how much of it is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from retention_core.goals.curve import Triangle
from retention_core.models.triples import Floats


@dataclass(frozen=True)
class Running:
    """The first day of the running `month`, the share of its days that is `left`, and what the cohorts of a triangle
    did in it so far: `active`, `orders`, `revenue` (C,)."""

    month: pd.Timestamp
    left: float
    active: Floats
    orders: Floats
    revenue: Floats


def running(cells: pd.DataFrame, known: Triangle, as_of: date) -> Running | None:
    """From a monthly `cohort_retention` (form "in"); None where the last observed day ends its month."""
    after = pd.Timestamp(as_of + timedelta(days=1))
    if after.day == 1:
        return None
    month = after.replace(day=1)
    rows = cells[~cells["is_complete"]].set_index("cohort").reindex(known.months)
    active, orders, revenue = (
        rows[name].fillna(0.0).to_numpy(np.float64) for name in ("active_customers", "orders", "revenue")
    )
    return Running(month, 1 - (after.day - 1) / month.days_in_month, active, orders, revenue)


def next_month(day: date) -> date:
    """First day of the first whole month after `day`."""
    after = day + timedelta(days=1)
    return after if after.day == 1 else (pd.Timestamp(after) + pd.offsets.MonthBegin()).date()
