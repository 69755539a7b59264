"""Cells of a table for people: what they read, which of them are figures, and columns of a sheet made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from retention_core import export
from retention_core.report.figures import Column, dates, figures, from_, is_missing, to
from retention_core.say import NOT_KNOWN, day, number
from retention_core.written import DATE, Written

# A figure or a range as `say` writes one: 1,234 · −5.5 · 18 % · 17–19 % · −2 to 3 % · <0.1 % · 14K (4–25K) · 12 …
_ONE = r"[^\w\s]{0,4}\d[\d,.\s\u00a0]*[\s\u00a0]?[%KMB]{0,2}"
_LOOKS_LIKE_ONE = re.compile(rf"^(~\s)?{_ONE}(\s?(–|to)\s?{_ONE})?(\s\({_ONE}(–|\sto\s){_ONE}\))?\s?[…°†]?$")


def whole(frame: pd.DataFrame, has_index: bool) -> pd.DataFrame:
    """The frame with its index as the first column, where it has one."""
    return (
        frame.rename_axis(index=str(frame.index.name or "")).reset_index(allow_duplicates=True) if has_index else frame
    )


def rows_of(frame: pd.DataFrame, has_index: bool = False) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows as text, the index as the first column where it has one."""
    shown = whole(frame, has_index)
    columns = [[in_words(cell) for cell in shown.iloc[:, place]] for place in range(shown.shape[1])]
    return [str(name) for name in shown.columns], [list(row) for row in zip(*columns, strict=True)]


def is_number(text: str) -> bool:
    """Whether a cell holds a figure, or nothing that could be none."""
    return text in ("", NOT_KNOWN) or _LOOKS_LIKE_ONE.match(text) is not None


def as_columns(frame: pd.DataFrame, looks: Mapping[str, str] | None = None, has_figures: bool = False) -> list[Column]:
    """The columns of a frame for a sheet. `looks`: how columns are shown.

    `has_figures`: text that holds figures becomes numbers, from the second column on. The first names the rows, and a
    name may be digits: a channel 101, a version 1.10. Months and days become dates everywhere.
    """
    safe = export.safe_frame(frame)
    found: list[Column] = []
    for place in range(frame.shape[1]):
        name, cells = str(safe.columns[place]), frame.iloc[:, place].tolist()
        if any(isinstance(cell, Written) for cell in cells):
            found += map(_harmless, _as_written(name, cells))
            continue
        column = _numbers(name, cells, (looks or {}).get(str(frame.columns[place])))
        if column is None and has_figures and _is_text(cells):
            read = dates(name, cells, place == 0) or (figures(name, cells) if place else None)
            if read:
                found += [_harmless(one) for one in read]
                continue
        found.append(column or Column(name, [_told(cell) for cell in safe.iloc[:, place]]))
    return found


def _as_written(name: str, cells: Sequence[Any]) -> list[Column]:
    """A column of numbers that know how they are written: the numbers, and the two ends of their ranges."""
    written = [cell if isinstance(cell, Written) else Written(math.nan, _told(cell)) for cell in cells]
    ends = [cell.ends or (None, None) for cell in written]
    parts: dict[str, list[Written | None]] = {
        name: [None if cell.ends and not cell.look else cell for cell in written],
        from_(name): [low for low, _ in ends],
        to(name): [high for _, high in ends],
    }
    columns = [_part(head, part) for head, part in parts.items()]
    return [column for column in columns if any(cell is not None for cell in column.cells)] or columns[:1]


def _part(name: str, cells: Sequence[Written | None]) -> Column:
    own = tuple((place, cell.look) for place, cell in enumerate(cells) if cell and cell.look)
    return Column(name, [_value(cell) if cell else None for cell in cells], "", own)


def _value(cell: Written) -> float | str | None:
    """What stands in a sheet: the number, or words that are none."""
    if cell.look:
        return None if is_missing(cell.value) else cell.value
    return None if cell.words in ("", NOT_KNOWN) else cell.words


def _is_text(cells: Sequence[Any]) -> bool:
    return all(isinstance(cell, str) for cell in cells if not is_missing(cell))


def _harmless(column: Column) -> Column:
    """What is still text among numbers and dates begins no formula."""
    cells = [export.disarmed(cell) if isinstance(cell, str) else cell for cell in column.cells]
    return Column(column.name, cells, column.look, column.own)


def _numbers(name: str, cells: Sequence[Any], look: str | None) -> Column | None:
    """The column as numbers or dates; None where it is text."""
    known = [cell for cell in cells if not is_missing(cell)]
    told = [None if is_missing(cell) else cell for cell in cells]
    if not known:
        return None
    if all(isinstance(cell, date) for cell in known):
        return Column(name, told, look or DATE)
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known):
        is_whole = all(float(cell).is_integer() for cell in known)
        return Column(name, told, look or ("#,##0" if is_whole else "#,##0.00"))
    return None


def _told(cell: Any) -> Any:
    return "" if is_missing(cell) or cell == NOT_KNOWN else in_words(cell)


def in_words(cell: Any) -> str:
    """A cell as people read it; empty where it is not known."""
    if isinstance(cell, Written):
        return cell.words
    if is_missing(cell):
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, date):
        return day(cell)
    if isinstance(cell, int | float):
        return number(cell, 0 if float(cell).is_integer() else 2)
    return str(cell)
