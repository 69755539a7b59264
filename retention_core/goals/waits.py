"""How long customers wait for their second order: one curve for all, on a clock that runs faster in busy months.

The share still waiting t days after the first order is e^(−u·H(c)): c are the days passed on the clock, H is the
shop's cumulative hazard (Kaplan and Meier) and u the newcomers' own factor (proportional hazards, Cox 1972). So who
came before a busy time has ordered again sooner and is not taken for better; and one number u tells the rate for every
window, finished or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.models.triples import Floats

YEAR = 365
FADING_DAYS = 30.0  # beyond what was observed, the hazard falls as 1 / (day + 30)
DAYS_IN_MONTH = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True)
class Waiting:
    """`clock` (366,): what it shows 0 to 365 days after a first order, usually; `total` (366,): cumulative hazard then.
    `busy` (12,): how fast the clock runs in each calendar month; `observed_days`: how far the hazard was seen."""

    clock: Floats
    total: Floats
    busy: Floats
    observed_days: int

    def hazard(self, first_on: pd.DatetimeIndex) -> Floats:
        """(N, 366) cumulative hazard at days 0 to 365 of those who first ordered on each day."""
        passed = np.cumsum(_busy(first_on, self.busy), axis=1)
        return np.interp(passed - passed[:, :1], self.clock, self.total)


def waiting(curve: pd.DataFrame, days: pd.DataFrame, as_of: pd.Timestamp, season: Floats) -> Waiting:
    """From a `second_order_curve` and the `first_order_days` (first_on, customers) of the same customers.

    season (12,): how much more each calendar month sells. Without any second order, half a customer is thought to order
    again in a year.
    """
    day = curve["day"].to_numpy(int)
    customers = float(days["customers"].sum())
    seen = int(min(day.max(), YEAR)) if len(day) else 0
    total = np.zeros(YEAR + 1)
    growth = np.log1p(np.arange(YEAR + 1) / FADING_DAYS)
    if len(day):
        at = np.searchsorted(day, np.arange(YEAR + 1), side="right") - 1
        share = np.where(at >= 0, curve["share"].to_numpy(float)[np.maximum(at, 0)], 0.0)
        total = -np.log(np.maximum(1 - share, 0.5 / (customers + 1.0)))
    if total[seen] <= 0:
        total = 0.5 / (customers + 1.0) * growth
    later = np.arange(YEAR + 1) > seen
    total[later] = total[seen] * growth[later] / growth[seen] if seen else total[later]
    busy = season / DAYS_IN_MONTH
    busy = busy / busy.mean()
    return Waiting(_usual_clock(days, as_of, busy), np.maximum.accumulate(total), busy, seen)


def _usual_clock(days: pd.DataFrame, as_of: pd.Timestamp, busy: Floats) -> Floats:
    """(366,) what the clock shows so many days after the first order, on average over the customers seen then."""
    if days.empty:
        return np.arange(YEAR + 1.0)
    first = pd.DatetimeIndex(days["first_on"])
    age = (as_of - first).days.to_numpy()
    seen = days["customers"].to_numpy(float)[:, None] * (np.arange(YEAR + 1) <= age[:, None])
    there = seen.sum(axis=0)
    pace = np.where(there > 0, (seen * _busy(first, busy)).sum(axis=0) / np.maximum(there, 1.0), 1.0)
    return np.asarray(np.cumsum(pace) - pace[0])


def _busy(first_on: pd.DatetimeIndex, busy: Floats) -> Floats:
    """(N, 366) how fast the clock runs at days 0 to 365 after each day."""
    if not len(first_on):
        return np.ones((0, YEAR + 1))
    calendar = pd.date_range(first_on.min(), first_on.max() + pd.Timedelta(days=YEAR))
    at = (first_on - first_on.min()).days.to_numpy()
    factors = busy[calendar.month.to_numpy() - 1]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(factors, YEAR + 1)[at])
