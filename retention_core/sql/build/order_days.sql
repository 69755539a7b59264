-- order_days: one row per customer and day with an order.
-- order_number: the customer's n-th such day; previous_on, next_on: the one before and after it (null: none).
-- Most customers never order twice on a day: their orders are their days, and nothing is counted again.
create or replace temp table order_days as
with twice as (
    select customer from customers where order_days < orders
),
days as (
    select distinct customer, first_attributes_id, first_on, ordered_on
    from orders
    where customer in (select customer from twice)
)
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
