-- customer_habits: one row per customer: what a letter to them could be about.
-- has_repeated: orders on two days or more; is_top: M score 5; is_holiday_first: first order from Black Friday to 23 December;
-- is_discount_only: never paid the full price; has_category, has_one_category: an order tells its category; no two tell
-- different ones; has_birthday, consent (to letters): as the files tell, consent is null where they do not.
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
)
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
    told.birthday is not null as has_birthday,
    told.consent
from customers
join bought on bought.customer = customers.customer
left join told on told.customer = customers.customer
