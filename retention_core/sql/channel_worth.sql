-- One row per channel of the first order: what customers won through it bring. channel: '' where the file is silent.
-- customers, revenue: all of them, to date, in the file's currency; first_revenue: of that, on the day of the first order.
-- year_customers: first bought a year ago or earlier; year_first_revenue: theirs on the first day; year_revenue: within a
-- year of the first order; year_squares: sum over customers of its square. new_customers: all others; new_revenue: theirs
-- to date; new_squares: sum over customers of its square. negative_revenue: sum to date of the customers of whom less
-- than nothing is left, 0 where there are none.
-- $span_days = 365: the days of that year
with later as (
    -- Few customers order after their first year: theirs is subtracted, instead of adding up everybody's orders.
    select customer, any_value(first_attributes_id) as first_attributes_id, sum(amount) as revenue
    from orders
    where first_on <= $observed_on - $span_days and ordered_on - first_on > $span_days
    group by customer
),
late as (
    select
        later.first_attributes_id,
        sum(later.revenue) as revenue,
        -- What the squares are less: of a sum a and a part b of it, a² − (a − b)².
        sum(cast(later.revenue as double) * cast(2 * customers.revenue - later.revenue as double)) as squares
    from later
    join customers on customers.customer = later.customer
    group by later.first_attributes_id
),
firsts as (
    select
        first_attributes_id,
        first_on <= $observed_on - $span_days as is_old,
        count(*) as customers,
        sum(revenue) as revenue,
        sum(first_day_revenue) as first_revenue,
        sum(case when revenue < 0 then revenue else 0 end) as negative_revenue,
        sum(cast(revenue as double) * cast(revenue as double)) as squares
    from customers
    group by first_attributes_id, first_on <= $observed_on - $span_days
),
worth as (
    select
        attributes.channel,
        firsts.*,
        coalesce(late.revenue, 0) as late_revenue,
        coalesce(late.squares, 0) as late_squares
    from firsts
    join attributes on attributes.attributes_id = firsts.first_attributes_id
    left join late on late.first_attributes_id = firsts.first_attributes_id and firsts.is_old
)
select
    channel,
    cast(sum(customers) as bigint) as customers,
    cast(sum(revenue) as double) as revenue,
    cast(sum(first_revenue) as double) as first_revenue,
    cast(sum(case when is_old then customers else 0 end) as bigint) as year_customers,
    cast(sum(case when is_old then first_revenue else 0 end) as double) as year_first_revenue,
    cast(sum(case when is_old then revenue - late_revenue else 0 end) as double) as year_revenue,
    sum(case when is_old then squares - late_squares else 0 end) as year_squares,
    cast(sum(case when is_old then 0 else customers end) as bigint) as new_customers,
    cast(sum(case when is_old then 0 else revenue end) as double) as new_revenue,
    sum(case when is_old then 0 else squares end) as new_squares,
    cast(sum(negative_revenue) as double) as negative_revenue
from worth
group by channel
order by customers desc, channel
