"""The reader on real files and at its edges: the law of lines, the two ways of parsing, cancelling, cleaning up."""

from __future__ import annotations

import gzip
import hashlib
import random
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from retention_core.engines.duckdb import OutOfMemory
from retention_core.orders import excel, read_table, read_text
from retention_core.orders.read import Cancelled, Caps, OrdersError, Part, list_encodings, read
from retention_core.orders.read_parts import EXCEL_AT_ONCE

from .hostile.make import repeated_text

SMALL = Caps(piece_bytes=20_000)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def accounted(part: Part) -> int:
    return part.rows + sum(lines.lines for lines in part.other_lines)


def relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
    return [name for (name,) in connection.execute(query).fetchall()]


def many_rows(path: Path, count: int = 60_000, header: str = "id,name,value\n") -> Path:
    path.write_text(header + "".join(f"{row:06},name {row % 7},{row / 4}\n" for row in range(count)))
    return path


def test_every_real_file_is_read_to_its_last_line(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    files = [path for path in shared_data.rglob("*") if path.is_file() and path.suffix != ".md"]
    assert len(files) > 30
    for path in files:
        (part,) = read(connection, path, relation="orders")
        assert accounted(part) == part.physical_lines > 0, path.name
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(part.rows,)]
        assert {lines.rule for lines in part.other_lines} <= {"header"}, path.name
        assert part.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_russian_export_is_read_in_its_encoding(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    (part,) = read(connection, shared_data / "exports" / "ru_cms_orders_cp1251.csv", relation="orders")
    assert (part.encoding, part.delimiter, part.rows) == ("cp1251", ";", 2468)
    statuses = connection.execute(f"SELECT DISTINCT c{part.columns.index('Статус')} FROM orders").fetchall()
    assert {"Выполнен", "Отменён", "Возврат"} <= {status for (status,) in statuses}


def test_the_workbook_equals_the_parquet_file_of_the_same_shop(
    shared_data: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (week,) = read(connection, shared_data / "exports" / "online_retail_week_2011-06.xlsx", relation="week")
    (year,) = read(connection, shared_data / "online_retail_2010_2011.parquet", relation="year")
    assert week.columns == year.columns
    one_week = "c4 >= TIMESTAMP '2011-06-01' AND c4 < TIMESTAMP '2011-06-08'"
    of_both = connection.execute(
        "SELECT c0, c1, c3::BIGINT, c4::TIMESTAMP, c5::DOUBLE, c6::DOUBLE::BIGINT FROM week EXCEPT ALL"
        f" SELECT c0, c1, c3, date_trunc('minute', c4), c5, c6 FROM year WHERE {one_week}"
    ).fetchall()
    assert of_both == []
    assert week.rows == connection.execute(f"SELECT count(*) FROM year WHERE {one_week}").fetchall()[0][0]


def test_the_original_cdnow_layout_is_a_table(shared_data: Path, tmp_path: Path) -> None:
    connection = duckdb.connect()
    read(connection, shared_data / "cdnow_master.csv.gz", relation="csv")
    rows = connection.execute("SELECT c0, replace(c1, '-', ''), c2, c3 FROM csv ORDER BY line").fetchall()
    path = tmp_path / "CDNOW_master.txt"
    path.write_text("".join(f" {c0} {c1} {c2:>2} {c3:>7}\n" for c0, c1, c2, c3 in rows))
    (part,) = read(connection, path, relation="text")
    assert (part.delimiter, part.header_line, part.rows) == (" ", None, 69_659)
    assert connection.execute("SELECT c0, c1, c2, c3 FROM text ORDER BY line").fetchall() == rows


def test_both_ways_of_parsing_give_the_same_table(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.csv"
    generator = random.Random(7)
    cells = ["", "x", '"a, b"', '"say ""hi"""', " padded ", "'", "0012", "Łódź", '""', "a\\b", "NULL", "\t"]
    rows = [",".join([str(row), *generator.choices(cells, k=4)]) for row in range(3000)]
    path.write_text("id,a,b,c,d\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (fast,) = read(connection, path, relation="fast", caps=SMALL)
    assert connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'fast_rows'").fetchall()[
        0
    ] == ("c0",), "the engine's parser was not used"
    monkeypatch.setattr(read_table, "fill_fast", lambda *_: None)
    (exact,) = read(connection, path, relation="exact", caps=SMALL)
    assert (fast.rows, fast.other_lines, fast.columns) == (exact.rows, exact.other_lines, exact.columns)
    assert connection.execute("FROM fast ORDER BY line").fetchall() == connection.execute("FROM exact").fetchall()


def test_lines_are_numbered_through_all_pieces(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = many_rows(tmp_path / "orders.csv", header="Shop report\n\nid,name,value\n")
    (part,) = read(connection, path, relation="orders", caps=Caps(piece_bytes=1))
    assert part.rows == 60_000
    assert connection.execute("SELECT count(*) FROM orders WHERE c0::INT <> line - 4").fetchall() == [(0,)]


def test_quoted_newlines_across_pieces_keep_their_line(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,note,value\n" + "".join(f'{row},"two\nlines",1\n' for row in range(150_000)))
    (part,) = read(connection, path, relation="orders", caps=Caps(piece_bytes=1))
    assert (part.rows, part.physical_lines) == (150_000, 300_001)
    assert connection.execute("SELECT count(*) FROM orders WHERE line <> 2 + 2 * c0::INT").fetchall() == [(0,)]
    assert {lines.rule: lines.lines for lines in part.other_lines} == {"header": 1, "continuation": 150_000}


def test_the_user_can_overrule_what_was_found(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes("имя;сумма\nИван;1,5\nОльга;2,5\n".encode("koi8-r"))
    (part,) = read(connection, path, relation="orders", encoding="koi8-r", delimiter=";", header=False, name="mine.csv")
    assert (part.name, part.columns, part.rows, part.header_line) == ("mine.csv", ("column 1", "column 2"), 3, None)
    assert connection.execute("SELECT line, c0 FROM orders").fetchall() == [(1, "имя"), (2, "Иван"), (3, "Ольга")]


@pytest.mark.parametrize("encoding", list_encodings())
def test_every_encoding_that_is_offered_is_known(
    encoding: str, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes("id,value\n1,2.50\n".encode(encoding))
    (part,) = read(connection, path, relation="orders", encoding=encoding)
    assert connection.execute("FROM orders").fetchall() == [(2, "1", "2.50")]
    assert part.encoding == encoding


def test_cancelling_at_any_moment_leaves_nothing_behind(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    path = many_rows(tmp_path / "orders.csv")
    exact = tmp_path / "exact.csv"
    exact.write_text(path.read_text() + "wrong,width\n")

    for source in (path, exact):
        seen: list[tuple[int, int | None]] = []
        read(connection, source, relation="orders", progress=lambda *step, seen=seen: seen.append(step), caps=SMALL)
        read_table.drop(connection, "orders")
        assert max(rows for rows, _ in seen) >= 60_000
        assert {total for _, total in seen} == {None, 60_001 + (source == exact)}
        for moment in range(len(seen)):
            countdown = iter(range(moment, -1, -1))

            def cancel(rows: int, total: int | None, countdown: object = countdown) -> None:
                if next(countdown) == 0:  # type: ignore[call-overload]
                    raise Cancelled

            with pytest.raises(Cancelled):
                read(connection, source, relation="orders", progress=cancel, caps=SMALL)
            assert relations(connection) == []
            assert list((tmp_path / "temp").iterdir()) == []


def test_a_cancelled_workbook_stops_its_child(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    import psutil

    before = set(psutil.Process().children())

    def cancel(rows: int, total: int | None) -> None:
        if set(psutil.Process().children()) - before:
            raise Cancelled

    with pytest.raises(Cancelled):
        read(connection, shared_data / "exports" / "online_retail_week_2011-06.xlsx", relation="o", progress=cancel)
    assert set(psutil.Process().children()) <= before
    assert relations(connection) == []


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (Caps(rows=100), "more than 100 rows"),
        (Caps(columns=2), "3 columns, more than 2"),
        (Caps(decoded_bytes=10_000), "text"),
    ],
)
@pytest.mark.parametrize("last_line", ["", "wrong,width\n"])
def test_caps_refuse_a_file(
    caps: Caps, words: str, last_line: str, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = many_rows(tmp_path / "orders.csv", 1000)
    path.write_text(path.read_text() + last_line)
    with pytest.raises(OrdersError, match=words):
        read(connection, path, relation="orders", caps=caps)
    assert relations(connection) == []


def test_a_line_that_is_too_long_is_left_out_alone(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f'id,value\n1,a\n2,{"b" * 500}\n3,c\n4,"d\n{"e" * 500}\nf"\n5,g\n')
    (part,) = read(connection, path, relation="orders", caps=Caps(line_length=100))
    assert connection.execute("FROM orders").fetchall() == [(2, "1", "a"), (4, "3", "c"), (8, "5", "g")]
    assert {lines.rule: lines.lines for lines in part.other_lines} == {"header": 1, "too_long": 4}
    assert accounted(part) == part.physical_lines == 8


def test_the_sandbox_of_the_engine_is_respected(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    connection = duckdb.connect(config={"temp_directory": str(tmp_path / "not made yet")})
    connection.execute(f"SET allowed_directories = ['{allowed}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    (part,) = read(connection, many_rows(tmp_path / "orders.csv"), relation="orders", folder=allowed)
    assert part.rows == 60_000
    fast = "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'orders_rows' AND column_name = 'line'"
    assert connection.execute(fast).fetchall() == [(0,)]
    assert list(allowed.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "written", "delimiter", "newline", "found"),
    [
        ("Šaš", "cp1250", "|", "\n", None),  # its last byte and the bar would be one character of johab
        ("Жанна", "cp1251", "|", "\r", "cp1251"),
        ("Анна", "shift_jis", ",", "\n", None),  # looks like EBCDIC, in which no comma is a comma
        ("ポール", "shift_jis", "|", "\n", "cp932"),  # a bar is half of its first character
    ],
)
def test_a_guessed_encoding_leaves_every_column_in_its_place(
    name: str, written: str, delimiter: str, newline: str, found: str | None,
    tmp_path: Path, connection: duckdb.DuckDBPyConnection,
) -> None:  # fmt: skip
    rows = ["order,customer,amount", *(f"A{number},Ann,1.50" for number in range(20)), f"A20,{name},1.50"]
    path = tmp_path / "orders.csv"
    path.write_bytes((newline.join(rows) + newline).replace(",", delimiter).encode(written))
    (part,) = read(connection, path, relation="orders")
    assert (part.rows, part.delimiter) == (21, delimiter)
    if found:
        assert part.encoding == found and connection.execute("FROM orders").fetchall()[-1][2] == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 64])
def test_nothing_depends_on_where_a_chunk_ends(
    encoding: str, chunk: int, tmp_path: Path, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_text, "CHUNK", chunk)
    path = tmp_path / "orders.csv"
    path.write_bytes('имя,год\r\nИван,"1\r\n2"\r\n\r\nОльга,2\rЖанна,3\n'.encode(encoding))
    (part,) = read(connection, path, relation="orders", encoding=encoding)
    assert connection.execute("FROM orders").fetchall() == [(2, "Иван", "1\n2"), (5, "Ольга", "2"), (6, "Жанна", "3")]
    assert accounted(part) == part.physical_lines == 6


@pytest.mark.parametrize(
    ("caps", "words"),
    [(Caps(excel_bytes=1000), "unpacks to"), (Caps(excel_memory=1000), "too much memory")],
)
def test_caps_refuse_a_workbook(caps: Caps, words: str, connection: duckdb.DuckDBPyConnection) -> None:
    path = Path(__file__).parent / "hostile" / "xlsx_plain.xlsx"
    with pytest.raises(OrdersError, match=words):
        read(connection, path, relation="orders", caps=caps)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
def test_a_packed_text_never_lies_on_disk_twice(
    encoding: str, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    text = "имя,год\n" + "".join(f"Иван {row % 7},{row}\n" for row in range(60_000))
    path, folder, most = tmp_path / "orders.csv.gz", tmp_path / "own", 0
    path.write_bytes(gzip.compress(text.encode(encoding)))
    folder.mkdir()

    def look(rows: int, total: int | None) -> None:
        nonlocal most
        most = max(most, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()))

    (part,) = read(connection, path, relation="orders", folder=folder, progress=look)
    assert part.rows == 60_000
    assert 0 < most <= len(text.encode())
    assert list(folder.iterdir()) == []


def test_too_little_memory_is_no_damage_of_a_parquet_file(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "orders.parquet"
    connection.execute(f"COPY (SELECT range AS number FROM range(10_000)) TO '{path}'")
    connection.execute("SET memory_limit = '50KB'")
    with pytest.raises(OutOfMemory):
        read(connection, path, relation="orders")


@pytest.mark.parametrize(
    ("text", "cells", "sheets", "is_taken"),
    [
        ("A" * 1_000, 75, 1, True),
        ("A" * 1_000, 125, 1, False),
        ("A" * 1_000, 25, 5, False),  # all sheets together
        ("Я" * 1_000, 75, 1, False),  # two bytes each: no file is written that is larger
        ("A" * 32_767, 2, 1, True),  # the longest cell of Excel
    ],
)
def test_a_text_that_fills_many_cells_counts_in_each(
    text: str, cells: int, sheets: int, is_taken: bool, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path, caps = tmp_path / "orders.xlsx", Caps(excel_bytes=100_000)
    repeated_text(path, text, cells, sheets)
    if is_taken:
        (part,) = read(connection, path, relation="orders", caps=caps)
        assert accounted(part) == cells
        return
    with pytest.raises(OrdersError, match=r"the sheets hold more than 0 MB of text\. Do: save the sheet as CSV"):
        read(connection, path, relation="orders", caps=caps)


def test_workbooks_wait_for_their_turn_and_may_be_cancelled_meanwhile(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "orders.xlsx"
    repeated_text(path, "A", 5)
    asked: list[int] = []

    def cancel_while_waiting(rows: int, total: int | None) -> None:
        asked.append(rows)
        if len(asked) > 3:
            raise Cancelled

    with ExitStack() as others:
        for _ in range(EXCEL_AT_ONCE):
            others.enter_context(excel._TURNS)
        with pytest.raises(Cancelled):
            read(connection, path, relation="orders", progress=cancel_while_waiting)
    for _ in range(EXCEL_AT_ONCE + 1):
        (part,) = read(connection, path, relation="orders")
        assert accounted(part) == 5


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OrdersError) as refusal:
        read(connection, tmp_path / "orders.csv", relation="orders")
    expected = "orders.csv: the file cannot be opened. Do: check that it is there and may be read."
    assert str(refusal.value) == expected


def test_reading_again_replaces_the_relation(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "orders.csv"
    for text, rows in [("a,b\n1,2\n", 1), ("a,b,c\n1,2,3\n4,5,6\n7,8\n", 2), ("a,b\n1,2\n3,4\n5,6\n", 3)]:
        path.write_text(text)
        read(connection, path, relation="orders")
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(rows,)]


def test_a_relation_has_a_plain_name(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="plain name"):
        read(connection, tmp_path / "orders.csv", relation='x"; DROP TABLE y')
