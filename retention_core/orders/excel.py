"""Excel workbooks: checked as a zip archive first, then opened by a child process with a limit on its memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retention_core.orders import read_workbook
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import Job
from retention_core.orders.read_records import Record


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
            "save the sheet as CSV and open that",
        )
    return True


def sheets(path: Path, folder: Path, job: Job) -> list[Sheet]:
    """Every worksheet of a workbook, the empty ones too (rows = 0), in the workbook's order."""
    command = [sys.executable, "-I", read_workbook.__file__, str(path), str(folder), str(job.caps.excel_memory)]
    with (folder / "answer.json").open("w+b") as answer:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.DEVNULL)
        try:
            _wait(child, job)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        answer.seek(0)
        said = answer.read()
    if child.returncode != 0:
        raise _refusal("memory", job.name)
    found = json.loads(said)
    if isinstance(found, dict):
        raise _refusal(str(found["problem"]), job.name)
    return [Sheet(f["sheet"], folder / f["file"], f["rows"], f["width"], f["hidden"]) for f in found]


def _wait(child: subprocess.Popen[bytes], job: Job) -> None:
    for _ in range(5 * job.caps.excel_seconds):
        job.progress(0, None)
        try:
            child.wait(timeout=0.2)
            return
        except subprocess.TimeoutExpired:
            continue
    raise OrdersError(job.name, "the workbook takes too long to open", "save the sheet as CSV and open that")


def _refusal(problem: str, name: str) -> OrdersError:
    causes = {
        "password": ("the workbook is protected with a password", "save a copy without the password and open that"),
        "memory": (
            "the workbook needs too much memory, perhaps because of a stray cell far from the table",
            "save the sheet as CSV and open that",
        ),
    }
    return OrdersError(
        name, *causes.get(problem, ("the workbook is damaged", "open it in Excel and save it again as .xlsx"))
    )


def records(sheet: Sheet) -> Iterator[Record]:
    """One Record per row of the sheet, each `sheet.width` wide and numbered as Excel numbers it."""
    with sheet.file.open(encoding="utf-8", newline="") as source:
        for number, cells in enumerate(csv.reader(source, strict=True), start=1):
            cells += [""] * (sheet.width - len(cells))
            yield Record(number, 1, cells, None, " | ".join(filter(None, cells[:20])))
