-- One row per month, from_stage and to_stage: customers who moved so in it (each move counts; '' is: not won yet).
-- month: its first day; is_complete: it is over. Stages by silence, the days without an order since the last order day:
-- at_risk: silent longer than at_risk_days; lapsed: than lapsed_days; lost: than lost_days; before that new (one order
-- day), won_back (the last order ended a silence of lapsed or lost) or active. A day counts as a whole: who orders on the
-- day on which they would have become lapsed never were.
-- $at_risk_days: one limit per order number, 1 to 4 and 5 for the fifth and later
-- $lapsed_days: the same, above at_risk_days
-- $lost_days: the same, above lapsed_days
with days as (
    select
        least(order_number, 5) as order_number,
        ordered_on,
        next_on,
        case
            when order_number = 1 then 'new'
            when ordered_on - previous_on - 1 > $lapsed_days[least(order_number - 1, 5)] then 'won_back'
            else 'active'
        end as fresh
    from order_days
),
limits as (
    select
        cast(unnest(generate_series(1, 5)) as integer) as order_number,
        cast(unnest($at_risk_days) as integer) as at_risk_days,
        cast(unnest($lapsed_days) as integer) as lapsed_days,
        cast(unnest($lost_days) as integer) as lost_days
),
silences as (
    select
        days.order_number,
        days.fresh,
        days.ordered_on,
        count(*) as customers,
        count(case when next_on is null or next_on - ordered_on - 1 > at_risk_days then 1 end) as at_risk,
        count(case when next_on is null or next_on - ordered_on - 1 > lapsed_days then 1 end) as lapsed,
        count(case when next_on is null or next_on - ordered_on - 1 > lost_days then 1 end) as lost
    from days
    join limits on limits.order_number = days.order_number
    group by days.order_number, days.fresh, days.ordered_on
),
returns as (
    select
        next_on as moved_on,
        case
            when next_on - ordered_on - 1 > lost_days then 'lost'
            when next_on - ordered_on - 1 > lapsed_days then 'lapsed'
            when next_on - ordered_on - 1 > at_risk_days then 'at_risk'
            else fresh
        end as from_stage,
        count(*) as customers
    from days
    join limits on limits.order_number = days.order_number
    where next_on is not null
    group by moved_on, from_stage
),
moves as (
    select ordered_on as moved_on, '' as from_stage, 'new' as to_stage, customers
    from silences
    where fresh = 'new'
    union all
    select ordered_on + at_risk_days + 1 as moved_on, fresh as from_stage, 'at_risk' as to_stage, at_risk as customers
    from silences
    join limits on limits.order_number = silences.order_number
    union all
    select ordered_on + lapsed_days + 1 as moved_on, 'at_risk' as from_stage, 'lapsed' as to_stage, lapsed as customers
    from silences
    join limits on limits.order_number = silences.order_number
    union all
    select ordered_on + lost_days + 1 as moved_on, 'lapsed' as from_stage, 'lost' as to_stage, lost as customers
    from silences
    join limits on limits.order_number = silences.order_number
    union all
    select
        moved_on,
        from_stage,
        case when from_stage in ('lapsed', 'lost') then 'won_back' else 'active' end as to_stage,
        customers
    from returns
    where from_stage <> 'active'
)
select
    calendars.starts_on as month,
    moves.from_stage,
    moves.to_stage,
    cast(sum(moves.customers) as bigint) as customers,
    calendars.is_complete
from moves
join calendars on calendars.grain = 'month' and moves.moved_on >= calendars.starts_on and moves.moved_on < calendars.ends_on
where moves.moved_on <= $observed_on and moves.customers > 0
group by calendars.starts_on, moves.from_stage, moves.to_stage, calendars.is_complete
order by month, from_stage, to_stage
