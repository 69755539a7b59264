"""Words and figures for people: sentences through gettext, numbers, money and days through Babel.

The English sentence is the key of the catalogue. This is the only place where a share becomes per cent.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, dates, numbers

LOCALES = Path(__file__).parent / "locale"
NOT_KNOWN = "–"

# The same figures are written again with each rerun, and Babel takes 50 µs for one.
_written = lru_cache(maxsize=10_000)
format_date = _written(dates.format_date)
format_compact_currency = _written(numbers.format_compact_currency)
format_compact_decimal = _written(numbers.format_compact_decimal)
format_currency = _written(numbers.format_currency)
format_decimal = _written(numbers.format_decimal)
format_percent = _written(numbers.format_percent)

_locale: ContextVar[str] = ContextVar("locale", default="en")


def speak(language: str) -> None:
    """Set the language of this session's thread; an unknown one is English."""
    try:
        Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        language = "en"
    _locale.set(language.replace("-", "_"))


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("comeback", LOCALES, [language], fallback=True)


def say(sentence: str, **values: Any) -> str:
    """The sentence in the session's language, its {names} filled in."""
    return _catalogue(_locale.get()).gettext(sentence).format(**values)


def percent(share: float | None, digits: int | None = None) -> str:
    """A share as per cent: 0.183 is 18 %, 0.0183 is 1.8 %."""
    if share is None or share != share:
        return NOT_KNOWN
    places = digits if digits is not None else (0 if abs(share) >= 0.1 or share == 0 else 1)
    pattern = "0" if places == 0 else "0." + "0" * places
    return format_percent(share, format=f"{pattern} %", locale=_locale.get())


def points(change: float, digits: int = 1) -> str:
    """A difference of two shares in percentage points: 0.008 is +0.8 points."""
    size = format_decimal(round(abs(change) * 100, digits), locale=_locale.get())
    return say("{sign}{n} points", sign="+" if change >= 0 else "−", n=size)


def number(value: float | None, digits: int = 0) -> str:
    if value is None or value != value:
        return NOT_KNOWN
    return str(format_decimal(round(value, digits), locale=_locale.get()))


def compact(value: float | None) -> str:
    """Thousands and millions in short: 17.4M; less than that as it is, to the whole from a hundred on."""
    if value is None or value != value:
        return NOT_KNOWN
    if abs(value) < 1000:
        return number(value, 0 if abs(value) >= 100 else 2)
    return str(format_compact_decimal(value, locale=_locale.get(), fraction_digits=1))


def money(value: float | None, currency: str | None, digits: int | None = None) -> str:
    """An amount in the file's currency; a plain number where the file names none."""
    if value is None or value != value:
        return NOT_KNOWN
    places = digits if digits is not None else (0 if abs(value) >= 1000 else 2)
    figure = "#,##0" if places == 0 else "#,##0." + "0" * places
    if not currency:
        return str(format_decimal(value, format=figure, locale=_locale.get()))
    pattern = f"¤{figure}"
    return str(format_currency(value, currency, pattern, locale=_locale.get(), currency_digits=False))


def compact_money(value: float | None, currency: str | None) -> str:
    """Money in short: €1.2M; below a thousand as it is, to the whole unit from a hundred on."""
    if value is None or value != value or not currency:
        return compact(value)
    if abs(value) < 1000:
        return money(value, currency, 0 if abs(value) >= 100 or value == 0 else 2)
    return str(format_compact_currency(value, currency, locale=_locale.get(), fraction_digits=1))


def day(value: date) -> str:
    return str(format_date(value, "d MMM yyyy", locale=_locale.get()))


def month(value: date) -> str:
    return str(format_date(value, "MMM yyyy", locale=_locale.get()))


def between(low: str, high: str) -> str:
    """An interval in words: 17–19 %."""
    return f"{low.removesuffix(' %').removesuffix(chr(160) + '%')}–{high}"
