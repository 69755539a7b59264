-- One row per stage: how many customers a lever could reach. stage: new (first order in the last 365 days; each is in one
-- of the others, too), one_order, repeat (orders on two days or more), lapsed (silent for more than $lapse_days days).
-- customers: in it; writable: agreed to letters; all, where is_consent_known is false: no file tells it.
-- Of the writable: birthday_known; holiday_first (first order from Black Friday to 23 December, and none since, save in
-- the stage new); top_value (M score 5); discount_only (never paid the full price); category_known; one_category (never
-- bought from another). Of all: payment_known, delivery_known (the first order tells the method).
-- $lapse_days = 180: days of silence; the levers give the shop's own limit
with alike as (
    -- stage: 0 one_order, 1 repeat, 2 lapsed, and 3 more for the new.
    select
        habits,
        cast(
            case when $observed_on - last_on > $lapse_days then 2 else habits % 2 end
            + case when $observed_on - first_on < 365 then 3 else 0 end as tinyint) as stage,
        count(*) as customers
    from customer_habits
    group by
        habits,
        cast(
            case when $observed_on - last_on > $lapse_days then 2 else habits % 2 end
            + case when $observed_on - first_on < 365 then 3 else 0 end as tinyint)
),
consents as (
    select count(consent) > 0 as is_known from clean_customers
),
marked as (
    select
        alike.customers,
        case alike.stage % 3 when 0 then 'one_order' when 1 then 'repeat' else 'lapsed' end as silence_stage,
        alike.stage >= 3 as is_new,
        alike.habits % 2 = 1 as has_repeated,
        alike.habits // 2 % 2 = 1 as is_top,
        alike.habits // 4 % 2 = 1 as is_holiday_first,
        alike.habits // 8 % 2 = 1 as is_discount_only,
        alike.habits // 16 % 2 = 1 as has_category,
        alike.habits // 32 % 2 = 1 as has_one_category,
        alike.habits // 64 % 2 = 1 as tells_payment,
        alike.habits // 128 % 2 = 1 as tells_delivery,
        alike.habits // 256 % 2 = 1 as has_birthday,
        alike.habits // 512 % 2 = 1 or alike.habits < 1024 and not consents.is_known as is_writable,
        consents.is_known
    from alike
    cross join consents
),
staged as (
    select *, silence_stage as stage, is_holiday_first and not has_repeated as is_since_holiday from marked
    union all
    select *, 'new' as stage, is_holiday_first as is_since_holiday from marked where is_new
)
select
    stage,
    cast(sum(customers) as bigint) as customers,
    cast(sum(case when is_writable then customers else 0 end) as bigint) as writable,
    bool_and(is_known) as is_consent_known,
    cast(sum(case when is_writable and has_birthday then customers else 0 end) as bigint) as birthday_known,
    cast(sum(case when is_writable and is_since_holiday then customers else 0 end) as bigint) as holiday_first,
    cast(sum(case when is_writable and is_top then customers else 0 end) as bigint) as top_value,
    cast(sum(case when is_writable and is_discount_only then customers else 0 end) as bigint) as discount_only,
    cast(sum(case when is_writable and has_category then customers else 0 end) as bigint) as category_known,
    cast(sum(case when is_writable and has_one_category then customers else 0 end) as bigint) as one_category,
    cast(sum(case when tells_payment then customers else 0 end) as bigint) as payment_known,
    cast(sum(case when tells_delivery then customers else 0 end) as bigint) as delivery_known
from staged
group by stage
order by stage
