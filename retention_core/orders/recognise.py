"""Which layout a table of a file has, by its headers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_core.orders.layouts import CONTRACTS, LAYOUTS, Layout

if TYPE_CHECKING:
    from retention_core.orders.read_parts import Part


@dataclass(frozen=True)
class Recognised:
    """A known layout and, for each of its fields that the file has, the number of the column."""

    layout: Layout
    columns: Mapping[str, int]


def header_key(header: str) -> str:
    """What counts of a header: its letters and digits, without case and accents on the side of blanks and signs."""
    return "".join(char for char in unicodedata.normalize("NFC", header).casefold() if char.isalnum())


def recognise(part: Part, layout: str | None = None) -> Recognised | None:
    """The layout whose headers are all there, the one that asks for most first; `layout` names one to use."""
    if part.header_line is None and part.kind != "parquet":
        return None
    headers: dict[str, int] = {}
    for number, column in enumerate(part.columns):
        headers.setdefault(header_key(column), number)
    fitting = [
        known for known in (*LAYOUTS, *CONTRACTS) if _fits(known, headers) and layout in (None, known.key, known.kind)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda known: len(known.needs) + len(known.fields))
    return Recognised(best, _columns(best, headers))


def _fits(layout: Layout, headers: Mapping[str, int]) -> bool:
    if any(header_key(header) in headers for header in layout.not_with):
        return False
    return all(header_key(need) in headers for need in layout.needs) and _columns(layout, headers).keys() >= set(
        layout.fields
    )


def _columns(layout: Layout, headers: Mapping[str, int]) -> dict[str, int]:
    found = {}
    for field, names in layout.columns.items():
        number = next((headers[header_key(name)] for name in names if header_key(name) in headers), None)
        if number is not None:
            found[field] = number
    return found
