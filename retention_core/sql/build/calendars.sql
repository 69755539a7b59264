-- calendars: one row per grain and period from the first order to the last observed day.
-- period: whole periods since 1970 (weeks since Monday 1969-12-29); ends_on: first day after it.
-- is_complete: its last day has been observed.
create or replace temp table calendars as
with span as (
    select cast($first_on as date) as data_starts_on, cast($observed_on as date) as observed_on
),
months as (
    select cast(unnest(generate_series(
        date_trunc('month', data_starts_on), date_trunc('month', observed_on), interval 1 month)) as date) as starts_on
    from span
),
weeks as (
    select cast(unnest(generate_series(
        date_trunc('week', data_starts_on), date_trunc('week', observed_on), interval 7 day)) as date) as starts_on
    from span
),
periods as (
    select
        'month' as grain,
        (year(starts_on) - 1970) * 12 + month(starts_on) - 1 as period,
        starts_on,
        cast(starts_on + interval 1 month as date) as ends_on
    from months
    union all
    select
        'quarter' as grain,
        (year(starts_on) - 1970) * 4 + quarter(starts_on) - 1 as period,
        cast(date_trunc('quarter', starts_on) as date) as starts_on,
        cast(date_trunc('quarter', starts_on) + interval 3 month as date) as ends_on
    from months
    union all
    select
        'week' as grain,
        (starts_on - date '1969-12-29') // 7 as period,
        starts_on,
        starts_on + 7 as ends_on
    from weeks
)
select distinct
    periods.grain,
    cast(periods.period as integer) as period,
    periods.starts_on,
    periods.ends_on,
    periods.ends_on <= span.observed_on + 1 as is_complete,
    span.data_starts_on
from periods
cross join span
order by grain, period
