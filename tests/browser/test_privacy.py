"""A visitor's personal data on a real server: where it may be while they look, and that nothing of it is left after."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, pick, settle, stop_server, upload, wait_for
from tests.browser.test_upload import click_cell
from tests.conftest import ROOT

MARKER = "marker.person"
TICK = "Lists must come back"
SOON_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running server, the folder of its temporary files, and what it has written to its output."""

    process: subprocess.Popen[bytes]
    address: str
    folder: Path
    output: Path

    def leaks(self) -> list[str]:
        """Where on disk the marker stands: temporary files, their names, and the server's output."""
        found = [str(path) for path in self.folder.rglob("*") if MARKER in path.name or MARKER in _text(path)]
        return found + (["output"] if MARKER in _text(self.output) else [])


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.is_file() else ""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Server]:
    """The app as it is hosted, with a folder of its own for temporary files."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder, output = tmp_path / "temporary", tmp_path / "output.txt"
    folder.mkdir()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [*(sys.executable, "-m", "uvicorn", "pages.shared.server:app"), *("--port", str(port))],
            cwd=ROOT,
            env={**os.environ, "COMEBACK_HOSTED": "1", "TMPDIR": str(folder)},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(process, f"{address}/_stcore/health")
        yield Server(process, address, folder, output)
    finally:
        stop_server(process)


def personal_orders(folder: Path) -> Path:
    """Customers known by their e-mails, with names and notes beside them; the file's name is personal too."""
    lines = ["Order ID,Customer Email,Date,Amount,Customer Name,Note"]
    for number in range(40):
        for month in range(number % 4 + 1, number % 4 + 4):
            person = f"{MARKER}{number}@mail.example"
            lines.append(f"{month}-{number},{person},2024-{month:02}-{number % 28 + 1:02},10,{MARKER} n,{MARKER} note")
    lines.append(f"9-1,{MARKER}@mail.example,{MARKER} in a date,10,{MARKER},{MARKER}")
    lines.append(f"9-2,{MARKER}@mail.example")
    path = folder / f"{MARKER}.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def open_with_keys(server: Server, visit: Visit, path: Path) -> Page:
    page = visit(f"{server.address}/source")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text(TICK).click()
    expect(page.get_by_role("checkbox", name=TICK)).to_be_checked()
    settle(page)
    page.get_by_role("button", name="Open these orders").click()
    expect(page.get_by_text("120 orders of 40 customers were kept")).to_be_visible()
    return page


def take_list_along(page: Page) -> str:
    """Click a cell of the cohorts, take the list of its customers along, and return the address it came from."""
    page.get_by_role("link", name="Cohorts").click()
    expect(page.get_by_role("heading", name="Cohorts", level=1)).to_be_visible()
    settle(page)
    click_cell(page, "First order: Jan 2024")
    button = page.get_by_role("button", name="These customers (CSV)")
    expect(button).to_be_visible()
    with page.expect_download() as coming:
        button.click()
    assert f"{MARKER}4@mail.example" in Path(coming.value.path()).read_text()
    return coming.value.url


def is_served(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as answer:
            return MARKER.encode() in answer.read()
    except urllib.error.HTTPError:
        return False


def is_true_soon(test: object, seconds: float = SOON_SECONDS) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(test) and test():
            return True
        time.sleep(0.5)
    return False


def test_delete_my_data_leaves_nothing_behind(started: Server, visit: Visit, tmp_path: Path) -> None:
    page = open_with_keys(started, visit, personal_orders(tmp_path))
    assert not started.leaks(), "the opened files are in memory only"
    media = take_list_along(page)
    assert is_served(media), "the browser comes for its file"
    for name in ("Retention", "Orders"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        settle(page)
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_text("Your orders were deleted from this app's memory.")).to_be_visible()
    expect(page.get_by_text(MARKER)).to_have_count(0)
    assert not started.leaks()
    assert not is_served(media), "what was taken along goes too"
    page.reload()
    settle(page)
    expect(page.get_by_text(MARKER)).to_have_count(0)


def orders_of_channels(folder: Path) -> Path:
    lines = ["Order ID,Customer,Date,Amount,Channel"]
    for number in range(40):
        lines += [
            f"{month}-{number},c{number},2024-{month:02}-03,10,{(MARKER, 'Search')[number % 2]}" for month in (1, 2)
        ]
    path = folder / "orders.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_filters_leave_the_link_with_the_files(started: Server, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{started.address}/source")
    upload(page, orders_of_channels(tmp_path))
    page.get_by_text("Filter by first order").click()
    pick(page.get_by_role("combobox", name="Channel"), page.get_by_role("option", name=MARKER))
    page.wait_for_url("**channel=*")
    assert MARKER in page.url
    page.keyboard.press("Escape")  # the list stays open, and all else out of reach
    settle(page)
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_text("Your orders were deleted from this app's memory.")).to_be_visible()
    settle(page)
    page.wait_for_url(lambda address: "channel" not in address)
    assert MARKER not in page.url and "shop=" in page.url, "plain settings stay"
    expect(page.get_by_text(MARKER)).to_have_count(0)


def test_a_closed_page_leaves_nothing_behind(started: Server, visit: Visit, tmp_path: Path) -> None:
    page = open_with_keys(started, visit, personal_orders(tmp_path))
    media = take_list_along(page)
    page.context.close()
    assert is_true_soon(lambda: not is_served(media), 70), "a download is served for a minute at most"
    assert not started.leaks()


def test_refused_files_are_not_written_down(started: Server, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{started.address}/source")
    for number, content in enumerate(
        (f"{MARKER}\n{MARKER} only\n", f"\x89PNG{MARKER}", f"a,b\n{MARKER},{MARKER}\n", f'"{MARKER}' * 50)
    ):
        path = tmp_path / f"{MARKER}{number}.csv"
        path.write_text(content, encoding="latin-1")
        page.locator("input[type=file]").set_input_files(path)
        expect(page.get_by_role("alert").filter(has_text="What to do")).to_be_visible()
        page.get_by_role("button", name="Choose other files").click()
        settle(page)
    assert not started.leaks()
