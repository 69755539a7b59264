"""How many renewals a contract has faced, and whether it was lost at the last of them: from months or from days.

One rule for both: a running contract counts the renewals that it made, a lost one the renewal that it did not make.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import date

YES = frozenset(("yes", "y", "true", "t", "1", "1.0", "churned", "lost", "ended", "cancelled", "canceled"))
NO = frozenset(("no", "n", "false", "f", "0", "0.0", "stayed", "kept", "active", "running", "joined"))
MOST_MONTHS = 1200


def by_months(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with months, is_lost and rule, where the file tells months and whether it ended."""
    told = pd.to_numeric(frame["months_kept"].str.replace(",", ".", regex=False), errors="coerce")
    word = frame["churned"].str.strip().str.casefold()
    is_lost = word.isin(YES)
    months = np.where(is_lost, np.maximum(np.ceil(told), 1), np.floor(told))
    rules = [
        (frame["customer_id"].isna(), "no_customer"),
        (frame["months_kept"].isna(), "no_months"),
        (~told.between(0, MOST_MONTHS), "unreadable_months"),
        (word.isna(), "no_churned"),
        (~word.isin(YES | NO), "unreadable_churned"),
        (pd.Series(months == 0, frame.index), "no_renewal_yet"),
    ]
    return frame.assign(months=months, is_lost=is_lost, rule=_first_rule(rules))


def by_days(frame: pd.DataFrame, observed_on: date) -> pd.DataFrame:
    """The rows with months, is_lost and rule, where the file tells days.

    A contract whose end is known is lost at the renewal that it does not make; until that day has come it is running.
    """
    last = pd.Timestamp(observed_on)
    start, end = pd.to_datetime(frame["started_on_day"]), pd.to_datetime(frame["ended_on_day"])
    months, is_lost = faced(start, end, last)
    rules = [
        (frame["customer_id"].isna(), "no_customer"),
        (frame["started_on"].isna(), "no_start"),
        (start.isna(), "unreadable_start"),
        (frame["ended_on"].notna() & end.isna(), "unreadable_end"),
        (end.lt(start), "end_before_start"),
        (start.gt(last), "after_as_of"),
        (~is_lost & months.lt(1), "no_renewal_yet"),
    ]
    ends_later = end.notna() & ~is_lost
    return frame.assign(months=months, is_lost=is_lost, rule=_first_rule(rules), ends_later=ends_later)


def faced(start: pd.Series, end: pd.Series, last: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    """Months and is_lost of contracts as they are seen on the day `last`; below 1 month where no renewal has come."""
    not_made, so_far = renewal_not_made(start, end), whole_months(start, last)
    is_lost = end.le(last) & not_made.le(so_far)
    return not_made.where(is_lost, so_far), is_lost


def whole_months(start: pd.Series, until: pd.Series | pd.Timestamp) -> pd.Series:
    """Renewals that have come by `until`: a contract of the 31st renews on the last day of a shorter month."""
    later = until if isinstance(until, pd.Series) else pd.Series(until, start.index)
    months = (later.dt.year - start.dt.year) * 12 + later.dt.month - start.dt.month
    renews_on = np.minimum(start.dt.day, later.dt.days_in_month)
    made: pd.Series = months - later.dt.day.lt(renews_on).astype(int)
    return made


def renewal_not_made(start: pd.Series, end: pd.Series) -> pd.Series:
    """The number of the first renewal on or after the day of the end; at least 1."""
    whole = whole_months(start, end - pd.Timedelta(days=1))
    return (whole + 1).clip(lower=1)


def _first_rule(rules: Sequence[tuple[pd.Series, str]]) -> Any:
    return np.select([test.to_numpy(bool) for test, _ in rules], [name for _, name in rules], "kept")
