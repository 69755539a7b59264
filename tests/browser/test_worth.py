"""The pages Churn and Value in a real browser, on both sample shops and on a phone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Theme, Visit, settle, started
from tests.browser.test_pages import violations

SHOPS = {"coffee and care": "", "gifts": "shop=Sample+shop%3A+gifts"}
PAGES = {"churn": "Churn", "value": "Value"}
SCREENS: list[tuple[int, Theme]] = [(1280, "light"), (390, "dark")]


def usable(page: Page, width: int) -> None:
    """No error, every chart drawn, nothing runs off the screen to the side, and everybody can read it."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    assert not list(violations(page))


@pytest.mark.parametrize(("width", "theme"), SCREENS, ids=["desk, light", "phone, dark"])
@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS.keys())
@pytest.mark.parametrize("path", PAGES)
def test_churn_and_value_fit_their_screen(
    server: str, visit: Visit, path: str, shop: str, width: int, theme: Theme
) -> None:
    page = visit(f"{server}/{path}?{shop}", width, theme)
    expect(page.get_by_role("heading", name=PAGES[path], level=1)).to_be_visible()
    sentence = page.get_by_test_id("stMain").get_by_role("heading", level=2).first
    expect(sentence).to_be_in_viewport()
    assert any(sign.isdigit() for sign in sentence.inner_text())
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_attached()
    usable(page, width)


@pytest.mark.parametrize("path", PAGES)
def test_a_table_of_churn_and_value_can_be_taken_along(server: str, visit: Visit, path: str, tmp_path: Path) -> None:
    page = visit(f"{server}/{path}")
    for closed in page.get_by_test_id("stExpander").locator("summary").all():
        closed.click()
    settle(page)
    button = page.get_by_test_id("stDownloadButton").get_by_role("button").filter(has_text="CSV").first
    with page.expect_download() as arriving:
        button.click()
    file = tmp_path / "table.csv"
    arriving.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as text:
        head, *rows = csv.reader(text)
    assert rows and len(head) > 2 and {len(row) for row in rows} == {len(head)}


REAL = {
    "CDNOW": ("cdnow_master.csv.gz",),
    "Online Retail II": ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet"),
}


@pytest.mark.parametrize("files", REAL.values(), ids=REAL.keys())
def test_churn_value_and_goals_of_real_shops(visit: Visit, shared_data: Path, files: tuple[str, ...]) -> None:
    with started(*(shared_data / name for name in files)) as address:
        for path in (*PAGES, "goals"):
            page = visit(f"{address}/{path}")
            sentence = page.get_by_test_id("stMain").get_by_role("heading", level=2).first
            expect(sentence).to_be_visible()
            assert any(sign.isdigit() for sign in sentence.inner_text())
            expect(page.get_by_test_id("stVegaLiteChart").first).to_be_attached()
            usable(page, 1280)
