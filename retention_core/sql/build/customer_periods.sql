-- {table}: one row per customer and {grain} with an order.
-- cohort, period: number of the {grain} of the first order, and of this row (see calendars); next_period: of the next one.
-- previous_on: day of the customer's last order before it (null: none); days_away: from that day to the start of the
-- {grain}; days_left: from the last order in the {grain} to its end. Most rows hold one order: those are not grouped.
create or replace temp table {table} as
with numbered as (
    select
        customer, first_attributes_id, first_on, previous_on, ordered_on, amount, order_number,
        {cohort} as cohort,
        {period} as period,
        {previous_period} as previous_period,
        {next_period} as next_period
    from orders
),
active as (
    select
        customer, first_attributes_id, first_on, cohort, period, next_period, previous_on,
        ordered_on as last_on,
        cast(1 as integer) as orders,
        cast(1 as integer) as order_days,
        amount as revenue
    from numbered
    where (previous_period is null or previous_period < period) and (next_period is null or next_period > period)
    union all
    select
        customer,
        any_value(first_attributes_id) as first_attributes_id,
        any_value(first_on) as first_on,
        any_value(cohort) as cohort,
        period,
        case when count(next_period) = count(*) then max(next_period) end as next_period,
        case when min(order_number) > 1 then min(previous_on) end as previous_on,
        max(ordered_on) as last_on,
        cast(count(*) as integer) as orders,
        cast(count(*) - count(case when previous_on = ordered_on then 1 end) as integer) as order_days,
        cast(sum(amount) as decimal(18, 4)) as revenue
    from numbered
    where previous_period = period or next_period = period
    group by customer, period
)
select
    customer, first_attributes_id, first_on, cohort, period, next_period, previous_on,
    cast({starts_on} - previous_on as integer) as days_away,
    cast({ends_on} - last_on as smallint) as days_left,
    orders, order_days, revenue
from active
