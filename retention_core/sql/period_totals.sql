-- One row per period, its first day, and ends_at, the day after it: customers who ordered in it; new_customers: for the
-- first time; repeat_customers: had ordered before it, or twice in it. returning_customer_rate = repeat_customers /
-- customers, as Shopify prints it; low, high: its 95 % Wilson interval. first_orders + repeat_orders = orders. revenue,
-- average_order_value in the file's currency. is_complete: the period is over.
-- $grain = 'month': week, month or quarter
with totals as (
    select
        period,
        count(*) as customers,
        count(*) - count(previous_on) as new_customers,
        count(case when previous_on is not null or orders > 1 then 1 end) as repeat_customers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customer_periods
    group by period
)
select
    calendar.starts_on as period,
    calendar.ends_on as ends_at,
    cast(coalesce(totals.customers, 0) as bigint) as customers,
    cast(coalesce(totals.new_customers, 0) as bigint) as new_customers,
    cast(coalesce(totals.repeat_customers, 0) as bigint) as repeat_customers,
    cast(coalesce(totals.orders, 0) as bigint) as orders,
    cast(coalesce(totals.new_customers, 0) as bigint) as first_orders,
    cast(coalesce(totals.orders, 0) - coalesce(totals.new_customers, 0) as bigint) as repeat_orders,
    cast(coalesce(totals.revenue, 0) as double) as revenue,
    cast(totals.revenue as double) / totals.orders as average_order_value,
    totals.repeat_customers / totals.customers as returning_customer_rate,
    wilson_low(totals.repeat_customers, totals.customers) as low,
    wilson_high(totals.repeat_customers, totals.customers) as high,
    calendar.is_complete
from calendar
left join totals on totals.period = calendar.period
order by period
