-- One row: is the same product bought again? returning_customers: ordered on a second day, with products known then;
-- bought_again: of them, those who ever took a product a second time on a later day; share, low, high: with its 95 %
-- Wilson interval. later_lines: products in their later orders; repeated_lines: of them, those bought on an earlier day.
with lines as (
    select
        orders.customer,
        clean_order_lines.product_id,
        orders.ordered_on,
        orders.first_on,
        min(orders.ordered_on) over (partition by orders.customer, clean_order_lines.product_id) as first_bought_on
    from clean_order_lines
    join orders on orders.order_id = clean_order_lines.order_id
    where clean_order_lines.product_id is not null
),
returning_customers as (
    select
        customer,
        count(*) as later_lines,
        count(case when first_bought_on < ordered_on then 1 end) as repeated_lines
    from lines
    where ordered_on > first_on
    group by customer
),
counted as (
    select
        count(*) as customers,
        count(case when repeated_lines > 0 then 1 end) as bought_again,
        coalesce(sum(later_lines), 0) as later_lines,
        coalesce(sum(repeated_lines), 0) as repeated_lines
    from returning_customers
)
select
    customers as returning_customers,
    bought_again,
    bought_again / nullif(customers, 0) as share,
    wilson_low(bought_again, customers) as low,
    wilson_high(bought_again, customers) as high,
    cast(later_lines as bigint) as later_lines,
    cast(repeated_lines as bigint) as repeated_lines
from counted
