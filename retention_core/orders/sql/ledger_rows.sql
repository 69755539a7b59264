-- One row per file, rule and currency of the rows that are not counted. amount: as it stands in the file.
SELECT
    part,
    rule,
    currency,
    count(*) AS rows,
    count(DISTINCT order_id) AS orders,
    count(DISTINCT customer_id) AS customers,
    CAST(coalesce(sum(amount), 0) AS DOUBLE) AS amount,
    arg_min(line, line, 5) AS lines,
    arg_min(
        concat_ws(' · ', order_id, strftime(ordered_at, '%Y-%m-%d'), CAST(amount AS DECIMAL(18, 2)), status, left(value, 40)),
        line,
        5
    ) AS texts
FROM load_rows
WHERE rule IS NOT NULL
GROUP BY part, rule, currency
ORDER BY part, rule, currency
