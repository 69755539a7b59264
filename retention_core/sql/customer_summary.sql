-- One row per customer: customer_id as in the file or its pseudonym, first_ordered_at, last_ordered_at, orders, order_days
-- (days with one), revenue in the file's currency; days_since_last_order, to the last observed day; mean_gap_days: mean
-- days between order days, null for one. r_score, f_score, m_score: 1-5 by the shop's quintiles of silence, orders,
-- revenue; segment: named by (R, F).
select
    customer_ids.customer_id,
    customers.orders,
    customers.order_days,
    customers.first_ordered_at,
    customers.last_ordered_at,
    cast(customers.revenue as double) as revenue,
    cast($observed_on - customers.last_on as integer) as days_since_last_order,
    (customers.last_on - customers.first_on) / nullif(customers.order_days - 1, 0) as mean_gap_days,
    customers.r_score,
    customers.f_score,
    customers.m_score,
    segments.segment
from customers
join customer_ids on customer_ids.customer = customers.customer
join segments on segments.r_score = customers.r_score and segments.f_score = customers.f_score
order by customers.first_ordered_at, customer_ids.customer_id
