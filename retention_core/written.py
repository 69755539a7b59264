"""Numbers of a table, each with how it is written: they sort as numbers, read as words and are numbers in Excel.

Words for sentences come from `say`. A cell of a table needs more: by what it is sorted, and how a sheet shows it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date

from babel.numbers import get_currency_symbol

from retention_core import say
from retention_core.say import NOT_KNOWN

PERCENT, DATE, MONTH = "0.0%", "yyyy-mm-dd", "mmm yyyy"  # how Excel shows what a cell holds
EXPECTED = r"\~\ "  # before how Excel shows a number: the tilde that marks a forecast
UNFINISHED = "…"
_FIRST_DAY = date(1899, 12, 30)  # of Excel, to which a date is the number of days since
_CODE = re.compile("[A-Z]{3}")


@dataclass(frozen=True)
class Written:
    """One cell. `value`: by what it is sorted, NaN where it is not known. `look`: Excel's number format.

    Without a look the cell is no number of a sheet: it is words, or only a range. `ends`: the two of a range.
    """

    value: float
    words: str
    look: str = ""
    ends: tuple[Written, Written] | None = None

    def __str__(self) -> str:
        return self.words


def percent(share: float | None, digits: int | None = None) -> Written:
    """A share as per cent, as `say.percent` writes it. A sheet has one digit more where the words have none."""
    return Written(_known(share), say.percent(share, digits), PERCENT if digits is None else f"0{_after(digits)}%")


def number(value: float | None, digits: int = 0) -> Written:
    """A plain number, as `say.number` writes it."""
    return Written(_known(value), say.number(value, digits), f"#,##0{_after(digits)}")


def money(value: float | None, currency: str | None, digits: int | None = None) -> Written:
    """An amount, as `say.money` writes it."""
    return Written(
        _known(value), say.money(value, currency, digits), _amount(currency, 2 if digits is None else digits)
    )


def compact_money(value: float | None, currency: str | None) -> Written:
    """An amount in short, as `say.compact_money` writes it; whole in a sheet."""
    return Written(_known(value), say.compact_money(value, currency), _amount(currency, 2))


def month(day: date) -> Written:
    """A month, by its first day; in a sheet a date."""
    return Written(float((date(day.year, day.month, 1) - _FIRST_DAY).days), say.month(day), MONTH)


def between(low: Written, high: Written) -> Written:
    """A range, sorted by its lower end: one cell for people, two columns in a sheet."""
    if math.isnan(low.value) or math.isnan(high.value):
        return Written(math.nan, NOT_KNOWN)
    return Written(low.value, say.between(low.words, high.words), "", (low, high))


def with_range(value: Written, low: Written, high: Written) -> Written:
    """A number with its range behind it; without one where both ends read the same or are not known."""
    span = between(low, high)
    if low.words == high.words or span.ends is None:
        return value
    return replace(value, words=f"{value} ({span})", ends=span.ends)


def expected(value: Written) -> Written:
    """A forecast: a tilde stands before it, in a sheet too."""
    return replace(value, words=f"~ {value}", look=EXPECTED + value.look)


def unfinished(value: Written) -> Written:
    """What is not over yet: an ellipsis stands behind it. In a sheet it is text, and so out of sums."""
    return replace(value, words=f"{value} {UNFINISHED}", look="")


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _after(digits: int) -> str:
    return "." + "0" * digits if digits else ""


def _amount(currency: str | None, digits: int) -> str:
    # A currency is what a file says: only a code of three letters becomes a part of a format.
    known = get_currency_symbol(currency, "en") if currency and _CODE.fullmatch(currency) else ""
    room = " " if known.isalpha() else ""
    return (f'"{known}{room}"' if known else "") + f"#,##0{_after(digits)}"
