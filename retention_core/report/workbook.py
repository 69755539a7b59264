"""A view as an Excel workbook: its contents, what was said, then a sheet for each table and picture. Nothing runs.

Figures written for people become numbers again where a whole column of a table holds them, so that they can be added
and sorted. Names never do. What is not known is an empty cell.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import xlsxwriter

from retention_core import export
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
from retention_core.report.cells import as_columns, whole
from retention_core.report.drawn import drawn
from retention_core.report.figures import Column, figures
from retention_core.report.text import unmarked
from retention_core.say import day, say

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LONGEST_NAME, LONGEST_CELL, MOST_ROWS = 31, 32_000, 100_000
WIDEST, NARROWEST = 60, 9
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name before Excel's rules, what it holds, and its columns. `ending`: what stays of a long name."""

    name: str
    holds: str
    columns: Sequence[Column]
    ending: str = ""


def to_workbook(blocks: Sequence[Block], about: About) -> bytes:
    """The view as an .xlsx file."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties({"title": _title(blocks, about), "created": about.made_at.replace(tzinfo=None)})
        _Sheets(book, list(_sheets(blocks, about)))
    return buffer.getvalue()


def _sheets(blocks: Sequence[Block], about: About) -> Iterator[Sheet]:
    yield Sheet(say("Summary"), say("What the page says, and of which data"), _summary(blocks, about))
    yield from _of_blocks(blocks)
    definitions = [block for block in blocks if isinstance(block, Definition)]
    if definitions:
        holds = say("How each number is computed")
        yield Sheet(say("Definitions"), holds, as_columns(_definitions(definitions)))
    if len(about.left_out):
        name = say("What became of every line")
        yield Sheet(name, say("Which lines of the files count, and why others do not"), as_columns(about.left_out))


class _Sheets:
    """The sheets of one workbook behind a list of them, in the order of the view."""

    def __init__(self, book: Any, sheets: Sequence[Sheet]) -> None:
        self._book, self._names = book, set[str]()
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._formats: dict[str, Any] = {}
        contents = self._legal(say("Contents"))
        names = [self._legal(sheet.name, sheet.ending) for sheet in sheets]
        shown = [export.disarmed(name) for name in names]
        holds = [export.disarmed(sheet.holds) for sheet in sheets]
        rows = [max((len(column.cells) for column in sheet.columns), default=0) for sheet in sheets]
        columns = [Column(say("Sheet"), shown), Column(say("What it holds"), holds), Column(say("Rows"), rows, "#,##0")]
        first = self._add(contents, columns)
        link = book.add_format({"font_color": "#0563c1", "underline": 1, "valign": "top"})
        for row, (name, sheet) in enumerate(zip(names, sheets, strict=True)):
            # Quoted, a place inside the workbook is a place whatever the name says.
            first.write_url(row + 1, 0, "internal:'" + name.replace("'", "''") + "'!A1", link, shown[row])
            self._add(name, sheet.columns)

    def _add(self, name: str, columns: Sequence[Column]) -> Any:
        """A sheet with a frozen head. Text is written as text, whatever it begins with."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, _cut(column.name), self._head)
            sheet.set_column(place, place, _width(column))
            own = dict(column.own)
            for row, cell in enumerate(column.cells[:MOST_ROWS]):
                _write(sheet, row + 1, place, cell, self._format(own.get(row, column.look)), self._format(""))
        return sheet

    def _format(self, look: str) -> Any:
        if look not in self._formats:
            more = {"num_format": look} if look else {"text_wrap": True}
            self._formats[look] = self._book.add_format({"valign": "top", **more})
        return self._formats[look]

    def _legal(self, name: str, ending: str = "") -> str:
        """A name that Excel takes and that no other sheet has. A long one ends with a word, and before a comma."""
        plain = " ".join(_NOT_IN_NAMES.sub(" ", export.disarmed(name)).split()).strip("' ") or say("Table")
        if plain.casefold() == "history":  # Excel keeps this one for itself
            plain += " 1"
        found, number = _shortened(plain, ending), 2
        while found.casefold() in self._names:
            found, number = _shortened(plain, f"{ending} {number}"), number + 1
        self._names.add(found.casefold())
        return found


def _shortened(name: str, ending: str) -> str:
    room = LONGEST_NAME - len(ending)
    if len(name) > room:
        begins, comma, _ = name.partition(",")
        short = begins if comma and len(begins) <= room else name[: room + 1].rpartition(" ")[0] or name[:room]
        name = short.rstrip("' ,:–")
    return name + ending


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
    """What was said, in its order: what it is, the words or the number with its range, and what stands below them."""
    rows = [(row, value, "") for row, value in _of_the_view(about)]
    rows += [said for block in blocks for said in _said(block)]
    names = [say("What"), say("Says"), say("From"), say("To"), say("And")]
    cells: list[list[Any]] = []
    looks: list[list[tuple[int, str]]] = [[] for _ in names]
    figured = {number for number, block in enumerate(_owners(blocks, len(rows))) if isinstance(block, Figure)}
    for number, (what, value, under) in enumerate(rows):
        own = (figures("", [value]) or []) if number in figured else []
        ends = (figures("", [under]) or []) if number in figured else []
        ends = ends if len(ends) == 2 else []
        told = [what, own[0].cells[0] if own else value, *([end.cells[0] for end in ends] or [None, None])]
        cells.append([*told, "" if ends else under])
        for place, column in [*enumerate(own[:1], 1), *enumerate(ends, 2)]:
            looks[place].append((number, dict(column.own).get(0, column.look)))
    columns = zip(*cells, strict=True)
    return [
        Column(name, [export.disarmed(cell) if isinstance(cell, str) else cell for cell in column], "", tuple(own))
        for name, column, own in zip(names, columns, looks, strict=True)
    ]


def _owners(blocks: Sequence[Block], rows: int) -> list[Block | None]:
    """The block that each row of the summary is of; None for those of the view itself."""
    owners: list[Block | None] = [block for block in blocks for _ in _said(block)]
    return [None] * (rows - len(owners)) + owners


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


def _of_blocks(blocks: Sequence[Block]) -> Iterator[Sheet]:
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
                columns = as_columns(shown.map(_without_marks) if is_marked else shown, has_figures=True)
                yield Sheet(heading, say("Table: {heading}", heading=heading), columns)
            case Picture(chart, description):
                columns = drawn(chart)
                if columns:
                    holds = say("Chart: {description}", description=description or heading)
                    yield Sheet(heading, holds, columns, say(" – chart"))


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
