"""Baselines and levers made up for tests: small, lawful, with every corner a real one may have."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from retention_core.goals.activity import Activity
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import ACTS_ON, Goal, Lever, Uplift

STAGES = ("one_order", "repeat", "lapsed")


def baseline(
    rate: float = 0.2,
    arrivals: float = 400.0,
    order_value: float = 50.0,
    months: int = 12,
    draws: int = 200,
    seed: int = 1,
    spread: float = 0.1,
) -> Baseline:
    """A shop that wins `arrivals` customers a month, of whom `rate` return within a year, give or take `spread`."""
    rng = np.random.default_rng(seed)
    rows = len(STAGES) + months
    first = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(months)]

    def about(level: Any, *shape: int) -> Any:
        return level * np.exp(spread * rng.standard_normal((draws, *shape)))

    old = np.array([20.0, 10.0, 15.0]) * arrivals
    customers = np.concatenate([np.tile(old, (draws, 1)), about(arrivals, months)], axis=1)
    level = np.concatenate([np.array([0.5, 2.5, 0.2]) * rate, np.full(months, rate)])
    returning = np.clip(level * about(1.0, 1), 0, 1)
    # A falling share of the year's returns each month; the month of arrival too has some.
    age = np.arange(months)[None, :] - np.concatenate([np.zeros(3), np.arange(months)])[:, None]
    shape = np.where(age >= 0, 0.2 * 0.9 ** np.maximum(age, 0), 0.0)
    activity = Activity(shape, returning, np.ones((draws, months)), np.ones((draws, rows)))
    return Baseline(
        as_of=date(2024, 12, 31),
        months=tuple(first),
        rows=pd.DataFrame(
            {
                "row": range(rows),
                "stage": [*STAGES, *["new"] * months],
                "cohort": pd.to_datetime([None] * 3 + first),
                "customers": customers.mean(axis=0),
            }
        ),
        customers=customers,
        returning=returning,
        returning_within={90: returning * 0.5, 180: returning * 0.7, 365: returning},
        activity=activity,
        orders_per_active=1.2,
        order_value=about(order_value, months),
        history=pd.DataFrame(),
        triangle=pd.DataFrame(),
        backtest=pd.DataFrame(),
        caveats=(),
    )


def lever(key: str = "welcome", mean: float = 0.05, **settings: Any) -> Lever:
    """A lever on the return after the first order, as certain as can be, unless told otherwise."""
    sd = settings.pop("sd", 0.0)
    kind = settings.pop("kind", "beta")
    whole = {"acts_on": "return_after_first", "grade": "B"} | settings
    return Lever(key=key, uplift=Uplift(kind, mean, sd), **whole)


shares = st.floats(0, 1)
some = st.floats(0.05, 1)
money = st.sampled_from([0.0, 0.0, 1.0, 250.0, 5_000.0])


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    return baseline(
        rate=draw(st.floats(0, 0.4)),
        arrivals=draw(st.sampled_from([0.0, 3.0, 400.0])),
        order_value=draw(st.sampled_from([0.0, 20.0, 75.0])),
        months=draw(st.sampled_from([1, 5, 14])),
        draws=draw(st.sampled_from([1, 40])),
        seed=draw(st.integers(0, 5)),
        spread=draw(st.sampled_from([0.0, 0.2, 1.0])),
    )


@st.composite
def levers(draw: st.DrawFn, key: str = "one", acts_on: str | None = None) -> Lever:
    mean = draw(st.floats(0.001, 0.6))
    return lever(
        key,
        mean,
        sd=draw(st.sampled_from([0.0, 0.3, 0.9])) * min(mean, np.sqrt(mean * (1 - mean))),
        acts_on=acts_on or draw(st.sampled_from(ACTS_ON)),
        reach=draw(some),
        take_up=draw(some),
        strength=draw(some),
        cost_once=draw(money),
        cost_per_month=draw(money),
        cost_per_contact=draw(st.sampled_from([0.0, 0.02, 1.0])),
        contacts_per_month=draw(st.sampled_from([0.0, 1.0, 4.0])),
        discount=draw(st.sampled_from([0.0, 0.1, 0.3])),
        discount_taken_by_returning=draw(shares),
        ramp_months=draw(st.integers(0, 6)),
        starts=draw(st.sampled_from([None, date(2024, 1, 1), date(2025, 3, 1), date(2030, 1, 1)])),
    )


@st.composite
def goals(draw: st.DrawFn, acts_on: str | None = None, least: int = 0) -> Goal:
    count = draw(st.integers(least, 4))
    return Goal(
        levers=tuple(draw(levers(f"lever_{place}", acts_on)) for place in range(count)),
        window=draw(st.sampled_from([90, 180, 365])),
        target=draw(st.sampled_from([None, 0.1, 0.5])),
        margin=draw(shares),
    )
