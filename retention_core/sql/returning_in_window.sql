-- One row: of the existing_customers, who first bought before $starts_at, the returning_customers ordered from then until
-- before $ends_at, a share of them. New customers of the window are no part of it. low, high: 95 % Wilson interval.
-- $starts_at: first day of the window
-- $ends_at: first day after the window
-- $window_days = null: count as existing only those with an order in this many days before $starts_at
with rows_at_start as (
    select
        count(case when ordered_on < $starts_at and (next_on is null or next_on >= $starts_at)
            and ($window_days is null or $starts_at - ordered_on <= $window_days) then 1 end) as existing_customers,
        count(case when ordered_on >= $starts_at and ordered_on < $ends_at and previous_on < $starts_at
            and ($window_days is null or $starts_at - previous_on <= $window_days) then 1 end) as returning_customers
    from orders
)
select
    existing_customers,
    returning_customers,
    returning_customers / nullif(existing_customers, 0) as share,
    wilson_low(returning_customers, existing_customers) as low,
    wilson_high(returning_customers, existing_customers) as high
from rows_at_start
