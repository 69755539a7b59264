"""Visitors that harm: who asks for much and never reads, who leaves in the middle."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import SplitResult, urlsplit

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.load_stuck import left_behind, with_an_endless_query
from benchmarks.served import Served, served
from benchmarks.wire import Visitor, WireError, visit

SLOW, ASKS, MOVES = 10, 60, 20
HEAVY_PAGE, LIGHT_PAGE = "churn", "retention"
FILE_PAGE, FILE_BUTTON = "value", "download_value_by_cohort_csv"
RATES = ("Turned inactive", "Kept")
BACK_SECONDS = 15.0
CUT, LARGE_ORDERS = 3, 300_000
GONE_SECONDS = 130.0
QUERY_SECONDS = 300.0  # so long that it is not this limit that ends the query of whoever has left


def slow_readers() -> dict[str, Any]:
    """Ten ask for the heaviest page, or for a file, again and again and read nothing; meanwhile one moves a setting."""
    with served() as server:
        found = asyncio.run(_slow(server))
    with served() as server:
        return found | {"downloads": asyncio.run(_slow_downloads(server))}


async def _slow(server: Served) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        healthy = (await stack.enter_async_context(visit(server.address, LIGHT_PAGE)))[0]
        before = statistics.median(await _moves(healthy))
        deaf = [(await stack.enter_async_context(visit(server.address, HEAVY_PAGE)))[0] for _ in range(SLOW)]
        start, server.peak = server.memory(), 0.0
        for one in deaf:
            one.socket.transport.pause_reading()
        for _ in range(ASKS):
            for one in deaf:
                await one.socket.send(one.request())
            await asyncio.sleep(0.05)
        meanwhile = await _moves(healthy)
        for one in deaf:
            await one.leave(abruptly=True)
        least = await asyncio.to_thread(server.lowest_memory, BACK_SECONDS, start)
    return {
        "slow": SLOW,
        "asked": ASKS,
        "alone_median": round(before, 3),
        "median": round(statistics.median(meanwhile), 3),
        "most": round(max(meanwhile), 3),
        "start_mb": start,
        "peak_mb": max(server.peak, start),
        "after_mb": least,
    }


async def _slow_downloads(server: Served) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        healthy = (await stack.enter_async_context(visit(server.address, LIGHT_PAGE)))[0]
        await _moves(healthy)
        maker = (await stack.enter_async_context(visit(server.address, FILE_PAGE)))[0]
        url = urlsplit(await maker.download(FILE_BUTTON))
        start, server.peak = server.memory(), 0.0
        deaf = [await _ask_for(url) for _ in range(SLOW)]
        meanwhile = await _moves(healthy)
        for line in deaf:
            line.transport.abort()
        least = await asyncio.to_thread(server.lowest_memory, BACK_SECONDS, start)
    return {
        "median": round(statistics.median(meanwhile), 3),
        "most": round(max(meanwhile), 3),
        "start_mb": start,
        "peak_mb": max(server.peak, start),
        "after_mb": least,
    }


async def _ask_for(url: SplitResult) -> asyncio.StreamWriter:
    """A line on which the file was asked for again and again; only how the first answer begins is read."""
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1024)
    writer.write(f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode() * ASKS)
    if not (begin := await reader.readexactly(12)).endswith(b" 200"):
        raise WireError(f"the file did not come: {begin!r}")
    return writer


async def _moves(visitor: Visitor) -> list[float]:
    return [(await visitor.set("rate", RATES[turn % 2])).seconds for turn in range(MOVES)]


def leavers() -> dict[str, Any]:
    """Visitors whose line is cut while their large file is being opened, and one in a query: what is left, how long."""
    with served() as server:
        found = asyncio.run(_leave(server))
    with with_an_endless_query(QUERY_SECONDS) as server:
        return found | {"query": asyncio.run(left_behind(server, GONE_SECONDS))}


async def _leave(server: Served) -> dict[str, Any]:
    large = own(1).content
    head, _, rows = large.partition(b"\n")
    body = rows.splitlines()
    many = b"\n".join([head, *(b"%d-%s" % (turn, row) for turn in range(LARGE_ORDERS // len(body)) for row in body)])
    most, before = 0, set(server.files())
    for turn in range(CUT):
        async with visit(server.address, shop=UPLOADED) as (visitor, _):
            await visitor.upload(FILE_NAME, many)
            await visitor.press("open_orders")
            await asyncio.sleep(0.3 * (turn + 1))
            most = max(most, len(set(server.files()) - before))
            await visitor.leave(abruptly=True)
    begin = time.monotonic()
    while set(server.files()) - before and time.monotonic() < begin + GONE_SECONDS:
        await asyncio.sleep(0.2)
    return {
        "cut": CUT,
        "orders": LARGE_ORDERS,
        "files_meanwhile": most,
        "files_left": len(set(server.files()) - before),
        "files_gone_seconds": round(time.monotonic() - begin, 1),
    }
