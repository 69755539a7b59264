-- One row per distinct (repeat_orders, first_to_last, age), in days: x, t_x, T of the literature; customers share it.
-- Orders of one day are one occasion.
-- $until = null: last day observed; later orders, and customers who first bought later, do not exist. Default: all days
with observed as (
    select customer, first_on, last_on, order_days
    from customers
    where $until is null
    union all
    select
        customer,
        any_value(first_on) as first_on,
        max(ordered_on) as last_on,
        count(*) - count(case when previous_on = ordered_on then 1 end) as order_days
    from orders
    where ordered_on <= $until
    group by customer
)
select
    cast(order_days - 1 as integer) as repeat_orders,
    cast(last_on - first_on as integer) as first_to_last,
    cast(coalesce($until, $observed_on) - first_on as integer) as age,
    count(*) as customers
from observed
group by repeat_orders, first_to_last, age
order by repeat_orders, first_to_last, age
