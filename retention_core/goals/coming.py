"""Customers to come: how many each month brings, and how many of them order again in each month after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retention_core.goals import forecast, people, returns
from retention_core.goals.curve import Triangle
from retention_core.goals.forecast import Forecast
from retention_core.goals.running import Running
from retention_core.goals.season import Series, series
from retention_core.models.triples import Floats

YEAR = 12  # months


def arrivals(
    known: Triangle,
    coming: pd.DatetimeIndex,
    plan: float | Sequence[float] | None,
    draws: int,
    rng: np.random.Generator,
    until: pd.Timestamp | None = None,
) -> Floats:
    """(D, H) new customers of each coming month; without a plan, as many as lately, before `until`."""
    if plan is not None:
        planned = np.atleast_1d(np.asarray(plan, np.float64))
        if not len(planned) or not np.isfinite(planned).all() or (planned < 0).any():
            raise ValueError("arrivals must be numbers of 0 or more, one or one per month")
        return np.tile(planned[np.minimum(np.arange(len(coming)), len(planned) - 1)], (draws, 1))
    return _lately(known, until).draws(coming, draws, rng)


def late(known: Triangle, running: Running | None, until: pd.Timestamp | None = None) -> float | None:
    """New customers expected in the rest of the running month; None where no month is running."""
    if running is None:
        return None
    lately = _lately(known, until)
    return float(lately.level * lately.season[running.month.month - 1] * running.left)


def _lately(known: Triangle, until: pd.Timestamp | None) -> Series:
    """New customers by month. Cohorts older than the data are no newcomers, months after `until` have none."""
    usable = ~known.apart if (~known.apart).any() else np.ones(known.size, bool)
    if until is not None:
        usable &= np.asarray(known.months + pd.offsets.MonthBegin() <= until)
    return series(known.months[usable], known.customers[usable], drift=0.25)


def active_again(told: Forecast, early: pd.DataFrame, coming: pd.DatetimeIndex, returning: Floats) -> Floats:
    """(H, H) expected share of the newcomers of month c that order again in month h; 0 before they come.

    Both forecasters say how they fade, weighted as for the existing customers. In the year after the first order there
    must be as many active months as customers who return at least (`returning`, (H,)): a row that has fewer is raised.
    early: monthly `cohort_retention` by second order, for who orders again in the month of the first order.
    """
    months = len(coming)
    age = np.tile(np.arange(YEAR + 1 + months), (months, 1))
    first = coming.month.to_numpy() - 1
    calendar = (first[:, None] + age) % YEAR
    fitted = told.curve
    recent = fitted.cohort[-returns.RECENT :].mean() if len(fitted.cohort) else 1.0
    carried = told.mixed.carried.get(forecast.CURVE, 0.0)
    by_curve = fitted.share(np.maximum(age, 1), calendar) * recent * fitted.level**carried
    share = by_curve
    if told.fit is not None:
        plain = people.actives_new(told.fit, age.shape[1])
        weight = told.mixed.weights.get(forecast.PEOPLE, 0.0)
        share = by_curve ** (1 - weight) * (plain[age] * fitted.season[calendar] + 1e-9) ** weight
    own = early[(early["age"] == 0) & early["is_complete"]].tail(returns.RECENT)
    share[:, 0] = (own["active_customers"].sum() + 0.1) / (own["cohort_customers"].sum() + 1.0)
    year = share[:, : YEAR + 1].sum(axis=1)
    share = share * np.maximum(returning / np.maximum(year, 1e-12), 1.0)[:, None]
    later = np.arange(months)[None, :] - np.arange(months)[:, None]
    return np.where(later >= 0, np.take_along_axis(share, np.maximum(later, 0), axis=1), 0.0)
