-- One row per customer of one cohort who ordered in one of its periods: the people behind a cell of the cohort table.
-- customer_id: as in the file, or a pseudonym; first_ordered_at, last_ordered_at; orders, revenue: in that period; total_orders,
-- total_revenue: to date, in the file's currency; consent to letters (null: the files say
-- nothing of it), is_consent_known: the files say it of anybody.
-- $grain = 'month': week, month or quarter
-- $cohort: first day of the period of the first order
-- $age = 0: periods since
select
    customer_ids.customer_id,
    customers.first_ordered_at,
    customers.last_ordered_at,
    customer_periods.orders,
    cast(customer_periods.revenue as double) as revenue,
    customers.orders as total_orders,
    cast(customers.revenue as double) as total_revenue,
    clean_customers.consent,
    (select count(consent) > 0 from clean_customers) as is_consent_known
from customer_periods
join customers on customers.customer = customer_periods.customer
join customer_ids on customer_ids.customer = customer_periods.customer
left join clean_customers on clean_customers.customer_id = customer_ids.customer_id
join calendar on calendar.period = customer_periods.cohort
where calendar.starts_on = $cohort and customer_periods.period = customer_periods.cohort + $age
order by revenue desc, customer_ids.customer_id
