-- load_dropped: one row per order that was refunded in full.
CREATE OR REPLACE TEMP TABLE load_dropped AS
SELECT order_id, customer_id
FROM clean_orders
WHERE amount = 0 AND refunded > 0
