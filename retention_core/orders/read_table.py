"""Records into a TEMP table of text columns, and the account of the lines that became no row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from retention_core.engines.duckdb import OutOfMemory, Stopped
from retention_core.orders.dialect import Dialect, Shape
from retention_core.orders.read_parts import Account, Job
from retention_core.orders.read_records import Record
from retention_core.orders.read_text import Text

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

BATCH_CELLS = 200_000


def drop(connection: Connection, relation: str) -> None:
    """Removes a relation that a reading made, if it is there."""
    connection.execute(f"DROP VIEW IF EXISTS temp.{relation}")
    connection.execute(f"DROP TABLE IF EXISTS temp.{relation}_rows")


def account_above(top: Sequence[Record], shape: Shape, account: Account) -> Record | None:
    """Books the records above the first row: title lines, blank lines and the header, which is returned."""
    for record in top[: shape.above]:
        title = "preamble" if any(map(str.strip, record.cells)) else "blank"
        account.add(record.problem or title, record.line, record.lines, record.text)
    if not shape.header:
        return None
    header = top[shape.above]
    account.add("header", header.line, 1, header.text)
    account.add("continuation", header.line + 1, header.lines - 1, header.text)
    return header


def fill_exactly(
    connection: Connection, relation: str, body: Iterable[Record], width: int, account: Account, total: int, job: Job
) -> int:
    """Writes every sound record into the relation, books every other one, and returns the number of rows."""
    names = ", ".join(f"c{column}" for column in range(width))
    typed = ", ".join(f"c{column} VARCHAR" for column in range(width))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {relation}_rows (line BIGINT, {typed})")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {relation} AS SELECT line, {names} FROM temp.{relation}_rows")
    batch = max(1, BATCH_CELLS // width)
    lines: list[int] = []
    rows: list[list[str]] = []
    count = 0
    for line, taken, cells, problem, text in body:
        if problem:
            account.add(problem, line, taken, text)
        elif not any(cells) or (len(cells) == 1 and not cells[0].strip()):
            account.add("blank", line, taken, text)
        elif len(cells) < width or any(cells[width:]):
            account.add("wrong_width", line, taken, text)
        else:
            if taken > 1:
                account.add("continuation", line + 1, taken - 1, text)
            lines.append(line)
            rows.append(cells[:width])
            if len(rows) == batch:
                count += _insert(connection, relation, lines, rows, width)
                lines, rows = [], []
                job.check_rows(count)
                job.progress(count, total)
    count += _insert(connection, relation, lines, rows, width)
    job.check_rows(count)
    job.progress(count, total)
    return count


def _insert(connection: Connection, relation: str, lines: list[int], rows: list[list[str]], width: int) -> int:
    if not rows:
        return 0
    import pyarrow as pa

    columns = [pa.array(lines, pa.int64()), *(pa.array(column, pa.string()) for column in zip(*rows, strict=True))]
    batch = pa.table(columns, names=["line", *(f"c{column}" for column in range(width))])
    cells = ", ".join(f"nullif(c{column}, '')" for column in range(width))
    connection.register(f"{relation}_batch", batch)
    try:
        connection.execute(f"INSERT INTO temp.{relation}_rows SELECT line, {cells} FROM {relation}_batch").fetchall()
    finally:
        connection.unregister(f"{relation}_batch")
    return len(rows)


def fill_fast(
    connection: Connection, relation: str, text: Text, dialect: Dialect, first: Record, job: Job
) -> int | None:
    """Lets the engine parse the text from the record `first` on. None unless that is proven equal to `fill_exactly`.

    The proof: the text has no newline but LF and every row of the engine ends at one, so as many rows as lines means
    that each line is one whole row; no row is wholly empty; and the first row is the one that was read by us.
    """
    width, above = len(first.cells), first.line - 1
    names = ", ".join(f"c{column}" for column in range(width))
    typed = ", ".join(f"c{column} VARCHAR" for column in range(width))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {relation}_rows ({typed})")
    load = (
        f"INSERT INTO temp.{relation}_rows SELECT * FROM read_csv($path, auto_detect=false, header=false,"
        " columns=$columns, delim=$delimiter, quote='\"', escape='\"', skip=$skip, new_line='\\n',"
        " max_line_size=$line, strict_mode=true, null_padding=false, ignore_errors=false)"
    )
    options = {
        "columns": {f"c{column}": "VARCHAR" for column in range(width)},
        "delimiter": dialect.delimiter,
        "line": job.caps.line_length,
    }
    for number, piece in enumerate(text.pieces):
        if _has_blanks_beside_quotes(piece.read_bytes(), dialect.delimiter):
            return None
        try:
            connection.execute(load, {**options, "path": str(piece), "skip": 0 if number else above}).fetchall()
        except (OutOfMemory, Stopped):
            raise
        except Exception:  # whatever else the engine stumbles over, the exact way finds out what it is
            return None
        count = _one(connection, f"SELECT count(*) FROM temp.{relation}_rows")
        job.check_rows(count)
        job.progress(count, text.lines)
    empty = _one(connection, f"SELECT count(*) FROM temp.{relation}_rows WHERE coalesce({names}) IS NULL")
    top = connection.execute(f"SELECT {names} FROM temp.{relation}_rows WHERE rowid = 0").fetchall()
    if count != text.lines - above or empty or [cell or "" for cell in top[0]] != first.cells:
        return None
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {relation} AS"
        f" SELECT rowid + {above + 1} AS line, {names} FROM temp.{relation}_rows"
    )
    return count


def _has_blanks_beside_quotes(text: bytes, delimiter: str) -> bool:
    """Whether a quoted value may have blanks around it, which the engine reads otherwise than we do."""
    if b' "' not in text and b'" ' not in text:
        return False
    sign = re.escape(delimiter.encode())
    return bool(re.search(rb'(?:^|\n|%b) +"|" +(?:%b|\n|$)' % (sign, sign), text))


def _one(connection: Connection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
