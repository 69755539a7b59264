"""A file of one month: everybody who ran when it began, and who of them ended in it.

Each contract was then watched in one month of its life only. The share that ends at each age comes from the contracts
of that age, and a new contract is followed through all of them (a period life table, as for people in a census).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from retention_core.models.triples import Floats

Z = NormalDist().inv_cdf(0.975)


def longest(months: Floats) -> int:
    """The last age up to which there is a contract of every age; about later ones the file tells nothing."""
    ages = np.unique(months[months >= 1])
    return int((ages == np.arange(1, len(ages) + 1)).sum())


def curve(months: Floats, is_lost: Floats) -> pd.DataFrame:
    """One row per age at which contracts ended: the columns of `survival.kaplan_meier`, with the same kind of band."""
    until = longest(months)
    ages = months.astype(np.int64)
    at_risk = np.bincount(ages, minlength=until + 1)[1 : until + 1].astype(np.float64)
    events = np.bincount(ages, weights=is_lost, minlength=until + 1)[1 : until + 1]
    shown = events > 0
    time, at_risk, events = np.arange(1, until + 1)[shown], at_risk[shown], events[shown]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        width = Z * relative / -np.log(survival)
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    none_left = survival <= 0
    last_high = np.min(high, where=~none_left, initial=1.0)
    return pd.DataFrame(
        {
            "time": time,
            "at_risk": at_risk,
            "events": events,
            "survival": survival,
            "standard_error": np.where(none_left, 0.0, survival * np.where(none_left, 0.0, relative)),
            "low": np.where(none_left, 0.0, low),
            "high": np.where(none_left, last_high, high),
        }
    )
