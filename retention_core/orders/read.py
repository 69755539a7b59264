"""Any order file → tables of text in the engine, with an account of every line.

`rows + sum(lines of other_lines) == physical_lines` for every part: a line is a row, or stands under a rule that says
what became of it. What a file is, is found in its bytes and never in its name.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from retention_core.orders import excel, read_parquet, read_records, read_table, read_text
from retention_core.orders.dialect import BLANKS, SAMPLE_RECORDS, Dialect, Shape, find_dialect, find_table
from retention_core.orders.errors import Cancelled, OrdersError
from retention_core.orders.read_parts import LIMITS, Account, Limits, Lines, Part, Progress, column_names

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

__all__ = ["LIMITS", "Cancelled", "Limits", "Lines", "OrdersError", "Part", "list_encodings", "read"]

_EXPORT = "export the orders as CSV, Excel (.xlsx) or Parquet and open that"
_BINARY = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3", "an SQLite database"),
)
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{])")


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
    limits: Limits = LIMITS,
) -> list[Part]:
    """The tables of one file, each behind a TEMP view named after `relation`, with columns line, c0, c1, ….

    `line` is the row's first physical line (the row number in Excel and Parquet, counted from 1). A workbook with
    several filled sheets gives `<relation>_1`, `<relation>_2`, …. Empty text is NULL; nothing else is changed.
    Raises OrdersError where the file cannot be read, and whatever `progress` raises; then no relation is left.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", relation):
        raise ValueError(f"{relation!r} is no plain name of a relation")
    path = Path(path)
    reading = _Reading(
        connection, path, relation, name or path.name, encoding, delimiter, header, progress or _say_nothing, limits
    )
    try:
        with tempfile.TemporaryDirectory(prefix="comeback-", dir=_writable_folder(connection)) as folder:
            return reading.parts(Path(folder))
    except BaseException:
        for made in reading.made:
            read_table.drop(connection, made)
        raise


def _say_nothing(rows: int, total: int | None) -> None:
    """The progress of a reading that nobody watches."""


def _writable_folder(connection: Connection) -> str | None:
    """A folder from which the engine may read: in its sandbox only the allowed ones, else any."""
    outside, allowed = connection.execute(
        "SELECT current_setting('enable_external_access'), current_setting('allowed_directories')"
    ).fetchall()[0]
    return None if outside or not allowed else str(allowed[0])


class _Reading:
    """One call of `read`: holds its arguments and the names of the relations made so far."""

    def __init__(
        self,
        connection: Connection,
        path: Path,
        relation: str,
        name: str,
        encoding: str | None,
        delimiter: str | None,
        header: bool | None,
        progress: Progress,
        limits: Limits,
    ) -> None:
        self.connection, self.path, self.relation, self.name = connection, path, relation, name
        self.encoding, self.delimiter, self.header = encoding, delimiter, header
        self.progress, self.limits = progress, limits
        self.made: list[str] = []

    def parts(self, folder: Path) -> list[Part]:
        try:
            with self.path.open("rb") as source:
                self.sha256 = self._digest(source)
        except OSError as problem:
            raise OrdersError(
                self.name, "the file cannot be opened", "check that it is there and may be read"
            ) from problem
        path, unpacked = self.path, False
        if _start(path).startswith(b"\x1f\x8b"):
            path, unpacked = folder / "unpacked", True
            read_text.gunzip(self.path, path, self.name, self.limits, self.progress)
        start = _start(path)
        if start.startswith(b"PAR1"):
            if unpacked:
                raise OrdersError(self.name, "this is a Parquet file inside a gzip file", "unpack it first")
            self.made.append(self.relation)
            return [
                read_parquet.read_parquet(self.connection, path, self.name, self.sha256, self.relation, self.limits)
            ]
        if start.startswith(b"PK") and excel.is_workbook(path, self.name, self.limits):
            return self._workbook(path, folder)
        self._refuse_what_is_no_text(path, start)
        return [self._text(path, folder)]

    def _digest(self, source: BinaryIO) -> str:
        digest = hashlib.sha256()
        while chunk := source.read(read_text.CHUNK):
            digest.update(chunk)
            self.progress(0, None)
        return digest.hexdigest()

    def _refuse_what_is_no_text(self, path: Path, start: bytes) -> None:
        if not start:
            raise OrdersError(self.name, "the file is empty", "export it again")
        if start.startswith(b"\x1f\x8b"):
            raise OrdersError(self.name, "the file is compressed twice", "unpack it first")
        if start.startswith(b"PK"):
            advice = "unpack it first, then open the order file that was in it"
            raise OrdersError(self.name, "this is a zip archive", advice)
        if start.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in _start(path, 1024**2):
            raise OrdersError(
                self.name, "the workbook is protected with a password", "save a copy without the password and open that"
            )
        for magic, kind in _BINARY:
            if start.startswith(magic):
                raise OrdersError(self.name, f"this is {kind}, not a table", _EXPORT)
        if _WEB_PAGE.match(start):
            raise OrdersError(
                self.name, "this is a web page or XML, not a table", "open it in Excel and save it as .xlsx"
            )
        if _JSON.match(start):
            raise OrdersError(self.name, "this is JSON, not a table", _EXPORT)
        if not read_text.looks_like_text(start) and self.encoding is None:
            raise OrdersError(self.name, "this is a binary file, not a table", _EXPORT)

    def _text(self, path: Path, folder: Path) -> Part:
        text = read_text.decode(path, folder, self.name, self.encoding, self.limits, self.progress)
        if not text.pieces:
            raise OrdersError(self.name, "the file holds no text", "export it again")
        with text.pieces[0].open(encoding="utf-8", newline="\n") as source:
            sample = source.read(256 * 1024)
        dialect = find_dialect(sample[: sample.rfind("\n") + 1] or sample, self.delimiter)
        top = list(islice(read_records.records(text.pieces, dialect, self.name, self.limits), SAMPLE_RECORDS))
        shape = self._shape(top)
        account = Account()
        above = top[: shape.above + shape.header]
        read_table.account_above(above, shape.header, account)
        columns = column_names(above[-1].cells if shape.header else None, shape.width)
        self.made.append(self.relation)
        rows = self._fill_text(text, dialect, shape, top, account)
        return Part(
            name=self.name,
            kind="text",
            sha256=self.sha256,
            encoding=text.encoding,
            delimiter=dialect.delimiter,
            header_line=above[-1].line if shape.header else None,
            columns=columns,
            types=("VARCHAR",) * shape.width,
            relation=self.relation,
            rows=rows,
            physical_lines=text.lines,
            other_lines=account.lines(),
            notes=text.notes,
        )

    def _fill_text(
        self, text: read_text.Text, dialect: Dialect, shape: Shape, top: list[read_records.Record], account: Account
    ) -> int:
        skipped = shape.above + shape.header
        above_lines = sum(record.lines for record in top[:skipped])
        first = top[skipped].cells if len(top) > skipped else []
        fits = dialect.delimiter != BLANKS and shape.width > 1 and len(first) == shape.width
        if fits and read_table.fill_fast(
            self.connection,
            self.relation,
            text.pieces,
            dialect,
            shape.width,
            above_lines,
            text.lines,
            first,
            self.limits,
            self.progress,
        ):
            return text.lines - above_lines
        body = islice(read_records.records(text.pieces, dialect, self.name, self.limits), skipped, None)
        return self._fill_exactly(self.relation, body, shape, account, text.lines)

    def _fill_exactly(
        self, relation: str, body: Iterator[read_records.Record], shape: Shape, account: Account, total: int
    ) -> int:
        return read_table.fill_exactly(
            self.connection, relation, body, shape, account, total, self.name, self.limits, self.progress
        )

    def _shape(self, top: list[read_records.Record]) -> Shape:
        try:
            shape = find_table([record.cells for record in top], self.header, self.limits.preamble_lines)
        except ValueError:
            raise OrdersError(self.name, "the file holds no values, only empty lines", "export it again") from None
        if shape.width > self.limits.columns:
            line = top[shape.above].line
            cause = f"this line has {shape.width:,} columns, more than {self.limits.columns:,}"
            raise OrdersError(self.name, cause, "check the delimiter, or keep the columns of the orders only", line)
        return shape

    def _workbook(self, path: Path, folder: Path) -> list[Part]:
        found = excel.sheets(path, folder, self.name, self.limits, self.progress)
        filled = [sheet for sheet in found if sheet.rows]
        if not filled:
            raise OrdersError(
                self.name, "no sheet of the workbook holds any value", "choose the workbook with the orders"
            )
        notes = tuple(f"Sheet {sheet.name!r} is empty and was left out" for sheet in found if not sheet.rows)
        relations = [self.relation] if len(filled) == 1 else [f"{self.relation}_{n}" for n in range(1, len(filled) + 1)]
        return [self._sheet(sheet, relation, notes) for sheet, relation in zip(filled, relations, strict=True)]

    def _sheet(self, sheet: excel.Sheet, relation: str, notes: tuple[str, ...]) -> Part:
        top = list(islice(excel.records(sheet), SAMPLE_RECORDS))
        shape = self._shape(top)
        account = Account()
        skipped = shape.above + shape.header
        read_table.account_above(top[:skipped], shape.header, account)
        header = top[shape.above] if shape.header else None
        self.made.append(relation)
        rows = self._fill_exactly(relation, islice(excel.records(sheet), skipped, None), shape, account, sheet.rows)
        return Part(
            name=f"{self.name}, sheet {sheet.name}",
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


def _start(path: Path, length: int = 64 * 1024) -> bytes:
    with path.open("rb") as source:
        return source.read(length)
