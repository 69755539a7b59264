"""Figures that were written for people, as numbers and dates again: for sheets that are added up and sorted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from retention_core.say import NOT_KNOWN, month, say
from retention_core.written import DATE, EXPECTED, MONTH, UNFINISHED

# A comma at the end of a number format divides by a thousand: what was said in short is shown in short.
THOUSANDS = {"": 0, "K": 1, "M": 2, "B": 3}

BELOW = '"<"'  # the same for what is too small to be said

_ONE = (
    r"<?[-−]?(?:[A-Z]{3}[\s\u00a0]?|[$€£¥₽₴₺₹]|[A-Z]{1,2}\$)?"
    r"(?:0|[1-9]\d{0,2})(?:,\d{3})*(?:\.\d+)?[KMB]?(?:[\s\u00a0]?%)?"
)
_PARTS = re.compile(
    r"(?P<expected>~\s)?(?P<below><)?(?P<sign>[-−]?)(?P<currency>[A-Z]{3}[\s\u00a0]?|[$€£¥₽₴₺₹]|[A-Z]{1,2}\$)?"
    r"(?P<digits>[\d,]+(?:\.(?P<after>\d+))?)(?P<short>[KMB]?)(?P<percent>[\s\u00a0]?%)?"
)
_FIGURE = re.compile(rf"(?:~\s)?{_ONE}")
_RANGE = re.compile(rf"(?P<low>{_ONE})(?:[\s\u00a0]?–[\s\u00a0]?| to )(?P<high>{_ONE})")
_WITH_RANGE = re.compile(rf"(?P<value>{_ONE})[\s\u00a0]\((?P<low>{_ONE})(?:–| to )(?P<high>{_ONE})\)")
_COUNTED = re.compile(rf"(?P<part>{_ONE}) (?:/|of) (?P<of>{_ONE})")
_DAY = re.compile(r"(?:(?P<day>\d{1,2}) )?(?P<month>[^\d\s]+) (?P<year>\d{4})")
_COHORT = re.compile(rf"(?P<month>[^\d\s]+ \d{{4}}) · (?P<customers>{_ONE})")


@dataclass(frozen=True)
class Column:
    """One column of a sheet: numbers, dates or harmless text, and how Excel shows the numbers (empty: as text).

    `own`: the places of cells that are shown in a way of their own.
    """

    name: str
    cells: Sequence[Any]
    look: str = ""
    own: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Number:
    """One figure as it was written. `unit`: whether it is per cent, and its currency."""

    value: float
    unit: tuple[bool, str]
    digits: int
    short: str
    is_expected: bool
    is_below: bool

    def look(self, digits: int) -> str:
        """How Excel shows it, with so many digits after the point."""
        is_percent, currency = self.unit
        after = "." + "0" * digits if digits else ""
        if is_percent:
            shown = f"0{after}%"  # the sign multiplies by 100, quoted it would not
        else:
            shown = (f'"{currency}"' if currency else "") + f"#,##0{after}"
            if self.short:
                shown += "," * THOUSANDS[self.short] + f'"{self.short}"'
        shown = f"{BELOW}{shown}" if self.is_below else shown
        return f"{EXPECTED}{shown}" if self.is_expected else shown


def number_of(text: str, like: str = "") -> Number | None:
    """The figure that a text is. `like`: the end of its range, whose per cent sign counts for both ends."""
    match = _PARTS.fullmatch(text) if _FIGURE.fullmatch(text) else None
    if match is None:
        return None
    is_percent = bool(match["percent"]) or like.endswith("%")
    digits, scale = len(match["after"] or ""), (2 if is_percent else 0) - 3 * THOUSANDS[match["short"]]
    # From the digits and not by division: 7.4 % is 0.074, and nothing behind it.
    value = float(f"{match['digits'].replace(',', '')}e{-scale}")
    return Number(
        -value if match["sign"] else value,
        (is_percent, (match["currency"] or "").strip()),
        digits, match["short"], bool(match["expected"]), bool(match["below"]),
    )  # fmt: skip


def is_missing(cell: Any) -> bool:
    """Whether a cell is not known: nothing, or a number that is none, or one without an end."""
    return cell is None or cell is pd.NA or cell is pd.NaT or cell != cell or cell in (math.inf, -math.inf)


def figures(name: str, cells: Sequence[Any]) -> list[Column] | None:
    """Text that holds figures in every cell, as numbers; a range becomes two columns. None where it is no such text.

    What is not known is empty. What is not over yet stays text, and so out of sums.
    """
    texts = ["" if is_missing(cell) or cell == NOT_KNOWN else str(cell) for cell in cells]
    is_open = [text == "" or text.endswith(UNFINISHED) for text in texts]
    for pattern, heads in (
        (_FIGURE, {"": name}),
        (_RANGE, {"low": from_(name), "high": to(name)}),
        (_WITH_RANGE, {"value": name, "low": from_(name), "high": to(name)}),
        (_COUNTED, {"part": name, "of": say("{name}, of", name=name)}),
    ):
        read = [None if unread else pattern.fullmatch(text) for text, unread in zip(texts, is_open, strict=True)]
        if any(read) and all(
            is_open[place] or match or _plain(texts[place], heads) for place, match in enumerate(read)
        ):
            found = list(_columns(texts, read, heads))
            return None if None in found else [column for column in found if column]
    return None


def from_(name: str) -> str:
    """The name of the lower end of a range."""
    return say("{name}, from", name=name)


def to(name: str) -> str:
    """The name of the upper end of a range."""
    return say("{name}, to", name=name)


def dates(name: str, cells: Sequence[Any], may_add_up: bool = False) -> list[Column] | None:
    """Text that holds a month or a day in every cell, as dates; a cohort with its size becomes two columns.

    `may_add_up`: one row may have another name, such as that of all months together.
    """
    texts = ["" if is_missing(cell) or cell == NOT_KNOWN else str(cell) for cell in cells]
    cohorts = [_COHORT.fullmatch(text) for text in texts]
    sizes: list[Any] = []
    if any(cohorts):
        sizes = [match and (found := number_of(match["customers"])) and found.value for match in cohorts]
        texts = [match["month"] if match else text for match, text in zip(cohorts, texts, strict=True)]
    months = {month(date(2000, number, 1)).removesuffix(" 2000"): number for number in range(1, 13)}
    read = [_date(text, months) for text in texts]
    others = {text for text, found in zip(texts, read, strict=True) if text and not found}
    if not any(read) or len(others) > (1 if may_add_up else 0):
        return None
    has_days = any(not text[0].isalpha() for text in texts if text)
    told = [found or text or None for text, found in zip(texts, read, strict=True)]
    column = Column(name, told, DATE if has_days else MONTH)
    return [column, Column(say("Customers at the start"), sizes, "#,##0")] if sizes else [column]


def _date(text: str, months: dict[str, int]) -> date | None:
    match = _DAY.fullmatch(text)
    if match is None or match["month"] not in months:
        return None
    try:
        return date(int(match["year"]), months[match["month"]], int(match["day"] or 1))
    except ValueError:
        return None


def _plain(text: str, heads: dict[str, str]) -> bool:
    """Whether a figure without a range stands among figures that have one."""
    return "value" in heads and bool(_FIGURE.fullmatch(text))


def _columns(
    texts: Sequence[str], read: Sequence[re.Match[str] | None], heads: dict[str, str]
) -> Iterator[Column | None]:
    """One column per part of the cells; None where their units differ."""
    for part, head in heads.items():
        numbers: list[Number | None] = []
        for text, match in zip(texts, read, strict=True):
            if match is None:
                numbers.append(number_of(text) if part == "value" else None)
            else:
                numbers.append(number_of(match[part] if part else text, match["high"] if part == "low" else ""))
        known = [number for number in numbers if number]
        if len({(number.unit[0], number.unit[1]) for number in known}) > 1:
            yield None
            continue
        digits = max((number.digits for number in known if not number.short), default=0)
        cells = [
            number.value if number else (text if text.endswith(UNFINISHED) and part in ("", "value") else None)
            for text, number in zip(texts, numbers, strict=True)
        ]
        usual = next((one for one in known if not (one.short or one.is_expected or one.is_below)), None)
        look = usual.look(digits) if usual else ""
        own = tuple(
            (place, shown)
            for place, one in enumerate(numbers)
            if one and (shown := one.look(one.digits if one.short else digits)) != look
        )
        yield Column(head, cells, look, own)
