-- customer_codes: one row per customer, numbered in the order in which they first bought.
create or replace temp table customer_codes as
select
    cast(row_number() over (order by first_ordered_at, customer_id) - 1 as integer) as customer,
    customer_id
from (
    select customer_id, min(ordered_at) as first_ordered_at
    from clean_orders
    group by customer_id
) as firsts
