-- One row per span: of the customers observed for at least $days since their first order, ordered_again did so on another
-- day within it: a share of them. low, high: 95 % Wilson interval.
-- $days = [30, 60, 90, 180, 365]: the spans, in days
with spans as (
    select unnest($days) as days
),
counted as (
    select
        spans.days,
        count(customers.customer) as customers,
        count(case when customers.second_on - customers.first_on <= spans.days then 1 end) as ordered_again
    from spans
    left join (
        select first_on, second_on, 1 as customer from customers
    ) as customers on $observed_on - customers.first_on >= spans.days
    group by spans.days
)
select
    cast(days as integer) as days,
    customers,
    ordered_again,
    ordered_again / nullif(customers, 0) as share,
    wilson_low(ordered_again, customers) as low,
    wilson_high(ordered_again, customers) as high
from counted
order by days
