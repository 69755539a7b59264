"""From a file on the desk to its ledger, in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import settle

Visit = Callable[..., Page]


def orders_file(folder: Path, customers: int = 60) -> Path:
    """Every customer buys on the first of a month and once more 40 days later if the number is even."""
    lines = ["Order ID,Customer,Date,Amount"]
    for number in range(customers):
        month = number % 6 + 1
        lines.append(f"A{number},c{number},2024-{month:02}-01,{20 + number}.50")
        if number % 2 == 0:
            lines.append(f"B{number},c{number},2024-{month + 1:02}-13,10.00")
    path = folder / "my orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def upload(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Open these orders").click()
    settle(page)


def test_an_uploaded_file_is_opened_and_accounted_for(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/source")
    upload(page, orders_file(tmp_path))
    expect(page.get_by_text("90 orders of 60 customers were kept")).to_be_visible()
