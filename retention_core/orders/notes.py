"""Notes of the ledger: what was kept but should be known. Their rows are counted elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_core.orders.clean import rows_of
from retention_core.orders.layouts import COST_FIELDS
from retention_core.orders.ledger import Row, row_of
from retention_core.orders.questions import Answers
from retention_core.orders.rules import RULE
from retention_core.orders.stage import Reading

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

# Looking for equal rows compares every row with every other: only where that is cheap.
COMPARED_ROWS = 2_000_000


def rows(connection: Connection, readings: Sequence[Reading], answers: Answers) -> list[Row]:
    """One row per file and thing worth knowing."""
    found: list[Row] = []
    for number, reading in enumerate(readings):
        found += _statuses(connection, reading, number)
        found += _spreadsheet_ids(connection, reading, number)
        found += _identical(connection, reading, number)
    if answers.refunds != "ignore":
        found += _excess(connection, readings)
    return found + _without_cost(connection, readings) + _shared(connection, readings)


def sentences(rows: Sequence[Row]) -> list[str]:
    """The notes in words, one per rule."""
    told: dict[str, int] = {}
    for row in rows:
        if row["outcome"] == "note":
            told[row["rule"]] = told.get(row["rule"], 0) + row["rows"]
    return [f"{RULE[rule].sentence} ({count:,} rows)" for rule, count in told.items()]


def _statuses(connection: Connection, reading: Reading, number: int) -> list[Row]:
    if "status" not in reading.columns:
        return []
    unknown = rows_of(
        connection,
        "SELECT status, count(*), count(DISTINCT order_id), min(line) FROM load_rows"
        f" WHERE part = {number} AND rule IS NULL AND meaning = 'unknown' GROUP BY status ORDER BY 2 DESC, 1",
    )
    if not unknown:
        return []
    examples = [(line, status) for status, _, _, line in unknown[:5]]
    counts = sum(row[1] for row in unknown), sum(row[2] for row in unknown)
    return [row_of(reading.part, "unknown_status", *counts, examples=examples, number=number)]


def _spreadsheet_ids(connection: Connection, reading: Reading, number: int) -> list[Row]:
    """Ids of text files that a spreadsheet wrote as 1.23E+10; typed columns cannot hold such text."""
    if reading.part.kind == "parquet":
        return []
    ids, lines, line = rows_of(
        connection,
        "SELECT count(DISTINCT customer_id), count(*), min(line) FROM load_rows"
        f" WHERE part = {number} AND regexp_matches(customer_id, '^[0-9][.,]?[0-9]*[eE]\\+[0-9]+$')",
    )[0]
    return (
        [row_of(reading.part, "spreadsheet_id", lines, 0, ids, examples=[(line, "")], number=number)] if lines else []
    )


def _identical(connection: Connection, reading: Reading, number: int) -> list[Row]:
    """Lines that are equal in every column, kept where nothing tells that they are one."""
    if reading.part.rows > COMPARED_ROWS or (reading.grain == "order" and "order_id" in reading.columns):
        return []
    columns = ", ".join(f"c{column}" for column in range(len(reading.part.columns)))
    again, line = rows_of(
        connection,
        "SELECT coalesce(sum(copies - 1), 0), min(last) FROM (SELECT count(*) AS copies, max(line) AS last"
        f" FROM {reading.part.relation} GROUP BY {columns} HAVING count(*) > 1)",
    )[0]
    return [row_of(reading.part, "identical_lines", again, examples=[(line, "")], number=number)] if again else []


def _excess(connection: Connection, readings: Sequence[Reading]) -> list[Row]:
    """Refund rows above their purchase, and what a column of refunds has above all that was paid for an order."""
    excess = "SELECT part, order_id, customer_id, excess FROM load_refunded_orders"
    if any("refunded" in reading.columns for reading in readings):
        paid = "amount + coalesce(tax, 0) + coalesce(shipping, 0)"
        excess += (
            f" UNION ALL SELECT part, order_id, customer_id, refunded_column + coalesce(refunded_rows, 0) - ({paid})"
            " FROM load_orders WHERE refunded_column > 0 AND amount > 0"
        )
    found = rows_of(
        connection,
        "SELECT part, count(DISTINCT (order_id, customer_id)), CAST(sum(excess) AS DOUBLE)"
        f" FROM ({excess}) WHERE excess > 0 GROUP BY part ORDER BY part",
    )
    return [
        row_of(readings[part].part, "refund_excess", orders, orders, amount=amount, number=part)
        for part, orders, amount in found
    ]


def _without_cost(connection: Connection, readings: Sequence[Reading]) -> list[Row]:
    """Counted rows without a cost, in files that tell costs; of several rows with one total, the first tells it."""
    told = [number for number, reading in enumerate(readings) if not set(COST_FIELDS).isdisjoint(reading.columns)]
    if not told:
        return []
    found = rows_of(
        connection,
        "SELECT part, count(*), count(DISTINCT (order_id, customer_id)), count(DISTINCT customer_id),"
        " CAST(sum(amount) AS DOUBLE), arg_min(line, line, 5) FROM load_rows"
        " WHERE rule IS NULL AND cost IS NULL AND (is_line OR amount IS NOT NULL) GROUP BY part ORDER BY part",
    )
    return [
        row_of(
            readings[part].part, "no_cost", rows, orders, customers, amount,
            examples=[(line, "") for line in lines], number=part,
        )
        for part, rows, orders, customers, amount, lines in found
        if part in told
    ]  # fmt: skip


def _shared(connection: Connection, readings: Sequence[Reading]) -> list[Row]:
    """Every row of such a number: also those of the customer who keeps it as it stands."""
    found = rows_of(
        connection,
        "SELECT part, count(*), count(DISTINCT (order_id, customer_id)), count(DISTINCT customer_id) FROM load_rows"
        " WHERE rule IS NULL AND order_id IN (SELECT order_id FROM load_shared) GROUP BY part ORDER BY part",
    )
    return [
        row_of(readings[part].part, "shared_order_number", rows, orders, customers, number=part)
        for part, rows, orders, customers in found
    ]
