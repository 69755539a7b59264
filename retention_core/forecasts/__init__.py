"""Who will order again and what they are worth: models fitted to one shop, checked on its own past, one chosen.

    made = forecasts.of_shop(shop, channel=["Search"])
    made.choice.reason, made.value_existing
    forecasts.customers(shop, made, channel=["Search"])

Days everywhere; a year is 365 days. Nothing here knows the season.
"""

from retention_core.forecasts.customers import (
    LONGEST_SILENCE,
    AtStake,
    at_stake,
    customers,
    next_order_windows,
    typical,
)
from retention_core.forecasts.fitting import of_shop
from retention_core.forecasts.record import COUNTING, YEAR, Check, Estimate, Forecasts
from retention_core.models.backtest import Backtest
from retention_core.models.btyd import FEW_REPEATERS
from retention_core.models.validate import CURVE, LARGE_ERROR

__all__ = [
    "COUNTING",
    "CURVE",
    "FEW_REPEATERS",
    "LARGE_ERROR",
    "LONGEST_SILENCE",
    "YEAR",
    "AtStake",
    "Backtest",
    "Check",
    "Estimate",
    "Forecasts",
    "at_stake",
    "customers",
    "next_order_windows",
    "of_shop",
    "typical",
]
