"""The load benchmark in small: three visitors with files of one name, and what they would notice. Nothing is timed."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks import crowd, load, load_faults, load_report, load_security, load_stuck, load_tests
from benchmarks.crowd import FILE_NAME, UPLOADED, Crowd, Life, live, own
from benchmarks.measure import ROOT
from benchmarks.report import README
from benchmarks.served import Served, served
from benchmarks.wire import WireError, visit

VISITORS = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def lives(server: Served) -> list[Life]:
    async def together() -> list[Life]:
        meet = Crowd(VISITORS)
        return await asyncio.gather(
            *(live(server.address, number, meet, pages=("retention", "goals")) for number in range(VISITORS))
        )

    return asyncio.run(together())


def test_nobody_sees_what_is_anothers(lives: list[Life]) -> None:
    assert [(life.foreign, life.errors, life.is_own_seen) for life in lives] == [([], [], True)] * VISITORS
    assert all(len({life.said[step] for life in lives}) == VISITORS for step in ("open", "retention", "goals"))


def test_a_visitor_alone_sees_the_same_as_among_others(lives: list[Life], server: Served) -> None:
    alone = asyncio.run(live(server.address, 1, pages=("retention", "goals")))
    assert alone.said == lives[1].said


def test_each_move_changes_what_the_page_says(lives: list[Life]) -> None:
    moves = [lives[0].said[f"move {place}"] for place in range(len(crowd.MOVES))]
    assert len({lives[0].said["goals"], *moves}) == 1 + len(moves)


def test_a_wrong_number_and_a_foreign_mark_are_noticed(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content of visitor 8 under the number of visitor 7: what a shared cache would show."""
    mixed = replace(own(7), content=own(8).content)
    monkeypatch.setattr(crowd, "own", lambda _: mixed)
    life = asyncio.run(live(server.address, 7, pages=("goals",)))
    assert not life.is_own_seen
    assert "the mark of visitor 8" in life.foreign
    assert any(what.startswith("Customers: 408 in place of 407") for what in life.foreign)


def test_who_leaves_in_the_middle_of_opening_leaves_no_file(server: Served) -> None:
    before = set(server.files())

    async def leave() -> None:
        async with visit(server.address, shop=UPLOADED) as (visitor, _):
            await visitor.upload(FILE_NAME, own(1).content)
            await visitor.press("open_orders")
            await visitor.leave(abruptly=True)
        for _ in range(300):
            if set(server.files()) == before:
                return
            await asyncio.sleep(0.1)

    asyncio.run(leave())
    assert set(server.files()) == before


def test_who_leaves_in_the_middle_of_a_query_leaves_no_query_and_no_cursor() -> None:
    """In a copy of the app whose query would go on for as long as is waited, and far longer."""
    with load_stuck.with_an_endless_query(load_faults.QUERY_SECONDS) as server:
        found = asyncio.run(load_stuck.left_behind(server, load_faults.QUERY_SECONDS / 3))
    assert not found["had_ended"]
    assert found["ended_seconds"] is not None and found["closed_seconds"] is not None


def test_a_crowd_does_not_wait_for_who_is_gone() -> None:
    async def meet() -> list[str]:
        crowd, passed = Crowd(3), list[str]()

        async def come(name: str) -> None:
            await crowd("first")
            passed.append(name)

        ann, bob = asyncio.create_task(come("ann")), asyncio.create_task(come("bob"))
        await asyncio.sleep(0)
        assert not passed
        await crowd.gone()
        await asyncio.wait_for(asyncio.gather(ann, bob), 10)
        return passed

    assert sorted(asyncio.run(meet())) == ["ann", "bob"]


def test_a_link_opens_its_page_with_its_settings(server: Served) -> None:
    async def look() -> tuple[str, list[str]]:
        async with visit(server.address, "retention", rate="Turned inactive") as (visitor, _):
            with pytest.raises(WireError, match="no widget 'nonsense'"):
                await visitor.set("nonsense", 1)
            return visitor.texts()[0], visitor.link["rate"]

    assert asyncio.run(look()) == ("Retention", ["Turned inactive"])


def test_files_of_visitors_differ_in_what_is_checked() -> None:
    several = [own(number) for number in range(30)]
    assert len({one.customers for one in several}) == len({round(one.revenue) for one in several}) == 30
    assert own(3).content.count(b"Kanal0003") > 100 and b"Kanal0004" not in own(3).content


def test_the_report_names_what_was_missed(lives: list[Life]) -> None:
    figures = {
        "cold_mb": 200.0, "start_mb": 300.0, "peak_mb": 1500.0, "after_mb": 320.0,
        "levels": {"20": {"steps": load.steps(lives), "foreign": ["visitor 1: x"], "errors": [], "with_all_mb": 900.0,
                          "server_cpu_seconds": 1.0, "client_cpu_seconds": 1.0, "others_cores": 0.0}},
    }  # fmt: skip
    run = {"date": "2026-01-01", "commit": "abc", "machine": {"processor": "x", "cores": 2}, "figures": figures}
    said = load_report.render({"crowd": json.loads(json.dumps(run))})
    assert "Missed: foreign values (1, goal 0); " in said
    assert "at the peak, with those kept who had just left (1,500 MB, goal ≤ 1 GB)" in said
    assert "| memory with 20 sessions | ≤ 1 GB | 900 MB | reached |" in said
    row = load_security.render({"crowd": run | {"figures": figures | {"browsers": {
        "windows": 20, "foreign": [], "errors": [], "moves": 100, "median": 0.727, "most": 13.9}}}})  # fmt: skip
    assert "median of a move 727 ms (goal 300: **missed**), longest 13.9 s" in row
    assert "with 20 sessions 900 MB (goal 1,024: reached), at the peak, with those kept who had just left, 1,500" in row
    assert "1,500 MB (goal 1,024: **missed**), after all had left 320 MB (goal 350: reached)" in row
    assert re.search(r"20 sessions: .* when all move at once [\d,]+ ms \(goal 300: ", row)
    assert "5,000 names, 5,250 values: 1 wrong counts, 0 errors." in load_security.render({"names": run | {"figures": {
        "names": 5000, "values": 5250, "wrong": ["x"], "errors": []}}})  # fmt: skip


def test_tests_that_did_not_pass_are_told() -> None:
    run = {"date": "2026-01-01", "commit": "abc", "figures": {"tests": [], "passed": 7, "failed": 1, "skipped": 2}}
    assert "7 passed, **1 failed**, **2 skipped**. (2026-01-01, abc)" in load_security.render({"links": run})


def test_the_table_of_tests_names_files_that_are_there_and_says_what_was_not_run() -> None:
    said = load_security.render({})
    rows = [line for line in said.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == 13 and "`crowd`: not run." in rows[2]
    named = re.findall(r"tests/[\w/]+\.py", said)
    assert len(named) >= 15 and all((ROOT / name).is_file() for name in named)
    parts = re.findall(r"--only (\w+)", said)
    assert (
        set(parts)
        == {part for *_, parts in load_security.ROWS for part in parts}
        == {
            *load.USUAL,
            *load_tests.LONG,
            *load_tests.TESTS,
        }
    )


def test_the_kept_figures_are_those_that_are_shown() -> None:
    """Whoever changes a table, or adds to what it counts, writes it again: `python -m benchmarks.load --write`."""
    runs = load_report.kept_runs()
    shown = {load_security.SECURITY: load_security.render(runs), README: load_report.render(runs)}
    assert all(tables in path.read_text(encoding="utf-8") for path, tables in shown.items())
