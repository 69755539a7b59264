-- Two functions: the ends of the 95 % Wilson score interval of `hits` out of `trials` (Wilson 1927; z = 1.959964).
create or replace temp macro wilson_low(hits, trials) as greatest(0,
    (hits + 1.920729410347062 - 1.959963984540054 * sqrt(hits * (trials - hits) / trials + 0.960364705173531))
    / (nullif(trials, 0) + 3.841458820694124));
create or replace temp macro wilson_high(hits, trials) as least(1,
    (hits + 1.920729410347062 + 1.959963984540054 * sqrt(hits * (trials - hits) / trials + 0.960364705173531))
    / (nullif(trials, 0) + 3.841458820694124))
