-- One row per whole span of $span_days after $observed_until, up to $hidden_until: starts, ends (days since that day).
-- orders: days with an order in it of customers who were known by then.
-- $observed_until: last day that is seen
-- $hidden_until: last hidden day
-- $span_days = 30: length of a span
with spans as (
    select unnest(generate_series(0, ($hidden_until - $observed_until) // $span_days - 1)) as span
),
hidden as (
    select (ordered_on - $observed_until - 1) // $span_days as span, count(*) as orders
    from orders
    where first_on <= $observed_until
        and previous_on < ordered_on
        and ordered_on > $observed_until
        and ordered_on <= $hidden_until
    group by span
)
select
    cast(spans.span * $span_days as integer) as starts,
    cast((spans.span + 1) * $span_days as integer) as ends,
    coalesce(hidden.orders, 0) as orders
from spans
left join hidden on hidden.span = spans.span
order by starts
