-- One row per day with first orders: first_on; customers who first ordered on it; of these, how many have ordered again on
-- another day within so many days of their first order as far as observed: again_90, again_180, again_365; waiting: have
-- not ordered again at all.
select
    first_on,
    count(*) as customers,
    count(case when second_on - first_on <= 90 then 1 end) as again_90,
    count(case when second_on - first_on <= 180 then 1 end) as again_180,
    count(case when second_on - first_on <= 365 then 1 end) as again_365,
    count(*) - count(second_on) as waiting
from customers
group by first_on
order by first_on
