"""The tables beside the orders: order lines, payments, keys of customers, customers, events, marketing spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from retention_core.orders import values, words
from retention_core.orders.clean import rows_of, run
from retention_core.orders.layouts import COST_FIELDS, FIELDS, SECOND_FIELDS, Role
from retention_core.orders.ledger import Row, row_of
from retention_core.orders.match import Matched
from retention_core.orders.stage import SUM_OF_COSTS

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

# What `field` becomes in the staged second table, by its role.
_ROLES: Mapping[str, Role] = {**FIELDS, **SECOND_FIELDS}
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

    The joined relation has the columns of the orders and, after them, those that were added.
    """
    keys = [other for other in others if other.layout.kind == "customer_keys"]
    lines = [other for other in others if other.layout.kind == "order_lines"]
    payments = [other for other in others if other.layout.kind == "payments"]
    needs_amount = "amount" not in orders.columns and bool(lines or payments)
    needs_cost = not set(COST_FIELDS).isdisjoint(*(table.columns for table in lines[:1])) if lines else False
    needs_cost = needs_cost and set(COST_FIELDS).isdisjoint(orders.columns) and "order_id" in orders.columns
    if not keys and not needs_amount and not needs_cost:
        return orders
    order_id, customer = f"c{orders.columns['order_id']}", f"c{orders.columns['customer_id']}"
    joins, added = "", {}
    if keys:
        key, person = (f"c{keys[0].columns[name]}" for name in ("customer_id", "person_id"))
        people = f"(SELECT {key} AS key, min({person}) AS person FROM {keys[0].part.relation} GROUP BY {key})"
        joins += f" LEFT JOIN {people} AS keys ON keys.key = raw.{customer}"
        added["customer_id"] = ("keys.person", "VARCHAR")
    if (needs_amount and lines) or needs_cost:
        sums = _sums(connection, lines[0], ("line_amount", "shipping"))
        joins += f" LEFT JOIN {sums} AS lines ON lines.order_id = raw.{order_id}"
    if needs_amount and lines:
        added["amount"] = ("lines.line_amount", values.MONEY)
        added["shipping"] = ("lines.shipping", values.MONEY)
    if needs_cost:
        added["cost"] = ("lines.cost", values.MONEY)
    if payments:
        sums = _sums(connection, payments[0], ("amount",))
        joins += f" LEFT JOIN {sums} AS payments ON payments.order_id = raw.{order_id}"
        added["payment_method"] = ("payments.method", "VARCHAR")
        if needs_amount and not lines:
            added["amount"] = ("payments.amount", values.MONEY)
    return _with_columns(connection, orders, joins, added)


def _sums(connection: Connection, table: Matched, fields: Sequence[str]) -> str:
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
    if cost := _row_cost(connection, table):
        sums.append(f"CAST({SUM_OF_COSTS.format(cost=cost, lines='*')} AS {values.MONEY}) AS cost")
    if "payment_method" in table.columns:
        sums.append(f"arg_min(c{table.columns['payment_method']}, line) AS method")
    order_id = f"c{table.columns['order_id']}"
    return f"(SELECT {order_id} AS order_id, {', '.join(sums)} FROM {table.part.relation} GROUP BY {order_id})"


def _row_cost(connection: Connection, table: Matched) -> str:
    """What the goods of one line cost, in SQL; empty where the table does not tell it. See stage for the rules."""
    told = next((field for field in COST_FIELDS if field in table.columns), None)
    if told is None:
        return ""
    of = {field: _cell(connection, table, field) for field in (told, "quantity", "line_amount")}
    costs = {
        "cost": of[told],
        "unit_cost": f"coalesce({of['quantity']}, 1) * {of[told]}",
        "profit": f"{of['line_amount']} - {of[told]}",
    }
    cost = f"TRY_CAST({costs[told]} AS {values.MONEY})"
    return f"CASE WHEN {cost} >= 0 THEN {cost} END"


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
    found = {field: _cell(connection, table, field) for field in fields}
    if email_key:
        found |= {field: f"lower({found[field]})" for field in CUSTOMERS if field in found}
    cells = ", ".join(f"{cell} AS {field}" for field, cell in found.items())
    return f"SELECT {number} AS part, line, {cells} FROM {table.part.relation}"


def _cell(connection: Connection, table: Matched, field: str) -> str:
    role = _ROLES[field]
    null = {"date": "TIMESTAMP", "money": values.MONEY, "number": "DOUBLE", "flag": "BOOLEAN"}.get(role, "VARCHAR")
    if field not in table.columns:
        return f"CAST(NULL AS {null})"
    number = table.columns[field]
    column, kind, relation = f"c{number}", table.part.types[number], table.part.relation
    if role == "date":
        return values.read_dates(connection, relation, column, kind, None).of(column)
    if role in ("money", "number"):
        money = values.read_money(connection, relation, column, kind, None).of(column)
        if field in COST_FIELDS:
            money = values.unless_percent(money, column, kind)
        return money if role == "money" else f"CAST({money} AS DOUBLE)"
    text = values.id_sql(column, kind) if role == "id" else values.text_sql(column, kind)
    return words.contains(words.AGREED_WORDS, text) if field == "consent" else text


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
    found = rows_of(
        connection,
        f"SELECT known, count(*), count(DISTINCT {key}), arg_min(line, line, 5) FROM (SELECT line, {key},"
        f" coalesce({key} IN (SELECT {key} FROM {of}), false) AS known FROM load_lines) GROUP BY known",
    )
    connection.execute("DROP TABLE load_lines")
    counts = {known: (rows, distinct, lines) for known, rows, distinct, lines in found}
    kept, left = counts.get(True, (0, 0, [])), counts.get(False, (0, 0, []))
    rows = [row_of(table.part, "kept", kept[0], **{_counts(key): kept[1]})]
    if left[0]:
        examples = [(line, "") for line in left[2]]
        rows.append(row_of(table.part, rule, left[0], examples=examples, **{_counts(key): left[1]}))
    return rows


def _counts(key: str) -> str:
    return "orders" if key == "order_id" else "customers"


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
