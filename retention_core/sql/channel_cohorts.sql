-- One row per channel of the first order, cohort and age that has been observed, even in part; ages not reached have none.
-- channel: '' where the file is silent; cohort: first day of the month of the first order; age: months since.
-- cohort_customers: won through that channel in that month; revenue: theirs in the month, in the file's currency.
-- is_complete: the month is over.
-- $most = 8: so many channels, those that won the most customers; 127 at most
with won as (
    select first_attributes_id, count(*) as customers from customers group by first_attributes_id
),
largest as (
    select attributes.channel, sum(won.customers) as customers
    from won
    join attributes on attributes.attributes_id = won.first_attributes_id
    group by attributes.channel
    order by customers desc, attributes.channel
    limit $most
),
places as (
    -- A small number stands for the channel: grouping by it is what takes the time.
    select
        attributes.attributes_id,
        ranked.channel,
        ranked.place
    from (
        select channel, cast(row_number() over (order by channel) as tinyint) as place from largest
    ) as ranked
    join attributes on attributes.channel = ranked.channel
),
cells as (
    select
        places.place, customer_months.cohort, customer_months.period,
        count(*) as ordered,
        sum(customer_months.revenue) as revenue
    from customer_months
    join places on places.attributes_id = customer_months.first_attributes_id
    group by places.place, customer_months.cohort, customer_months.period
),
named as (
    select ranked.channel, cells.cohort, cells.period, cells.ordered, cells.revenue
    from cells
    join (select distinct place, channel from places) as ranked on ranked.place = cells.place
),
sizes as (
    select channel, cohort, ordered as customers
    from named
    where period = cohort
)
select
    sizes.channel,
    starts.starts_on as cohort,
    cast(calendar.period - sizes.cohort as integer) as age,
    cast(sizes.customers as bigint) as cohort_customers,
    cast(coalesce(named.revenue, 0) as double) as revenue,
    calendar.is_complete
from sizes
join calendar on calendar.period >= sizes.cohort
join calendar as starts on starts.period = sizes.cohort
left join named
    on named.channel = sizes.channel and named.cohort = sizes.cohort and named.period = calendar.period
order by sizes.channel, cohort, age
