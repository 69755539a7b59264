"""What each table of the input is: a known layout, or a proposed mapping with the questions that it leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_core.orders import mapping, values
from retention_core.orders.errors import OrdersError
from retention_core.orders.layouts import BY_KEY, FIELDS, PLAIN, Grain, Layout
from retention_core.orders.mapping import SURE, Column, Guess
from retention_core.orders.questions import Answers, Option, Question
from retention_core.orders.recognise import header_key, recognise

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

_WORDS = {"customer_id": "who bought", "ordered_at": "when the order was placed", "amount": "what the order was worth"}
_INCLUDED: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    "tax": ("tax",),
    "shipping": ("shipping",),
    "tax and shipping": ("tax", "shipping"),
}


@dataclass(frozen=True)
class Matched:
    """One table of the input. `guesses` say how sure each column is; 1 where the layout is known or a user said so."""

    part: Part
    layout: Layout
    grain: Grain
    columns: Mapping[str, int]
    guesses: tuple[Guess, ...]
    questions: tuple[Question, ...] = ()

    @property
    def confidence(self) -> float:
        """Of who, when and how much; a known table beside the orders need not say any of it."""
        least = 0.0 if self.layout is PLAIN else 1.0
        return min((guess.confidence for guess in self.guesses if guess.field in _WORDS), default=least)


def match(connection: Connection, part: Part, answers: Answers) -> Matched:
    """What the part is. Raises OrdersError for a table that holds no orders and nothing that belongs to orders."""
    said = _said(part, answers)
    known = recognise(part, answers.layout if answers.layout in BY_KEY else None)
    if known is not None and answers.layout != PLAIN.key:
        columns = {**known.columns, **{name: number for name, number in said.items() if known.layout.kind == "orders"}}
        guesses = tuple(
            Guess(name, number, part.columns[number], 1.0, f"the headers are those of {known.layout.title}")
            for name, number in columns.items()
            if number >= 0
        )
        return Matched(part, known.layout, known.layout.grain, _present(columns), guesses)
    return _match_by_content(connection, part, answers, said)


def refuse(part: Part) -> OrdersError:
    """The error for a table in which no column is a date."""
    cause = mapping.not_orders(part) or "no column holds dates, so this is no table of orders"
    advice = "choose a file with one row per order or order line: who bought, when, and for how much"
    return OrdersError(part.name, cause, advice)


def _match_by_content(connection: Connection, part: Part, answers: Answers, said: Mapping[str, int]) -> Matched:
    if not part.rows:
        advice = "export the orders again, and see that the days and filters you choose hold some"
        raise OrdersError(part.name, "the table has column names but no rows", advice)
    described = mapping.describe(connection, part)
    has_header = part.header_line is not None or part.kind == "parquet"
    cdnow = None if has_header or said else _cdnow_original(described)
    if cdnow is not None:
        layout = BY_KEY["cdnow"]
        guesses = {
            name: Guess(name, n, part.columns[n], 0.9, "laid out like the CDNOW file") for name, n in cdnow.items()
        }
        return Matched(part, layout, layout.grain, cdnow, tuple(guesses.values()))
    guesses = mapping.propose([column for column in described if column.number not in said.values()], has_header)
    guesses = {name: guess for name, guess in guesses.items() if name not in said}
    if not said and (mapping.not_orders(part) or not _has_dates(described, guesses)):
        raise refuse(part)
    guesses |= {
        name: Guess(name, number, part.columns[number], 1.0, "you said so")
        for name, number in said.items()
        if number >= 0
    }
    columns = {name: guess.column for name, guess in guesses.items()}
    questions = [*_mapping_questions(part, described, guesses, said)]
    grain: Grain = "order"
    layout = PLAIN
    if not questions:
        grain, open_rows = _grain(connection, part, columns, answers)
        layout, open_included = _included(part, columns, answers)
        questions = [*open_rows, *open_included]
    return Matched(part, layout, grain, columns, tuple(guesses.values()), tuple(questions))


def _has_dates(columns: Sequence[Column], guesses: Mapping[str, Guess]) -> bool:
    return "ordered_at" in guesses or any(column.date_share >= 0.5 for column in columns)


def _said(part: Part, answers: Answers) -> dict[str, int]:
    """Column numbers of the answered mapping that this part has; -1 for a field that the user took away."""
    if not answers.mapping:
        return {}
    if unknown := answers.mapping.keys() - FIELDS.keys():
        raise OrdersError(
            part.name,
            f"there is no field {', '.join(sorted(unknown))}",
            f"choose among {', '.join(FIELDS)} for mapping",
        )
    exact = {name: number for number, name in reversed(list(enumerate(part.columns)))}
    keys = Counter(map(header_key, part.columns))
    alike = {
        header_key(name): number for name, number in exact.items() if header_key(name) and keys[header_key(name)] == 1
    }
    found = {}
    for field, column in answers.mapping.items():
        as_read = " ".join(column.split())  # names are read without line breaks and double blanks
        number = exact.get(column, exact.get(as_read, alike.get(header_key(column))))
        if not column:
            found[field] = -1
        elif number is not None:
            found[field] = number
    return found


def _present(columns: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in columns.items() if number >= 0}


def _cdnow_original(columns: Sequence[Column]) -> dict[str, int] | None:
    """The published CDNOW files have no header: id, (id in the sample), yyyymmdd, number of CDs, dollars."""
    if len(columns) not in (4, 5):
        return None
    date, cds, dollars = columns[-3:]
    fits = date.date_share == 1 and date.kind == "VARCHAR" and cds.number_share == 1 and cds.fraction_share == 0
    if not fits or dollars.number_share < 1 or any(column.number_share < 1 for column in columns[:-3]):
        return None
    return {"customer_id": 0, "ordered_at": date.number, "amount": dollars.number}


def _mapping_questions(
    part: Part, described: Sequence[Column], guesses: Mapping[str, Guess], said: Mapping[str, int]
) -> list[Question]:
    questions = []
    for field, words in _WORDS.items():
        guess = guesses.get(field)
        if field in said or (guess is not None and guess.confidence >= SURE):
            continue
        if field == "amount" and (
            guess is None or {"line_amount"} & guesses.keys() or {"quantity", "price"} <= guesses.keys()
        ):
            continue
        best = () if guess is None else (guess.column,)
        ranked = sorted(described, key=lambda column: (column.number not in best, _cannot_be(field, column)))
        options = tuple(
            Option(column.name, _recommended(column, field, best), _first_look(column)) for column in ranked
        )
        why = "No header says it clearly" + (f"; “{guess.name}” looks likeliest ({guess.reason})" if guess else "")
        questions.append(Question("mapping", f"Which column says {words}?", options, why, part.name, field=field))
    return questions


def _cannot_be(field: str, column: Column) -> bool:
    return field == "ordered_at" and max(column.date_share, column.clock_share) < 0.5


def _recommended(column: Column, field: str, best: Sequence[int]) -> str:
    """The name of the column; of several that hold dates it matters which one the reader would take."""
    return f"{column.name} (recommended)" if field == "ordered_at" and column.number in best else column.name


def _first_look(column: Column) -> str:
    if column.date_share >= 0.9:
        return "dates"
    if column.email_share > 0.5:
        return "e-mail addresses"
    return "numbers" if column.number_share >= 0.9 else "text"


def _grain(
    connection: Connection, part: Part, columns: Mapping[str, int], answers: Answers
) -> tuple[Grain, list[Question]]:
    """What a row is, for headers that are not known; a question where an order number repeats and its total may too."""
    if answers.rows is not None:
        return ({"orders": "order", "lines": "line", "totals": "header"}[answers.rows], [])  # type: ignore[return-value]
    if "amount" not in columns:
        return ("line" if "line_amount" in columns or {"quantity", "price"} <= columns.keys() else "order", [])
    if "order_id" not in columns:
        return "order", []
    order_id = f"c{columns['order_id']}"
    amount, whole = f"c{columns['amount']}", ", ".join(f"c{number}" for number in range(len(part.columns)))
    positive = f"CAST({amount} AS VARCHAR) NOT LIKE '%-%'"
    totals = (
        f"SELECT min({amount}) AS low, max({amount}) AS high FROM {part.relation}"
        f" WHERE {order_id} IS NOT NULL AND {positive} GROUP BY {order_id}"
        f" HAVING count(*) > 1 AND count(DISTINCT hash({whole})) > 1"
    )
    orders, constant = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(low = high AS INTEGER)), 0) FROM ({totals})"
    ).fetchall()[0]
    if not orders:
        return "order", []
    if constant < 0.95 * orders:
        return "line", []
    why = f"{orders:,} order numbers stand on several rows, each with the same amount"
    options = (
        Option("totals", "The order's total, repeated on each row", "counted once for each order"),
        Option("lines", "The price of that row", "the rows of an order are added up"),
    )
    return "header", [Question("rows", "What is the amount on each row?", options, why, part.name)]


def _included(part: Part, columns: Mapping[str, int], answers: Answers) -> tuple[Layout, list[Question]]:
    """The plain layout with what is taken off the amount; a question where the file tells tax or shipping apart."""
    beside = [name for name in ("tax", "shipping") if name in columns]
    if not beside or "amount" not in columns:
        return PLAIN, []
    if answers.includes is not None:
        off = _INCLUDED[answers.includes]
        money = (
            f"the amount column less {' and '.join(off)}"
            if off
            else "the amount column, which holds no tax and shipping"
        )
        return replace(PLAIN, includes=off, money=money), []
    options = tuple(
        Option(
            key, f"It includes {key}", f"amount less {' and '.join(off)}" if off else "the amount is used as it stands"
        )
        for key, off in _INCLUDED.items()
        if set(off) <= set(beside)
    )
    why = "Revenue is counted without tax and shipping, and the file has columns for them"
    return PLAIN, [Question("includes", "Does the amount include tax or shipping?", options, why, part.name)]


def value_questions(
    part: Part, dates: Mapping[str, values.DateReading], moneys: Mapping[str, values.MoneyReading]
) -> list[Question]:
    """What the values of the columns leave open: day or month first, decimal mark."""
    questions = []
    for reading in dates.values():
        if reading.ambiguous is not None:
            value, day_first, month_first = reading.ambiguous
            options = (
                Option(True, "Day first", f"{value} is {day_first}"),
                Option(False, "Month first", f"{value} is {month_first}"),
            )
            why = "Nothing in the column settles it, and it moves orders between months"
            questions.append(
                Question("day_first", "Which comes first in the dates, day or month?", options, why, part.name)
            )
    for money in moneys.values():
        if money.ambiguous is not None and not any(question.key == "decimal" for question in questions):
            shown = money.ambiguous
            options = (
                Option(".", "A point", f"{shown}: the point marks the decimals, commas mark thousands"),
                Option(",", "A comma", f"{shown}: the comma marks the decimals, points mark thousands"),
            )
            why = f"Amounts such as {shown} can be read both ways, a thousand times apart"
            questions.append(Question("decimal", "Which sign marks the decimals?", options, why, part.name))
    return questions
