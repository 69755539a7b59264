-- One row per age: spans of $span_days since the first order, counted from 0.
-- customers: watched through that whole span; orders: days with an order they had in it, the first order not counted.
-- $span_days = 7: length of a span
-- $observed_until = null: last day that is seen. Default: all days
with watched as (
    select (coalesce($observed_until, $observed_on) - first_on) // $span_days as spans, count(*) as customers
    from customers
    where first_on <= coalesce($observed_until, $observed_on)
    group by spans
),
ages as (
    select unnest(generate_series(0, (select coalesce(max(spans), 0) from watched) - 1)) as age
),
ordered as (
    select (ordered_on - first_on - 1) // $span_days as age, count(*) as orders
    from orders
    where previous_on < ordered_on
        and ((ordered_on - first_on - 1) // $span_days + 1) * $span_days
            <= coalesce($observed_until, $observed_on) - first_on
    group by age
)
select
    cast(ages.age as integer) as age,
    cast((select sum(watched.customers) from watched where watched.spans > ages.age) as bigint) as customers,
    coalesce(ordered.orders, 0) as orders
from ages
left join ordered on ordered.age = ages.age
order by age
