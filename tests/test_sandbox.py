"""Nothing that a statement asks for leaves the sandbox: proven on the very cursor on which a shop answers."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import retention_core as rc
from pages.shared import handed_in
from pages.shared.handed_in import Upload
from retention_core import scratch
from retention_core.engines import duckdb as engine
from retention_core.limits import Limits

SECRET = "nobody-may-read-this"
ORDERS = b"Order ID,Customer,Date,Amount\nA1,ann,2024-01-02,5.00\nA2,bob,2024-02-03,7.00\nA3,ann,2024-03-04,9.00\n"
TABLES = (
    "SELECT database_name, schema_name, table_name FROM duckdb_tables() UNION ALL"
    " SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
)
SETTINGS = "SELECT name, value FROM duckdb_settings() ORDER BY name"

# {outside}: a folder that is not the sandbox's; {inside}: the sandbox's; secret.csv lies outside, link.csv leads there.
REFUSED = {
    "read a file of the system": "SELECT * FROM read_text('/etc/passwd')",
    "read bytes": "SELECT * FROM read_blob('{outside}/secret.csv')",
    "read a table of text": "SELECT * FROM read_csv('{outside}/secret.csv')",
    "read Parquet": "SELECT * FROM read_parquet('{outside}/secret.parquet')",
    "read JSON": "SELECT * FROM read_json('{outside}/secret.json')",
    "name a file as a table": "SELECT * FROM '{outside}/secret.csv'",
    "look at a Parquet file's head": "SELECT * FROM parquet_metadata('{outside}/secret.parquet')",
    "guess a file's columns": "SELECT * FROM sniff_csv('{outside}/secret.csv')",
    "climb out": "SELECT * FROM read_text('{inside}/../outside/secret.csv')",
    "follow a link out": "SELECT * FROM read_text('{inside}/link.csv')",
    "write a file": "COPY (SELECT 1) TO '{outside}/written.csv'",
    "write Parquet": "COPY (SELECT 1) TO '{outside}/written.parquet' (FORMAT parquet)",
    "write through a link": "COPY (SELECT 1) TO '{inside}/way/written.csv'",
    "copy a file into a table": "COPY attributes FROM '{outside}/secret.csv'",
    "export everything": "EXPORT DATABASE '{outside}/all'",
    "import a database": "IMPORT DATABASE '{outside}'",
    "attach a database": "ATTACH '{outside}/other.duckdb' AS other",
    "install an extension": "INSTALL httpfs",
    "load an extension": "LOAD httpfs",
    "load a library": "LOAD '{outside}/library.duckdb_extension'",
    "ask another computer": "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "ask a bucket": "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "keep a secret": "CREATE SECRET mine (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "open the sandbox": "SET enable_external_access = true",
    "open the lock": "SET lock_configuration = false",
    "allow another folder": "SET allowed_directories = ['/']",
    "allow another file": "SET allowed_paths = ['/etc/passwd']",
    "take more memory": "SET memory_limit = '1TB'",
    "take more disk": "SET max_temp_directory_size = '1TB'",
    "spill elsewhere": "SET temp_directory = '{outside}'",
    "take more threads": "PRAGMA threads = 64",
    "read the caller's variables": "SELECT * FROM a_frame_of_the_caller",
    "turn them on again": "SET python_enable_replacements = true",
    "write a log": "SET logging_storage = 'file'",
    "write a profile": "PRAGMA profiling_output = '{outside}/profile.json'",
    "list files": "SELECT * FROM glob('/etc/*')",
    "read the environment": "SELECT getenv('PATH')",
}
BECAUSE = "disabled by configuration|disabled through configuration|the configuration has been locked|does not exist"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sandbox `inside` and an `outside` full of secrets."""
    place = tmp_path_factory.mktemp("place")
    inside, outside = place / "inside", place / "outside"
    inside.mkdir()
    outside.mkdir()
    for name in ("secret.csv", "secret.json", "secret.parquet", "schema.sql", "load.sql"):
        (outside / name).write_text(SECRET)
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    (inside / "way").symlink_to(outside)
    (inside / "orders.csv").write_bytes(ORDERS)
    return place


@pytest.fixture(scope="module")
def shop(place: Path) -> rc.Shop:
    """On whose cursor everything is tried; each test leaves it as it was."""
    return rc.open_orders(place / "inside" / "orders.csv", limits=Limits(folder=place / "inside"))


@pytest.mark.parametrize("wish", REFUSED)
def test_a_statement_that_leaves_the_sandbox_is_refused(wish: str, shop: rc.Shop, place: Path) -> None:
    a_frame_of_the_caller = shop.query("customer_totals")
    cursor = shop._connection
    before = cursor.execute(TABLES).fetchall(), cursor.execute(SETTINGS).fetchall()
    statement = REFUSED[wish].format(inside=place / "inside", outside=place / "outside")
    with pytest.raises(engine.Error, match=BECAUSE) as refusal:
        cursor.execute(statement).fetchall()
    assert SECRET not in str(refusal.value) and "root:" not in str(refusal.value)
    assert (cursor.execute(TABLES).fetchall(), cursor.execute(SETTINGS).fetchall()) == before
    assert not list((place / "outside").glob("written*")) and not (place / "outside" / "all").exists()
    assert shop.query("customer_totals").equals(a_frame_of_the_caller)


def test_as_a_library_files_are_read_where_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a\n1\n")
    assert engine.connect().execute(f"SELECT * FROM read_csv('{path}')").fetchall() == [(1,)]


def test_the_time_of_a_query_can_be_set_and_for_one_cursor_alone(place: Path) -> None:
    mine, other = (engine.connect(Limits(folder=place / "inside")) for _ in range(2))
    engine.limit_seconds(mine, 5)
    asked = "SELECT current_setting('max_execution_time')"
    assert (mine.execute(asked).fetchall(), other.execute(asked).fetchall()) == ([(5000,)], [(0,)])


def parquet(folder: Path) -> Path:
    path = folder / "orders.parquet"
    frame = rc.open_orders(rc.sample("gift")).query("customer_histories").head(50)
    frame = frame.assign(order=range(len(frame)), date="2024-01-05", amount=3.5)
    frame[["order", "customer", "date", "amount"]].to_parquet(path)
    return path


@pytest.mark.parametrize("as_bytes", [True, False], ids=["upload", "command line"])
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "xlsx", "parquet", "quoted newline"])
def test_every_kind_of_file_opens_in_the_app(
    kind: str, as_bytes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = MADE[kind](tmp_path)
    if not as_bytes:
        monkeypatch.setattr("sys.argv", [str(handed_in.APP), str(path)])
    upload = Upload(((path.name, path.read_bytes() if as_bytes else path),))
    assert handed_in.inspect_upload(upload)[0].part.rows >= 3
    opened = handed_in.open_upload(upload)
    assert isinstance(opened, rc.Shop) and opened.query("customer_totals")["orders"].iloc[0] >= 3
    with pytest.raises(engine.Error, match="Permission"):
        opened._connection.execute("SELECT * FROM read_text('/etc/passwd')")
    opened.close()
    assert not list(uploads().iterdir())


def written(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def gzipped(folder: Path) -> Path:
    import gzip

    return written("orders.csv.gz", gzip.compress(ORDERS))(folder)


def workbook(folder: Path) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "orders.xlsx") as book:
        sheet = book.add_worksheet("orders")
        for number, line in enumerate(ORDERS.decode().splitlines()):
            sheet.write_row(number, 0, line.split(","))
    return folder / "orders.xlsx"


MADE: dict[str, Callable[[Path], Path]] = {
    "csv": written("orders.csv", ORDERS),
    "csv.gz": gzipped,
    "xlsx": workbook,
    "parquet": parquet,
    "quoted newline": written("orders.csv", ORDERS + b'A4,"cy\nd",2024-03-05,4.00\n'),
}


def uploads() -> Path:
    return scratch.folder("uploads")


def test_the_app_opens_samples_in_the_same_sandbox() -> None:
    shop = handed_in.open_sample("gift")
    with pytest.raises(engine.Error, match="Permission"):
        shop._connection.execute("SELECT * FROM read_text('/etc/passwd')")
    shop.close()


def test_only_this_user_may_look_into_the_folders() -> None:
    for folder in (uploads(), uploads().parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.getuid()


def test_files_of_one_opening_lie_apart_and_are_gone_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    really = rc.open_orders

    def open_orders(paths: list[Path], **told: Any) -> rc.Shop:
        (folder,) = uploads().iterdir()
        assert [path.parent for path in paths] == [folder]
        seen.append(stat.S_IMODE(folder.stat().st_mode))
        return really(paths, **told)

    monkeypatch.setattr(rc, "open_orders", open_orders)
    opened = handed_in.open_upload(Upload((("a.csv", ORDERS),)))
    assert isinstance(opened, rc.Shop)
    opened.close()
    assert seen == [0o700]
    assert not list(uploads().iterdir())
