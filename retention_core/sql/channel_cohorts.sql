-- One row per channel of the first order, cohort and age that has been observed, even in part; ages not reached have none.
-- channel: '' where the file is silent; cohort: first day of the month of the first order; age: months since.
-- cohort_customers: won through that channel in that month; revenue: theirs in the month, in the file's currency.
-- is_complete: the month is over.
-- $most = 8: so many channels, those that won the most customers
with cells as (
    select first_attributes_id, cohort, period, count(*) as ordered, sum(revenue) as revenue
    from customer_months
    group by first_attributes_id, cohort, period
),
named as (
    select attributes.channel, cells.cohort, cells.period, sum(cells.ordered) as ordered, sum(cells.revenue) as revenue
    from cells
    join attributes on attributes.attributes_id = cells.first_attributes_id
    group by attributes.channel, cells.cohort, cells.period
),
sizes as (
    select channel, cohort, ordered as customers
    from named
    where period = cohort
),
largest as (
    select channel
    from sizes
    group by channel
    order by sum(customers) desc, channel
    limit $most
)
select
    sizes.channel,
    starts.starts_on as cohort,
    cast(calendar.period - sizes.cohort as integer) as age,
    cast(sizes.customers as bigint) as cohort_customers,
    cast(coalesce(named.revenue, 0) as double) as revenue,
    calendar.is_complete
from sizes
join largest on largest.channel = sizes.channel
join calendar on calendar.period >= sizes.cohort
join calendar as starts on starts.period = sizes.cohort
left join named
    on named.channel = sizes.channel and named.cohort = sizes.cohort and named.period = calendar.period
order by sizes.channel, cohort, age
