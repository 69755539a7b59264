"""Who has an instance of the engine open, and what goes with the last of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import retention_core as rc
from pages.shared import handed_in
from retention_core import remembered, say
from retention_core.engines import duckdb as engine
from retention_core.limits import Limits
from retention_core.orders.errors import OrdersError

ORDERS = "Order ID,Customer,Date,Amount\n" + "".join(f"{n},c{n % 90},2024-0{1 + n % 9}-11,5.00\n" for n in range(900))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


def instance_of(connection: engine.Connection) -> str:
    """What tells the cursor's instance from others."""
    return str(connection.execute("select current_setting('temp_directory')").fetchall()[0][0])


def test_the_last_cursor_takes_its_instance_and_its_spill_along() -> None:
    limits = Limits(spill="123MB")
    first, second = engine.connect(limits), engine.connect(limits)
    spill = instance_of(first)
    assert instance_of(second) == spill and Path(spill).is_dir()
    engine.close(first)
    assert second.execute("select 1").fetchall() == [(1,)]
    engine.close(second)
    assert not Path(spill).exists()
    third = engine.connect(limits)
    assert instance_of(third) != spill
    engine.close(third)
    engine.close(third)  # once more does no harm


def test_a_closed_cursor_answers_nothing() -> None:
    cursor = engine.connect()
    engine.close(cursor)
    with pytest.raises(duckdb.ConnectionException):
        cursor.execute("select 1")


def test_shops_and_refused_files_leave_no_instance_behind(file: Path, tmp_path: Path) -> None:
    limits = Limits(spill="124MB")
    refused = tmp_path / "none.csv"
    refused.write_text("a,b\n1,2\n")
    shop = rc.open_orders(file, limits=limits)
    spill = instance_of(shop._connection)
    with pytest.raises(OrdersError):
        rc.open_orders(refused, limits=limits)
    assert Path(spill).is_dir()
    shop.close()
    assert not Path(spill).exists()


def test_the_engine_of_visitors_files_reads_nothing_that_is_shown_to_all(file: Path) -> None:
    sample = rc.sample("gift")[0]
    own, all_ = engine.connect(handed_in.limits()), engine.connect(handed_in.limits(own=False))
    question = f"select count(*) > 0 from read_csv('{sample.resolve()}')"
    assert all_.execute(question).fetchall() == [(True,)]
    with pytest.raises(duckdb.PermissionException):
        own.execute(question)
    engine.close(own)
    engine.close(all_)


def test_what_is_remembered_is_forgotten_and_written_anew() -> None:
    assert say.percent(0.123456) == "12 %"
    known = say.format_percent.cache_info()
    say.percent(0.123456)
    assert say.format_percent.cache_info().hits == known.hits + 1
    remembered.forget()
    assert say.format_percent.cache_info().currsize == 0
    assert say.percent(0.123456) == "12 %"
