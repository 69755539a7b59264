"""Cohorts in money: what a customer of each cohort has brought by each age, and will have brought."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retention_core.goals import curve
from retention_core.goals.curve import Curve, Triangle
from retention_core.models.triples import Floats, Ints

COLUMNS = ("share_active", "orders", "value_per_customer")


def cohort_values(
    known: Triangle,
    fitted: Curve,
    coming: pd.DatetimeIndex,
    off: Floats,
    total: Floats,
    per_active: float,
    worth: Floats,
) -> pd.DataFrame:
    """One row per cohort and age, seen or coming; see `Baseline.triangle`.

    off (D, H): each draw's total ÷ its mean; total (H,): mean of the monthly actives of all cohorts, which the cohorts'
    parts add up to; worth (D, H): money per order. Shares of a cohort follow the curve, its errors are the total's.
    """
    if known.size == 0:
        return _seen(known)
    parts = [_seen(known), _coming(known, fitted, coming, off, total, per_active, worth)]
    return pd.concat(parts, ignore_index=True).sort_values(["cohort", "age"], ignore_index=True)


def _seen(known: Triangle) -> pd.DataFrame:
    cohort, month = np.nonzero(np.triu(np.ones((known.size, known.size))) * known.customers[:, None])
    customers = known.customers[cohort]
    value = np.cumsum(known.revenue, axis=1)[cohort, month] / customers
    columns = {
        "share_active": known.active[cohort, month] / customers,
        "orders": known.orders[cohort, month],
        "value_per_customer": value,
    }
    frame = _keys(known, known.months, cohort, month)
    for name, column in columns.items():
        frame[name] = frame[f"{name}_p10"] = frame[f"{name}_p90"] = column
    return frame.assign(is_forecast=False)


def _coming(
    known: Triangle,
    fitted: Curve,
    coming: pd.DatetimeIndex,
    off: Floats,
    total: Floats,
    per_active: float,
    worth: Floats,
) -> pd.DataFrame:
    expected = curve.ahead(fitted, known, coming)[0]
    expected = expected * (total / np.maximum(expected.sum(axis=0), 1e-12))
    cohorts = np.flatnonzero(known.customers)
    so_far = known.revenue.sum(axis=1)
    bands: dict[str, list[Floats]] = {f"{name}{end}": [] for name in COLUMNS for end in ("", "_p10", "_p90")}
    # One cohort at a time: draws × months stay small however long the history.
    for cohort in cohorts:
        active = np.minimum(expected[cohort] * off, known.customers[cohort])
        orders = active * per_active
        value = (so_far[cohort] + np.cumsum(orders * worth, axis=1)) / known.customers[cohort]
        for name, draws in zip(COLUMNS, (active / known.customers[cohort], orders, value), strict=True):
            bands[name].append(draws.mean(axis=0))
            for end, quantile in zip(("_p10", "_p90"), np.quantile(draws, [0.1, 0.9], axis=0), strict=True):
                bands[f"{name}{end}"].append(quantile)
    months = len(coming)
    all_months = pd.date_range(known.months[0], coming[-1], freq="MS")
    row = np.repeat(cohorts, months)
    column = np.tile(np.arange(len(all_months) - months, len(all_months)), len(cohorts))
    frame = _keys(known, all_months, row, column)
    return frame.assign(**{name: np.concatenate(parts) for name, parts in bands.items()}, is_forecast=True)


def _keys(known: Triangle, months: pd.DatetimeIndex, cohort: Ints, month: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": months[cohort],
            "age": month - cohort,
            "month": months[month],
            "customers": known.customers[cohort].astype(int),
        }
    )
