-- One row per period after the first one: period and starts_at are its first day, ends_at the day after it.
-- customers_start (S), customers_end (E): customers with an order in the $window_days before the period's start, end.
-- new_customers (N): first order ever in the period and active at its end; retained: in S and in E;
-- reactivated: in E, bought before, not in S. crr = (E - N) / S; crr_strict = retained / S; churn = 1 - crr_strict.
-- is_complete: the period is over and the window before its start lies within the data.
-- $grain = 'month': week, month or quarter
-- $window_days = 365: activity window in days; null: a customer is active for ever
with spells as (
    select
        period, next_period, days_left,
        count(*) as customers,
        count(*) - count(previous_on) as new_customers,
        count(case when days_away > $window_days then 1 end) as reactivated
    from customer_periods
    group by period, next_period, days_left
),
actives as (
    select calendar.period, sum(spells.customers) as customers_end
    from spells
    join calendar as last_order on last_order.period = spells.period
    join calendar
        on calendar.period >= spells.period
        and (spells.next_period is null or spells.next_period > calendar.period)
        and ($window_days is null or calendar.ends_on - last_order.ends_on + spells.days_left <= $window_days)
    group by calendar.period
),
arrivals as (
    select period, sum(new_customers) as new_customers, sum(reactivated) as reactivated
    from spells
    where $window_days is null or days_left <= $window_days
    group by period
),
counted as (
    select
        calendar.period, calendar.starts_on, calendar.ends_on,
        coalesce(before.customers_end, 0) as customers_start,
        coalesce(actives.customers_end, 0) as customers_end,
        coalesce(arrivals.new_customers, 0) as new_customers,
        coalesce(actives.customers_end, 0) - coalesce(arrivals.new_customers, 0) - coalesce(arrivals.reactivated, 0) as retained,
        coalesce(arrivals.reactivated, 0) as reactivated,
        calendar.is_complete
            and ($window_days is null or calendar.starts_on - calendar.data_starts_on >= $window_days) as is_complete
    from calendar
    join calendar as earlier on earlier.period = calendar.period - 1
    left join actives as before on before.period = earlier.period
    left join actives on actives.period = calendar.period
    left join arrivals on arrivals.period = calendar.period
)
select
    starts_on as period,
    starts_on as starts_at,
    ends_on as ends_at,
    cast(customers_start as bigint) as customers_start,
    cast(customers_end as bigint) as customers_end,
    cast(new_customers as bigint) as new_customers,
    cast(retained as bigint) as retained,
    cast(reactivated as bigint) as reactivated,
    (customers_end - new_customers) / nullif(customers_start, 0) as crr,
    retained / nullif(customers_start, 0) as crr_strict,
    1 - retained / nullif(customers_start, 0) as churn,
    is_complete
from counted
order by period
