-- order_days: one row per customer and day with an order.
-- order_number: the customer's n-th such day; next_on: the one after it (null: none); wait: how long until then or, while
-- they are silent, until the last observed day; wait_before: the same of their day before it, 0 for the first (see waits).
-- Most customers never order twice on a day: their orders are their days, and nothing is counted again.
create or replace temp table order_days as
with twice as (
    select customer from customers where order_days < orders
),
days as (
    select distinct customer, first_attributes_id, first_on, ordered_on
    from orders
    where customer in (select customer from twice)
),
numbered as (
    select customer, first_attributes_id, first_on, order_number, previous_on, ordered_on, next_on
    from orders
    where customer not in (select customer from twice)
    union all
    select
        customer, first_attributes_id, first_on,
        cast(row_number() over customer_time as integer) as order_number,
        lag(ordered_on) over customer_time as previous_on,
        ordered_on,
        lead(ordered_on) over customer_time as next_on
    from days
    window customer_time as (partition by customer order by ordered_on)
)
select
    customer, first_attributes_id, first_on, order_number, ordered_on, next_on,
    cast(
        10 * (coalesce(next_on, cast($observed_on as date)) - ordered_on)
        + 2 * (least(order_number, 5) - 1)
        + case when next_on is null then 0 else 1 end as integer) as wait,
    cast(case when previous_on is null then 0 else
        10 * (ordered_on - previous_on) + 2 * (least(order_number - 1, 5) - 1) + 1 end as integer) as wait_before
from numbered
