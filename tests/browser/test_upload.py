"""A shop owner's own file, in the browser: from the desk to its cohorts, back through a link, and gone again."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit, orders_file, settle, upload


def headline(page: Page) -> Locator:
    """The answer of the page."""
    return page.get_by_test_id("stMain").get_by_role("heading", level=2).first


def choose_quarter(page: Page) -> str:
    """Set the cohorts to quarters; the answer that this gives."""
    before = headline(page).inner_text()
    page.get_by_role("radiogroup", name="Cohorts by").get_by_text("Quarter").click()
    page.wait_for_url("**grain=Quarter**")
    expect(headline(page)).not_to_have_text(before)
    settle(page)
    return headline(page).inner_text()


def click_cell(page: Page, label: str) -> None:
    """Click the first cell of the cohort picture whose description holds the label."""
    cell = page.get_by_test_id("stVegaLiteChart").first.locator(f'path[aria-label*="{label}"]').first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_from_a_file_to_the_customers_of_a_cell_and_back_through_the_link(
    server: str, visit: Visit, tmp_path: Path
) -> None:
    file = orders_file(tmp_path)
    page = visit(f"{server}/source")
    upload(page, file)
    expect(page.get_by_text("90 orders of 60 customers were kept")).to_be_visible()

    page.get_by_role("link", name="Cohorts").click()
    expect(page.get_by_role("heading", name="Cohorts", level=1)).to_be_visible()
    settle(page)
    click_cell(page, "First order: Jan 2024")
    expect(page.get_by_role("heading", name="Customers of Jan 2024")).to_contain_text("10")

    seen = choose_quarter(page)
    link = page.url

    again = visit(link)
    expect(again.get_by_text("upload the same file")).to_be_visible()
    expect(again.get_by_test_id("stVegaLiteChart")).to_have_count(0)
    upload(again, file)
    expect(again.get_by_role("heading", name="Cohorts", level=1)).to_be_visible()
    expect(headline(again)).to_have_text(seen)
    assert again.url == link


def test_the_link_of_a_sample_shop_shows_the_same_numbers_to_somebody_else(server: str, visit: Visit) -> None:
    page = visit(f"{server}/cohorts")
    seen = choose_quarter(page)
    expect(headline(visit(page.url))).to_have_text(seen)


def test_questions_block_opening_until_they_are_answered(server: str, visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    rows = "".join(f"A{day},c{day},0{day}/05/2024,10.00\n" for day in range(1, 8))
    file.write_text(f"Order ID,Customer,Date,Amount\n{rows}")
    page = visit(f"{server}/source")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("button", name="Open these orders")).to_be_disabled()
    page.get_by_text("Month first", exact=True).click()
    expect(page.get_by_role("button", name="Open these orders")).to_be_enabled()
    page.get_by_role("button", name="Open these orders").click()
    expect(page.get_by_text("7 orders of 7 customers were kept")).to_be_visible()


def test_a_refused_file_leaves_the_opened_orders_alone(server: str, visit: Visit, tmp_path: Path) -> None:
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 200)
    page = visit(f"{server}/source")
    upload(page, orders_file(tmp_path))
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_role("alert").filter(has_text="picture.csv")).to_contain_text("What to do")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("button", name="Choose other files").click()
    expect(page.get_by_text("90 orders of 60 customers were kept")).to_be_visible()


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many orders that opening them takes several seconds on any machine."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    with path.open("w") as sink:
        sink.write("Order ID,Customer,Date,Amount\n")
        sink.writelines(
            f"A{n},c{n % 99991},2024-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 97}.50\n" for n in range(1_200_000)
        )
    return path


def test_opening_a_large_file_shows_rows_and_can_be_cancelled(server: str, visit: Visit, large_file: Path) -> None:
    page = visit(f"{server}/source")
    page.locator("input[type=file]").set_input_files(large_file)
    page.get_by_role("button", name="Open these orders").click(timeout=60_000)
    expect(page.get_by_text("rows read")).to_be_visible()
    before = page.get_by_text("rows read").inner_text()
    expect(page.get_by_text("rows read")).not_to_have_text(before)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    settle(page)
    expect(page.get_by_role("button", name="Open these orders")).to_be_enabled()
    expect(page.get_by_text("Until then you keep looking at: Sample shop")).to_be_visible()


@pytest.fixture(scope="module")
def large_mixed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders in three currencies, so many that reading and opening them both take more than a moment."""
    path = tmp_path_factory.mktemp("mixed") / "mixed.csv"
    with path.open("w") as sink:
        sink.write("Order ID,Customer,Date,Amount,Currency\n")
        sink.writelines(
            f"A{n},c{n % 9991},2024-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 97}.50,{('EUR', 'USD', 'GBP')[n % 3]}\n"
            for n in range(600_000)
        )
    return path


def test_a_large_file_in_three_currencies_opens_once_one_is_chosen(
    server: str, visit: Visit, large_mixed_file: Path
) -> None:
    page = visit(f"{server}/source")
    page.locator("input[type=file]").set_input_files(large_mixed_file)
    opening = page.get_by_role("button", name="Open these orders")
    opening.click(timeout=60_000)
    expect(page.get_by_text("Which currency should be counted?").first).to_be_visible(timeout=60_000)
    settle(page)
    page.get_by_role("radiogroup").get_by_text("GBP", exact=True).click()
    expect(page.get_by_text("1 USD in GBP")).to_be_visible()
    settle(page)
    opening.click()
    expect(page.get_by_text("200,000 orders of 9,991 customers were kept")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_deleted_data_is_gone(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/source")
    upload(page, orders_file(tmp_path))
    page.get_by_role("button", name="Delete my data").click()
    expect(page.get_by_text("Your orders were deleted from this app's memory")).to_be_visible()
    expect(page.get_by_text("No orders are open yet")).to_be_visible()
    page.get_by_role("link", name="Cohorts").click()
    expect(page.get_by_text("upload the same file")).to_be_visible()
    page.get_by_role("link", name="Orders").click()
    page.get_by_role("button", name="Look at the sample shop").click()
    expect(page.get_by_text("sample data of an invented shop")).to_be_visible()
    expect(page).not_to_have_url(re.compile("uploaded"))


def test_downloads_open_in_a_spreadsheet_without_running_anything(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/source")
    upload(page, orders_file(tmp_path, "=1+1.csv"))
    with page.expect_download() as arriving:
        page.get_by_role("button", name="The ledger (CSV)").click()
    with Path(arriving.value.path()).open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.reader(text))
    assert rows[1][:4] == ["'=1+1.csv", "Counted", "Kept", "90"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    with page.expect_download() as arriving:
        page.get_by_role("button", name="The ledger (XLSX)").click()
    with zipfile.ZipFile(io.BytesIO(Path(arriving.value.path()).read_bytes())) as book:
        sheet, strings = book.read("xl/worksheets/sheet1.xml"), book.read("xl/sharedStrings.xml")
    assert b"<f>" not in sheet and b"'=1+1.csv" in strings


def test_orders_come_back_after_the_connection_was_lost(server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{server}/source")
    page.add_init_script(
        "window.sockets = []; window.WebSocket = class extends WebSocket {"
        " constructor(...told) { super(...told); window.sockets.push(this) } }"
    )
    page.reload()
    settle(page)
    upload(page, orders_file(tmp_path))
    before = page.evaluate("sockets.length")
    page.evaluate("sockets.at(-1).close()")
    page.wait_for_function(f"sockets.length > {before} && sockets.at(-1).readyState === WebSocket.OPEN")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("link", name="Orders").click()
    expect(page.get_by_text("90 orders of 60 customers were kept")).to_be_visible()
