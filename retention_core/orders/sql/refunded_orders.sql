-- load_refunded_orders: one row per order with refund rows: the money taken back, never more than each purchase cost,
-- and the excess that was not.
CREATE OR REPLACE TEMP TABLE load_refunded_orders AS
WITH purchases AS (
    SELECT
        order_id,
        customer_id,
        purchase_part,
        least(sum(amount), any_value(purchase_amount)) AS refunded,
        greatest(sum(amount) - any_value(purchase_amount), 0) AS excess
    FROM load_refunds
    WHERE order_id IS NOT NULL
    GROUP BY order_id, customer_id, purchase_part, purchase_line
)
SELECT order_id, customer_id, min(purchase_part) AS part, sum(refunded) AS refunded, sum(excess) AS excess
FROM purchases
GROUP BY order_id, customer_id
