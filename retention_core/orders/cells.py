"""A cell of a table beside the orders, as SQL over its columns: read by what its field means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retention_core.orders import values, words
from retention_core.orders.layouts import COST_FIELDS, FIELDS, SECOND_FIELDS, Role
from retention_core.orders.match import Matched

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

# What a field becomes in the staged second table, by its role.
_ROLES: Mapping[str, Role] = {**FIELDS, **SECOND_FIELDS}


def cell(connection: Connection, table: Matched, field: str) -> str:
    """The field in its type; null where the table lacks it or the cell cannot be read."""
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


def row_cost(connection: Connection, table: Matched) -> str:
    """What the goods of one line cost; empty where the table does not tell it. See stage for the rules."""
    told = next((field for field in COST_FIELDS if field in table.columns), None)
    if told is None:
        return ""
    of = {field: cell(connection, table, field) for field in (told, "quantity", "line_amount")}
    costs = {
        "cost": of[told],
        "unit_cost": f"coalesce({of['quantity']}, 1) * {of[told]}",
        "profit": f"{of['line_amount']} - {of[told]}",
    }
    cost = f"TRY_CAST({costs[told]} AS {values.MONEY})"
    return f"CASE WHEN {cost} >= 0 THEN {cost} END"
