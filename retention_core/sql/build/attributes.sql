-- attributes: one row per combination of what orders say about themselves. '' where the file is silent.
create or replace temp table attributes as
select
    cast(row_number() over (order by channel, country, category, payment_method, delivery_method, has_coupon) - 1 as integer)
        as attributes_id,
    channel, country, category, payment_method, delivery_method, has_coupon
from (
    select distinct
        coalesce(channel, '') as channel,
        coalesce(country, '') as country,
        coalesce(category, '') as category,
        coalesce(payment_method, '') as payment_method,
        coalesce(delivery_method, '') as delivery_method,
        coupon is not null as has_coupon
    from clean_orders
) as combinations
order by attributes_id
