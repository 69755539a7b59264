"""`load`: order files → clean tables in the engine, and the ledger of what was left out, merged or repaired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from retention_core.orders import clean, ledger, read_table
from retention_core.orders.errors import OrdersError
from retention_core.orders.questions import Answers, NeedsAnswers, Option, Question
from retention_core.orders.read import read
from retention_core.orders.read_parts import Part
from retention_core.orders.recognise import recognise
from retention_core.orders.stage import Reading, read_columns

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

__all__ = ["Answers", "Facts", "Loaded", "NeedsAnswers", "Option", "OrdersError", "Question", "load"]


NOTHING_ANSWERED = Answers()


@dataclass(frozen=True)
class Facts:
    """What is known of the loaded orders besides the numbers. Sentences are for people."""

    currency: str | None
    timezone: str
    money: str
    refunds: str
    first_ordered_at: datetime | None
    last_ordered_at: datetime | None
    has_amount: bool
    has_order_lines: bool
    has_customers: bool = False
    has_events: bool = False
    has_spend: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What `load` found: the tables of the files, the layout by name, the ledger (one row per file and rule), facts."""

    parts: tuple[Part, ...]
    layout: str
    ledger: pd.DataFrame
    facts: Facts


def load(
    connection: Connection,
    paths: Sequence[Path],
    answers: Answers = NOTHING_ANSWERED,
    *,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Loaded:
    parts: list[Part] = []
    for number, path in enumerate(paths):
        parts += read(
            connection, path, relation=f"raw_{number}", name=names[number] if names else None,
            encoding=answers.encoding, delimiter=answers.delimiter, header=answers.header, progress=progress,
        )  # fmt: skip
    readings = [_reading(connection, part, answers) for part in parts]
    clean.clean(connection, readings, answers)
    rows = ledger.order_rows(connection, parts, readings[0].layout.currency)
    for part in parts:
        rows += ledger.structure_rows(part)
    frame = ledger.frame(rows)
    connection.execute("ALTER TABLE clean_orders DROP COLUMN part")
    clean.tidy(connection, len(readings))
    for part in parts:
        read_table.drop(connection, part.relation)
    facts = Facts(readings[0].layout.currency, "", "", "", None, None, True, False)
    return Loaded(tuple(parts), readings[0].layout.title, frame, facts)


def _reading(connection: Connection, part: Part, answers: Answers) -> Reading:
    found = recognise(part, answers.layout)
    assert found is not None, part.columns
    return read_columns(
        connection, part, found.layout, found.layout.grain, found.columns,
        decimal=answers.decimal, day_first=answers.day_first, timezone=answers.timezone is not None,
    )  # fmt: skip
