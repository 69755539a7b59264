"""Words and figures for people: sentences through gettext, numbers, money and days through Babel.

The English sentence is the key of the catalogue. This is the only place where a share becomes per cent.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, dates, numbers

from retention_core.remembered import remember

LOCALES = Path(__file__).parent / "locale"
NOT_KNOWN = "–"
MINUS = "−"
LARGEST = 1e15  # beyond it a figure is written by its powers of ten: no amount of a shop, and more than a float tells
NOTHING = 1e-9  # of a share: what is left over where parts are added up to a whole
NEARLY_ALL = 0.995  # from here on a share gets a decimal

# The same figures are written again with each rerun, and Babel takes 50 µs for one.
_written = remember(10_000)
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
    """A share as per cent: 0.183 is 18 %, 0.0183 is 1.8 %.

    100 % is all and 0 % is none: 0.9999 is 99.9 %, and 0.0001 is <0.1 %.
    """
    if share is None or share != share:
        return NOT_KNOWN
    size = abs(share)
    if size >= LARGEST:
        return f"{_in_powers(share * 100)} %"
    share, size = (0.0, 0.0) if size < NOTHING else (share, size)
    is_all_but = NEARLY_ALL <= share < 1 - NOTHING
    places = digits if digits is not None else (0 if size == 0 or (size >= 0.1 and not is_all_but) else 1)
    least = 10.0 ** -(places + 2)
    if 0 < share < least / 2:
        return f"<{percent(least, places)}"
    pattern = "0" if places == 0 else "0." + "0" * places
    shown = min(share, 1 - least) if is_all_but else share
    return _with_minus(format_percent(shown, format=f"{pattern} %", locale=_locale.get()))


def _with_minus(figure: str) -> str:
    """The figure with a true minus sign, and none where all that is left of it is nought."""
    if not figure.startswith("-"):
        return figure
    return MINUS + figure[1:] if any(sign in "123456789" for sign in figure) else figure[1:]


def _in_powers(value: float) -> str:
    return _with_minus(f"{value:.3g}")


def points(change: float, digits: int = 1) -> str:
    """A difference of two shares in percentage points: 0.008 is +0.8 points."""
    size = format_decimal(round(abs(change) * 100, digits), locale=_locale.get())
    return say("{sign}{n} points", sign="+" if change >= 0 else "−", n=size)


def number(value: float | None, digits: int = 0) -> str:
    if value is None or value != value:
        return NOT_KNOWN
    if abs(value) >= LARGEST:
        return _in_powers(value)
    return _with_minus(format_decimal(round(value, digits), locale=_locale.get()))


def compact(value: float | None) -> str:
    """Thousands and millions in short: 17.4M; less than that as it is, to the whole from a hundred on."""
    if value is None or value != value:
        return NOT_KNOWN
    if abs(value) < 1000 or abs(value) >= LARGEST:
        return number(value, 0 if abs(value) >= 100 else 2)
    return _with_minus(format_compact_decimal(value, locale=_locale.get(), fraction_digits=1))


def money(value: float | None, currency: str | None, digits: int | None = None) -> str:
    """An amount in the file's currency; a plain number where the file names none."""
    if value is None or value != value:
        return NOT_KNOWN
    if abs(value) >= LARGEST:
        return f"{currency} {_in_powers(value)}" if currency else _in_powers(value)
    places = digits if digits is not None else (0 if abs(value) >= 1000 else 2)
    figure = "#,##0" if places == 0 else "#,##0." + "0" * places
    if not currency:
        return _with_minus(format_decimal(value, format=figure, locale=_locale.get()))
    pattern = f"¤{figure}"
    return _with_minus(format_currency(value, currency, pattern, locale=_locale.get(), currency_digits=False))


def compact_money(value: float | None, currency: str | None) -> str:
    """Money in short: €1.2M; below a thousand as it is, to the whole unit from a hundred on."""
    if value is None or value != value or not currency:
        return compact(value)
    if abs(value) < 1000 or abs(value) >= LARGEST:
        return money(value, currency, 0 if abs(value) >= 100 or value == 0 else 2)
    return _with_minus(format_compact_currency(value, currency, locale=_locale.get(), fraction_digits=1))


def day(value: date) -> str:
    return str(format_date(value, "d MMM yyyy", locale=_locale.get()))


def month(value: date) -> str:
    return str(format_date(value, "MMM yyyy", locale=_locale.get()))


def between(low: str, high: str) -> str:
    """An interval in words: 17–19 %; where an end is below nothing, −2 to 19 %, as a dash looks like a minus."""
    bare = low.removesuffix(" %").removesuffix(chr(160) + "%")
    return say("{low} to {high}", low=bare, high=high) if MINUS in low + high else f"{bare}–{high}"
