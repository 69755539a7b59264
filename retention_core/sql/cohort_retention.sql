-- One row per cohort and age that has been observed, even in part; an age not yet reached has no row.
-- cohort: first day of the period of the first order; age: periods since; cohort_customers: its size.
-- active_customers, retained_share: by $form; low, high: 95 % Wilson interval; orders, revenue: in that period.
-- is_complete: the period is over.
-- $grain = 'month': week, month or quarter
-- $form = 'in': ordered in the period; 'on_or_after': in it or later; 'by': second order at or before it
with cells as (
    select
        cohort,
        period,
        count(*) as ordered,
        count(case when next_period is null then 1 end) as ordered_last,
        count(case when (previous_on is null and order_days > 1) or previous_on = first_on then 1 end) as ordered_again,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customer_periods
    group by cohort, period
),
sizes as (
    select cohort, ordered as customers from cells where period = cohort
),
grid as (
    select
        sizes.cohort,
        calendar.period,
        sizes.customers,
        calendar.is_complete,
        coalesce(cells.ordered, 0) as ordered,
        coalesce(cells.ordered_last, 0) as ordered_last,
        coalesce(cells.ordered_again, 0) as ordered_again,
        coalesce(cells.orders, 0) as orders,
        coalesce(cells.revenue, 0) as revenue
    from sizes
    join calendar on calendar.period >= sizes.cohort
    left join cells on cells.cohort = sizes.cohort and cells.period = calendar.period
),
counted as (
    select
        cohort, period, customers, is_complete, orders, revenue,
        case $form
            when 'in' then ordered
            when 'on_or_after' then sum(ordered_last) over (
                partition by cohort order by period rows between current row and unbounded following)
            when 'by' then sum(ordered_again) over (
                partition by cohort order by period rows between unbounded preceding and current row)
        end as active
    from grid
)
select
    starts.starts_on as cohort,
    cast(counted.period - counted.cohort as integer) as age,
    cast(counted.customers as bigint) as cohort_customers,
    cast(counted.active as bigint) as active_customers,
    counted.active / counted.customers as retained_share,
    wilson_low(counted.active, counted.customers) as low,
    wilson_high(counted.active, counted.customers) as high,
    cast(counted.orders as bigint) as orders,
    cast(counted.revenue as double) as revenue,
    counted.is_complete
from counted
join calendar as starts on starts.period = counted.cohort
order by cohort, age
