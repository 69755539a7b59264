"""What a file is, by its first bytes and never by its name; what is no table is refused by what it is."""

from __future__ import annotations

import re
from pathlib import Path

from retention_core.orders.errors import OrdersError

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ZIP = b"PK"
START = 64 * 1024  # bytes that tell a kind
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # a stream of the container that Excel puts a locked workbook into

_EXPORT = "export the orders as CSV, Excel (.xlsx) or Parquet and open that"
_RESAVE = "open it in Excel and save it as .xlsx"
_UNPACK = "unpack it first, then open the order file that was in it"
_KINDS = (
    (GZIP, "a file compressed twice", _UNPACK),
    (ZIP, "a zip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"%PDF", "a PDF document", _EXPORT),
    (b"SQLite format 3", "an SQLite database", _EXPORT),
    (_OLE, "an Excel workbook of the old kind (.xls)", _RESAVE),
)
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{])")


def start_of(path: Path, length: int) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as source:
        return source.read(length)


def refuse_what_is_no_text(head: bytes, name: str) -> None:
    """Raises OrdersError, naming what the file is, unless it can be a text of columns. `head`: its first 1 MB."""
    start = head[:START]
    if not start.strip(b" \t\r\n\0"):
        raise OrdersError(name, "the file is empty" if not start else "the file holds no text", "export it again")
    if start.startswith(_OLE) and _ENCRYPTED in head:
        advice = "save a copy without the password and open that"
        raise OrdersError(name, "the workbook is protected with a password", advice)
    for magic, kind, advice in _KINDS:
        if start.startswith(magic):
            raise OrdersError(name, f"this is {kind}, not a table", advice)
    if _WEB_PAGE.match(start):
        raise OrdersError(name, "this is a web page or XML, not a table", _RESAVE)
    if _JSON.match(start):
        raise OrdersError(name, "this is JSON, not a table", _EXPORT)
