-- clean_order_lines: one row per counted line of the order files themselves.
INSERT INTO clean_order_lines
SELECT
    coalesce(load_shared.own_id, load_rows.order_id) AS order_id,
    coalesce(product_id, product) AS product_id,
    product,
    category,
    CAST(coalesce(quantity, 1) AS DOUBLE) AS quantity,
    line_amount AS amount,
    line
FROM load_rows
LEFT JOIN load_shared
    ON load_shared.order_id = load_rows.order_id AND load_shared.customer_id = load_rows.customer_id
WHERE rule IS NULL AND (product_id IS NOT NULL OR product IS NOT NULL)
