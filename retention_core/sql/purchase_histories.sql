-- One row per distinct (repeat_orders, first_to_last, age, hidden_orders): x, t_x, T of the literature in days, and what
-- came after; customers share it. Orders of one day are one occasion. hidden_orders: order days of these customers after
-- $observed_until, up to $hidden_until; 0 without them.
-- $observed_until = null: last day that is seen; who first bought later does not exist. Default: all days
-- $hidden_until = null: last hidden day
with later as (
    select
        customer,
        count(*) as order_days,
        count(case when ordered_on <= $hidden_until then 1 end) as hidden_orders,
        min(previous_on) as last_on
    from orders
    where previous_on < ordered_on and first_on <= $observed_until and ordered_on > $observed_until
    group by customer
),
known as (
    select first_on, last_on, order_days, 0 as hidden_orders
    from customers
    where $observed_until is null or last_on <= $observed_until
    union all
    select customers.first_on, later.last_on, customers.order_days - later.order_days as order_days, later.hidden_orders
    from later
    join customers on customers.customer = later.customer
)
select
    cast(order_days - 1 as integer) as repeat_orders,
    cast(last_on - first_on as integer) as first_to_last,
    cast(coalesce($observed_until, $observed_on) - first_on as integer) as age,
    cast(hidden_orders as integer) as hidden_orders,
    count(*) as customers
from known
group by repeat_orders, first_to_last, age, hidden_orders
order by repeat_orders, first_to_last, age, hidden_orders
