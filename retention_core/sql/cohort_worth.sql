-- One row per cohort: what its customers have brought to date, in the file's currency.
-- cohort: first day of the month of the first order; cohort_customers; first_revenue: on the day of the first order; revenue:
-- to date; revenue_squares: sum over customers of its square, for the error of the mean.
select
    cast(date_trunc('month', first_on) as date) as cohort,
    count(*) as cohort_customers,
    cast(sum(first_day_revenue) as double) as first_revenue,
    cast(sum(revenue) as double) as revenue,
    sum(cast(revenue as double) * cast(revenue as double)) as revenue_squares
from customers
group by date_trunc('month', first_on)
order by cohort
