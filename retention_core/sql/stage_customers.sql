-- One row per stage, as of the last observed day: stage (one_order, repeat, or lapsed: silent for more than $lapse_days),
-- customers in it.
-- $lapse_days = 180: days of silence
with staged as (
    select
        case
            when $observed_on - last_on > $lapse_days then 'lapsed'
            when second_on is null then 'one_order'
            else 'repeat'
        end as stage
    from customers
)
select stage, count(*) as customers
from staged
group by stage
order by stage
