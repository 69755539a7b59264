-- One row per value that a filter can take: dimension, value ('' where the file is silent), customers who first bought so.
with firsts as (
    select first_attributes_id, count(*) as customers
    from customers
    group by first_attributes_id
),
named as (
    select attributes.channel, attributes.country, attributes.category, attributes.has_coupon, firsts.customers
    from firsts
    join attributes on attributes.attributes_id = firsts.first_attributes_id
),
options as (
    select 'channel' as dimension, channel as value, customers from named
    union all
    select 'country' as dimension, country as value, customers from named
    union all
    select 'category' as dimension, category as value, customers from named
    union all
    select 'coupon' as dimension, case when has_coupon then 'yes' else 'no' end as value, customers from named
)
select dimension, value, cast(sum(customers) as bigint) as customers
from options
group by dimension, value
order by dimension, customers desc, value
