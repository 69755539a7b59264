"""When a customer counts as lapsed, from the shop's own waits between orders; the stages and moves that follow."""

from __future__ import annotations

from collections.abc import Mapping
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
NEARLY = 1.1  # times a number of days: not worth telling apart
LOST_AFTER = 2  # times the wait of the lapsed
WITHOUT_WAITS = 180  # days until lapsed, where a shop has no waits of its own to go by
TELLS_LITTLE = 0.8  # times the chance of who has just ordered: from here on long silence says next to nothing


@dataclass(frozen=True)
class Wait:
    """The wait after the n-th order. `share`: back within `horizon_days`, the longest wait that 30 have lived through.

    Of those back by then, `reminder_days` is when four of five are, `lapse_days` when nine of ten are; low and high are
    ends of 95 % intervals. `latest_days`: when nine of ten are, should all who are still silent come back too; None:
    not seen. `returns`: the orders that it rests on.
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
    latest_days: int | None

    @property
    def is_settled(self) -> bool:
        """Whether longer waits, still to be seen, could hardly move the nine of ten: else they are of those so far."""
        if self.horizon_days >= A_YEAR:
            return True
        return self.latest_days is not None and self.latest_days <= NEARLY * self.lapse_days

    @property
    def has_flattened(self) -> bool:
        """Whether the curve had room to flatten after the nine of ten, or says at least more than WITHOUT_WAITS.

        Before that nine of ten lie just short of the horizon, wherever it is: 12 days in a shop of two weeks.
        """
        return self.is_settled or self.lapse_days <= self.horizon_days / 2 or self.lapse_days >= WITHOUT_WAITS


@dataclass(frozen=True)
class Silence:
    """What silence until `day` after the n-th order says. Shares are None where too few have been watched for so long.

    `back`: of those who come back by `horizon_days`, the share back by `day`; `soon`: of those still silent, who orders
    in the next 30 days; `fresh`: the same of those who have just ordered; `late`: of those still silent, who orders by
    `horizon_days`. All without a reminder, or with those that the shop sends anyway. Where everybody came back and
    nobody has been silent for longer, `back` is 1 and of the silent nothing is known.
    """

    order_number: int
    day: int
    horizon_days: int
    back: float | None
    soon: float | None
    fresh: float | None
    late: float | None

    @property
    def tells(self) -> bool:
        """Whether the silent order clearly less than the fresh: if not, they order rarely and nothing says they left.

        True also where it cannot be seen yet.
        """
        return self.soon is None or self.fresh is None or self.soon < TELLS_LITTLE * self.fresh


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

    Absent where fewer than 30 came back, or where the curve ends before a year though that of all orders goes on, or
    ends before it has flattened: long waits could not be seen there yet.
    """
    found = {int(str(number)): _wait(int(str(number)), curve) for number, curve in curves.groupby("order_number")}
    enough = min(found[ALL_ORDERS].horizon_days, A_YEAR) if ALL_ORDERS in found else 0
    return {
        n: wait
        for n, wait in found.items()
        if wait.returns >= SMALL_SAMPLE and wait.horizon_days >= enough and wait.has_flattened
    }


def has_returns(curves: pd.DataFrame) -> bool:
    """Whether enough came back to know waits from, had they been watched for long. `curves`: rows of wait_curve."""
    return int(curves.loc[curves["order_number"] == ALL_ORDERS, "ordered"].sum()) >= SMALL_SAMPLE


def _wait(order_number: int, curve: pd.DataFrame) -> Wait:
    """The curve is read up to the last day that 30 customers have lived through: beyond it one return is a cliff."""
    seen = _well_seen(curve)
    last, returns = seen.iloc[-1], int(seen["ordered"].sum())
    # The share of the returns is a quantile: its interval is that of a share of so many returns (Woodruff 1952).
    room = Z95 * (LAPSED * (1 - LAPSED) / max(returns, 1)) ** 0.5
    parts = (REMINDED, LAPSED, max(LAPSED - room, 0.0), min(LAPSED + room, 1.0))
    reminder, lapse, lapse_low, lapse_high = (_day_of(seen, part) for part in parts)
    shares = (float(last["share"]), float(last["low"]), float(last["high"]))
    latest = _day_of(seen, LAPSED / shares[0]) if shares[0] >= LAPSED else None
    return Wait(order_number, returns, int(last["day"]), *shares, reminder, lapse, lapse_low, lapse_high, latest)


def _well_seen(curve: pd.DataFrame) -> pd.DataFrame:
    seen = curve[(curve["at_risk"] >= SMALL_SAMPLE) & (curve["day"] <= LONGEST_WAIT)]
    return seen if len(seen) else curve.head(1)


def _day_of(seen: pd.DataFrame, part: float) -> int:
    """The first day by which `part` of those who come back within the curve are back."""
    reached = seen["share"] >= part * float(seen["share"].iloc[-1]) - 1e-12
    return int(seen.loc[reached, "day"].iloc[0])


def wait_after(found: Mapping[int, Wait], order_number: int) -> Wait | None:
    """The wait after this order; where too few came back after it, that after any order; None: too few at all."""
    return found.get(order_number) or found.get(ALL_ORDERS)


def told_apart(found: dict[int, Wait]) -> dict[int, Wait]:
    """The waits by order number where any is known, else that of all orders together."""
    return {number: wait for number, wait in found.items() if number != ALL_ORDERS} or found


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


def silence_after(curve: pd.DataFrame, wait: Wait, day: int) -> Silence:
    """What silence until `day` says. `curve`: the rows of wait_curve of the order number of `wait`."""
    if day >= wait.horizon_days or not wait.share:
        back = 1.0 if wait.share == 1 else None  # the curve ends because nobody is left, not because it is young
        return Silence(wait.order_number, day, wait.horizon_days, back, None, chance_within(curve, 0), None)
    return Silence(
        wait.order_number,
        day,
        wait.horizon_days,
        _share_by(curve, day) / wait.share,
        chance_within(curve, day),
        chance_within(curve, 0),
        chance_within(curve, day, wait.horizon_days - day),
    )


def days_missing(curves: pd.DataFrame, order_number: int) -> int:
    """Days until this order number has been watched for the year that `waits` asks for; 0: it has been.

    `curves`: rows of wait_curve.
    """
    curve = curves[curves["order_number"] == order_number]
    return max(A_YEAR - int(_well_seen(curve)["day"].iloc[-1]), 0) if len(curve) else A_YEAR


def net_of(moved: pd.DataFrame) -> int:
    """By how many the customers who have not lapsed grew. `moved`: rows of lifecycle_flows."""
    away = ("stranger", *GONE)
    came = moved["from_stage"].isin(away) & ~moved["to_stage"].isin(away)
    left = ~moved["from_stage"].isin(away) & moved["to_stage"].isin(away)
    return int(moved.loc[came, "customers"].sum() - moved.loc[left, "customers"].sum())


def _share_by(curve: pd.DataFrame, day: int) -> float:
    reached = curve.loc[curve["day"] <= day, "share"]
    return float(reached.iloc[-1]) if len(reached) else 0.0
