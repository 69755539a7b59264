-- One row per month and channel with marketing spend or with customers won: what winning them cost.
-- month: its first day; channel: as the orders write it, else as the spend does, '' where both are silent; spend: in the file's
-- currency, null where none is told; customers: who first bought then and so; is_complete: the month is over. Names match
-- whatever their case; spend of months outside the data is left out.
with spent as (
    select
        cast(date_trunc('month', clean_spend.month) as date) as month,
        lower(trim(coalesce(clean_spend.channel, ''))) as name,
        min(trim(coalesce(clean_spend.channel, ''))) as channel,
        sum(clean_spend.amount) as spend
    from clean_spend
    group by date_trunc('month', clean_spend.month), lower(trim(coalesce(clean_spend.channel, '')))
),
firsts as (
    select date_trunc('month', first_on) as month, first_attributes_id, count(*) as customers
    from customers
    group by date_trunc('month', first_on), first_attributes_id
),
won as (
    select
        cast(firsts.month as date) as month,
        lower(trim(attributes.channel)) as name,
        min(attributes.channel) as channel,
        sum(firsts.customers) as customers
    from firsts
    join attributes on attributes.attributes_id = firsts.first_attributes_id
    group by firsts.month, lower(trim(attributes.channel))
)
select
    calendar.starts_on as month,
    coalesce(won.channel, spent.channel) as channel,
    cast(spent.spend as double) as spend,
    cast(coalesce(won.customers, 0) as bigint) as customers,
    calendar.is_complete
from won
full join spent on spent.month = won.month and spent.name = won.name
join calendar on calendar.starts_on = coalesce(won.month, spent.month)
order by month, channel
