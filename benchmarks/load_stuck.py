"""One visitor whose query never ends, beside others: a copy of the app in which one query of one page is endless."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.measure import ROOT
from benchmarks.served import Served, served
from benchmarks.wire import Visitor, visit

PARTS = ("app.py", ".streamlit", "pages", "retention_core", "sample_data")
PAGE, QUERY = "churn", "wait_curve"
ENDLESS = """-- One row: a count that no computer finishes. n: rows.
select count(*) as n
from range(10000000) as one, range(10000000) as two
where one.range % 7 = two.range % 5 and two.range % 3 = 1
"""
RATES = ("Turned inactive", "Kept", "Turned inactive")
LIMIT_SECONDS, OTHERS = 10.0, 19
STOPPED = "was stopped"


def stuck() -> dict[str, Any]:
    """Seconds until the stuck visitor is told, and of the others' reruns meanwhile, with the pauses of people."""
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        copied = Path(folder)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, copied / part)
        (copied / "retention_core" / "sql" / f"{QUERY}.sql").write_text(ENDLESS, encoding="utf-8")
        with served({"COMEBACK_QUERY_SECONDS": f"{LIMIT_SECONDS:.0f}"}, root=copied) as server:
            return asyncio.run(_beside(server))


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
