"""The hostile files that are too large to keep: each is made when its test runs."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

HEADER = "order_id,customer,ordered_at,amount\n"


def _rows(count: int) -> str:
    return "".join(f"A{row},Ada,2024-01-{row % 28 + 1:02},{row}.50\n" for row in range(count))


def _late_na(path: Path) -> None:
    path.write_text(HEADER + _rows(30_000) + "A30000,Ada,N/A,N/A\n")


def _long_line(path: Path) -> None:
    path.write_text(HEADER + _rows(20) + "A,Ada,2024-01-01," + "9" * 3_000_000 + "\n" + _rows(20))


def _gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as sink:
        for _ in range(128):
            sink.write(b"1,2,3,4\n" * 131_072)


def _wide(path: Path) -> None:
    path.write_text((",".join(f"name{column}" for column in range(20_000)) + "\n") + ("1," * 19_999 + "1\n") * 3)


def _endless_quote(path: Path) -> None:
    path.write_text(HEADER + 'A0,Ada,2024-01-01,1\nA1,"Ada,2024-01-01,1\n' + _rows(30_000))


_WORKBOOK = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="xl/workbook.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "xl/workbook.xml": '<?xml version="1.0"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="worksheets/sheet1.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
}
_SHEET = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def _workbook(path: Path, rows: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _WORKBOOK.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", _SHEET + rows + "</sheetData></worksheet>")


def repeated_text(path: Path, text: str, cells: int, sheets: int = 1) -> None:
    """A workbook that holds a text once and shows it in so many cells of each of its sheets."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, sheets + 1)]
    links = "".join(
        f'<Relationship Id="r{n}" Target="{target}" Type="{kind}/{what}"/>'
        for n, (what, target) in enumerate([*targets, ("sharedStrings", "sharedStrings.xml")], start=1)
    )
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, cells + 1))
    start, end = _WORKBOOK["xl/workbook.xml"].split("<sheets>")[0], "</sheets></workbook>"
    parts = _WORKBOOK | {
        "xl/workbook.xml": f"{start}<sheets>{names}{end}",
        "xl/_rels/workbook.xml.rels": _WORKBOOK["xl/_rels/workbook.xml.rels"].split("<Relationship ")[0]
        + f"{links}</Relationships>",
        "xl/sharedStrings.xml": _SHEET.split("<worksheet")[0]
        + f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>',
    }
    parts |= {f"xl/{target}": f"{_SHEET}{rows}</sheetData></worksheet>" for _, target in targets}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _xlsx_long_cell(path: Path) -> None:
    repeated_text(path, "A" * 1024**2, 50)


def _xlsx_bomb(path: Path) -> None:
    _workbook(path, '<row r="1"><c r="A1"><v>1</v></c></row>' * 1_000_000)


def _xlsx_stray_cell(path: Path) -> None:
    _workbook(path, '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


MAKERS: dict[str, Callable[[Path], None]] = {
    "late_na.csv": _late_na,
    "long_line.csv": _long_line,
    "gzip_bomb.csv.gz": _gzip_bomb,
    "wide.csv": _wide,
    "endless_quote.csv": _endless_quote,
    "xlsx_bomb.xlsx": _xlsx_bomb,
    "xlsx_stray_cell.xlsx": _xlsx_stray_cell,
    "xlsx_long_cell.xlsx": _xlsx_long_cell,
}
