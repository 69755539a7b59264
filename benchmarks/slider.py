"""What one move of a slider on the Goals page takes: `python -m benchmarks.slider --orders 10_000_000`.

Two clocks. Milliseconds of the processor in the thread that runs the page, so that other work on the machine counts
little; the browser and the way to it are left out. And what a person waits for: milliseconds in a browser from the key
to the changed picture, beside a bare Streamlit page in the same run (`slider_seen`); that needs a quiet machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import log_path
from benchmarks.measure import ROOT, commit, last_line, machine, others_seconds
from benchmarks.report import README, RESULTS, Goal, between, judged, quiet, table
from benchmarks.slider_seen import seen

BEGIN, END = "<!-- slider: begin -->", "<!-- slider: end -->"
KEPT = RESULTS / "slider.json"
LEVERS = (0, 3, 20)
WARM_UP, TIMEOUT = 4, 3_600
OWN_MS, SIMULATION_MS, TIMES_BARE = 40, 50, 1.3  # goals of the project
VALUES = (0.2, 0.45, 0.7, 0.3, 0.6)  # a slider is moved to these by turns


@dataclass(frozen=True)
class Moves:
    """Milliseconds of each move, by slider; `bare`: of a page that has one slider and a line of text."""

    orders: int
    bare: list[float]
    target: list[float]
    lever: list[float]


@contextmanager
def watch() -> Iterator[list[float]]:
    """Milliseconds of each run of a page, of all that are run meanwhile."""
    from streamlit.testing.v1.local_script_runner import LocalScriptRunner

    spent: list[float] = []
    run_script = LocalScriptRunner._run_script

    def timed(runner: Any, asked: Any) -> None:
        begin = time.thread_time()
        run_script(runner, asked)
        spent.append(1000 * (time.thread_time() - begin))

    with patch.object(LocalScriptRunner, "_run_script", timed):
        yield spent


def bare_page() -> None:
    import streamlit as st

    share = st.slider("Share", 0.0, 1.0, 0.5, 0.05, format="percent", key="share", bind="query-params")
    st.write(f"{share:.0%}")


def moved(app: Any, key: str, moves: int, spent: list[float]) -> list[float]:
    """Milliseconds of each move of one slider, after a few that do not count."""
    found = []
    for number in range(WARM_UP + moves):
        app.run()  # the whole page: a move leaves only what it drew
        app.slider(key=key).set_value(VALUES[number % len(VALUES)])
        spent.clear()
        app.run()
        if app.exception:
            raise RuntimeError(app.exception[0].message)
        if key != "share" and not app.get("vega_lite_chart"):
            raise RuntimeError(f"The slider {key} was moved and no picture was drawn.")
        found.append(round(sum(spent), 2))
    return found[WARM_UP:]


def moves_of(log_file: Path | None, moves: int) -> Moves:
    """The sliders of the Goals page on the orders of a file, or on those of the sample shop."""
    from streamlit.testing.v1 import AppTest

    sys.argv = [str(ROOT / "app.py"), *([str(log_file)] if log_file else [])]
    with watch() as clock:
        bare = moved(AppTest.from_function(bare_page).run(), "share", moves, clock)
        app = AppTest.from_file(ROOT / "app.py", default_timeout=TIMEOUT).run()
        app = app.switch_page("pages/plan/goals.py").run()
        lever = next(str(slider.key) for slider in app.slider if str(slider.key).startswith("do_"))
        return Moves(_orders(), bare, moved(app, "target", moves, clock), moved(app, lever, moves, clock))


def _orders() -> int:
    """Of the shop that was looked at last."""
    from pages.shared import sources

    return int(sources.shop().query("customer_totals")["orders"].iloc[0])


def simulations(times: int) -> dict[str, list[float]]:
    """By number of levers: milliseconds of `simulate` on the sample shop, each time with other strengths."""
    import retention_core as rc
    from retention_core.goals.baseline import baseline
    from retention_core.goals.goal import Goal as Plan
    from retention_core.goals.levers import of_shop
    from retention_core.goals.simulate import simulate

    shop = rc.open_orders(rc.sample("replenish"))
    base, offered = baseline(shop), [lever for lever in of_shop(shop) if lever.reach and not lever.is_planning_only]
    found: dict[str, list[float]] = {}
    for count in LEVERS:
        samples = []
        for number in range(WARM_UP + times):
            strength = VALUES[number % len(VALUES)]
            levers = tuple(replace(lever, is_on=True, strength=strength) for lever in offered[:count])
            plan = Plan(levers, target=0.4, margin=0.4)
            begin = time.thread_time()
            simulate(base, plan)
            samples.append(round(1000 * (time.thread_time() - begin), 2))
        found[str(len(offered[:count]))] = samples[WARM_UP:]
    return found


def render(runs: list[dict[str, Any]]) -> str:
    """The tables of the last run of each size."""
    rows, watched, goals, notes = [], [], [], []
    for run in {run["moves"]["orders"]: run for run in runs}.values():
        moves = Moves(**run["moves"])
        bare, *own = (statistics.median(samples) for samples in (moves.bare, moves.target, moves.lever))
        rows.append((f"{moves.orders:,} orders", *(f"{ms:.1f}" for ms in (*own, bare))))
        most = max(own)
        goals.append(Goal(f"a move, {moves.orders:,} orders", f"≤ {OWN_MS} ms", f"{most:.0f} ms", most <= OWN_MS))
        if run.get("seen"):
            watched.append((f"{moves.orders:,} orders", *map(_ms, ("goal", "lever", "bare"), [run["seen"]] * 3)))
            worst = max(_median(run["seen"], slider) for slider in ("goal", "lever")) / _median(run["seen"], "bare")
            work, wanted = f"key to picture, {moves.orders:,} orders", f"≤ {TIMES_BARE} × a bare page"
            goals.append(Goal(work, wanted, f"{worst:.2f} ×", worst <= TIMES_BARE))
        notes.append(f"{moves.orders:,} orders: {run['date']}, commit {run['commit']}. {quiet([run['others_cores']])}")
    simulated = {count: statistics.median(samples) for count, samples in runs[-1]["simulations"].items()}
    slowest = max(simulated.values())
    goals.append(
        Goal("1,000 joint draws", f"≤ {SIMULATION_MS} ms", f"{slowest:.0f} ms at most", slowest <= SIMULATION_MS)
    )
    parts = [
        "\n".join(notes),
        table(("ms of the processor, median", "goal", "lever", "bare page"), rows),
        *(
            [table(("ms from the key to text · picture, median", "goal", "lever", "bare page"), watched)]
            if watched
            else []
        ),
        table(("levers", "simulation, ms"), [(count, f"{ms:.1f}") for count, ms in simulated.items()]),
        judged(goals),
    ]
    return "\n\n".join(parts)


def _median(seen_by: dict[str, dict[str, list[float]]], slider: str, what: str = "picture") -> float:
    return statistics.median(seen_by[slider][what])


def _ms(slider: str, seen_by: dict[str, dict[str, list[float]]]) -> str:
    return " · ".join(f"{_median(seen_by, slider, what):.0f}" for what in ("text", "picture"))


def measured(log_file: Path | None, moves: int) -> dict[str, Any]:
    """One run in a child process, whose libraries use one core."""
    begin, others_begin = time.perf_counter(), others_seconds()
    command = [sys.executable, "-m", "benchmarks.slider", "--child", f"--moves={moves}"]
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    said: dict[str, Any] = json.loads(last_line([*command, *([f"--log={log_file}"] if log_file else [])], TIMEOUT))
    others = (others_seconds() - others_begin) / (time.perf_counter() - begin)
    said["seen"] = seen(log_file, moves)  # afterwards: a browser's processes count as others
    about = {"date": date.today().isoformat(), "commit": commit(), "machine": machine()}
    return about | said | {"others_cores": round(max(others, 0.0), 2)}


def keep(runs: list[dict[str, Any]]) -> None:
    """Add the runs to the file of results, and render the README from the last run of every size."""
    known = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else []
    KEPT.write_text(json.dumps([*known, *runs], indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(between(text, BEGIN, END, render([*known, *runs])), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slider", description=__doc__)
    parser.add_argument("--orders", type=int, help="size of a log to look at besides the sample shop")
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        moves = moves_of(given.log, given.moves)
        print(json.dumps({"moves": asdict(moves), "simulations": simulations(given.moves)}))
        return
    runs = [measured(None, given.moves)]
    if given.orders:
        path = log_path(given.orders)
        if not path.exists():
            generate = [sys.executable, "-m", "benchmarks.generate", f"--orders={given.orders}"]
            subprocess.run(generate, cwd=ROOT, check=True)
        runs.append(measured(path, given.moves))
    if not given.dry:
        keep(runs)
    print(render(runs))


if __name__ == "__main__":
    main()
