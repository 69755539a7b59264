-- clean_order_lines: one row per line of a file of its own whose order is counted.
INSERT INTO clean_order_lines
SELECT order_id, product_id, product, category, coalesce(quantity, 1) AS quantity, line_amount AS amount, line
FROM load_lines
WHERE order_id IN (SELECT order_id FROM clean_orders)
