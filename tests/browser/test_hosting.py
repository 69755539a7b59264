"""The hosted server in a real browser: its content policy, its first deep link, and signing in on the way to a page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.conftest import SEE_MILLISECONDS, Visit, orders_file, settle, upload
from tests.conftest import ROOT
from tests.hosting.provider import CLIENT, SECRET
from tests.hosting.serving import Served, free_port, serve

PAGES = {
    "": "Overview",
    "retention": "Retention",
    "cohorts": "Cohorts",
    "churn": "Churn",
    "value": "Value",
    "goals": "Goals",
    "source": "Orders",
    "glossary": "Glossary",
}
GIFTS = "shop=Sample shop: gifts"


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another server, and what was asked of it: nothing, if the policy holds."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def _is_heading(page: Page, title: str) -> None:
    expect(page.get_by_test_id("stMain").get_by_role("heading", name=title, exact=True).first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def _refusals(page: Page) -> list[str]:
    """What the browser says that the policy has refused."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            said.append(message.text)

    page.on("console", hear)
    return said


def test_the_first_visitor_of_a_fresh_server_gets_the_page_of_the_link(hosted: Served, visit: Visit) -> None:
    """Nobody, and no probe, has asked this server for anything before."""
    page = visit(f"{hosted.address}/retention?{GIFTS}&since=2025-03-01")
    _is_heading(page, "Retention")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("link", name="Churn")).to_be_visible()
    expect(sidebar.get_by_role("combobox", name="Orders")).to_have_value("Sample shop: gifts")
    expect(page.get_by_text("Only customers who first bought from 1 Mar 2025.")).to_be_visible()


def test_every_page_works_under_the_policy_and_asks_nobody_else(hosted: Served, chromium: Browser) -> None:
    context = chromium.new_context()
    page, asked = context.new_page(), []
    refused = _refusals(page)
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(SEE_MILLISECONDS)
    for path, title in PAGES.items():
        page.goto(f"{hosted.address}/{path}")
        settle(page)
        _is_heading(page, title)
    page.goto(f"{hosted.address}/cohorts")
    settle(page)
    expect(
        page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas").first
    ).to_be_visible()
    context.close()
    assert not refused
    assert {url for url in asked if not url.startswith((hosted.address, "data:", "blob:"))} == set()


def test_files_go_in_and_out_under_the_policy(hosted: Served, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{hosted.address}/source")
    refused = _refusals(page)
    upload(page, orders_file(tmp_path))
    page.get_by_test_id("stSidebar").get_by_role("link", name="Cohorts").click()
    _is_heading(page, "Cohorts")
    with page.expect_download() as download:
        page.get_by_role("button", name="All cells (CSV)").click()
    assert "2024" in Path(download.value.path()).read_text(encoding="utf-8")
    assert not refused


def test_nothing_foreign_gets_into_the_page(hosted: Served, visit: Visit, elsewhere: tuple[str, list[str]]) -> None:
    """As if a cell of an order file had slipped through every other guard."""
    address, asked = elsewhere
    page = visit(f"{hosted.address}/glossary")
    refused = _refusals(page)
    page.evaluate(
        """address => {
            for (const kind of ["img", "script", "iframe", "embed", "audio"]) {
                const foreign = document.createElement(kind);
                foreign.src = `${address}/${kind}`;
                document.body.append(foreign);
            }
            const sheet = document.createElement("link");
            sheet.rel = "stylesheet"; sheet.href = `${address}/style`;
            const inline = document.createElement("script");
            inline.textContent = "window.wasRun = true";
            document.head.append(sheet, inline);
            document.body.insertAdjacentHTML("beforeend", `<img src=x onerror="window.wasRun = true">
                <form action="${address}/form"><button id="send"></button></form>`);
            document.getElementById("send").click();
            fetch(`${address}/fetch`).catch(() => {});
            navigator.sendBeacon(`${address}/beacon`);
        }""",
        address,
    )
    page.wait_for_timeout(1_000)
    assert not asked
    assert page.evaluate("window.wasRun") is None
    assert len(refused) >= 8


# The hosted app on a machine that has room for the files of one visitor only.
NARROW = """
from pages.shared import transfers
transfers.SHARE_OF_MEMORY = 0
from pages.shared.server import app
"""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("narrow")
    (folder / "narrow.py").write_text(NARROW)
    command = ("uvicorn", "narrow:app", "--no-access-log")
    with serve(folder, *command, COMEBACK_FILE_MEGABYTES="1", PYTHONPATH=str(folder)) as served:
        yield served


def _choose(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(files)


def test_whose_files_find_no_room_reads_why_and_hands_them_in_later(
    narrow: Served, visit: Visit, tmp_path: Path
) -> None:
    """The uploader alone says "Request failed with status code 503"; what was chosen on the page stays."""
    first, second = visit(f"{narrow.address}/source"), visit(f"{narrow.address}/source?{GIFTS}")
    large, small = orders_file(tmp_path, "large.csv", 20_000), orders_file(tmp_path, "small.csv", 9_000)
    _choose(first, large)
    expect(first.get_by_role("button", name="Open these orders")).to_be_visible()
    _choose(second, small)
    told = second.get_by_test_id("stAlert").filter(has_text="those of other visitors take all the room now")
    expect(told).to_be_visible()
    expect(second.get_by_test_id("stSidebar").get_by_role("combobox", name="Orders")).to_have_value(GIFTS[5:])
    _is_heading(second, "Orders")
    first.get_by_role("button", name="Choose other files").click()
    expect(first.locator("input[type=file]")).to_have_count(1)
    settle(first)
    second.get_by_role("button", name="Remove small.csv").click()
    second.wait_for_timeout(2_000)  # as long as it takes to read and to choose
    _choose(second, orders_file(tmp_path, "again.csv", 9_000))  # the same path anew would be no change to Chromium
    expect(second.get_by_role("button", name="Open these orders")).to_be_visible()
    expect(told).to_have_count(0)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that asks for signing in, with a provider that knows one person."""
    folder, port, providers = tmp_path_factory.mktemp("locked"), free_port(), free_port()
    secrets = folder / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(
        f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a-long-secret-of-the-tests-and-no-other"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "http://127.0.0.1:{providers}/.well-known/openid-configuration"
"""
    )
    told = {"COMEBACK_LOGIN": "1", "COMEBACK_PEOPLE": "ann@example.com", "HOME": str(folder)}
    with (
        serve(folder, "tests.hosting.provider", "--email", "ann@example.com", port=providers),
        serve(folder, port=port, **told) as served,
    ):
        yield served


@pytest.mark.parametrize("path", PAGES)
def test_no_link_leads_past_signing_in(locked: Served, visit: Visit, path: str) -> None:
    page = visit(f"{locked.address}/{path}?{GIFTS}&channel=Search")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.get_by_test_id("stMain").get_by_role("heading").all_inner_texts() == [
        "Comeback",
        "Sign in to see this dashboard.",
    ]
    assert "Sample shop" not in page.content() and not page.get_by_test_id("stSidebar").is_visible()


def test_signing_in_leads_to_the_page_of_the_link_and_signing_out_away(locked: Served, visit: Visit) -> None:
    page = visit(f"{locked.address}/retention?{GIFTS}&since=2025-03-01")
    page.get_by_role("button", name="Sign in").click()
    _is_heading(page, "Retention")
    settle(page)
    expect(page.get_by_text("Only customers who first bought from 1 Mar 2025.")).to_be_visible()
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Orders")
    expect(chosen).to_have_value("Sample shop: gifts")
    assert "since=2025-03-01" in page.url and "Sample" in page.url
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "ann@example.com" not in locked.log.read_text() and str(ROOT) not in locked.log.read_text()


def test_who_has_signed_in_hands_in_files(locked: Served, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{locked.address}/source")
    page.get_by_role("button", name="Sign in").click()
    _is_heading(page, "Orders")
    upload(page, orders_file(tmp_path))
    expect(page.get_by_test_id("stMain").get_by_text("60 customers").first).to_be_visible()
