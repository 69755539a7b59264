"""What a table of contracts is: by its headers, or by what its owner says of its columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_core.orders import values
from retention_core.orders.errors import OrdersError
from retention_core.orders.layouts import CONTRACTS, Layout
from retention_core.orders.load import PREVIEW_ROWS, Inspected
from retention_core.orders.mapping import Guess
from retention_core.orders.match import value_questions
from retention_core.orders.names import NAMES
from retention_core.orders.questions import Answers
from retention_core.orders.recognise import header_key, recognise

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

FIELDS = {
    "customer_id": "whose contract it is",
    "months_kept": "how many months it has been kept",
    "churned": "whether it ended",
    "started_on": "the day on which it began",
    "ended_on": "the day on which it ended, empty while it runs",
    "monthly_amount": "what a month costs",
    "consent": "whether its customer agreed to letters",
}
ADVICE = (
    "add it to the file, or say which column it is (mapping): a contract needs a customer, and either the months "
    "kept with whether it ended, or the days of its start and its end"
)


@dataclass(frozen=True)
class Table:
    """One table of the input, what it is, and the number of the column of each field that it has."""

    part: Part
    layout: Layout
    columns: Mapping[str, int]


def match(part: Part, told: Answers) -> Table:
    """What the table is, by what the user said or else by its headers. Raises OrdersError where a field is missing."""
    found = recognise(part, "contracts")
    columns = dict(found.columns) if found else {}
    places = {header_key(name): number for number, name in reversed(list(enumerate(part.columns)))}
    for field, column in (told.mapping or {}).items():
        if field not in FIELDS:
            raise OrdersError(part.name, f"there is no field {field}", f"choose among {', '.join(FIELDS)}")
        if not column:  # not in this file, says its owner
            columns.pop(field, None)
            continue
        if header_key(column) not in places:
            raise OrdersError(part.name, f"there is no column “{column}”", "choose one of the columns of this file")
        columns[field] = places[header_key(column)]
    if "consent" not in (told.mapping or {}) and (consent := _consent(part, set(columns.values()))) is not None:
        columns["consent"] = consent
    for layout in CONTRACTS:
        if columns.keys() >= set(layout.fields):
            return Table(
                part, layout, {name: columns[name] for name in (*layout.columns, "consent") if name in columns}
            )
    raise OrdersError(part.name, f"no column tells {_missing(part, columns)}", ADVICE)


def _consent(part: Part, taken: Collection[int]) -> int | None:
    """The number of the first column whose header tells consent to letters, in any kind of list of contracts."""
    names = (number for number, name in enumerate(part.columns) if header_key(name) in NAMES["consent"])
    return next((number for number in names if number not in taken), None)


def _missing(part: Part, columns: Mapping[str, int]) -> str:
    """The fields that the nearest layout lacks, in words."""
    from_headers = {header_key(name) for name in part.columns}

    def lacking(layout: Layout) -> list[str]:
        there = {
            field for field in layout.fields if from_headers & {header_key(name) for name in layout.columns[field]}
        }
        return [field for field in layout.fields if field not in there | columns.keys()]

    return " and ".join(FIELDS[field] for field in min(map(lacking, CONTRACTS), key=len))


def check_together(tables: Sequence[Table]) -> None:
    if len(tables) < 2:
        return
    if len({table.layout.key for table in tables}) > 1 or tables[0].layout.key == "contract_months":
        cause = "several lists of contracts: the same contracts may be in both and would count twice"
        raise OrdersError(tables[1].part.name, cause, "open one list at a time")


def readings(
    connection: Connection, table: Table, told: Answers
) -> tuple[dict[str, values.DateReading], dict[str, values.MoneyReading]]:
    """How the columns of days and of money are read, by field."""
    part = table.part
    dates = {
        field: values.read_dates(connection, part.relation, column_name(number), part.types[number], told.day_first)
        for field, number in table.columns.items()
        if field in ("started_on", "ended_on")
    }
    moneys = {
        field: values.read_money(connection, part.relation, column_name(number), part.types[number], told.decimal)
        for field, number in table.columns.items()
        if field in ("monthly_amount",)
    }
    return dates, moneys


def inspect(connection: Connection, parts: Sequence[Part], told: Answers) -> tuple[Inspected, ...]:
    """How each part would be read as contracts: as `orders.load.inspect` says it of orders. Raises OrdersError."""
    return tuple(_inspected(connection, match(part, told), told) for part in parts)


def column_name(number: int) -> str:
    """The column in the relation of a part."""
    return f"c{number}"


def _inspected(connection: Connection, table: Table, told: Answers) -> Inspected:
    part = table.part
    said = {header_key(name) for name in (told.mapping or {}).values()}
    guesses = tuple(
        Guess(
            field,
            number,
            part.columns[number],
            1.0,
            "you said so"
            if header_key(part.columns[number]) in said
            else "the headers are those of a list of contracts",
        )
        for field, number in table.columns.items()
    )
    every = ", ".join(map(column_name, range(len(part.columns))))
    preview = connection.execute(f"SELECT {every} FROM {part.relation} LIMIT {PREVIEW_ROWS}").df()
    preview.columns = list(part.columns)
    questions = tuple(value_questions(part, *readings(connection, table, told)))
    return Inspected(part, table.layout.key, table.layout.title, 1.0, guesses, preview, questions)
