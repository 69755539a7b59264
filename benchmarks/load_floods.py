"""A stranger who says as much as a line carries, of each kind of message, beside a visitor who moves a setting."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from benchmarks.report import Goal
from benchmarks.served import Served, served
from benchmarks.wire import Visitor, visit

HEAVY_PAGE, LIGHT_PAGE = "churn", "retention"
RATES, MOVES = ("Turned inactive", "Kept"), 20
NAMES, FOREIGN = 400, 20
BEGINS_SECONDS = 60.0
HEALTHY_SECONDS = 0.5
Flood = Callable[[Visitor], Awaitable[None]]


def floods() -> dict[str, Any]:
    """By kind of message: seconds of the healthy visitor's reruns, and the server's memory."""
    with served() as server:
        return {"moves": MOVES, "kinds": asyncio.run(_all_kinds(server))}


async def _all_kinds(server: Served) -> dict[str, dict[str, float]]:
    async with visit(server.address, LIGHT_PAGE) as (healthy, _):
        found = {"none": await _moved(healthy, server)}
        for kind in FLOODS:
            with _flooding(kind, server.address) as has_begun:
                await asyncio.to_thread(has_begun.wait, BEGINS_SECONDS)
                found[kind] = await _moved(healthy, server)
    return found


@contextmanager
def _flooding(kind: str, address: str) -> Iterator[Event]:
    """A process that floods while the block runs; what is given is set when it begins."""
    here = get_context("spawn")
    has_begun = here.Event()
    stranger = here.Process(target=_flood, args=(kind, address, has_begun), daemon=True)
    stranger.start()
    try:
        yield has_begun
    finally:
        stranger.kill()
        stranger.join()


def _flood(kind: str, address: str, has_begun: Event) -> None:
    async def flood() -> None:
        async with visit(address, HEAVY_PAGE) as (stranger, _):
            has_begun.set()
            await FLOODS[kind](stranger)

    asyncio.run(flood())


async def _moved(healthy: Visitor, server: Served) -> dict[str, float]:
    server.peak = 0.0
    seconds = [(await healthy.set("rate", RATES[turn % 2])).seconds for turn in range(MOVES)]
    return {
        "median": round(statistics.median(seconds), 3),
        "most": round(max(seconds), 3),
        "peak_mb": max(server.peak, server.memory()),
    }


def _saying(kind: str, is_read: bool = True) -> Flood:
    """A flood of one message, as fast as the line takes it. `is_read`: what comes back."""

    async def flood(stranger: Visitor) -> None:
        message = BackMsg()
        if kind == "rerun_script":
            message.ParseFromString(stranger.request())
        elif kind == "file_urls_request":
            message.file_urls_request.request_id = "1"
            message.file_urls_request.file_names.extend(["x"] * NAMES)
        else:
            setattr(message, kind, True)
        await _send(stranger, message.SerializeToString(), is_read)

    return flood


async def _send(stranger: Visitor, said: bytes, is_read: bool) -> None:
    reading = asyncio.create_task(_read(stranger)) if is_read else None
    if reading is None:
        stranger.socket.transport.pause_reading()
    try:
        with suppress(ConnectionClosed):
            while True:
                await stranger.socket.send(said)
                await asyncio.sleep(0)
    finally:
        if reading is not None:
            reading.cancel()


async def _read(stranger: Visitor) -> None:
    with suppress(ConnectionClosed):
        async for _ in stranger.socket:
            pass


async def _from_elsewhere(stranger: Visitor) -> None:
    """Pages of another address knock, some at a time."""
    stream = stranger.address.replace("http", "ws", 1) + "/_stcore/stream"

    async def knock() -> None:
        while True:
            with suppress(InvalidStatus):
                async with connect(stream, origin=Origin("https://elsewhere.example"), proxy=None):
                    pass

    await asyncio.gather(*(knock() for _ in range(FOREIGN)))


FLOODS: dict[str, Flood] = {
    "reruns": _saying("rerun_script"),
    "reruns whose answers are not read": _saying("rerun_script", is_read=False),
    "signs of life": _saying("app_heartbeat"),
    "empty all caches": _saying("clear_cache"),
    f"places for {NAMES} files": _saying("file_urls_request"),
    "pages of other addresses": _from_elsewhere,
}


def report(figures: dict[str, Any], head: str) -> Iterator[str]:
    """What the page on load says."""
    words = "; ".join(
        f"{kind} {found['median'] * 1000:,.0f} ms (longest {found['most'] * 1000:,.0f} ms, {found['peak_mb']:,.0f} MB)"
        for kind, found in figures["kinds"].items()
    )
    yield (
        f"### Visitors who say too much\n\n{head} One stranger says as much as the line takes, and one healthy visitor "
        f"moves a setting {figures['moves']} times beside each kind of message: {words}. Figures are medians of the "
        "healthy visitor's reruns; the stranger, in a process of its own, shared the two cores."
    )


def goals(figures: dict[str, Any]) -> Iterator[Goal]:
    most = _slowest(figures)
    yield Goal(
        "a healthy visitor beside one who says too much", f"≤ {HEALTHY_SECONDS * 1000:.0f} ms",
        f"{most * 1000:,.0f} ms", most <= HEALTHY_SECONDS,
    )  # fmt: skip


def measured(figures: dict[str, Any]) -> str:
    """What the table of tests says."""
    kinds, most = figures["kinds"], _slowest(figures)
    longest = max(found["most"] for found in kinds.values())
    verdict = "reached" if most <= HEALTHY_SECONDS else "**missed**"
    return (
        f"Beside each of {len(kinds) - 1} floods of messages a healthy visitor's rerun takes {most * 1000:,.0f} ms at "
        f"most (medians; goal {HEALTHY_SECONDS * 1000:.0f}: {verdict}), the longest {longest:.1f} s."
    )


def _slowest(figures: dict[str, Any]) -> float:
    """The largest median of all floods."""
    return float(max(found["median"] for found in figures["kinds"].values()))
