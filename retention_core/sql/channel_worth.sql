-- One row per channel of the first order: what customers won through it bring. channel: '' where the file is silent.
-- customers, revenue: all of them, to date, in the file's currency; first_revenue: of that, on the day of the first order.
-- year_customers: first bought a year ago or earlier; year_first_revenue: theirs on the first day; year_revenue: within a
-- year of the first order; year_squares: sum over customers of its square. new_customers: all others; new_revenue: theirs
-- to date; new_squares: sum over customers of its square.
-- $span_days = 365: the days of that year
with later as (
    -- Few customers order after their first year: theirs is subtracted, instead of adding up everybody's orders.
    select customer, sum(amount) as revenue
    from orders
    where ordered_on - first_on > $span_days and $observed_on - first_on >= $span_days
    group by customer
),
spans as (
    select
        customers.first_attributes_id,
        customers.revenue,
        customers.first_day_revenue,
        case when $observed_on - customers.first_on >= $span_days then customers.revenue - coalesce(later.revenue, 0) end
            as year_revenue
    from customers
    left join later on later.customer = customers.customer
)
select
    attributes.channel,
    count(*) as customers,
    cast(sum(spans.revenue) as double) as revenue,
    cast(sum(spans.first_day_revenue) as double) as first_revenue,
    count(spans.year_revenue) as year_customers,
    cast(coalesce(sum(case when spans.year_revenue is not null then spans.first_day_revenue end), 0) as double)
        as year_first_revenue,
    cast(coalesce(sum(spans.year_revenue), 0) as double) as year_revenue,
    coalesce(sum(cast(spans.year_revenue as double) * cast(spans.year_revenue as double)), 0) as year_squares,
    count(case when spans.year_revenue is null then 1 end) as new_customers,
    cast(coalesce(sum(case when spans.year_revenue is null then spans.revenue end), 0) as double) as new_revenue,
    coalesce(sum(case when spans.year_revenue is null then cast(spans.revenue as double) * cast(spans.revenue as double) end), 0)
        as new_squares
from spans
join attributes on attributes.attributes_id = spans.first_attributes_id
group by attributes.channel
order by customers desc, attributes.channel
