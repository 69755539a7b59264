-- customer_ids: one row per customer: the integer code that all tables use, and the key that the file uses.
create or replace temp table customer_ids as
select cast(row_number() over () - 1 as integer) as customer, customer_id
from (select distinct customer_id from clean_orders) as keys
