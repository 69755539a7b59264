-- One row per arm of a randomised test, from events whose detail reads "<test>:<arm>"; of two, a customer's first counts.
-- arm; assigned: customers put into it (before their second order); first_on, last_on: first days of assignment and last;
-- customers: of them, those observed for $window_days days since their first order; ordered_again: of these, on another day
-- within $window_days days; share, low, high: with its 95 % Wilson interval; in_other_arms: assigned, and to another arm, too.
-- $test = 'test': name of the test
-- $window_days = 365: time given to order again, in days
with assignments as (
    select
        customer_id,
        min(occurred_at) as assigned_at,
        arg_min(substr(detail, length($test) + 2), occurred_at) as arm,
        count(distinct detail) as arms
    from clean_events
    where starts_with(detail, $test || ':')
    group by customer_id
),
assigned as (
    select
        assignments.arm,
        assignments.arms,
        cast(assignments.assigned_at as date) as assigned_on,
        $observed_on - customers.first_on >= $window_days as is_observed,
        customers.second_on - customers.first_on <= $window_days as has_ordered_again
    from assignments
    join customer_ids on customer_ids.customer_id = assignments.customer_id
    join customers on customers.customer = customer_ids.customer
    where customers.second_on is null or customers.second_on >= cast(assignments.assigned_at as date)
),
counted as (
    select
        arm,
        count(*) as assigned,
        min(assigned_on) as first_on,
        max(assigned_on) as last_on,
        count(case when is_observed then 1 end) as customers,
        count(case when is_observed and has_ordered_again then 1 end) as ordered_again,
        count(case when arms > 1 then 1 end) as in_other_arms
    from assigned
    group by arm
)
select
    arm,
    assigned,
    first_on,
    last_on,
    customers,
    ordered_again,
    ordered_again / nullif(customers, 0) as share,
    wilson_low(ordered_again, customers) as low,
    wilson_high(ordered_again, customers) as high,
    in_other_arms
from counted
order by arm
