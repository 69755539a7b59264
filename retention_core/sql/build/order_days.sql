-- order_days: one row per customer and day with an order.
-- order_number: the customer's n-th such day; next_on: the one after it; days_before, days_after: how far the one before
-- and the one after are away (null: none).
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
    cast(ordered_on - previous_on as integer) as days_before,
    cast(next_on - ordered_on as integer) as days_after
from numbered
