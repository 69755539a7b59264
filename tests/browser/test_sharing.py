"""The link as the address bar has it, and the report opened from disk: whole, and without a single request."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Visit, settle
from tests.conftest import ROOT

KEPT = ROOT / "docs" / "report" / "overview.html"
PAPER = 680  # pixels between the margins of A4
CUT = "[...document.querySelectorAll('.table')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
WIDER = """width => [...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > width + 1).map(e => e.outerHTML.slice(0, 99))"""


def open_share(page: Page) -> Locator:
    """Open it, and once more where a slider that was still moving came between."""
    shared = page.get_by_role("dialog")
    button = page.get_by_test_id("stSidebar").get_by_role("button", name="Share")
    button.click()
    try:
        expect(shared).to_be_visible(timeout=5_000)
    except AssertionError:
        button.click()
    expect(shared.get_by_test_id("stCode")).to_be_visible()
    return shared


def link_of(page: Page) -> str:
    shared = open_share(page)
    link = shared.get_by_test_id("stCode").inner_text().strip()
    page.keyboard.press("Escape")
    expect(shared).to_have_count(0)
    return link


def same(one: str, other: str) -> bool:
    """Whether two addresses show the same view, however their settings are written."""
    (a, b) = (urlsplit(address) for address in (one, other))
    return (a.netloc, a.path.rstrip("/"), parse_qs(a.query)) == (b.netloc, b.path.rstrip("/"), parse_qs(b.query))


def test_the_link_is_the_address_bar_after_a_setting_has_moved(server: str, visit: Visit) -> None:
    page = visit(f"{server}/retention")
    page.get_by_role("radio", name="Quarter").or_(page.get_by_role("button", name="Quarter")).first.click()
    settle(page)
    page.wait_for_url("**period=Quarter*")
    assert same(link_of(page), page.url)


def test_the_link_is_the_address_bar_after_a_slider_of_a_fragment(server: str, visit: Visit) -> None:
    page = visit(f"{server}/goals")
    slider = page.get_by_role("slider", name=re.compile("order again in time"))
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    page.wait_for_url("**target=*")
    expect(page.get_by_test_id("stAlert").filter(has_text=re.compile("^Goal"))).to_be_visible()
    settle(page)
    link = link_of(page)
    assert same(link, page.url) and "target=" in link
    again = visit(link)
    expect(again.get_by_test_id("stHeading").nth(1)).to_have_text(page.get_by_test_id("stHeading").nth(1).inner_text())


def test_the_report_of_a_moved_view_says_what_the_page_says(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/retention?rate=Turned+inactive")
    answer = page.get_by_test_id("stHeading").nth(1).inner_text()
    text = keep(page, tmp_path / "report.html").read_text(encoding="utf-8").replace("\u2060", "").replace("\u00a0", " ")
    assert answer.replace("\u2060", "").replace("\u00a0", " ") in text and "rate=Turned+inactive" in text
    with page.expect_download() as book:
        page.get_by_role("button", name="Workbook (Excel)").click()
    assert Path(book.value.path()).read_bytes().startswith(b"PK")
    page.keyboard.press("Tab")  # the button was off for a moment and has lost the focus
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_on_a_phone_all_of_it_is_in_sight(server: str, visit: Visit) -> None:
    page = visit(f"{server}/retention?period=Quarter", width=390)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("stExpandSidebarButton").click()
    shared = open_share(page)
    for part in (
        shared.get_by_test_id("stCode"),
        shared.get_by_role("button", name="Report (HTML)"),
        shared.get_by_role("button", name="Workbook (Excel)"),
        shared.get_by_text("prints to PDF"),
    ):
        expect(part).to_be_in_viewport(ratio=1)
    shared.get_by_role("button", name="Close").click()
    expect(shared).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_kept_report_opens_from_disk_and_asks_nobody(chromium: Browser, width: int) -> None:
    requests: list[str] = []
    faults: list[str] = []
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(KEPT.as_uri())
    expect(page.locator(".answer")).to_contain_text("ordered again within a year")
    assert [one for one in requests if not one.startswith("data:")] == [KEPT.as_uri()]
    assert not faults
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 100)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_the_kept_report_is_small() -> None:
    assert KEPT.stat().st_size < 400_000


def keep(page: Page, kept: Path) -> Path:
    """The report of the page in front of the visitor."""
    settle(page)
    open_share(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="Report (HTML)").click()
    found.value.save_as(kept)
    return kept


@pytest.mark.parametrize("view", ["cohorts?ages=36", "value", "goals"])
def test_a_report_prints_on_pages_that_cut_nothing(
    server: str, visit: Visit, chromium: Browser, tmp_path: Path, view: str
) -> None:
    kept = keep(visit(f"{server}/{view}"), tmp_path / "report.html")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(kept.as_uri())
    assert page.evaluate(CUT) == [], "nothing scrolls on a desk"
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 900})
    assert page.locator("table").count() >= 3 and page.locator("figure").count() >= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate(WIDER, PAPER) == []
    assert set(page.evaluate("[...document.querySelectorAll('h2')].map(e => getComputedStyle(e).breakAfter)")) == {
        "avoid"
    }
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
    assert 3 <= len(pages) <= 8
    page.close()
