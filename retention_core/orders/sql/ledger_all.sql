-- One row: the orders that are counted in the only file, and their money as it is counted.
SELECT
    0 AS part, count(*) AS orders, (SELECT count(*) FROM customer_ids) AS customers, CAST(coalesce(sum(amount), 0) AS DOUBLE) AS amount
FROM clean_orders
