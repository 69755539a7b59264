-- One row per stage, as in audiences: whom the levers reach by what customers do besides ordering. stage, customers: in it.
-- Of those who agreed to letters (all, where no file tells): cart_left, wish_waiting (in the last 365 days, no order
-- since); reader (opened a letter in the last 365 days). Of all: outside_club (not joined); with_app, without_app;
-- with_ticket (asked for help in the last 365 days); without_review.
-- $lapse_days = 180: days of silence
with staged as (
    select
        customer,
        last_ordered_at,
        case
            when $observed_on - last_on > $lapse_days then 'lapsed'
            when second_on is null then 'one_order'
            else 'repeat'
        end as stage
    from customers
    union all
    select customer, last_ordered_at, 'new' as stage from customers where $observed_on - first_on < 365
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
    select
        staged.*,
        done.*,
        coalesce(clean_customers.consent, not consents.is_known) as is_writable,
        cast($observed_on as date) - 365 as since
    from staged
    cross join consents
    join customer_ids on customer_ids.customer = staged.customer
    left join clean_customers on clean_customers.customer_id = customer_ids.customer_id
    left join done on done.customer_id = customer_ids.customer_id
)
select
    stage,
    count(*) as customers,
    count(case when is_writable and cart_at > last_ordered_at and cart_at > since then 1 end) as cart_left,
    count(case when is_writable and wish_at > last_ordered_at and wish_at > since then 1 end) as wish_waiting,
    count(case when is_writable and opened_at > since then 1 end) as reader,
    count(case when not coalesce(in_club, false) then 1 end) as outside_club,
    count(case when has_app then 1 end) as with_app,
    count(case when not coalesce(has_app, false) then 1 end) as without_app,
    count(case when ticket_at > since then 1 end) as with_ticket,
    count(case when not coalesce(has_reviewed, false) then 1 end) as without_review
from marked
group by stage
order by stage
