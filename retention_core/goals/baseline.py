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

from retention_core.cohorts import left_truncated
from retention_core.goals import curve, returns, rolling
from retention_core.goals.curve import Curve, Triangle
from retention_core.goals.season import Series, series
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.store import Shop

STAGES = ("one_order", "repeat", "lapsed")
MONTHS = 24
DRAWS = 1_000
SEED = 20_240_229
FEW_GAPS = 20  # between orders, below which the shop has no usual gap


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


def baseline(
    shop: Shop,
    months: int = MONTHS,
    arrivals: float | Sequence[float] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    **scope: Any,
) -> Baseline:
    """The baseline of the customers of the scope.

    arrivals: the user's plan of new customers per month (one number, or one per month; the last one goes on); default:
    as many as lately, with the season. scope: as in `Shop.query`. ValueError for a horizon below a month.
    """
    if months < 1:
        raise ValueError(f"months is {months}; at least 1 is needed")
    seen = _observed(shop, {key: value for key, value in scope.items() if value is not None})
    rng = np.random.default_rng(seed)
    coming = pd.date_range(_next_month(shop.observed_on), periods=months, freq="MS")
    return _assembled(seen, coming, _arrivals(seen, coming, arrivals, draws, rng), draws, rng)


@dataclass(frozen=True)
class _Observed:
    """What the queries say of the shop."""

    as_of: date
    triangle: Triangle
    early: pd.DataFrame
    newcomers: returns.Newcomers
    stages: pd.Series[int]
    stage_months: pd.DataFrame
    truncated: list[pd.Timestamp]
    running: float
    has_amount: bool


def _observed(shop: Shop, scope: dict[str, Any]) -> _Observed:
    cells = shop.query("cohort_retention", **scope)
    everybody = cells if not scope else shop.query("cohort_retention")
    truncated = left_truncated(everybody)
    known = curve.triangle(cells, truncated)
    lapse_days = _lapse_days(shop, scope)
    stages = shop.query("stage_customers", lapse_days=lapse_days, **scope).set_index("stage")["customers"]
    stages = stages.reindex(STAGES, fill_value=0)
    back = [k for k in (12, 6, 3) if k <= known.size] or [0]
    stage_months = shop.query("stage_months", lapse_days=lapse_days, months_back=back, **scope)
    days = shop.query("first_order_days", **scope)
    own = {**scope, "since": scope.get("since") or (max(truncated) + pd.offsets.MonthBegin() if truncated else None)}
    waiting = returns.waiting(shop.query("second_order_curve", **own), float(stages.sum()))
    return _Observed(
        as_of=shop.observed_on,
        triangle=known,
        early=shop.query("cohort_retention", form="by", **scope),
        newcomers=returns.newcomers(days, waiting, shop.observed_on, truncated),
        stages=stages,
        stage_months=stage_months,
        truncated=truncated,
        running=float(stages.sum() - known.customers.sum()),
        has_amount=shop.facts.has_amount,
    )


def _next_month(day: date) -> date:
    """First day of the first whole month after `day`."""
    after = day + timedelta(days=1)
    return after if after.day == 1 else (pd.Timestamp(after) + pd.offsets.MonthBegin()).date()


def _lapse_days(shop: Shop, scope: dict[str, Any]) -> int:
    """The shop's own limit: 90 % of returning customers were silent for no longer. A year where hardly anyone returns."""
    gap = shop.query("usual_gap", **scope).iloc[0]
    return round(gap["gap_days"]) if gap["gaps"] >= FEW_GAPS else returns.YEAR


def _arrivals(
    seen: _Observed,
    coming: pd.DatetimeIndex,
    plan: float | Sequence[float] | None,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """(D, H) new customers of each coming month. Cohorts older than the data are no newcomers."""
    if plan is not None:
        planned = np.atleast_1d(np.asarray(plan, np.float64))
        if not len(planned) or not np.isfinite(planned).all() or (planned < 0).any():
            raise ValueError("arrivals must be numbers of 0 or more, one or one per month")
        position = np.minimum(np.arange(len(coming)), len(planned) - 1)
        return np.tile(planned[position], (draws, 1))
    known = seen.triangle
    usable = ~known.apart if (~known.apart).any() else np.ones(known.size, bool)
    past: Series = series(known.months[usable], known.customers[usable], drift=0.25)
    return past.draws(coming, draws, rng)


def _assembled(
    seen: _Observed, coming: pd.DatetimeIndex, arrivals: Floats, draws: int, rng: np.random.Generator
) -> Baseline:
    months = len(coming)
    fitted = curve.fit(seen.triangle)
    trials = _curve_trials(seen.triangle)
    errors = {h: [t.error(h) for t in trials if len(t.actual) >= h] for h in rolling.HORIZONS}
    spread = rolling.spread(errors, seen.triangle.size)
    off = np.exp(rng.standard_normal((draws, 1)) * spread.at(months))
    existing = curve.ahead(fitted, seen.triangle, coming)[0].sum(axis=0) * fitted.level * off
    per_active = _orders_per_active(seen.triangle)
    active_old = _split(seen, existing)
    returning_old = {window: _stage_returns(seen, window, off.mean(axis=1)) for window in returns.WINDOWS}
    factors = seen.newcomers.draws(coming, draws, rng)
    returning_new = {window: seen.newcomers.curve.share(factors, window) for window in returns.WINDOWS}
    usual = seen.newcomers.curve.share(np.full(months, seen.newcomers.level))
    active_new = _active_new(fitted, seen, coming) * (returning_new[365] / usual)[:, :, None] * off[:, None, :]
    returning = {w: np.concatenate([returning_old[w], returning_new[w]], axis=1) for w in returns.WINDOWS}
    active = np.concatenate([active_old, active_new], axis=1)
    active = np.minimum(active, returning[365][:, :, None])
    customers = np.concatenate([np.tile(seen.stages.to_numpy(float), (draws, 1)), arrivals], axis=1)
    return Baseline(
        as_of=seen.as_of,
        months=tuple(day.date() for day in coming),
        rows=_rows(coming, customers),
        customers=customers,
        returning=returning[365],
        returning_within=returning,
        active=active,
        orders=active * customers[:, :, None] * per_active,
        order_value=_order_value(seen, coming, draws, rng),
        history=seen.newcomers.history(seen.as_of, draws, rng),
        triangle=pd.DataFrame(),
        backtest=_backtest(trials, seen.triangle, {"curve": 1.0}, spread),
        caveats=(),
    )


def _rows(coming: pd.DatetimeIndex, customers: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": np.arange(len(STAGES) + len(coming)),
            "stage": [*STAGES, *["new"] * len(coming)],
            "cohort": pd.DatetimeIndex([pd.NaT] * len(STAGES)).append(coming),
            "customers": customers.mean(axis=0),
        }
    )


def _curve_trials(known: Triangle) -> list[rolling.Trial]:
    """What the curve would have said at earlier months of the customers known by then."""
    trials = []
    for origin in rolling.origins(known.size):
        then = known.until(origin)
        fitted = curve.fit(then)
        coming = known.months[origin:]
        expected = curve.ahead(fitted, then, coming)[0].sum(axis=0) * fitted.level
        trials.append(rolling.Trial("curve", origin, expected, known.active[:origin, origin:].sum(axis=0)))
    return trials


def _split(seen: _Observed, total: Floats) -> Floats:
    """(D, 3, H) the total of monthly actives (D, H) as a share of each stage, by what the stages did earlier."""
    frame, months = seen.stage_months, total.shape[1]
    share = np.zeros((len(STAGES), months))
    for row, stage in enumerate(STAGES):
        mine = frame[frame["stage"] == stage]
        sums = mine.groupby("ahead")[["active_customers", "customers"]].sum()
        rate = (sums["active_customers"] + 0.1) / (sums["customers"] + 1.0)
        ahead = rate.reindex(range(1, months + 1)).ffill().fillna(0.01)
        share[row] = ahead
    customers = seen.stages.to_numpy(float)[:, None]
    part = share * customers / np.maximum((share * customers).sum(axis=0), 1e-12)
    return np.asarray(np.minimum(total[:, None, :] * part / np.maximum(customers, 1e-12), 1.0))


def _stage_returns(seen: _Observed, window: int, off: Floats) -> Floats:
    """(D, 3) share of each stage that orders again within the window, by what the stage did earlier."""
    frame = seen.stage_months
    months = {90: 3, 180: 6, 365: 12}[window]
    enough = frame[frame["months_back"] >= months] if (frame["months_back"] >= months).any() else frame
    share = np.zeros(len(STAGES))
    for row, stage in enumerate(STAGES):
        mine = enough[enough["stage"] == stage].drop_duplicates("months_back")
        share[row] = (mine[f"returned_{window}"].sum() + 0.1) / (mine["customers"].sum() + 1.0)
    return np.asarray(-np.expm1(np.log1p(-np.minimum(share, 0.999)) * off[:, None]))


def _orders_per_active(known: Triangle) -> float:
    """Orders of a customer in a month with orders, over the last year, first months left out."""
    late = np.triu(np.ones((known.size, known.size)), 1)
    late[:, : max(known.size - 12, 0)] = 0
    active = (known.active * late).sum()
    return max(float((known.orders * late).sum() / active), 1.0) if active else 1.0


def _active_new(fitted: Curve, seen: _Observed, coming: pd.DatetimeIndex) -> Floats:
    """(H, H) expected share of newcomers of month c that order again in month h; 0 before they come."""
    months = len(coming)
    ages = np.arange(months)[None, :] - np.arange(months)[:, None]
    calendar = np.broadcast_to(coming.month.to_numpy() - 1, ages.shape)
    recent = fitted.cohort[-returns.RECENT :].mean() if len(fitted.cohort) else 1.0
    share = fitted.share(np.maximum(ages, 1), calendar) * recent * fitted.level
    own = seen.early[(seen.early["age"] == 0) & seen.early["is_complete"]].tail(returns.RECENT)
    at_once = (own["active_customers"].sum() + 0.1) / (own["cohort_customers"].sum() + 1.0)
    return np.where(ages > 0, share, np.where(ages == 0, at_once, 0.0))


def _order_value(seen: _Observed, coming: pd.DatetimeIndex, draws: int, rng: np.random.Generator) -> Floats:
    """(D, H) money per order; nan where the files tell no amounts."""
    known = seen.triangle
    if not seen.has_amount:
        return np.full((draws, len(coming)), np.nan)
    orders, revenue = known.orders.sum(axis=0), known.revenue.sum(axis=0)
    sold = orders > 0
    value = np.divide(revenue, orders, out=np.zeros_like(revenue), where=sold)
    return series(known.months[sold], value[sold], drift=0.05, spread=0.05).draws(coming, draws, rng)


def _backtest(
    trials: Sequence[rolling.Trial], known: Triangle, weight: dict[str, float], spread: rolling.Spread
) -> pd.DataFrame:
    """See `Baseline.backtest`."""
    rows = [
        {
            "forecaster": trial.forecaster,
            "origin": known.months[trial.origin],
            "horizon": horizon,
            "actual": trial.actual[:horizon].sum(),
            "expected": trial.expected[:horizon].sum(),
            "error_share": np.expm1(trial.error(horizon)),
            "held_80": abs(trial.error(horizon)) <= 1.2816 * spread.at(horizon).mean(),
            "weight": weight.get(trial.forecaster, 1.0),
        }
        for trial in trials
        for horizon in rolling.HORIZONS
        if len(trial.actual) >= horizon
    ]
    columns = ["forecaster", "origin", "horizon", "actual", "expected", "error_share", "held_80", "weight"]
    return pd.DataFrame(rows, columns=columns)
