-- One row per percentage: what share of the revenue the best customers bring.
-- top_share: 0.1 is the best tenth of customers, rounded up to whole customers.
with ranked as (
    select
        revenue,
        row_number() over (order by revenue desc, customer) as place,
        count(*) over () as customers,
        sum(revenue) over () as total
    from customers
),
tops as (
    select unnest([0.1, 0.2]) as top_share
)
select
    cast(tops.top_share as double) as top_share,
    count(case when ranked.place <= ceil(tops.top_share * ranked.customers) then 1 end) as top_customers,
    any_value(ranked.customers) as customers,
    cast(sum(case when ranked.place <= ceil(tops.top_share * ranked.customers) then ranked.revenue end) as double)
        as top_revenue,
    cast(any_value(ranked.total) as double) as revenue
from tops
cross join ranked
group by tops.top_share
order by tops.top_share
