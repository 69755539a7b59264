"""What the next months of a customer are worth: expected orders × expected amount × margin, discounted."""

from typing import Any

import numpy as np

from retention_core.models.btyd import Fit
from retention_core.models.spend import GammaGamma
from retention_core.models.triples import Floats

YEAR_DAYS = 365.0
MONTHS = 12


def present_orders(
    fit: Fit, x: Any, t_x: Any, T: Any, horizon: float = YEAR_DAYS, months: int = MONTHS, monthly_discount: float = 0.0
) -> Floats:
    """Expected orders in the next `horizon`, those of month k counted as 1/(1 + monthly_discount)^k orders of today.

    `horizon` is in the fit's unit of time and is cut into `months` equal months: 12 months are 365 days, or 365/7
    weeks. A peer's example counts a month as 30 of *whatever unit*, weeks too: its values are four times too high.
    """
    month = np.arange(1, months + 1)
    return fit.weighted_orders(x, t_x, T, horizon * month / months, (1.0 + monthly_discount) ** -month.astype(float))


def value(
    fit: Fit,
    spend: GammaGamma,
    x: Any,
    t_x: Any,
    T: Any,
    mean_repeat_amount: Any,
    horizon: float = YEAR_DAYS,
    months: int = MONTHS,
    monthly_discount: float = 0.0,
    margin: Any = 1.0,
) -> Floats:
    """Value of each customer's next `horizon`, in the money of the amounts; `margin` is a share of the amount."""
    orders = present_orders(fit, x, t_x, T, horizon, months, monthly_discount)
    return np.asarray(orders * spend.mean_spend(x, mean_repeat_amount) * np.asarray(margin, np.float64))


def value_new(
    fit: Fit,
    spend: GammaGamma,
    horizon: float = YEAR_DAYS,
    months: int = MONTHS,
    monthly_discount: float = 0.0,
    margin: float = 1.0,
) -> float:
    """Value of the repeat orders of a customer not yet seen, in the `horizon` after the first order."""
    return float(value(fit, spend, 0.0, 0.0, 0.0, 0.0, horizon, months, monthly_discount, margin))
