"""Hostile text in a real browser: nothing runs, nothing is asked of another server, nothing becomes a link."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from tests import payloads
from tests.browser.conftest import Visit, pick, settle
from tests.pages.test_payloads import PAGES, check_file

WAYS_OUT = """() => [...document.querySelectorAll('a[href], img[src], iframe, object, embed, form[action], use, image')]
    .map(part => part.href?.baseVal ?? part.href ?? part.src ?? part.action ?? part.tagName)
    .filter(address => !/^(data:|blob:|#|$)/.test(address) && new URL(address, location).origin !== location.origin)"""
# The last words of a page are drawn a moment after its script has ended.
STILL = """() => new Promise(done => {
    let timer = setTimeout(done, 300)
    const again = () => { clearTimeout(timer); timer = setTimeout(done, 300) }
    new MutationObserver(again).observe(document, {subtree: true, childList: true})
})"""
MARKUP = "() => document.querySelectorAll('.katex, .stMarkdownColoredText, .stMarkdownColoredBackground').length"


class Watch:
    """All that a page asks for and opens. `clean` says that nothing of it was the payloads' doing."""

    def __init__(self, visit: Visit, address: str, page: str) -> None:
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.address = address
        self.page = page = visit(f"{address}/{page}", requests=self.requests)
        page.context.on("page", lambda opened: self.dialogs.append(opened.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def clean(self) -> None:
        self.page.evaluate(STILL)
        own = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        assert not [url for url in self.requests if not url.startswith(own)]
        assert not self.dialogs
        assert self.page.evaluate("window.__p") is None
        assert self.page.evaluate(WAYS_OUT) == []
        assert self.page.evaluate(MARKUP) == 0
        expect(self.page.get_by_test_id("stException")).to_have_count(0)


def menu(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    settle(page)


@pytest.fixture
def shop_files(tmp_path: Path) -> list[Path]:
    """The files of a shop under hostile names; its columns are recognised, so that nobody has to be asked."""
    names = payloads.columns()
    head, rest = payloads.orders_file(), payloads.other_files()
    for field, name in names.items():  # the names of columns are tried on the page that asks for them
        head = head.replace(payloads.as_cell(name), field.encode(), 1)
    files = [(f"orders {payloads.FILE_NAME}", head), *rest]
    paths = []
    for name, content in files:
        path = tmp_path / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def compare(page: Page, column: str) -> None:
    pick(page.get_by_role("combobox", name="Compare by"), page.get_by_role("option", name=column, exact=True))
    settle(page)


def hand_in(page: Page, paths: list[Path], button: str) -> None:
    page.locator("input[type=file]").set_input_files(paths)
    opening = page.get_by_role("button", name=button)
    opening.click()
    expect(opening).to_have_count(0)
    settle(page)


def test_a_shop_of_payloads_on_every_page(server: str, visit: Visit, shop_files: list[Path]) -> None:
    watch = Watch(visit, server, "source")
    page = watch.page
    page.locator("input[type=file]").set_input_files(shop_files)
    expect(page.get_by_role("button", name="Open these orders")).to_be_visible()
    settle(page)
    watch.clean()  # what was understood of the files, with five rows of each
    page.get_by_role("button", name="Open these orders").click()
    expect(page.get_by_role("button", name="Open these orders")).to_have_count(0)
    settle(page)
    watch.clean()
    for name in ("Retention", "Churn", "Value", "Goals", "Glossary", "Cohorts"):
        menu(page, name)
        watch.clean()
    page.get_by_test_id("stMain").get_by_role("radio", name="Channel", exact=True).click()
    settle(page)
    expect(page.get_by_test_id("stVegaLiteChart").last).to_contain_text("zq")
    watch.clean()  # names in the legend of a chart
    menu(page, "Overview")
    page.get_by_test_id("stSidebar").get_by_text("Filter by first order").click()
    names = page.get_by_role("option").filter(has_text="zq")
    pick(page.get_by_test_id("stSidebar").get_by_role("combobox", name="Channel"), names.first)
    watch.clean()  # names in an open list
    page.keyboard.press("Escape")
    expect(page.get_by_text("Only customers who first bought through")).to_be_visible()
    settle(page)
    watch.clean()  # names in a sentence, and in the link
    assert "zq" in page.url


def test_contracts_of_payloads(server: str, visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / payloads.FILE_NAME
    path.write_bytes(payloads.contracts_file())
    watch = Watch(visit, server, "source")
    page = watch.page
    hand_in(page, [path], "Open these contracts")
    watch.clean()
    for name in ("Churn", "Value"):
        menu(page, name)
        compare(page, "plan")
        expect(page.get_by_test_id("stTable").first).to_contain_text("zq")
        watch.clean()


def test_a_link_of_payloads(server: str, visit: Visit) -> None:
    settings = urlencode(payloads.hostile_link())
    watch = Watch(visit, server, f"?{settings}")
    watch.clean()
    for path in PAGES[1:]:
        watch.page.goto(f"{server}/{path.rpartition('/')[2]}?{settings}")
        settle(watch.page)
        watch.clean()


def test_what_is_copied_and_taken_along_is_harmless(server: str, visit: Visit, tmp_path: Path) -> None:
    """Tables give nothing to the clipboard; a file lies at an address of its own, and is the safe one."""
    path = tmp_path / "contracts.csv"
    path.write_bytes(payloads.contracts_file(texts=payloads.FORMULAS))
    watch = Watch(visit, server, "source")
    page = watch.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("input[type=file]").set_input_files(path)
    table = page.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    settle(page)
    page.evaluate("navigator.clipboard.writeText('nothing')")
    table.click(position={"x": 60, "y": 50})
    page.keyboard.press("Control+c")
    page.wait_for_timeout(300)
    assert page.evaluate("navigator.clipboard.readText()") == "nothing"
    opening = page.get_by_role("button", name="Open these contracts")
    opening.click()
    expect(opening).to_have_count(0)
    menu(page, "Churn")
    compare(page, "region")
    expect(page.get_by_test_id("stTable").first).to_contain_text("HYPERLINK")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Kept by month (CSV)").click()
    content = Path(taken.value.path()).read_bytes()
    check_file("kept.csv", content)
    assert b"HYPERLINK" in content
    with urlopen(taken.value.url) as answer:
        assert answer.read() == content  # until a minute later: see tests/pages/test_payloads.py
    watch.clean()


def test_a_refusal_quotes_without_harm(server: str, visit: Visit, tmp_path: Path) -> None:
    """A file that asks about columns whose names are payloads, under a name that is one."""
    path = tmp_path / payloads.FILE_NAME
    path.write_bytes(payloads.orders_file())
    watch = Watch(visit, server, "source")
    page = watch.page
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("button", name="Choose other files")).to_be_visible()
    settle(page)
    watch.clean()
    page.get_by_text("Change how the files are read, or what a column means").click()
    watch.clean()
