-- One row per month, from_stage and to_stage: customers who moved so in it; each move counts, day by day. month: its first
-- day; is_complete: it is over. Stages by silence, the days without an order since the last day with one: at_risk: longer
-- than at_risk_days; lapsed: than lapsed_days; lost: than lost_days; before that new (one order day), won_back (the last
-- order ended a silence of lapsed or lost) or active. stranger: not a customer yet. Each day is looked at when it is over.
-- $at_risk_days = [90, 90, 90, 90, 90]: one limit per order number, 1 to 4 and 5 for the fifth and all later orders
-- $lapsed_days = [180, 180, 180, 180, 180]: the same, each above that of at_risk_days
-- $lost_days = [360, 360, 360, 360, 360]: the same, each above that of lapsed_days
with limits as (
    select
        cast(unnest(generate_series(1, 5)) as integer) as order_number,
        cast(unnest($at_risk_days) as integer) as at_risk_days,
        cast(unnest($lapsed_days) as integer) as lapsed_days,
        cast(unnest($lost_days) as integer) as lost_days
),
days as (
    -- is_back: this order ended a silence of lapsed or lost. reached: how far the silence after it went: 0 not at risk,
    -- 1 at risk, 2 lapsed, 3 lost, 4 it still goes on.
    select
        least(order_number, 5) as order_number,
        days_before is not null and days_before > $lapsed_days[least(order_number - 1, 5)] + 1 as is_back,
        ordered_on,
        next_on,
        case
            when days_after is null then 4
            when days_after <= $at_risk_days[least(order_number, 5)] + 1 then 0
            when days_after <= $lapsed_days[least(order_number, 5)] + 1 then 1
            when days_after <= $lost_days[least(order_number, 5)] + 1 then 2
            else 3
        end as reached
    from order_days
),
silences as (
    select
        order_number,
        case when order_number = 1 then 'new' when is_back then 'won_back' else 'active' end as fresh,
        reached,
        ordered_on,
        count(*) as customers
    from days
    where reached > 0
    group by order_number, is_back, reached, ordered_on
),
returns as (
    select
        case when order_number = 1 then 'new' when is_back then 'won_back' else 'active' end as fresh,
        reached,
        next_on,
        count(*) as customers
    from days
    where reached < 4 and (reached > 0 or order_number = 1 or is_back)
    group by order_number, is_back, reached, next_on
),
moves as (
    select first_on as moved_on, 'stranger' as from_stage, 'new' as to_stage, count(*) as customers
    from customers
    group by first_on
    union all
    select ordered_on + at_risk_days + 1 as moved_on, fresh as from_stage, 'at_risk' as to_stage, customers
    from silences
    join limits on limits.order_number = silences.order_number
    union all
    select ordered_on + lapsed_days + 1 as moved_on, 'at_risk' as from_stage, 'lapsed' as to_stage, customers
    from silences
    join limits on limits.order_number = silences.order_number
    where reached >= 2
    union all
    select ordered_on + lost_days + 1 as moved_on, 'lapsed' as from_stage, 'lost' as to_stage, customers
    from silences
    join limits on limits.order_number = silences.order_number
    where reached >= 3
    union all
    select
        next_on as moved_on,
        case reached when 0 then fresh when 1 then 'at_risk' when 2 then 'lapsed' else 'lost' end as from_stage,
        case when reached >= 2 then 'won_back' else 'active' end as to_stage,
        customers
    from returns
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
