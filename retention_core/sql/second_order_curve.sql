-- One row per day since the first order on which a customer ordered again or left observation (Kaplan and Meier 1958).
-- at_risk: customers without a second order and still observed before that day; ordered: second orders on it;
-- share: ordered again by that day, among all, were all observed so long; low, high: 95 % Greenwood band (log-log).
-- Customers without a second order count until the last observed day.
with waits as (
    select
        cast(coalesce(second_on, $observed_on) - first_on as integer) as day,
        count(second_on) as ordered,
        count(*) as leaving
    from customers
    group by day
),
ranked as (
    select
        day,
        ordered,
        sum(leaving) over (order by day rows between current row and unbounded following) as at_risk
    from waits
),
survived as (
    select
        day,
        at_risk,
        ordered,
        exp(sum(case when ordered < at_risk then ln(1 - ordered / at_risk) else -1e9 end) over days) as waiting,
        sum(case when ordered < at_risk then ordered / (cast(at_risk as double) * (at_risk - ordered)) end) over days
            as greenwood
    from ranked
    window days as (order by day rows between unbounded preceding and current row)
)
select
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
order by day
