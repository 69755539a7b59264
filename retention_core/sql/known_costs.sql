-- One row: how many orders tell what their goods cost, and what that says of the others.
-- orders: all; orders_with_cost: those whose cost is known; revenue, revenue_with_cost: their money, in the file's currency;
-- cost: of the known ones; cost_share: cost / revenue of all orders of the shop whose cost is known, whatever the filter:
-- what the others are taken to cost of their amount; null where no order tells a cost.
select
    count(*) as orders,
    count(cost) as orders_with_cost,
    cast(coalesce(sum(amount), 0) as double) as revenue,
    cast(coalesce(sum(case when cost is not null then amount end), 0) as double) as revenue_with_cost,
    cast(coalesce(sum(cost), 0) as double) as cost,
    (
        select cast(sum(cost) as double) / nullif(cast(sum(amount) as double), 0)
        from temp.orders
        where cost is not null
    ) as cost_share
from orders
