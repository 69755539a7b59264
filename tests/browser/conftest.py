"""The real app in a real browser: a server for each module, one Chromium for all, a fresh context for each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError, expect, sync_playwright

from tests.conftest import ROOT
from tests.hosting.serving import Served, free_port, serve, stop_server

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
START_SECONDS = 120
Theme = Literal["light", "dark"]
Visit = Callable[..., Page]
SEE_MILLISECONDS = 30_000
RUN_MILLISECONDS = 90_000  # a page that fits its models, on a machine that has other work

expect.set_options(timeout=SEE_MILLISECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Without one the tests are skipped on a desk, and fail where CI promises one."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        sentence = f"no browser: none of {', '.join(CHROMIUMS)} is installed"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def started(*files: Path) -> Iterator[str]:
    """The address of `streamlit run app.py` on a free port, which has run the app once before anybody comes."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "app.py"),
            *("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"),
            *(["--", *map(str, files)] if files else []),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_warm(server, address)
        yield address
    finally:
        stop_server(server)


def wait_until_warm(server: subprocess.Popen[bytes], address: str) -> None:
    wait_for(server, f"{address}/_stcore/health")
    wait_for(server, f"{address}/_stcore/script-health-check")


def wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"the server ended with code {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=START_SECONDS):
                return
        except urllib.error.HTTPError as problem:
            if problem.code == 404:  # this server does not offer the route
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} did not answer within {START_SECONDS} s")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the module's own server: uploads are counted in its memory."""
    with started() as address:
        yield address


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The module's own server as it is hosted: nobody has asked it for anything before."""
    with serve(tmp_path_factory.mktemp("hosted")) as served:
        yield served


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens an address in a fresh browser context (nothing is shared with earlier visits) and waits for its page."""
    contexts: list[BrowserContext] = []

    def fresh(address: str, width: int = 1280, theme: Theme = "light", requests: list[str] | None = None) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        context.set_default_timeout(SEE_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        if requests is not None:
            page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        settle(page)
        return page

    yield fresh
    for context in contexts:
        context.close()


def settle(page: Page) -> None:
    """Wait until the script has run through and the page has a heading."""
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    rests = page.get_by_test_id("stApp")
    expect(rests).to_have_attribute("data-test-script-state", "notRunning", timeout=RUN_MILLISECONDS)


def pick(box: Locator, option: Locator, tries: int = 8) -> None:
    """Choose from a list, until the box says what was chosen.

    While something of the page still moves, an open list closes, and a click on one of its options does nothing.
    """
    widget = box.locator("xpath=ancestor::*[@data-testid='stMultiSelect' or @data-testid='stSelectbox'][1]")
    for _ in range(tries):
        box.press("ArrowDown")
        with suppress(TimeoutError, AssertionError):
            name = option.text_content(timeout=3_000) or ""
            option.click(timeout=3_000)
            chosen = widget.get_by_title(name, exact=True).or_(widget.locator(f"input[value={json.dumps(name)}]"))
            expect(chosen.filter(visible=True)).to_have_count(1, timeout=3_000)
            return
    pytest.fail(f"nothing could be chosen in {box}")


def orders_file(folder: Path, name: str = "my orders.csv", customers: int = 60) -> Path:
    """Each customer buys on the first of a month; those with an even number once more 43 days later."""
    lines = ["Order ID,Customer,Date,Amount"]
    for number in range(customers):
        month = number % 6 + 1
        lines.append(f"A{number},c{number},2024-{month:02}-01,{20 + number}.50")
        if number % 2 == 0:
            lines.append(f"B{number},c{number},2024-{month + 1:02}-13,10.00")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def upload(page: Page, path: Path) -> None:
    """Hand the file in and open it, as it was understood."""
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Open these orders").click()
    expect(page.get_by_role("button", name="Open these orders")).to_have_count(0)
    settle(page)
