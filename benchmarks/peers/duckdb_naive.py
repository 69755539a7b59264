"""The six analyses in DuckDB SQL on a view of the Parquet file."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.analyses import SEGMENTS, WINDOW_DAYS

CHOSEN = """
create table chosen as
select customer_id
from log
group by customer_id
having arg_min(channel, ordered_at) = $channel
"""

COHORT_RETENTION = """
with months as (
    select distinct customer_id, date_trunc('month', ordered_at) as month from orders
),
firsts as (
    select customer_id, min(month) as cohort from months group by customer_id
),
sizes as (
    select cohort, count(*) as cohort_customers from firsts group by cohort
),
cells as (
    select cohort, date_diff('month', cohort, month) as age, count(*) as active_customers
    from months
    join firsts using (customer_id)
    group by all
)
select cohort, age, cohort_customers, active_customers
from cells
join sizes using (cohort)
order by cohort, age
"""

# Whoever is active at an instant has exactly one last order before it: no set of customers need be counted distinct.
RETENTION_RATES = f"""
with months as (
    select unnest(range(date_trunc('month', min(ordered_at)), max(ordered_at), interval 1 month)) as starts_at from log
),
neighbours as (
    select
        ordered_at,
        date_trunc('month', ordered_at) as month,
        lag(ordered_at) over customer as previous_at,
        lead(ordered_at) over customer as next_at
    from orders
    window customer as (partition by customer_id order by ordered_at)
),
ends as (
    select months.starts_at, count(*) as customers_end
    from months
    join neighbours
        on neighbours.ordered_at < months.starts_at + interval 1 month
        and neighbours.ordered_at >= months.starts_at + interval 1 month - interval {WINDOW_DAYS} day
        and (neighbours.next_at is null or neighbours.next_at >= months.starts_at + interval 1 month)
    group by months.starts_at
),
arrivals as (
    select
        month as starts_at,
        count(*) filter (previous_at is null) as new_customers,
        count(*) filter (previous_at < month - interval {WINDOW_DAYS} day) as reactivated
    from neighbours
    group by month
),
rates as (
    select
        starts_at,
        lag(customers_end) over (order by starts_at) as customers_start,
        customers_end,
        new_customers,
        customers_end - new_customers - reactivated as retained,
        reactivated
    from ends
    join arrivals using (starts_at)
)
select
    starts_at as period, customers_start, customers_end, new_customers, retained, reactivated,
    (customers_end - new_customers) / customers_start as crr,
    retained / customers_start as crr_strict
from rates
where customers_start is not null
order by period
"""

RFM_SEGMENTS = """
with last_day as (
    select max(ordered_at)::date as observed_on from log
),
customers as (
    select
        customer_id,
        (select observed_on from last_day) - max(ordered_at)::date as silence_days,
        count(*) as orders,
        sum(amount) as revenue
    from log
    group by customer_id
),
edges as (
    select
        quantile_cont(silence_days, [0.2, 0.4, 0.6, 0.8]) as silence_days,
        quantile_cont(orders, [0.2, 0.4, 0.6, 0.8]) as orders
    from customers
),
scored as (
    select
        customers.*,
        5 - len(list_filter(edges.silence_days, lambda edge: customers.silence_days > edge)) as r_score,
        1 + len(list_filter(edges.orders, lambda edge: customers.orders > edge)) as f_score
    from customers
    cross join edges
)
select segment, count(*) as customers, sum(orders) as orders, sum(revenue) as revenue
from scored
join segments using (r_score, f_score)
where is_asked(customer_id)
group by segment
"""

BTYD_SUMMARY = """
with days as (
    select distinct customer_id, ordered_at::date as day from orders
),
customers as (
    select
        count(*) - 1 as repeat_orders,
        max(day) - min(day) as first_to_last,
        (select max(ordered_at)::date from log) - min(day) as age
    from days
    group by customer_id
)
select repeat_orders, first_to_last, age, count(*) as customers
from customers
group by all
order by all
"""

SECOND_ORDER_CURVE = """
with firsts as (
    select customer_id, min(ordered_at)::date as first_on from orders group by customer_id
),
seconds as (
    select customer_id, min(ordered_at)::date as second_on
    from orders
    join firsts using (customer_id)
    where ordered_at::date > first_on
    group by customer_id
),
waits as (
    select
        coalesce(second_on, (select max(ordered_at)::date from log)) - first_on as day,
        count(second_on) as ordered,
        count(*) as leaving
    from firsts
    left join seconds using (customer_id)
    group by day
),
curve as (
    select day, sum(leaving) over (order by day desc) as at_risk, ordered from waits
)
select
    day, at_risk, ordered,
    1 - exp(sum(ln(greatest(1 - ordered / at_risk, 1e-300))) over (order by day)) as share
from curve
where day > 0
order by day
"""

FIRST_CATEGORY_VALUE = f"""
with firsts as (
    select
        customer_id,
        min(ordered_at)::date as first_on,
        arg_min(category, ordered_at) as category,
        count(*) as orders,
        sum(amount) as revenue
    from orders
    group by customer_id
),
seconds as (
    select customer_id, min(ordered_at)::date as second_on
    from orders
    join firsts using (customer_id)
    where ordered_at::date > first_on
    group by customer_id
),
customers as (
    select
        *,
        (select max(ordered_at)::date from log) - first_on >= {WINDOW_DAYS} as is_observed,
        coalesce(second_on - first_on <= {WINDOW_DAYS}, false) as is_back
    from firsts
    left join seconds using (customer_id)
)
select
    category,
    count(*) as customers,
    count(*) filter (is_observed) as observed_customers,
    count(*) filter (is_observed and is_back) as ordered_again,
    sum(orders) / count(*) as orders_per_customer,
    sum(revenue) / count(*) as revenue_per_customer
from customers
group by category
"""


def open_log(path: Path, channel: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the views `log` (every order) and `orders` (those of the customers asked about)."""
    connection = duckdb.connect()
    connection.read_parquet(str(path)).create_view("log")
    connection.execute("create table segments (r_score bigint, f_score bigint, segment varchar)")
    rules = [(5 - r, f + 1, name) for r, row in enumerate(SEGMENTS) for f, name in enumerate(row)]
    connection.executemany("insert into segments values (?, ?, ?)", rules)
    if channel is None:
        connection.execute("create macro is_asked(customer) as true")
    else:
        connection.execute(CHOSEN, {"channel": channel})
        connection.execute("create macro is_asked(customer) as customer in (select customer_id from chosen)")
    connection.execute("create view orders as select * from log where is_asked(customer_id)")
    return connection


def _run(text: str) -> Callable[[duckdb.DuckDBPyConnection], pd.DataFrame]:
    return lambda connection: connection.execute(text).df()


ANSWERS = {
    "cohort_retention": _run(COHORT_RETENTION),
    "retention_rates": _run(RETENTION_RATES),
    "rfm_segments": _run(RFM_SEGMENTS),
    "btyd_summary": _run(BTYD_SUMMARY),
    "second_order_curve": _run(SECOND_ORDER_CURVE),
    "first_category_value": _run(FIRST_CATEGORY_VALUE),
}
