-- clean_customers: one row per customer of whom a file of customers or an order tells something.
-- consent: of the file of customers; where it says nothing, of the customer's latest order that does (load_consents).
CREATE TEMP TABLE IF NOT EXISTS clean_customers (customer_id VARCHAR, birthday DATE, consent BOOLEAN, first_channel VARCHAR);
CREATE OR REPLACE TEMP TABLE clean_customers AS
WITH latest AS (
    SELECT customer_id, arg_max(consent, (ordered_at, part, line)) AS consent
    FROM load_consents
    WHERE customer_id IN (SELECT customer_id FROM customer_ids)
    GROUP BY customer_id
)
SELECT
    coalesce(told.customer_id, latest.customer_id) AS customer_id,
    told.birthday,
    coalesce(told.consent, latest.consent) AS consent,
    told.first_channel
FROM clean_customers AS told
FULL JOIN latest ON latest.customer_id = told.customer_id
