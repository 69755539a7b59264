-- One row per quarter of the first order whose customers have all been observed for $window_days days: quarter (its first
-- day), customers; ordered_again: on another day within $window_days days; share, low, high: with its 95 % Wilson interval.
-- $window_days = 365: time given to order again, in days
with days as (
    -- By day first: whole days fit an array, quarters would have to be hashed.
    select first_on, count(*) as customers, count(case when second_on - first_on <= $window_days then 1 end) as ordered_again
    from customers
    group by first_on
),
counted as (
    select
        cast(date_trunc('quarter', first_on) as date) as quarter,
        cast(sum(customers) as bigint) as customers,
        cast(sum(ordered_again) as bigint) as ordered_again
    from days
    group by date_trunc('quarter', first_on)
)
select
    quarter,
    customers,
    ordered_again,
    ordered_again / customers as share,
    wilson_low(ordered_again, customers) as low,
    wilson_high(ordered_again, customers) as high
from counted
where cast(quarter + interval 3 month as date) - 1 + $window_days <= $observed_on
order by quarter
