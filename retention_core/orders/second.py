"""The tables beside the orders: order lines, payments, keys of customers, customers, events, marketing spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retention_core.orders import values
from retention_core.orders.cells import cell, row_cost
from retention_core.orders.clean import rows_of, run
from retention_core.orders.layouts import COST_FIELDS
from retention_core.orders.ledger import Row, row_of
from retention_core.orders.match import Matched
from retention_core.orders.stage import SUM_OF_COSTS
from retention_core.orders.together import COUNTED_BY, Together

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

# The columns of each clean table, in order; a file that lacks one leaves it null.
TABLES: Mapping[str, tuple[str, ...]] = {
    "customers": ("customer_id", "birthday", "consent", "first_channel"),
    "events": ("customer_id", "event", "occurred_at", "detail"),
    "spend": ("month", "channel", "amount"),
}
CUSTOMERS = ("customer_id", "person_id")
_REQUIRED = {
    "customers": ("customer_id",),
    "events": ("customer_id", "event", "occurred_at"),
    "spend": ("month", "amount"),
}


def join(connection: Connection, orders: Matched, others: Sequence[Matched]) -> Matched:
    """The orders with what other files of the same export say of them: who the customer is, items, payments.

    `others`: at most one table of a kind, see `together`. The joined relation has the columns of the orders and, after
    them, those that were added.
    """
    tables = {other.layout.kind: other for other in others}
    keys, lines, payments = (tables.get(kind) for kind in ("customer_keys", "order_lines", "payments"))
    if "order_id" not in orders.columns:
        lines = payments = None
    needs_amount = "amount" not in orders.columns and bool(lines or payments)
    tells_cost = lines is not None and not set(COST_FIELDS).isdisjoint(lines.columns)
    needs_cost = tells_cost and set(COST_FIELDS).isdisjoint(orders.columns)
    if not keys and not needs_amount and not needs_cost:
        return orders
    joins, added = "", {}
    if keys:
        customer, key = _ids(orders, keys, "customer_id")
        person = values.id_sql(f"c{keys.columns['person_id']}", keys.part.types[keys.columns["person_id"]])
        people = f"(SELECT {key} AS key, min({person}) AS person FROM {keys.part.relation} GROUP BY {key})"
        joins += f" LEFT JOIN {people} AS keys ON keys.key = {customer}"
        added["customer_id"] = ("keys.person", "VARCHAR")
    if lines and (needs_amount or needs_cost):
        order_id, key = _ids(orders, lines, "order_id")
        sums = _sums(connection, lines, key, ("line_amount", "shipping"))
        joins += f" LEFT JOIN {sums} AS lines ON lines.order_id = {order_id}"
    if needs_amount and lines:
        added["amount"] = ("lines.line_amount", values.MONEY)
        added["shipping"] = ("lines.shipping", values.MONEY)
    if needs_cost:
        added["cost"] = ("lines.cost", values.MONEY)
    if payments:
        order_id, key = _ids(orders, payments, "order_id")
        sums = _sums(connection, payments, key, ("amount",))
        joins += f" LEFT JOIN {sums} AS payments ON payments.order_id = {order_id}"
        added["payment_method"] = ("payments.method", "VARCHAR")
        if needs_amount and not lines:
            added["amount"] = ("payments.amount", values.MONEY)
    return _with_columns(connection, orders, joins, added)


def _ids(orders: Matched, other: Matched, field: str) -> tuple[str, str]:
    """The id in the orders and in the other table, comparable: as text, so that " 1", "1" and a typed 1 name the same.

    Whole numbers of two typed files stay as they are, which is faster.
    """
    (own, own_kind), (its, its_kind) = (
        (f"c{table.columns[field]}", table.part.types[table.columns[field]]) for table in (orders, other)
    )
    if {own_kind, its_kind} <= set(values.INTEGERS):
        return f"raw.{own}", its
    return values.id_sql(f"raw.{own}", own_kind), values.id_sql(its, its_kind)


def _sums(connection: Connection, table: Matched, order_id: str, fields: Sequence[str]) -> str:
    """One row per order number of the table: the sums of its money, and how it was paid first."""
    sums = []
    for field in fields:
        if field in table.columns:
            number = table.columns[field]
            column, kind = f"c{number}", table.part.types[number]
            money = values.read_money(connection, table.part.relation, column, kind, None).of(column)
            sums.append(f"CAST(sum({money}) AS {values.MONEY}) AS {field}")
        else:
            sums.append(f"CAST(NULL AS {values.MONEY}) AS {field}")
    if cost := row_cost(connection, table):
        sums.append(f"CAST({SUM_OF_COSTS.format(cost=cost, lines='*')} AS {values.MONEY}) AS cost")
    if "payment_method" in table.columns:
        sums.append(f"arg_min(c{table.columns['payment_method']}, line) AS method")
    return f"(SELECT {order_id} AS order_id, {', '.join(sums)} FROM {table.part.relation} GROUP BY {order_id})"


def _with_columns(connection: Connection, orders: Matched, joins: str, added: Mapping[str, tuple[str, str]]) -> Matched:
    part = orders.part
    width = len(part.columns)
    extra = ", ".join(f"{sql} AS c{width + place}" for place, (sql, _) in enumerate(added.values()))
    relation = f"{part.relation}_joined"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT raw.*, {extra} FROM {part.relation} AS raw{joins}"
    )
    joined = replace(
        part,
        relation=relation,
        columns=(*part.columns, *added),
        types=(*part.types, *(kind for _, kind in added.values())),
    )
    numbers = {name: width + place for place, name in enumerate(added)}
    return replace(orders, part=joined, columns={**orders.columns, **numbers})


def make(connection: Connection, tables: Sequence[Matched], email_key: bool = False) -> list[Row]:
    """Makes the clean second tables that the files hold, and returns their ledger rows: every row of every file.

    `email_key`: the orders know their customers by e-mail addresses, in small letters; so do the second tables.
    """
    rows: list[Row] = []
    for table in tables:
        if table.layout.kind == "order_lines":
            rows += _order_lines(connection, table)
        elif table.layout.kind in ("payments", "customer_keys"):
            rows += _used(connection, table, email_key)
    for kind in TABLES:
        if alike := [table for table in tables if table.layout.kind == kind]:
            rows += _plain_tables(connection, alike, kind, email_key)
    return rows


def _stage(connection: Connection, table: Matched, fields: Sequence[str], email_key: bool = False) -> None:
    """Makes `load_lines`: the rows of the table with these fields instead of columns."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE load_lines AS {_fields(connection, table, fields, email_key)}")


def _fields(connection: Connection, table: Matched, fields: Sequence[str], email_key: bool, number: int = 0) -> str:
    """SQL: part (`number`), line and these fields of every row of the table."""
    place = "part, line, file_line" if isinstance(table, Together) else f"{number} AS part, line"
    found = {field: cell(connection, table, field) for field in fields}
    if email_key:
        found |= {field: f"lower({found[field]})" for field in CUSTOMERS if field in found}
    cells = ", ".join(f"{sql} AS {field}" for field, sql in found.items())
    return f"SELECT {place}, {cells} FROM {table.part.relation}"


def _order_lines(connection: Connection, table: Matched) -> list[Row]:
    """Adds the lines of counted orders to `clean_order_lines`; those of other orders are left out."""
    _stage(connection, table, ("order_id", "product_id", "product", "category", "quantity", "line_amount"))
    run(connection, "line_table")
    run(connection, "lines_of_orders")
    return _counted(connection, table, "order_id", "clean_orders", "order_not_counted")


def _used(connection: Connection, table: Matched, email_key: bool) -> list[Row]:
    """Payments and keys of customers: used where their order or customer is in the orders, else left out."""
    field = "order_id" if table.layout.kind == "payments" else "person_id"
    _stage(connection, table, (field,), email_key)
    if table.layout.kind == "payments":
        return _counted(connection, table, "order_id", "clean_orders", "order_not_counted")
    connection.execute("ALTER TABLE load_lines RENAME COLUMN person_id TO customer_id")
    return _counted(connection, table, "customer_id", "clean_orders", "customer_not_counted")


def _counted(connection: Connection, table: Matched, key: str, of: str, rule: str) -> list[Row]:
    """Ledger rows of a table whose rows count where their `key` is in the clean orders."""
    several = table if isinstance(table, Together) else None
    line, files = ("file_line", several.files) if several else ("line", (table.part,))
    found = rows_of(
        connection,
        f"SELECT part, known, count(*), count(DISTINCT {key}), arg_min({line}, {line}, 5) FROM (SELECT part, {line},"
        f" {key}, coalesce({key} IN (SELECT {key} FROM {of}), false) AS known FROM load_lines) GROUP BY part, known",
    )
    connection.execute("DROP TABLE load_lines")
    counts = {(part, known): (rows, distinct, lines) for part, known, rows, distinct, lines in found}
    _, counted = COUNTED_BY[table.layout.kind]
    rows = []
    for number, part in enumerate(files):
        kept, left = counts.get((number, True), (0, 0, [])), counts.get((number, False), (0, 0, []))
        rows.append(row_of(part, "kept", kept[0], **{counted: kept[1]}))
        if left[0]:
            rows.append(row_of(part, rule, left[0], examples=[(line, "") for line in left[2]], **{counted: left[1]}))
    return [*rows, *(several.again if several else ())]


def _plain_tables(connection: Connection, tables: Sequence[Matched], kind: str, email_key: bool) -> list[Row]:
    """Customers, events or spend of all files that tell them.

    Rows without a required value do not count, nor what an earlier file has already. Of a customer who stands in
    several rows the first that tells something counts; but who says no to letters in any of them has said no.
    """
    columns, at = TABLES[kind], "(part, line)"
    staged = (_fields(connection, table, columns, email_key, number) for number, table in enumerate(tables))
    missing = " OR ".join(f"{name} IS NULL" for name in _REQUIRED[kind])
    again = "false THEN NULL"
    if kind == "customers":
        again = f"row_number() OVER (PARTITION BY customer_id ORDER BY {at}) > 1 THEN 'customer_again'"
    elif len(tables) > 1:
        again = f"min(part) OVER (PARTITION BY {', '.join(columns)}) < part THEN 'in_another_file'"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE load_ruled AS SELECT *, CASE"
        f" WHEN {missing} THEN 'unreadable_row' WHEN {again} END AS rule FROM ({' UNION ALL '.join(staged)})"
    )
    days = {"birthday", "month"}
    select = ", ".join(f"CAST({name} AS DATE) AS {name}" if name in days else name for name in columns)
    counted = f"SELECT {select} FROM load_ruled WHERE rule IS NULL ORDER BY part, line"
    if kind == "customers":
        counted = (
            f"SELECT customer_id, CAST(arg_min(birthday, {at}) AS DATE) AS birthday, bool_and(consent) AS consent,"
            f" arg_min(first_channel, {at}) AS first_channel"
            f" FROM load_ruled WHERE customer_id IS NOT NULL GROUP BY customer_id ORDER BY min({at})"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE clean_{kind} AS {counted}")
    found = rows_of(
        connection,
        "SELECT part, coalesce(rule, 'kept') AS rule, count(*), arg_min(line, line, 5) FROM load_ruled"
        " GROUP BY ALL ORDER BY 1, 2",
    )
    connection.execute("DROP TABLE load_ruled")
    return [
        row_of(tables[number].part, rule, count, examples=[] if rule == "kept" else [(line, "") for line in lines])
        for number, rule, count, lines in found
    ]
