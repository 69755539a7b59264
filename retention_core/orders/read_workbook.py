"""The child process that opens a workbook: `python read_workbook.py <workbook> <folder> <bytes of memory> <signs>`.

Writes one UTF-8 CSV per sheet into the folder (one record per row of the sheet, from row 1 on) and prints a JSON list
[{"sheet", "file", "rows", "width", "hidden"}]; or prints {"problem": "password" | "memory" | "text" | "cell" |
"damaged"} where it cannot, and ends with the number of the system's error where the disk is full. It runs alone, knows
nothing of the rest of the program, and may be killed by its limits without harm.
"""

from __future__ import annotations

import csv
import datetime
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
LONGEST_CELL = 32_767  # characters: no more fit into a cell of Excel
OF_A_CELL = 8  # signs that each cell counts beside its text: a filled one has more in the workbook, and all take time


class Refused(Exception):  # noqa: N818 - no error: the workbook is more than is taken
    """Its text is the problem."""


class Room:
    """The signs that all sheets together may still take. A text that stands in a workbook once can fill many cells."""

    def __init__(self, signs: int) -> None:
        self.signs = signs

    def take(self, signs: int, problem: str) -> None:
        self.signs -= signs
        if self.signs < 0:
            raise Refused(problem)


def text(value: Any) -> str:
    """A cell as text: ISO dates, whole numbers without ".0" (they are often ids), everything else as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def limit(memory: int, size: int) -> None:
    """From now on this process has so many bytes of memory, and no file it writes is larger than `size` bytes."""
    try:
        import resource
    except ImportError:  # not on Windows; the size of the unpacked workbook is checked before
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def write_sheet(sheet: Any, target: Path, room: Room) -> tuple[int, int]:
    """(rows, used width) of the sheet; leading empty rows are kept, so that row numbers are those that Excel shows."""
    rows = width = 0
    room.take(OF_A_CELL * sheet.total_height * sheet.total_width, "memory")  # a stray cell makes a large empty sheet
    with target.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in sheet.iter_rows():
            while row and row[-1] == "":
                row.pop()
            cells = [text(value) for value in row]
            lengths = [len(cell) for cell in cells]
            if lengths and max(lengths) > LONGEST_CELL:
                raise Refused("cell")
            room.take(sum(lengths), "text")
            cells = [cell.replace("\0", "") for cell in cells]
            while cells and not cells[-1]:
                cells.pop()
            width = max(width, len(cells))
            writer.writerow(cells or [""])
            rows += 1
    return (rows, width) if width else (0, 0)


def write_sheets(workbook: str, folder: Path, room: Room) -> list[dict[str, Any]]:
    """One entry per worksheet, each written into the folder."""
    import python_calamine as calamine

    book = calamine.CalamineWorkbook.from_path(workbook)
    found = []
    for number, sheet in enumerate(book.sheets_metadata):
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        target = folder / f"sheet{number:04}.csv"
        rows, width = write_sheet(book.get_sheet_by_name(sheet.name), target, room)
        hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
        found.append({"sheet": sheet.name, "file": target.name, "rows": rows, "width": width, "hidden": hidden})
    return found


def problem_of(problem: Exception) -> str:
    """The word for what has gone wrong."""
    import python_calamine as calamine

    if isinstance(problem, Refused):
        return str(problem)
    if isinstance(problem, MemoryError):
        return "memory"
    if isinstance(problem, OSError) and problem.errno == errno.EFBIG:
        return "text"
    return "password" if isinstance(problem, calamine.PasswordError) else "damaged"


def main(workbook: str, folder: str, memory: str, signs: str) -> None:
    limit(int(memory), int(signs))
    import python_calamine  # noqa: F401 - where even this does not fit into the memory, the process ends here

    found: object
    try:
        try:
            found = write_sheets(workbook, Path(folder), Room(int(signs)))
        except Exception as problem:
            if isinstance(problem, OSError) and problem.errno in DISK_IS_FULL:
                raise
            found = {"problem": problem_of(problem)}
        print(json.dumps(found), flush=True)
    except OSError as problem:
        os._exit(problem.errno or 1)  # at once: what waits to be written would not fit either


if __name__ == "__main__":
    main(*sys.argv[1:])
