-- One row per stage, as in audiences: whom the levers reach by what customers do besides ordering. stage, customers: in it.
-- Of those who agreed to letters (all, where no file tells): cart_left, wish_waiting (in the last 365 days, no order
-- since); reader (opened a letter in the last 365 days). Of all: outside_club (not joined); with_app, without_app;
-- with_ticket (asked for help in the last 365 days); without_review.
-- $lapse_days = 180: days of silence
with sizes as (
    select
        cast(case when $observed_on - last_on > $lapse_days then 2 when second_on is null then 0 else 1 end as tinyint) as stage,
        $observed_on - first_on < 365 as is_new,
        count(*) as customers
    from customers
    group by
        cast(case when $observed_on - last_on > $lapse_days then 2 when second_on is null then 0 else 1 end as tinyint),
        $observed_on - first_on < 365
),
consents as (
    select count(consent) > 0 as is_known from clean_customers
),
done as (
    select
        customer_id,
        max(case when event = 'cart_abandoned' then occurred_at end) as cart_at,
        max(case when event = 'wish_list' then occurred_at end) as wish_at,
        max(case when event = 'email_opened' then occurred_at end) as opened_at,
        max(case when event = 'support_ticket' then occurred_at end) as ticket_at,
        count(case when event = 'app_install' then 1 end) > 0 as has_app,
        count(case when event = 'loyalty_signup' then 1 end) > 0 as in_club,
        count(case when event = 'review' then 1 end) > 0 as has_reviewed
    from clean_events
    where cast(occurred_at as date) <= $observed_on
    group by customer_id
),
marked as (
    -- Only those who did something are looked at one by one.
    select
        cast(case
            when $observed_on - customers.last_on > $lapse_days then 2 when customers.second_on is null then 0 else 1
        end as tinyint) as stage,
        $observed_on - customers.first_on < 365 as is_new,
        done.*,
        customers.last_ordered_at,
        coalesce(clean_customers.consent, not consents.is_known) as is_writable,
        cast($observed_on as date) - 365 as since
    from done
    join customer_ids on customer_ids.customer_id = done.customer_id
    join customers on customers.customer = customer_ids.customer
    cross join consents
    left join clean_customers on clean_customers.customer_id = done.customer_id
),
counted as (
    select
        stage,
        is_new,
        count(case when is_writable and cart_at > last_ordered_at and cart_at > since then 1 end) as cart_left,
        count(case when is_writable and wish_at > last_ordered_at and wish_at > since then 1 end) as wish_waiting,
        count(case when is_writable and opened_at > since then 1 end) as reader,
        count(case when in_club then 1 end) as in_club,
        count(case when has_app then 1 end) as with_app,
        count(case when ticket_at > since then 1 end) as with_ticket,
        count(case when has_reviewed then 1 end) as with_review
    from marked
    group by stage, is_new
),
joined as (
    select
        sizes.stage, sizes.is_new, sizes.customers,
        counted.cart_left, counted.wish_waiting, counted.reader, counted.in_club, counted.with_app, counted.with_ticket,
        counted.with_review
    from sizes
    left join counted on counted.stage = sizes.stage and counted.is_new = sizes.is_new
),
staged as (
    select *, case stage when 0 then 'one_order' when 1 then 'repeat' else 'lapsed' end as stage_name from joined
    union all
    select *, 'new' as stage_name from joined where is_new
)
select
    stage_name as stage,
    cast(sum(customers) as bigint) as customers,
    cast(coalesce(sum(cart_left), 0) as bigint) as cart_left,
    cast(coalesce(sum(wish_waiting), 0) as bigint) as wish_waiting,
    cast(coalesce(sum(reader), 0) as bigint) as reader,
    cast(sum(customers) - coalesce(sum(in_club), 0) as bigint) as outside_club,
    cast(coalesce(sum(with_app), 0) as bigint) as with_app,
    cast(sum(customers) - coalesce(sum(with_app), 0) as bigint) as without_app,
    cast(coalesce(sum(with_ticket), 0) as bigint) as with_ticket,
    cast(sum(customers) - coalesce(sum(with_review), 0) as bigint) as without_review
from staged
group by stage_name
order by stage
