-- One row per stage that customers were in at the origin, $days_back days before the end of the data: stage: one_order,
-- repeat, or lapsed (silent for more than $lapse_days); customers in it; ordered_again: of them, on a day since the origin.
-- $days_back = 365: days from the origin to the last observed day
-- $lapse_days = 180: days of silence
with staged as (
    -- The last order day before the origin: no later one, or one that is not before it.
    select
        next_on is not null as has_ordered_again,
        cast(case
            when $observed_on - $days_back - ordered_on > $lapse_days then 2
            when order_number = 1 then 0
            else 1
        end as tinyint) as stage
    from order_days
    where ordered_on <= $observed_on - $days_back
        and (next_on is null or next_on > $observed_on - $days_back)
)
select
    case stage when 0 then 'one_order' when 1 then 'repeat' else 'lapsed' end as stage,
    count(*) as customers,
    count(case when has_ordered_again then 1 end) as ordered_again
from staged
group by stage
order by stage
