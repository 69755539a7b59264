"""The project's own tests of faults, all of them, and those that repeat one trial with as many as one likes."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT

KILLS, FLIPS = 30, 60
TESTS: dict[str, tuple[str, ...]] = {
    "hostile": ("tests/orders/test_hostile.py", "tests/orders/test_read_property.py"),
    "sandbox": ("tests/test_sandbox.py",),
    "faults": ("tests/test_faults.py", "tests/test_limits.py"),
    "payloads": ("tests/pages/test_payloads.py", "tests/browser/test_payloads.py"),
    "privacy": ("tests/pages/test_privacy.py", "tests/orders/test_pseudonyms.py"),
    "hosting": ("tests/hosting", "tests/browser/test_hosting.py"),
    "sessions": ("tests/browser/test_sessions.py", "tests/browser/test_privacy.py"),
}
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)")


def run_tests(name: str) -> dict[str, Any]:
    """How many of them passed, failed and were skipped; `missing`: files that are not there."""
    there = [path for path in TESTS[name] if (ROOT / path).exists()]
    found: dict[str, Any] = {"tests": there, "missing": [path for path in TESTS[name] if path not in there]}
    if not there:
        return found
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *there]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip().splitlines()
    return found | {kind: int(count) for count, kind in COUNTED.findall(said[-1] if said else "")}


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


TRIALS: dict[str, Callable[[], dict[str, Any]]] = {"kills": kills, "flips": flips}
