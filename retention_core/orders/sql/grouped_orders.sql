-- load_orders: one row per order number and customer, before refunds, at the time of the order's first line.
CREATE OR REPLACE TEMP TABLE load_orders AS
WITH grouped AS (
    SELECT
        arg_min(part, (ordered_at, part, line)) AS part,
        order_id,
        customer_id,
        min(ordered_at) AS ordered_at,
        CAST(coalesce(sum(amount), 0) AS DECIMAL(18, 4)) AS amount,
        CAST(sum(discount) AS DECIMAL(18, 4)) AS discount,
        CAST(sum(abs(refunded)) AS DECIMAL(18, 4)) AS refunded_column,
        CAST(sum(tax) AS DECIMAL(18, 4)) AS tax,
        CAST(sum(shipping) AS DECIMAL(18, 4)) AS shipping,
        -- Known where each of its lines tells a cost: a part of it would pass for the whole.
        CAST(CASE WHEN count(cost) >= count(CASE WHEN is_line THEN 1 END) THEN sum(cost) END AS DECIMAL(18, 4)) AS cost,
        arg_min(currency, line) AS currency,
        arg_min(channel, line) AS channel,
        arg_min(campaign, line) AS campaign,
        arg_min(coupon, line) AS coupon,
        arg_min(payment_method, line) AS payment_method,
        arg_min(delivery_method, line) AS delivery_method,
        arg_min(country, line) AS country,
        arg_min(category, line) AS category,
        arg_min(status, line) AS status,
        coalesce(bool_or(meaning = 'refunded'), false) AS is_refunded
    FROM load_rows
    WHERE rule IS NULL
    GROUP BY order_id, customer_id
)
SELECT grouped.*, load_refunded_orders.refunded AS refunded_rows
FROM grouped
LEFT JOIN load_refunded_orders
    ON load_refunded_orders.order_id = grouped.order_id AND load_refunded_orders.customer_id = grouped.customer_id
