"""What will happen if nothing is changed: the shop's coming months as draws, existing customers and those to come.

    base = baseline(shop)                # or shop.baseline()
    base.active, base.orders             # (draw, row, coming month)

Everything after a few small queries is numpy; the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.goals import curve, returns
from retention_core.goals.curve import Triangle
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.store import Shop

STAGES = ("one_order", "repeat", "lapsed")
MONTHS = 24
DRAWS = 1_000
SEED = 20_240_229


@dataclass(frozen=True)
class Baseline:
    """The coming months without any change. D draws, R = 3 + H rows, H months.

    as_of: last observed day. months: first days of the coming whole months. rows: one row per row: row, stage
    (one_order, repeat, lapsed; "new" for those to come), cohort (first day of the month of the first order for "new"),
    customers (mean). customers (D, R). returning (D, R): share that orders again within 365 days, from as_of for
    existing rows, from the first order for new ones; returning_within: the same for 90, 180 and 365 days.
    active (D, R, H): share of the row's customers that order in that month (new rows: again). orders (D, R, H): orders
    of the row in that month, first orders not counted. order_value (D, H): money per order, nan without amounts.
    history: one row per month of first orders: cohort, customers, rate (second order within 365 days; nan if not over),
    low, high (95 %), expected, p10, p90 (its final rate where not over), is_complete.
    triangle: one row per cohort and age: cohort, age, month, customers, share_active, orders, value_per_customer (from
    the first order to that age), each with _p10 and _p90, is_forecast.
    backtest: one row per forecaster, origin and horizon in months: forecaster, origin, horizon, actual, expected (total
    of monthly actives), error_share, held_80, weight. caveats: English message keys.
    """

    as_of: date
    months: tuple[date, ...]
    rows: pd.DataFrame
    customers: Floats
    returning: Floats
    returning_within: dict[int, Floats]
    active: Floats
    orders: Floats
    order_value: Floats
    history: pd.DataFrame
    triangle: pd.DataFrame
    backtest: pd.DataFrame
    caveats: tuple[str, ...]
