"""The table of the thirteen tests in `docs/security.md`: what shows each, and the figures of the last runs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import load_faults, load_floods, load_stuck, load_tests
from benchmarks.load_report import (
    AT_TWENTY,
    BACK_MB,
    CLOSED_SECONDS,
    HEALTHY_SECONDS,
    PEAK_MB,
    RERUN_SECONDS,
    is_closed_in_time,
    kept_runs,
)
from benchmarks.load_tests import TESTS
from benchmarks.measure import ROOT
from benchmarks.report import QUIET_CORES, between, table

SECURITY = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- tests: begin -->", "<!-- tests: end -->"
Figures = dict[str, Any]
# what · shown by · how many · the parts of the benchmark whose figures belong to it
ROWS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "hostile files: no traceback, no row lost silently; ≤ 3 s and ≤ 600 MB each",
        "in the suite: `pytest tests/orders/test_hostile.py`; longer: `--only files`", "{hostile} files", ("files",),
    ),
    (
        "random files come back or are refused",
        "in the suite: `pytest tests/orders/test_read_property.py tests/orders/test_opened_random.py`; longer: "
        "`--only random`", "{tables} tables of each kind, {order_files} order files; longer {random} of each",
        ("random",),
    ),
    (
        "many at once: no foreign value, speed, memory",
        "in the suite: `pytest tests/test_load.py`; longer: `--only crowd`",
        "{sessions} sessions; longer 20 and 100 sessions, then 20 browsers", ("crowd",),
    ),
    (
        "fresh server, each page by deep link; nothing before signing in",
        "{links}", "every page, each on a server of its own", ("links",),
    ),
    (
        "two files that differ in five rows have totals of their own",
        "in the suite: `pytest tests/test_limits.py -k five_rows`; longer: `--only collisions`",
        "1 pair; longer {collisions}", ("collisions",),
    ),
    (
        "payloads in every text, column and file name, on every page",
        "{payloads}", "{texts} texts of several payloads each, every page", ("payloads",),
    ),
    (
        "formulas in every file that pages offer",
        "{formulas}", "{formula_texts} payloads on every page that offers files, {exported} in the exporter",
        ("formulas",),
    ),
    (
        "SQL in names and values; statements that leave the sandbox",
        "in the suite: `pytest tests/test_sandbox.py tests/orders/test_names_random.py`; longer: `--only names`",
        "{statements} statements, names and values of a few random files; longer of {named_files}", ("names",),
    ),
    (
        "kill −9, flipped bits, cut-off files, full disk, no right to write",
        "in the suite: `pytest tests/test_faults.py`; longer: `--only kills --only flips`",
        "a few of each; longer {kills} kills, {flips} flipped bits of each kind of file", ("kills", "flips"),
    ),
    (
        "visitors who do not read; who say too much; who leave in the middle",
        "`--only slow --only floods --only leavers`; in the suite: `tests/test_load.py`, "
        "`tests/hosting/test_messages.py`, `tests/browser/test_sessions.py`",
        "{slow} visitors who ask {asks} times, for pages and for files; 1 who floods, with {floods} kinds of messages; "
        "{cut} lines cut while opening, 1 in a query",
        ("slow", "floods", "leavers"),
    ),
    (
        "“Delete my data”, and the end of a session, leave nothing",
        "{deleting}", "folder, engine, caches, objects, log", ("deleting",),
    ),
    (
        "error paths write nobody down",
        "in the suite: `pytest tests/hosting/test_logs.py tests/pages/test_privacy.py`; longer: `--only logs`",
        "{ways} ways to log, each kind of error path once; longer {paths} paths", ("logs",),
    ),
    (
        "a stuck query is stopped and holds nobody up",
        "in the suite: `pytest tests/test_limits.py -k \"stuck or too_long\"`; on a server: `--only stuck`",
        "1 beside {others}", ("stuck",),
    ),
)  # fmt: skip


def write() -> None:
    """Put the figures of all kept runs into the table."""
    text = SECURITY.read_text(encoding="utf-8")
    SECURITY.write_text(between(text, BEGIN, END, render(kept_runs())), encoding="utf-8")


def render(runs: Mapping[str, dict[str, Any]]) -> str:
    """The table, one row per test. Parts that were not run say so."""
    told = _told()
    rows = [
        (
            f"{number}",
            what,
            shown.format_map(told),
            how_many.format_map(told),
            " ".join(_measured(part, runs.get(part)) for part in parts),
        )
        for number, (what, shown, how_many, parts) in enumerate(ROWS, start=1)
    ]
    return table(("", "what", "shown by", "how many", "measured"), rows).replace("---:", "---")  # words, no numbers


def _told() -> dict[str, str]:
    """What the rows say and count: from the tests and the benchmark as they are, so that nobody counts by hand."""
    from tests import payloads, test_export, test_load, test_sandbox
    from tests.hosting import test_logs
    from tests.orders import test_hostile, test_opened_random, test_read_property

    counts = {
        "hostile": len(test_hostile.NAMES),
        "tables": test_read_property.FILES,
        "order_files": test_opened_random.FILES,
        "random": load_tests.RANDOM_FILES,
        "sessions": test_load.VISITORS,
        "collisions": load_tests.COLLISIONS,
        "texts": len(payloads.PAYLOADS),
        "formula_texts": len(payloads.FORMULAS),
        "exported": len(test_export.PAYLOADS) + len(test_export.NEXT_CELLS),
        "statements": len(test_sandbox.REFUSED),
        "named_files": load_tests.NAMED_FILES,
        "kills": load_tests.KILLS,
        "flips": load_tests.FLIPS,
        "slow": load_faults.SLOW,
        "asks": load_faults.ASKS,
        "cut": load_faults.CUT,
        "floods": len(load_floods.FLOODS),
        "ways": len(test_logs.WAYS) + len(test_logs.CRASHES),
        "paths": load_tests.ERROR_PATHS,
        "others": load_stuck.OTHERS,
    }
    shown = {
        part: f"in the suite: `pytest {shlex.join(asked)}`; counted: `--only {part}`" for part, asked in TESTS.items()
    }
    return {name: f"{count:,}" for name, count in counts.items()} | shown


def _measured(part: str, run: dict[str, Any] | None) -> str:
    if run is None:
        return f"`{part}`: not run."
    busy = run.get("others_cores", 0.0)
    if part == "crowd":
        busy = max(level["others_cores"] for level in run["figures"]["levels"].values())
    noisy = f", {busy} cores busy with other work: times are upper bounds" if busy > QUIET_CORES else ""
    return f"{SAID[part](run['figures'])} ({run['date']}, {run['commit']}{noisy})"


def _files(figures: Figures) -> str:
    came = Counter(one["came"] for one in figures["files"])
    seconds, most = (max(one[key] for one in figures["files"]) for key in ("seconds", "peak_mb"))
    return f"{came['failed']} of {len(figures['files'])} failed; at most {seconds:.1f} s and {most:,.0f} MB."


def _random(figures: Figures) -> str:
    failed = figures.get("failed", 0) + figures.get("error", 0)
    return f"{figures['files']} files of each of {figures.get('passed', 0) + failed} kinds: {failed} kinds failed."


def _crowd(figures: Figures) -> str:
    said = []
    for size, level in figures["levels"].items():
        if int(size) > 1:
            wrong, errors = len(level["foreign"]), len(level["errors"])
            said.append(
                f"{size} sessions: {wrong} foreign values, {errors} errors{_moves(size, level['steps'], figures)}."
            )
    if seen := figures.get("browsers"):
        said.append(_browsers(seen))
    peak, after, start = (figures[key] for key in ("peak_mb", "after_mb", "start_mb"))
    size, level = list(figures["levels"].items())[-1]
    said.append(
        f"Memory: {start:,.0f} MB before, with {size} sessions {_judged(level['with_all_mb'], PEAK_MB, 'MB')}, "
        f"at the peak, with those kept who had just left, {_judged(peak, PEAK_MB, 'MB')}, "
        f"after all had left {_judged(after, start + BACK_MB, 'MB')}."
    )
    return " ".join(said)


def _moves(size: str, steps: Figures, figures: Figures) -> str:
    """Medians; the goal is that of AT_TWENTY sessions, whether they pause or not."""
    goal, words = RERUN_SECONDS * 1000 if size == AT_TWENTY else None, []
    if calm := steps.get("moved with pauses"):
        pause = 2 * figures.get("pause", 0)
        words.append(f"median of a move with pauses of 0 to {pause:.0f} s {_judged(calm['median'] * 1000, goal, 'ms')}")
    if at_once := steps.get("moved at once"):
        words.append(f"median of a move when all move at once {_judged(at_once['median'] * 1000, goal, 'ms')}")
    return "".join(f", {word}" for word in words)


def _browsers(seen: Figures) -> str:
    if "missing" in seen:
        return f"Browsers: not run, {seen['missing']}."
    took = "–" if seen["median"] is None else _judged(seen["median"] * 1000, RERUN_SECONDS * 1000, "ms")
    most = "–" if seen["most"] is None else f"{seen['most']:.1f} s"
    return (
        f"{seen['windows']} browsers, which share the two cores with their server, one of their own without the "
        f"sessions: {len(seen['foreign'])} foreign values, {len(seen['errors'])} errors, median of a move {took}, "
        f"longest {most}."
    )


def _judged(value: float, goal: float | None, unit: str) -> str:
    """The figure with its goal, which it may not exceed, and whether it is reached."""
    verdict = " (no goal)" if goal is None else f" (goal {goal:,.0f}: {'reached' if value <= goal else '**missed**'})"
    return f"{value:,.0f} {unit}{verdict}"


def _collisions(figures: Figures) -> str:
    return f"{figures['told_apart']} of {figures['pairs']} pairs told apart."


def _names(figures: Figures) -> str:
    wrong, errors = len(figures["wrong"]), len(figures["errors"])
    return f"{figures['names']:,} names, {figures['values']:,} values: {wrong} wrong counts, {errors} errors."


def _kills(figures: Figures) -> str:
    return f"{figures['kills']} kills: {len(figures['left']) or 'nothing'} left."


def _flips(figures: Figures) -> str:
    words = "; ".join(
        f"{kind} {found['refused']} refused, {found['right']} right, {found['another value']} with another value"
        for kind, found in figures["kinds"].items()
    )
    return (
        f"One flipped bit in each of {figures['flips']} files: {words}. Parquet need not carry check sums, so a value "
        "can change unseen; no row was lost."
    )


def _slow(figures: Figures) -> str:
    said = f"Median of a healthy visitor's rerun {_judged(figures['median'] * 1000, HEALTHY_SECONDS * 1000, 'ms')}"
    if files := figures.get("downloads"):
        said += f", beside files that are not read {_judged(files['median'] * 1000, HEALTHY_SECONDS * 1000, 'ms')}"
    start, after = figures["start_mb"], figures["after_mb"]
    return f"{said}; {start:,.0f} MB before, within 15 s after {_judged(after, start + BACK_MB, 'MB')}."


def _leavers(figures: Figures) -> str:
    left, seconds = figures["files_left"], figures["files_gone_seconds"]
    said = f"{left} temporary files of {figures['cut']} cut lines left after {seconds:.1f} s."
    asked = figures.get("query")
    return f"{said} {_left_query(asked) if asked else 'Cut in a query: not run.'}"


def _left_query(asked: Figures) -> str:
    closed = asked["closed_seconds"]
    took = "**not** closed" if closed is None else f"closed after {closed:.1f} s"
    verdict = "reached" if is_closed_in_time(asked) else "**missed**"
    return f"Cut in a query: its cursor {took} (goal {CLOSED_SECONDS}: {verdict})."


def _logs(figures: Figures) -> str:
    return f"{figures['paths']:,} paths: the e-mail stands {figures['marked']} times in what was written."


def _stuck(figures: Figures) -> str:
    told = "told" if figures["was_told"] else "**not told**"
    return (
        f"Stopped and {told} after {figures['told_after_seconds']:.1f} s (limit {figures['limit_seconds']:.0f} s); the "
        f"others' reruns {figures['median'] * 1000:,.0f} ms (median), {figures['most'] * 1000:,.0f} ms at most."
    )


def _tests(figures: Figures) -> str:
    """How many passed; what did not is not left out."""
    others = "".join(f", **{figures[kind]} {kind}**" for kind in ("failed", "error", "skipped") if figures.get(kind))
    return f"{figures.get('passed', 0)} passed{others}."


SAID: dict[str, Callable[[Figures], str]] = {
    "files": _files, "random": _random, "crowd": _crowd, "collisions": _collisions, "names": _names, "kills": _kills,
    "flips": _flips, "slow": _slow, "floods": load_floods.measured, "leavers": _leavers, "logs": _logs, "stuck": _stuck,
    **dict.fromkeys(TESTS, _tests),
}  # fmt: skip
