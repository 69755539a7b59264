"""A data set that a server shows to all: from files or a database, read-only, and with nothing said that it holds."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import hosting, published, sources
from retention_core.engines import databases
from retention_core.orders.load import OrdersError
from tests.browser.conftest import orders_file
from tests.conftest import ROOT

Publish = Callable[..., AppTest]


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """The app of a server with these settings, run once."""

    def run(page: str | None = None, **settings: str) -> AppTest:
        for name, value in settings.items():
            monkeypatch.setenv(f"COMEBACK_{name.upper()}", value)
        _forget()
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        return app.switch_page(page).run() if page else app

    yield run
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    hosting.current.cache_clear()
    published._table.cache_clear()
    sources._open_files.clear()


def _database(folder: Path) -> Path:
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema sales")
        connection.execute(
            f"create table sales.\"all orders\" as select * from read_csv('{orders_file(folder)}', all_varchar = true)"
        )
        connection.execute("create table secrets as select 'not published' as text")
    return path


def _customers(app: AppTest) -> str:
    return next(card.value for card in app.metric if card.label == "Customers")


def test_files_are_what_a_visitor_sees_first(publish: Publish, tmp_path: Path) -> None:
    app = publish(hosted="1", data=str(orders_file(tmp_path)))
    assert not app.exception
    assert app.sidebar.selectbox[0].options[0] == app.sidebar.selectbox[0].format_func("file") == published.NAME
    assert _customers(app) == "60"


def test_a_table_of_a_database_is_copied_once_and_the_database_left_alone(publish: Publish, tmp_path: Path) -> None:
    database = _database(tmp_path)
    before = database.read_bytes()
    app = publish(hosted="1", data=str(database), table="sales.all orders")
    assert not app.exception and _customers(app) == "60"
    assert published.files() is published.files() or published.files() == published.files()
    assert database.read_bytes() == before
    copied = published.files()[0][1]
    assert copied.stat().st_mode & 0o077 == 0 or copied.parent.stat().st_mode & 0o077 == 0


def test_visitors_who_come_together_wait_for_one_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copies: list[Path] = []
    copy_table = databases.copy_table

    def noted(database: Path, table: str, target: Path) -> None:
        copies.append(target)
        copy_table(database, table, target)

    def come(_: int) -> object:
        together.wait()
        return published.files()

    monkeypatch.setattr(databases, "copy_table", noted)
    monkeypatch.setenv("COMEBACK_DATA", str(_database(tmp_path)))
    monkeypatch.setenv("COMEBACK_TABLE", "sales.all orders")
    _forget()
    together = threading.Barrier(8)
    with ThreadPoolExecutor(8) as visitors:
        assert len(set(visitors.map(come, range(8)))) == 1
    monkeypatch.undo()
    _forget()
    assert len(copies) == 1


def test_visitors_do_not_read_what_the_files_are_called(publish: Publish, tmp_path: Path) -> None:
    first, second = tmp_path / "private one.csv", tmp_path / "private two.csv"
    lines = orders_file(tmp_path).read_text(encoding="utf-8").splitlines(keepends=True)
    first.write_text("".join(lines[:50]), encoding="utf-8")
    second.write_text("".join([lines[0], *lines[50:]]), encoding="utf-8")
    app = publish("pages/data/source.py", hosted="1", data=f"{first}{os.pathsep}{second}")
    assert not app.exception
    assert "private" not in "".join(str(node) for node in app.main) + "".join(str(node) for node in app.sidebar)
    tables = [frame.value for frame in app.dataframe if "File" in frame.value]
    assert tables and all("private" not in frame.to_csv() for frame in tables)
    shop = sources._open_command_line()
    assert not isinstance(shop, OrdersError)
    assert set(shop.ledger()["file"]) == {"Published orders 1", "Published orders 2"}


@pytest.mark.parametrize("table", ["orders", "sales.orders", 'x"; drop table secrets; --', "read_csv('/etc/passwd')"])
def test_a_table_that_is_not_there_is_refused(table: str, tmp_path: Path) -> None:
    with pytest.raises(databases.NoSuchTable, match="cannot be read"):
        databases.copy_table(_database(tmp_path), table, tmp_path / "copy.parquet")


def test_a_view_that_reads_other_files_is_refused(tmp_path: Path) -> None:
    database, other = _database(tmp_path), tmp_path.parent / "other.csv"
    other.write_text("a\n1\n")
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create view sly as select * from read_csv('{other}')")
    folder = tmp_path / "inside"
    folder.mkdir()
    with pytest.raises(databases.NoSuchTable):
        databases.copy_table(database, "sly", folder / "copy.parquet")


def test_customers_of_published_orders_are_pseudonyms(publish: Publish, tmp_path: Path) -> None:
    publish(hosted="1", data=str(orders_file(tmp_path)))
    shop = sources._open_command_line()
    assert not isinstance(shop, OrdersError)
    keys = shop.query("customer_names", customers=list(range(5)))["customer_id"]
    assert len(keys) and all(re.fullmatch("[0-9a-f]{16}", key) for key in keys)


def test_visitors_read_no_line_of_orders_that_cannot_be_shown(publish: Publish, tmp_path: Path) -> None:
    broken = tmp_path / "private name.csv"
    broken.write_text("Order ID,Customer,Date,Amount\n1,marker@example.com,marker,marker\n")
    app = publish("pages/data/source.py", hosted="1", data=str(broken))
    said = " ".join(
        str(element.value) for kind in ("error", "header", "markdown", "caption") for element in app.get(kind)
    )
    assert "cannot be shown at the moment" in said
    assert "marker" not in said and "private name" not in said
    assert "answer_for_file" not in [button.key for button in app.button]


def test_a_server_can_take_no_files(publish: Publish, tmp_path: Path) -> None:
    app = publish("pages/data/source.py", hosted="1", data=str(orders_file(tmp_path)), uploads="0")
    assert not app.exception and not app.get("file_uploader")
    assert "Your uploaded orders" not in app.sidebar.selectbox[0].options
    with pytest.raises(OrdersError, match="takes no files"):
        sources.open_upload(sources.Upload((("orders.csv", b"a,b\n1,2\n"),)))
