-- One row: the 365 days up to the last observed day. customers who ordered in them, orders, revenue in the file's currency.
select
    count(case when previous_on is null or $observed_on - previous_on >= 365 then 1 end) as customers,
    count(*) as orders,
    cast(coalesce(sum(amount), 0) as double) as revenue
from orders
where $observed_on - ordered_on < 365
