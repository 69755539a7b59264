-- One row per stage, as in audiences: whom the levers reach by what customers buy. stage, customers: in it;
-- same_product: bought one product on two days or more.
-- $lapse_days = 180: days of silence
with bought as (
    select
        orders.customer,
        lines.product_id,
        min(orders.ordered_on) < max(orders.ordered_on) as is_repeated
    from clean_order_lines as lines
    join orders on orders.order_id = lines.order_id
    where lines.product_id is not null
    group by orders.customer, lines.product_id
),
faithful as (
    select distinct customer from bought where is_repeated
),
staged as (
    select
        customer,
        case
            when $observed_on - last_on > $lapse_days then 'lapsed'
            when second_on is null then 'one_order'
            else 'repeat'
        end as stage
    from customers
    union all
    select customer, 'new' as stage from customers where $observed_on - first_on < 365
)
select
    staged.stage,
    count(*) as customers,
    count(faithful.customer) as same_product
from staged
left join faithful on faithful.customer = staged.customer
group by staged.stage
order by staged.stage
