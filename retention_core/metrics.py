"""The registry: one block for each number. Readings, help, glossary and the tests of completeness all come from here.

To add a number, add a `Metric` to `METRICS`; if no query has its numerator and denominator, add a file to `sql/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from retention_core.store import Shop

Z95 = 1.959963984540054
SMALL_SAMPLE = 30
ARTICLES = "The five articles on customer retention that this product started from"


@dataclass(frozen=True)
class Reading:
    """One number: `value` with its 95 % interval, what was divided by what, and what to keep in mind. None: not known."""

    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    unit: str
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """What a number means and how it is read. `unit`: share, money, customers, orders, days or ratio."""

    key: str
    label: str
    unit: str
    definition: str
    formula: str
    query: str
    read: Callable[[Shop, Mapping[str, Any]], Reading]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    source: str = ARTICLES


def read(shop: Shop, key: str, **parameters: Any) -> Reading:
    """The reading of one metric. Raises KeyError with the names there are."""
    if key not in METRICS:
        raise KeyError(f"there is no metric {key!r}; there are {', '.join(METRICS)}")
    metric = METRICS[key]
    reading = metric.read(shop, {**metric.parameters, **parameters})
    caveats = (*_sample_caveats(reading), *reading.caveats, *metric.caveats)
    return Reading(**{**reading.__dict__, "unit": metric.unit, "caveats": caveats})


def _sample_caveats(reading: Reading) -> tuple[str, ...]:
    if reading.value is None:
        return ("Not known yet: nobody, or no whole period, has been observed for it.",)
    if reading.low is not None and reading.denominator is not None and reading.denominator < SMALL_SAMPLE:
        return (f"Rests on fewer than {SMALL_SAMPLE} customers or orders: one more or less moves it a lot.",)
    return ()


def wilson(hits: float, trials: float) -> tuple[float, float]:
    """Ends of the 95 % score interval of a share (Wilson 1927)."""
    centre = hits + Z95**2 / 2
    half = Z95 * math.sqrt(hits * (trials - hits) / trials + Z95**2 / 4)
    return max(0.0, (centre - half) / (trials + Z95**2)), min(1.0, (centre + half) / (trials + Z95**2))


def _count(query: str, column: str) -> Callable[[Shop, Mapping[str, Any]], Reading]:
    """A plain count or sum: it has no sampling error."""

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        value = float(shop.query(query, **parameters)[column].iloc[0])
        return Reading(value, None, None, value, None, "")

    return reading


def _share(numerator: str, denominator: str, rows: Callable[[pd.DataFrame], pd.DataFrame], query: str) -> Any:
    """A share of customers, read from the last of the chosen rows, with its Wilson interval."""

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        chosen = rows(shop.query(query, **parameters))
        return _share_of(chosen[numerator].iloc[-1], chosen[denominator].iloc[-1]) if len(chosen) else _NOT_KNOWN

    return reading


def _share_of(hits: float, trials: float) -> Reading:
    hits, trials = float(hits), float(trials)
    if trials <= 0:
        return Reading(None, None, None, hits, trials, "")
    return Reading(hits / trials, *wilson(hits, trials), hits, trials, "")


_NOT_KNOWN = Reading(None, None, None, None, None, "")


def _all(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["is_complete"]]


def _complete_with_start(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["is_complete"] & (frame["customers_start"] > 0)]


def _textbook_crr(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """(E - N) / S = (retained + reactivated) / S; the reactivated come from outside S: their count varies as Poisson."""
    rows = _complete_with_start(shop.query("retention_rates", **parameters))
    if rows.empty:
        return _NOT_KNOWN
    row = rows.iloc[-1]
    start, retained, reactivated = (float(row[name]) for name in ("customers_start", "retained", "reactivated"))
    low, high = wilson(retained, start)
    value, kept = (retained + reactivated) / start, retained / start
    back = Z95 * math.sqrt(reactivated) / start
    low, high = value - math.hypot(kept - low, back), value + math.hypot(high - kept, back)
    return Reading(value, low, high, retained + reactivated, start, "")


def _churn(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    rows = _complete_with_start(shop.query("retention_rates", **parameters))
    if rows.empty:
        return _NOT_KNOWN
    row = rows.iloc[-1]
    return _share_of(row["customers_start"] - row["retained"], row["customers_start"])


def _returning(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """The returning form over the last whole period, or over the window that is asked for."""
    asked = dict(parameters)
    if "starts_at" not in asked:
        grain = asked.pop("grain", "month")
        periods = _complete(shop.query("period_totals", grain=grain))
        if periods.empty:
            return _NOT_KNOWN
        asked |= {"starts_at": periods["period"].iloc[-1], "ends_at": periods["ends_at"].iloc[-1]}
    row = shop.query("returning_in_window", **asked).iloc[0]
    return _share_of(row["returning_customers"], row["existing_customers"])


def _second_order(days: int) -> Callable[[Shop, Mapping[str, Any]], Reading]:
    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        row = shop.query("second_order_within", days=[days], **parameters).iloc[0]
        return _share_of(row["ordered_again"], row["customers"])

    return reading


def _ratio(numerator: str, denominator: str, squares: Callable[[float, pd.Series], float]) -> Any:
    """A ratio of two sums over customers. Its error is that of the customers' own deviations (linearised, Cochran 1977).

    `squares(ratio, totals)` is the sum over customers of (numerator - ratio * denominator) squared.
    """

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        totals = shop.query("customer_totals", **parameters).iloc[0]
        top, bottom, customers = (float(totals[name]) for name in (numerator, denominator, "customers"))
        if bottom <= 0:
            return Reading(None, None, None, top, bottom, "")
        ratio = top / bottom
        deviation = max(squares(ratio, totals), 0.0) * customers / max(customers - 1, 1)
        half = Z95 * math.sqrt(deviation) / bottom
        return Reading(ratio, ratio - half, ratio + half, top, bottom, "")

    return reading


def _mean_squares(column: str) -> Callable[[float, pd.Series], float]:
    return lambda mean, t: float(t[column]) - float(t["customers"]) * mean**2


def _repeat_share_squares(all_squares: str, repeat_squares: str) -> Callable[[float, pd.Series], float]:
    return lambda r, t: (1 - r) ** 2 * float(t[repeat_squares]) + r**2 * float(t[all_squares] - t[repeat_squares])


def _order_value_squares(value: float, t: pd.Series) -> float:
    return float(t["revenue_squares"] - 2 * value * t["revenue_orders"] + value**2 * t["orders_squares"])


def _later_orders_squares(r: float, t: pd.Series) -> float:
    return float((1 - r) ** 2 * t["orders_squares"] - 2 * (1 - r) * t["orders"] + t["customers"])


def _top_share(place: int) -> Callable[[Shop, Mapping[str, Any]], Reading]:
    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        row = shop.query("concentration", **parameters)
        if row.empty or row["revenue"].iloc[place] <= 0:
            return _NOT_KNOWN
        top, total = float(row["top_revenue"].iloc[place]), float(row["revenue"].iloc[place])
        return Reading(top / total, None, None, top, total, "")

    return reading


def _yearly_retention(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """Of the customers active a year before the last observed day, the share that ordered in the year up to it."""
    ends_at = shop.observed_on + timedelta(days=1)
    starts_at = ends_at - timedelta(days=365)
    if (starts_at - shop.first_on).days < 365:
        return _NOT_KNOWN
    row = shop.query("returning_in_window", starts_at=starts_at, ends_at=ends_at, window_days=365, **parameters).iloc[0]
    return _share_of(row["returning_customers"], row["existing_customers"])


def _simple_value(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """AOV × orders per customer and year × margin × years, years = 1 / yearly churn; the interval is churn's alone."""
    scope = {key: value for key, value in parameters.items() if key != "margin"}
    margin = float(parameters.get("margin", 1.0))
    kept = _yearly_retention(shop, scope)
    year = shop.query("last_year", **scope).iloc[0]
    if kept.value is None or kept.low is None or kept.high is None or kept.value >= 1 or not year["customers"]:
        return _NOT_KNOWN
    yearly = float(year["revenue"]) / float(year["customers"]) * margin
    high = yearly / (1 - kept.high) if kept.high < 1 else None
    return Reading(yearly / (1 - kept.value), yearly / (1 - kept.low), high, yearly, 1 - kept.value, "")


def _median_wait(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    curve = shop.query("second_order_curve", **parameters)

    def first_day(column: str) -> float | None:
        passed = curve.loc[curve[column] >= 0.5, "day"]
        return float(passed.iloc[0]) if len(passed) else None

    if curve.empty:
        return _NOT_KNOWN
    customers = float(curve["at_risk"].iloc[0])
    return Reading(first_day("share"), first_day("high"), first_day("low"), float(curve["ordered"].sum()), customers, "")


_WINDOW = "Active: ordered within the window before that moment (365 days unless you choose another)."
_SAME_DAY = "Two orders on one day count once."

_BLOCKS = (
    Metric(
        "customers",
        "Customers",
        "customers",
        "People or accounts with at least one order that counts.",
        "Number of customers",
        "customer_totals",
        _count("customer_totals", "customers"),
        caveats=("Guest orders without an address belong to nobody and stand in the ledger.",),
    ),
    Metric(
        "orders",
        "Orders",
        "orders",
        "Purchase occasions that count: not cancelled, failed, pending or a test.",
        "Number of orders",
        "customer_totals",
        _count("customer_totals", "orders"),
    ),
    Metric(
        "revenue",
        "Revenue",
        "money",
        "Money of all orders that count, after discounts and refunds; without tax and shipping where the file tells them apart.",
        "Sum of order amounts",
        "customer_totals",
        _count("customer_totals", "revenue"),
    ),
    Metric(
        "crr_textbook",
        "Retention rate, textbook",
        "share",
        "Of the customers active at the start of the period, how many the shop has at its end, new ones not counted.",
        "(E − N) / S: active at the end, less first-time customers of the period, divided by active at the start",
        "retention_rates",
        _textbook_crr,
        caveats=(
            _WINDOW,
            "Can pass 100 %: customers who had lapsed and came back count at the end but not at the start.",
        ),
    ),
    Metric(
        "crr_strict",
        "Retention rate, strict",
        "share",
        "Of the customers active at the start of the period, the share that is still active at its end.",
        "Active at start and end / active at the start",
        "retention_rates",
        _share("retained", "customers_start", _complete_with_start, "retention_rates"),
        caveats=(_WINDOW,),
    ),
    Metric(
        "churn",
        "Churn rate",
        "share",
        "Of the customers active at the start of the period, the share that is no longer active at its end.",
        "1 − strict retention rate",
        "retention_rates",
        _churn,
        caveats=(_WINDOW, "A customer without a contract never says goodbye: lost means silent for the whole window."),
    ),
    Metric(
        "crr_returning",
        "Retention rate, returning form",
        "share",
        "Of the customers who first bought before the period, the share that ordered in it. New customers are no part of it.",
        "Earlier customers who ordered in the period / all earlier customers",
        "returning_in_window",
        _returning,
        caveats=("Falls by itself as a shop grows old: every customer ever won stays in the denominator.",),
    ),
    Metric(
        "repeat_purchase_rate",
        "Repeat purchase rate",
        "share",
        "Customers who ordered on two or more days, of all customers to date.",
        "Customers with orders on two or more days / customers",
        "customer_totals",
        _share("repeat_day_customers", "customers", _all, "customer_totals"),
        caveats=(_SAME_DAY, "New customers have had little time: the rate sinks when a shop wins many of them."),
    ),
    Metric(
        "repeat_purchase_rate_orders",
        "Repeat purchase rate, same-day orders counted",
        "share",
        "Customers with two or more orders, even on one day, of all customers to date.",
        "Customers with two or more orders / customers",
        "customer_totals",
        _share("repeat_customers", "customers", _all, "customer_totals"),
        caveats=("Two orders on one day count as a return here.",),
    ),
    *(
        Metric(
            f"second_order_within_{days}_days",
            f"Second order within {days} days",
            "share",
            f"Of the customers who first bought at least {days} days ago, the share that ordered again within {days} days.",
            f"Customers with a second order within {days} days / customers observed for {days} days or more",
            "second_order_within",
            _second_order(days),
            caveats=(_SAME_DAY, f"Customers of the last {days} days are left out: they have not had the time."),
            source="Retention benchmark definition, RJMetrics 2015; " + ARTICLES,
        )
        for days in (30, 60, 90, 180, 365)
    ),
    Metric(
        "returning_customer_rate",
        "Returning customer rate, as Shopify prints it",
        "share",
        "Of the customers who ordered in the period, the share that had ordered before it, or more than once in it.",
        "Customers of the period with an earlier order or a second one in it / customers of the period",
        "period_totals",
        _share("repeat_customers", "customers", _complete, "period_totals"),
        caveats=(
            "Says who buys now, not who comes back: it sinks when advertising brings new customers, though nobody left.",
        ),
        source="Shopify Help Center, customer reports: returning customer rate",
    ),
    Metric(
        "average_order_value",
        "Average order value",
        "money",
        "What an order brings on average.",
        "Revenue / orders",
        "customer_totals",
        _ratio("revenue", "orders", _order_value_squares),
        caveats=("A few very large orders can carry it: see the share of the best customers.",),
    ),
    Metric(
        "purchase_frequency",
        "Orders per customer",
        "ratio",
        "How many orders a customer has made on average to date.",
        "Orders / customers",
        "customer_totals",
        _ratio("orders", "customers", _mean_squares("orders_squares")),
        caveats=("Counts young and old customers alike.",),
    ),
    Metric(
        "customer_value_historic",
        "Value per customer to date",
        "money",
        "Revenue that a customer has brought on average to date.",
        "Revenue / customers = orders per customer × average order value",
        "customer_totals",
        _ratio("revenue", "customers", _mean_squares("revenue_squares")),
        caveats=("To date, not for life: young customers have not finished.",),
    ),
    Metric(
        "customer_value_simple",
        "Value per customer, simple forecast",
        "money",
        "What a customer brings in a year times the years that a customer stays at the present churn.",
        "Average order value × orders per customer and year × margin × years, years = 1 / yearly churn",
        "last_year",
        _simple_value,
        caveats=(
            "Margin is taken as 100 % (revenue) unless you give one.",
            "Takes for granted that churn stays the same for every customer for ever; it does not. A model does better.",
            "The interval holds the error of the churn rate alone.",
        ),
    ),
    Metric(
        "orders_from_repeat_customers",
        "Share of orders from repeat customers",
        "share",
        "Orders of customers who have ordered at least twice, their first order too, of all orders.",
        "Orders of customers with two or more orders / orders",
        "customer_totals",
        _ratio("repeat_orders", "orders", _repeat_share_squares("orders_squares", "repeat_orders_squares")),
    ),
    Metric(
        "orders_not_first",
        "Share of orders that are not first orders",
        "share",
        "Second, third and later orders, of all orders.",
        "(Orders − customers) / orders",
        "customer_totals",
        _ratio("later_orders", "orders", _later_orders_squares),
    ),
    Metric(
        "revenue_from_repeat_customers",
        "Share of revenue from repeat customers",
        "share",
        "Revenue of customers who have ordered at least twice, their first order too, of all revenue.",
        "Revenue of customers with two or more orders / revenue",
        "customer_totals",
        _ratio("repeat_revenue", "revenue", _repeat_share_squares("revenue_squares", "repeat_revenue_squares")),
    ),
    *(
        Metric(
            f"concentration_top_{percent}",
            f"Share of revenue of the best {percent} % of customers",
            "share",
            f"How much of the revenue the {percent} % of customers with the highest revenue bring.",
            f"Revenue of the top {percent} % of customers / revenue",
            "concentration",
            _top_share(place),
            caveats=("Describes the past: the best of one year are not all the best of the next.",),
        )
        for place, percent in enumerate((10, 20))
    ),
    Metric(
        "median_days_to_second_order",
        "Half have ordered again after",
        "days",
        "Days after the first order by which half of all customers have ordered again.",
        "First day on which the waiting curve (Kaplan and Meier) passes 50 %",
        "second_order_curve",
        _median_wait,
        caveats=("Customers still waiting count until today. Not known where fewer than half ever come back.",),
        source="Kaplan and Meier 1958",
    ),
)

METRICS: Mapping[str, Metric] = {block.key: block for block in _BLOCKS}
