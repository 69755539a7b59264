-- load_shared: one row per customer after the first of an order number that several customers have, with an id of its own.
CREATE OR REPLACE TEMP TABLE load_shared AS
WITH shared AS (
    SELECT order_id, customer_id, ordered_at
    FROM clean_orders
    WHERE order_id IN (SELECT order_id FROM clean_orders GROUP BY order_id HAVING count(*) > 1)
),
numbered AS (
    SELECT order_id, customer_id, row_number() OVER (PARTITION BY order_id ORDER BY ordered_at, customer_id) AS place
    FROM shared
)
SELECT order_id, customer_id, concat(order_id, ' (', place, ')') AS own_id
FROM numbered
WHERE place > 1
