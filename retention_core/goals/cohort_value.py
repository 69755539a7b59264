"""Cohorts in money: what a customer of each cohort has brought by each age, and will have brought."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retention_core.goals import curve, rolling
from retention_core.goals.curve import Curve, Triangle
from retention_core.goals.running import Running
from retention_core.models.triples import Floats, Ints

COLUMNS = ("share_active", "orders", "value_per_customer")


def cohort_values(
    known: Triangle,
    fitted: Curve,
    running: Running | None,
    coming: pd.DatetimeIndex,
    off: Floats,
    total: Floats,
    per_active: float,
    worth: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One row per cohort and age, seen or coming; see `Baseline.triangle`.

    Nothing is coming in a shop so young that no forecast can be tried on an earlier day: how far one is off, nothing
    tells then.
    off (D, H): each draw's total ÷ its mean; total (H,): mean of the monthly actives of all cohorts, which the cohorts'
    parts add up to; worth (D, H): money per order. Shares of a cohort follow the curve. Its errors are the total's, how
    little its own factor is known, and the chance of orders and of their amounts. The `running` month is a forecast:
    what was seen of it, and the rest.
    """
    if not rolling.months_back(known.size):
        return _seen(known)
    expected = curve.ahead(fitted, known, coming)[0]
    scale = total / np.maximum(expected.sum(axis=0), 1e-12)
    seen = None
    if running is not None:  # no back-test looks at a part of a month: its rest is off as the next one is
        rest = curve.ahead(fitted, known, pd.DatetimeIndex([running.month]))[0] * running.left
        expected, scale = np.hstack([rest, expected]), np.r_[scale[0], scale]
        off, worth = np.hstack([off[:, :1], off]), np.hstack([worth[:, :1], worth])
        coming = coming.insert(0, running.month)
        seen = np.column_stack([running.active, running.orders, running.revenue])
    future = _coming(known, fitted, expected * scale, coming, seen, off, per_active, worth, rng)
    return pd.concat([_seen(known), future], ignore_index=True).sort_values(["cohort", "age"], ignore_index=True)


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
    expected: Floats,
    coming: pd.DatetimeIndex,
    seen: Floats | None,
    off: Floats,
    per_active: float,
    worth: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """`expected` (C, H): actives of each cohort. `seen` (C, 3): actives, orders, money of the first month so far."""
    cohorts = np.flatnonzero(known.customers)
    so_far = known.revenue.sum(axis=1)
    factor_shape, amount_spread = _factor_shape(known, fitted), _amount_spread(known)
    bands: dict[str, list[Floats]] = {f"{name}{end}": [] for name in COLUMNS for end in ("", "_p10", "_p90")}
    # One cohort at a time: draws × months stay small however long the history.
    for cohort in cohorts:
        customers, shape = known.customers[cohort], factor_shape[cohort]
        own = rng.gamma(shape, 1 / shape, (len(off), 1)) if np.isfinite(shape) else np.ones((len(off), 1))
        active = np.minimum(rng.poisson(expected[cohort] * off * own), customers).astype(np.float64)
        orders = active * per_active
        money = orders * worth * _amounts(orders, amount_spread, rng)
        share = active / customers
        if seen is not None:
            share[:, 0] = 1 - (1 - share[:, 0]) * (1 - seen[cohort, 0] / customers)
            orders[:, 0] += seen[cohort, 1]
            money[:, 0] += seen[cohort, 2]
        value = (so_far[cohort] + np.cumsum(money, axis=1)) / customers
        for name, draws in zip(COLUMNS, (share, orders, value), strict=True):
            bands[name].append(draws.mean(axis=0))
            for end, quantile in zip(("_p10", "_p90"), np.quantile(draws, [0.1, 0.9], axis=0), strict=True):
                bands[f"{name}{end}"].append(quantile)
    months = len(coming)
    all_months = pd.date_range(known.months[0], coming[-1], freq="MS")
    row = np.repeat(cohorts, months)
    column = np.tile(np.arange(len(all_months) - months, len(all_months)), len(cohorts))
    frame = _keys(known, all_months, row, column)
    return frame.assign(**{name: np.concatenate(parts) for name, parts in bands.items()}, is_forecast=True)


def _factor_shape(known: Triangle, fitted: Curve) -> Floats:
    """(C,) shape of the gamma distribution that a cohort's own factor has after its orders; infinite: cohorts do not
    differ. See `curve.Curve.cohort`."""
    if not fitted.cohort_spread:
        return np.full(known.size, np.inf)
    return np.asarray(known.active.sum(axis=1) - np.diag(known.active) + fitted.cohort_spread**-2)


def _amount_spread(known: Triangle) -> float:
    """Standard deviation of an order's amount ÷ its mean, from how far the cells of a month lie from its mean order."""
    cells = np.triu(known.orders) > 0
    mean = known.revenue.sum(axis=0) / np.maximum(known.orders.sum(axis=0), 1.0)
    told = cells & (mean > 0)[None, :]
    ratio = known.revenue / np.maximum(known.orders, 1.0) / np.where(mean > 0, mean, 1.0)
    squares = (known.orders * (ratio - 1) ** 2)[told]
    # A month's only cell is its own mean and tells nothing.
    free = told.sum() - told.any(axis=0).sum()
    return float(np.sqrt(squares.sum() / free)) if free > 0 else 0.0


def _amounts(orders: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Mean amount of so many orders ÷ its expectation: gamma, 0 at least."""
    if not spread:
        return np.ones_like(orders)
    shape = np.maximum(orders, 1.0) / spread**2
    return rng.standard_gamma(shape) / shape


def _keys(known: Triangle, months: pd.DatetimeIndex, cohort: Ints, month: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": months[cohort],
            "age": month - cohort,
            "month": months[month],
            "customers": known.customers[cohort].astype(int),
        }
    )
