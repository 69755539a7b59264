"""The data of every buy-till-you-die model: how many customers share one purchase history (x, t_x, T)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

COLUMNS = ("repeat_orders", "first_to_last", "age")
CUSTOMERS = "customers"


@dataclass(frozen=True)
class Triples:
    """One row per purchase history, sorted by `x`; the unit of time is the caller's.

    `x` repeat orders, `t_x` time from the first to the last order, `T` time from the first order to the end of the
    observation, `customers` how many share the history, `row` its place in the frame it was read from. `left_out`
    counts customers whose history is impossible.
    """

    x: Floats
    t_x: Floats
    T: Floats
    customers: Floats
    row: Ints
    left_out: float = 0.0

    @property
    def size(self) -> float:
        return float(self.customers.sum())

    @property
    def repeaters(self) -> float:
        return float(self.customers[self.x > 0].sum())

    @property
    def longest(self) -> float:
        return float(self.T.max(initial=0.0))

    def every(self, step: int) -> "Triples":
        """Every `step`-th history: an even sample, as they are sorted; itself when `step` is below 2."""
        if step < 2:
            return self
        part = slice(None, None, step)
        return Triples(self.x[part], self.t_x[part], self.T[part], self.customers[part], self.row[part])

    def weighted(self, customers: Floats) -> "Triples":
        """The same histories with other counts: a bootstrap sample."""
        return replace(self, customers=customers)


def read_triples(summary: pd.DataFrame) -> Triples:
    """The histories of a frame: repeat_orders, first_to_last, age and, where customers share a row, customers.

    A customer is left out when a number is missing or negative, when the last order lies after the end of the
    observation, or when only one of repeat_orders and first_to_last is zero. Raises ValueError if a column is missing.
    """
    missing = [name for name in COLUMNS if name not in summary.columns]
    if missing:
        raise ValueError(f"the summary has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    if CUSTOMERS not in summary.columns:
        summary = (
            summary.groupby(list(COLUMNS), as_index=False, dropna=False).size().rename(columns={"size": CUSTOMERS})
        )
    x, t_x, T, customers = (summary[name].to_numpy(np.float64, na_value=np.nan) for name in (*COLUMNS, CUSTOMERS))
    finite = np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T) & np.isfinite(customers)
    possible = finite & (x >= 0) & (t_x >= 0) & (t_x <= T) & ((x > 0) == (t_x > 0)) & (customers >= 0)
    left_out = float(customers[~possible & np.isfinite(customers)].sum())
    order = np.flatnonzero(possible)
    order = order[np.argsort(x[order], kind="stable")]
    return Triples(x[order], t_x[order], T[order], customers[order], order.astype(np.int64), left_out)


@dataclass(frozen=True)
class Coded:
    """Numbers as positions in the list of their distinct values: `distinct[code]` gives them back."""

    code: Ints
    distinct: Floats

    def total(self, weights: Floats) -> Floats:
        """Sum of the weights of each distinct value."""
        return np.bincount(self.code, weights=weights, minlength=len(self.distinct)).astype(np.float64, copy=False)


def coded(values: Floats) -> Coded:
    """Whole numbers no larger than their count (orders, days) find their place by counting, others by looking up."""
    if len(values) and values.max() < len(values):
        whole = values.astype(np.int64)
        if (whole == values).all():
            used = np.bincount(whole) > 0
            return Coded((np.cumsum(used) - 1)[whole], np.flatnonzero(used).astype(np.float64))
    code, distinct = pd.factorize(values)
    return Coded(code.astype(np.int64), np.asarray(distinct, dtype=np.float64))


def distinct_rows(*columns: Floats) -> tuple[tuple[Floats, ...], Ints]:
    """The distinct rows of the columns, and for every row its position among them: dear functions run once a row."""
    rows = len(columns[0])
    key, keys = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        part = coded(column)
        key, keys = key * len(part.distinct) + part.code, keys * len(part.distinct)
        if keys > rows:
            key = pd.factorize(key)[0].astype(np.int64)
            keys = int(key.max(initial=-1)) + 1
    some = np.full(keys, -1)
    some[key] = np.arange(rows)
    used = np.flatnonzero(some >= 0)
    place = np.empty(keys, dtype=np.int64)
    place[used] = np.arange(len(used))
    return tuple(column[some[used]] for column in columns), place[key]


def arrays(*values: Any) -> tuple[Floats, ...]:
    """Scalars, lists and series as float arrays of one common shape."""
    return tuple(np.array(part) for part in np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values)))


def valid(*values: Any) -> tuple[Floats, ...]:
    """The values as arrays of one shape. ValueError if one is missing, endless or below 0."""
    whole = arrays(*values)
    if not all(part.size == 0 or (part.min() >= 0 and part.max() < np.inf) for part in whole):
        raise ValueError("x, t_x, T and horizons must be numbers of 0 or more")
    return whole
