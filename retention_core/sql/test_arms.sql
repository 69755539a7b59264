-- One row per randomised test among the events, and arm of it that is held against its control group. Assignments are
-- events whose detail reads "<test>:<arm>"; a test has an arm called control.
-- test; arm; customers: put into the arm
with assignments as (
    select
        split_part(detail, ':', 1) as test,
        split_part(detail, ':', 2) as arm,
        count(distinct customer_id) as customers
    from clean_events
    where regexp_full_match(detail, '[^:]+:[^:]+')
    group by test, arm
),
controls as (
    select test
    from assignments
    where arm = 'control'
)
select assignments.test, assignments.arm, assignments.customers
from assignments
join controls on controls.test = assignments.test
where assignments.arm <> 'control'
order by assignments.test, assignments.arm
