"""Cells of a table for people: what they read, which of them are figures, and the figures as numbers again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from retention_core import export
from retention_core.say import NOT_KNOWN, day, number

# A figure or a range as `say` writes one: 1,234 · −5.5 · 18 % · €1,200 · 17–19 % · 12 …
_LOOKS_LIKE_ONE = re.compile(r"^[^\w\s]{0,4}\d[\d,.\s\u00a0]*(–[^\w\s]{0,2}\d[\d,.\s\u00a0]*)?\s?[%KMB…°†]{0,2}$")
# One figure: a tilde before an expected one, sign, currency, digits in groups of three, per cent.
_FIGURE = re.compile(
    r"^(?P<expected>~\s)?(?P<sign>[-−]?)(?P<currency>[A-Z]{3}[\s\u00a0]?|[$€£¥₽₴₺₹]|[A-Z]{1,2}\$)?"
    r"(?P<digits>(?:0|[1-9]\d{0,2})(?:,\d{3})*(?:\.(?P<after>\d+))?)(?P<percent>[\s\u00a0]?%)?$"
)
PERCENT, DATE = "0.0%", "yyyy-mm-dd"
UNFINISHED = "…"
EXPECTED = r"\~\ "  # before how Excel shows a number: the tilde that marks a forecast


@dataclass(frozen=True)
class Column:
    """One column of a sheet: numbers, dates or harmless text, and how Excel shows the numbers (empty: as text).

    `expected`: the places of the cells that are forecasts, which a tilde marks.
    """

    name: str
    cells: Sequence[Any]
    look: str = ""
    expected: frozenset[int] = frozenset()

    def look_of(self, place: int) -> str:
        """How Excel shows one cell."""
        return f"{EXPECTED}{self.look}" if place in self.expected else self.look


def whole(frame: pd.DataFrame, has_index: bool) -> pd.DataFrame:
    """The frame with its index as the first column, where it has one."""
    return (
        frame.rename_axis(index=str(frame.index.name or "")).reset_index(allow_duplicates=True) if has_index else frame
    )


def rows_of(frame: pd.DataFrame, has_index: bool = False) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows as text, the index as the first column where it has one."""
    shown = whole(frame, has_index)
    columns = [[_written(cell) for cell in shown.iloc[:, place]] for place in range(shown.shape[1])]
    return [str(name) for name in shown.columns], [list(row) for row in zip(*columns, strict=True)]


def is_number(text: str) -> bool:
    """Whether a cell holds a figure, or nothing that could be none."""
    return text in ("", NOT_KNOWN) or _LOOKS_LIKE_ONE.match(text) is not None


def as_columns(frame: pd.DataFrame, looks: Mapping[str, str] | None = None, has_figures: bool = False) -> list[Column]:
    """The columns of a frame for a sheet. `looks`: how columns are shown.

    `has_figures`: text that holds figures becomes numbers, from the second column on. The first names the rows, and a
    name may be digits: a channel 101, a version 1.10.
    """
    safe = export.safe_frame(frame)
    found = []
    for place in range(frame.shape[1]):
        name, cells = str(safe.columns[place]), frame.iloc[:, place].tolist()
        column = _numbers(name, cells, (looks or {}).get(str(frame.columns[place])), has_figures and place > 0)
        found.append(column or Column(name, [_told(cell) for cell in safe.iloc[:, place]]))
    return found


def _numbers(name: str, cells: Sequence[Any], look: str | None, has_figures: bool) -> Column | None:
    """The column as numbers or dates; None where it is text."""
    known = [cell for cell in cells if not _is_missing(cell)]
    if not known or all(isinstance(cell, str) for cell in known):
        return _figures(name, cells) if has_figures else None
    if all(isinstance(cell, date) for cell in known):
        return Column(name, [None if _is_missing(cell) else cell for cell in cells], DATE)
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known):
        whole = all(float(cell).is_integer() for cell in known)
        return Column(
            name, [None if _is_missing(cell) else cell for cell in cells], look or ("#,##0" if whole else "#,##0.00")
        )
    return None


def _figures(name: str, cells: Sequence[Any]) -> Column | None:
    """Text that holds one figure in each cell, as numbers. What is not over yet stays text, and so out of sums."""
    texts = ["" if _is_missing(cell) else str(cell) for cell in cells]
    open_ = [text in ("", NOT_KNOWN) or text.endswith(UNFINISHED) for text in texts]
    read = [None if unread else _FIGURE.match(text) for text, unread in zip(texts, open_, strict=True)]
    found = [match for match in read if match]
    if not found or len(found) + sum(open_) < len(texts):
        return None
    units = {(bool(match["percent"]), (match["currency"] or "").strip()) for match in found}
    if len(units) > 1:
        return None
    digits = max(len(match["after"] or "") for match in found)
    numbers = [text if match is None else _value(match) for text, match in zip(texts, read, strict=True)]
    expected = frozenset(place for place, match in enumerate(read) if match and match["expected"])
    return Column(name, numbers, _look(*units.pop(), digits), expected)


def _value(match: re.Match[str]) -> float:
    value = float(match["digits"].replace(",", ""))
    return (-value if match["sign"] else value) / (100 if match["percent"] else 1)


def _look(is_percent: bool, currency: str, digits: int) -> str:
    after = "." + "0" * digits if digits else ""
    if is_percent:
        return f"0{after}%"  # the sign multiplies by 100, quoted it would not
    return f'"{currency}"#,##0{after}' if currency else f"#,##0{after}"


def _told(cell: Any) -> Any:
    return "" if _is_missing(cell) else _written(cell)


def _is_missing(cell: Any) -> bool:
    """Whether a cell is not known: nothing, or a number that is none, or one without an end."""
    return cell is None or cell is pd.NA or cell is pd.NaT or cell != cell or cell in (math.inf, -math.inf)


def _written(cell: Any) -> str:
    if _is_missing(cell):
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, date):
        return day(cell)
    if isinstance(cell, int | float):
        return number(cell, 0 if float(cell).is_integer() else 2)
    return str(cell)
