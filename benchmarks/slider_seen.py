"""From the key that moves a slider to the picture that is seen to change: the Goals page beside a bare Streamlit page.

One Chromium holds both pages, and their sliders are moved by turns, so that both meet the same machine. The clock runs
in the page: from the key to the first frame after the text, and after the drawing of the watched chart, has changed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

BARE = Path(__file__).with_name("bare_page.py")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
WARM_UP, PATIENCE, REST = 3, 900, 0.4  # moves that do not count; seconds to start and open; seconds between moves
KEYS = ("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight")  # so that a slider never comes to its end
# Notes when something of the text, and something in the drawing of one chart, is changed, at the frame that shows it.
WATCH = """({text, chart}) => {
  const seen = (what) => {
    if (window.moved && !(what in window.moved)) {
      window.moved[what] = 0;
      const begin = window.begin;
      requestAnimationFrame(() => { window.moved[what] = performance.now() - begin; });
    }
  };
  const drawn = () => document.querySelectorAll('[data-testid=stVegaLiteChart]')[chart];
  window.addEventListener('keydown', () => { window.begin = performance.now(); window.moved = {}; }, true);
  new MutationObserver((changes) => {
    for (const change of changes) {
      const at = change.target.nodeType === 1 ? change.target : change.target.parentElement;
      if (!at) continue;
      if (drawn()?.contains(at) && (at.closest('svg') || at.querySelector('svg'))) seen('picture');
      else if (at.closest(text)) seen('text');
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true,
                             attributeFilter: ['d', 'transform', 'aria-label', 'x', 'y', 'height', 'width']});
}"""


@dataclass
class Watched:
    """A slider of an open page. `text`, `picture`: milliseconds of each move until they are seen to change."""

    page: Page
    slider: str
    text: list[float] = field(default_factory=list)
    picture: list[float] = field(default_factory=list)

    def move(self, key: str) -> None:
        """Press a key on the slider and wait until all that follows from it has been seen."""
        self.page.get_by_role("slider", name=self.slider).press(key)
        self.page.wait_for_function("() => window.moved && window.moved.text > 0 && window.moved.picture > 0")
        found = self.page.evaluate("() => window.moved")
        self.text.append(round(found["text"], 1))
        self.picture.append(round(found["picture"], 1))
        self.page.wait_for_function("() => document.querySelector('[data-test-script-state=notRunning]')")
        time.sleep(REST)


@contextmanager
def served(script: Path, *files: Path) -> Iterator[str]:
    """The address of `streamlit run`, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true", *(["--", *map(str, files)] if files else [])]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, **quiet)  # type: ignore[call-overload]
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health")
        with suppress(urllib.error.HTTPError):
            _wait_for(f"{address}/_stcore/script-health-check")
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
            return
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def seen(log_file: Path | None, moves: int) -> dict[str, dict[str, list[float]]]:
    """By slider (bare, goal, lever): milliseconds until its text and its picture are seen to change, move by move.

    Empty where there is no Chromium. Raises Playwright's TimeoutError where nothing changes.
    """
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        return {}
    files = [log_file] if log_file else []
    with served(BARE) as bare, served(ROOT / "app.py", *files) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])

        def opened(address: str, text: str, chart: int) -> Page:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(address)
            page.get_by_role("slider").first.wait_for()
            page.wait_for_function("() => document.querySelector('[data-test-script-state=notRunning]')")
            page.locator("[data-testid=stVegaLiteChart] svg").nth(chart).wait_for()
            page.evaluate(WATCH, {"text": text, "chart": chart})
            return page

        goals = opened(f"{app}/goals", "h2, [data-testid=stAlert]", 1)
        found = {
            "bare": Watched(opened(bare, "[data-testid=stMarkdown]", 0), "Share"),
            "goal": Watched(goals, "Goal: so many of them order again in time"),
            "lever": Watched(goals, "Welcome and thank-you after the first order"),
        }
        for number in range(WARM_UP + moves):
            for watched in found.values():
                watched.move(KEYS[number % len(KEYS)])
        browser.close()
    return {name: _samples(watched) for name, watched in found.items()}


def _samples(watched: Watched) -> dict[str, list[Any]]:
    return {"text": watched.text[WARM_UP:], "picture": watched.picture[WARM_UP:]}
