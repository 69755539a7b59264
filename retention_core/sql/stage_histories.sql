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
sampled as (
    select first_on, order_number, ordered_on, next_on
    from order_days
    where customer % $every = 0
)
select
    cast(origins.months_back as integer) as months_back,
    cast(sampled.order_number - 1 as integer) as repeat_orders,
    cast(sampled.ordered_on - sampled.first_on as integer) as first_to_last,
    cast(origins.origin - 1 - sampled.first_on as integer) as age,
    count(*) as customers
-- The last order day before the origin: no later one, or one that is not before it.
from sampled
join origins on sampled.ordered_on < origins.origin and (sampled.next_on is null or sampled.next_on >= origins.origin)
group by
    origins.months_back, sampled.order_number, sampled.ordered_on - sampled.first_on,
    origins.origin - 1 - sampled.first_on
order by months_back, repeat_orders, first_to_last, age
