-- orders: one row per order, with what the row needs to know of its neighbours.
-- Details are those of discount, refunded, tax, shipping, cost, campaign, coupon that the file has.
-- previous_on, next_on: day of the same customer's order before and after this one (null: none); first_on: of the first.
create or replace temp table orders as
select
    customer,
    cast(row_number() over customer_time as integer) as order_number,
    order_id,
    ordered_at,
    ordered_on,
    lag(ordered_on) over customer_time as previous_on,
    lead(ordered_on) over customer_time as next_on,
    first_value(ordered_on) over customer_time as first_on,
    first_value(attributes_id) over customer_time as first_attributes_id,
    attributes_id,
    amount{details}
from (
    select
        customer_ids.customer,
        clean_orders.order_id,
        clean_orders.ordered_at,
        cast(clean_orders.ordered_at as date) as ordered_on,
        attributes.attributes_id,
        clean_orders.amount{details}
    from clean_orders
    join customer_ids on customer_ids.customer_id = clean_orders.customer_id
    join attributes
        on attributes.channel = coalesce(clean_orders.channel, '')
        and attributes.country = coalesce(clean_orders.country, '')
        and attributes.category = coalesce(clean_orders.category, '')
        and attributes.payment_method = coalesce(clean_orders.payment_method, '')
        and attributes.delivery_method = coalesce(clean_orders.delivery_method, '')
        and attributes.has_coupon = (clean_orders.coupon is not null)
) as coded
-- Of two orders at one moment, the one with the lower attributes_id is the first: any rule does, but it must be one.
window customer_time as (partition by customer order by ordered_at, attributes_id)
