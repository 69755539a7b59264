"""The six analyses that Comeback and its peers answer from the same log, and what counts as the same answer.

Definitions are those of `retention_core/sql/`: days are calendar days, the last day observed is that of the last order,
two orders of a customer on one day are one occasion, and a filter chooses customers by their first order.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

WINDOW_DAYS = 365
FILTER_CHANNEL = "email"  # 15 % of the first orders of the generated logs
TOLERANCE = 1e-9  # relative; sums of ten million doubles differ by the order in which they are added

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


def comparable(analysis: Analysis, answer: pd.DataFrame) -> pd.DataFrame:
    """The compared columns of an answer: rows in the order of their keys, days as text, counts as integers."""
    frame = answer.loc[:, analysis.columns].reset_index(drop=True)
    if "active_customers" in frame:
        frame = frame[frame["active_customers"] > 0]  # we give an empty cell as a true 0, a GROUP BY gives none
    for key in analysis.keys:
        if frame[key].dtype.kind == "M" or key in ("cohort", "period"):
            frame[key] = pd.to_datetime(frame[key]).dt.strftime("%Y-%m-%d")
    whole = {column: "int64" for column in (*analysis.keys, *analysis.counts) if frame[column].dtype.kind in "iuf"}
    real = dict.fromkeys(analysis.measures, "float64")
    return frame.astype(whole | real).sort_values(list(analysis.keys), ignore_index=True)


def difference(analysis: Analysis, one: pd.DataFrame, other: pd.DataFrame) -> str | None:
    """None when both answers are the same in every cell, otherwise the first thing that differs, in words."""
    one, other = comparable(analysis, one), comparable(analysis, other)
    if len(one) != len(other):
        return f"{analysis.name}: {len(one):,} rows and {len(other):,} rows"
    for column in analysis.columns:
        left, right = one[column].to_numpy(), other[column].to_numpy()
        same = np.isclose(left, right, rtol=TOLERANCE, equal_nan=True) if column in analysis.measures else left == right
        if not same.all():
            row = int(np.argmin(same))
            key = ", ".join(f"{name} {one[name][row]}" for name in analysis.keys)
            return f"{analysis.name}: {column} is {left[row]} and {right[row]} at {key}"
    return None
