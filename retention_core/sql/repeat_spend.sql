-- One row per distinct (repeat_orders, mean_repeat_amount) of customers who came back: how many customers share it.
-- repeat_orders: days with an order after the first such day; mean_repeat_amount: mean of what these days brought, in the
-- file's currency, to a hundredth.
with coming_back as (
    select
        order_days - 1 as repeat_orders,
        round(cast(revenue - first_day_revenue as double) / (order_days - 1), 2) as mean_repeat_amount
    from customers
    where order_days > 1
)
select cast(repeat_orders as integer) as repeat_orders, mean_repeat_amount, count(*) as customers
from coming_back
group by repeat_orders, mean_repeat_amount
order by repeat_orders, mean_repeat_amount
