"""Records into a TEMP table of text columns, and the account of the lines that became no row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retention_core.orders.dialect import Dialect, Shape
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import Account, Limits, Progress
from retention_core.orders.read_records import Record

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

BATCH_CELLS = 200_000


def drop(connection: Connection, relation: str) -> None:
    """Removes a relation that a reading made, if it is there."""
    connection.execute(f"DROP VIEW IF EXISTS temp.{relation}")
    connection.execute(f"DROP TABLE IF EXISTS temp.{relation}_rows")


def account_above(above: Sequence[Record], has_header: bool, account: Account) -> None:
    """Books the records above the first row: title lines, blank lines and, last of them, the header."""
    for position, record in enumerate(above):
        if has_header and position == len(above) - 1:
            account.add("header", record.line, 1, record.text)
            account.add("continuation", record.line + 1, record.lines - 1, "")
        elif record.problem:
            account.add(record.problem, record.line, record.lines, record.text)
        else:
            account.add(
                "preamble" if any(map(str.strip, record.cells)) else "blank", record.line, record.lines, record.text
            )


def fill_exactly(
    connection: Connection,
    relation: str,
    body: Iterable[Record],
    shape: Shape,
    account: Account,
    total: int,
    name: str,
    limits: Limits,
    progress: Progress,
) -> int:
    """Writes every sound record into the relation, books every other one, and returns the number of rows."""
    width = shape.width
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
                _check_rows(count, name, limits)
                progress(count, total)
    count += _insert(connection, relation, lines, rows, width)
    _check_rows(count, name, limits)
    progress(count, total)
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


def _check_rows(count: int, name: str, limits: Limits) -> None:
    if count > limits.rows:
        raise OrdersError(
            name, f"the file holds more than {limits.rows:,} rows", "split it by date and open the parts you need"
        )


def fill_fast(
    connection: Connection,
    relation: str,
    pieces: tuple[Path, ...],
    dialect: Dialect,
    width: int,
    above_lines: int,
    lines: int,
    first: Sequence[str],
    limits: Limits,
    progress: Progress,
) -> bool:
    """Lets the engine parse the pieces; True only if that is proven to be what `fill_exactly` would have made.

    The proof: the text has no newline but LF and every row of the engine ends at one, so as many rows as lines means
    that each line is one whole row; no row is wholly empty; and the first row is the one that was read by us.
    """
    names = ", ".join(f"c{column}" for column in range(width))
    typed = ", ".join(f"c{column} VARCHAR" for column in range(width))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {relation}_rows ({typed})")
    load = (
        f"INSERT INTO temp.{relation}_rows SELECT * FROM read_csv($path, auto_detect=false, header=false,"
        " columns=$columns, delim=$delimiter, quote='\"', escape=$escape, skip=$skip, new_line='\\n',"
        " max_line_size=$line, strict_mode=true, null_padding=false, ignore_errors=false)"
    )
    options = {
        "columns": {f"c{column}": "VARCHAR" for column in range(width)},
        "delimiter": dialect.delimiter,
        "escape": dialect.escape,
        "line": limits.line_length,
    }
    for number, piece in enumerate(pieces):
        try:
            connection.execute(load, {**options, "path": str(piece), "skip": 0 if number else above_lines}).fetchall()
        except Exception:  # whatever it stumbles over, the exact way says what it is
            return False
        (count,) = connection.execute(f"SELECT count(*) FROM temp.{relation}_rows").fetchall()[0]
        progress(int(count), lines)
    (count, empty) = connection.execute(
        f"SELECT count(*), count(*) FILTER (coalesce({names}) IS NULL) FROM temp.{relation}_rows"
    ).fetchall()[0]
    if count != lines - above_lines or empty or count > limits.rows:
        return False
    top = connection.execute(f"SELECT {names} FROM temp.{relation}_rows WHERE rowid = 0").fetchall()
    if not top or [cell or "" for cell in top[0]] != list(first):
        return False
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {relation} AS"
        f" SELECT rowid + {above_lines + 1} AS line, {names} FROM temp.{relation}_rows"
    )
    return True
