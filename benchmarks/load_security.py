"""The table of the thirteen tests in `docs/security.md`: what shows each, and the figures of the last runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.load_report import kept_runs
from benchmarks.measure import ROOT
from benchmarks.report import QUIET_CORES, between, table

SECURITY = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- tests: begin -->", "<!-- tests: end -->"
Figures = dict[str, Any]
# what · shown by · how many · the parts of the benchmark whose figures belong to it
ROWS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "hostile files: no traceback, no row lost silently; ≤ 3 s and ≤ 600 MB each",
        "in the suite: `pytest tests/orders/test_hostile.py`; longer: `--only files`", "115 files", ("files",),
    ),
    (
        "random files come back or are refused",
        "in the suite: `pytest tests/orders/test_read_property.py tests/orders/test_opened_random.py`; longer: "
        "`--only random`", "3 × 200 tables, 40 order files; longer 500 of each", ("random",),
    ),
    (
        "many at once: no foreign value, speed, memory",
        "in the suite: `pytest tests/test_load.py`; longer: `--only crowd`",
        "3 sessions; longer 20 and 100 sessions, 20 browsers", ("crowd",),
    ),
    (
        "fresh server, each page by deep link; nothing before signing in",
        "in the suite: `pytest tests/browser/test_hosting.py tests/hosting/test_login.py`", "every page", (),
    ),
    (
        "two files that differ in five rows have totals of their own",
        "in the suite: `pytest tests/test_limits.py -k five_rows`; longer: `--only collisions`", "1 pair; longer 20",
        ("collisions",),
    ),
    (
        "payloads in every text, column and file name, on every page",
        "in the suite: `pytest tests/pages/test_payloads.py tests/browser/test_payloads.py`",
        "six payloads, every page", (),
    ),
    (
        "formulas in every file that pages offer",
        "in the suite: `pytest tests/test_export.py tests/pages/test_payloads.py -k formula`", "eight payloads", (),
    ),
    (
        "SQL in names and values; statements that leave the sandbox",
        "in the suite: `pytest tests/test_sandbox.py tests/orders/test_names_random.py`; longer: `--only names`",
        "37 statements, 240 names, 252 values; longer 5,000 of each", ("names",),
    ),
    (
        "kill −9, flipped bits, cut-off files, full disk, no right to write",
        "in the suite: `pytest tests/test_faults.py`; longer: `--only kills --only flips`",
        "2 kills, 6 bits of each of 3 kinds; longer 30 and 60", ("kills", "flips"),
    ),
    (
        "visitors who do not read; who leave in the middle",
        "`--only slow --only leavers`; in the suite: `tests/test_load.py`, `tests/browser/test_sessions.py`",
        "10 visitors, 600 requests for pages, 600 for files; 3 cut lines", ("slow", "leavers"),
    ),
    (
        "“Delete my data”, and the end of a session, leave nothing",
        "in the suite: `pytest tests/browser/test_privacy.py tests/browser/test_sessions.py "
        "tests/pages/test_privacy.py`",
        "folder, engine, caches, objects, log", (),
    ),
    (
        "error paths write nobody down",
        "in the suite: `pytest tests/hosting/test_logs.py tests/pages/test_privacy.py`; longer: `--only logs`",
        "100 paths; longer 1,000", ("logs",),
    ),
    (
        "a stuck query is stopped and holds nobody up",
        "in the suite: `pytest tests/test_limits.py -k \"stuck or too_long\"`; on a server: `--only stuck`",
        "1 beside 19", ("stuck",),
    ),
)  # fmt: skip


def write() -> None:
    """Put the figures of all kept runs into the table."""
    text = SECURITY.read_text(encoding="utf-8")
    SECURITY.write_text(between(text, BEGIN, END, render(kept_runs())), encoding="utf-8")


def render(runs: Mapping[str, dict[str, Any]]) -> str:
    """The table, one row per test. Parts that were not run say so."""
    rows = [
        (f"{number}", what, shown, how_many, " ".join(_measured(part, runs.get(part)) for part in parts) or "–")
        for number, (what, shown, how_many, parts) in enumerate(ROWS, start=1)
    ]
    return table(("", "what", "shown by", "how many", "measured"), rows).replace("---:", "---")  # words, no numbers


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
            said.append(f"{size} sessions: {wrong} foreign values, {errors} errors{_moves(level['steps'], figures)}")
    if seen := figures.get("browsers"):
        said.append(
            f"browsers: {seen['missing']}" if "missing" in seen else
            f"{seen['windows']} browsers: {len(seen['foreign'])} foreign values, {len(seen['errors'])} errors"
        )  # fmt: skip
    peak, after, start = (figures[key] for key in ("peak_mb", "after_mb", "start_mb"))
    more = "" if after <= start + 50 else f" **(goal: {start + 50:,.0f})**"
    said.append(
        f"memory {start:,.0f} MB before, {peak:,.0f} MB at most{'' if peak <= 1024 else ' **(goal: 1,024)**'}, "
        f"{after:,.0f} MB after all had left{more}."
    )
    return "; ".join(said)


def _moves(steps: Figures, figures: Figures) -> str:
    words = []
    if calm := steps.get("moved with pauses"):
        missed = "" if calm["median"] <= 0.3 else " **(goal: 300)**"
        pause = 2 * figures.get("pause", 0)
        words.append(f"{calm['median'] * 1000:,.0f} ms a move (median) with pauses of 0 to {pause:.0f} s{missed}")
    if at_once := steps.get("moved at once"):
        words.append(f"{at_once['median'] * 1000:,.0f} ms all at once")
    return "".join(f", {word}" for word in words)


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
    said = f"Healthy visitor's rerun {figures['median'] * 1000:,.0f} ms (median; goal 500)"
    if files := figures.get("downloads"):
        said += f", beside files that are not read {files['median'] * 1000:,.0f} ms"
    return f"{said}; {figures['start_mb']:,.0f} MB before, {figures['after_mb']:,.0f} MB within 15 s after."


def _leavers(figures: Figures) -> str:
    left, seconds = figures["files_left"], figures["files_gone_seconds"]
    return f"{left} temporary files of {figures['cut']} cut lines left after {seconds:.1f} s."


def _logs(figures: Figures) -> str:
    return f"{figures['paths']:,} paths: the e-mail stands {figures['marked']} times in what was written."


def _stuck(figures: Figures) -> str:
    told = "told" if figures["was_told"] else "**not told**"
    return (
        f"Stopped and {told} after {figures['told_after_seconds']:.1f} s (limit {figures['limit_seconds']:.0f} s); the "
        f"others' reruns {figures['median'] * 1000:,.0f} ms (median), {figures['most'] * 1000:,.0f} ms at most."
    )


SAID: dict[str, Callable[[Figures], str]] = {
    "files": _files, "random": _random, "crowd": _crowd, "collisions": _collisions, "names": _names, "kills": _kills,
    "flips": _flips, "slow": _slow, "leavers": _leavers, "logs": _logs, "stuck": _stuck,
}  # fmt: skip
