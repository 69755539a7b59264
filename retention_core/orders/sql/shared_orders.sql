-- load_marks: one row per row of an order that another file of the same system has newer, or has too.
-- The file with the latest order was exported last: its version of the order counts.
INSERT INTO load_marks (part, line, rule)
WITH exported AS (
    SELECT part, max(ordered_at) AS last_ordered_at
    FROM load_staged
    GROUP BY part
),
versions AS (
    SELECT
        order_id,
        coalesce(customer_id, '') AS customer_key,
        part,
        bit_xor(hash(amount, refunded, discount, meaning, product_id, quantity, line_amount)) AS content
    FROM load_staged
    WHERE order_id IS NOT NULL
    GROUP BY order_id, customer_key, part
),
newest AS (
    SELECT
        order_id,
        customer_key,
        arg_max(versions.part, (last_ordered_at, -CAST(versions.part AS INTEGER))) AS part,
        arg_max(content, (last_ordered_at, -CAST(versions.part AS INTEGER))) AS content
    FROM versions
    JOIN exported ON exported.part = versions.part
    GROUP BY order_id, customer_key
    HAVING count(*) > 1
)
SELECT
    staged.part,
    staged.line,
    CASE WHEN versions.content = newest.content THEN 'in_another_file' ELSE 'newer_version' END AS rule
FROM load_staged AS staged
JOIN newest ON newest.order_id = staged.order_id AND newest.customer_key = coalesce(staged.customer_id, '')
JOIN versions
    ON versions.order_id = newest.order_id AND versions.customer_key = newest.customer_key AND versions.part = staged.part
WHERE staged.part <> newest.part
