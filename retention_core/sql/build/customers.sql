-- customers: one row per customer. Scores 1-5 stand in the shop's own quintiles; equal values share a score.
create or replace temp table customers as
with totals as (
    select
        customer,
        any_value(first_attributes_id) as first_attributes_id,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        any_value(first_on) as first_on,
        min(case when previous_on < ordered_on then ordered_on end) as second_on,
        max(ordered_on) as last_on,
        cast(count(*) as integer) as orders,
        cast(count(*) - count(case when previous_on = ordered_on then 1 end) as integer) as order_days,
        cast(sum(amount) as decimal(18, 4)) as revenue,
        cast(sum(case when ordered_on = first_on then amount else 0 end) as decimal(18, 4)) as first_day_revenue
    from orders
    group by customer
),
edges as (
    select
        quantile_cont(cast($observed_on as date) - last_on, [0.2, 0.4, 0.6, 0.8]) as silence_days,
        quantile_cont(orders, [0.2, 0.4, 0.6, 0.8]) as orders,
        quantile_cont(cast(revenue as double), [0.2, 0.4, 0.6, 0.8]) as revenue
    from totals
)
select
    totals.customer,
    totals.first_attributes_id,
    totals.first_ordered_at, totals.last_ordered_at, totals.first_on, totals.second_on, totals.last_on,
    totals.orders, totals.order_days, totals.revenue, totals.first_day_revenue,
    cast(5
        - cast(cast($observed_on as date) - totals.last_on > edges.silence_days[1] as integer)
        - cast(cast($observed_on as date) - totals.last_on > edges.silence_days[2] as integer)
        - cast(cast($observed_on as date) - totals.last_on > edges.silence_days[3] as integer)
        - cast(cast($observed_on as date) - totals.last_on > edges.silence_days[4] as integer) as tinyint) as r_score,
    cast(1
        + cast(totals.orders > edges.orders[1] as integer)
        + cast(totals.orders > edges.orders[2] as integer)
        + cast(totals.orders > edges.orders[3] as integer)
        + cast(totals.orders > edges.orders[4] as integer) as tinyint) as f_score,
    cast(1
        + cast(totals.revenue > edges.revenue[1] as integer)
        + cast(totals.revenue > edges.revenue[2] as integer)
        + cast(totals.revenue > edges.revenue[3] as integer)
        + cast(totals.revenue > edges.revenue[4] as integer) as tinyint) as m_score
from totals
cross join edges
