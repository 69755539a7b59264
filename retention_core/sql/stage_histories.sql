-- One row per origin and distinct purchase history up to it: what a model sees that stands at the origin.
-- months_back: the origin, as in $months_back; repeat_orders, first_to_last, age: x, t_x, T of the literature, in days up to
-- the last day before the origin; orders of one day are one occasion. customers share the history.
-- $months_back = [-1]: origins as months before the first day of the running month; -1: the day after the last observed one
-- $every = 1: of so many customers one is looked at: a sample
with origins as (
    select
        months_back,
        cast(least(
            date_trunc('month', $observed_on + 1) - to_months(months_back), cast($observed_on + 1 as timestamp)
        ) as date) as origin
    from (select unnest($months_back) as months_back) as asked
),
known as (
    select
        origins.months_back,
        origins.origin,
        orders.customer,
        any_value(orders.first_on) as first_on,
        max(orders.ordered_on) as last_on,
        count(*) - count(case when orders.previous_on = orders.ordered_on then 1 end) as order_days
    from orders
    join origins on orders.ordered_on < origins.origin
    where orders.customer % $every = 0
    group by origins.months_back, origins.origin, orders.customer
)
select
    cast(months_back as integer) as months_back,
    cast(order_days - 1 as integer) as repeat_orders,
    cast(last_on - first_on as integer) as first_to_last,
    cast(origin - 1 - first_on as integer) as age,
    count(*) as customers
from known
group by months_back, repeat_orders, first_to_last, age
order by months_back, repeat_orders, first_to_last, age
