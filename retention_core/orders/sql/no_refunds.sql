-- load_refunds: no row, where refunds are ignored.
CREATE OR REPLACE TEMP TABLE load_refunds (
    part USMALLINT, line BIGINT, amount DECIMAL(18, 4), order_id VARCHAR, customer_id VARCHAR, purchase_part USMALLINT,
    purchase_line BIGINT, purchase_amount DECIMAL(18, 4)
)
