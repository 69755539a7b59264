"""What customers with such a history did in the year that followed: counted, no model. What is left where models fail.

A history is judged by two things alone: how many orders, and how long ago the last one was.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retention_core.models.triples import CUSTOMERS, Floats, arrays

ORDERS = (1, 2, 3, 5, 10)  # first number of orders of each group
SILENCES = (0, 31, 91, 181, 366)  # first day of silence of each group
LATELY = 2  # the first columns are of those who ordered lately
FEW = 30  # customers below which a cell says nothing and its neighbours of the same number of orders speak for it


def count(calibration: pd.DataFrame) -> "Observed":
    """`calibration`: repeat_orders, first_to_last, age, hidden_orders and, where rows are shared, customers."""
    shared = calibration if CUSTOMERS in calibration else calibration.assign(**{CUSTOMERS: 1})
    silence = shared["age"] - shared["first_to_last"]
    cell = place(shared["repeat_orders"], silence)
    customers, hidden = (shared[name].to_numpy(np.float64) for name in (CUSTOMERS, "hidden_orders"))

    def total(weights: Floats) -> Floats:
        size = len(ORDERS) * len(SILENCES)
        sums = np.bincount(cell, weights=weights, minlength=size).astype(np.float64, copy=False)
        return sums.reshape(len(ORDERS), len(SILENCES))

    silent = customers * silence.to_numpy(np.float64)
    return Observed(total(customers), total(customers * (hidden > 0)), total(customers * hidden), total(silent))


def place(repeat_orders: Any, silence: Any) -> npt.NDArray[np.int64]:
    """Number of the cell of each history, row by row of the table orders × silence."""
    orders = np.searchsorted(ORDERS, np.asarray(repeat_orders) + 1, side="right") - 1
    silent = np.searchsorted(SILENCES, np.asarray(silence), side="right") - 1
    return np.asarray(orders * len(SILENCES) + silent, dtype=np.int64)


@dataclass(frozen=True)
class Observed:
    """Tables of orders (rows) × silence (columns): customers, those who ordered in the year after, their orders, and
    the days they had been silent, added up."""

    customers: Floats
    ordered: Floats
    orders: Floats
    silent_days: Floats

    def will_order(self, repeat_orders: Any, silence: Any) -> Floats:
        """Share of customers like these who ordered within the year."""
        return self._of(self.ordered, repeat_orders, silence)

    def expected_orders(self, repeat_orders: Any, silence: Any) -> Floats:
        """Orders per customer like these in the year."""
        return self._of(self.orders, repeat_orders, silence)

    def lively_orders(self, repeat_orders: Any) -> Floats:
        """The same of customers with as many orders who had ordered lately: the first of their cells that speaks."""
        return self._of(self.orders, repeat_orders, np.zeros_like(np.asarray(repeat_orders, np.float64)))

    def tells(self, repeat_orders: Any, silence: Any) -> npt.NDArray[np.bool_]:
        """Whether those who had ordered lately were counted apart from customers like these.

        Not where too few had: both are the same cells put together then, and alike because nothing is known.
        """
        x, silent = arrays(repeat_orders, silence)
        apart = np.zeros_like(self.customers, dtype=bool)
        for i in range(len(ORDERS)):
            lively = self._reach(i, 0)
            if lively is not None:
                apart[i] = True
                apart[i, 1 if lively.stop > LATELY else lively.stop : lively.stop] = False
        return np.asarray(apart.ravel()[place(x, silent)])

    def cells(self) -> pd.DataFrame:
        """One row per cell with a customer: orders, silence (first of the group), customers, ordered, days (mean)."""
        there = np.argwhere(self.customers > 0)
        row, column = there.T
        customers = self.customers[row, column]
        return pd.DataFrame(
            {
                "orders": np.array(ORDERS)[row],
                "silence": np.array(SILENCES)[column],
                "customers": customers,
                "ordered": self.ordered[row, column],
                "days": self.silent_days[row, column] / customers,
            }
        )

    def _of(self, counted: Floats, repeat_orders: Any, silence: Any) -> Floats:
        x, silent = arrays(repeat_orders, silence)
        return np.asarray(self._rates(counted).ravel()[place(x, silent)])

    def _rates(self, counted: Floats) -> Floats:
        """Per customer; a cell of too few takes in its neighbours of the same row, then the whole table."""
        rates = np.full_like(counted, counted.sum() / max(self.customers.sum(), 1.0))
        for i, j in np.ndindex(*counted.shape):
            reach = self._reach(i, j)
            if reach is not None:
                rates[i, j] = counted[i, reach].sum() / self.customers[i, reach].sum()
        return rates

    def _reach(self, i: int, j: int) -> slice | None:
        """The columns of row i that speak for its column j: the nearest with FEW customers; None: the row has fewer."""
        for far in range(len(SILENCES)):
            columns = slice(max(j - far, 0), min(j + far + 1, len(SILENCES)))
            if self.customers[i, columns].sum() >= FEW:
                return columns
        return None
