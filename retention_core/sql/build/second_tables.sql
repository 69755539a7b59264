-- The tables beside the orders, empty where no file told of them: a query that names one runs in every shop.
-- Shop.facts says which the files really had.
create temp table if not exists clean_order_lines (
    order_id varchar, product_id varchar, product varchar, category varchar, quantity double, amount decimal(18, 4), line bigint
);
create temp table if not exists clean_customers (customer_id varchar, birthday date, consent boolean, first_channel varchar);
create temp table if not exists clean_events (customer_id varchar, event varchar, occurred_at timestamp, detail varchar);
create temp table if not exists clean_spend (month date, channel varchar, amount decimal(18, 4))
