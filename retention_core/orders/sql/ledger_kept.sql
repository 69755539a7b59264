-- One row per file: the orders that are counted in it, and their money as it is counted.
SELECT
    part, count(*) AS orders, count(DISTINCT customer_id) AS customers, CAST(sum(amount) AS DOUBLE) AS amount
FROM clean_orders
GROUP BY part
ORDER BY part
