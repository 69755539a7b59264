-- One row per span of money to date with a customer in it: how many customers have brought so much.
-- from_revenue, below_revenue: the span, in the file's currency, by steps of 1, 1.5, 2, 3, 5, 7, 10 times a power of ten; all
-- under 1 is one span from 0, and what is 0 or less has no span (null). customers; revenue: theirs.
with sized as (
    select
        cast(revenue as double) as revenue,
        -- The margin is far below the smallest step of money: it undoes a logarithm rounded down.
        case when revenue >= 1 then power(10, floor(log10(cast(revenue as double)) + 1e-12)) end as power_of_ten
    from customers
),
placed as (
    select
        revenue,
        power_of_ten,
        case
            when revenue <= 0 then null
            when power_of_ten is null then 0
            when revenue < 1.5 * power_of_ten then 1
            when revenue < 2 * power_of_ten then 1.5
            when revenue < 3 * power_of_ten then 2
            when revenue < 5 * power_of_ten then 3
            when revenue < 7 * power_of_ten then 5
            else 7
        end as step
    from sized
)
select
    step * coalesce(power_of_ten, 1) as from_revenue,
    case step when 0 then 1 when 1 then 1.5 when 1.5 then 2 when 2 then 3 when 3 then 5 when 5 then 7 when 7 then 10 end
        * coalesce(power_of_ten, 1) as below_revenue,
    count(*) as customers,
    cast(sum(revenue) as double) as revenue
from placed
group by step, power_of_ten
order by from_revenue nulls first
