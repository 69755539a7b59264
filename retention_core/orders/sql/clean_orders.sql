-- load_clean: one row per order, as it becomes clean_orders. `refunded` is null where nothing is known of refunds.
-- amount: what was refunded is taken off unless refunds are ignored; never below 0. cost: of the goods,
-- less the part that the refund is of the amount (refunded in full: 0); null where it is not known. part: the file, for the ledger.
CREATE OR REPLACE TEMP VIEW load_clean AS
WITH noted AS (
    SELECT *, coalesce(refunded_column, 0) + coalesce(refunded_rows, 0) AS refunded_sum
    FROM load_orders
),
refunds AS (
    SELECT
        *,
        CASE
            WHEN is_refunded AND refunded_sum = 0 THEN amount
            WHEN refunded_column IS NOT NULL OR refunded_rows IS NOT NULL THEN CAST(refunded_sum AS DECIMAL(18, 4))
        END AS refunded
    FROM noted
)
SELECT
    part, order_id, customer_id, ordered_at,
    CASE
        WHEN amount <= 0 OR refunded IS NULL OR (SELECT refunds FROM load_settings) = 'ignore' THEN amount
        ELSE CAST(greatest(amount - refunded, 0) AS DECIMAL(18, 4))
    END AS amount,
    discount, refunded, tax, shipping, currency, channel, campaign, coupon, payment_method, delivery_method, country, category,
    status,
    -- What was refunded took its goods back with it: the cost falls as the amount does.
    CASE
        WHEN amount <= 0 OR refunded IS NULL OR (SELECT refunds FROM load_settings) = 'ignore' THEN cost
        ELSE CAST(cost * greatest(amount - refunded, 0) / amount AS DECIMAL(18, 4))
    END AS cost
FROM refunds
