"""Many visitors at once on one server: `python -m benchmarks.load`; `--only crowd` for one part of it, `--all` for all.

Visitors are sessions over a WebSocket (`wire.py`), which cost little beside the server that is measured, and a few real
browsers. All open a file of the same name and other content (`crowd.py`), and whatever any of them is sent is searched
for what belongs to another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from benchmarks import load_report, load_security
from benchmarks.crowd import PAGES, Crowd, Life, live
from benchmarks.load_faults import leavers, slow_readers
from benchmarks.load_floods import floods
from benchmarks.load_stuck import stuck
from benchmarks.load_tests import LONG, TESTS, TRIALS, run_tests
from benchmarks.measure import commit, machine, others_seconds
from benchmarks.report import RESULTS
from benchmarks.served import Served, served

LEVELS = (1, 20, 100)
WHOLE_TOUR = 20  # in a larger crowd each visitor looks at fewer pages: all of a tour is the processor's time
SHORT_TOUR = ("goals",)
PAUSE_SECONDS = 3.0  # a visitor's mean pause between two moves, of 0 to twice as many; only in crowds of WHOLE_TOUR
USUAL = ("crowd", "slow", "floods", "leavers", "stuck", *TRIALS)
TIMED = (
    "slow",
    "floods",
    "leavers",
    "stuck",
    "files",
)  # the crowd looks at each level: a browser's processes count as others
LEAVING_SECONDS = 150.0  # Streamlit keeps a session for 120 s, for those whose line was cut
BACK_TO_MB = 50.0


def crowd(sockets: int, browsers: int) -> dict[str, Any]:
    """Ever more visitors on one server, then none: times, memory, foreign values."""
    with served() as server:
        cold = server.memory()
        asyncio.run(_together(server, 1, 0))  # what is loaded with the first visitor stays, whoever leaves
        start = server.memory()
        levels = [size for size in LEVELS if size < sockets] + [sockets]
        found = {str(size): _level(server, size, 1 + sum(levels[:place])) for place, size in enumerate(levels)}
        said = {"pause": PAUSE_SECONDS, "cold_mb": cold, "start_mb": start, "peak_mb": server.peak, "levels": found}
        if browsers:  # on a server of their own, while those who have left may still come back to this one
            said["browsers"] = _in_browsers(browsers)
        progress("waiting until those who left are let go")
        said["after_mb"] = server.lowest_memory(LEAVING_SECONDS, goal=start + BACK_TO_MB)
    return said


def _in_browsers(windows: int) -> dict[str, Any]:
    from benchmarks.load_browsers import watched_in_browsers

    progress(f"{windows} windows of a browser")
    with served() as server:
        return asyncio.run(watched_in_browsers(server, windows))


def progress(what: str) -> None:
    """Tell who waits at the terminal."""
    print(f"{datetime.now():%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _level(server: Served, size: int, first: int) -> dict[str, Any]:
    progress(f"{size} at once")
    begin, cpu, own = time.perf_counter(), server.cpu_seconds(), time.process_time()
    others = others_seconds()
    lives, failed, memory = asyncio.run(_together(server, size, first))
    seconds = time.perf_counter() - begin
    used = server.cpu_seconds() - cpu
    busy = (others_seconds() - others - used) / seconds
    return {
        "steps": steps(lives),
        "foreign": [f"visitor {life.number}: {what}" for life in lives for what in life.foreign],
        "errors": failed + [f"visitor {life.number}: {what}" for life in lives for what in life.errors],
        "own_not_seen": [life.number for life in lives if not life.is_own_seen],
        "seconds": round(seconds, 1),
        "server_cpu_seconds": round(used, 1),
        "client_cpu_seconds": round(time.process_time() - own, 1),
        "others_cores": round(max(0.0, busy), 2),
        "with_all_mb": memory,
        "threads": server.threads(),
    }


async def _together(server: Served, size: int, first: int) -> tuple[list[Life], list[str], float]:
    """The lives of so many visitors at once; what went wrong with the others; MB while all were there."""
    meet, memory, passed = Crowd(size), 0.0, set[str]()
    pages, pause = (PAGES, PAUSE_SECONDS) if 1 < size <= WHOLE_TOUR else (SHORT_TOUR, 0.0)

    async def meeting(step: str) -> None:
        nonlocal memory
        await meet(step)
        if step not in passed:
            passed.add(step)
            memory = max(memory, server.memory())
            progress(f"{size} at once: {step}")

    async def one(number: int) -> Life:
        try:
            return await live(server.address, number, meeting, pause, pages)
        except BaseException:
            await meet.gone()
            raise

    ended = await asyncio.gather(*map(one, range(first, first + size)), return_exceptions=True)
    return (
        [life for life in ended if isinstance(life, Life)],
        [f"{type(one).__name__}: {one}" for one in ended if isinstance(one, BaseException)],
        memory,
    )


def steps(lives: list[Life]) -> dict[str, dict[str, float]]:
    """By step: median, 95th percentile and longest of all visitors' seconds, median bytes. Moves are one step."""
    kinds = {"moved at once": "move ", "moved with pauses": "calm "}
    names = dict.fromkeys(name for life in lives for name in life.seconds if not name.startswith(tuple(kinds.values())))
    wanted: dict[str, Callable[[str], bool]] = {name: name.__eq__ for name in names}
    wanted |= {kind: partial(_begins, start) for kind, start in kinds.items()}
    found = {}
    for name, is_wanted in wanted.items():
        seconds = sorted(
            one for life in lives for step, taken in life.seconds.items() if is_wanted(step) for one in taken
        )
        sizes = [one for life in lives for step, taken in life.sizes.items() if is_wanted(step) for one in taken]
        if seconds:
            found[name] = {
                "median": round(statistics.median(seconds), 3),
                "p95": round(seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))], 3),
                "most": round(seconds[-1], 3),
                "bytes": statistics.median(sizes),
                "runs": len(seconds),
            }
    return found


def _begins(start: str, step: str) -> bool:
    return step.startswith(start)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--sockets", type=int, default=100, help="the largest crowd of sessions")
    parser.add_argument("--browsers", type=int, default=20, help="how many browser windows at once; 0 for none")
    parser.add_argument("--only", choices=(*USUAL, *LONG, *TESTS), action="append", help="this part; may be repeated")
    parser.add_argument("--all", action="store_true", help="the parts that only count, too: half an hour more")
    parser.add_argument("--write", action="store_true", help="run nothing, put the kept figures into the tables")
    parser.add_argument("--dry", action="store_true", help="print the figures, keep nothing")
    given = parser.parse_args()
    works: dict[str, Callable[[], dict[str, Any]]] = {
        "crowd": lambda: crowd(given.sockets, given.browsers),
        "slow": slow_readers,
        "floods": floods,
        "leavers": leavers,
        "stuck": stuck,
        **TRIALS,
        **LONG,
        **{name: partial(run_tests, name) for name in TESTS},
    }
    usual = () if given.write else (*USUAL, *LONG, *TESTS) if given.all else USUAL
    if given.write:
        write()
    for name in given.only or usual:
        progress(name)
        begin, others = time.perf_counter(), others_seconds()
        about = {"date": date.today().isoformat(), "commit": commit(), "machine": machine()}
        figures = works[name]()
        seconds = time.perf_counter() - begin
        run = about | {"seconds": round(seconds, 1), "figures": figures}
        if name in TIMED:
            run["others_cores"] = round(max(0.0, (others_seconds() - others) / seconds), 2)
        print(load_report.render({name: run}))
        if not given.dry:
            RESULTS.mkdir(exist_ok=True)
            path = RESULTS / f"load_{name}.json"
            path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
            write()


def write() -> None:
    """Put the kept figures into the tables of both pages."""
    load_report.write()
    load_security.write()


if __name__ == "__main__":
    main()
