-- One row per channel of the first order, cohort, age and product category: revenue, for margins that differ by category.
-- channel: '' where the file is silent; cohort: first day of the month of the first order; age: months since; category: of the
-- order lines, '' where they are silent; revenue: what was paid for the order, shared out as its lines are, in the file's currency.
with categories as (
    select order_id, coalesce(category, '') as category, cast(sum(amount) as double) as amount
    from clean_order_lines
    group by order_id, coalesce(category, '')
),
shares as (
    select order_id, category, amount / sum(amount) over (partition by order_id) as share
    from categories
    where amount > 0
),
parts as (
    select
        orders.first_attributes_id,
        date_trunc('month', orders.first_on) as cohort,
        (year(orders.ordered_on) - year(orders.first_on)) * 12 + month(orders.ordered_on) - month(orders.first_on) as age,
        -- An order without lines that are worth something belongs to no category.
        coalesce(shares.category, '') as category,
        orders.amount * coalesce(shares.share, 1) as revenue
    from orders
    left join shares on shares.order_id = orders.order_id
),
cells as (
    select first_attributes_id, cohort, age, category, sum(revenue) as revenue
    from parts
    group by first_attributes_id, cohort, age, category
)
select
    attributes.channel,
    cast(cells.cohort as date) as cohort,
    cast(cells.age as integer) as age,
    cells.category,
    sum(cells.revenue) as revenue
from cells
join attributes on attributes.attributes_id = cells.first_attributes_id
group by attributes.channel, cells.cohort, cells.age, cells.category
order by attributes.channel, cohort, cells.age, cells.category
