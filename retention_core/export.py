"""Frames for spreadsheets. A cell that a spreadsheet would run as a formula becomes plain text."""

from __future__ import annotations

import csv
import io

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

# Spreadsheets look past these before they decide what a cell is.
BLANKS = (" ", "\u00a0", "\u2007", "\u202f", "\u3000", "\ufeff", "\u200b")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows; text cells and column names that begin like a formula get an apostrophe. Numbers stay numbers."""
    safe = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if not (is_numeric_dtype(kind) or is_datetime64_any_dtype(kind)):
            safe.isetitem(place, [_disarmed(cell) for cell in frame.iloc[:, place]])
    return safe.rename(columns=lambda name: str(_disarmed(str(name))))


def _disarmed(cell: object) -> object:
    if isinstance(cell, str) and cell.lstrip("".join(BLANKS)).startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which is what makes Excel read it as UTF-8."""
    return safe_frame(frame).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig")


def to_excel(frame: pd.DataFrame) -> bytes:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        safe_frame(frame).to_excel(writer, index=False)
    return buffer.getvalue()
