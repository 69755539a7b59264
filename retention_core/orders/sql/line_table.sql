-- clean_order_lines: one row per line of a counted order. amount: of the line, before refunds; quantity 1 where none is told.
CREATE TEMP TABLE IF NOT EXISTS clean_order_lines (
    order_id VARCHAR, product_id VARCHAR, product VARCHAR, category VARCHAR, quantity DOUBLE, amount DECIMAL(18, 4), line BIGINT
)
