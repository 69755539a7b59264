"""The same with real browsers: what is on their screens belongs to them."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import time
from typing import Any

from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect

from benchmarks.crowd import FILE_NAME, Own, own
from benchmarks.served import Served

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
MILLISECONDS = 240_000
MARK = re.compile(r"Kanal(\d{4})")
MOVES = 5
FIRST = 200  # beyond the visitors of the crowd, and with revenues below 100,000: cards shorten what is larger


async def watched_in_browsers(server: Served, windows: int) -> dict[str, Any]:
    """So many windows at once. Seconds of a move are those a person sees, on a machine that also runs the browsers."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        return {"missing": "no Chromium is installed"}
    begin = time.perf_counter()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        ended = await asyncio.gather(
            *(_watch(browser, server.address, own(FIRST + number)) for number in range(windows)), return_exceptions=True
        )
        await browser.close()
    seen = [one for one in ended if isinstance(one, tuple)]
    moves = [seconds for taken, _ in seen for seconds in taken]
    return {
        "windows": windows,
        "foreign": [what for _, foreign in seen for what in foreign],
        "errors": [f"{type(one).__name__}: {str(one)[:300]}" for one in ended if isinstance(one, BaseException)],
        "moves": len(moves),
        "median": round(statistics.median(moves), 3) if moves else None,
        "most": round(max(moves), 3) if moves else None,
        "seconds": round(time.perf_counter() - begin, 1),
        "peak_mb": server.peak,
    }


async def _watch(browser: Browser, address: str, mine: Own) -> tuple[list[float], list[str]]:
    """Seconds of each move of the goal's slider, and what was on the screen that is another's."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MILLISECONDS)
    page = await context.new_page()
    foreign, taken = [], []
    await page.goto(f"{address}/?shop=Your+uploaded+orders")
    file: FilePayload = {"name": FILE_NAME, "mimeType": "text/csv", "buffer": mine.content}
    await page.locator("input[type=file]").set_input_files([file])
    await page.get_by_role("button", name="Open these orders").click()
    cards = page.get_by_test_id("stMetricValue")
    await expect(cards.nth(0)).to_be_visible(timeout=MILLISECONDS)
    await _settled(page)
    words = await cards.all_inner_texts()
    for wanted in (f"{mine.customers:,}", f"{mine.revenue:,.0f}"):
        if wanted not in words:
            foreign.append(f"visitor {mine.number}: {wanted} is not among {', '.join(words)}")
    foreign += await _others(page, mine)
    await page.get_by_role("link", name="Goals").click()
    goal = page.get_by_role("slider", name="Goal: so many of them order again in time")
    await goal.wait_for()
    await _settled(page)
    for _ in range(MOVES):
        link, begin = page.url, time.perf_counter()
        await goal.press("ArrowRight")
        await page.wait_for_function("link => window.location.href !== link", arg=link)
        await _settled(page)
        taken.append(time.perf_counter() - begin)
    foreign += await _others(page, mine)
    await context.close()
    return taken, foreign


async def _settled(page: Page) -> None:
    app = page.get_by_test_id("stApp")
    await expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=MILLISECONDS)


async def _others(page: Page, mine: Own) -> list[str]:
    marks = {int(mark) for mark in MARK.findall(await page.content())} - {mine.number}
    return [f"visitor {mine.number}: the mark of visitor {other}" for other in sorted(marks)]
