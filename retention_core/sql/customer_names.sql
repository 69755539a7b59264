-- One row per customer of $customers, a list of codes: customer, customer_id as in the file, or a pseudonym;
-- consent to letters (null: the files say nothing of it).
-- $customers: codes as in customer_histories
select customer_ids.customer, customer_ids.customer_id, clean_customers.consent
from customer_ids
left join clean_customers on clean_customers.customer_id = customer_ids.customer_id
where customer_ids.customer in (select unnest(cast($customers as integer[])))
order by customer_ids.customer
