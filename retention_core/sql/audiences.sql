-- One row per stage: how many customers a lever could reach. stage: new (first order in the last 365 days; each is in one
-- of the others, too), one_order, repeat (orders on two days or more), lapsed (silent for more than $lapse_days days).
-- customers: in it; writable: agreed to letters; all, where is_consent_known is false: no file tells it.
-- Of the writable: birthday_known; holiday_first (first order from Black Friday to 23 December, and none since, save in
-- the stage new); top_value (M score 5); discount_only (never paid the full price); category_known; one_category (never
-- bought from another). Of all: payment_known, delivery_known (the first order tells the method).
-- $lapse_days = 180: days of silence
with alike as (
    select
        first_attributes_id,
        cast(case when $observed_on - last_on > $lapse_days then 2 when has_repeated then 1 else 0 end as tinyint) as stage,
        $observed_on - first_on < 365 as is_new,
        consent, has_birthday, has_repeated, is_holiday_first, is_top, is_discount_only, has_category, has_one_category,
        count(*) as customers
    from customer_habits
    group by
        first_attributes_id,
        cast(case when $observed_on - last_on > $lapse_days then 2 when has_repeated then 1 else 0 end as tinyint),
        $observed_on - first_on < 365,
        consent, has_birthday, has_repeated, is_holiday_first, is_top, is_discount_only, has_category, has_one_category
),
consents as (
    select count(consent) > 0 as is_known from clean_customers
),
marked as (
    select
        alike.*,
        attributes.payment_method > '' as tells_payment,
        attributes.delivery_method > '' as tells_delivery,
        consents.is_known,
        coalesce(alike.consent, not consents.is_known) as is_writable
    from alike
    join attributes on attributes.attributes_id = alike.first_attributes_id
    cross join consents
),
staged as (
    select *, case stage when 0 then 'one_order' when 1 then 'repeat' else 'lapsed' end as stage_name, not has_repeated as is_waiting
    from marked
    union all
    select *, 'new' as stage_name, true as is_waiting from marked where is_new
)
select
    stage_name as stage,
    cast(sum(customers) as bigint) as customers,
    cast(sum(case when is_writable then customers else 0 end) as bigint) as writable,
    bool_and(is_known) as is_consent_known,
    cast(sum(case when is_writable and has_birthday then customers else 0 end) as bigint) as birthday_known,
    cast(sum(case when is_writable and is_holiday_first and is_waiting then customers else 0 end) as bigint) as holiday_first,
    cast(sum(case when is_writable and is_top then customers else 0 end) as bigint) as top_value,
    cast(sum(case when is_writable and is_discount_only then customers else 0 end) as bigint) as discount_only,
    cast(sum(case when is_writable and has_category then customers else 0 end) as bigint) as category_known,
    cast(sum(case when is_writable and has_one_category then customers else 0 end) as bigint) as one_category,
    cast(sum(case when tells_payment then customers else 0 end) as bigint) as payment_known,
    cast(sum(case when tells_delivery then customers else 0 end) as bigint) as delivery_known
from staged
group by stage_name
order by stage
