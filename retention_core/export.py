"""Frames for spreadsheets. A cell that a spreadsheet would run as a formula becomes plain text.

An apostrophe before the sign does that (OWASP, "CSV Injection"); wide signs count where Japanese is written.
"""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

MEDIA_TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
SHEET = "Sheet1"
SIGNS = "[-=+@\uff1d\uff0b\uff0d\uff20]"
# Spreadsheets look past blanks and signs without width before they decide what a cell is.
BLANKS = r"[^\S\t\r\n]|[\x00-\x08\x0e-\x1f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
# Nothing is tried twice: a cell of a million blanks takes as long as one of a million letters.
_SIGN = rf"(?='*+(?:{BLANKS})*+{SIGNS})"
_LIVE = re.compile(rf"{_SIGN}|(?='*+[\t\r\n])")
# A list opened with another separator than its own, as is usual where the decimal mark is a comma, has cells here too.
_CELL = rf"([;|\t\r\n](?:\"|{BLANKS})*+)"
_NEXT_LIVE = re.compile(f"{_CELL}{_SIGN}")
_NEXT_DISARMED = re.compile(f"{_CELL}'{_SIGN}")


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows; text cells and column names that begin like a formula get an apostrophe. Numbers stay numbers."""
    safe = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if not (is_numeric_dtype(kind) or is_datetime64_any_dtype(kind)):
            safe.isetitem(place, [_disarmed(cell) for cell in frame.iloc[:, place]])
    return safe.rename(columns=lambda name: str(_disarmed(str(name))))


def _disarmed(cell: object) -> object:
    return disarmed(cell) if isinstance(cell, str) else cell


def disarmed(text: str) -> str:
    """The text with an apostrophe before each place where it could begin a cell with a formula."""
    text = _NEXT_LIVE.sub(r"\1'", text)
    return f"'{text}" if _LIVE.match(text) else text


def armed(text: str) -> str:
    """What the text was before `disarmed`."""
    text = text[1:] if text.startswith("'") and _LIVE.match(text) else text
    return _NEXT_DISARMED.sub(r"\1", text)


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which is what makes Excel read it as UTF-8."""
    return safe_frame(frame).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig")


def to_excel(frame: pd.DataFrame) -> bytes:
    """A workbook of one sheet: its head stays in sight, columns are as wide as what they hold, days have no hours."""
    # In memory: its own way writes the customers of a list to the disk first.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True, "in_memory": True}
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        _days(safe_frame(frame)).to_excel(writer, index=False, sheet_name=SHEET, freeze_panes=(1, 0))
        writer.sheets[SHEET].autofit()
    return buffer.getvalue()


def _days(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows; columns of moments that are all the beginning of a day hold days."""
    days = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        moments = frame.iloc[:, place]
        if is_datetime64_any_dtype(kind) and moments.dropna().eq(moments.dropna().dt.normalize()).all():
            days.isetitem(place, moments.dt.date)
    return days
