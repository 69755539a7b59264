-- customer_ids: one row per customer: the integer code that all tables of a shop use, and the key that the files use.
CREATE OR REPLACE TEMP TABLE customer_ids AS
SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS customer, customer_id
FROM (SELECT DISTINCT customer_id FROM clean_orders)
