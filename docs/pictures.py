"""Takes the pictures of the README, and keeps the report of the sample shop, from the running app: `make pictures`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal, TypeAlias

from playwright.sync_api import Browser, Page, sync_playwright

Scheme: TypeAlias = Literal["light", "dark"]

FOLDER = Path(__file__).parent / "pictures"
# name of the picture, page, width, colour scheme
PICTURES: tuple[tuple[str, str, int, Scheme], ...] = (
    ("overview", "", 1280, "light"),
    ("retention", "retention", 1280, "light"),
    ("cohorts", "cohorts", 1280, "light"),
    ("churn", "churn", 1280, "light"),
    ("value", "value", 1280, "light"),
    ("goals", "goals", 1280, "light"),
    ("source", "source", 1280, "light"),
    ("glossary", "glossary", 1280, "light"),
    ("cohorts-phone", "cohorts", 390, "light"),
    ("goals-phone", "goals", 390, "light"),
    ("retention-dark", "retention", 1280, "dark"),
    ("goals-dark", "goals", 1280, "dark"),
)
TALLEST = 1500
REPORT = Path(__file__).parent / "report"
# The kept report as a picture: its name, width, colour scheme.
SIZES: tuple[tuple[str, int, Scheme], ...] = (("overview", 1280, "light"), ("overview-phone", 390, "dark"))


def wait(view: Page) -> None:
    """Until the page is whole: its script has run through."""
    view.get_by_role("heading", level=1).wait_for()
    view.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def take(browser: Browser, address: str, name: str, page: str, width: int, scheme: Scheme) -> None:
    view = browser.new_page(viewport={"width": width, "height": TALLEST}, color_scheme=scheme)
    view.goto(f"{address}/{page}")
    wait(view)
    view.wait_for_timeout(2000)  # charts grow into their place
    content = view.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    view.set_viewport_size({"width": width, "height": min(int(content), TALLEST)})
    view.wait_for_timeout(1000)
    view.screenshot(path=FOLDER / f"{name}.png")
    view.close()


def keep_report(browser: Browser, address: str) -> None:
    """The report of the overview, made by the app as for anybody, and how it looks opened from disk."""
    view = browser.new_page(viewport={"width": 1280, "height": TALLEST})
    view.goto(address)
    wait(view)
    view.get_by_test_id("stSidebar").get_by_role("button", name="Share").click()
    with view.expect_download() as made:
        view.get_by_role("dialog").get_by_role("button", name="Report (HTML)").click()
    made.value.save_as(REPORT / "overview.html")
    view.close()
    for name, width, scheme in SIZES:
        view = browser.new_page(viewport={"width": width, "height": TALLEST}, color_scheme=scheme)
        view.goto((REPORT / "overview.html").as_uri())
        view.screenshot(path=REPORT / f"{name}.png")
        view.close()


if __name__ == "__main__":
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    FOLDER.mkdir(exist_ok=True)
    REPORT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        address = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8501"
        keep_report(browser, address)
        for picture in PICTURES:
            take(browser, address, *picture)
        browser.close()
