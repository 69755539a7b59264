"""Text to records, exactly: every line of a file ends up in one record, and each record knows its lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from retention_core.orders.dialect import BLANKS, Dialect
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import Job

_BACKSLASHED = re.compile(r'\\\\|\\"')

csv.field_size_limit(2**31 - 1)  # Python's own limit raises in the middle of a file; ours are below


class Record(NamedTuple):
    """One record: its first line, how many lines it takes, its cells, and the rule it breaks (None for a sound one)."""

    line: int
    lines: int
    cells: list[str]
    problem: str | None
    text: str  # of its first line, for examples


class _Source:
    """The lines of a file's pieces. Remembers those of the record being read and stops one that does not end."""

    def __init__(self, pieces: tuple[Path, ...], dialect: Dialect, job: Job) -> None:
        self.pieces = iter(pieces)
        self.name, self.caps = job.name, job.caps
        self.backslash = dialect.escape == "\\"
        self.number = 0
        self.held: list[str] = []
        self.size = 0
        self.too_long = False
        self.ended = False
        self.file: TextIO | None = None

    def begin_record(self) -> None:
        self.held = []
        self.size = 0
        self.too_long = False

    def close(self) -> None:
        if self.file:
            self.file.close()

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        line = self._next_line()
        self.number += 1
        if len(line) > self.caps.line_length:
            self._skip_rest(line)
            self.too_long = True
            self.held.append(line[:1000])
            return "\n"
        self.held.append(line)
        self.size += len(line)
        if len(self.held) > self.caps.quoted_lines or self.size > self.caps.line_length + len(line):
            raise self.never_closed()
        return self._with_doubled_quotes(line)

    def parsed(self) -> str:
        """The lines of the record being read, as they were parsed."""
        return "".join(map(self._with_doubled_quotes, self.held))

    def _with_doubled_quotes(self, line: str) -> str:
        # Only \" is turned into "": Python's own escape character would swallow the backslashes of C:\orders as well.
        return _BACKSLASHED.sub(lambda found: found[0].replace('\\"', '""'), line) if self.backslash else line

    def _next_line(self) -> str:
        while True:
            if self.file:
                line = self.file.readline(self.caps.line_length + 1)
                if line:
                    return line
                self.file.close()
            piece = next(self.pieces, None)
            if piece is None:
                self.ended = True
                raise StopIteration
            self.file = piece.open(encoding="utf-8", newline="\n")

    def _skip_rest(self, start: str) -> None:
        while start and not start.endswith("\n"):
            start = self.file.readline(self.caps.line_length) if self.file else ""

    def never_closed(self) -> OrdersError:
        """The refusal of a quote without an end; names the line where it was opened."""
        opened, inside = self.number - len(self.held) + 1, False
        for number, line in enumerate(self.held, start=opened):
            quotes = self._with_doubled_quotes(line).replace('""', "").count('"')
            inside = inside != bool(quotes % 2)
            opened = number if inside and quotes else opened
        cause = 'a quoted value begins here (") and does not end'
        return OrdersError(self.name, cause, 'put the missing " into this line or remove the one too many', opened)


def records(pieces: tuple[Path, ...], dialect: Dialect, job: Job) -> Iterator[Record]:
    """One Record per record of the file, in order; together they take every line. OrdersError on an endless quote."""
    source = _Source(pieces, dialect, job)
    try:
        if dialect.delimiter == BLANKS:
            yield from _blank_parted(source)
        else:
            yield from _delimited(source, dialect)
    finally:
        source.close()


def _blank_parted(source: _Source) -> Iterator[Record]:
    for line in source:
        problem = "too_long" if source.too_long else None
        yield Record(source.number, 1, line.split(), problem, source.held[0])
        source.begin_record()


def _is_rows_in_a_quote(lines: list[str], cells: list[str], delimiter: str) -> bool:
    """Whether a quoted value holds what look like whole rows: a quote too many here, and another one lines below."""
    parted = len(cells) - 1
    return parted >= 3 and all(line.count(delimiter) == parted for line in lines)


def _with_blanks_after_quotes(text: str, dialect: Dialect) -> list[str]:
    """The cells of a record like `"Ada" ,"Sofia"`, which csv holds for an error; none if that is not what is wrong."""
    closed = re.sub(rf'" +(?={re.escape(dialect.delimiter)}|\n|$)', '"', text)
    lines = io.StringIO(closed, newline="\n")
    try:
        found = list(csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skip_blanks, strict=True))
    except csv.Error:
        return []
    return found[0] if len(found) == 1 else []


def _delimited(source: _Source, dialect: Dialect) -> Iterator[Record]:
    reader = csv.reader(source, delimiter=dialect.delimiter, skipinitialspace=dialect.skip_blanks, strict=True)
    while True:
        source.begin_record()
        problem = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if source.ended:
                raise source.never_closed() from None
            cells = _with_blanks_after_quotes(source.parsed(), dialect)
            problem = None if cells else "bad_quote"
        if source.too_long:
            cells, problem = [], "too_long"
        held = source.held
        if len(held) > 1 and _is_rows_in_a_quote(held, cells, dialect.delimiter):
            problem = "bad_quote"
        yield Record(source.number - len(held) + 1, len(held), cells, problem, held[0])
