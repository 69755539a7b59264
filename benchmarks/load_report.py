"""Turns the last run of each part of the load benchmark into the Markdown of `README.md`."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from benchmarks import load_floods
from benchmarks.report import QUIET_CORES, README, RESULTS, Goal, between, judged, table

BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"
AT_TWENTY, RERUN_SECONDS, PEAK_MB, BACK_MB, HEALTHY_SECONDS, CLOSED_SECONDS = "20", 0.3, 1024, 50, 0.5, 5
MOVED = ("moved with pauses", "moved at once")  # how people work, and the worst case
FILE_SECONDS, FILE_MB = 3, 600


def write() -> None:
    """Put the tables of all kept runs into the README."""
    README.write_text(between(README.read_text(encoding="utf-8"), BEGIN, END, render(kept_runs())), encoding="utf-8")


def kept_runs() -> dict[str, dict[str, Any]]:
    """The last run of each part."""
    paths = sorted(RESULTS.glob("load_*.json"))
    return {path.stem.removeprefix("load_"): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def render(runs: Mapping[str, dict[str, Any]]) -> str:
    """The tables of these runs, and the goals they speak about."""
    parts = [part for name, run in runs.items() if name in SAID for part in SAID[name](run["figures"], _head(run))]
    tests = {name: run for name, run in runs.items() if name not in SAID}
    if tests:
        parts.append(_tests(tests))
    goals = [goal for name, run in runs.items() if name in GOALS for goal in GOALS[name](run["figures"])]
    return "\n\n".join([*parts, *([judged(goals)] if goals else [])])


def _head(run: dict[str, Any]) -> str:
    hardware, busy = run["machine"], run.get("others_cores", 0.0)
    noisy = f" **Other processes kept {busy} cores busy: times are upper bounds.**" if busy > QUIET_CORES else ""
    return f"{run['date']}, commit {run['commit']}; {hardware['processor']}, {hardware['cores']} cores.{noisy}"


def _crowd(figures: dict[str, Any], head: str) -> Iterator[str]:
    levels = figures["levels"]
    busy = max(level["others_cores"] for level in levels.values())
    noisy = f" **Other processes kept up to {busy} cores busy: not a quiet machine.**" if busy > QUIET_CORES else ""
    pause = f" Pauses between moves: 0 to {2 * figures['pause']:.0f} s." if "pause" in figures else ""
    yield (
        f"### Visitors at once\n\n{head}{noisy}{pause} The server holds {figures['start_mb']:,.0f} MB once a first "
        f"visitor has come and gone, {figures['peak_mb']:,.0f} MB at its peak, {figures['after_mb']:,.0f} MB after "
        "all left."
    )
    steps = max((level["steps"] for level in levels.values()), key=len)
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
        f"In {seen['windows']} windows of Chromium, which share the two cores with a server of their own, without the "
        f"sessions: {len(seen['foreign'])} foreign or wrong "
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
    if files := figures.get("downloads"):
        yield (
            f"The same with a file that was asked for and not read: {files['median'] * 1000:,.0f} ms (longest "
            f"{files['most'] * 1000:,.0f} ms); {files['start_mb']:,.0f} MB before, {files['peak_mb']:,.0f} MB at most, "
            f"{files['after_mb']:,.0f} MB after."
        )


def _leavers(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Visitors who leave in the middle\n\n{head} {figures['cut']} lines were cut while a file of "
        f"{figures['orders']:,} orders was being opened: {figures['files_meanwhile']} temporary files meanwhile, "
        f"{figures['files_left']} left after {figures['files_gone_seconds']:.1f} s."
    )
    if asked := figures.get("query"):
        ended, closed = (
            "not at all" if asked[key] is None else f"after {asked[key]:.1f} s"
            for key in ("ended_seconds", "closed_seconds")
        )
        yield (
            "In a copy of the app with an endless query, the line was cut while it ran: "
            f"the query ended {ended}, its cursor was closed {closed}."
        )


def _stuck(figures: dict[str, Any], head: str) -> Iterator[str]:
    told = "that it was stopped" if figures["was_told"] else "**something else**"
    yield (
        f"### A query that never ends\n\n{head} In a copy of the app with an endless query, one visitor asks it; a "
        f"query may take {figures['limit_seconds']:.0f} s. After {figures['told_after_seconds']:.1f} s the page says "
        f"{told}. {figures['others']} others meanwhile moved a setting of their orders {figures['moves']} times, in "
        f"{figures['median'] * 1000:,.0f} ms (median; longest {figures['most'] * 1000:,.0f} ms). The endless query "
        "uses every core that it gets."
    )


def _files(figures: dict[str, Any], head: str) -> Iterator[str]:
    came = Counter(one["came"] for one in figures["files"])
    slowest, largest = (max(figures["files"], key=itemgetter(key)) for key in ("seconds", "peak_mb"))
    yield (
        f"### Hostile files\n\n{head} {len(figures['files'])} files, each opened as an upload in a process of its own: "
        f"{', '.join(f'{count} {what}' for what, count in sorted(came.items()))}. The slowest took "
        f"{slowest['seconds']:.2f} s (`{slowest['name']}`), the largest {largest['peak_mb']:,.0f} MB with all "
        f"libraries (`{largest['name']}`)."
    )


def _random(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Random files\n\n{head} {figures['files']:,} of each kind: {figures.get('passed', 0)} kinds came back as "
        f"they were written or were refused, {figures.get('failed', 0)} failed."
    )


def _names(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Random names and values\n\n{head} {figures['names']:,} names of columns and {figures['values']:,} values "
        f"to filter by: {len(figures['wrong'])} wrong counts, {len(figures['errors'])} errors."
    )


def _collisions(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### Files that look the same\n\n{head} {figures['told_apart']} of {figures['pairs']} pairs of files with one "
        "name and 200,000 rows, of which five differ, had totals of their own."
    )


def _logs(figures: dict[str, Any], head: str) -> Iterator[str]:
    yield (
        f"### What is written down\n\n{head} {figures['paths']:,} ways to fail with an e-mail at hand: it stands "
        f"{figures['marked']} times in what the server writes. {' '.join(figures['said'])}"
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
            shlex.join(run["figures"]["tests"]),
            *(str(run["figures"].get(kind, 0)) for kind in ("passed", "failed", "skipped")),
            run["date"],
            run["commit"],
        )
        for name, run in runs.items()
    ]
    head = ("part", "tests", "passed", "failed", "skipped", "date", "commit")
    return "### Tests of the suite, counted\n\n" + table(head, rows)


def _goals_of_crowd(figures: dict[str, Any]) -> Iterator[Goal]:
    levels = figures["levels"]
    foreign = sum(len(level["foreign"]) for level in levels.values()) + len(
        figures.get("browsers", {}).get("foreign", ())
    )
    yield Goal("foreign values", "0", str(foreign), foreign == 0)
    for moved in MOVED:
        if found := levels.get(AT_TWENTY, {}).get("steps", {}).get(moved):
            yield _goal_of_reruns(f"a rerun with 20 sessions, {moved}", found["median"])
    if (median := figures.get("browsers", {}).get("median")) is not None:
        yield _goal_of_reruns(f"a rerun in {figures['browsers']['windows']} browsers beside their server", median)
    most, level = list(levels.items())[-1]
    there, peak, more = level["with_all_mb"], figures["peak_mb"], figures["after_mb"] - figures["start_mb"]
    yield Goal(f"memory with {most} sessions", "≤ 1 GB", f"{there:,.0f} MB", there <= PEAK_MB)
    yield Goal("at the peak, with those kept who had just left", "≤ 1 GB", f"{peak:,.0f} MB", peak <= PEAK_MB)
    yield Goal("memory after they left, above the start", f"≤ {BACK_MB} MB", f"{more:,.0f} MB", more <= BACK_MB)


def _goal_of_reruns(name: str, median: float) -> Goal:
    return Goal(name, f"≤ {RERUN_SECONDS * 1000:.0f} ms", f"{median * 1000:,.0f} ms", median <= RERUN_SECONDS)


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
    if asked := figures.get("query"):
        closed = "not closed" if asked["closed_seconds"] is None else f"{asked['closed_seconds']:.1f} s"
        name = "the cursor of who left in a query, closed"
        yield Goal(name, f"≤ {CLOSED_SECONDS} s", closed, is_closed_in_time(asked))


def is_closed_in_time(asked: Mapping[str, Any]) -> bool:
    """Whether the query still ran when its visitor left, and its cursor was closed within the goal."""
    closed = asked["closed_seconds"]
    return not asked["had_ended"] and closed is not None and closed <= CLOSED_SECONDS


def _goals_of_kills(figures: dict[str, Any]) -> Iterator[Goal]:
    left = len(figures["left"])
    yield Goal(f"left of {figures['kills']} killed processes", "0", str(left), left == 0)


def _goals_of_stuck(figures: dict[str, Any]) -> Iterator[Goal]:
    late = figures["told_after_seconds"] - figures["limit_seconds"]
    yield Goal("an endless query, stopped after its limit", "≤ 1 s", f"{late:.1f} s", figures["was_told"] and late <= 1)
    most = figures["most"]
    yield Goal(
        "the others' longest rerun", "no wait for the limit", f"{most:.1f} s", most < figures["limit_seconds"] / 2
    )


def _goals_of_files(figures: dict[str, Any]) -> Iterator[Goal]:
    failed = sum(one["came"] == "failed" for one in figures["files"])
    seconds, most = (max(one[key] for one in figures["files"]) for key in ("seconds", "peak_mb"))
    yield Goal("hostile files that fail as no file may", "0", str(failed), failed == 0)
    yield Goal("the slowest hostile file", f"≤ {FILE_SECONDS} s", f"{seconds:.2f} s", seconds <= FILE_SECONDS)
    yield Goal("the hostile file that takes most", f"≤ {FILE_MB} MB", f"{most:,.0f} MB", most <= FILE_MB)


def _goals_of_names(figures: dict[str, Any]) -> Iterator[Goal]:
    bad = len(figures["wrong"]) + len(figures["errors"])
    yield Goal("wrong counts and errors with random names", "0", str(bad), bad == 0)


def _goals_of_collisions(figures: dict[str, Any]) -> Iterator[Goal]:
    apart, pairs = figures["told_apart"], figures["pairs"]
    yield Goal("pairs of files told apart", str(pairs), str(apart), apart == pairs)


def _goals_of_random(figures: dict[str, Any]) -> Iterator[Goal]:
    failed = figures.get("failed", 0) + figures.get("error", 0)
    yield Goal("kinds of random files that failed", "0", str(failed), failed == 0 and figures.get("passed", 0) > 0)


def _goals_of_logs(figures: dict[str, Any]) -> Iterator[Goal]:
    marked = figures["marked"]
    yield Goal("e-mails in the log", "0", str(marked), marked == 0 and figures["went_well"])


SAID = {
    "crowd": _crowd, "slow": _slow, "floods": load_floods.report, "leavers": _leavers, "stuck": _stuck,
    "files": _files, "random": _random, "names": _names, "collisions": _collisions, "logs": _logs, "kills": _kills,
    "flips": _flips,
}  # fmt: skip
GOALS = {
    "crowd": _goals_of_crowd, "slow": _goals_of_slow, "floods": load_floods.goals, "leavers": _goals_of_leavers,
    "stuck": _goals_of_stuck, "files": _goals_of_files, "random": _goals_of_random, "names": _goals_of_names,
    "collisions": _goals_of_collisions, "logs": _goals_of_logs, "kills": _goals_of_kills,
}  # fmt: skip
