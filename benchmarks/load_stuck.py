"""One visitor whose query never ends, beside others or leaving: a copy of the app in which one query is endless."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.measure import ROOT
from benchmarks.served import Served, served
from benchmarks.wire import Visitor, WireError, visit

PARTS = ("app.py", ".streamlit", "pages", "retention_core", "sample_data")
PAGE, QUERY = "churn", "wait_curve"
ENDLESS = """-- One row: a count that no computer finishes. n: rows.
select count(*) as n
from range(10000000) as one, range(10000000) as two
where one.range % 7 = two.range % 5 and two.range % 3 = 1
"""
BEGUN, ENDED, CLOSED = "endless query begun", "endless query ended", "cursor of the endless query closed"
TELLING = f"""

import sys

def _telling(query, close):
    asked = set()
    def query_and_tell(self, name, **parameters):
        if name != "{QUERY}":
            return query(self, name, **parameters)
        asked.add(id(self))
        print("{BEGUN}", file=sys.stderr, flush=True)
        try:
            return query(self, name, **parameters)
        finally:
            print("{ENDED}", file=sys.stderr, flush=True)
    def close_and_tell(self):
        close(self)
        if id(self) in asked:
            print("{CLOSED}", file=sys.stderr, flush=True)
    return query_and_tell, close_and_tell

Shop.query, Shop.close = _telling(Shop.query, Shop.close)
"""
BEGINS_SECONDS = 60.0
RATES = ("Turned inactive", "Kept", "Turned inactive")
LIMIT_SECONDS, OTHERS = 10.0, 19
STOPPED = "was stopped"


@contextmanager
def with_an_endless_query(seconds: float) -> Iterator[Served]:
    """A server of the copy, in which a query may take so many seconds; its log says BEGUN, ENDED and CLOSED."""
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        copied = Path(folder)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, copied / part)
        (copied / "retention_core" / "sql" / f"{QUERY}.sql").write_text(ENDLESS, encoding="utf-8")
        with (copied / "retention_core" / "store.py").open("a", encoding="utf-8") as store:
            store.write(TELLING)
        with served({"COMEBACK_QUERY_SECONDS": f"{seconds:.0f}"}, root=copied) as server:
            yield server


def stuck() -> dict[str, Any]:
    """Seconds until the stuck visitor is told, and of the others' reruns meanwhile, with the pauses of people."""
    with with_an_endless_query(LIMIT_SECONDS) as server:
        return asyncio.run(_beside(server))


async def left_behind(server: Served, at_most: float) -> dict[str, Any]:
    """A visitor's line is cut while the endless query runs: seconds until it has ended, and until its cursor is closed.

    None for what did not happen within `at_most` seconds. Raises WireError where the query never began.
    """
    async with visit(server.address, shop=UPLOADED) as (visitor, _):
        await visitor.upload(FILE_NAME, own(1).content)
        await visitor.click("open_orders")
        asking = asyncio.create_task(visitor.go(PAGE))
        if await _seconds_until(server, BEGUN, BEGINS_SECONDS) is None:
            raise WireError("the endless query did not begin")
        await asyncio.sleep(1)
        had_ended = ENDED in server.said()
        await visitor.leave(abruptly=True)
        ended, closed = await asyncio.gather(*(_seconds_until(server, word, at_most) for word in (ENDED, CLOSED)))
        await asyncio.gather(asking, return_exceptions=True)
    return {"had_ended": had_ended, "ended_seconds": ended, "closed_seconds": closed}


async def _seconds_until(server: Served, word: str, at_most: float) -> float | None:
    """Seconds from now until the server's log says so; None where it does not in time."""
    begin = time.monotonic()
    while time.monotonic() < begin + at_most:
        if word in server.said():
            return round(time.monotonic() - begin, 1)
        await asyncio.sleep(0.1)
    return None


async def _beside(server: Served) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        visitors = [
            (await stack.enter_async_context(visit(server.address, shop=UPLOADED)))[0] for _ in range(OTHERS + 1)
        ]
        for number, visitor in enumerate(visitors):  # each with orders, and thus with a cursor, of one's own
            await visitor.upload(FILE_NAME, own(number).content)
            await visitor.click("open_orders")
        ill, *others = visitors
        for other in others:
            await other.go("retention")
        told, *moved = await asyncio.gather(_ask(ill), *map(_moves, others, range(OTHERS)))
    seconds = [one for taken in moved for one in taken]
    return {
        **told,
        "limit_seconds": LIMIT_SECONDS,
        "others": OTHERS,
        "moves": len(seconds),
        "median": round(statistics.median(seconds), 3),
        "most": round(max(seconds), 3),
    }


async def _ask(visitor: Visitor) -> dict[str, Any]:
    """Seconds until the page with the endless query says that it was stopped, and whether that is what it says."""
    seconds = (await visitor.go(PAGE)).seconds
    return {"told_after_seconds": round(seconds, 1), "was_told": any(STOPPED in text for text in visitor.texts())}


async def _moves(visitor: Visitor, number: int) -> list[float]:
    """Seconds of each move while the other's query runs; what a move asks is asked for the first time."""
    chance, taken = Random(number), []
    for move in RATES:
        await asyncio.sleep(chance.uniform(0, LIMIT_SECONDS * 0.9 / len(RATES)))
        taken.append((await visitor.set("rate", move)).seconds)
    return taken
