"""What one child process does: `python -m benchmarks.child …`. Its last line of output is JSON.

Time is taken around the work alone, after the imports of the module that does it. Peak memory is that of the whole
process so far, the interpreter and the libraries included.
"""

import argparse
import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PEERS = {"duckdb": "DuckDB", "polars": "Polars", "pandas": "pandas"}
LATER_CALLS = 3  # of each of our own queries, after its first one


@dataclass
class Watch:
    """Seconds of each step by the clock and of all cores together, and the peak memory in MB when it ended."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin, cpu_begin = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = time.perf_counter() - begin
        self.cpu_seconds[name] = time.process_time() - cpu_begin
        self.peak_mb[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def report(self) -> None:
        print(json.dumps(asdict(self)))


def module_of(who: str) -> str:
    return "benchmarks.ours" if who == "ours" else f"benchmarks.peers.{who}_naive"


def measure_import() -> None:
    watch = Watch()
    with watch.step("import"):
        importlib.import_module("retention_core")
    watch.report()


def ask_peer(who: str, log_file: Path, keep: Path | None, channel: str | None) -> None:
    """Open the log and answer the six analyses, each once."""
    peer, watch, answers = importlib.import_module(module_of(who)), Watch(), {}
    with watch.step("open"):
        log = peer.open_log(log_file, channel)
    for name, answer in peer.ANSWERS.items():
        with watch.step(name):
            answers[name] = answer(log)
    _keep(answers, keep)
    watch.report()


def ask_ours(log_file: Path, keep: Path | None, keep_filtered: Path | None, channel: str) -> None:
    """Open the log once; ask every question for the first time, then again, then both for one channel."""
    from benchmarks import ours

    watch = Watch()
    with watch.step("open"):
        shop, scope = ours.open_log(log_file)
    for scope, suffix, folder in (({}, "", keep), ({"channel": [channel]}, " filtered", keep_filtered)):
        answers = {}
        for name, answer in ours.ANSWERS.items():
            with watch.step(name + suffix):
                answers[name] = answer((shop, scope))
        for name, answer in ours.ANSWERS.items():
            later_calls = []
            for _ in range(LATER_CALLS):
                begin = time.perf_counter()
                answer((shop, scope))
                later_calls.append(time.perf_counter() - begin)
            watch.seconds[f"{name}{suffix} again"] = statistics.median(later_calls)
        _keep(answers, folder)
    watch.report()


def compare(one: Path, other: Path) -> None:
    """Print what differs between two folders of kept answers, and fail if anything does."""
    import pandas as pd

    from benchmarks.agreement import difference
    from benchmarks.analyses import ANALYSES

    found = []
    for analysis in ANALYSES:
        answers = [pd.read_parquet(folder / f"{analysis.name}.parquet") for folder in (one, other)]
        found.append(difference(analysis, *answers))
    differences = [text for text in found if text]
    print("\n".join(f"{one.name} and {other.name}: {text}" for text in differences))
    sys.exit(1 if differences else 0)


def _keep(answers: dict[str, Any], folder: Path | None) -> None:
    if folder:
        folder.mkdir(parents=True)
        for name, answer in answers.items():
            answer.to_parquet(folder / f"{name}.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.child", description=__doc__)
    works = parser.add_subparsers(dest="work", required=True)
    works.add_parser("import")
    peer = works.add_parser("peer")
    peer.add_argument("who", choices=PEERS)
    peer.add_argument("log_file", type=Path)
    peer.add_argument("--channel")
    peer.add_argument("--keep", type=Path)
    ours = works.add_parser("ours")
    ours.add_argument("log_file", type=Path)
    ours.add_argument("channel")
    ours.add_argument("--keep", type=Path)
    ours.add_argument("--keep-filtered", type=Path)
    pair = works.add_parser("compare")
    pair.add_argument("one", type=Path)
    pair.add_argument("other", type=Path)
    given = parser.parse_args()
    match given.work:
        case "import":
            measure_import()
        case "peer":
            ask_peer(given.who, given.log_file, given.keep, given.channel)
        case "ours":
            ask_ours(given.log_file, given.keep, given.keep_filtered, given.channel)
        case "compare":
            compare(given.one, given.other)


if __name__ == "__main__":
    main()
