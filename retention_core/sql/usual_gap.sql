-- One row: gap_days, the days that 90 % of the gaps between a customer's order days do not exceed; gaps: how many there are.
select
    cast(quantile_cont(ordered_on - previous_on, 0.9) as double) as gap_days,
    count(*) as gaps
from orders
where previous_on < ordered_on
