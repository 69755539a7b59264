"""The empirical competitor of the models: how often customers of a given age order, fading with age.

No customer is told from another and nobody "dies": the curve only says that the rate of ordering falls as a power of
the age, level·(1 + age/unit)^−decay. What the models cannot explain, it often forecasts as well.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.triples import Floats, arrays

COLUMNS = ("age", "customers", "orders")
FEW_ORDERS = 30


def fit(activity: pd.DataFrame, unit: float) -> "CohortCurve":
    """The maximum-likelihood curve (Poisson) of observed orders by age.

    `activity` has one row per age period of length `unit`: `age` = 0, 1, 2 … periods since the first order, `customers`
    watched through that period, `orders` they made in it (the first order not counted). ValueError if a column is
    missing.
    """
    missing = [name for name in COLUMNS if name not in activity.columns]
    if missing:
        raise ValueError(f"the activity has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    age, customers, orders = (activity[name].to_numpy(np.float64) for name in COLUMNS)
    watched = customers > 0
    age, customers, orders = age[watched], customers[watched], orders[watched]
    if orders.sum() == 0:
        nothing = no_data(np.array([1e-12, 1.0]))
        return CohortCurve(nothing, unit, 0.0, 1.0)
    level = orders.sum() / customers.sum()
    maximum = maximise(_likelihood(age, customers, orders), np.array([level, 0.5]), usual=np.array([level, 1.0]))
    mean = customers * maximum.params[0] * (1.5 + age) ** -maximum.params[1]
    overdispersion = float(((orders - mean) ** 2 / mean).sum() / max(len(age) - 2, 1))
    return CohortCurve(maximum, unit, float(orders.sum()), max(overdispersion, 1.0))


@dataclass(frozen=True)
class CohortCurve:
    """`overdispersion`: how many times wider than Poisson the observed orders scatter around the curve."""

    maximum: Maximum
    unit: float
    orders: float
    overdispersion: float

    @property
    def params(self) -> dict[str, float]:
        """level: orders per customer in a period at age 0; decay: power of the fading."""
        return dict(zip(("level", "decay"), self.maximum.params.tolist(), strict=True))

    @property
    def is_usable(self) -> bool:
        """A curve without any fading is a fair answer too: only too few orders rule it out."""
        return self.orders >= FEW_ORDERS

    @property
    def message(self) -> str:
        """One plain sentence on whether the curve can be trusted."""
        if self.is_usable:
            return f"The observed curve rests on {self.orders:,.0f} repeat orders."
        return f"Too little data: {self.orders:,.0f} repeat orders, at least {FEW_ORDERS} are needed for a curve."

    def with_params(self, params: Floats) -> "CohortCurve":
        return replace(self, maximum=replace(self.maximum, params=params))

    def expected_orders(self, age: Any, horizon: Any) -> Floats:
        """Expected orders of a customer of this age in the next `horizon`, both in the unit of time of `unit`.

        ∫ level·(1 + u/unit)^−decay du/unit from age to age + horizon, written so that decay = 1 is no exception.
        """
        from scipy.special import exprel

        level, decay = self.maximum.params
        age, horizon = arrays(age, horizon)
        since = 1 + age / self.unit
        growth = np.log1p(horizon / self.unit / since)
        return np.asarray(level * since ** (1 - decay) * growth * exprel((1 - decay) * growth))


def _likelihood(age: Floats, customers: Floats, orders: Floats) -> LogLikelihood:
    """Poisson orders of each age period, at the rate of its middle."""
    log_middle = np.log(1.5 + age)

    def evaluate(params: Floats) -> tuple[float, Floats]:
        level, decay = params
        log_rate = np.log(level) - decay * log_middle
        mean = customers * np.exp(log_rate)
        slope = np.array([(orders.sum() - mean.sum()) / level, (mean - orders) @ log_middle])
        return float(orders @ log_rate - mean.sum()), slope

    return evaluate
