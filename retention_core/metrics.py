"""The registry: one block for each number. Readings, help, glossary and the tests of completeness all come from here.

To add a number, add a `Metric` to `METRICS`; if no query has its numerator and denominator, add a file to `sql/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from retention_core import readings
from retention_core.readings import FEWEST, LARGE_PART, SMALL_SAMPLE, Z95, Read, Reading, errors_aside, wilson

if TYPE_CHECKING:
    from retention_core.store import Shop

__all__ = [
    "FEWEST", "LARGE_PART", "METRICS", "SMALL_SAMPLE", "Z95",
    "Metric", "Reading", "errors_aside", "read", "wilson",
]  # fmt: skip

ARTICLES = "The five articles on customer retention that this product started from"


@dataclass(frozen=True)
class Metric:
    """What a number means and how it is read. `unit`: share, money, customers, orders, days or ratio."""

    key: str
    label: str
    unit: str
    definition: str
    formula: str
    query: str
    read: Read
    parameters: Mapping[str, Any] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    source: str = ARTICLES
    needs_amount: bool = False
    can_pass_1: bool = False


def read(shop: Shop, key: str, **parameters: Any) -> Reading:
    """The reading of one metric. Raises KeyError with the names there are."""
    if key not in METRICS:
        raise KeyError(f"there is no metric {key!r}; there are {', '.join(METRICS)}")
    metric = METRICS[key]
    if metric.needs_amount and not shop.facts.has_amount:
        return Reading(None, None, None, None, None, metric.unit, ("The file tells no amounts.",))
    reading = metric.read(shop, {**metric.parameters, **parameters})
    caveats = (*_sample_caveats(reading), *reading.caveats, *metric.caveats)
    low, high = reading.low, reading.high
    if metric.unit == "share" and low is not None and high is not None and not metric.can_pass_1:
        low, high = max(low, 0.0), min(high, 1.0)
    return replace(reading, low=low, high=high, unit=metric.unit, caveats=caveats)


def _sample_caveats(reading: Reading) -> tuple[str, ...]:
    if reading.value is None:
        return ("Not known yet: nobody, or no whole period, has been observed for it.",)
    if reading.customers is not None and reading.customers < SMALL_SAMPLE:
        return (f"Rests on fewer than {SMALL_SAMPLE} customers: one more or less moves it a lot.",)
    return ()


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
        readings.count("customer_totals", "customers"),
        caveats=("Guest orders without an address belong to nobody and stand in the ledger.",),
    ),
    Metric(
        "orders",
        "Orders",
        "orders",
        "Purchase occasions that count: not cancelled, failed, pending or a test.",
        "Number of orders",
        "customer_totals",
        readings.count("customer_totals", "orders"),
    ),
    Metric(
        "revenue",
        "Revenue",
        "money",
        "Money of all orders that count, after discounts and refunds; "
        "without tax and shipping where the file tells them apart.",
        "Sum of order amounts",
        "customer_totals",
        readings.count("customer_totals", "revenue"),
        needs_amount=True,
    ),
    Metric(
        "crr_textbook",
        "Retention rate, textbook",
        "share",
        "Of the customers active at the start of the period, how many the shop has at its end, new ones not counted.",
        "(E − N) / S: active at the end, less first-time customers of the period, divided by active at the start",
        "retention_rates",
        readings.textbook_crr,
        caveats=(
            _WINDOW,
            "Can pass 100 %: customers who had lapsed and came back count at the end but not at the start.",
        ),
        can_pass_1=True,
    ),
    Metric(
        "crr_strict",
        "Retention rate, strict",
        "share",
        "Of the customers active at the start of the period, the share that is still active at its end.",
        "Active at start and end / active at the start",
        "retention_rates",
        readings.share("retained", "customers_start", readings.last_complete, "retention_rates"),
        caveats=(_WINDOW,),
    ),
    Metric(
        "churn",
        "Churn rate",
        "share",
        "Of the customers active at the start of the period, the share that is no longer active at its end.",
        "1 − strict retention rate",
        "retention_rates",
        readings.churn,
        caveats=(
            _WINDOW,
            "A customer without a contract never says goodbye: inactive means silent for the whole window.",
        ),
    ),
    Metric(
        "crr_returning",
        "Retention rate, returning form",
        "share",
        "Of the customers who first bought before the period, the share that ordered in it. "
        "New customers are no part of it.",
        "Earlier customers who ordered in the period / all earlier customers",
        "returning_in_window",
        readings.returning,
        caveats=("Falls by itself as a shop grows old: every customer ever won stays in the denominator.",),
    ),
    Metric(
        "repeat_purchase_rate",
        "Repeat purchase rate",
        "share",
        "Customers who ordered on two or more days, of all customers to date.",
        "Customers with orders on two or more days / customers",
        "customer_totals",
        readings.share("repeat_day_customers", "customers", readings.every_row, "customer_totals"),
        caveats=(_SAME_DAY, "New customers have had little time: the rate sinks when a shop wins many of them."),
    ),
    Metric(
        "repeat_purchase_rate_orders",
        "Repeat purchase rate, same-day orders counted",
        "share",
        "Customers with two or more orders, even on one day, of all customers to date.",
        "Customers with two or more orders / customers",
        "customer_totals",
        readings.share("repeat_customers", "customers", readings.every_row, "customer_totals"),
        caveats=("Two orders on one day count as a return here.",),
    ),
    *(
        Metric(
            f"second_order_within_{days}_days",
            f"Second order within {days} days",
            "share",
            f"Of the customers who first bought at least {days} days ago, "
            f"the share that ordered again within {days} days.",
            f"Customers with a second order within {days} days / customers observed for {days} days or more",
            "second_order_within",
            readings.second_order(days),
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
        readings.share("repeat_customers", "customers", readings.complete, "period_totals"),
        caveats=(
            "Says who buys now, not who comes back: "
            "it sinks when advertising brings new customers, though nobody left.",
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
        readings.ratio("revenue", "orders", readings.order_value_squares),
        caveats=("A few very large orders can carry it: see the share of the best customers.",),
        needs_amount=True,
    ),
    Metric(
        "purchase_frequency",
        "Orders per customer",
        "ratio",
        "How many orders a customer has made on average to date.",
        "Orders / customers",
        "customer_totals",
        readings.per_customer("orders"),
        caveats=("Counts young and old customers alike.",),
    ),
    Metric(
        "customer_value_historic",
        "Value per customer to date",
        "money",
        "Revenue that a customer has brought on average to date.",
        "Revenue / customers = orders per customer × average order value",
        "customer_totals",
        readings.per_customer("revenue"),
        caveats=("To date, not for life: young customers have not finished.",),
        needs_amount=True,
    ),
    Metric(
        "customer_value_simple",
        "Value per customer, simple forecast",
        "money",
        "What a customer brings in a year times the years that a customer stays at the present churn.",
        "Average order value × orders per customer and year × margin × years, years = 1 / yearly churn",
        "last_year",
        readings.simple_value,
        caveats=(
            "Margin is taken as 100 % (revenue) unless you give one.",
            "Takes for granted that churn stays the same for every customer for ever; it does not. "
            "A model does better.",
            "The interval holds the luck of a finite number of customers, not what the formula takes for granted.",
        ),
        needs_amount=True,
    ),
    Metric(
        "orders_from_repeat_customers",
        "Share of orders from repeat customers",
        "share",
        "Orders of customers who have ordered at least twice, their first order too, of all orders.",
        "Orders of customers with two or more orders / orders",
        "customer_totals",
        readings.repeat_share("repeat_orders", "orders"),
    ),
    Metric(
        "orders_not_first",
        "Share of orders that are not first orders",
        "share",
        "Second, third and later orders, of all orders.",
        "(Orders − customers) / orders",
        "customer_totals",
        readings.ratio("later_orders", "orders", readings.later_orders_squares),
    ),
    Metric(
        "revenue_from_repeat_customers",
        "Share of revenue from repeat customers",
        "share",
        "Revenue of customers who have ordered at least twice, their first order too, of all revenue.",
        "Revenue of customers with two or more orders / revenue",
        "customer_totals",
        readings.repeat_share("repeat_revenue", "revenue"),
        needs_amount=True,
    ),
    *(
        Metric(
            f"concentration_top_{percent}",
            f"Share of revenue of the best {percent} % of customers",
            "share",
            f"How much of the revenue the {percent} % of customers with the highest revenue bring.",
            f"Revenue of the top {percent} % of customers / revenue",
            "concentration",
            readings.top_share(place),
            caveats=("Describes the past: the best of one year are not all the best of the next.",),
            needs_amount=True,
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
        readings.median_wait,
        caveats=("Customers still waiting count until today. Not known where fewer than half ever come back.",),
        source="Kaplan and Meier 1958",
    ),
)

METRICS: Mapping[str, Metric] = {block.key: block for block in _BLOCKS}
