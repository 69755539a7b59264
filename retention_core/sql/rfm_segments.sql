-- One row per named segment: customers, orders, revenue in the file's currency, and its share of customers and revenue
-- (customers_share, revenue_share).
with scored as (
    select r_score, f_score, count(*) as customers, sum(orders) as orders, sum(revenue) as revenue
    from customers
    group by r_score, f_score
)
select
    segments.segment,
    cast(sum(scored.customers) as bigint) as customers,
    cast(sum(scored.orders) as bigint) as orders,
    cast(sum(scored.revenue) as double) as revenue,
    sum(scored.customers) / sum(sum(scored.customers)) over () as customers_share,
    cast(sum(scored.revenue) as double) / nullif(sum(cast(sum(scored.revenue) as double)) over (), 0) as revenue_share
from scored
join segments on segments.r_score = scored.r_score and segments.f_score = scored.f_score
group by segments.segment
order by revenue desc, segment
