-- One row per span of money to date with a customer in it: how many customers have brought so much.
-- from_revenue, below_revenue: the span, in the file's currency, by steps of 1, 1.5, 2, 3, 5, 7, 10 times a power of ten; all
-- under 1 is one span from 0, and what is 0 or less has no span (null). customers; revenue: theirs.
with halves as (
    -- Every edge is a multiple of a half, so the logarithm is taken of few sums and not of every customer.
    select floor(cast(revenue as double) * 2) / 2 as floored, revenue > 0 as is_paid, count(*) as customers, sum(revenue) as revenue
    from customers
    group by floored, is_paid
),
sized as (
    select
        floored,
        is_paid,
        customers,
        revenue,
        -- The margin is far below the smallest step of money: it undoes a logarithm rounded down.
        case when floored >= 1 then power(10, floor(log10(floored) + 1e-12)) end as power_of_ten
    from halves
),
placed as (
    select
        customers,
        revenue,
        power_of_ten,
        case
            when not is_paid then null
            when power_of_ten is null then 0
            when floored < 1.5 * power_of_ten then 1
            when floored < 2 * power_of_ten then 1.5
            when floored < 3 * power_of_ten then 2
            when floored < 5 * power_of_ten then 3
            when floored < 7 * power_of_ten then 5
            else 7
        end as step
    from sized
)
select
    step * coalesce(power_of_ten, 1) as from_revenue,
    case step when 0 then 1 when 1 then 1.5 when 1.5 then 2 when 2 then 3 when 3 then 5 when 5 then 7 when 7 then 10 end
        * coalesce(power_of_ten, 1) as below_revenue,
    cast(sum(customers) as bigint) as customers,
    cast(sum(revenue) as double) as revenue
from placed
group by step, power_of_ten
order by from_revenue nulls first
