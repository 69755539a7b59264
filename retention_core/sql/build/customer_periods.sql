-- {table}: one row per customer and {grain} with an order.
-- cohort, period: number of the {grain} of the first order, and of this row (see calendars).
-- previous_on: day of the customer's last order before the {grain}; next_period: the next {grain} with an order; null: none.
-- days_left: from the last order in the {grain} to its end.
create or replace temp table {table} as
select
    customer,
    any_value(first_attributes_id) as first_attributes_id,
    any_value(first_on) as first_on,
    {cohort} as cohort,
    {period} as period,
    cast({ends_on} - max(ordered_on) as smallint) as days_left,
    case when min(order_number) > 1 then min(previous_on) end as previous_on,
    case when count(next_on) = count(*) then {next_period} end as next_period,
    cast(count(*) as integer) as orders,
    cast(count(*) - count(case when previous_on = ordered_on then 1 end) as integer) as order_days,
    cast(sum(amount) as decimal(18, 4)) as revenue
from orders
group by customer, period
