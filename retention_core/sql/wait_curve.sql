-- One row per order number and day after that order on which a customer ordered again or left observation.
-- order_number: 1 to 4, 5 for the fifth and all later ones, 0 for all together; at_risk: customers not back yet and still
-- observed before that day; ordered: the next orders on it; share: back by that day, among all, were all observed so long;
-- low, high: 95 % Greenwood band (log-log), which takes repeated waits of one customer (5 and 0) for different customers.
-- Kaplan and Meier 1958: whoever has not come back counts until the last observed day. Orders of one day are one.
-- $order_number = null: this one only; null: all of them
with counted as (
    select wait, count(*) as customers from order_days group by wait
),
numbered as (
    select
        waits.order_number,
        waits.days as day,
        sum(case when waits.is_over then counted.customers else 0 end) as ordered,
        sum(counted.customers) as leaving
    from counted
    join waits on waits.wait = counted.wait
    group by waits.order_number, waits.days
    union all
    select
        0 as order_number,
        waits.days as day,
        sum(case when waits.is_over then counted.customers else 0 end) as ordered,
        sum(counted.customers) as leaving
    from counted
    join waits on waits.wait = counted.wait
    group by waits.days
),
ranked as (
    select
        order_number,
        day,
        ordered,
        sum(leaving) over (
            partition by order_number order by day rows between current row and unbounded following) as at_risk
    from numbered
    where $order_number is null or order_number = $order_number
),
survived as (
    select
        order_number,
        day,
        at_risk,
        ordered,
        exp(sum(case when ordered < at_risk then ln(1 - ordered / at_risk) else -1e9 end) over days) as waiting,
        sum(case when ordered < at_risk then ordered / (cast(at_risk as double) * (at_risk - ordered)) end) over days
            as greenwood
    from ranked
    window days as (partition by order_number order by day rows between unbounded preceding and current row)
)
select
    cast(order_number as integer) as order_number,
    day,
    cast(at_risk as bigint) as at_risk,
    cast(ordered as bigint) as ordered,
    1 - waiting as share,
    case when waiting > 0 and waiting < 1
        then 1 - pow(waiting, exp(-1.959964 * sqrt(greenwood) / abs(ln(waiting)))) else 1 - waiting end as low,
    case when waiting > 0 and waiting < 1
        then 1 - pow(waiting, exp(1.959964 * sqrt(greenwood) / abs(ln(waiting)))) else 1 - waiting end as high
from survived
where day > 0
order by order_number, day
