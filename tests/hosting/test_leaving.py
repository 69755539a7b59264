"""Whoever has left a hosted server holds none of its memory, though nobody else comes: the server tells what it holds.

It searches for no garbage itself when it is asked, so that what is told is what the app has let go.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.served import START_SECONDS
from benchmarks.wire import visit
from tests.conftest import ROOT
from tests.hosting.serving import environment, free_port

VISITORS = 3
AT_MOST_SECONDS = 90

# The hosted app, with shorter times for who has left, and a line about what it holds for each line it is sent.
TELLING = """
import gc, json, sys, threading
asked = {}
def hear(event, given):
    if event == "ctypes.dlsym" and given[1] in ("mallopt", "malloc_trim"):
        asked.setdefault(given[1], set()).add(threading.current_thread().name)
sys.addaudithook(hear)

import uvicorn
from streamlit import config, runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunContext
from pages.shared import leaving, server
from pages.shared.handed_in import Upload
from retention_core.goals.baseline import Baseline
from retention_core.store import Shop

def tell():
    for _ in sys.stdin:
        found = [each for each in gc.get_objects() if isinstance(each, KINDS)]
        of = lambda kind: [each for each in found if isinstance(each, kind)]
        print(json.dumps({
            "sessions": len(runtime.get_instance()._session_mgr.list_sessions()),
            "uploads": len(of(Upload)),
            "shops": len([shop for shop in of(Shop) if "csv.gz" not in shop.loaded.parts[0].name]),
            "baselines": len(of(Baseline)),
            "runs": len(of(ScriptRunContext)),
            "state": sum(len(each.session_state.filtered_state) for each in of(AppSession)),
            "asked": {name: sorted(threads) for name, threads in asked.items()},
            "watching": len([each for each in threading.enumerate() if each.name == "comeback-leaving"]),
        }), flush=True)
        del found  # else it would hold what it has seen until it is asked again

KINDS = (AppSession, ScriptRunContext, Upload, Baseline, Shop)
config.set_option("server.disconnectedSessionTTL", 1)
leaving.EVERY_SECONDS = 0.5
threading.Thread(target=tell, daemon=True).start()
uvicorn.run(server.app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
"""
NOTHING = {"sessions": 0, "uploads": 0, "shops": 0, "baselines": 0, "runs": 0, "state": 0}


class Told:
    """A server that tells what it holds."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.address = process, f"http://127.0.0.1:{port}"

    def now(self) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while not (line := self.process.stdout.readline()).startswith("{"):
            assert line, "the server has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def after_all_left(self) -> dict[str, Any]:
        """What is told once nothing is held, or at last."""
        until = time.monotonic() + AT_MOST_SECONDS
        while (
            not ((told := self.now()).items() >= NOTHING.items() and "malloc_trim" in told["asked"])
            and time.monotonic() < until
        ):
            time.sleep(0.3)
        return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    port = free_port()
    settings = environment(TMPDIR=str(tmp_path_factory.mktemp("leaving")))
    with (Path(settings["TMPDIR"]) / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", TELLING, str(port)],
            cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            told = Told(process, port)
            _wait_for(told)
            yield told
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(told: Told) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            urlopen(f"{told.address}/readyz", timeout=START_SECONDS).close()
            return
        except URLError:
            assert told.process.poll() is None, "the server has ended"
            time.sleep(0.2)


def test_a_hosted_server_watches_from_its_start_on(told: Told) -> None:
    assert told.now()["watching"] == 1


def test_who_has_left_holds_no_memory_though_nobody_else_comes(told: Told) -> None:
    held: list[dict[str, Any]] = []

    async def look(number: int, together: asyncio.Barrier) -> None:
        async with visit(told.address, shop=UPLOADED) as (visitor, _):
            await visitor.upload(FILE_NAME, own(number).content)
            await visitor.click("open_orders")
            await visitor.go("goals")
            assert not visitor.errors()
            await together.wait()
            if not held:
                held.append(told.now())  # nobody can leave meanwhile: this waits for the answer

    async def crowd() -> None:
        together = asyncio.Barrier(VISITORS)
        await asyncio.gather(*(look(number, together) for number in range(VISITORS)))

    asyncio.run(crowd())
    (then,) = held
    assert then["sessions"] == then["shops"] == then["uploads"] == VISITORS
    assert then["baselines"] >= VISITORS and then["state"]

    after = told.after_all_left()
    assert {name: after[name] for name in NOTHING} == NOTHING
    # In which threads the functions of the C library were asked for: no script waits for memory to be given back.
    assert after["asked"] == {"mallopt": ["MainThread"], "malloc_trim": ["comeback-leaving"]}
