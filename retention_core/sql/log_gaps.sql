-- One row: log_gaps, the sum of ln(days) over all gaps between a customer's consecutive order days; gaps: how many there are.
-- What a model of regular orders needs beside btyd_summary. Orders of one day are one occasion.
-- $until = null: last day observed; later orders do not exist. Default: all days
select
    coalesce(sum(ln(cast(ordered_on - previous_on as double))), 0) as log_gaps,
    count(*) as gaps
from orders
where previous_on < ordered_on and ($until is null or ordered_on <= $until)
