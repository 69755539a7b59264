"""Turns the last run of each part of the load benchmark into the Markdown of `README.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.report import QUIET_CORES, README, RESULTS, Goal, between, judged, table

BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"
AT_TWENTY, RERUN_SECONDS, PEAK_MB, BACK_MB, HEALTHY_SECONDS = "20", 0.3, 1024, 50, 0.5
MOVED = ("moved with pauses", "moved at once")


def write() -> None:
    """Put the tables of all kept runs into the README."""
    runs = {path.stem.removeprefix("load_"): json.loads(path.read_text()) for path in RESULTS.glob("load_*.json")}
    README.write_text(between(README.read_text(encoding="utf-8"), BEGIN, END, render(runs)), encoding="utf-8")


def render(runs: Mapping[str, dict[str, Any]]) -> str:
    """The tables of these runs, and the goals they speak about."""
    parts = [part for name, run in runs.items() if name in SAID for part in SAID[name](run["figures"], _head(run))]
    tests = {name: run for name, run in runs.items() if name not in SAID}
    if tests:
        parts.append(_tests(tests))
    goals = [goal for name, run in runs.items() if name in GOALS for goal in GOALS[name](run["figures"])]
    return "\n\n".join([*parts, *([judged(goals)] if goals else [])])


def _head(run: dict[str, Any]) -> str:
    hardware = run["machine"]
    return f"{run['date']}, commit {run['commit']}; {hardware['processor']}, {hardware['cores']} cores."


def _crowd(figures: dict[str, Any], head: str) -> Iterator[str]:
    levels = figures["levels"]
    busy = max(level["others_cores"] for level in levels.values())
    noisy = f" **Other processes kept up to {busy} cores busy: not a quiet machine.**" if busy > QUIET_CORES else ""
    yield (
        f"### Visitors at once\n\n{head}{noisy} The server holds {figures['start_mb']:,.0f} MB once a first visitor "
        f"has come and gone, {figures['peak_mb']:,.0f} MB at its peak, {figures['after_mb']:,.0f} MB after all left."
    )
    steps = dict.fromkeys(step for level in levels.values() for step in level["steps"])
    rows = [
        (step, *(_times(level["steps"].get(step)) for level in levels.values()), _size(levels, step)) for step in steps
    ]
    yield table(("s: median (95 of 100)", *(f"{size} at once" for size in levels), "kB"), rows)
    counted: list[tuple[str, list[Any]]] = [
        ("foreign or wrong values", [len(level["foreign"]) for level in levels.values()]),
        ("errors", [len(level["errors"]) for level in levels.values()]),
        ("MB with all of them", [f"{level['with_all_mb']:,.0f}" for level in levels.values()]),
        ("CPU s of the server", [f"{level['server_cpu_seconds']:,.0f}" for level in levels.values()]),
        ("CPU s of the visitors", [f"{level['client_cpu_seconds']:,.0f}" for level in levels.values()]),
    ]
    yield table(("", *(f"{size} at once" for size in levels)), [(name, *map(str, values)) for name, values in counted])
    if seen := figures.get("browsers"):
        yield _browsers(seen)


def _browsers(seen: dict[str, Any]) -> str:
    if "missing" in seen:
        return f"In browsers: not run, {seen['missing']}."
    median = "–" if seen["median"] is None else f"{seen['median']:.2f} s (longest {seen['most']:.2f} s)"
    return (
        f"In {seen['windows']} windows of Chromium on the same machine: {len(seen['foreign'])} foreign or wrong "
        f"values, {len(seen['errors'])} errors; a move of the goal's slider took {median}, of {seen['moves']} moves."
    )


def _times(step: dict[str, float] | None) -> str:
    return "–" if step is None else f"{step['median']:.2f} ({step['p95']:.2f})"


def _size(levels: dict[str, Any], step: str) -> str:
    return next(f"{level['steps'][step]['bytes'] / 1024:,.0f}" for level in levels.values() if step in level["steps"])


def _slow(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Visitors who do not read\n\n{head} {figures['slow']} asked {figures['asked']} times each for the "
        f"heaviest page and read nothing. A healthy visitor's rerun took {figures['median'] * 1000:,.0f} ms (median; "
        f"alone {figures['alone_median'] * 1000:,.0f} ms, longest {figures['most'] * 1000:,.0f} ms). Memory: "
        f"{figures['start_mb']:,.0f} MB before, {figures['peak_mb']:,.0f} MB at most, {figures['after_mb']:,.0f} MB "
        "within 15 s of their leaving."
    )


def _leavers(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Visitors who leave in the middle\n\n{head} {figures['cut']} lines were cut while a file of "
        f"{figures['orders']:,} orders was being opened: {figures['files_meanwhile']} temporary files meanwhile, "
        f"{figures['files_left']} left after {figures['files_gone_seconds']:.1f} s."
    )


def _kills(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Killed while opening\n\n{head} {figures['kills']} times −9 at random moments: {len(figures['left'])} "
        "things left in the folder for temporary files once the next process had started."
    )


def _flips(figures: dict[str, Any], head: str) -> Iterator[str]:
    words = "; ".join(
        f"{kind}: {found['refused']} refused, {found['right']} right, {found['another value']} with another value"
        for kind, found in figures["kinds"].items()
    )
    said = f"One bit in each file, {figures['flips']} files of a kind. {words}. No row was lost."
    yield f"### Flipped bits\n\n{head} {said}"


def _tests(runs: Mapping[str, dict[str, Any]]) -> str:
    rows = [
        (
            name,
            ", ".join(run["figures"]["tests"]) or "not there",
            *(str(run["figures"].get(kind, 0)) for kind in ("passed", "failed", "skipped")),
            run["date"],
            run["commit"],
        )
        for name, run in runs.items()
    ]
    head = ("part", "tests", "passed", "failed", "skipped", "date", "commit")
    return "### The project's tests of faults\n\n" + table(head, rows)


def _goals_of_crowd(figures: dict[str, Any]) -> Iterator[Goal]:
    levels = figures["levels"]
    foreign = sum(len(level["foreign"]) for level in levels.values()) + len(
        figures.get("browsers", {}).get("foreign", ())
    )
    yield Goal("foreign values", "0", str(foreign), foreign == 0)
    for step in MOVED:
        found = levels.get(AT_TWENTY, {}).get("steps", {}).get(step)
        if found:
            name = f"a rerun with 20 sessions, {step}"
            is_reached = found["median"] <= RERUN_SECONDS
            yield Goal(name, f"≤ {RERUN_SECONDS * 1000:.0f} ms", f"{found['median'] * 1000:,.0f} ms", is_reached)
    peak, more = figures["peak_mb"], figures["after_mb"] - figures["start_mb"]
    yield Goal(f"memory with {list(levels)[-1]} sessions", "≤ 1 GB", f"{peak:,.0f} MB", peak <= PEAK_MB)
    yield Goal("memory after they left, above the start", f"≤ {BACK_MB} MB", f"{more:,.0f} MB", more <= BACK_MB)


def _goals_of_slow(figures: dict[str, Any]) -> Iterator[Goal]:
    median, more = figures["median"], figures["after_mb"] - figures["start_mb"]
    yield Goal(
        "a healthy visitor beside those who do not read", f"≤ {HEALTHY_SECONDS * 1000:.0f} ms",
        f"{median * 1000:,.0f} ms", median <= HEALTHY_SECONDS,
    )  # fmt: skip
    yield Goal("memory 15 s after those have left", f"≤ {BACK_MB} MB more", f"{more:,.0f} MB", more <= BACK_MB)


def _goals_of_leavers(figures: dict[str, Any]) -> Iterator[Goal]:
    left = figures["files_left"]
    yield Goal("temporary files of those who left", "0", str(left), left == 0)


def _goals_of_kills(figures: dict[str, Any]) -> Iterator[Goal]:
    left = len(figures["left"])
    yield Goal(f"left of {figures['kills']} killed processes", "0", str(left), left == 0)


SAID = {"crowd": _crowd, "slow": _slow, "leavers": _leavers, "kills": _kills, "flips": _flips}
GOALS = {"crowd": _goals_of_crowd, "slow": _goals_of_slow, "leavers": _goals_of_leavers, "kills": _goals_of_kills}
