-- One row per order_number: 1 to 4, 5 for the fifth and all later orders, 0 for all together. Gaps are days from an order
-- to the next order day of the same customer. customers: orders with that number (each customer once, but for 5 and 0);
-- returned: those with a next one. lower_quartile_days, median_days, upper_quartile_days, ninetieth_days: the gap that
-- 25, 50, 75, 90 % of the returning gaps do not exceed (empty: nobody returned). still_young: not back, and not observed
-- for ninetieth_days yet. Long gaps of young customers have not happened yet, so these figures are too small where
-- still_young is a large part: wait_curve counts those customers as well.
with counted_waits as (
    select wait, count(*) as customers from order_days group by wait
),
gaps as (
    select
        waits.order_number,
        waits.days as gap_days,
        case when waits.is_over then counted_waits.customers else 0 end as returned,
        case when waits.is_over then 0 else counted_waits.customers end as waiting
    from counted_waits
    join waits on waits.wait = counted_waits.wait
),
numbered as (
    select order_number, gap_days, sum(returned) as returned, sum(waiting) as waiting
    from gaps
    group by order_number, gap_days
    union all
    select 0 as order_number, gap_days, sum(returned) as returned, sum(waiting) as waiting from gaps group by gap_days
),
counted as (
    select
        order_number, gap_days, returned, waiting,
        sum(returned) over (partition by order_number order by gap_days) as returned_by_then,
        sum(returned) over (partition by order_number) as all_returned
    from numbered
),
summed as (
    select
        order_number,
        sum(returned + waiting) as customers,
        sum(returned) as returned,
        min(case when returned > 0 and returned_by_then >= 0.25 * all_returned then gap_days end) as lower_quartile_days,
        min(case when returned > 0 and returned_by_then >= 0.5 * all_returned then gap_days end) as median_days,
        min(case when returned > 0 and returned_by_then >= 0.75 * all_returned then gap_days end) as upper_quartile_days,
        min(case when returned > 0 and returned_by_then >= 0.9 * all_returned then gap_days end) as ninetieth_days
    from counted
    group by order_number
)
select
    cast(summed.order_number as integer) as order_number,
    cast(summed.customers as bigint) as customers,
    cast(summed.returned as bigint) as returned,
    cast(summed.lower_quartile_days as double) as lower_quartile_days,
    cast(summed.median_days as double) as median_days,
    cast(summed.upper_quartile_days as double) as upper_quartile_days,
    cast(summed.ninetieth_days as double) as ninetieth_days,
    cast(coalesce(sum(case when counted.gap_days < summed.ninetieth_days then counted.waiting end), 0) as bigint)
        as still_young
from summed
join counted on counted.order_number = summed.order_number
group by
    summed.order_number, summed.customers, summed.returned, summed.lower_quartile_days, summed.median_days,
    summed.upper_quartile_days, summed.ninetieth_days
order by order_number
