-- waits: one row per wait that order_days can name: after which order day, how long, and whether it is over.
-- wait: days × 10 + twice order_number - 2 + is_over; order_number: 1 to 4, 5 for the fifth and all later order days.
-- Small numbers in a row: what a query wants to know of a wait is looked up by place instead of worked out ten million times.
create or replace temp table waits as
select
    cast(wait as integer) as wait,
    cast(wait % 10 // 2 + 1 as integer) as order_number,
    cast(wait // 10 as integer) as days,
    wait % 2 = 1 as is_over
from (
    select unnest(generate_series(0, 10 * (cast($observed_on as date) - cast($first_on as date)) + 9)) as wait
) as numbered
