-- One row per month, from_stage and to_stage: customers who moved so in it; each move counts, day by day. month: its first
-- day; is_complete: it is over. Stages by silence, the days without an order since the last day with one: at_risk: longer
-- than at_risk_days; lapsed: than lapsed_days; lost: than lost_days; before that new (one order day), won_back (the last
-- order ended a silence of lapsed or lost) or active. stranger: not a customer yet. Each day is looked at when it is over.
-- $at_risk_days = [90, 90, 90, 90, 90]: one limit per order number, 1 to 4 and 5 for the fifth and all later orders
-- $lapsed_days = [180, 180, 180, 180, 180]: the same, each above that of at_risk_days
-- $lost_days = [360, 360, 360, 360, 360]: the same, each above that of lapsed_days
with silences as (
    -- reached: how far the silence went: 0 not at risk, 1 at risk, 2 lapsed, 3 lost, 4 it still goes on.
    select
        wait,
        order_number,
        case
            when not is_over then 4
            when days <= $at_risk_days[order_number] + 1 then 0
            when days <= $lapsed_days[order_number] + 1 then 1
            when days <= $lost_days[order_number] + 1 then 2
            else 3
        end as reached
    from waits
),
places as not materialized (
    -- Two small numbers whose sum stands for (silence before, order number, silence after): grouping by it is what takes
    -- the time. Before a first order there is no silence: 0.
    select
        wait,
        reached,
        cast(case when reached = 4 then 0 else 25 * reached end as tinyint) as before,
        cast(5 * (order_number - 1) + reached as tinyint) as after
    from silences
),
counted as (
    select order_days.ordered_on, earlier.before + later.after as place, count(*) as customers
    from order_days
    join places as earlier on earlier.wait = order_days.wait_before
    join places as later on later.wait = order_days.wait
    group by order_days.ordered_on, earlier.before + later.after
),
days as (
    select
        ordered_on,
        place // 25 as reached_before,
        place % 25 // 5 + 1 as order_number,
        place % 5 as reached,
        case when place % 25 < 5 then 'new' when place >= 50 then 'won_back' else 'active' end as fresh,
        customers
    from counted
),
soon_again as (
    select order_days.next_on, count(*) as customers
    from order_days
    join places as earlier on earlier.wait = order_days.wait_before
    join places as later on later.wait = order_days.wait
    where earlier.before >= 50 and later.reached = 0
    group by order_days.next_on
),
moves as (
    select ordered_on as moved_on, 'stranger' as from_stage, 'new' as to_stage, customers
    from days
    where order_number = 1
    union all
    select
        ordered_on as moved_on,
        case reached_before when 0 then 'new' when 1 then 'at_risk' when 2 then 'lapsed' else 'lost' end as from_stage,
        case when reached_before >= 2 then 'won_back' else 'active' end as to_stage,
        customers
    from days
    where order_number = 2 or order_number > 2 and reached_before > 0
    union all
    select next_on as moved_on, 'won_back' as from_stage, 'active' as to_stage, customers
    from soon_again
    union all
    select ordered_on + $at_risk_days[order_number] + 1 as moved_on, fresh as from_stage, 'at_risk' as to_stage, customers
    from days
    where reached >= 1
    union all
    select ordered_on + $lapsed_days[order_number] + 1 as moved_on, 'at_risk' as from_stage, 'lapsed' as to_stage, customers
    from days
    where reached >= 2
    union all
    select ordered_on + $lost_days[order_number] + 1 as moved_on, 'lapsed' as from_stage, 'lost' as to_stage, customers
    from days
    where reached >= 3
)
select
    calendars.starts_on as month,
    moves.from_stage,
    moves.to_stage,
    cast(sum(moves.customers) as bigint) as customers,
    calendars.is_complete
from moves
join calendars on calendars.grain = 'month' and calendars.starts_on = cast(date_trunc('month', moves.moved_on) as date)
where moves.moved_on <= $observed_on
group by calendars.starts_on, moves.from_stage, moves.to_stage, calendars.is_complete
order by month, from_stage, to_stage
