"""A list of contracts in a real browser: handed in, answered under Churn and Value; a link of it carries no data."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, settle


@pytest.fixture
def telco(shared_data: Path, tmp_path: Path) -> Path:
    path = tmp_path / "contracts.csv"
    path.write_bytes(gzip.decompress((shared_data / "telco_churn.csv.gz").read_bytes()))
    return path


def headline(page: Page) -> str:
    settle(page)
    return page.get_by_test_id("stMain").get_by_role("heading", level=2).first.inner_text()


def hand_in(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    opening = page.get_by_role("button", name="Open these contracts")
    opening.click()
    expect(opening).to_have_count(0)
    settle(page)


def menu(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    settle(page)


def test_contracts_from_the_file_to_their_value_and_the_link_in_a_fresh_browser(
    server: str, visit: Visit, telco: Path
) -> None:
    page = visit(f"{server}/source")
    hand_in(page, telco)
    menu(page, "Churn")
    assert "of the 7,032 counted (11 left out) 1,869 have ended" in headline(page)
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg").first).to_be_visible()

    page.get_by_role("radio", name="who ran in one last month").click()
    expect(page.get_by_text("In that month 26.6", exact=False)).to_be_visible()
    menu(page, "Value")
    assert "115.70 in its first 24 months" in headline(page)  # what was said of the file holds on this page too
    page.get_by_role("radio", name="everybody who ever began").click()
    expect(page.get_by_text("1,333 in its first 24 months", exact=False)).to_be_visible()
    page.get_by_role("radio", name="12 months", exact=True).click()
    expect(page.get_by_text("in its first 12 months", exact=False)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    said, link = headline(page), page.url
    assert "contract_months=12" in link.replace("+", " ").replace("contract_months=12 months", "contract_months=12")

    other = visit(link)
    expect(other.get_by_role("heading", name="Upload the orders", level=1)).to_be_visible()
    assert "A link carries no data" in headline(other) and "7,032" not in other.content()
    hand_in(other, telco)
    expect(other.get_by_role("heading", name="Value", level=1)).to_be_visible()
    assert headline(other) == said
