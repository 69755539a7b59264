-- segments: one row per pair of R and F scores: the one place that names a group of customers.
create or replace temp table segments as
select r_score, f_score, segment
from (values
    (5, 5, 'champions'), (5, 4, 'champions'), (4, 5, 'champions'), (4, 4, 'loyal'),
    (3, 5, 'loyal'), (3, 4, 'loyal'), (5, 3, 'promising'), (5, 2, 'promising'), (4, 3, 'promising'), (4, 2, 'promising'),
    (5, 1, 'new'), (4, 1, 'new'),
    (3, 3, 'needs_attention'), (3, 2, 'needs_attention'), (3, 1, 'about_to_sleep'),
    (2, 5, 'at_risk'), (2, 4, 'at_risk'), (2, 3, 'at_risk'), (1, 5, 'cannot_lose'), (1, 4, 'cannot_lose'),
    (2, 2, 'hibernating'), (2, 1, 'hibernating'), (1, 3, 'hibernating'), (1, 2, 'lost'), (1, 1, 'lost')
) as rules (r_score, f_score, segment)
