-- One row per stage: how many customers a lever could reach. stage: new (first order in the last 365 days; each is in one
-- of the others, too), one_order, repeat (orders on two days or more), lapsed (silent for more than $lapse_days days).
-- customers: in it; writable: agreed to letters; all, where is_consent_known is false: no file tells it.
-- Of the writable: birthday_known; holiday_first (first order from Black Friday to 23 December, and none since, save in
-- the stage new); top_value (M score 5); discount_only (never paid the full price); category_known; one_category (never
-- bought from another). Of all: payment_known, delivery_known (the first order tells the method).
-- $lapse_days = 180: days of silence
with staged as (
    select
        *,
        case
            when $observed_on - last_on > $lapse_days then 'lapsed'
            when second_on is null then 'one_order'
            else 'repeat'
        end as stage
    from customers
    union all
    select *, 'new' as stage from customers where $observed_on - first_on < 365
),
consents as (
    select count(consent) > 0 as is_known from clean_customers
),
told as (
    select customer_ids.customer, clean_customers.consent, clean_customers.birthday
    from clean_customers
    join customer_ids on customer_ids.customer_id = clean_customers.customer_id
),
bought as (
    select
        orders.customer,
        count(case when orders.coupon is null and coalesce(orders.discount, 0) = 0 then 1 end) = 0 as discount_only,
        max(attributes.category) > '' as has_category,
        min(attributes.category) = max(attributes.category) as has_one_category
    from orders
    join attributes on attributes.attributes_id = orders.attributes_id
    group by orders.customer
),
marked as (
    select
        staged.stage,
        coalesce(told.consent, not consents.is_known) as is_writable,
        consents.is_known,
        told.birthday is not null as has_birthday,
        (staged.stage = 'new' or staged.second_on is null) and (
            month(staged.first_on) = 12 and day(staged.first_on) <= 23
            or month(staged.first_on) = 11 and day(staged.first_on) >= 23
                and staged.first_on >= make_date(year(staged.first_on), 11, 23)
                    + cast((12 - isodow(make_date(year(staged.first_on), 11, 23))) % 7 as integer)
        ) as is_holiday_first,
        staged.m_score = 5 as is_top,
        bought.discount_only,
        bought.has_category,
        bought.has_category and bought.has_one_category as has_one_category,
        firsts.payment_method > '' as tells_payment,
        firsts.delivery_method > '' as tells_delivery
    from staged
    cross join consents
    join bought on bought.customer = staged.customer
    join attributes as firsts on firsts.attributes_id = staged.first_attributes_id
    left join told on told.customer = staged.customer
)
select
    stage,
    count(*) as customers,
    count(case when is_writable then 1 end) as writable,
    bool_and(is_known) as is_consent_known,
    count(case when is_writable and has_birthday then 1 end) as birthday_known,
    count(case when is_writable and is_holiday_first then 1 end) as holiday_first,
    count(case when is_writable and is_top then 1 end) as top_value,
    count(case when is_writable and discount_only then 1 end) as discount_only,
    count(case when is_writable and has_category then 1 end) as category_known,
    count(case when is_writable and has_one_category then 1 end) as one_category,
    count(case when tells_payment then 1 end) as payment_known,
    count(case when tells_delivery then 1 end) as delivery_known
from marked
group by stage
order by stage
