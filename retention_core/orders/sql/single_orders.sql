-- load_orders: one row per row of the file, which is an order; before refunds. A view: nothing is copied.
CREATE OR REPLACE TEMP VIEW load_orders AS
SELECT
    part, order_id, customer_id, ordered_at, coalesce(amount, 0) AS amount, discount, abs(refunded) AS refunded_column, tax,
    shipping, cost, currency, channel, campaign, coupon, payment_method, delivery_method, country, category, status,
    coalesce(meaning = 'refunded', false) AS is_refunded, CAST(NULL AS DECIMAL(18, 4)) AS refunded_rows
FROM load_rows
WHERE rule IS NULL
