"""Whoever leaves, or deletes, leaves nothing behind: the real server, looked at from inside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, orders_file, upload, wait_until_warm
from tests.conftest import ROOT
from tests.hosting.serving import free_port, stop_server

# The app as `streamlit run` starts it, and for each line on its standard input a line that tells what it holds.
TELLING = """
import gc, json, sys, threading
def tell():
    from pages.shared import handed_in
    from retention_core import scratch
    from retention_core.engines import duckdb as engine
    from retention_core.store import Shop
    from streamlit import runtime
    for _ in sys.stdin:
        gc.collect()
        found = [each for each in gc.get_objects() if isinstance(each, Shop | handed_in.Upload)]
        memory = "select sum(memory_usage_bytes) + sum(temporary_storage_bytes) from duckdb_memory()"
        print(json.dumps({
            "shops": sorted(id(each) for each in found if isinstance(each, Shop) and not each._is_closed
                            and "csv.gz" not in each.loaded.parts[0].name),
            "uploads": len([each for each in found if isinstance(each, handed_in.Upload)]),
            "memory": int(engine.connect(handed_in.limits()).execute(memory).fetchall()[0][0]),
            "sent": len(runtime.get_instance()._uploaded_file_mgr.file_storage),
            "files": [str(path) for path in scratch.folder("uploads").parent.rglob("*") if path.is_file()],
            "openings": [thread.name for thread in threading.enumerate() if thread.name.startswith("comeback-open")],
        }), flush=True)
        del found  # else what was seen would be held until it is looked for again, and for ever
threading.Thread(target=tell, daemon=True).start()
from streamlit.web.cli import main
main()
"""


@dataclass
class Told:
    """A server that tells what it holds."""

    address: str
    process: subprocess.Popen[bytes]

    def now(self) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        while not (line := self.process.stdout.readline()).startswith(b"{"):
            assert line, "the server has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def once(self, holds: Callable[[dict[str, Any]], bool], within: float = 60) -> dict[str, Any]:
        """What it tells as soon as that holds."""
        until = time.monotonic() + within
        while not holds(told := self.now()):
            assert time.monotonic() < until, told
            time.sleep(0.2)
        return told


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    process = subprocess.Popen(
        [sys.executable, "-c", TELLING, "run", "app.py", *options, "--server.disconnectedSessionTTL", "2"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_warm(process, address)
        yield Told(address, process)
    finally:
        stop_server(process)
    assert not list(tmp_path.glob("comeback-*")), "a server that stops takes its folder along"


def is_empty(told: dict[str, Any]) -> bool:
    return not (told["shops"] or told["uploads"] or told["sent"] or told["openings"])


def only_its_lock(told: dict[str, Any]) -> bool:
    return [Path(path).name for path in told["files"]] == ["in-use"]


def test_who_deletes_and_who_leaves_take_their_own_and_nothing_else(told: Told, visit: Visit, tmp_path: Path) -> None:
    before = told.now()
    assert is_empty(before) and only_its_lock(before)
    (tmp_path / "other").mkdir()
    first, second, third = (visit(f"{told.address}/source?shop=upload") for _ in range(3))
    upload(first, orders_file(tmp_path, "orders.csv", 60))
    (one,) = told.now()["shops"]
    upload(second, orders_file(tmp_path / "other", "orders.csv", 80))
    upload(third, orders_file(tmp_path / "other", "orders.csv", 100))
    held = told.once(lambda now: len(now["shops"]) == 3)
    assert held["sent"] == 0 and only_its_lock(held)
    second_and_third = set(held["shops"]) - {one}

    first.get_by_role("button", name="Delete my data").click()
    expect(first.get_by_text("Your orders were deleted")).to_be_visible()
    assert set(told.once(lambda now: one not in now["shops"])["shops"]) == second_and_third

    third.context.close()
    (left,) = told.once(lambda now: len(now["shops"]) == 1)["shops"]
    second.get_by_role("link", name="Retention").click()
    expect(second.get_by_role("heading", name="Retention", level=1)).to_be_visible()
    second.get_by_role("link", name="Orders").click()
    expect(second.get_by_text("120 orders of 80 customers were kept")).to_be_visible()
    assert told.now()["shops"] == [left], "the others' leaving has not closed it: it is the one that was opened"

    second.context.close()
    after = told.once(is_empty)
    assert only_its_lock(after)
    assert after["memory"] <= before["memory"] + 4 * 1024**2


def test_who_leaves_while_files_are_opened_leaves_nothing(told: Told, visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = (f"A{n},c{n % 9000},2024-{n % 9 + 1:02}-{n % 27 + 1:02},{n % 90 + 1}.50,x{n % 7}" for n in range(900_000))
    path.write_text("\n".join(("Order ID,Customer,Date,Amount,Channel", *rows)))
    page = visit(f"{told.address}/source?shop=upload")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Open these orders").click(timeout=120_000)
    told.once(lambda now: bool(now["openings"]) and not only_its_lock(now))
    page.context.close()
    after = told.once(is_empty)
    assert only_its_lock(after)


def test_files_that_are_refused_or_never_opened_go_with_their_session(told: Told, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    refused, taken = (visit(f"{told.address}/source?shop=upload") for _ in range(2))
    refused.locator("input[type=file]").set_input_files(tmp_path / "empty.csv")
    expect(refused.get_by_text("the file is empty", exact=False)).to_be_visible()
    taken.locator("input[type=file]").set_input_files(orders_file(tmp_path))
    expect(taken.get_by_role("button", name="Open these orders")).to_be_visible()
    assert told.now()["uploads"]
    for page in (refused, taken):
        page.context.close()
    assert only_its_lock(told.once(is_empty))
