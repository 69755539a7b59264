-- One row per category of the first order: customers; observed_customers: first bought 365 days ago or earlier;
-- ordered_again: those of them who did so within 365 days, share, low, high: with its 95 % Wilson interval;
-- orders_per_customer, revenue_per_customer: to date, in the file's currency.
with grouped as (
    select
        first_attributes_id,
        count(*) as customers,
        count(case when $observed_on - first_on >= 365 then 1 end) as observed_customers,
        count(case when $observed_on - first_on >= 365 and second_on - first_on <= 365 then 1 end) as ordered_again,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customers
    group by first_attributes_id
)
select
    attributes.category,
    cast(sum(grouped.customers) as bigint) as customers,
    cast(sum(grouped.observed_customers) as bigint) as observed_customers,
    cast(sum(grouped.ordered_again) as bigint) as ordered_again,
    sum(grouped.ordered_again) / nullif(sum(grouped.observed_customers), 0) as share,
    wilson_low(sum(grouped.ordered_again), sum(grouped.observed_customers)) as low,
    wilson_high(sum(grouped.ordered_again), sum(grouped.observed_customers)) as high,
    sum(grouped.orders) / sum(grouped.customers) as orders_per_customer,
    cast(sum(grouped.revenue) as double) / sum(grouped.customers) as revenue_per_customer
from grouped
join attributes on attributes.attributes_id = grouped.first_attributes_id
group by attributes.category
order by customers desc, category
