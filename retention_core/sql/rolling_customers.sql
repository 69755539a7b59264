-- One row per customer of one monthly cohort who ordered in one of its spans of 30 days of age.
-- Columns as cohort_customers: the people behind a cell of rolling_retention.
-- $cohort: first day of the month of the first order
-- $age = 0: spans of 30 days since the customer's own first order
select
    customer_ids.customer_id,
    customers.first_ordered_at,
    customers.last_ordered_at,
    customer_ages.orders,
    cast(customer_ages.revenue as double) as revenue,
    customers.orders as total_orders,
    cast(customers.revenue as double) as total_revenue,
    clean_customers.consent,
    (select count(consent) > 0 from clean_customers) as is_consent_known
from customer_ages
join customers on customers.customer = customer_ages.customer
join customer_ids on customer_ids.customer = customer_ages.customer
left join clean_customers on clean_customers.customer_id = customer_ids.customer_id
join calendar on calendar.period = customer_ages.cohort
where calendar.starts_on = $cohort and customer_ages.period = $age
order by revenue desc, customer_ids.customer_id
