-- One row per dimension (channel, country, category, coupon) and value of the first order that is told: customers first
-- seen $window_days days ago or earlier; ordered_again: on another day within $window_days days; share, low, high: with
-- its 95 % Wilson interval.
-- $window_days = 365: time given to order again, in days
with grouped as (
    select
        first_attributes_id,
        count(*) as customers,
        count(case when second_on - first_on <= $window_days then 1 end) as ordered_again
    from customers
    where $observed_on - first_on >= $window_days
    group by first_attributes_id
),
labelled as (
    select attributes.*, grouped.customers, grouped.ordered_again
    from grouped
    join attributes on attributes.attributes_id = grouped.first_attributes_id
),
listed as (
    select 'channel' as dimension, channel as value, customers, ordered_again from labelled
    union all
    select 'country' as dimension, country as value, customers, ordered_again from labelled
    union all
    select 'category' as dimension, category as value, customers, ordered_again from labelled
    union all
    select 'coupon' as dimension, case when has_coupon then 'yes' else 'no' end as value, customers, ordered_again
    from labelled
),
counted as (
    select dimension, value, sum(customers) as customers, sum(ordered_again) as ordered_again
    from listed
    where value > ''
    group by dimension, value
)
select
    dimension,
    value,
    cast(customers as bigint) as customers,
    cast(ordered_again as bigint) as ordered_again,
    ordered_again / customers as share,
    wilson_low(ordered_again, customers) as low,
    wilson_high(ordered_again, customers) as high
from counted
order by dimension, customers desc, value
