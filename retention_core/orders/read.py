"""Any order file → tables of text in the engine, with an account of every line.

`rows + sum(lines of other_lines) == physical_lines` for every part: a line is a row, or stands under a rule that says
what became of it. What a file is, is found in its bytes and never in its name.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from retention_core import scratch
from retention_core.limits import NO_LIMITS, Limits
from retention_core.orders import excel, read_kinds, read_records, read_table, read_text
from retention_core.orders.dialect import BLANKS, SAMPLE_RECORDS, Dialect, Shape, find_dialect, find_table
from retention_core.orders.errors import Cancelled, OrdersError
from retention_core.orders.read_parquet import read_parquet
from retention_core.orders.read_parts import CAPS, Account, Caps, Job, Lines, Part, Progress, caps_of, column_names
from retention_core.orders.read_records import Record

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.questions import Answers

__all__ = ["CAPS", "Cancelled", "Caps", "Lines", "OrdersError", "Part", "list_encodings", "read", "read_all"]

SAMPLE_CHARACTERS = 256 * 1024


def list_encodings() -> tuple[str, ...]:
    """The encodings that a user may choose from."""
    return read_text.ENCODINGS


def read(
    connection: Connection,
    path: str | Path,
    *,
    relation: str,
    name: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    progress: Progress | None = None,
    caps: Caps = CAPS,
    rows_before: int = 0,
    folder: Path | None = None,
) -> list[Part]:
    """The tables of one file, each behind a TEMP view named after `relation`, with columns line, c0, c1, ….

    `line` is the row's first physical line (the row number in Excel and Parquet, counted from 1). A workbook with
    several filled sheets gives `<relation>_1`, `<relation>_2`, …. Empty text is NULL; nothing else is changed.
    The view of a Parquet file reads it at each use: that file must stay. All others are copied, through a folder of
    their own in `folder`: one that the engine may read and this process write, by default the process's own.
    Raises OrdersError where the file cannot be read, and whatever `progress` raises; then no relation is left.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", relation):
        raise ValueError(f"{relation!r} is no plain name of a relation")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ValueError(f"{delimiter!r} is no delimiter: one sign, and neither a quote nor a newline")
    path = Path(path)
    job = Job(name or path.name, caps, progress or Job.progress, rows_before)
    made: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="reading-", dir=folder or scratch.folder("files")) as own:
            sha256 = _sha256(path, job)
            reading = _Reading(connection, relation, sha256, encoding, delimiter, header, job, Path(own), made)
            parts = reading.parts(path)
            job.check_rows(sum(part.rows for part in parts))
            return parts
    except BaseException:
        for relation in made:
            read_table.drop(connection, relation)
        raise


def read_all(
    connection: Connection,
    paths: Sequence[Path],
    told: Answers,
    *,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    limits: Limits = NO_LIMITS,
) -> list[Part]:
    """The tables of the files of one data set, in their order: those of file number n behind `raw_n`, see `read`.

    Raises OrdersError where they cannot be read or are more than `limits` allow; then no relation is left.
    """
    parts: list[Part] = []
    try:
        for number, path in enumerate(paths):
            parts += read(
                connection, path, relation=f"raw_{number}", name=names[number] if names else None,
                encoding=told.encoding, delimiter=told.delimiter, header=told.header, progress=progress,
                caps=caps_of(limits), rows_before=sum(part.rows for part in parts), folder=limits.folder,
            )  # fmt: skip
    except BaseException:
        for part in parts:
            read_table.drop(connection, part.relation)
        raise
    return parts


def _sha256(path: Path, job: Job) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            _check_size(os.fstat(source.fileno()).st_size, job)
            while chunk := source.read(read_text.CHUNK):
                digest.update(chunk)
                job.progress(0, None)
    except OSError as problem:
        raise OrdersError(job.name, "the file cannot be opened", "check that it is there and may be read") from problem
    return digest.hexdigest()


def _check_size(size: int, job: Job) -> None:
    if job.caps.file_bytes is not None and size > job.caps.file_bytes:
        cause = f"the file has {size / 1024**2:,.1f} MB, more than the {job.caps.file_bytes // 1024**2:,} MB taken here"
        raise OrdersError(job.name, cause, "save the orders as Parquet, or split the file by date")


@dataclass(frozen=True)
class _Reading:
    """One call of `read`: what it was told, where it may write, and the names of the relations it has made."""

    connection: Connection
    relation: str
    sha256: str
    encoding: str | None
    delimiter: str | None
    header: bool | None
    job: Job
    folder: Path
    made: list[str] = field(default_factory=list)

    def parts(self, path: Path) -> list[Part]:
        packed, head = read_text.is_packed(path), read_text.head(path, self.job)
        if head.startswith(read_kinds.PARQUET):
            if packed:
                raise OrdersError(self.job.name, "this is a Parquet file inside a gzip file", "unpack it first")
            self.made.append(self.relation)
            return [read_parquet(self.connection, path, self.sha256, self.relation, self.job)]
        if head.startswith(read_kinds.ZIP):
            whole = path
            if packed:
                whole = self.folder / "unpacked"
                read_text.unpack(path, whole, self.job)
            if excel.is_workbook(whole, self.job):
                return self._workbook(whole)
        read_kinds.refuse_what_is_no_text(head, self.job.name)
        return [self._text(path)]

    def _text(self, path: Path) -> Part:
        text = read_text.decode(path, self.folder, self.encoding, self.job)
        with text.pieces[0].open(encoding="utf-8", newline="\n") as source:
            sample = source.read(SAMPLE_CHARACTERS)
        dialect = find_dialect(sample[: sample.rfind("\n") + 1] or sample, self.delimiter)
        top = list(islice(read_records.records(text.pieces, dialect, self.job), SAMPLE_RECORDS))
        shape = self._shape(top)
        account = Account()
        header = read_table.account_above(top, shape, account)
        self.made.append(self.relation)
        rows = self._fill_text(text, dialect, shape, top, account)
        return Part(
            name=self.job.name,
            kind="text",
            sha256=self.sha256,
            encoding=text.encoding,
            delimiter=dialect.delimiter,
            header_line=header.line if header else None,
            columns=column_names(header.cells if header else None, shape.width),
            types=("VARCHAR",) * shape.width,
            relation=self.relation,
            rows=rows,
            physical_lines=text.lines,
            other_lines=account.lines(),
            notes=text.notes,
        )

    def _fill_text(
        self, text: read_text.Text, dialect: Dialect, shape: Shape, top: list[Record], account: Account
    ) -> int:
        skipped = shape.above + shape.header
        first = top[skipped] if len(top) > skipped else None
        if first and len(first.cells) == shape.width > 1 and dialect == Dialect(dialect.delimiter) != Dialect(BLANKS):
            filled = read_table.fill_fast(self.connection, self.relation, text, dialect, first, self.job)
            if filled:
                return filled
        body = islice(read_records.records(text.pieces, dialect, self.job), skipped, None)
        return self._fill_exactly(self.relation, body, shape, account, text.lines)

    def _fill_exactly(self, relation: str, body: Iterator[Record], shape: Shape, account: Account, total: int) -> int:
        return read_table.fill_exactly(self.connection, relation, body, shape.width, account, total, self.job)

    def _shape(self, top: list[Record]) -> Shape:
        name, caps = self.job.name, self.job.caps
        try:
            shape = find_table([record.cells for record in top], self.header, caps.preamble_lines)
        except ValueError:
            raise OrdersError(name, "no line holds a value that can be read", "export it again") from None
        if shape.width > caps.columns:
            cause = f"this line has {shape.width:,} columns, more than {caps.columns:,}"
            advice = "check the delimiter, or keep the columns of the orders only"
            raise OrdersError(name, cause, advice, top[shape.above].line)
        return shape

    def _workbook(self, path: Path) -> list[Part]:
        found = excel.sheets(path, self.folder, self.job)
        filled = [sheet for sheet in found if sheet.rows]
        if not filled:
            advice = "choose the workbook with the orders"
            raise OrdersError(self.job.name, "no sheet of the workbook holds any value", advice)
        notes = tuple(f'Sheet "{sheet.name}" is empty and was left out' for sheet in found if not sheet.rows)
        names = [self.relation] if len(filled) == 1 else [f"{self.relation}_{n}" for n in range(1, len(filled) + 1)]
        return [self._sheet(sheet, relation, notes) for sheet, relation in zip(filled, names, strict=True)]

    def _sheet(self, sheet: excel.Sheet, relation: str, notes: tuple[str, ...]) -> Part:
        top = list(islice(excel.records(sheet), SAMPLE_RECORDS))
        shape = self._shape(top)
        account = Account()
        header = read_table.account_above(top, shape, account)
        body = islice(excel.records(sheet), shape.above + shape.header, None)
        self.made.append(relation)
        rows = self._fill_exactly(relation, body, shape, account, sheet.rows)
        return Part(
            name=f"{self.job.name}, sheet {sheet.name}",
            kind="excel",
            sha256=self.sha256,
            encoding=None,
            delimiter=None,
            header_line=header.line if header else None,
            columns=column_names(header.cells if header else None, shape.width),
            types=("VARCHAR",) * shape.width,
            relation=relation,
            rows=rows,
            physical_lines=sheet.rows,
            other_lines=account.lines(),
            notes=(*notes, "This sheet is hidden in the workbook") if sheet.hidden else notes,
        )
