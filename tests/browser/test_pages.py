"""Every page on every screen: nothing runs off it or fails, nothing is fetched from elsewhere, all can be read."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Theme, Visit, settle, started

PAGES = {
    "": "Overview",
    "retention": "Retention",
    "cohorts": "Cohorts",
    "source": "Orders",
    "glossary?entry=Churn+rate": "Glossary",
}
# What Streamlit and Vega themselves draw wrong: the rule, and the only elements that may break it.
KNOWN = {
    "list": '[data-testid="stSidebarNav"] ul',
    "listitem": '[data-testid="stSidebarNav"] li',
    "svg-img-alt": 'g.role-mark[aria-roledescription$="mark container"]',
    # A wide st.table scrolls in a box that the keyboard cannot reach.
    "scrollable-region-focusable": ':has(> [data-testid="stTable"]), :has(> table)',
    # Tags are white on the primary colour, which must also be read as text on the dark page: no colour can do both.
    "color-contrast": '[data-testid="stMultiSelect"] span[title]',
}


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")], ids=["desk, light", "phone, dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_its_screen_and_can_be_used_by_everybody(
    server: str, visit: Visit, path: str, width: int, theme: Theme
) -> None:
    requests: list[str] = []
    page = visit(f"{server}/{path}", width, theme, requests)
    main = page.get_by_test_id("stMain")
    expect(page.get_by_role("heading", name=PAGES[path], level=1)).to_be_visible()
    sentence = main.get_by_role("heading", level=2).first
    expect(sentence).to_be_in_viewport()
    assert len(sentence.inner_text()) > 20
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("svg").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    hosts = {urlparse(url).netloc for url in requests if urlparse(url).scheme not in ("data", "blob")}
    assert hosts == {urlparse(server).netloc}
    assert not list(violations(page))


def violations(page: Page) -> Iterator[str]:
    """Serious and critical findings of axe, without those of `KNOWN`."""
    for found in Axe().run(page).response["violations"]:
        if found["impact"] not in ("serious", "critical"):
            continue
        for node in found["nodes"]:
            known = KNOWN.get(found["id"])
            if known is None or not page.locator(node["target"][0]).first.evaluate(f"e => e.matches('{known}')"):
                yield f"{found['id']}: {node['html'][:200]}"


@pytest.fixture
def fresh_server() -> Iterator[str]:
    with started() as address:
        yield address


def test_the_first_visitor_of_a_server_may_come_through_a_deep_link(fresh_server: str, visit: Visit) -> None:
    page = visit(f"{fresh_server}/cohorts?grain=Quarter&shop=Sample+shop%3A+gifts")
    expect(page.get_by_role("heading", name="Cohorts", level=1)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Orders")).to_have_value("Sample shop: gifts")
    expect(page.get_by_role("radio", name="Quarter")).to_be_checked()
    assert "grain=Quarter" in page.url


@pytest.mark.parametrize(
    ("path", "button", "setting"),
    [("retention", "More settings", "Active means ordered within"), ("value", "Set your margin", "Margin")],
)
def test_what_is_seldom_set_waits_behind_a_button_and_leaves_room_for_the_picture(
    server: str, visit: Visit, path: str, button: str, setting: str
) -> None:
    page = visit(f"{server}/{path}", 390)
    label = page.get_by_text(setting, exact=True)
    expect(label).not_to_be_visible()
    page.get_by_role("button", name=button).click()
    expect(label).to_be_visible()


def test_the_main_controls_work_from_the_keyboard(server: str, visit: Visit) -> None:
    page = visit(f"{server}/glossary")
    page.get_by_role("combobox", name="Look up").focus()
    page.keyboard.type("churn")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Churn rate", level=3)).to_be_visible()
    page.wait_for_url("**entry=Churn**")

    page = visit(f"{server}/source")
    tab_to(page, "Upload")

    page = visit(f"{server}/cohorts")
    tab_to(page, "Month")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_url("**grain=Quarter**")
    settle(page)


def tab_to(page: Page, name: str, presses: int = 60) -> None:
    """Press Tab until the focus is on the control of that name."""
    expect(page.get_by_test_id("stMain").get_by_text(name, exact=True).first).to_be_visible()
    for _ in range(presses):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")
            .strip()
            .endswith(name)
        ):
            return
    pytest.fail(f"{name} cannot be reached with the Tab key")
