-- One row per monthly cohort and age in steps of 30 days from each customer's own first order.
-- Columns as cohort_retention. A cell is complete when the month is over and its youngest customer has lived through it;
-- a cell that not even the oldest has entered has no row.
-- $form = 'in': ordered in the 30 days; 'on_or_after': in them or later; 'by': second order at or before their end
with cells as (
    select
        cohort,
        period,
        count(*) as ordered,
        count(case when next_period is null then 1 end) as ordered_last,
        count(case when (previous_on is null and order_days > 1) or previous_on = first_on then 1 end) as ordered_again,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customer_ages
    group by cohort, period
),
sizes as (
    select cohort, count(*) as customers, min(first_on) as oldest_on, max(first_on) as youngest_on
    from customer_ages
    where previous_on is null
    group by cohort
),
grid as (
    select
        sizes.cohort,
        ages.age,
        sizes.customers,
        sizes.youngest_on + 30 * (ages.age + 1) <= $observed_on + 1 and last_day(sizes.youngest_on) <= $observed_on
            as is_complete,
        coalesce(cells.ordered, 0) as ordered,
        coalesce(cells.ordered_last, 0) as ordered_last,
        coalesce(cells.ordered_again, 0) as ordered_again,
        coalesce(cells.orders, 0) as orders,
        coalesce(cells.revenue, 0) as revenue
    from sizes
    join (select cast(unnest(generate_series(0, ($observed_on - $first_on) // 30)) as integer) as age) as ages
        on sizes.oldest_on + 30 * ages.age <= $observed_on
    left join cells on cells.cohort = sizes.cohort and cells.period = ages.age
),
counted as (
    select
        cohort, age, customers, is_complete, orders, revenue,
        case $form
            when 'in' then ordered
            when 'on_or_after' then sum(ordered_last) over (
                partition by cohort order by age rows between current row and unbounded following)
            when 'by' then sum(ordered_again) over (
                partition by cohort order by age rows between unbounded preceding and current row)
        end as active
    from grid
)
select
    calendar.starts_on as cohort,
    cast(counted.age as integer) as age,
    cast(counted.customers as bigint) as cohort_customers,
    cast(counted.active as bigint) as active_customers,
    counted.active / counted.customers as retained_share,
    wilson_low(counted.active, counted.customers) as low,
    wilson_high(counted.active, counted.customers) as high,
    cast(counted.orders as bigint) as orders,
    cast(counted.revenue as double) as revenue,
    counted.is_complete
from counted
join calendar on calendar.period = counted.cohort
order by cohort, age
