"""The link of a hosted app, as a person uses it: copied with a finger, opened by somebody else, kept as a report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SEE_MILLISECONDS, Visit, settle
from tests.hosting.serving import Served

VIEW = "retention?shop=Sample shop: gifts&channel=Social&channel=Referral&period=Quarter"


@pytest.fixture
def phone(chromium: Browser, hosted: Served) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(SEE_MILLISECONDS)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=hosted.address)
    page = context.new_page()
    page.goto(f"{hosted.address}/{VIEW}")
    settle(page)
    yield page
    context.close()


def answer_of(page: Page) -> str:
    return page.get_by_test_id("stHeading").nth(1).inner_text()


def test_a_link_copied_on_a_phone_shows_somebody_else_the_same_view(
    phone: Page, hosted: Served, visit: Visit, tmp_path: Path
) -> None:
    phone.get_by_test_id("stExpandSidebarButton").tap()
    phone.get_by_test_id("stSidebar").get_by_role("button", name="Share").tap()
    shared = phone.get_by_role("dialog")
    copying = shared.get_by_role("button", name="Copy to clipboard")
    expect(copying).to_be_in_viewport(ratio=1)
    seen = "e => { let least = 1; for (; e; e = e.parentElement) least *= getComputedStyle(e).opacity; return least }"
    assert copying.evaluate(seen) == 1, "a finger hovers over nothing"
    copying.tap()
    phone.wait_for_function("navigator.clipboard.readText().then(text => text.includes('retention'))")
    link = phone.evaluate("navigator.clipboard.readText()")
    asked = parse_qs(urlsplit(link).query)
    assert (sorted(asked["channel"]), asked["period"]) == (["Referral", "Social"], ["Quarter"])

    with phone.expect_download() as kept:
        shared.get_by_role("button", name="Report (HTML)").tap()
    kept.value.save_as(tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What became of every line" in report and "Sample shop: gifts, orders from" in report

    other = visit(link)
    assert answer_of(other) == answer_of(phone) != ""
    plain = visit(f"{hosted.address}/retention?shop=Sample shop: gifts&period=Quarter&channel=Social")
    assert answer_of(plain) != answer_of(other), "the second channel counts"
