"""The six analyses that Comeback and its peers answer from the same log.

Definitions are those of `retention_core/sql/`: days are calendar days, the last day observed is that of the last order,
two orders of a customer on one day are one occasion, and a filter chooses customers by their first order.
"""

from dataclasses import dataclass, field
from typing import Any

WINDOW_DAYS = 365
FILTER_CHANNEL = "email"  # 15 % of the first orders of the generated logs

# Row: score of R from 5 down to 1; column: score of F from 1 to 5.
SEGMENTS = (
    ("new", "promising", "promising", "champions", "champions"),
    ("new", "promising", "promising", "loyal", "champions"),
    ("about_to_sleep", "needs_attention", "needs_attention", "loyal", "loyal"),
    ("hibernating", "hibernating", "at_risk", "at_risk", "at_risk"),
    ("lost", "lost", "hibernating", "cannot_lose", "cannot_lose"),
)


@dataclass(frozen=True)
class Analysis:
    """One question: the name of our query, its parameters, and the columns in which answers must agree."""

    name: str
    title: str
    keys: tuple[str, ...]
    counts: tuple[str, ...]
    measures: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    times_naive_duckdb: int | None = None  # the goal: so many times faster than naive DuckDB once the data set is open

    @property
    def columns(self) -> list[str]:
        return [*self.keys, *self.counts, *self.measures]


ANALYSES = (
    Analysis(
        "cohort_retention",
        "monthly cohort matrix",
        keys=("cohort", "age"),
        counts=("cohort_customers", "active_customers"),
        parameters={"grain": "month"},
        times_naive_duckdb=50,
    ),
    Analysis(
        "retention_rates",
        "S, E, N and CRR a month, 365-day window",
        keys=("period",),
        counts=("customers_start", "customers_end", "new_customers", "retained", "reactivated"),
        measures=("crr", "crr_strict"),
        parameters={"grain": "month", "window_days": WINDOW_DAYS},
        times_naive_duckdb=50,
    ),
    Analysis(
        "rfm_segments",
        "RFM segments",
        keys=("segment",),
        counts=("customers", "orders"),
        measures=("revenue",),
        times_naive_duckdb=20,
    ),
    Analysis(
        "btyd_summary",
        "buy-till-you-die summary (x, t_x, T)",
        keys=("repeat_orders", "first_to_last", "age"),
        counts=("customers",),
    ),
    Analysis(
        "second_order_curve",
        "Kaplan–Meier curve to the second order",
        keys=("day",),
        counts=("at_risk", "ordered"),
        measures=("share",),
        times_naive_duckdb=50,
    ),
    Analysis(
        "first_category_value",
        "return and value by first category",
        keys=("category",),
        counts=("customers", "observed_customers", "ordered_again"),
        measures=("orders_per_customer", "revenue_per_customer"),
        times_naive_duckdb=50,
    ),
)
