-- One row per percentage: what share of the revenue the best customers bring.
-- top_share: 0.1 is the best tenth of all customers, top_customers: so many, rounded up; top_revenue: theirs, of all revenue.
with edges as (
    select
        count(*) as customers,
        sum(revenue) as revenue,
        unnest([0.1, 0.2]) as top_share,
        unnest(quantile_disc(revenue, [0.9, 0.8])) as edge
    from customers
),
tops as (
    select
        edges.top_share,
        any_value(edges.edge) as edge,
        any_value(edges.customers) as customers,
        any_value(edges.revenue) as revenue,
        count(case when customers.revenue > edges.edge then 1 end) as customers_above,
        sum(case when customers.revenue > edges.edge then customers.revenue else 0 end) as revenue_above
    from edges
    cross join customers
    group by edges.top_share
)
select
    cast(top_share as double) as top_share,
    cast(ceil(top_share * customers) as bigint) as top_customers,
    customers,
    -- Customers who stand exactly on the edge fill the places that those above it leave.
    cast(revenue_above + (ceil(top_share * customers) - customers_above) * edge as double) as top_revenue,
    cast(revenue as double) as revenue
from tops
order by top_share
