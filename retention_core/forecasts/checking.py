"""The shop as it stood on earlier days: every model forecasts what was hidden from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.forecasts.errors import Trial, trial
from retention_core.forecasts.record import COUNTING, YEAR, Check
from retention_core.models import btyd, observed, validate
from retention_core.models.backtest import Backtest
from retention_core.models.validate import CURVE

if TYPE_CHECKING:
    from retention_core.store import Shop

HIDDEN = (182, YEAR)  # days that are hidden, one check each
SHORT_HIDDEN = 91  # where neither fits into the history
SPAN, CURVE_SPAN = 30, 7  # days of the hidden periods, and of the curve's ages
CHECKED = (*btyd.MODELS, *btyd.BENCHMARKS)
ENOUGH = 30_000  # customers: of more an even part is enough to compare models by and to see how far one is off
TRIALS = 3  # days on which the shown forecaster is tried, for each span that is hidden
TRIALS_APART = 183  # days between them: two steps back, a trial has ended before the hidden year began
LEAST_LEARNT = 0.5  # of the hidden days must have been seen before


@dataclass(frozen=True)
class Past:
    """What was known on a day, beside the orders of the `horizon` days after it."""

    observed_until: date
    horizon: int
    histories: pd.DataFrame = field(repr=False)
    periods: pd.DataFrame | None = field(repr=False, default=None)
    activity: pd.DataFrame | None = field(repr=False, default=None)

    @property
    def learnt_days(self) -> int:
        return seen_days(self.histories)

    def check(self) -> Check:
        """All models, compared by an even part of the customers where there are many."""
        tests = tuple(self.test(model, even_part(self.histories)) for model in (*CHECKED, CURVE))
        return Check(self.observed_until, self.horizon, self.learnt_days, tests, observed.count(self.histories))

    def test(self, model: str, judged: pd.DataFrame) -> Backtest:
        """The forecast of the model for the `judged` histories."""
        if model != CURVE:
            return validate.hold_out(judged, self.horizon, model, self.periods, learnt=even_part(self.histories))
        if self.activity is None:
            raise ValueError("the curve needs the activity by age")
        return validate.hold_out_curve(judged, self.activity, CURVE_SPAN, self.horizon, self.periods)


def seen_days(histories: pd.DataFrame) -> int:
    """Days from the first order of all to the end of the observation."""
    return int(histories["age"].max()) + 1 if len(histories) else 0


def learnt_days(forecaster: str, seen: int) -> int:
    """Days to learn from: counting compares a year with what was known before it."""
    return seen - YEAR if forecaster == COUNTING else seen


def even_part(histories: pd.DataFrame) -> pd.DataFrame:
    """Of many customers, sorted by their histories, every k-th, standing for k; else the same frame."""
    upto = histories["customers"].cumsum().to_numpy(np.float64)
    total = upto[-1] if len(upto) else 0.0
    if total <= ENOUGH:
        return histories
    middles = (np.arange(ENOUGH) + 0.5) * total / ENOUGH
    drawn = np.bincount(np.searchsorted(upto, middles), minlength=len(histories))
    return histories.assign(customers=drawn * (total / ENOUGH))[drawn > 0]


def pasts(shop: Shop, histories: pd.DataFrame, scope: dict[str, Any]) -> tuple[Past, ...]:
    """The shop as it stood before each span that can be hidden: at least as much time is left to learn from."""
    span = seen_days(histories)
    fitting = tuple(horizon for horizon in HIDDEN if span >= 2 * horizon)
    fitting = fitting or ((SHORT_HIDDEN,) if span >= 2 * SHORT_HIDDEN else ())
    return tuple(_past(shop, shop.observed_on - timedelta(days=horizon), horizon, scope) for horizon in fitting)


def _past(shop: Shop, until: date, horizon: int, scope: dict[str, Any]) -> Past:
    hidden = {"observed_until": until, "hidden_until": until + timedelta(days=horizon), **scope}
    return Past(
        until,
        horizon,
        shop.query("purchase_histories", **hidden),
        shop.query("hidden_periods", span_days=SPAN, **hidden),
        shop.query("age_activity", span_days=CURVE_SPAN, observed_until=until, **scope),
    )


def trials(
    shop: Shop, today: date, seen: int, shown: str, checks: tuple[Check, ...], scope: dict[str, Any]
) -> tuple[Trial, ...]:
    """What the shown forecaster would have said on earlier days: its checks, and days before them, the latest first.

    `seen`: days from the first order of all to `today`. The curve has its checks alone.
    """
    told = [] if shown == COUNTING else [trial(c.observed_until, c.learnt_days, c.of(shown)) for c in checks]
    known = {(one.observed_until, one.horizon) for one in told}
    if shown == CURVE:
        return tuple(told)
    for horizon in (YEAR,) if shown == COUNTING else HIDDEN:
        for step in range(TRIALS):
            ago = horizon + step * TRIALS_APART
            until = today - timedelta(days=ago)
            if learnt_days(shown, seen - ago) < LEAST_LEARNT * horizon:
                break
            if (until, horizon) not in known:
                told.append(_tried(shop, until, horizon, shown, scope))
    return tuple(sorted(told, key=lambda one: one.known_on, reverse=True))


def _tried(shop: Shop, until: date, horizon: int, shown: str, scope: dict[str, Any]) -> Trial:
    end = until + timedelta(days=horizon)
    histories = shop.query("purchase_histories", observed_until=until, hidden_until=end, **scope)
    past = Past(until, horizon, histories)
    if shown != COUNTING:
        return trial(until, past.learnt_days, past.test(shown, even_part(histories)))
    began = until - timedelta(days=YEAR)
    counted = shop.query("purchase_histories", observed_until=began, hidden_until=until, **scope)
    said = observed.count(counted).expected_orders(
        histories["repeat_orders"], histories["age"] - histories["first_to_last"]
    )
    customers = histories["customers"].to_numpy(float)
    return Trial(
        until, horizon, seen_days(counted), float(customers @ said), float(customers @ histories["hidden_orders"]), 0.0
    )
