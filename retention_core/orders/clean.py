"""From staged rows to `clean_orders`: the same days in two files, currencies, refunds, one row per order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_core.orders import values
from retention_core.orders.layouts import COST_FIELDS
from retention_core.orders.questions import Answers, NeedsAnswers, Option, Question
from retention_core.orders.stage import STAGED, Reading, stage

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

SQL = Path(__file__).parent / "sql"
MONEY_COLUMNS = ("amount", "line_amount", "price", "discount", "refunded", "tax", "shipping", "cost")
VIEWS = ("load_clean", "load_orders", "load_rows", "load_staged")
TABLES = (
    "load_marks", "load_settings", "load_rates", "load_refunds", "load_refunded_orders", "load_dropped", "load_shared",
    "load_known",
)  # fmt: skip


def clean(connection: Connection, readings: Sequence[Reading], answers: Answers, is_final: bool) -> None:
    """Makes `clean_orders`, `customer_ids`, `load_rows`, `load_refunds` and `load_shared`.

    Where each row of the files is an order as it stands, and nothing is changed later (`is_final`), columns that no
    file has are not written down: with ten million orders each costs memory and a tenth of a second.

    Raises NeedsAnswers when the orders have several currencies and nobody said which one counts.
    """
    _settings(connection, answers)
    staged = [stage(connection, reading, number) for number, reading in enumerate(readings)]
    union = " UNION ALL ".join(f"SELECT * FROM {name}" for name in staged)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW load_staged AS {union}")
    repeated = _mark_repeats(connection, readings)
    _rows_view(connection, readings, answers)
    _ask_for_currency(connection, readings, answers)
    _match_refunds(connection, readings, answers)
    _rows_view(connection, readings, answers)
    grouped = (
        repeated or any(reading.grain != "order" for reading in readings) or exists(connection, "FROM load_refunds")
    )
    drop_relation(connection, "load_orders")
    run(connection, "grouped_orders" if grouped else "single_orders")
    drop_relation(connection, "clean_orders")
    run(connection, "clean_orders")
    if is_final and not grouped and answers.refunds != "drop":
        _keep_known_columns(connection, readings)
    else:
        connection.execute("CREATE TEMP TABLE clean_orders AS FROM load_clean")
    _drop_refunded(connection, readings, answers)
    run(connection, "shared_numbers" if grouped else "no_shared_numbers")
    if grouped:
        connection.execute(
            "UPDATE clean_orders SET order_id = load_shared.own_id FROM load_shared WHERE"
            " clean_orders.order_id = load_shared.order_id AND clean_orders.customer_id = load_shared.customer_id"
        )
    run(connection, "customer_ids")


def _keep_known_columns(connection: Connection, readings: Sequence[Reading]) -> None:
    """`clean_orders` as a view on a table of the columns that some file has; the others are empty."""
    there = {"order_id", "customer_id", "ordered_at", "amount", "part"}.union(
        *(reading.columns for reading in readings)
    )
    there |= {"currency"} if any(reading.layout.currency for reading in readings) else set()
    there |= {"refunded"} if "status" in there else set()
    there |= {"cost"} if there.intersection(COST_FIELDS) else set()
    columns = rows_of(connection, "SELECT column_name, column_type FROM (DESCRIBE load_clean)")
    known = ", ".join(name for name, _ in columns if name in there)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE load_known AS SELECT {known} FROM load_clean")
    every = ", ".join(name if name in there else f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW clean_orders AS SELECT {every} FROM load_known")


def tidy(connection: Connection, staged: int) -> None:
    """Removes what `clean` made besides its result."""
    for name in VIEWS:
        drop_relation(connection, name)
    for number in range(staged):
        drop_relation(connection, f"load_staged_{number}")
    for name in TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def run(connection: Connection, name: str) -> None:
    """Runs one file of `sql/`."""
    connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))


def rows_of(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def exists(connection: Connection, sql: str) -> bool:
    """Whether the query has a row."""
    return bool(rows_of(connection, f"SELECT 1 FROM ({sql}) LIMIT 1"))


def drop_relation(connection: Connection, name: str) -> None:
    """Removes a TEMP view or table, whichever it is."""
    kinds = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} IF EXISTS {name}")


def _settings(connection: Connection, answers: Answers) -> None:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE load_settings AS SELECT CAST(? AS VARCHAR) AS refunds,"
        " CAST(? AS VARCHAR) AS timezone, upper(CAST(? AS VARCHAR)) AS currency, CAST(? AS TIMESTAMP) AS as_of",
        [answers.refunds, answers.timezone, answers.currency, answers.as_of],
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE load_rates (currency VARCHAR, rate DOUBLE)")
    for currency, rate in (answers.rates or {}).items():
        connection.execute("INSERT INTO load_rates VALUES (upper(?), ?)", [currency, rate])
    connection.execute("CREATE OR REPLACE TEMP TABLE load_marks (part USMALLINT, line BIGINT, rule VARCHAR)")


def _mark_repeats(connection: Connection, readings: Sequence[Reading]) -> bool:
    """Marks what stands in two files, or twice in one; says whether an order number still has several rows."""
    numbered = all("order_id" in reading.columns for reading in readings)
    lines = all(reading.grain == "line" for reading in readings)
    if len(readings) > 1:
        run(connection, "shared_lines" if lines else "shared_orders" if numbered else "shared_rows")
    if not numbered or lines:
        return False
    repeated = False
    for number, reading in enumerate(readings):
        if reading.grain == "order" and _repeats(connection, reading, f"load_staged_{number}"):
            _mark_duplicates(connection, reading, number)
            repeated = True
    return repeated


def _repeats(connection: Connection, reading: Reading, staged: str) -> bool:
    """Whether an order number stands on several rows. Numbers that only ever rise are seen to be single in one pass."""
    number = reading.columns["order_id"]
    column, kind, relation = f"c{number}", reading.part.types[number], reading.part.relation
    if not values.is_number(kind):
        column, relation = "order_id", staged
    numbers = f"SELECT {column} AS number FROM {relation} WHERE {column} IS NOT NULL"
    if not exists(connection, f"FROM (SELECT number <= lag(number) OVER () AS falls FROM ({numbers})) WHERE falls"):
        return False
    return exists(connection, f"SELECT number FROM ({numbers}) GROUP BY number HAVING count(*) > 1")


def _mark_duplicates(connection: Connection, reading: Reading, number: int) -> None:
    """Rows of one order that are equal in every column of the file: the first one counts."""
    columns = ", ".join(f"c{column}" for column in range(len(reading.part.columns)))
    order_id = f"CAST(c{reading.columns['order_id']} AS VARCHAR)"
    connection.execute(
        f"INSERT INTO load_marks SELECT {number}, line, 'exact_duplicate' FROM (SELECT line, row_number() OVER"
        f" (PARTITION BY {columns} ORDER BY line) AS copy FROM {reading.part.relation} WHERE {order_id} IN"
        f" (SELECT {order_id} FROM {reading.part.relation} GROUP BY {order_id} HAVING count(*) > 1)) WHERE copy > 1"
    )


def _rows_view(connection: Connection, readings: Sequence[Reading], answers: Answers) -> None:
    """`load_rows`: the staged rows with the rules that depend on other rows or on an answer."""
    rule, join = "staged.rule", ""
    if exists(connection, "FROM load_marks"):
        rule = "coalesce(marks.rule, staged.rule)"
        join += " LEFT JOIN load_marks AS marks ON marks.part = staged.part AND marks.line = staged.line"
    money = {name: f"staged.{name}" for name in MONEY_COLUMNS}
    if answers.rates and answers.currency:
        join += " LEFT JOIN load_rates AS rates ON rates.currency = staged.currency"
        money = {name: f"CAST({sql} * coalesce(rates.rate, 1) AS DECIMAL(18,4))" for name, sql in money.items()}
    currency = "staged.currency"
    if answers.currency and any("currency" in reading.columns for reading in readings):
        chosen = "(SELECT currency FROM load_settings)"
        other = f"staged.currency <> {chosen}" + (" AND rates.rate IS NULL" if answers.rates else "")
        rule = f"CASE WHEN ({rule} IS NULL OR {rule} = 'refund') AND {other} THEN 'other_currency' ELSE {rule} END"
        if answers.rates:
            currency = f"CASE WHEN rates.rate IS NULL THEN staged.currency ELSE {chosen} END"
    if answers.as_of is not None:
        later = "staged.ordered_at >= (SELECT as_of FROM load_settings)"
        rule = f"CASE WHEN ({rule} IS NULL OR {rule} = 'refund') AND {later} THEN 'after_as_of' ELSE {rule} END"
    fixed = {**money, "rule": rule, "currency": currency}
    columns = ", ".join(f"{fixed.get(name, f'staged.{name}')} AS {name}" for name in STAGED)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW load_rows AS SELECT {columns} FROM load_staged AS staged{join}")


def _ask_for_currency(connection: Connection, readings: Sequence[Reading], answers: Answers) -> None:
    if not any("currency" in reading.columns for reading in readings):
        return
    found = rows_of(
        connection,
        "SELECT currency, count(DISTINCT order_id), CAST(sum(amount) AS DOUBLE) FROM load_rows"
        " WHERE rule IS NULL AND currency IS NOT NULL GROUP BY currency ORDER BY 2 DESC, 1",
    )
    missing = answers.currency is not None and bool(answers.rates) and len(found) > 1
    if len(found) < 2 or (answers.currency is not None and not missing):
        return
    if missing and {row[0] for row in found} <= {*map(str.upper, answers.rates or {}), str(answers.currency).upper()}:
        return
    options = tuple(
        Option(
            currency,
            str(currency),
            f"{orders:,} orders with {amount:,.2f} {currency} before refunds are counted, the others are not",
        )
        for currency, orders, amount in found
    )
    raise NeedsAnswers(
        [
            Question(
                "currency",
                "Which currency should be counted?",
                options,
                f"The orders are in {', '.join(str(row[0]) for row in found)}, which cannot be added up. "
                "Choose one, or give rates for the others",
                readings[0].part.name,
            )
        ]
    )


def _match_refunds(connection: Connection, readings: Sequence[Reading], answers: Answers) -> None:
    """Marks every refund row: ignored, matched to a purchase, or without one. Makes the two tables of refunds."""
    # Where only a negative amount makes a refund, the statistics of a typed file say at once that there is none.
    plain = all(reading.grain == "order" and not reading.layout.cancellation_prefix for reading in readings)
    refunds = exists(connection, f"FROM load_rows WHERE {'amount < 0 AND ' if plain else ''} rule = 'refund'")
    if refunds and answers.refunds == "ignore":
        connection.execute(
            "INSERT INTO load_marks SELECT part, line, 'refund_ignored' FROM load_rows WHERE rule = 'refund'"
        )
    run(connection, "refunds" if refunds and answers.refunds != "ignore" else "no_refunds")
    run(connection, "refunded_orders")
    connection.execute(
        "INSERT INTO load_marks SELECT part, line,"
        " CASE WHEN order_id IS NULL THEN 'refund_unmatched' ELSE 'refund_matched' END FROM load_refunds"
    )


def _drop_refunded(connection: Connection, readings: Sequence[Reading], answers: Answers) -> None:
    if answers.refunds != "drop":
        return
    run(connection, "refunded_in_full")
    connection.execute(
        "INSERT INTO load_marks SELECT part, line, 'refunded_in_full' FROM load_rows"
        " WHERE rule IS NULL AND (order_id, customer_id) IN (SELECT (order_id, customer_id) FROM load_dropped)"
    )
    connection.execute(
        "DELETE FROM clean_orders WHERE (order_id, customer_id) IN (SELECT (order_id, customer_id) FROM load_dropped)"
    )
    _rows_view(connection, readings, answers)
