-- One row: sums over customers, for every number that divides one by another. Money in the file's currency.
-- customers, orders, order_days, revenue: all of them; later_orders: those that are not first orders; repeat_customers,
-- repeat_orders, repeat_revenue: of customers with two or more orders; repeat_day_customers: with orders on two or more days.
-- revenue_squares, orders_squares, repeat_orders_squares, repeat_revenue_squares, revenue_orders: sums of squares and
-- products, for the error of a ratio. most_revenue: of the one who brought most; negative_revenue: sum of those of whom
-- less than nothing is left, 0 where there are none. first_on, last_on, observed_on: days of the first and last order, last observed day.
select
    count(*) as customers,
    count(case when orders > 1 then 1 end) as repeat_customers,
    count(second_on) as repeat_day_customers,
    cast(coalesce(sum(orders), 0) as bigint) as orders,
    cast(coalesce(sum(order_days), 0) as bigint) as order_days,
    cast(coalesce(sum(orders - 1), 0) as bigint) as later_orders,
    cast(coalesce(sum(case when orders > 1 then orders end), 0) as bigint) as repeat_orders,
    cast(coalesce(sum(revenue), 0) as double) as revenue,
    cast(coalesce(sum(case when orders > 1 then revenue end), 0) as double) as repeat_revenue,
    coalesce(sum(cast(revenue as double) * cast(revenue as double)), 0) as revenue_squares,
    coalesce(sum(cast(orders as double) * orders), 0) as orders_squares,
    coalesce(sum(cast(revenue as double) * orders), 0) as revenue_orders,
    coalesce(sum(case when orders > 1 then cast(orders as double) * orders end), 0) as repeat_orders_squares,
    coalesce(sum(case when orders > 1 then cast(revenue as double) * cast(revenue as double) end), 0)
        as repeat_revenue_squares,
    cast(coalesce(max(revenue), 0) as double) as most_revenue,
    cast(coalesce(sum(case when revenue < 0 then revenue end), 0) as double) as negative_revenue,
    min(first_on) as first_on,
    max(last_on) as last_on,
    $observed_on as observed_on
from customers
