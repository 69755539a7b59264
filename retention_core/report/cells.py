"""Cells of a table for people: what they read, and which of them are numbers."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pandas as pd

from retention_core.say import NOT_KNOWN, day, number

# A figure as `say` writes one: 1,234 · −5.5 · 18 % · €1,200 · 17–19 % · 12 …
_FIGURE = re.compile(r"^[^\w\s]{0,4}\d[\d,.\s\u00a0]*(–\d[\d,.\s\u00a0]*)?\s?[%KMB…°†]{0,2}$")


def rows_of(frame: pd.DataFrame, has_index: bool = False) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows as text, the index as the first column where it has one."""
    shown = frame.reset_index() if has_index else frame
    if has_index and frame.index.name is None:
        shown = shown.rename(columns={shown.columns[0]: ""})
    columns = [[_written(cell) for cell in shown.iloc[:, place]] for place in range(shown.shape[1])]
    return [str(name) for name in shown.columns], [list(row) for row in zip(*columns, strict=True)]


def is_number(text: str) -> bool:
    """Whether a cell holds a figure, or nothing that could be none."""
    return text in ("", NOT_KNOWN) or _FIGURE.match(text) is not None


def _written(cell: Any) -> str:
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, date):
        return day(cell)
    if isinstance(cell, int | float):
        return number(cell, 0 if float(cell).is_integer() else 2)
    return str(cell)
