"""The child process that opens a workbook: `python read_workbook.py <workbook> <folder> <memory in bytes>`.

Writes one UTF-8 CSV per sheet into the folder (one record per row of the sheet, from row 1 on) and prints a JSON list
[{"sheet", "file", "rows", "width", "hidden"}]; or prints {"problem": …} where it cannot. It runs alone, knows nothing
of the rest of the program, and may be killed by its memory limit without harm.
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from pathlib import Path
from typing import Any


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


def limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the size of the unpacked workbook is checked before
        return
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def write_sheet(sheet: Any, target: Path) -> tuple[int, int]:
    """(rows, used width) of the sheet; leading empty rows are kept, so that row numbers are those that Excel shows."""
    rows = width = 0
    with target.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in sheet.iter_rows():
            cells = [text(value).replace("\0", "") for value in row]
            while cells and not cells[-1]:
                cells.pop()
            width = max(width, len(cells))
            writer.writerow(cells or [""])
            rows += 1
    return (rows, width) if width else (0, 0)


def main(workbook: str, folder: str, memory: str) -> None:
    limit_memory(int(memory))
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(workbook)
        found = []
        for number, sheet in enumerate(book.sheets_metadata):
            if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            target = Path(folder) / f"sheet{number:04}.csv"
            rows, width = write_sheet(book.get_sheet_by_name(sheet.name), target)
            hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
            found.append({"sheet": sheet.name, "file": target.name, "rows": rows, "width": width, "hidden": hidden})
        print(json.dumps(found))
    except calamine.PasswordError:
        print(json.dumps({"problem": "password"}))
    except MemoryError:
        print(json.dumps({"problem": "memory"}))
    except Exception as problem:
        print(json.dumps({"problem": "damaged", "detail": str(problem)[:200]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
