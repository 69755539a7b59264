"""A view as an Excel workbook: what was said, then a sheet for each table and picture. Nothing in it runs.

Figures written for people become numbers again where a whole column of a table holds them, so that they can be added
and sorted. Names never do.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import xlsxwriter

from retention_core.charts import picture
from retention_core.report.blocks import (
    About,
    Answer,
    Block,
    Definition,
    Figure,
    Heading,
    Note,
    Picture,
    Setting,
    Table,
    Verdict,
    Words,
)
from retention_core.report.cells import PERCENT, Column, as_columns, whole
from retention_core.report.text import unmarked
from retention_core.say import day, say

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LONGEST_NAME, LONGEST_CELL, MOST_ROWS = 31, 32_000, 100_000
WIDEST, NARROWEST = 60, 9
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")


def to_workbook(blocks: Sequence[Block], about: About) -> bytes:
    """The view as an .xlsx file."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties({"title": _title(blocks, about), "created": about.made_at.replace(tzinfo=None)})
        sheets = _Sheets(book)
        sheets.add(say("Summary"), _summary(blocks, about))
        for name, columns in _of_blocks(blocks):
            sheets.add(name, columns)
        definitions = [block for block in blocks if isinstance(block, Definition)]
        if definitions:
            sheets.add(say("Definitions"), as_columns(_definitions(definitions)))
        if len(about.left_out):
            sheets.add(say("What became of every line"), as_columns(about.left_out))
    return buffer.getvalue()


class _Sheets:
    """The sheets of one workbook, in the order in which they are added."""

    def __init__(self, book: Any) -> None:
        self._book, self._names = book, set[str]()
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._formats: dict[str, Any] = {}

    def add(self, name: str, columns: Sequence[Column]) -> None:
        """A sheet with a frozen head. Text is written as text, whatever it begins with."""
        sheet = self._book.add_worksheet(self._legal(name))
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, _cut(column.name), self._head)
            sheet.set_column(place, place, _width(column))
            for row, cell in enumerate(column.cells[:MOST_ROWS]):
                _write(sheet, row + 1, place, cell, self._format(column.look_of(row)), self._format(""))

    def _format(self, look: str) -> Any:
        if look not in self._formats:
            more = {"num_format": look} if look else {"text_wrap": True}
            self._formats[look] = self._book.add_format({"valign": "top", **more})
        return self._formats[look]

    def _legal(self, name: str) -> str:
        """A name that Excel takes and that no other sheet has."""
        plain = " ".join(_NOT_IN_NAMES.sub(" ", name).split()).strip("'")[:LONGEST_NAME].strip("' ") or say("Table")
        if plain.casefold() == "history":  # Excel keeps this one for itself
            plain += " 1"
        found, number = plain, 2
        while found.casefold() in self._names:
            ending = f" {number}"
            found, number = plain[: LONGEST_NAME - len(ending)].rstrip("' ") + ending, number + 1
        self._names.add(found.casefold())
        return found


def _write(sheet: Any, row: int, place: int, cell: Any, look: Any, words: Any) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell, look)
    elif isinstance(cell, int | float):
        sheet.write_number(row, place, cell, look)
    elif isinstance(cell, date):
        sheet.write_datetime(row, place, cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell, look)
    elif cell:
        sheet.write_string(row, place, _cut(str(cell)), words)


def _cut(text: str) -> str:
    return text[:LONGEST_CELL]


def _width(column: Column) -> float:
    longest = max((len(str(cell)) for cell in column.cells[:MOST_ROWS] if isinstance(cell, str)), default=0)
    return min(max(longest, min(len(column.name), 24), NARROWEST) + 2, WIDEST)


def _title(blocks: Sequence[Block], about: About) -> str:
    titles = [block.title for block in blocks if isinstance(block, Answer)]
    return " – ".join([*titles[:1], about.data])


def _summary(blocks: Sequence[Block], about: About) -> list[Column]:
    """What was said, in its order: what it is, the words, and what stands below them."""
    rows: list[tuple[str, Any, str]] = [(row, value, "") for row, value in _of_the_view(about)]
    for block in blocks:
        rows += _said(block)
    frame = pd.DataFrame(rows, columns=[say("What"), say("Says"), say("Interval, or more")])
    return as_columns(frame)


def _of_the_view(about: About) -> Iterator[tuple[str, str]]:
    yield say("Data"), about.data
    yield say("Made on"), f"{day(about.made_at)} {about.made_at:%H:%M}"
    if about.link:
        yield say("Link to the view"), about.link
    yield say("Made by"), f"Comeback {about.version}".strip()


def _said(block: Block) -> list[tuple[str, Any, str]]:
    match block:
        case Answer(title, sentence, about):
            return [(title, sentence, about)]
        case Heading(text):
            return [(text, "", "")]
        case Words(sentences):
            return [("", sentence, "") for sentence in sentences]
        case Note(text):
            return [(say("Note"), text, "")]
        case Verdict(text):
            return [(say("Verdict"), text, "")]
        case Setting(label, choice):
            return [(label, choice, "")]
        case Figure(label, value, under):
            return [(label, value, under)]
    return []


def _of_blocks(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Column]]]:
    """The tables and the rows behind the pictures, each under the heading it stands below."""
    heading = say("Figures")
    for block in blocks:
        match block:
            case Answer(title):
                heading = title
            case Heading(text):
                heading = text
            case Table(frame, has_index, is_marked):
                shown = whole(frame, has_index)
                yield heading, as_columns(shown.map(_without_marks) if is_marked else shown, has_figures=True)
            case Picture(chart):
                frame, shares = picture.figures(chart)
                if len(frame.columns):
                    name = say("Chart – {heading}", heading=heading)
                    yield name, as_columns(frame, dict.fromkeys(shares, PERCENT))


def _without_marks(cell: Any) -> Any:
    return unmarked(cell) if isinstance(cell, str) else cell


def _definitions(found: Sequence[Definition]) -> pd.DataFrame:
    """One row per number, or note on the view."""
    return pd.DataFrame(
        {
            say("Number"): [one.name or say("Note") for one in found],
            say("Definition"): [one.text for one in found],
            say("Formula"): [one.formula for one in found],
            say("Caveats"): [" ".join(one.caveats) for one in found],
        }
    )
