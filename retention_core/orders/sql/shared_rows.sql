-- load_marks: one row per purchase without an order number that another file has too, copy for copy.
INSERT INTO load_marks (part, line, rule)
WITH copies AS (
    SELECT
        part, line, customer_id, ordered_at, amount,
        row_number() OVER (PARTITION BY part, customer_id, ordered_at, amount ORDER BY line) AS copy
    FROM load_staged
),
firsts AS (
    SELECT part, line, min(part) OVER (PARTITION BY customer_id, ordered_at, amount, copy) AS first_part
    FROM copies
)
SELECT part, line, 'in_another_file' AS rule
FROM firsts
WHERE part > first_part
