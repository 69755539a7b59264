"""`load`: order files → clean tables in the engine, and the ledger of what was left out, merged or noted."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from retention_core.limits import NO_LIMITS, Limits
from retention_core.orders import clean, consents, ledger, notes, pseudonyms, read_table, second, together
from retention_core.orders.errors import HoldsContracts, OrdersError
from retention_core.orders.facts import Facts, gather
from retention_core.orders.mapping import Guess
from retention_core.orders.match import Matched, match, refuse, value_questions
from retention_core.orders.questions import Answers, NeedsAnswers, Option, Question
from retention_core.orders.read import read_all
from retention_core.orders.read_parts import Part
from retention_core.orders.stage import Reading, read_columns

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.engines.duckdb import Connection

__all__ = [
    "Answers",
    "Facts",
    "Guess",
    "Inspected",
    "Loaded",
    "NeedsAnswers",
    "Option",
    "OrdersError",
    "Question",
    "inspect",
    "load",
]

Progress = Callable[[int, int | None], None]
NOTHING_ANSWERED = Answers()
PREVIEW_ROWS = 5


def nothing_to_release() -> None:
    """All has been given back already."""


@dataclass(frozen=True)
class Loaded:
    """What `load` found: the tables of the files, the layout in words, the ledger (see `ledger.frame`), and facts.

    Call `release` when `clean_orders` is no longer needed: it gives back what stands behind it, the rows of the files,
    and with a pseudonym key it puts pseudonyms in the place of the customers' keys. It knows their secret: let it go.
    """

    parts: tuple[Part, ...]
    layout: str
    ledger: pd.DataFrame
    facts: Facts
    release: Callable[[], None] = nothing_to_release
    has_pseudonyms: bool = False  # once released


@dataclass(frozen=True)
class Inspected:
    """One table of the input as it would be read: columns with how sure they are, five rows, open questions."""

    part: Part
    layout: str
    title: str
    confidence: float
    guesses: tuple[Guess, ...]
    preview: pd.DataFrame
    questions: tuple[Question, ...]


def inspect(
    connection: Connection, parts: Sequence[Part], answers: Answers = NOTHING_ANSWERED
) -> tuple[Inspected, ...]:
    """How each part would be read. One record per part; `preview` has the file's own column names.

    Raises OrdersError for a table that holds neither orders nor anything that belongs to orders.
    """
    return tuple(_inspected(connection, match(connection, part, answers), answers) for part in parts)


def load(
    connection: Connection,
    paths: Sequence[Path],
    answers: Answers = NOTHING_ANSWERED,
    *,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    pseudonym_key: bytes | None = None,
    limits: Limits = NO_LIMITS,
) -> Loaded:
    """Order files → the TEMP relations clean_orders and customer_ids, clean_order_lines, clean_customers, clean_events
    and clean_spend.

    `clean_orders` has one row per order: part (number of its file), order_id, customer_id, ordered_at, amount,
    discount, refunded, tax, shipping, currency, channel, campaign, coupon, payment_method, delivery_method, country,
    category, status, cost (of the goods; after refunds, so 0 where all was refunded under `net`; null: not known). The
    others are there when the files tell them. Raises NeedsAnswers when the files leave open something that changes
    numbers, OrdersError when they cannot be read; then no table is left.
    """
    _check(answers, paths)
    secret = None if pseudonym_key is None else pseudonyms.paddings(pseudonym_key)
    parts = read_all(connection, paths, answers, names=names, progress=progress, limits=limits)
    try:
        loaded = _load_parts(connection, parts, answers)
    except BaseException:
        for table in ("order_lines", "customers", "events", "spend"):
            clean.drop_relation(connection, f"clean_{table}")
        clean.drop_relation(connection, "customer_ids")
        _release(connection, [part.relation for part in parts])
        raise
    loaded = replace(loaded, parts=tuple(map(pseudonyms.without_text, loaded.parts)))
    if secret is not None:
        loaded = replace(loaded, ledger=ledger.without_words(loaded.ledger), has_pseudonyms=True)
    return replace(loaded, release=partial(_release, connection, [part.relation for part in parts], secret))


def _release(connection: Connection, relations: Sequence[str], secret: pseudonyms.Paddings | None = None) -> None:
    clean.drop_relation(connection, "clean_orders")
    clean.tidy(connection, len(relations))
    for relation in relations:
        read_table.drop(connection, relation)
        clean.drop_relation(connection, f"{relation}_joined")
    if secret is not None:
        pseudonyms.put_in_place(connection, secret)


def _load_parts(connection: Connection, parts: Sequence[Part], answers: Answers) -> Loaded:
    matched = [match(connection, part, answers) for part in parts]
    orders = [table for table in matched if table.layout.kind == "orders"]
    others = [table for table in matched if table.layout.kind != "orders"]
    if contracts := next((table for table in others if table.layout.kind == "contracts"), None):
        raise HoldsContracts(contracts.part.name, contracts.layout.key)
    if not orders:
        raise refuse(parts[0])
    _ask([question for table in orders for question in table.questions])
    _check_one_system(orders)
    others = together.one_of_each(connection, others)
    orders = [second.join(connection, table, others) for table in orders]
    readings = [_reading(connection, table, answers) for table in orders]
    _ask(
        [question for reading in readings for question in value_questions(reading.part, reading.dates, reading.moneys)]
    )
    has_line_table = any(table.layout.kind == "order_lines" for table in others)
    clean.clean(connection, readings, answers, is_final=not has_line_table)
    if any(reading.has_lines for reading in readings):
        clean.run(connection, "line_table")
        clean.run(connection, "order_lines")
    single = all(reading.grain == "order" for reading in readings)
    rows = ledger.order_rows(connection, [reading.part for reading in readings], _currency(connection), single)
    rows += notes.rows(connection, readings, answers)
    rows += second.make(connection, others, any(reading.email_key for reading in readings))
    if has_line_table:
        clean.run(connection, "line_categories")
    for part in parts:
        rows += ledger.structure_rows(part)
    facts = gather(connection, readings, answers, notes.sentences(rows))
    consents.take_from_orders(connection, readings)
    return Loaded(tuple(parts), " + ".join(dict.fromkeys(t.layout.title for t in orders)), ledger.frame(rows), facts)


def _check(answers: Answers, paths: Sequence[Path]) -> None:
    file = paths[0].name if paths else "no file"
    if not paths:
        raise OrdersError(file, "there is nothing to open", "name at least one order file")
    if answers.timezone is not None and answers.timezone not in zoneinfo.available_timezones():
        raise OrdersError(file, f"{answers.timezone} is no time zone", "write it like Europe/Sofia or America/New_York")
    if answers.refunds not in ("net", "drop", "ignore"):
        raise OrdersError(file, f"refunds cannot be {answers.refunds!r}", "choose net, drop or ignore")
    if answers.rates and not answers.currency:
        raise OrdersError(file, "rates need a currency to turn the others into", "pass currency, such as EUR")


def _check_one_system(orders: Sequence[Matched]) -> None:
    """Two systems can tell the same orders twice, under numbers of their own: nobody could see it."""
    families = {table.layout.family: table for table in orders}
    if len(families) > 1:
        first, second_one = list(families.values())[:2]
        raise OrdersError(
            second_one.part.name,
            f"this is laid out as {second_one.layout.title}, but {first.part.name} as {first.layout.title}: "
            "the same orders may be in both and would count twice",
            "open the files of one system at a time",
        )


def _reading(connection: Connection, table: Matched, answers: Answers) -> Reading:
    return read_columns(
        connection, table.part, table.layout, table.grain, table.columns,
        decimal=answers.decimal, day_first=answers.day_first, timezone=answers.timezone is not None,
    )  # fmt: skip


def _ask(questions: Sequence[Question]) -> None:
    if required := [question for question in questions if question.required]:
        raise NeedsAnswers(required)


def _currency(connection: Connection) -> str | None:
    found: str | None = clean.rows_of(connection, "SELECT any_value(currency) FROM clean_orders")[0][0]
    return found


def _inspected(connection: Connection, table: Matched, answers: Answers) -> Inspected:
    part = table.part
    questions = list(table.questions)
    if table.layout.kind == "orders" and not questions:
        reading = _reading(connection, table, answers)
        questions += value_questions(part, reading.dates, reading.moneys)
        questions += _timezone_question(reading, answers)
    cells = ", ".join(f"c{number}" for number in range(len(part.columns)))
    preview = connection.execute(f"SELECT {cells} FROM {part.relation} LIMIT {PREVIEW_ROWS}").df()
    preview.columns = list(part.columns)
    return Inspected(
        part, table.layout.key, table.layout.title, table.confidence, table.guesses, preview, tuple(questions)
    )


def _timezone_question(reading: Reading, answers: Answers) -> list[Question]:
    """Optional: load goes on with the times as they are written and says so."""
    zoned = any(date.zoned for date in reading.dates.values())
    if answers.timezone is not None or not (reading.layout.utc or zoned):
        return []
    why = "The times are in UTC: an order of the evening can carry the next day's date" if reading.layout.utc else (
        "The times name their zone; they are used as they are written"
    )  # fmt: skip
    options = (Option("UTC", "UTC", "times stay as they are"),)
    return [Question("timezone", "Which time zone is the shop in?", options, why, reading.part.name, required=False)]
