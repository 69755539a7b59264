-- One row per arm of a randomised test, from events whose detail reads "<test>:<arm>"; of two, a customer's first counts.
-- arm; assigned: customers with one order put into it; first_on, last_on: first days of assignment and last;
-- customers: of them, those observed for $window_days days since their assignment; ordered_again: of these, on a later
-- day, up to $window_days days later; share, low, high: with its 95 % Wilson interval; in_other_arms: assigned, and to
-- another arm, too.
-- $test = 'test': name of the test
-- $window_days = 365: time given to order again, in days
with assignments as (
    select
        customer_ids.customer,
        cast(min(clean_events.occurred_at) as date) as assigned_on,
        arg_min(substr(clean_events.detail, length($test) + 2), clean_events.occurred_at) as arm,
        count(distinct clean_events.detail) as arms
    from clean_events
    join customer_ids on customer_ids.customer_id = clean_events.customer_id
    where starts_with(clean_events.detail, $test || ':')
    group by customer_ids.customer
),
entered as (
    -- Not those who had returned before, nor those assigned before their first order: of these only buyers are known.
    select assignments.*
    from assignments
    join customers on customers.customer = assignments.customer
    where customers.first_on <= assignments.assigned_on
        and (customers.second_on is null or customers.second_on >= assignments.assigned_on)
),
assigned as (
    -- What is ordered on the day of the assignment may come before it.
    select
        entered.arm,
        entered.arms,
        entered.assigned_on,
        $observed_on - entered.assigned_on >= $window_days as is_observed,
        min(order_days.ordered_on) - entered.assigned_on <= $window_days as has_ordered_again
    from entered
    left join order_days
        on order_days.customer = entered.customer and order_days.ordered_on > entered.assigned_on
    group by entered.customer, entered.arm, entered.arms, entered.assigned_on
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
