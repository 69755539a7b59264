"""The six analyses in Polars, lazily on the scanned Parquet file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.analyses import SEGMENTS, WINDOW_DAYS

at, on = pl.col("ordered_at"), pl.col("ordered_at").dt.date()
WINDOW = pl.duration(days=WINDOW_DAYS)


@dataclass(frozen=True)
class Log:
    """`everyone`: all orders; `orders`: those of the customers asked about; first and last day of the log."""

    everyone: pl.LazyFrame
    orders: pl.LazyFrame
    begins_on: date
    observed_on: date


def open_log(path: Path, channel: str | None = None) -> Log:
    log = pl.scan_parquet(path)
    begins_on, observed_on = log.select(on.min().alias("first"), on.max().alias("last")).collect().row(0)
    if channel is None:
        return Log(log, log, begins_on, observed_on)
    firsts = log.group_by("customer_id").agg(pl.col("channel").sort_by("ordered_at").first())
    chosen = firsts.filter(pl.col("channel") == channel).select("customer_id").collect().lazy()
    return Log(log, log.join(chosen, on="customer_id", how="semi"), begins_on, observed_on)


def cohort_retention(log: Log) -> pl.LazyFrame:
    month = (at.dt.year().cast(pl.Int32) * 12 + at.dt.month() - 1).alias("month")
    months = log.orders.select("customer_id", month).unique()
    firsts = months.group_by("customer_id").agg(pl.col("month").min().alias("first"))
    cells = months.join(firsts, on="customer_id").group_by("first", "month").agg(pl.len().alias("active_customers"))
    sizes = cells.filter(pl.col("first") == pl.col("month")).select("first", cohort_customers="active_customers")
    return cells.join(sizes, on="first").select(
        pl.date(pl.col("first") // 12, pl.col("first") % 12 + 1, 1).alias("cohort"),
        (pl.col("month") - pl.col("first")).alias("age"),
        "cohort_customers",
        "active_customers",
    )


def retention_rates(log: Log) -> pl.LazyFrame:
    orders = log.orders.select("customer_id", "ordered_at").sort("ordered_at")
    by_customer = orders.select(
        "ordered_at",
        at.shift(1).over("customer_id").alias("previous_at"),
        at.shift(-1).over("customer_id").alias("next_at"),
    ).collect()
    previous_at, next_at = pl.col("previous_at"), pl.col("next_at")
    starts = pl.datetime_range(log.begins_on.replace(day=1), log.observed_on, "1mo", eager=True, time_unit="us")
    counts = []
    for start, end in zip(starts, starts.dt.offset_by("1mo"), strict=True):
        # Whoever is active at the end has exactly one last order before it.
        active = (at < end) & (at >= pl.lit(end) - WINDOW) & (next_at.is_null() | (next_at >= end))
        in_month = (at >= start) & (at < end)
        row = by_customer.select(
            pl.lit(start).alias("period"),
            active.sum().cast(pl.Int64).alias("customers_end"),
            (in_month & previous_at.is_null()).sum().cast(pl.Int64).alias("new_customers"),
            (in_month & (previous_at < pl.lit(start) - WINDOW)).sum().cast(pl.Int64).alias("reactivated"),
        )
        counts.append(row)
    customers_end, customers_start = pl.col("customers_end"), pl.col("customers_start")
    rates = (
        pl.concat(counts)
        .lazy()
        .with_columns(
            customers_end.shift(1).alias("customers_start"),
            (customers_end - pl.col("new_customers") - pl.col("reactivated")).alias("retained"),
        )
    )
    return rates.slice(1).with_columns(
        ((customers_end - pl.col("new_customers")) / customers_start).alias("crr"),
        (pl.col("retained") / customers_start).alias("crr_strict"),
    )


def rfm_segments(log: Log) -> pl.LazyFrame:
    customers = log.everyone.group_by("customer_id").agg(
        (pl.lit(log.observed_on) - on.max()).dt.total_days().alias("silence_days"),
        pl.len().alias("orders"),
        pl.col("amount").sum().alias("revenue"),
    )
    scored = customers.with_columns(
        (5 - _edges_passed("silence_days")).alias("r_score"), (1 + _edges_passed("orders")).alias("f_score")
    )
    if log.orders is not log.everyone:
        scored = scored.join(log.orders, on="customer_id", how="semi")
    rules = [(5 - r, f + 1, name) for r, row in enumerate(SEGMENTS) for f, name in enumerate(row)]
    schema = {"r_score": pl.Int64, "f_score": pl.Int64, "segment": pl.String}
    segments = pl.LazyFrame(rules, schema=schema, orient="row")
    return (
        scored.join(segments, on=["r_score", "f_score"])
        .group_by("segment")
        .agg(pl.len().alias("customers"), pl.col("orders").sum(), pl.col("revenue").sum())
    )


def btyd_summary(log: Log) -> pl.LazyFrame:
    days = log.orders.select("customer_id", on.alias("day")).unique()
    first, last = pl.col("day").min(), pl.col("day").max()
    triples = days.group_by("customer_id").agg(
        (pl.len().cast(pl.Int64) - 1).alias("repeat_orders"),
        (last - first).dt.total_days().alias("first_to_last"),
        (pl.lit(log.observed_on) - first).dt.total_days().alias("age"),
    )
    return triples.group_by("repeat_orders", "first_to_last", "age").agg(pl.len().alias("customers"))


def second_order_curve(log: Log) -> pl.LazyFrame:
    wait = (pl.col("second_on").fill_null(log.observed_on) - pl.col("first_on")).dt.total_days()
    waits = (
        _first_and_second_day(log)
        .group_by(wait.alias("day"))
        .agg(pl.col("second_on").count().cast(pl.Int64).alias("ordered"), pl.len().cast(pl.Int64).alias("leaving"))
    )
    curve = waits.sort("day").with_columns(pl.col("leaving").cum_sum(reverse=True).alias("at_risk"))
    still_waiting = (1 - pl.col("ordered") / pl.col("at_risk")).cum_prod()
    return curve.filter(pl.col("day") > 0).with_columns((1 - still_waiting).alias("share"))


def first_category_value(log: Log) -> pl.LazyFrame:
    firsts = log.orders.group_by("customer_id").agg(
        pl.col("category").sort_by("ordered_at").first(),
        pl.len().alias("orders"),
        pl.col("amount").sum().alias("revenue"),
    )
    is_observed = pl.lit(log.observed_on) - pl.col("first_on") >= WINDOW
    is_back = (pl.col("second_on") - pl.col("first_on") <= WINDOW).fill_null(False)
    return (
        firsts.join(_first_and_second_day(log), on="customer_id")
        .group_by("category")
        .agg(
            pl.len().alias("customers"),
            is_observed.sum().alias("observed_customers"),
            (is_observed & is_back).sum().alias("ordered_again"),
            pl.col("orders").mean().alias("orders_per_customer"),
            (pl.col("revenue").sum() / pl.len()).alias("revenue_per_customer"),
        )
    )


def _edges_passed(column: str) -> pl.Expr:
    """How many of the four inner quintile edges lie below the value."""
    value = pl.col(column)
    passed = [value > value.quantile(q, interpolation="linear") for q in (0.2, 0.4, 0.6, 0.8)]
    return pl.sum_horizontal(part.cast(pl.Int64) for part in passed)


def _first_and_second_day(log: Log) -> pl.LazyFrame:
    """One row per customer: the days of the first and of the second order; two orders on one day are one."""
    days = log.orders.select("customer_id", on.alias("day")).unique()
    firsts = days.group_by("customer_id").agg(pl.col("day").min().alias("first_on"))
    later = days.join(firsts, on="customer_id").filter(pl.col("day") > pl.col("first_on"))
    seconds = later.group_by("customer_id").agg(pl.col("day").min().alias("second_on"))
    return firsts.join(seconds, on="customer_id", how="left")


def _collected(answer: Callable[[Log], pl.LazyFrame], log: Log) -> pd.DataFrame:
    return answer(log).collect().to_pandas()


ANSWERS = {
    answer.__name__: partial(_collected, answer)
    for answer in (
        cohort_retention,
        retention_rates,
        rfm_segments,
        btyd_summary,
        second_order_curve,
        first_category_value,
    )
}
