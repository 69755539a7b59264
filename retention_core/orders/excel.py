"""Excel workbooks: checked as a zip archive first, then opened by a child process with a limit on its memory."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retention_core.orders import read_workbook
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import EXCEL_AT_ONCE, Job
from retention_core.orders.read_records import Record

AS_CSV = "save the sheet as CSV and open that"
STEP_SECONDS = 0.2  # between two looks at whether the reading is still wanted
_TURNS = threading.BoundedSemaphore(EXCEL_AT_ONCE)


@dataclass(frozen=True)
class Sheet:
    """One worksheet as a CSV of ours: `rows` records of at most `width` cells, the first being the sheet's row 1."""

    name: str
    file: Path
    rows: int
    width: int
    hidden: bool


def is_workbook(path: Path, job: Job) -> bool:
    """Whether a zip archive is an Excel workbook. OrdersError on a damaged one, or one that unpacks to too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise OrdersError(
            job.name, "the file is a workbook or zip archive that is damaged or cut off", "save or download it again"
        ) from problem
    if "xl/workbook.xml" not in {member.filename for member in members}:
        return False
    size = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if size > job.caps.excel_bytes or (size > 10 * 1024**2 and size > job.caps.excel_ratio * max(packed, 1)):
        raise OrdersError(
            job.name,
            f"the workbook unpacks to {size // 1024**2:,} MB, more than is safe to open",
            AS_CSV,
        )
    return True


def sheets(path: Path, folder: Path, job: Job) -> list[Sheet]:
    """Every worksheet of a workbook, the empty ones too (rows = 0), in the workbook's order.

    Waits for its turn where others are opened. Raises OrdersError, and OSError where the disk is full.
    """
    caps = job.caps
    command = [
        sys.executable,
        "-I",
        read_workbook.__file__,
        *map(str, (path, folder, caps.excel_memory, caps.excel_bytes)),
    ]
    with (folder / "answer.json").open("w+b") as answer, _turn(job):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.DEVNULL)
        try:
            _wait(child, job)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        answer.seek(0)
        said = answer.read()
    if child.returncode in read_workbook.DISK_IS_FULL:
        raise OSError(child.returncode, os.strerror(child.returncode))
    if child.returncode != 0:
        raise _refusal("memory", job)
    found = json.loads(said)
    if isinstance(found, dict):
        raise _refusal(str(found["problem"]), job)
    return [Sheet(f["sheet"], folder / f["file"], f["rows"], f["width"], f["hidden"]) for f in found]


@contextmanager
def _turn(job: Job) -> Iterator[None]:
    while not _TURNS.acquire(timeout=STEP_SECONDS):
        job.progress(0, None)
    try:
        yield
    finally:
        _TURNS.release()


def _wait(child: subprocess.Popen[bytes], job: Job) -> None:
    for _ in range(round(job.caps.excel_seconds / STEP_SECONDS)):
        job.progress(0, None)
        try:
            child.wait(timeout=STEP_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue
    raise OrdersError(job.name, "the workbook takes too long to open", AS_CSV)


def _refusal(problem: str, job: Job) -> OrdersError:
    causes = {
        "password": ("the workbook is protected with a password", "save a copy without the password and open that"),
        "memory": ("the workbook needs too much memory, perhaps because of a stray cell far from the table", AS_CSV),
        "text": (f"the sheets hold more than {job.caps.excel_bytes // 1024**2:,} MB of text", AS_CSV),
        "cell": (
            f"a cell holds more than {read_workbook.LONGEST_CELL:,} characters, more than Excel itself allows",
            AS_CSV,
        ),
    }
    return OrdersError(
        job.name, *causes.get(problem, ("the workbook is damaged", "open it in Excel and save it again as .xlsx"))
    )


def records(sheet: Sheet) -> Iterator[Record]:
    """One Record per row of the sheet, each `sheet.width` wide and numbered as Excel numbers it."""
    with sheet.file.open(encoding="utf-8", newline="") as source:
        for number, cells in enumerate(csv.reader(source, strict=True), start=1):
            cells += [""] * (sheet.width - len(cells))
            yield Record(number, 1, cells, None, " | ".join(filter(None, cells[:20])))
