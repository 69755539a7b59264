-- One row per cohort, as cohort_worth, its money less what the goods cost: see margin_cells for orders that tell no cost.
-- Columns as cohort_worth: first_revenue, revenue, revenue_squares and negative_revenue are of margin.
with average as (
    select cast(sum(cost) as double) / nullif(cast(sum(amount) as double), 0) as cost_share
    from temp.orders
    where cost is not null
),
left_over as (
    select
        orders.customer,
        any_value(orders.first_on) as first_on,
        sum(case when orders.ordered_on = orders.first_on then orders.amount
            - coalesce(orders.cost, cast(orders.amount * average.cost_share as decimal(18, 4))) end) as first_margin,
        sum(orders.amount - coalesce(orders.cost, cast(orders.amount * average.cost_share as decimal(18, 4)))) as margin
    from orders
    cross join average
    group by orders.customer
)
select
    cast(date_trunc('month', first_on) as date) as cohort,
    count(*) as cohort_customers,
    cast(sum(first_margin) as double) as first_revenue,
    cast(sum(margin) as double) as revenue,
    sum(cast(margin as double) * cast(margin as double)) as revenue_squares,
    cast(coalesce(sum(case when margin < 0 then margin end), 0) as double) as negative_revenue
from left_over
group by date_trunc('month', first_on)
order by cohort
