-- load_shared: no row, where every order number stands once.
CREATE OR REPLACE TEMP TABLE load_shared (order_id VARCHAR, customer_id VARCHAR, own_id VARCHAR)
