"""What changed between two periods, and whether it is more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import pandas as pd

from retention_core.metrics import Z95, wilson


@dataclass(frozen=True)
class Change:
    """One number now and before. `low`, `high`: 95 % interval of the difference; None where no error is known."""

    key: str
    unit: str
    now: float
    before: float
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float:
        return self.now - self.before

    @property
    def relative(self) -> float | None:
        """0.08: eight per cent more than before. None where there was nothing before."""
        return self.difference / self.before if self.before else None

    @property
    def is_beyond_chance(self) -> bool:
        """The interval of the difference leaves out 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def count_change(key: str, now: float, before: float) -> Change:
    """Two counts of people who come independently of each other (Poisson): a count is its own variance.

    Who is in both counts adds nothing to the variance of the difference (McNemar 1947): with such people the interval
    is rather too wide, so that what lies beyond chance by it does.
    """
    half = Z95 * math.sqrt(now + before)
    return Change(key, "customers", now, before, now - before - half, now - before + half)


def share_change(
    key: str, hits: float, trials: float, hits_before: float, trials_before: float, z: float = Z95
) -> Change | None:
    """Two shares of different people; the interval is that of Newcombe (1998, method 10). None where one has nobody.

    `z`: standard errors of the interval on either side, more than those of 95 % where many pairs are looked at.
    """
    if trials <= 0 or trials_before <= 0:
        return None
    now, before = hits / trials, hits_before / trials_before
    low, high = wilson(hits, trials, z)
    low_before, high_before = wilson(hits_before, trials_before, z)
    down = math.hypot(now - low, high_before - before)
    up = math.hypot(high - now, before - low_before)
    return Change(key, "share", now, before, now - before - down, now - before + up)


def z_for(comparisons: int) -> float:
    """Standard errors at which, of so many comparisons without a difference, 1 set in 20 shows one (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / comparisons)


def of_totals(now: pd.Series, before: pd.Series) -> dict[str, Change]:
    """The changes between two rows of `period_totals`, by name; a share without customers is left out.

    Customers have an interval. Their orders, revenue and shares come without one: how these vary from customer to
    customer is not told by totals, and many ordered in both periods.
    """
    changes = [
        count_change("customers", float(now["customers"]), float(before["customers"])),
        count_change("new_customers", float(now["new_customers"]), float(before["new_customers"])),
        Change("orders", "orders", float(now["orders"]), float(before["orders"])),
        Change("revenue", "money", float(now["revenue"]), float(before["revenue"])),
    ]
    if now["customers"] and before["customers"]:
        shares = (float(row["repeat_customers"]) / float(row["customers"]) for row in (now, before))
        changes.append(Change("returning_customer_rate", "share", *shares))
    if now["orders"] and before["orders"]:
        values = (float(row["revenue"]) / float(row["orders"]) for row in (now, before))
        changes.append(Change("average_order_value", "money", *values))
    return {change.key: change for change in changes}
