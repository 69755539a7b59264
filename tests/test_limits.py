"""What one data set may ask of the machine: each limit holds, is said in plain words, leaves everybody else alone."""

from __future__ import annotations

import gzip
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import retention_core as rc
from retention_core import queries, scratch, store
from retention_core.engines import duckdb as engine
from retention_core.limits import Limits, NoRoom, QueryTooLong, size_in_bytes
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import CAPS, EXCEL_AT_ONCE, caps_of

STUCK = """-- One row: a count that no computer finishes. n: rows.
select count(*) as n
from range(10000000) as one, range(10000000) as two
where one.range % 7 = two.range % 5 and two.range % 3 = 1
"""
LARGE = """-- One row: something that fits into no small memory. n: rows.
select count(*) as n
from (select range as number, repeat('x', 100) || range as text from range(20000000) order by text)
where number >= 0 and text is not null
"""


def lines(count: int, first: int = 0) -> str:
    rows = (f"A{n},c{n % 50},2024-{n % 9 + 1:02}-01,{n % 90 + 1}.00" for n in range(first, first + count))
    return "\n".join(("Order ID,Customer,Date,Amount", *rows)) + "\n"


def write(path: Path, count: int, first: int = 0) -> Path:
    text = lines(count, first)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix in (".xlsx", ".parquet"):
        rows = [line.split(",") for line in text.splitlines()]
        frame = pd.DataFrame(rows[1:], columns=rows[0])
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_excel(path, index=False, engine="xlsxwriter")
    else:
        path.write_text(text)
    return path


@pytest.fixture
def with_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Adds queries, name = text, to those that a shop can be asked for."""

    def add(**texts: str) -> None:
        folder = tmp_path / "sql"
        shutil.copytree(queries.SQL, folder)
        for name, text in texts.items():
            (folder / f"{name}.sql").write_text(text)
        monkeypatch.setattr(queries, "SQL", folder)
        forget()

    def forget() -> None:
        queries.read_query.cache_clear()
        queries.query_names.cache_clear()

    forget()
    yield add
    forget()


@pytest.mark.parametrize("name", ["orders.csv", "orders.csv.gz", "orders.xlsx", "orders.parquet"])
def test_more_rows_than_allowed_are_refused_and_nothing_stays(name: str, tmp_path: Path) -> None:
    limits = Limits(rows=100, folder=tmp_path)
    path = write(tmp_path / name, 101)
    with pytest.raises(OrdersError, match=r"more than 100 rows.*split it by date") as problem:
        rc.open_orders(path, limits=limits)
    assert problem.value.file == name
    assert [file.name for file in tmp_path.iterdir()] == [name]
    shop = rc.open_orders(write(tmp_path / name, 100), limits=limits)
    assert shop.query("customer_totals")["orders"].iloc[0] == 100
    shop.close()


def test_rows_of_all_files_count_together(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.csv", 60, 60 * n) for n in range(2)]
    shop = rc.open_orders(files, limits=Limits(rows=120))
    assert shop.query("customer_totals")["orders"].iloc[0] == 120
    shop.close()
    with pytest.raises(OrdersError, match="with this file there are more than 119 rows") as problem:
        rc.open_orders(files, limits=Limits(rows=119))
    assert problem.value.file == "1.csv"


def test_rows_of_all_sheets_count_together(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for year in ("2023", "2024"):
            rows = [line.split(",") for line in lines(60, 0 if year == "2023" else 60).splitlines()]
            pd.DataFrame(rows[1:], columns=rows[0]).to_excel(book, sheet_name=year, index=False)
    with pytest.raises(OrdersError, match="more than 119 rows"):
        rc.open_orders(path, limits=Limits(rows=119))


def test_a_small_file_that_holds_gigabytes_is_refused_by_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    maker = engine.connect()
    maker.execute(
        "copy (select 'A1' as order_id, repeat('x', 60) as customer, date '2024-01-01' as date, 5.0 as amount"
        f" from range(60000000)) to '{path}' (format parquet, compression zstd, row_group_size 10000000)"
    )
    assert path.stat().st_size < 1024**2
    with pytest.raises(OrdersError, match="more than 5,000,000 rows"):
        rc.open_orders(path, limits=Limits(rows=5_000_000))


def test_a_file_that_is_too_large_is_refused_by_its_size(tmp_path: Path) -> None:
    path = write(tmp_path / "orders.csv", 50_000)
    with pytest.raises(OrdersError, match=r"orders.csv: the file has 1\.\d MB, more than the 1 MB taken here"):
        rc.open_orders(path, limits=Limits(file_megabytes=1))


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress((lines(10) + "\n" * 9_000_000).encode()))
    with pytest.raises(OrdersError, match=r"more than 7 MB of text"):
        rc.open_orders(path, limits=Limits(file_megabytes=0.5))


def test_limits_make_the_caps_of_a_file_only_tighter() -> None:
    assert caps_of(Limits()) == CAPS
    wide = caps_of(Limits(rows=10**12, file_megabytes=10**6, memory="1TB"))
    assert (wide.rows, wide.decoded_bytes, wide.excel_memory) == (CAPS.rows, CAPS.decoded_bytes, CAPS.excel_memory)
    assert EXCEL_AT_ONCE * caps_of(Limits(memory="500MB")).excel_memory == 250_000_000
    assert [size_in_bytes(size) for size in ("1.5kb", "2 MiB", "1GB")] == [1500, 2 * 1024**2, 10**9]


@pytest.mark.parametrize(
    "wrong", [{"rows": 0}, {"query_seconds": -1}, {"memory": "much"}, {"spill": "1GB'; --"}, {"file_megabytes": 0}]
)
def test_a_limit_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type] # that is what is tried


def held(limits: Limits) -> tuple[int, int]:
    """Bytes of temporary tables in memory and on disk, of all data sets with these limits."""
    query = "select sum(memory_usage_bytes), sum(temporary_storage_bytes) from duckdb_memory()"
    memory, disk = engine.connect(limits).execute(query).fetchall()[0]
    return int(memory), int(disk)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(memory="40MB", spill="1MB"), "there is no room for these orders: 1MB of disk space"),
        (Limits(memory="28MB", spill="1GB"), "there is no room for these orders: 28MB of memory"),
    ],
    ids=["spill", "memory"],
)
def test_where_there_is_no_room_it_is_said_and_earlier_orders_stay_open(
    limits: Limits, words: str, tmp_path: Path
) -> None:
    earlier = rc.open_orders(write(tmp_path / "small.csv", 100), limits=limits)
    before = held(limits)
    path = write(tmp_path / "large.csv", 400_000)
    with pytest.raises(OrdersError, match=words) as problem:
        rc.open_orders(path, limits=limits)
    assert (problem.value.file, "wait until others have left" in problem.value.advice) == ("large.csv", True)
    assert earlier.query("customer_totals")["orders"].iloc[0] == 100
    assert held(limits)[0] <= before[0] + 1024**2 and held(limits)[1] <= before[1]
    assert not list(scratch.folder("files").iterdir())
    earlier.close()


def test_what_is_closed_leaves_nothing_in_memory(tmp_path: Path) -> None:
    limits = Limits(memory="400MB")
    path = write(tmp_path / "orders.csv", 200_000)
    before = held(limits)[0]
    shop = rc.open_orders(path, limits=limits)
    assert held(limits)[0] > before + 1024**2
    shop.close()
    assert held(limits)[0] <= before + 1024**2


def test_a_query_that_takes_too_long_is_stopped_and_the_shop_goes_on(
    with_queries: Callable[..., None], tmp_path: Path
) -> None:
    with_queries(stuck=STUCK)
    shop = rc.open_orders(write(tmp_path / "orders.csv", 100), limits=Limits(query_seconds=0.5))
    with pytest.raises(QueryTooLong, match=r"longer than 0.5 s and was stopped"):
        shop.query("stuck")
    assert shop.query("customer_totals")["orders"].iloc[0] == 100
    assert len(shop.query("order_gaps")), "a table that is built when it is first named"
    shop.close()


def test_who_waits_for_anothers_question_is_told_so_in_time(tmp_path: Path) -> None:
    shop = rc.open_orders(write(tmp_path / "orders.csv", 100), limits=Limits(query_seconds=0.5))
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with shop._asking():
            is_held.set()
            may_go.wait(10)

    holding = threading.Thread(target=hold)
    holding.start()
    is_held.wait()
    with pytest.raises(QueryTooLong, match=r"longer than 0.5 s"):
        shop.query("customer_totals")
    assert holding.is_alive()
    may_go.set()
    holding.join()
    assert shop.query("customer_totals")["orders"].iloc[0] == 100
    shop.close()


def test_a_query_that_fits_nowhere_is_stopped_and_the_shop_goes_on(
    with_queries: Callable[..., None], tmp_path: Path
) -> None:
    with_queries(large=LARGE)
    shop = rc.open_orders(write(tmp_path / "orders.csv", 100), limits=Limits(memory="50MB", spill="10MB"))
    with pytest.raises(NoRoom):
        shop.query("large")
    assert shop.query("customer_totals")["orders"].iloc[0] == 100
    shop.close()


def test_a_stuck_query_does_not_hold_up_nineteen_others(with_queries: Callable[..., None], tmp_path: Path) -> None:
    with_queries(stuck=STUCK)
    limits = Limits(query_seconds=600)
    path = write(tmp_path / "orders.csv", 100)
    stuck, *others = (rc.open_orders(path, limits=limits) for _ in range(20))
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            stuck.query("stuck")
        except BaseException as problem:
            ended.append(problem)

    thread = threading.Thread(target=ask)
    thread.start()
    for shop in others:
        assert shop.query("customer_totals")["orders"].iloc[0] == 100
    assert thread.is_alive() and not ended
    stuck.close()
    thread.join(30)
    assert [type(problem) for problem in ended] == [store.Closed]
    for shop in others:
        shop.close()


def test_closing_interrupts_the_query_that_runs_and_those_that_wait(
    with_queries: Callable[..., None], tmp_path: Path
) -> None:
    with_queries(stuck=STUCK)
    shop = rc.open_orders(write(tmp_path / "orders.csv", 100))
    ended: list[type[BaseException]] = []

    def ask() -> None:
        try:
            shop.query("stuck")
        except BaseException as problem:
            ended.append(type(problem))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    shop.close()
    for thread in threads:
        thread.join(30)
    assert ended == [store.Closed] * 5
    shop.close()
    with pytest.raises(store.Closed):
        shop.query("customer_totals")


def test_two_files_that_differ_in_five_rows_have_totals_of_their_own(tmp_path: Path) -> None:
    assert two_large_files_differ(tmp_path, 1) == 1


def two_large_files_differ(folder: Path, times: int) -> int:
    """In how many of so many trials two files of 200,000 rows, five of them different, have their own key and total."""
    from pages.shared.handed_in import Upload, open_upload

    told_apart = 0
    text = lines(200_000)
    for trial in range(times):
        rows = text.splitlines()
        for place in range(5):
            number = 1000 + trial * 977 + place * 31_013
            rows[number] = rows[number].rsplit(",", 1)[0] + ",1000.00"
        uploads = [Upload((("orders.csv", content.encode()),)) for content in (text, "\n".join(rows) + "\n")]
        totals = []
        for upload in uploads:
            shop = open_upload(upload)
            assert isinstance(shop, rc.Shop)
            totals.append(float(shop.query("customer_totals")["revenue"].iloc[0]))
            shop.close()
        told_apart += uploads[0].key != uploads[1].key and totals[1] > totals[0] + 4000
    return told_apart
