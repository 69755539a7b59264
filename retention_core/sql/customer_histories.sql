-- One row per customer, numbers only: customer (code of the opened data set, see customer_names), orders, revenue to date.
-- repeat_orders, first_to_last, age: x, t_x, T of the literature in days, orders of one day are one occasion;
-- mean_repeat_amount: mean of what the days after the first order day brought, 0 without one; money in the file's currency.
select
    customer,
    cast(order_days - 1 as integer) as repeat_orders,
    cast(last_on - first_on as integer) as first_to_last,
    cast($observed_on - first_on as integer) as age,
    coalesce(cast(revenue - first_day_revenue as double) / nullif(order_days - 1, 0), 0) as mean_repeat_amount,
    orders,
    cast(revenue as double) as revenue
from customers
order by customer
