"""What a loaded data set says of itself, in words: currency, times, what the amount holds, what was noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from retention_core.orders.clean import exists, rows_of
from retention_core.orders.layouts import COST_FIELDS
from retention_core.orders.questions import Answers
from retention_core.orders.stage import Reading

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

_REFUNDS = {
    "net": "what was refunded is subtracted; an order refunded in full stays an order of amount 0",
    "drop": "what was refunded is subtracted; an order refunded in full is no order",
    "ignore": "amounts before refunds",
}

_COSTS = {
    "cost": "the cost column",
    "unit_cost": "pieces × the cost of one piece",
    "profit": "amount less the profit column",
}
_BACK = "a refund takes as much of the cost off as of the amount"
_COST_OF_REFUNDS = {"net": _BACK, "drop": _BACK, "ignore": "before refunds, as the amounts are"}


@dataclass(frozen=True)
class Facts:
    """What is known of the loaded orders besides the numbers. `money`, `times`, `refunds`, `notes` are for people.

    Without `has_amount` the files tell no money: every amount is 0 and means nothing.
    """

    currency: str | None
    timezone: str | None
    times: str
    money: str
    refunds: str
    first_ordered_at: datetime | None
    last_ordered_at: datetime | None
    has_amount: bool
    has_order_lines: bool
    has_customers: bool
    has_events: bool
    has_spend: bool
    cost: str = ""  # how the cost of the goods comes about, for people; empty: no order tells one
    notes: tuple[str, ...] = ()


def gather(connection: Connection, readings: Sequence[Reading], answers: Answers, notes: Sequence[str]) -> Facts:
    """The facts of the clean tables that the connection holds."""
    first, last, currency = rows_of(
        connection, "SELECT min(ordered_at), max(ordered_at), any_value(currency) FROM clean_orders"
    )[0]
    tables = {row[0] for row in rows_of(connection, "SELECT table_name FROM duckdb_tables() WHERE temporary")}
    reading = readings[0]
    return Facts(
        currency=answers.currency.upper() if answers.currency else currency,
        timezone=answers.timezone,
        times=_times(readings, answers),
        money=_money(reading),
        refunds=_REFUNDS[answers.refunds],
        first_ordered_at=first,
        last_ordered_at=last,
        has_amount=_has_amount(reading),
        has_order_lines="clean_order_lines" in tables,
        has_customers="clean_customers" in tables,
        has_events="clean_events" in tables,
        has_spend="clean_spend" in tables,
        cost=_cost(connection, readings, answers),
        notes=(*(() if reading.layout.note is None else (reading.layout.note,)), *notes),
    )


def _has_amount(reading: Reading) -> bool:
    return bool({"amount", "line_amount"} & reading.columns.keys() or {"quantity", "price"} <= reading.columns.keys())


def _money(reading: Reading) -> str:
    if not _has_amount(reading):
        return "the file tells no amounts"
    return (
        reading.layout.money
        if reading.grain != "line" or reading.layout.key != "plain"
        else "the lines of each order added up"
    )


def _cost(connection: Connection, readings: Sequence[Reading], answers: Answers) -> str:
    told = [field for reading in readings for field in COST_FIELDS if field in reading.columns][:1]
    if not told or not exists(connection, "FROM clean_orders WHERE cost IS NOT NULL"):
        return ""
    return f"{_COSTS[told[0]]}; {_COST_OF_REFUNDS[answers.refunds]}"


def _times(readings: Sequence[Reading], answers: Answers) -> str:
    zoned = any(date.zoned for reading in readings for date in reading.dates.values())
    if any(reading.layout.utc for reading in readings) or zoned:
        if answers.timezone:
            return f"turned into the time of {answers.timezone}"
        return "as written, with their zone left aside" if zoned else "in UTC, as the file writes them"
    return "as written"
