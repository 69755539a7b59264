"""The models beside their peers, on hidden months and on known truths: `python -m benchmarks models`.

Parts can be run one by one: each keeps its own file of results, and the README is rendered from the last run of each.

    python -m benchmarks models --only million-lifetimes,million-pymc
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import DATA, log_path, models_report
from benchmarks.measure import ROOT, FailedError, commit, last_line, machine, others_seconds

SHARED = Path(os.environ.get("COMEBACK_REAL_DATA", ROOT.parent / "shared" / "data"))
VENVS = DATA / "venvs"  # not kept in git
MILLION_ORDERS = 2_650_000  # of a million customers
TIMEOUT = 1_800


class SkippedError(Exception):
    """A part cannot run here; the text says what is missing and how to get it."""


@dataclass(frozen=True)
class Comparison:
    """One peer on the customers of one order file. `rounds`: how often, when nothing else is asked for."""

    title: str
    peer: str
    rounds: int
    is_generated: bool = False
    arguments: tuple[str, ...] = ()


COMPARISONS = {
    "cdnow-lifetimes": Comparison("lifetimes", "lifetimes", 3),
    "cdnow-pymc": Comparison("pymc-marketing, MAP with flat priors", "pymc", 1),
    "cdnow-mcmc": Comparison("pymc-marketing, MCMC with its default priors", "pymc", 1, arguments=("--method=mcmc",)),
    "million-lifetimes": Comparison("lifetimes", "lifetimes", 3, is_generated=True),
    "million-pymc": Comparison("pymc-marketing, MAP with flat priors", "pymc", 1, is_generated=True),
}
PARTS = (*COMPARISONS, "hold-outs", "years", "recovery")


@dataclass
class Pair:
    """What both sides took and said: every sample of every step, the last answers, and the judgement of the peer's."""

    title: str
    data: str
    customers: int
    repeat: int
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    cpu_seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    peak_mb: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    others_cores: list[float] = field(default_factory=list)
    ours: dict[str, Any] = field(default_factory=dict)
    peer: dict[str, Any] = field(default_factory=dict)
    judged: dict[str, Any] = field(default_factory=dict)

    def add(self, who: str, outcome: dict[str, Any]) -> None:
        """One sample of every step; what else was said replaces what was said before."""
        for kind in ("seconds", "cpu_seconds", "peak_mb"):
            for step, value in outcome.pop(kind).items():
                getattr(self, kind).setdefault(who, {}).setdefault(step, []).append(round(value, 6))
        setattr(self, who, outcome)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks models", description=__doc__)
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"parts joined by commas: {', '.join(PARTS)}")
    parser.add_argument("--repeat", type=int, help="rounds of a comparison, instead of its own number")
    parser.add_argument("--seeds", type=int, default=100, help="of the recovery of known parameters")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of the real order files")
    parser.add_argument("--venvs", type=Path, default=VENVS, help="folder of the peers' environments")
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    given = parser.parse_args(arguments)
    for part in given.only:
        print(part, file=sys.stderr, flush=True)
        try:
            run = {"part": part, "date": date.today().isoformat(), "machine": machine(), "commit": commit()}
            run |= run_part(part, given)
        except (SkippedError, FailedError) as reason:
            print(f"{part} left out: {reason}")
            continue
        if not given.dry:
            models_report.keep(run)
        print(models_report.render({part: run}))


def run_part(part: str, given: argparse.Namespace) -> dict[str, Any]:
    """What the part found. Raises `SkippedError` or `FailedError`, which say what is amiss."""
    if part in COMPARISONS:
        return asdict(compare(COMPARISONS[part], given.shared, given.venvs, given.repeat))
    # In a child: this process must stay small, see benchmarks.measure.
    return _said(_child(part, str(given.seeds if part == "recovery" else given.shared)))


def compare(comparison: Comparison, shared: Path, venvs: Path, repeat: int | None) -> Pair:
    """Ours and the peer in turn, each in a process of its own, the order turned round every other time."""
    python = venvs / comparison.peer / "bin" / "python"
    if not python.exists():
        raise SkippedError(f"no environment {python.parent.parent}; benchmarks/README.md says how to make it")
    rounds = repeat or comparison.rounds
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        summary, values = Path(folder) / "summary.csv", Path(folder) / "values.npy"
        customers = _said(_child("summary", *_orders(comparison, shared, summary)))["customers"]
        data = "the generated log" if comparison.is_generated else "CDNOW, the papers' tenth to 1997-09-30"
        pair = Pair(comparison.title, data, customers, rounds)
        module = f"benchmarks.peers.{comparison.peer}_models"
        works = {
            "ours": _child("ours", str(summary)),
            "peer": [str(python), "-m", module, str(summary), str(values), *comparison.arguments],
        }
        for number in range(rounds):
            for who in list(works)[:: -1 if number % 2 else 1]:
                print(f"round {number + 1} of {rounds}: {who}", file=sys.stderr, flush=True)
                begin, others_begin = time.perf_counter(), others_seconds()
                pair.add(who, _said(works[who]))
                others = (others_seconds() - others_begin) / (time.perf_counter() - begin)
                pair.others_cores.append(round(max(0.0, others), 2))
        pair.judged = _said(_child("judge", str(summary), str(values), json.dumps(pair.peer)))
    return pair


def _orders(comparison: Comparison, shared: Path, summary: Path) -> list[str]:
    """Arguments of the work that makes the summary; the generated log is made if it is not there yet."""
    if not comparison.is_generated:
        orders = shared / "cdnow_sample.csv.gz"
        if not orders.exists():
            raise SkippedError(f"no {orders}; --shared names the folder of the real order files")
        return [str(orders), str(summary), "--until=1997-09-30"]
    log = log_path(MILLION_ORDERS)
    if not log.exists():
        command = [sys.executable, "-m", "benchmarks.generate", f"--orders={MILLION_ORDERS}"]
        subprocess.run(command, cwd=ROOT, check=True)
    return [str(log), str(summary)]


def _child(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.model_child", *arguments]


def _said(command: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(last_line(command, TIMEOUT))
    return said


def _parts(text: str) -> list[str]:
    parts = [part for part in text.split(",") if part]
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return parts


if __name__ == "__main__":
    main()
