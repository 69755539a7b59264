-- load_refunds: one row per refund row, with the purchase it takes back (null: none was found) and its money.
-- A refund belongs to its own order where the number is the same, else to the customer's latest earlier purchase of the
-- same product; without products, to the latest earlier order that it does not exceed.
CREATE OR REPLACE TEMP TABLE load_refunds AS
WITH refunds AS (
    SELECT
        part, line, order_id, customer_id, ordered_at,
        CASE WHEN is_line THEN coalesce(product_id, '') ELSE '' END AS product,
        coalesce(abs(amount), 0) AS amount
    FROM load_rows
    WHERE rule = 'refund'
),
purchases AS (
    SELECT
        part, line, order_id, customer_id, ordered_at, CASE WHEN is_line THEN coalesce(product_id, '') ELSE '' END AS product, amount
    FROM load_rows
    WHERE rule IS NULL AND amount > 0 AND customer_id IN (SELECT customer_id FROM refunds)
),
pairs AS (
    SELECT
        refunds.part,
        refunds.line,
        purchases.part AS purchase_part,
        purchases.line AS purchase_line,
        purchases.order_id,
        purchases.customer_id,
        purchases.amount AS purchase_amount,
        row_number() OVER (
            PARTITION BY refunds.part, refunds.line
            ORDER BY
                purchases.order_id = refunds.order_id DESC,
                refunds.product <> '' OR purchases.amount >= refunds.amount DESC,
                purchases.ordered_at DESC,
                purchases.part DESC,
                purchases.line DESC
        ) AS choice
    FROM refunds
    JOIN purchases ON purchases.customer_id = refunds.customer_id AND purchases.product = refunds.product
    WHERE
        purchases.order_id = refunds.order_id
        OR (
            purchases.ordered_at <= refunds.ordered_at
            AND (refunds.product <> '' OR purchases.amount >= refunds.amount)
        )
)
SELECT
    refunds.part, refunds.line, refunds.amount,
    pairs.order_id, pairs.customer_id, pairs.purchase_part, pairs.purchase_line, pairs.purchase_amount
FROM refunds
LEFT JOIN pairs ON pairs.part = refunds.part AND pairs.line = refunds.line AND pairs.choice = 1
