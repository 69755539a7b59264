"""Runs each work in its own child process, ours and the peers' in turn, and gathers what they took.

This process stays small on purpose: Linux counts the memory of the parent into the peak of a child it starts.
"""

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.analyses import FILTER_CHANNEL
from benchmarks.child import PEERS

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("duckdb", "pandas", "pyarrow", "numpy")


class FailedError(Exception):
    """A child process ended without an answer, or two answers differ."""


@dataclass
class Run:
    """One run of all works on one log: every sample of every step, by work.

    `others_cores`: how many cores other processes of the machine kept busy, on average, while each child ran.
    """

    orders: int
    repeat: int
    channel: str = FILTER_CHANNEL
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    log_mb: float = 0.0
    compared: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    others_cores: list[float] = field(default_factory=list)
    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    cpu_seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    peak_mb: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, work: str, outcome: dict[str, dict[str, float]]) -> None:
        """Add one sample of every step of this work."""
        for kind in ("seconds", "cpu_seconds", "peak_mb"):
            samples = getattr(self, kind).setdefault(work, {})
            for step, value in outcome[kind].items():
                samples.setdefault(step, []).append(round(value, 6))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(log_file: Path, orders: int, peers: list[str], repeat: int, timeout: float) -> Run:
    """All works `repeat` times, the order reversed every other time so that a drift of the machine cancels.

    In the first round every answer is kept and compared cell by cell; a difference raises `FailedError`.
    """
    run = Run(orders, repeat, machine=machine(), versions=_versions(peers), log_mb=log_file.stat().st_size / 1e6)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        works = _works(log_file, peers, Path(folder))
        for round_number in range(repeat):
            for work in list(works)[:: -1 if round_number % 2 else 1]:
                if work in run.failed:
                    continue
                keep = works[work].kept if round_number == 0 else []
                _read(log_file)
                print(f"round {round_number + 1} of {repeat}: {work}", file=sys.stderr, flush=True)
                begin, others_begin = time.perf_counter(), others_seconds()
                try:
                    run.add(work, json.loads(_child([*works[work].arguments, *keep], timeout)))
                except FailedError as failure:
                    if work in ("ours", "import"):
                        raise
                    run.failed[work] = str(failure)
                others = (others_seconds() - others_begin) / (time.perf_counter() - begin)
                run.others_cores.append(round(max(0.0, others), 2))
            if round_number == 0:
                run.compared = _compare(works, run, Path(folder))
    return run


@dataclass(frozen=True)
class _Work:
    arguments: list[str]
    kept: list[str] = field(default_factory=list)


def _works(log_file: Path, peers: list[str], folder: Path) -> dict[str, _Work]:
    ours = [f"--keep={folder / 'ours'}", f"--keep-filtered={folder / 'ours filtered'}"]
    works = {"import": _Work(["import"]), "ours": _Work(["ours", str(log_file), FILTER_CHANNEL], ours)}
    for peer in peers:
        works[peer] = _Work(["peer", peer, str(log_file)], [f"--keep={folder / peer}"])
    if "duckdb" in peers:
        arguments = ["peer", "duckdb", str(log_file), f"--channel={FILTER_CHANNEL}"]
        works["duckdb filtered"] = _Work(arguments, [f"--keep={folder / 'duckdb filtered'}"])
    return works


def _compare(works: dict[str, _Work], run: Run, folder: Path) -> list[str]:
    others = [work for work in works if work not in ("import", "ours", *run.failed)]
    for other in others:
        mine = "ours filtered" if other.endswith("filtered") else "ours"
        _child(["compare", str(folder / mine), str(folder / other)], timeout=600)
    return others


def _child(arguments: list[str], timeout: float) -> str:
    return last_line([sys.executable, "-m", "benchmarks.child", *arguments], timeout)


def last_line(command: list[str], timeout: float) -> str:
    """The last line that a child process prints. `FailedError` if it does not end well within `timeout` seconds."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise FailedError(f"not done after {timeout:,.0f} s") from None
    if done.returncode < 0:
        why = ", as a rule for want of memory" if done.returncode == -signal.SIGKILL else ""
        raise FailedError(f"stopped by signal {-done.returncode}{why}")
    if done.returncode:
        said = [*done.stdout.strip().splitlines(), *done.stderr.strip().splitlines()]
        raise FailedError(said[-1] if said else f"ended with {done.returncode}")
    return done.stdout.strip().split("\n")[-1]


def _read(log_file: Path) -> None:
    """Bring the file into memory, so that no one pays for the disk."""
    with log_file.open("rb") as file:
        while file.read(1 << 24):
            pass


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def others_seconds() -> float:
    """Seconds for which processes other than this one and its ended children kept a core busy; 0 where Linux is not."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _idle, _waiting, *interrupts = map(int, stat.read_text().split("\n", 1)[0].split()[1:9])
    busy = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return busy - sum(os.times()[:4])


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions(peers: list[str]) -> dict[str, str]:
    named = dict.fromkeys((*LIBRARIES, *(peer for peer in peers if peer in PEERS)))
    return {"commit": commit(), "python": platform.python_version()} | {name: version(name) for name in named}


def commit() -> str:
    """The commit of this checkout, in short."""
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    return said.strip() or "unknown"
