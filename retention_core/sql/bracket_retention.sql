-- One row per monthly cohort and bracket of days since the customer's own first order.
-- cohort: first day of the month of the first order; cohort_customers: its size; from_day, to_day: the bracket holds
-- orders from from_day on and before to_day; active_customers: ordered in it; retained_share of the cohort, low, high: its
-- 95 % Wilson interval; orders, revenue: in the bracket. is_complete: the month is over and its youngest customer has
-- lived through the bracket; one that not even the oldest has entered has no row.
-- $edges = [0, 31, 91, 181, 366]: first day of each bracket, and the day after the last one
with brackets as (
    select from_day, lead(from_day) over (order by from_day) as to_day
    from (select unnest($edges) as from_day) as edges
),
cells as (
    select
        cast(date_trunc('month', orders.first_on) as date) as cohort,
        brackets.from_day,
        count(case when orders.previous_on is null or orders.previous_on - orders.first_on < brackets.from_day then 1 end)
            as active_customers,
        count(*) as orders,
        sum(orders.amount) as revenue
    from orders
    join brackets
        on orders.ordered_on - orders.first_on >= brackets.from_day
        and orders.ordered_on - orders.first_on < brackets.to_day
    group by cohort, brackets.from_day
),
sizes as (
    select
        cast(date_trunc('month', first_on) as date) as cohort,
        count(*) as customers,
        min(first_on) as oldest_on,
        max(first_on) as youngest_on
    from customers
    group by cohort
)
select
    sizes.cohort,
    cast(brackets.from_day as integer) as from_day,
    cast(brackets.to_day as integer) as to_day,
    sizes.customers as cohort_customers,
    coalesce(cells.active_customers, 0) as active_customers,
    coalesce(cells.active_customers, 0) / sizes.customers as retained_share,
    wilson_low(coalesce(cells.active_customers, 0), sizes.customers) as low,
    wilson_high(coalesce(cells.active_customers, 0), sizes.customers) as high,
    coalesce(cells.orders, 0) as orders,
    cast(coalesce(cells.revenue, 0) as double) as revenue,
    $observed_on - sizes.youngest_on >= brackets.to_day - 1 and last_day(sizes.cohort) <= $observed_on as is_complete
from sizes
join brackets on brackets.to_day is not null and $observed_on - sizes.oldest_on >= brackets.from_day
left join cells on cells.cohort = sizes.cohort and cells.from_day = brackets.from_day
order by cohort, from_day
