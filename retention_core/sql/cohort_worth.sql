-- One row per cohort: what its customers have brought to date, in the file's currency.
-- cohort: first day of the month of the first order; cohort_customers; first_revenue: on the day of the first order; revenue:
-- to date; revenue_squares: sum over customers of its square, for the error of the mean; negative_revenue: of those of whom
-- less than nothing is left.
with days as (
    -- By day first: whole days fit an array, months would have to be hashed.
    select
        first_on,
        count(*) as customers,
        sum(first_day_revenue) as first_revenue,
        sum(revenue) as revenue,
        sum(case when revenue < 0 then revenue else 0 end) as negative_revenue,
        sum(cast(revenue as double) * cast(revenue as double)) as squares
    from customers
    group by first_on
)
select
    cast(date_trunc('month', first_on) as date) as cohort,
    cast(sum(customers) as bigint) as cohort_customers,
    cast(sum(first_revenue) as double) as first_revenue,
    cast(sum(revenue) as double) as revenue,
    sum(squares) as revenue_squares,
    cast(sum(negative_revenue) as double) as negative_revenue
from days
group by date_trunc('month', first_on)
order by cohort
