"""A proposed mapping for headers that are not known: by name and by content, with how sure it is and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_core.orders import names, values
from retention_core.orders.layouts import COST_FIELDS, FIELDS
from retention_core.orders.recognise import header_key

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

# Below this a field is asked for.
SURE = 0.7
SAMPLE_ROWS = 2000
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d).*|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ,]+\d{2,4}(?!\d).*"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4}.*|(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])"
)
# Days of a spreadsheet and seconds or milliseconds since 1970: dates only where the name says so.
_CLOCK = re.compile(r"(2[6-9]|[3-6]\d)\d{3}(\.\d+)?|1\d{9}|1\d{12}")
_NUMBER = re.compile(r"[^\w\s]?\s*[(−-]?\s*[^\d\s(),.-]{0,3}\s*\d[\d\s\u00a0\u202f.,'’]*\)?\s*[^\d\s]{0,4}")


@dataclass(frozen=True)
class Column:
    """What the first rows of a column hold; shares of the filled cells."""

    number: int
    name: str
    kind: str
    filled: int
    distinct_share: float
    date_share: float
    clock_share: float
    number_share: float
    email_share: float
    fraction_share: float


@dataclass(frozen=True)
class Guess:
    """A column proposed for a field. `confidence` is 0–1; `reason` is for people."""

    field: str
    column: int
    name: str
    confidence: float
    reason: str


def describe(connection: Connection, part: Part) -> list[Column]:
    """One record per column of the part, from its first rows."""
    if not part.columns:
        return []
    cells = ", ".join(f"CAST(c{number} AS VARCHAR)" for number in range(len(part.columns)))
    rows = connection.execute(f"SELECT {cells} FROM {part.relation} LIMIT {SAMPLE_ROWS}").fetchall()
    return [
        _column(number, name, part.types[number], [row[number] for row in rows])
        for number, name in enumerate(part.columns)
    ]


def propose(columns: Sequence[Column], has_header: bool) -> dict[str, Guess]:
    """The likeliest column for each field that the table seems to have; each column stands for one field at most."""
    guesses = [guess for field in FIELDS for column in columns if (guess := _guess(field, column, has_header))]
    guesses.sort(key=lambda guess: -guess.confidence)
    chosen: dict[str, Guess] = {}
    for guess in guesses:
        taken = any(other.column == guess.column for other in chosen.values())
        if guess.field not in chosen and not taken:
            chosen[guess.field] = guess
    return _by_elimination(columns, _without_contradictions(chosen))


def not_orders(part: Part) -> str | None:
    """What a table that is often mistaken for orders is, in words; None for all others."""
    headers = {header_key(name) for name in part.columns}
    for marks, sentence in names.NOT_ORDERS:
        if sum(mark in headers for mark in marks) >= 2:
            return sentence
    return None


def _column(number: int, name: str, kind: str, cells: Sequence[str | None]) -> Column:
    filled = [cell.strip() for cell in cells if cell is not None and cell.strip()]
    count = max(len(filled), 1)
    is_date, is_number = values.is_date(kind), values.is_number(kind)

    def share(test: re.Pattern[str]) -> float:
        return sum(test.fullmatch(cell) is not None for cell in filled) / count

    dates = 1.0 if is_date else share(_DATE)
    # A data frame writes whole ids as 17850.0: in a typed column that is no fraction.
    fraction = r"\.(?!0+$)\d+$" if is_number else r"[.,]\d{1,2}\D*$"
    return Column(
        number,
        name,
        kind,
        len(filled),
        len(set(filled)) / count,
        dates,
        0.0 if is_date else share(_CLOCK),
        1.0 if is_number else 0.0 if is_date else share(_NUMBER),
        sum("@" in cell for cell in filled) / count,
        sum(re.search(fraction, cell) is not None for cell in filled) / count if not is_date else 0.0,
    )


def _guess(field: str, column: Column, has_header: bool) -> Guess | None:
    if not has_header or (not column.filled and field not in ("refunded", "coupon", "cancelled_at")):
        return None
    score, reason = _name_score(field, header_key(column.name))
    fit, seen = _content_score(field, column)
    if not score or not fit:
        return None
    return Guess(field, column.number, column.name, round(score * fit, 3), f"{reason}; {seen}")


def _name_score(field: str, name: str) -> tuple[float, str]:
    known = names.NAMES.get(field, ())
    if name in known:
        return 0.98 - 0.002 * known.index(name), "its name says so"
    if any(part in name for part in names.PARTS.get(field, ())):
        if any(part in name for part in names.NOT_PARTS.get(field, ())):
            return 0.0, ""
        return 0.75, "its name hints at it"
    return 0.0, ""


def _content_score(field: str, column: Column) -> tuple[float, str]:
    """How well the cells fit the field, and what they look like."""
    role = FIELDS[field]
    if role == "date":
        likeness = max(column.date_share, column.clock_share)
        return (1.0 if likeness >= 0.9 else 0.9 if likeness >= 0.5 else 0.0), "its cells are dates"
    if role in ("money", "number"):
        if column.date_share >= 0.8:
            return 0.0, ""
        # Half a column of numbers is not sure enough to go on without a question.
        likeness = 1.0 if column.number_share >= 0.8 or not column.filled else 0.6
        return (likeness if column.number_share >= 0.3 or not column.filled else 0.0), "its cells are numbers"
    if field == "customer_id":
        return (0.0, "") if column.date_share > 0.5 or column.fraction_share > 0.9 else (1.0, _repeats(column))
    if field == "order_id":
        return (0.0, "") if column.date_share > 0.5 or column.email_share > 0.1 else (1.0, _repeats(column))
    return 1.0, "its cells are text"


def _repeats(column: Column) -> str:
    return "no value comes twice" if column.distinct_share == 1 else "values come again"


def _without_contradictions(chosen: Mapping[str, Guess]) -> dict[str, Guess]:
    """`price` without a quantity is the amount; an amount beside quantity and price stays one.

    A cost is one only beside what was paid: alone, "cost" can be either, and somebody must say which.
    """
    kept = dict(chosen)
    if "price" in kept and "quantity" not in kept and "amount" not in kept:
        price = kept.pop("price")
        kept["amount"] = Guess("amount", price.column, price.name, price.confidence, price.reason)
    if "amount" not in kept and not _line_money(kept):
        kept = {field: guess for field, guess in kept.items() if field not in COST_FIELDS}
    return kept


def _by_elimination(columns: Sequence[Column], chosen: Mapping[str, Guess]) -> dict[str, Guess]:
    """Customer, date and amount that no name tells, by what their cells hold."""
    found = dict(chosen)
    taken = {guess.column for guess in found.values()}
    free = [column for column in columns if column.number not in taken and column.filled]
    dates = [column for column in free if column.date_share >= 0.9]
    if "ordered_at" not in found and dates:
        sure = 0.65 if len(dates) == 1 else 0.3
        found["ordered_at"] = Guess("ordered_at", dates[0].number, dates[0].name, sure, "its cells are dates")
    ids = [column for column in free if column.date_share < 0.5 and column.fraction_share < 0.5]
    if "customer_id" not in found and ids:
        best = max(ids, key=lambda column: (column.email_share > 0.5, header_key(column.name) == "id", -column.number))
        found["customer_id"] = _customer_by_content(best)
    money = [
        column
        for column in free
        if column.number_share >= 0.9 and column.fraction_share > 0.5 and column.date_share < 0.5
    ]
    if "amount" not in found and not _line_money(found) and money:
        sure = 0.6 if len(money) == 1 else 0.3
        found["amount"] = Guess("amount", money[0].number, money[0].name, sure, "its cells are numbers with cents")
    return found


def _customer_by_content(column: Column) -> Guess:
    if column.email_share > 0.5:
        return Guess("customer_id", column.number, column.name, 0.8, "its cells are e-mail addresses")
    if header_key(column.name) == "id" and column.distinct_share < 0.9:
        return Guess(
            "customer_id", column.number, column.name, 0.8, "its name is Id, and ids come again as customers do"
        )
    return Guess("customer_id", column.number, column.name, 0.4, "no other column looks more like one")


def _line_money(found: Mapping[str, Guess]) -> bool:
    return "line_amount" in found or {"quantity", "price"} <= found.keys()
