-- load_marks: one row per order line that another file of the same system has too, copy for copy.
-- A line that stands twice in one file and once in another is one line more, not two.
INSERT INTO load_marks (part, line, rule)
WITH shared AS (
    SELECT order_id
    FROM load_staged
    GROUP BY order_id
    HAVING min(part) <> max(part)
),
copies AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY part, order_id, customer_id, ordered_at, product_id, product, quantity, price, line_amount
            ORDER BY line
        ) AS copy
    FROM load_staged
    WHERE order_id IN (SELECT order_id FROM shared)
),
firsts AS (
    SELECT
        part,
        line,
        min(part) OVER (
            PARTITION BY order_id, customer_id, ordered_at, product_id, product, quantity, price, line_amount, copy
        ) AS first_part
    FROM copies
)
SELECT part, line, 'in_another_file' AS rule
FROM firsts
WHERE part > first_part
