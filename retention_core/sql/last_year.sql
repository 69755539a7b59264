-- One row: the 365 days up to the last observed day. customers who ordered in them, orders, revenue in the file's currency;
-- revenue_squares: sum over those customers of their revenue squared, for the error of a mean; most_revenue: of the one who
-- brought most.
with buyers as (
    select
        customer,
        count(*) as orders,
        sum(amount) as revenue
    from orders
    where $observed_on - ordered_on < 365
    group by customer
)
select
    count(*) as customers,
    cast(coalesce(sum(orders), 0) as bigint) as orders,
    cast(coalesce(sum(revenue), 0) as double) as revenue,
    coalesce(sum(cast(revenue as double) * cast(revenue as double)), 0) as revenue_squares,
    cast(coalesce(max(revenue), 0) as double) as most_revenue
from buyers
