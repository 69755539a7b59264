"""Random tables, written as order files are written, come back cell for cell, or what is missing is named."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from retention_core.orders import read_table
from retention_core.orders.read import OrdersError, read

FILES = int(os.environ.get("RANDOM_FILES", "200"))
DELIMITERS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1251"]
LETTERS = "abcXYZ019 .,;|\t\"'\\-=@ЖИвяé€"
QUOTING = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]

cell = st.text(alphabet=LETTERS + "\n", max_size=8)
raw_cell = st.one_of(
    st.text(alphabet="ab \"\\'", max_size=5), st.sampled_from(['"a,b"', '"a""b"', '""', "a", '"a" ', ' "a"'])
)
table = st.integers(2, 6).flatmap(lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), max_size=25))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """One for all examples: to open one takes longer than to read a small file."""
    return duckdb.connect()


def written(rows: list[list[str]], delimiter: str, quoting: int, newline: str) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerow([f"name {column}" for column in range(len(rows[0]))] if rows else ["one", "two"])
    writer.writerows(rows)
    return sink.getvalue().replace("\n", newline)


def may_skip_blanks(rows: list[list[str]]) -> bool:
    """Whether the table looks as if blanks before quotes were no part of its values."""
    return any(cell.startswith(" ") and cell.lstrip(" ").startswith('"') for row in rows for cell in row)


def as_read(rows: list[list[str]]) -> list[tuple[str | None, ...]]:
    """What a table is by the reader's rules: empty text is nothing, a row of nothing is a blank line."""
    return [tuple(cell or None for cell in row) for row in rows if any(row)]


@settings(max_examples=FILES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=table,
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from(QUOTING),
    encoding=st.sampled_from(ENCODINGS),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_was_written_is_read_or_named(
    rows: list[list[str]],
    delimiter: str,
    quoting: int,
    encoding: str,
    newline: str,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assume(not may_skip_blanks(rows))
    text = written(rows, delimiter, quoting, newline)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_bytes(data)
        (part,) = read(connection, path, relation="orders", encoding=encoding, delimiter=delimiter, header=True)
        found = [row[1:] for row in connection.execute("FROM orders ORDER BY line").fetchall()]
        lost = sum(lines.lines for lines in part.other_lines if lines.outcome == "left out")
        assert part.rows + sum(lines.lines for lines in part.other_lines) == part.physical_lines
        if lost:
            assert len(found) < len(as_read(rows))
            assert [row for row in as_read(rows) if row in found] == found
        else:
            assert found == as_read(rows)


@settings(max_examples=FILES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.one_of(st.binary(max_size=400), st.text(alphabet=LETTERS + "\n\r\0", max_size=400).map(str.encode)))
def test_any_bytes_are_accounted_for_or_refused_in_plain_words(
    data: bytes, connection: duckdb.DuckDBPyConnection
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_bytes(data)
        try:
            parts = read(connection, path, relation="orders")
        except OrdersError as refusal:
            assert str(refusal).startswith("orders.csv") and ". Do: " in str(refusal)
            return
        for part in parts:
            assert part.rows + sum(lines.lines for lines in part.other_lines) == part.physical_lines
            assert connection.execute(f"SELECT count(*) FROM {part.relation}").fetchall() == [(part.rows,)]
            assert len(part.columns) == len(set(part.columns)) == len(part.types)


@settings(max_examples=FILES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(raw_cell, raw_cell, raw_cell), min_size=1, max_size=4))
def test_the_engine_never_parses_otherwise_than_the_exact_way(
    rows: list[tuple[str, str, str]], connection: duckdb.DuckDBPyConnection
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "orders.csv"
        path.write_text("\n".join(["x,y,z", *map(",".join, rows)]) + "\n")
        try:
            (first,) = read(connection, path, relation="first", delimiter=",", header=True)
        except OrdersError:
            return
        event("by the engine" if _has_no_line_column(connection) else "exactly")
        patch.setattr(read_table, "fill_fast", lambda *_: None)
        (exact,) = read(connection, path, relation="exact", delimiter=",", header=True)
        assert first.other_lines == exact.other_lines
        assert connection.execute("FROM first ORDER BY line").fetchall() == connection.execute("FROM exact").fetchall()


def _has_no_line_column(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'first_rows' AND column_name = 'line'"
    return connection.execute(query).fetchall() == [(0,)]
