"""What the product itself says of the next year, said a year and more ago: its own choice of a model, its own interval.

Each shop is opened as it stood on earlier days, `forecasts.of_shop` knows nothing later, and the orders of the year
that followed are counted afterwards.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import retention_core as rc
from benchmarks.real_shops import REAL_SHOPS, RealShop
from retention_core import forecasts
from retention_core.forecasts import YEAR

EARLIER_DAYS, MOST_ORIGINS = 182, 4


@dataclass(frozen=True)
class ForecastYear:
    """Orders of the known customers in the year after `said_on`: means per customer. `model` is "none" without a word.

    `low` and `high` are the 80 % interval that the product shows; None where it shows none.
    """

    shop: str
    said_on: str
    seen_days: int
    customers: float
    model: str
    expected: float | None
    low: float | None
    high: float | None
    actual: float


def forecast_years(folder: Path) -> list[ForecastYear]:
    """Those of every real shop whose files are there."""
    present = [real for real in REAL_SHOPS if all(path.exists() for path in real.paths(folder))]
    return [row for real in present for row in of_shop(real, folder)]


def of_shop(real: RealShop, folder: Path) -> list[ForecastYear]:
    """One row per day on which a forecast could have been made, the latest first, half a year apart."""
    whole = real.opened(folder)
    days = [whole.observed_on - timedelta(YEAR + step * EARLIER_DAYS) for step in range(MOST_ORIGINS)]
    rows = []
    for said_on in (day for day in days if day > whole.first_on):
        then = rc.open_orders(real.paths(folder), as_of=said_on + timedelta(1))
        made = forecasts.of_shop(then)
        seen = (said_on - then.first_on).days + 1
        then.close()
        if not made.checks:
            continue
        known = whole.query("purchase_histories", observed_until=said_on, hidden_until=said_on + timedelta(YEAR))
        customers = float(known["customers"].sum())
        said = made.orders_existing
        rows.append(
            ForecastYear(
                real.title,
                said_on.isoformat(),
                seen,
                customers,
                made.model,
                expected=said.value if said else None,
                low=said.low if said else None,
                high=said.high if said else None,
                actual=float((known["customers"] * known["hidden_orders"]).sum()) / customers,
            )
        )
    whole.close()
    return rows
