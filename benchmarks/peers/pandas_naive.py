"""The six analyses in pandas on one frame read from the Parquet file. The log is in the order of time."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.analyses import SEGMENTS, WINDOW_DAYS

COLUMNS = ["customer_id", "ordered_at", "amount", "category"]
DAY = pd.Timedelta(days=1)
WINDOW = pd.Timedelta(days=WINDOW_DAYS)
QUINTILES = [0.2, 0.4, 0.6, 0.8]


@dataclass(frozen=True)
class Log:
    """`everyone`: all orders; `orders`: those of the customers asked about; `observed_on`: midnight of the last day."""

    everyone: pd.DataFrame
    orders: pd.DataFrame
    observed_on: pd.Timestamp


def open_log(path: Path, channel: str | None = None) -> Log:
    log = pd.read_parquet(path, columns=COLUMNS if channel is None else [*COLUMNS, "channel"])
    observed_on = log["ordered_at"].max().normalize()
    if channel is None:
        return Log(log, log, observed_on)
    firsts = log.drop_duplicates("customer_id")
    chosen = firsts.loc[firsts["channel"] == channel, "customer_id"]
    return Log(log, log[log["customer_id"].isin(chosen)], observed_on)


def cohort_retention(log: Log) -> pd.DataFrame:
    at = log.orders["ordered_at"]
    months = pd.DataFrame({"customer_id": log.orders["customer_id"], "month": at.dt.year * 12 + at.dt.month - 1})
    months = months.drop_duplicates()
    months["first"] = months.groupby("customer_id")["month"].transform("min")
    cells = months.groupby(["first", "month"]).size().reset_index(name="active_customers")
    cells["age"] = cells["month"] - cells["first"]
    cells["cohort_customers"] = cells["first"].map(cells[cells["age"] == 0].set_index("first")["active_customers"])
    cells["cohort"] = _first_day(cells["first"])
    return cells[["cohort", "age", "cohort_customers", "active_customers"]]


def retention_rates(log: Log) -> pd.DataFrame:
    at = log.orders["ordered_at"]
    by_customer = log.orders.groupby("customer_id")["ordered_at"]
    previous_at, next_at = by_customer.shift(1), by_customer.shift(-1)
    everyone = log.everyone["ordered_at"]
    starts = pd.date_range(everyone.iloc[0].to_period("M").start_time, everyone.iloc[-1], freq="MS")
    rows = []
    customers_start = None
    for start in starts:
        end = start + pd.offsets.MonthBegin()
        # Whoever is active at the end has exactly one last order before it.
        customers_end = int(((at < end) & (at >= end - WINDOW) & ~(next_at < end)).sum())
        previous = previous_at[(at >= start) & (at < end)]
        new_customers = int(previous.isna().sum())
        reactivated = int((previous < start - WINDOW).sum())
        rows.append((start, customers_start, customers_end, new_customers, reactivated))
        customers_start = customers_end
    names = ["period", "customers_start", "customers_end", "new_customers", "reactivated"]
    rates = pd.DataFrame(rows, columns=names).iloc[1:]
    rates["retained"] = rates["customers_end"] - rates["new_customers"] - rates["reactivated"]
    rates["crr"] = (rates["customers_end"] - rates["new_customers"]) / rates["customers_start"]
    rates["crr_strict"] = rates["retained"] / rates["customers_start"]
    return rates


def rfm_segments(log: Log) -> pd.DataFrame:
    customers = log.everyone.groupby("customer_id").agg(
        last_at=("ordered_at", "max"), orders=("ordered_at", "size"), revenue=("amount", "sum")
    )
    silence = (log.observed_on - customers["last_at"].dt.normalize()) // DAY
    r_score = 5 - np.searchsorted(silence.quantile(QUINTILES), silence, side="left")
    f_score = 1 + np.searchsorted(customers["orders"].quantile(QUINTILES), customers["orders"], side="left")
    customers["segment"] = np.array(SEGMENTS)[5 - r_score, f_score - 1]
    if log.orders is not log.everyone:
        customers = customers[customers.index.isin(log.orders["customer_id"])]
    segments = customers.groupby("segment")
    return segments.agg(
        customers=("orders", "size"), orders=("orders", "sum"), revenue=("revenue", "sum")
    ).reset_index()


def btyd_summary(log: Log) -> pd.DataFrame:
    days = _days(log).groupby("customer_id")["day"].agg(["size", "min", "max"])
    triples = pd.DataFrame(
        {
            "repeat_orders": days["size"] - 1,
            "first_to_last": (days["max"] - days["min"]) // DAY,
            "age": (log.observed_on - days["min"]) // DAY,
        }
    )
    return triples.groupby(["repeat_orders", "first_to_last", "age"]).size().reset_index(name="customers")


def second_order_curve(log: Log) -> pd.DataFrame:
    waits = _first_and_second_day(log)
    waits["day"] = (waits["second_on"].fillna(log.observed_on) - waits["first_on"]) // DAY
    curve = waits.groupby("day")["second_on"].agg(ordered="count", leaving="size").reset_index()
    curve["at_risk"] = curve["leaving"][::-1].cumsum()[::-1]
    curve = curve[curve["day"] > 0]
    return curve.assign(share=1 - (1 - curve["ordered"] / curve["at_risk"]).cumprod())


def first_category_value(log: Log) -> pd.DataFrame:
    firsts = log.orders.groupby("customer_id").agg(
        category=("category", "first"), orders=("amount", "size"), revenue=("amount", "sum")
    )
    customers = firsts.join(_first_and_second_day(log))
    customers["is_observed"] = log.observed_on - customers["first_on"] >= WINDOW
    customers["is_back"] = customers["is_observed"] & (customers["second_on"] - customers["first_on"] <= WINDOW)
    values = customers.groupby("category").agg(
        customers=("orders", "size"),
        observed_customers=("is_observed", "sum"),
        ordered_again=("is_back", "sum"),
        orders_per_customer=("orders", "mean"),
        revenue=("revenue", "sum"),
    )
    values["revenue_per_customer"] = values["revenue"] / values["customers"]
    return values.reset_index()


def _first_day(month: pd.Series) -> pd.Series:
    """The first day of months counted from the year 0."""
    return pd.to_datetime({"year": month // 12, "month": month % 12 + 1, "day": 1})


def _days(log: Log) -> pd.DataFrame:
    """One row per customer and day with an order, in the order of time."""
    orders = log.orders
    days = pd.DataFrame({"customer_id": orders["customer_id"], "day": orders["ordered_at"].dt.normalize()})
    return days.drop_duplicates()


def _first_and_second_day(log: Log) -> pd.DataFrame:
    """One row per customer: the days of the first and of the second order; two orders on one day are one."""
    days = _days(log)
    number = days.groupby("customer_id").cumcount()
    first = days[number == 0].set_index("customer_id")["day"]
    second = days[number == 1].set_index("customer_id")["day"]
    return pd.DataFrame({"first_on": first, "second_on": second.reindex(first.index)})


ANSWERS = {
    "cohort_retention": cohort_retention,
    "retention_rates": retention_rates,
    "rfm_segments": rfm_segments,
    "btyd_summary": btyd_summary,
    "second_order_curve": second_order_curve,
    "first_category_value": first_category_value,
}
