-- One row: gap_days, the days that 90 % of the gaps between a customer's order days do not exceed; gaps: how many there are.
with counted as (
    select wait_before, count(*) as gaps from order_days where wait_before > 0 group by wait_before
),
by_length as (
    select waits.days, sum(counted.gaps) as gaps
    from counted
    join waits on waits.wait = counted.wait_before
    group by waits.days
),
ranked as (
    select
        days,
        sum(gaps) over (order by days) as gaps_by_then,
        0.9 * (sum(gaps) over () - 1) as place
    from by_length
),
around as (
    -- The place falls between two gaps of the sorted row: a quantile lies on the line between them.
    select
        max(gaps_by_then) as gaps,
        max(place) as place,
        min(case when gaps_by_then > floor(place) then days end) as lower,
        min(case when gaps_by_then > ceil(place) then days end) as upper
    from ranked
)
select
    cast(lower + (upper - lower) * (place - floor(place)) as double) as gap_days,
    cast(coalesce(gaps, 0) as bigint) as gaps
from around
