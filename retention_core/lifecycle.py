"""When a customer counts as lapsed, from the shop's own waits between orders; the stages and moves that follow."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from retention_core.metrics import SMALL_SAMPLE, Z95

ORDER_NUMBERS = (1, 2, 3, 4, 5)  # 5 stands for the fifth and all later orders
ALL_ORDERS = 0
STAGES = ("active", "won_back", "new", "at_risk", "lapsed", "lost")  # from the nearest to the farthest
GONE = ("lapsed", "lost")
LONGEST_WAIT = 730  # days: who comes back after two years is a new acquaintance
A_YEAR = 365
REMINDED, LAPSED = 0.8, 0.9  # of those who come back
LOST_AFTER = 2  # times the wait of the lapsed
WITHOUT_WAITS = 180  # days until lapsed, where a shop has no waits of its own to go by


@dataclass(frozen=True)
class Wait:
    """The wait after the n-th order. `share`: back within `horizon_days`, the longest wait that 30 have lived through.

    Of those back by then, `reminder_days` is when four of five are, `lapse_days` when nine of ten are; low and high are
    ends of 95 % intervals. `returns`: the orders that it rests on.
    """

    order_number: int
    returns: int
    horizon_days: int
    share: float
    low: float
    high: float
    reminder_days: int
    lapse_days: int
    lapse_low: int
    lapse_high: int


@dataclass(frozen=True)
class Limits:
    """Days of silence, one per order number (1 to 4, fifth and later), after which a customer is in the stage."""

    at_risk_days: tuple[int, ...]
    lapsed_days: tuple[int, ...]
    lost_days: tuple[int, ...]

    def parameters(self) -> dict[str, list[int]]:
        """As the query lifecycle_flows takes them."""
        return {name: list(days) for name, days in vars(self).items()}


def waits(curves: pd.DataFrame) -> dict[int, Wait]:
    """The wait after each order number, 0 for all together. `curves`: rows of wait_curve.

    Absent where fewer than 30 came back, or where the curve ends before a year though that of all orders goes on: long
    waits could not be seen there yet.
    """
    found = {int(str(number)): _wait(int(str(number)), curve) for number, curve in curves.groupby("order_number")}
    enough = min(found[ALL_ORDERS].horizon_days, A_YEAR) if ALL_ORDERS in found else 0
    return {n: wait for n, wait in found.items() if wait.returns >= SMALL_SAMPLE and wait.horizon_days >= enough}


def _wait(order_number: int, curve: pd.DataFrame) -> Wait:
    """The curve is read up to the last day that 30 customers have lived through: beyond it one return is a cliff."""
    seen = curve[(curve["at_risk"] >= SMALL_SAMPLE) & (curve["day"] <= LONGEST_WAIT)]
    seen = seen if len(seen) else curve.head(1)
    last, returns = seen.iloc[-1], int(seen["ordered"].sum())
    # The share of the returns is a quantile: its interval is that of a share of so many returns (Woodruff 1952).
    room = Z95 * (LAPSED * (1 - LAPSED) / max(returns, 1)) ** 0.5
    parts = (REMINDED, LAPSED, max(LAPSED - room, 0.0), min(LAPSED + room, 1.0))
    shares = (float(last["share"]), float(last["low"]), float(last["high"]))
    return Wait(order_number, returns, int(last["day"]), *shares, *(_day_of(seen, part) for part in parts))


def _day_of(seen: pd.DataFrame, part: float) -> int:
    """The first day by which `part` of those who come back within the curve are back."""
    reached = seen["share"] >= part * float(seen["share"].iloc[-1]) - 1e-12
    return int(seen.loc[reached, "day"].iloc[0])


def wait_after(found: dict[int, Wait], order_number: int) -> Wait | None:
    """The wait after this order; where too few came back after it, that after any order; None: too few at all."""
    return found.get(order_number) or found.get(ALL_ORDERS)


def own_limits(found: dict[int, Wait]) -> Limits:
    """The limits of the shop's own waits. An order number that has none takes those of all orders."""
    rows = []
    for number in ORDER_NUMBERS:
        wait = wait_after(found, number)
        rows.append((WITHOUT_WAITS // 2, WITHOUT_WAITS) if wait is None else (wait.reminder_days, wait.lapse_days))
    return _limits(rows)


def fixed_limits(days: int) -> Limits:
    """Lapsed after `days` whatever the order number, at risk after half of them."""
    return _limits([(days // 2, days)] * len(ORDER_NUMBERS))


def _limits(rows: list[tuple[int, int]]) -> Limits:
    at_risk, lapsed = (tuple(column) for column in zip(*rows, strict=True))
    return Limits(at_risk, lapsed, tuple(LOST_AFTER * days for days in lapsed))


def stages(flows: pd.DataFrame, months: pd.Series) -> pd.DataFrame:
    """One row per month and stage: customers in it when the month ended, or on the last observed day of one not over.

    `flows`: rows of lifecycle_flows; `months`: first days of all months, in order. Customers won so far are conserved.
    """
    into = flows.pivot_table("customers", "month", "to_stage", "sum", fill_value=0)
    out = flows.pivot_table("customers", "month", "from_stage", "sum", fill_value=0)
    index, columns = pd.DatetimeIndex(months, name="month"), pd.Index(STAGES, name="stage")
    moved = into.reindex(index=index, columns=columns, fill_value=0)
    moved = moved - out.reindex(index=index, columns=columns, fill_value=0)
    return (
        moved.cumsum()
        .melt(ignore_index=False, value_name="customers")
        .reset_index()
        .sort_values("month", kind="stable", ignore_index=True)
    )


def chance_within(curve: pd.DataFrame, day: int, days: int = 30) -> float | None:
    """Of those silent for `day` days, the share that orders within the next `days` by themselves; None: not seen yet.

    `curve`: the rows of wait_curve for one order number.
    """
    if curve.empty or day + days > int(curve["day"].iloc[-1]):
        return None
    before, after = (_share_by(curve, when) for when in (day, day + days))
    return (after - before) / (1 - before) if before < 1 else None


def _share_by(curve: pd.DataFrame, day: int) -> float:
    reached = curve.loc[curve["day"] <= day, "share"]
    return float(reached.iloc[-1]) if len(reached) else 0.0
