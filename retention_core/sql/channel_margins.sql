-- One row per channel, as channel_worth, its money less what the goods cost: see margin_cells for orders that tell no cost.
-- Columns as channel_worth: every column of revenue, and the squares, are of margin.
-- $span_days = 365: the days of that year
with average as (
    select cast(sum(cost) as double) / nullif(cast(sum(amount) as double), 0) as cost_share
    from temp.orders
    where cost is not null
),
earned as (
    select
        orders.customer, orders.first_attributes_id, orders.first_on, orders.ordered_on,
        orders.amount - coalesce(orders.cost, cast(orders.amount * average.cost_share as decimal(18, 4))) as margin
    from orders
    cross join average
),
spans as (
    select
        any_value(first_attributes_id) as first_attributes_id,
        any_value($observed_on - first_on >= $span_days) as is_observed,
        sum(margin) as margin,
        sum(case when ordered_on = first_on then margin end) as first_margin,
        coalesce(sum(case when ordered_on - first_on <= $span_days then margin end), 0) as year_margin
    from earned
    group by customer
)
select
    attributes.channel,
    count(*) as customers,
    cast(sum(spans.margin) as double) as revenue,
    cast(sum(spans.first_margin) as double) as first_revenue,
    count(case when spans.is_observed then 1 end) as year_customers,
    cast(coalesce(sum(case when spans.is_observed then spans.first_margin end), 0) as double) as year_first_revenue,
    cast(coalesce(sum(case when spans.is_observed then spans.year_margin end), 0) as double) as year_revenue,
    coalesce(sum(case when spans.is_observed then cast(spans.year_margin as double) * cast(spans.year_margin as double) end), 0)
        as year_squares,
    count(case when not spans.is_observed then 1 end) as new_customers,
    cast(coalesce(sum(case when not spans.is_observed then spans.margin end), 0) as double) as new_revenue,
    coalesce(sum(case when not spans.is_observed then cast(spans.margin as double) * cast(spans.margin as double) end), 0)
        as new_squares,
    cast(coalesce(sum(case when spans.margin < 0 then spans.margin end), 0) as double) as negative_revenue
from spans
join attributes on attributes.attributes_id = spans.first_attributes_id
group by attributes.channel
order by customers desc, attributes.channel
