"""What will happen if nothing is changed: the shop's coming months as draws, existing customers and those to come.

    base = baseline(shop)                # or shop.baseline()
    base.active, base.orders             # (draw, row, coming month)

Everything after a few small queries is numpy; the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.cohorts import left_truncated
from retention_core.goals import coming as arriving
from retention_core.goals import curve, forecast, returns, rolling, running, stages
from retention_core.goals.activity import Activity, Latecomers
from retention_core.goals.cohort_value import cohort_values
from retention_core.goals.curve import Triangle
from retention_core.goals.forecast import Forecast, Views
from retention_core.goals.people import STAGES
from retention_core.goals.running import Running, next_month
from retention_core.goals.season import series
from retention_core.goals.waits import YEAR as YEAR_DAYS
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.store import Shop

MONTHS = 24
YEAR = 12
DRAWS = 1_000
CLOCK_FROM = 6  # months of history
SEED = 20_240_229
SAMPLE = 20_000  # customers whose histories are looked at one by one; their total is off by a per cent at most
FEW_GAPS = 20  # between orders, below which the shop has no usual gap


@dataclass(frozen=True, eq=False)
class Baseline:
    """The coming months without any change. D draws, R = 3 + H rows, H months.

    as_of: last observed day. months: first days of the coming whole months. rows: one row per row: row, stage
    (one_order, repeat, lapsed; "new" for those to come), cohort (first day of the month of the first order for "new"),
    customers (mean). customers (D, R). Whoever is still expected in the rest of a running month is in the row
    one_order: the existing rows are the customers at the start of the coming months.
    returning (D, R): share that orders again within 365 days, from as_of for existing rows, from the first order for
    new ones; returning_within: the same for 90, 180 and 365 days.
    activity: the share of a row's customers that order in a month (new rows: again), written out as `active`, times
    orders_per_active as `orders`. order_value (D, H): money per order, nan without amounts.
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
    activity: Activity
    orders_per_active: float
    order_value: Floats
    history: pd.DataFrame
    triangle: pd.DataFrame
    backtest: pd.DataFrame
    caveats: tuple[str, ...]

    @property
    def active(self) -> Floats:
        """(D, R, H), some megabytes, worked out with each look at it."""
        return self.activity.shares()

    @property
    def orders(self) -> Floats:
        """(D, R, H) orders of the row in that month, first orders not counted; worked out like `active`."""
        return self.orders_of(self.active)

    def orders_of(self, active: Floats) -> Floats:
        """The same, of an `active` at hand."""
        return np.asarray(active * self.customers[:, :, None] * self.orders_per_active)


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
    as many as lately, with the season. scope: as in `Shop.query`. ValueError for a horizon below a month or a plan that
    is no number of customers.
    """
    if months < 1:
        raise ValueError(f"months is {months}; at least 1 is needed")
    seen = _observed(shop, {key: value for key, value in scope.items() if value is not None})
    rng = np.random.default_rng(seed)
    return _assembled(seen, months, arrivals, draws, rng)


@dataclass(frozen=True)
class _Observed:
    """What the queries say of the shop. running: the month that is not over; running_customers: who came in it.
    until: the scope holds customers from before this day only; None where that leaves out nobody."""

    as_of: date
    triangle: Triangle
    truncated: list[pd.Timestamp]
    early: pd.DataFrame
    first_order_days: pd.DataFrame
    second_order_curve: pd.DataFrame
    customers: Floats
    stage_months: pd.DataFrame
    views: Views
    running: Running | None
    running_customers: float
    until: pd.Timestamp | None
    has_amount: bool


def _observed(shop: Shop, scope: dict[str, Any]) -> _Observed:
    cells = shop.query("cohort_retention", **scope)
    truncated = left_truncated(shop.query("cohort_retention") if scope else cells)
    known = curve.triangle(cells, truncated)
    lapse_days = lapse_limit(shop, scope)
    counts = shop.query("stage_customers", lapse_days=lapse_days, **scope).set_index("stage")["customers"]
    customers = counts.reindex(STAGES, fill_value=0).to_numpy(np.float64)
    until = pd.Timestamp(scope["until"]) if "until" in scope else None
    every = max(int(customers.sum() // SAMPLE), 1)
    backs = forecast.backs_needed(known.size)
    histories = shop.query("stage_histories", months_back=backs, every=every, **scope)
    sampled = float(histories.loc[histories["months_back"] == forecast.NOW, "customers"].sum())
    counted_back = max((back for back in backs if back <= YEAR), default=0)
    # Customers from before the data have no first order to count from.
    since = max(truncated) + pd.offsets.MonthBegin() if truncated else None
    own = scope if since is None or "since" in scope else {**scope, "since": since}
    return _Observed(
        as_of=shop.observed_on,
        triangle=known,
        truncated=truncated,
        early=shop.query("cohort_retention", form="by", **scope),
        first_order_days=shop.query("first_order_days", **scope),
        second_order_curve=shop.query("second_order_curve", **own),
        customers=customers,
        stage_months=shop.query(
            "stage_months", lapse_days=lapse_days, months_back=[max(counted_back, 0)], every=every, **scope
        ),
        views=forecast.views(histories, lapse_days, customers.sum() / max(sampled, 1.0)),
        running=running.running(cells, known, shop.observed_on),
        running_customers=float(customers.sum() - known.customers.sum()),
        until=until if until is not None and until.date() <= shop.observed_on else None,
        has_amount=shop.facts.has_amount,
    )


def lapse_limit(shop: Shop, scope: Mapping[str, Any]) -> int:
    """The shop's own limit: 90 % of returning customers were silent no longer. A year where hardly anyone returns.

    Who is silent for more days is in the stage lapsed, here and among those whom levers reach.
    """
    gap = shop.query("usual_gap", **scope).iloc[0]
    return round(gap["gap_days"]) if gap["gaps"] >= FEW_GAPS else YEAR_DAYS


def _assembled(
    seen: _Observed,
    months: int,
    plan: float | Sequence[float] | None,
    draws: int,
    rng: np.random.Generator,
) -> Baseline:
    """All rows are worked out for a year and a month at least: their return in 365 days must be known too."""
    coming = pd.date_range(next_month(seen.as_of), periods=max(months, YEAR + 1), freq="MS")
    shown = coming[:months]
    told = forecast.forecast(seen.triangle, seen.views, coming, pd.Timestamp(seen.as_of), seen.running_customers)
    existing = stages.stages(seen.stage_months, seen.customers, told, seen.views)
    off = told.draws(draws, rng) / told.total
    won = returns.newcomers(
        seen.first_order_days, seen.second_order_curve, _season(seen.triangle), seen.as_of, seen.truncated
    )
    # Who still comes in the running month behaves as those to come; from the next month on a customer with one order.
    to_come = shown if seen.running is None else shown.insert(0, seen.running.month)
    late = arriving.late(seen.triangle, seen.running, seen.until)
    shares = won.draws(to_come, draws, rng)
    new = shares[YEAR_DAYS]
    again = arriving.active_again(told, seen.early, to_come, new.mean(axis=0))[:, -months:]
    habit = new / new.mean(axis=0)
    year_off = _year(off, told.total)
    returning = {
        window: _joined(np.concatenate([_off(share, year_off), shares[window]], axis=1), seen.customers, late)
        for window, share in existing.returning.items()
    }
    activity = _activity(
        existing.active[:, :months], again, habit, off[:, :months], returning[YEAR_DAYS], seen.customers, late
    )
    arrivals = arriving.arrivals(seen.triangle, shown, plan, draws, rng, seen.until)
    known = seen.customers + np.array([late or 0.0, 0.0, 0.0])
    customers = np.concatenate([np.tile(known, (draws, 1)), arrivals], axis=1)
    per_active = _orders_per_active(seen.triangle)
    worth = _order_value(seen, shown, draws, rng)
    paid = worth if seen.has_amount else np.zeros_like(worth)
    table = cohort_values(
        seen.triangle, told.curve, seen.running, shown, off[:, :months], told.total[:months], per_active, paid, rng
    )
    return Baseline(
        as_of=seen.as_of,
        months=tuple(day.date() for day in shown),
        rows=_rows(shown, customers),
        customers=customers,
        returning=returning[YEAR_DAYS],
        returning_within=returning,
        activity=activity,
        orders_per_active=per_active,
        order_value=worth,
        history=won.history(seen.as_of, draws, rng),
        triangle=table,
        backtest=rolling.table(told.trials, told.mixed, told.mixtures, seen.triangle.months),
        caveats=_caveats(seen, told, months),
    )


def _season(known: Triangle) -> Floats:
    """(12,) how much more each calendar month sells: half a year tells whether second orders met a busy time or not."""
    return curve.fit(known, season_from=CLOCK_FROM).season


def _year(off: Floats, total: Floats) -> Floats:
    """(D, 1) how far off the first year's total is in each draw, as a factor."""
    return np.asarray((off[:, :YEAR] @ total[:YEAR])[:, None] / total[:YEAR].sum())


def _off(share: Floats, year_off: Floats) -> Floats:
    """(D, R) an existing row's share: its hazard −ln(1 − share) is off as the year's total is."""
    return np.asarray(-np.expm1(np.log1p(-share) * year_off))


def _joined(values: Floats, customers: Floats, late: float | None) -> Floats:
    """(D, R) with the row of those who still come in the running month, the first after the existing ones, counted in
    the row of one order. late: how many they are; None: there is no such row."""
    if late is None:
        return values
    ones, latest = values[:, 0], values[:, len(STAGES)]
    part = _part(late, customers)
    joined = np.delete(values, len(STAGES), axis=1)
    joined[:, 0] = (1 - part) * ones + part * latest
    return joined


def _part(late: float, customers: Floats) -> float:
    """Of the row of one order, once those who still come are counted in it, how many they are."""
    return float(late / max(late + customers[0], 1e-12))


def _activity(
    existing: Floats,
    again: Floats,
    habit: Floats,
    off: Floats,
    returning: Floats,
    customers: Floats,
    late: float | None,
) -> Activity:
    """existing (E, H); again, habit: of those who still come in the running month, too, if `late`."""
    latest = None if late is None else Latecomers(again[0], habit[:, 0].copy(), _part(late, customers))
    first = 0 if late is None else 1
    return Activity(
        expected=np.concatenate([existing, again[first:]]),
        habit=np.concatenate([np.ones((len(habit), len(existing))), habit[:, first:]], axis=1),
        off=off,
        most=returning,
        late=latest,
    )


def _caveats(seen: _Observed, told: Forecast, months: int) -> tuple[str, ...]:
    """What a reader must know, as keys of the language catalogues."""
    size, days = seen.triangle.size, pd.DatetimeIndex(seen.first_order_days["first_on"])
    newcomers = days[~days.to_period("M").to_timestamp().isin(seen.truncated)]
    is_a_year = len(newcomers) > 0 and (pd.Timestamp(seen.as_of) - newcomers.min()).days >= YEAR_DAYS
    said = {
        "The history is shorter than twice the time ahead: the band is wide, and the forecast a rough one.": (
            size < 2 * months
        ),
        "The history is too short to tell the season: a busy time may look like growth.": size < curve.SEASON_FROM,
        "The season rests on few months, many of them seen once: part of it may be growth, or chance.": (
            curve.SEASON_FROM <= size < returns.SEASON_SEEN
        ),
        "Nobody has been observed for a whole year yet: the share that orders again within 365 days is drawn out.": (
            not is_a_year
        ),
        "There is too little history to try the forecast on: its band is that of other shops, made wider.": (
            not told.trials
        ),
        "Too few customers have ordered again to forecast each of them: the forecast rests on the cohorts alone.": (
            told.fit is None
        ),
        "The first cohorts hold customers who bought before the data begin: they are forecast apart.": bool(
            seen.triangle.apart.any()
        ),
        "The chosen days end before the data do: as many are taken to be won from now on as in the last of them.": (
            seen.until is not None
        ),
        "The file tells no amounts.": not seen.has_amount,
    }
    return tuple(text for text, applies in said.items() if applies)


def _rows(coming: pd.DatetimeIndex, customers: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": np.arange(len(STAGES) + len(coming)),
            "stage": [*STAGES, *["new"] * len(coming)],
            "cohort": pd.DatetimeIndex([pd.NaT] * len(STAGES)).append(coming),
            "customers": customers.mean(axis=0),
        }
    )


def _orders_per_active(known: Triangle) -> float:
    """Orders of a customer in a month with orders, over the last year, first months left out."""
    late = np.triu(np.ones((known.size, known.size)), 1)
    late[:, : max(known.size - YEAR, 0)] = 0
    active = (known.active * late).sum()
    return max(float((known.orders * late).sum() / active), 1.0) if active else 1.0


def _order_value(seen: _Observed, coming: pd.DatetimeIndex, draws: int, rng: np.random.Generator) -> Floats:
    """(D, H) money per order; nan where the files tell no amounts."""
    known = seen.triangle
    if not seen.has_amount:
        return np.full((draws, len(coming)), np.nan)
    orders, revenue = known.orders.sum(axis=0), known.revenue.sum(axis=0)
    sold = orders > 0
    value = np.divide(revenue, orders, out=np.zeros_like(revenue), where=sold)
    return series(known.months[sold], value[sold], drift=0.05, spread=0.05).draws(coming, draws, rng)
