-- customer_habits: one row per customer: what a letter to them could be about. last_on: day of the last order; habits: the sum of
--    1 has_repeated: orders on two days or more          2 is_top: M score 5
--    4 is_holiday_first: first order from Black Friday to 23 December
--    8 is_discount_only: never paid the full price
--   16 has_category, 32 has_one_category: an order tells its category; no two tell different ones
--   64 tells_payment, 128 tells_delivery: the first order tells the method
--  256 has_birthday, 512 agreed, 1024 refused (letters): as the files tell
-- One small number instead of eleven columns: grouping by it is what takes the time.
create or replace temp table customer_habits as
with categories as (
    select
        attributes_id,
        cast(case when category = '' then 0 else dense_rank() over (order by category) end as integer) as category
    from attributes
),
bought as (
    select
        orders.customer,
        not bool_or(orders.coupon is null and coalesce(orders.discount, 0) = 0) as is_discount_only,
        min(categories.category) as lowest,
        max(categories.category) as highest
    from orders
    join categories on categories.attributes_id = orders.attributes_id
    group by orders.customer
),
told as (
    select customer_ids.customer, clean_customers.consent, clean_customers.birthday
    from clean_customers
    join customer_ids on customer_ids.customer_id = clean_customers.customer_id
),
marked as (
    select
        customers.customer,
        customers.first_attributes_id,
        customers.first_on,
        customers.last_on,
        customers.second_on is not null as has_repeated,
        customers.m_score = 5 as is_top,
        month(customers.first_on) = 12 and day(customers.first_on) <= 23
            or month(customers.first_on) = 11 and day(customers.first_on) >= 23
                and customers.first_on >= make_date(year(customers.first_on), 11, 23)
                    + cast((12 - isodow(make_date(year(customers.first_on), 11, 23))) % 7 as integer) as is_holiday_first,
        bought.is_discount_only,
        bought.highest > 0 as has_category,
        bought.highest > 0 and bought.lowest = bought.highest as has_one_category,
        firsts.payment_method > '' as tells_payment,
        firsts.delivery_method > '' as tells_delivery,
        told.birthday is not null as has_birthday,
        coalesce(told.consent, false) as agreed,
        not coalesce(told.consent, true) as refused
    from customers
    join bought on bought.customer = customers.customer
    join attributes as firsts on firsts.attributes_id = customers.first_attributes_id
    left join told on told.customer = customers.customer
)
select
    customer, first_attributes_id, first_on, last_on,
    cast(
        cast(has_repeated as integer) + 2 * cast(is_top as integer) + 4 * cast(is_holiday_first as integer)
        + 8 * cast(is_discount_only as integer) + 16 * cast(has_category as integer)
        + 32 * cast(has_one_category as integer) + 64 * cast(tells_payment as integer)
        + 128 * cast(tells_delivery as integer) + 256 * cast(has_birthday as integer)
        + 512 * cast(agreed as integer) + 1024 * cast(refused as integer) as smallint) as habits
from marked
