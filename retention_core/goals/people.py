"""The other forecaster: every customer's own expectation (buy till you die), summed over the stages of the customers.

Here it is always the MBG/NBD: it lets one-time buyers go, fits in milliseconds and ties with the others in hold-outs
(see `models.validate`). At a boundary, where nobody is seen to stop, its orders are still a fair forecast; whether they
are better than the curve's the rolling origins decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.models import btyd
from retention_core.models.triples import Floats, Ints

WEEK = 7.0  # histories are looked at to the week: a hundred times fewer of them, and the totals move by a per mille
STAGES = ("one_order", "repeat", "lapsed")


@dataclass(frozen=True)
class People:
    """Customers as they stood at one origin: distinct histories x, t_x, T (days), how many share each, their stage."""

    x: Floats
    t_x: Floats
    T: Floats
    customers: Floats
    stage: Ints

    @property
    def by_stage(self) -> Floats:
        """(3,) customers."""
        return np.bincount(self.stage, self.customers, len(STAGES)).astype(np.float64)


def people(histories: pd.DataFrame, lapse_days: int) -> People:
    """From the rows of one origin of `stage_histories`."""
    x, t_x, age = (histories[name].to_numpy(np.float64) for name in ("repeat_orders", "first_to_last", "age"))
    silent = age - t_x
    stage = np.where(silent > lapse_days, 2, np.where(x > 0, 1, 0))
    coarse = np.round(age / WEEK) * WEEK
    last = np.where(x > 0, np.clip(coarse - np.round(silent / WEEK) * WEEK, 1.0, np.maximum(coarse, 1.0)), 0.0)
    rows = pd.DataFrame({"x": x, "t_x": last, "T": np.maximum(coarse, last), "stage": stage})
    keys = list(rows.columns)
    sums = rows.assign(customers=histories["customers"].to_numpy(np.float64)).groupby(keys).sum().reset_index()
    whole = {name: sums[name].to_numpy(np.float64) for name in ("x", "t_x", "T", "customers")}
    return People(**whole, stage=sums["stage"].to_numpy(np.int64))


def monthly_actives(fit: btyd.Fit, known: People, ends: Floats) -> Floats:
    """(3, H) customers of each stage expected to order in each month; `ends` (H + 1): days from the origin, its start
    first.

    Expected order days in the month, times the chance of one at least for each expected: with a rate λ that is gamma
    (r + x, α + T) for whoever is still there, that is (1 − (β/(β + days))^(r + x)) / ((r + x)·days/β), β = α + T.
    """
    until = fit.expected_orders_by(known.x, known.t_x, known.T, ends)
    order_days = np.maximum(np.diff(until, axis=1), 0.0)
    shape, rate = fit.params["r"] + known.x[:, None], fit.params["alpha"] + known.T[:, None]
    days = np.diff(ends)
    at_least_one = -np.expm1(-shape * np.log1p(days / rate)) / (shape * days / rate)
    active = known.customers[:, None] * order_days * at_least_one
    return np.array([np.bincount(known.stage, column, len(STAGES)) for column in active.T]).T


def actives_new(fit: btyd.Fit, months: int) -> Floats:
    """(months,) share of new customers that order again at each age in months, 0 is the month of the first order.

    First orders are spread over their month: averaged over four days of it.
    """
    length = 365.25 / 12
    starts = (np.array([0.125, 0.375, 0.625, 0.875]) * length)[:, None]
    edges = np.maximum(length * np.arange(months + 1) - starts, 0.0)
    order_days = np.diff(fit.expected_orders_new(edges), axis=1).mean(axis=0)
    shape, rate = fit.params["r"], fit.params["alpha"]
    return np.asarray(order_days * -np.expm1(-shape * np.log1p(length / rate)) / (shape * length / rate))


def returning(fit: btyd.Fit, known: People, days: float) -> Floats:
    """(3,) expected share of each stage that orders within so many days."""
    silent = fit.probability_no_order(known.x, known.t_x, known.T, days)
    sums = np.bincount(known.stage, known.customers * (1 - silent), len(STAGES))
    return np.asarray(sums / np.maximum(known.by_stage, 1e-12))


def moves(fit: btyd.Fit, known: People, ends: Floats) -> Floats:
    """(K, H) how the log of the total moves with one standard error of the parameters in K unrelated directions."""
    covariance = fit.maximum.log_covariance
    usual = monthly_actives(fit, known, ends).sum(axis=0)
    if not np.isfinite(covariance).all() or np.linalg.eigvalsh(covariance)[0] <= 0 or not fit.is_usable:
        return np.zeros((0, len(ends) - 1))
    directions = np.linalg.cholesky(covariance).T
    moved = [
        monthly_actives(fit.with_params(fit.maximum.params * np.exp(step)), known, ends).sum(axis=0)
        for step in directions
    ]
    return np.asarray(np.log((np.array(moved) + 1e-9) / (usual + 1e-9)))
