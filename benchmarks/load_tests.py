"""The project's own tests, counted, and those that repeat one trial with as many as one likes."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT

KILLS, FLIPS, COLLISIONS, NAMED_FILES, RANDOM_FILES, ERROR_PATHS = 30, 60, 20, 250, 500, 1000
MARKER = "marker.person"
TESTS: dict[str, tuple[str, ...]] = {  # what needs no longer run than the suite's: what pytest is told
    "links": (
        "tests/browser/test_hosting.py",
        "tests/browser/test_fresh_links.py",
        "tests/hosting/test_login.py",
    ),
    "payloads": ("tests/pages/test_payloads.py", "tests/browser/test_payloads.py"),
    "formulas": ("tests/test_export.py", "tests/pages/test_payloads.py", "-k", "formula or live"),
    "deleting": ("tests/browser/test_privacy.py", "tests/browser/test_sessions.py", "tests/pages/test_privacy.py"),
}
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)")


def run_tests(name: str) -> dict[str, Any]:
    """How many of them passed, failed and were skipped, by `tests`, what pytest was told."""
    return {"tests": list(TESTS[name])} | _pytest(*TESTS[name])


def _pytest(*arguments: str, **environment: str) -> dict[str, int]:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    said = done.stdout.strip().splitlines()
    return {kind: int(count) for count, kind in COUNTED.findall(said[-1] if said else "")}


def files() -> dict[str, Any]:
    """What became of each hostile file, with seconds and peak MB; see `load_files`."""
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        told = {**os.environ, "TMPDIR": folder, "COMEBACK_HOSTED": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.load_files"]
        done = subprocess.run(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True, check=True)
    return {"files": [json.loads(line) for line in done.stdout.splitlines()]}


def random_files() -> dict[str, Any]:
    """Whether so many random files of each kind come back as they were written, or are refused."""
    paths = ("tests/orders/test_read_property.py", "tests/orders/test_opened_random.py")
    return {"files": RANDOM_FILES} | _pytest(*paths, RANDOM_FILES=str(RANDOM_FILES))


def names() -> dict[str, Any]:
    """Random names of columns and values of filters: how many, and how many were counted wrongly or failed."""
    from tests.orders.random_names import try_names

    with tempfile.TemporaryDirectory() as folder:
        tried = try_names(Path(folder), NAMED_FILES, seed=11)
    return {"names": tried.names, "values": tried.values, "wrong": tried.wrong[:20], "errors": tried.errors[:20]}


def collisions() -> dict[str, Any]:
    """How often two large files of one name that differ in five rows have their own key and total."""
    from tests.test_limits import two_large_files_differ

    with tempfile.TemporaryDirectory() as folder:
        return {"pairs": COLLISIONS, "told_apart": two_large_files_differ(Path(folder), COLLISIONS)}


def kills() -> dict[str, Any]:
    """What processes leave that were killed at random moments of opening a file."""
    from tests.test_faults import left_after_kills

    chance = random.Random(KILLS)
    with tempfile.TemporaryDirectory() as folder:
        left = left_after_kills(Path(folder), [chance.uniform(0.05, 1.2) for _ in range(KILLS)])
    return {"kills": KILLS, "left": left}


def flips() -> dict[str, Any]:
    """What becomes of files with one flipped bit, by kind of file."""
    from tests.test_faults import opened_damaged

    kinds = ("csv.gz", "parquet snappy", "parquet zstd")
    with tempfile.TemporaryDirectory() as folder:
        return {"flips": FLIPS, "kinds": {kind: opened_damaged(kind, Path(folder), FLIPS, seed=11) for kind in kinds}}


def logs() -> dict[str, Any]:
    """Whether an e-mail stands in anything that a server writes down on so many error paths. Takes ten minutes."""
    command = [sys.executable, "-m", "tests.pages.error_paths", str(ERROR_PATHS)]
    told = {**os.environ, "COMEBACK_HOSTED": "1"}
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True)
    said = done.stdout + done.stderr
    last = [line for line in done.stdout.splitlines() if " paths: " in line]
    return {"paths": ERROR_PATHS, "marked": said.count(MARKER), "went_well": done.returncode == 0, "said": last}


TRIALS: dict[str, Callable[[], dict[str, Any]]] = {
    "files": files,
    "kills": kills,
    "flips": flips,
}
LONG: dict[str, Callable[[], dict[str, Any]]] = {  # what is counted, not timed: a busy machine will do
    "random": random_files,
    "names": names,
    "collisions": collisions,
    "logs": logs,
}
