-- clean_orders: the category of an order is that of its first line, where the orders themselves tell none.
UPDATE clean_orders
SET category = firsts.category
FROM (
    SELECT order_id, arg_min(category, line) AS category
    FROM clean_order_lines
    GROUP BY order_id
) AS firsts
WHERE clean_orders.order_id = firsts.order_id AND clean_orders.category IS NULL
