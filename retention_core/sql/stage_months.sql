-- One row per origin, stage and month after it that is over: what the customers of the stage did then.
-- months_back: the origin, as in $months_back; stage at it: one_order, repeat, or lapsed (silent for more than $lapse_days);
-- customers in the stage; ahead: 1 is the month that begins at the origin; active_customers: ordered in it; orders in it.
-- returned_90, returned_180, returned_365: customers with an order in so many days from the origin, as far as observed.
-- $months_back = [6]: origins as months before the first day of the running month
-- $lapse_days = 180: days of silence
-- $every = 1: of so many customers one is looked at: a sample
with origins as (
    select months_back, cast(date_trunc('month', $observed_on + 1) - to_months(months_back) as date) as origin
    from (select unnest($months_back) as months_back) as asked
),
sampled as (
    select customer, order_number, ordered_on, next_on
    from order_days
    where customer % $every = 0
),
staged as (
    -- The last order day before the origin: no later one, or one that is not before it.
    select
        origins.months_back,
        origins.origin,
        sampled.customer,
        sampled.next_on,
        sampled.next_on - origins.origin as wait_days,
        -- 0 one_order, 1 repeat, 2 lapsed: words would take longer to group by.
        cast(case
            when origins.origin - 1 - sampled.ordered_on > $lapse_days then 2
            when sampled.order_number = 1 then 0
            else 1
        end as tinyint) as stage
    from sampled
    join origins on sampled.ordered_on < origins.origin and (sampled.next_on is null or sampled.next_on >= origins.origin)
),
sizes as (
    select
        months_back, origin, stage,
        count(*) as customers,
        count(case when wait_days < 90 then 1 end) as returned_90,
        count(case when wait_days < 180 then 1 end) as returned_180,
        count(case when wait_days < 365 then 1 end) as returned_365
    from staged
    group by months_back, origin, stage
),
returning_customers as (
    select customer, months_back, stage, (year(origin) - 1970) * 12 + month(origin) - 1 as from_period
    from staged
    where next_on is not null
),
later as (
    select
        returning_customers.months_back, returning_customers.stage, customer_months.period,
        count(*) as active_customers,
        sum(customer_months.orders) as orders
    from customer_months
    join returning_customers
        on returning_customers.customer = customer_months.customer
        and customer_months.period >= returning_customers.from_period
    where customer_months.customer % $every = 0
        and customer_months.period >= (select min(from_period) from returning_customers)
    group by returning_customers.months_back, returning_customers.stage, customer_months.period
)
select
    cast(sizes.months_back as integer) as months_back,
    case sizes.stage when 0 then 'one_order' when 1 then 'repeat' else 'lapsed' end as stage,
    sizes.customers,
    cast(row_number() over (partition by sizes.months_back, sizes.stage order by calendar.period) as integer) as ahead,
    coalesce(later.active_customers, 0) as active_customers,
    cast(coalesce(later.orders, 0) as bigint) as orders,
    sizes.returned_90, sizes.returned_180, sizes.returned_365
from sizes
join calendar on calendar.starts_on >= sizes.origin and calendar.is_complete
left join later
    on later.months_back = sizes.months_back and later.stage = sizes.stage and later.period = calendar.period
order by months_back, stage, ahead
