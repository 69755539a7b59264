"""Order lines, payments and keys of customers that stand in several files, a file per year, say: one table of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_core.orders import values
from retention_core.orders.cells import cell, row_cost
from retention_core.orders.clean import rows_of
from retention_core.orders.layouts import COST_FIELDS
from retention_core.orders.ledger import Row, row_of
from retention_core.orders.match import Matched
from retention_core.orders.read_parts import Part
from retention_core.orders.recognise import header_key

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

# Of which the orders take sums and names: by which field the ledger counts their rows, and as what.
COUNTED_BY: Mapping[str, tuple[str, str]] = {
    "order_lines": ("order_id", "orders"),
    "payments": ("order_id", "orders"),
    "customer_keys": ("person_id", "customers"),
}
# What may be entered or put right after the sale: it makes no other row of the same line.
_LATER = ("category", "cost")


@dataclass(frozen=True)
class Together(Matched):
    """Several files of one kind as one table: its relation has one row per row that counts, read by its fields.

    `line`: the row's place in the whole table; `part`, `file_line`: its file among `files` and its line there. `again`:
    the ledger's rows of what an earlier file has already.
    """

    files: tuple[Part, ...] = ()
    again: tuple[Row, ...] = ()


def one_of_each(connection: Connection, tables: Sequence[Matched]) -> list[Matched]:
    """The tables, several of one of these kinds put together. A single one stays as it is."""
    result = [table for table in tables if table.layout.kind not in COUNTED_BY]
    for kind in COUNTED_BY:
        alike = [table for table in tables if table.layout.kind == kind]
        result += [_together(connection, alike)] if len(alike) > 1 else alike
    return result


def _together(connection: Connection, files: Sequence[Matched]) -> Together:
    """Rows of several files that are equal are one row, as often as it stands in the file that has it most often.

    Equal: in every column that all of the files have, but for what may come later; of that counts what the first file
    tells. So a second export may overlap the first, and the rows of one order may stand in two files.
    """
    relation = f"{files[0].part.relation}_joined"
    fields = tuple(dict.fromkeys(name for file in files for name in _fields(file)))
    same = [name for name in fields if name not in _LATER and all(name in file.columns for file in files)]
    extras = sorted(set.intersection(*(set(_unmapped(file)) for file in files)))
    same += [f"extra_{place}" for place in range(len(extras))]
    rows = " UNION ALL ".join(_rows(connection, file, part, fields, extras) for part, file in enumerate(files))
    cells = ", ".join(
        f"{f'first_value({name} IGNORE NULLS) OVER equal' if name in _LATER else name} AS c{place}"
        for place, name in enumerate(fields)
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {relation} AS WITH copies AS (SELECT *, row_number() OVER"
        f" (PARTITION BY part, {', '.join(same)} ORDER BY line) AS copy FROM ({rows}))"
        f" SELECT row_number() OVER (ORDER BY part, line) AS line, part, line AS file_line, {cells},"
        f" min(part) OVER equal < part AS again FROM copies WINDOW equal AS (PARTITION BY {', '.join(same)}, copy"
        " ORDER BY part ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    again = _again(connection, files, relation, fields)
    connection.execute(f"DELETE FROM {relation} WHERE again")
    types = dict(rows_of(connection, f"SELECT column_name, column_type FROM (DESCRIBE {relation})"))
    first = files[0]
    part = replace(
        first.part,
        relation=relation,
        columns=fields,
        types=tuple(types[f"c{place}"] for place in range(len(fields))),
    )
    columns = {name: place for place, name in enumerate(fields)}
    return Together(part, first.layout, first.grain, columns, (), (), tuple(file.part for file in files), again)


def _fields(file: Matched) -> list[str]:
    """The fields that the file tells; each way to tell costs becomes the cost of the row."""
    return ["cost" if name in COST_FIELDS else name for name in file.columns]


def _unmapped(file: Matched) -> dict[str, int]:
    """The columns that no field stands for, by what counts of their headers."""
    mapped = set(file.columns.values())
    return {header_key(name): place for place, name in enumerate(file.part.columns) if place not in mapped}


def _rows(connection: Connection, file: Matched, part: int, fields: Sequence[str], extras: Sequence[str]) -> str:
    """SQL: every row of the file with these fields and, as text, these further columns."""
    cells = {name: cell(connection, file, name) for name in fields if name != "cost"}
    if "cost" in fields:
        cells["cost"] = row_cost(connection, file) or f"CAST(NULL AS {values.MONEY})"
    unmapped = _unmapped(file)
    for place, header in enumerate(extras):
        number = unmapped[header]
        cells[f"extra_{place}"] = values.id_sql(f"c{number}", file.part.types[number])
    listed = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
    order = ", ".join(("part", "line", *fields, *(f"extra_{place}" for place in range(len(extras)))))
    return f"SELECT {order} FROM (SELECT {part} AS part, line, {listed} FROM {file.part.relation})"


def _again(connection: Connection, files: Sequence[Matched], relation: str, fields: Sequence[str]) -> tuple[Row, ...]:
    key, counted = COUNTED_BY[files[0].layout.kind]
    found = rows_of(
        connection,
        f"SELECT part, count(*), count(DISTINCT c{fields.index(key)}), arg_min(file_line, file_line, 5)"
        f" FROM {relation} WHERE again GROUP BY part ORDER BY part",
    )
    return tuple(
        row_of(
            files[part].part, "in_another_file", rows, examples=[(line, "") for line in lines], **{counted: distinct}
        )
        for part, rows, distinct, lines in found
    )
