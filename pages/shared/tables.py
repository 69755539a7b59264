"""Tables on screen: what is `Written` shows its words and is sorted by its number."""

from __future__ import annotations

from typing import Any

import pandas as pd

from retention_core.report.cells import in_words
from retention_core.written import Written


class _Cell(float):
    """A number that the browser sorts, and that pandas writes in its words."""

    words: str

    def __str__(self) -> str:
        return self.words


def sortable(rows: pd.DataFrame) -> Any:
    """The rows for `st.dataframe`; text among written numbers makes a column text, sorted as text."""
    columns = [rows.iloc[:, place] for place in range(rows.shape[1])]
    is_written = [any(isinstance(cell, Written) for cell in column) for column in columns]
    if not any(is_written):
        return rows
    # As objects: pandas makes plain numbers of others, and their words are lost.
    cells = {
        name: pd.Series([_cell(one) for one in column], dtype=object) if has_words else column.reset_index(drop=True)
        for name, column, has_words in zip(rows.columns, columns, is_written, strict=True)
    }
    shown = pd.DataFrame(cells)
    shown.index = rows.index if rows.index.is_unique else shown.index
    return shown.style.format(lambda cell: str(cell) if isinstance(cell, _Cell) else in_words(cell))


def _cell(one: Any) -> Any:
    if not isinstance(one, Written):
        return one
    cell = _Cell(one.value)
    cell.words = one.words
    return cell
