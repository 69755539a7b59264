-- One row per channel of the first order, cohort and age with an order: what was paid, and what of it was left.
-- channel: '' where the file is silent; cohort: first day of the month of the first order; age: months since; revenue: in the
-- file's currency; margin: revenue less what the goods cost. An order that tells no cost is taken to cost as much of its
-- amount as the others of the shop do (cost_share of known_costs); null where no order tells one.
with average as (
    select cast(sum(cost) as double) / nullif(cast(sum(amount) as double), 0) as cost_share
    from temp.orders
    where cost is not null
),
cells as (
    select
        orders.first_attributes_id,
        date_trunc('month', orders.first_on) as cohort,
        (year(orders.ordered_on) - year(orders.first_on)) * 12 + month(orders.ordered_on) - month(orders.first_on) as age,
        sum(orders.amount) as revenue,
        sum(orders.amount - coalesce(orders.cost, cast(orders.amount * average.cost_share as decimal(18, 4)))) as margin
    from orders
    cross join average
    group by orders.first_attributes_id, cohort, age
)
select
    attributes.channel,
    cast(cells.cohort as date) as cohort,
    cast(cells.age as integer) as age,
    cast(sum(cells.revenue) as double) as revenue,
    cast(sum(cells.margin) as double) as margin
from cells
join attributes on attributes.attributes_id = cells.first_attributes_id
group by attributes.channel, cells.cohort, cells.age
order by attributes.channel, cohort, cells.age
