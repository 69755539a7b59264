-- One row per customer of whom the files tell consent: customer (code, see customer_names; null: never ordered), consent to
-- letters. No row: the files tell it of nobody.
select customer_ids.customer, clean_customers.consent
from clean_customers
left join customer_ids on customer_ids.customer_id = clean_customers.customer_id
where clean_customers.consent is not null
order by customer_ids.customer
