"""Every hostile file of the tests, opened as a visitor's upload: a line of JSON for each.

This process has loaded the libraries and forks for each file, so that time and memory are those of one file in an app
that runs. Memory is the peak of that process, libraries included, and with it the peak of the one that reads workbooks.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from pages.shared.handed_in import Upload, open_upload
from retention_core import Shop
from retention_core.orders.errors import OrdersError
from retention_core.orders.ledger import physical_lines
from retention_core.orders.questions import NeedsAnswers
from tests.orders.hostile.make import MAKERS
from tests.orders.test_hostile import FOLDER, NAMES

LONGEST_SECONDS = 60
STATUS = Path("/proc/self/status")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            path = FOLDER / name
            if name in MAKERS:
                path = Path(folder) / name
                MAKERS[name](path)
            _forked(name, path)


def _forked(name: str, path: Path) -> None:
    """Print what became of the file in a process of its own."""
    sys.stdout.flush()
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"name": name, "came": "failed", "why": f"status {status}", "seconds": 0, "peak_mb": 0}))
        return
    signal.alarm(LONGEST_SECONDS)
    print(json.dumps(_opened(name, path)), flush=True)
    os._exit(0)


def _opened(name: str, path: Path) -> dict[str, Any]:
    """Seconds, peak MB, and whether the file was opened, asked about or refused, or failed as no file may."""
    begin = time.perf_counter()
    try:
        came, why = _came(name, path), ""
    except BaseException:
        came, why = "failed", traceback.format_exc()
    seconds = time.perf_counter() - begin
    return {"name": name, "came": came, "why": why, "seconds": round(seconds, 2), "peak_mb": round(_peak_mb())}


def _came(name: str, path: Path) -> str:
    try:
        opened = open_upload(Upload(((name, path.read_bytes()),)))
    except NeedsAnswers:
        return "asked"
    except OrdersError as refusal:
        if not str(refusal).startswith(name) or ". Do: " not in str(refusal):
            raise
        return "refused"
    assert isinstance(opened, Shop)
    if physical_lines(opened.loaded.ledger) != {part.name: part.physical_lines for part in opened.loaded.parts}:
        raise ValueError("not every line is accounted for")
    return "opened"


def _peak_mb() -> float:
    """Of this process since it was forked, and of the largest it has started itself."""
    mine = next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return (mine + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    main()
