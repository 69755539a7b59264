"""Hide the last months of real shops, forecast them with every model and the curve, and keep how far off each was."""

import math
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import retention_core as rc
from benchmarks.real_shops import HIDDEN, REAL_SHOPS, RealShop
from retention_core.forecasts import checking, errors
from retention_core.models import btyd, validate
from retention_core.models.backtest import Backtest

AGE_DAYS, PERIOD_DAYS = 7, 30  # spans of the curve, and of the hidden time that is judged part by part


@dataclass(frozen=True)
class HoldOut:
    """One forecast of one split of one shop.

    `error_share` is of the total, None if nothing was ordered; `mean_absolute_error` counts orders per customer;
    `coverage` is the share of the 80 % intervals that held, `total_held` whether that of the total did; `page_…` the
    same of the intervals as the product draws them, with the errors of forecasts that could be judged before the split.
    """

    shop: str
    split: str
    seen_days: int
    hidden_days: int
    customers: float
    actual: float
    model: str
    error_share: float | None
    mean_absolute_error: float
    coverage: float
    total_held: bool
    page_coverage: float
    page_total_held: bool
    is_usable: bool
    message: str


@dataclass(frozen=True)
class Chosen:
    """What the product chooses for a shop by 6 and 12 hidden months, and its mean error; None without one."""

    shop: str
    model: str
    verdict: str
    error: float | None


def hold_outs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """`hold_outs`, `chosen` and `skipped` (the files are not there) of every real shop, as JSON holds them."""
    found: dict[str, list[dict[str, Any]]] = {"hold_outs": [], "chosen": [], "skipped": []}
    for real in REAL_SHOPS:
        if not all(path.exists() for path in real.paths(folder)):
            found["skipped"].append({"shop": real.title, "why": "its files are not in the folder of real data"})
            continue
        shop = real.opened(folder)
        competing = []
        for name, (seen, hidden) in real.splits(shop).items():
            tests = of_split(shop, seen, hidden)
            competing += tests if name in HIDDEN else []
            days = (seen - shop.first_on).days + 1, (hidden - seen).days
            found["hold_outs"] += [asdict(_row(real, name, days, test, _as_drawn(shop, seen, test))) for test in tests]
        choice = validate.choose(competing)
        error = choice.error if math.isfinite(choice.error) else None
        found["chosen"].append(asdict(Chosen(real.title, choice.model, choice.verdict, error)))
        shop.close()
    return found


def of_split(shop: rc.Shop, seen: date, hidden: date) -> list[Backtest]:
    """The back-test of every model and of the curve; times are days."""
    span = {"observed_until": seen, "hidden_until": hidden}
    histories = shop.query("purchase_histories", **span)
    periods = shop.query("hidden_periods", **span, span_days=PERIOD_DAYS)
    activity = shop.query("age_activity", span_days=AGE_DAYS, observed_until=seen)
    horizon = float((hidden - seen).days)
    tests = [validate.hold_out(histories, horizon, model, periods) for model in btyd.MODELS]
    return [*tests, validate.hold_out_curve(histories, activity, AGE_DAYS, horizon, periods)]


def _as_drawn(shop: rc.Shop, seen: date, test: Backtest) -> Backtest:
    """The test with the intervals that the product would have drawn on the last day seen."""
    days = (seen - shop.first_on).days + 1
    earlier = checking.trials(shop, seen, days, test.model, (), {})
    return test.widened(errors.spread(earlier, days, test.horizon))


def _row(real: RealShop, split: str, days: tuple[int, int], test: Backtest, drawn: Backtest) -> HoldOut:
    return HoldOut(
        shop=real.title,
        split=split,
        seen_days=days[0],
        hidden_days=days[1],
        customers=test.customers,
        actual=test.actual,
        model=test.model,
        error_share=test.error_share if math.isfinite(test.error_share) else None,
        mean_absolute_error=test.mean_absolute_error,
        coverage=test.coverage,
        total_held=test.total_held,
        page_coverage=drawn.coverage,
        page_total_held=drawn.total_held,
        is_usable=test.is_usable,
        message=test.message,
    )
