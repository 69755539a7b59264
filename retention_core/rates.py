"""Retention rates over time: one tidy series per definition, read off the frames of two queries."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from retention_core.metrics import Z95, wilson

# The definitions that have a value for each period, by the metric of the registry they repeat.
DEFINITIONS = ("crr_strict", "churn", "crr_textbook", "crr_returning", "returning_customer_rate")
SERIES = ["period", "ends_at", "value", "low", "high", "numerator", "denominator", "is_complete"]


def over_time(definition: str, rates: pd.DataFrame, totals: pd.DataFrame, observed_on: date) -> pd.DataFrame:
    """One row per period that could be observed, the running one too (`is_complete` is false).

    Columns: period, ends_at, value, low, high (95 %), numerator, denominator, is_complete. `rates`, `totals`: frames of
    retention_rates and period_totals. A period whose activity window begins before the data has no row.
    Raises KeyError for an unknown definition.
    """
    if definition not in DEFINITIONS:
        raise KeyError(f"there is no rate {definition!r}; there are {', '.join(DEFINITIONS)}")
    if definition in ("crr_returning", "returning_customer_rate"):
        frame = _of_totals(definition, totals)
    else:
        frame = _of_rates(definition, rates, observed_on)
    frame = frame[frame["denominator"] > 0].reset_index(drop=True)
    return _with_interval(frame, definition)[SERIES]


def _of_totals(definition: str, totals: pd.DataFrame) -> pd.DataFrame:
    if definition == "returning_customer_rate":
        return totals.assign(numerator=totals["repeat_customers"], denominator=totals["customers"], surplus=0)
    ever_before = totals["new_customers"].cumsum() - totals["new_customers"]
    return totals.assign(numerator=totals["customers"] - totals["new_customers"], denominator=ever_before, surplus=0)


def _of_rates(definition: str, rates: pd.DataFrame, observed_on: date) -> pd.DataFrame:
    running = rates["ends_at"] > pd.Timestamp(observed_on + timedelta(days=1))
    frame = rates[rates["is_complete"] | (running & rates["is_complete"].shift(fill_value=False))]
    lost = frame["customers_start"] - frame["retained"]
    return frame.assign(
        numerator=lost if definition == "churn" else frame["retained"],
        denominator=frame["customers_start"],
        surplus=frame["reactivated"] if definition == "crr_textbook" else 0,
    )


def _with_interval(frame: pd.DataFrame, definition: str) -> pd.DataFrame:
    """Wilson (1927) for the share; the reactivated, who come from outside the denominator, vary as Poisson on top."""
    trials, hits = frame["denominator"].astype(float), frame["numerator"].astype(float)
    extra = frame["surplus"].astype(float)
    share = hits / trials
    low, high = wilson(hits, trials)
    back = Z95 * np.sqrt(extra) / trials
    value = share + extra / trials
    return frame.assign(
        value=value,
        low=value - np.hypot(share - low, back),
        high=value + np.hypot(high - share, back),
        numerator=hits + extra,
    )


def repeat_rate_to_date(cells: pd.DataFrame) -> pd.DataFrame:
    """One row per finished period: the repeat purchase rate as it stood at its end. Columns: period, customers, value.

    `cells`: monthly cohort_retention, by second order: a cohort's cell of an age is what it had done by then.
    """
    finished = cells[cells["is_complete"]]
    period = finished["cohort"].dt.to_period("M") + finished["age"]
    sums = finished.groupby(period.rename("period"))[["active_customers", "cohort_customers"]].sum()
    value = sums["active_customers"] / sums["cohort_customers"]
    return pd.DataFrame({"customers": sums["cohort_customers"], "value": value}).reset_index()
