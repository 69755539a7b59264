"""How the text of one column becomes dates, money and ids: chosen once per column, on all its values.

Expressions are put together from `c<number>` identifiers and the constants of this module; no text of a file is ever
part of a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

MONEY = "DECIMAL(18,4)"
# Values looked at to choose the candidates; the choice itself is made on all values.
SAMPLE = 1000

_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%d %m %Y")
_MONTH_FIRST = tuple(pattern.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") for pattern in _DAY_FIRST)
_UNMISTAKABLE: tuple[str, ...] = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %b %y",
    "%d %B %Y",
)
_UNMISTAKABLE += ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d/%b/%Y", "%a %b %d %Y", "%a, %d %b %Y")
_TIMES: tuple[str, ...] = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f")
_TIMES += (" %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p")
_ZONE = r"\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)$"
# Serial days of a spreadsheet: 25569 is 1970-01-01, 73050 is 2099-12-31.
_SERIAL_DAYS = (25569, 73050)
_EPOCH_SECONDS = (631152000, 4102444800)
_YEARS = "BETWEEN 1900 AND 2100"

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


@dataclass(frozen=True)
class DateReading:
    """How a column is read as a moment. `sql` holds `{c}` for the column; `unreadable`: values that are no dates."""

    sql: str
    how: str
    day_first: bool | None = None
    ambiguous: tuple[str, str, str] | None = None  # an example and its two readings
    zoned: bool = False
    readable: int = 0
    unreadable: int = 0

    def of(self, column: str) -> str:
        return self.sql.replace("{c}", column)


@dataclass(frozen=True)
class MoneyReading:
    """How a column is read as an amount. `ambiguous`: a value that could be read both ways, when nothing settles it."""

    sql: str
    decimal: str | None = None
    ambiguous: str | None = None

    def of(self, column: str) -> str:
        return self.sql.replace("{c}", column)


def is_text(kind: str) -> bool:
    return kind == "VARCHAR"


def is_number(kind: str) -> bool:
    return kind in INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def is_date(kind: str) -> bool:
    return kind == "DATE" or kind.startswith("TIMESTAMP")


def text_sql(column: str, kind: str) -> str:
    """The column as text; empty and blank are null."""
    return f"nullif(trim({column}), '')" if is_text(kind) else f"CAST({column} AS VARCHAR)"


def id_sql(column: str, kind: str) -> str:
    """The column as an id: always text; a whole number that was stored as a decimal one is whole again."""
    text = text_sql(column, kind)
    return text if is_text(kind) or kind in INTEGERS else f"regexp_replace({text}, '\\.0+$', '')"


def read_dates(connection: Connection, relation: str, column: str, kind: str, day_first: bool | None) -> DateReading:
    """How `column` of `relation` is read as a moment; `day_first` settles 03/04/2011 when it is not None."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return DateReading("({c} AT TIME ZONE 'UTC')", "moments with a time zone", zoned=True)
    if kind == "TIMESTAMP":
        return DateReading("{c}", "moments")
    if is_date(kind):
        return DateReading("CAST({c} AS TIMESTAMP)", "days or moments")
    values = _Values(connection, relation, f"CAST({column} AS VARCHAR)")
    try:
        return _numeric_dates(values) or _text_dates(values, day_first)
    finally:
        values.drop()


def read_money(connection: Connection, relation: str, column: str, kind: str, decimal: str | None) -> MoneyReading:
    """How `column` of `relation` is read as money; `decimal` settles 1.234 when it is not None."""
    if is_number(kind):
        return MoneyReading(f"TRY_CAST({{c}} AS {MONEY})")
    if decimal is not None:
        return MoneyReading(_text_to_decimal("{c}", decimal), decimal)
    digits = f"regexp_replace({column}, '[^0-9.,]', '', 'g')"
    point_test, comma_test = _mark_test(".", ","), _mark_test(",", ".")
    open_test = "'^[1-9][0-9]{0,2}[.,][0-9]{3}$'"
    point, comma, open_, example = connection.execute(
        f"SELECT count(*) FILTER (regexp_matches(d, {point_test})), count(*) FILTER (regexp_matches(d, {comma_test})),"
        f" count(*) FILTER (regexp_matches(d, {open_test})), min(v) FILTER (regexp_matches(d, {open_test}))"
        f" FROM (SELECT DISTINCT {column} AS v, {digits} AS d FROM {relation})"
    ).fetchall()[0]
    if (point and comma) or (open_ and not point and not comma):
        mixed = example if example is not None else "both , and ."
        return MoneyReading(_text_to_decimal("{c}", "."), None, mixed)
    mark = "," if comma else "."
    return MoneyReading(_text_to_decimal("{c}", mark), mark)


def _mark_test(decimal: str, thousands: str) -> str:
    """Pattern of digits that can only mean: `decimal` is the decimal mark, or `thousands` separates thousands."""
    d, t = rf"\{decimal}", rf"\{thousands}"
    forms = (
        rf"[0-9]{{1,3}}({t}[0-9]{{3}})+{d}[0-9]*",  # 1,234.5
        rf"[0-9]*{d}([0-9]{{1,2}}|[0-9]{{4,}})",  # 1.5, 1.2345
        rf"0{d}[0-9]+",  # 0.125
        rf"[0-9]{{4,}}{d}[0-9]+",  # 1234.567
        rf"[0-9]{{1,3}}({t}[0-9]{{3}}){{2,}}",  # 1,234,567
    )
    return f"'^({'|'.join(forms)})$'"


def unless_percent(money: str, column: str, kind: str) -> str:
    """The money, but null for a cell such as 35 %: a part of something, and not known of what."""
    return f"CASE WHEN NOT contains({column}, '%') THEN {money} END" if is_text(kind) else money


def with_mark(reading: MoneyReading, decimal: str) -> MoneyReading:
    """An ambiguous reading, settled by the decimal mark that another column of the same file shows."""
    return reading if reading.ambiguous is None else MoneyReading(_text_to_decimal("{c}", decimal), decimal)


def currency_sql(column: str, kind: str) -> str:
    """The currency code named in the column: its three letters, or the sign in a price such as £1,234.56."""
    if not is_text(kind):
        return "NULL"
    signs = {"€": "EUR", "£": "GBP", "₽": "RUB", "руб": "RUB", "zł": "PLN", "Kč": "CZK", "₴": "UAH", "лв": "BGN"}
    signs |= {"₺": "TRY", "₹": "INR", "R$": "BRL", "$": "USD", "¥": "JPY"}
    whens = " ".join(f"WHEN contains({column}, '{sign}') THEN '{code}'" for sign, code in signs.items())
    return f"CASE {whens} ELSE nullif(upper(regexp_extract({column}, '[A-Za-z]{{3}}')), '') END"


def wall_time(reading: DateReading, column: str, utc: bool, timezone: bool) -> str:
    """The moment as the shop's clock showed it: as written, or turned into the time zone that was answered."""
    written = reading.of(column)
    if not timezone:
        return written
    local = "(SELECT timezone FROM load_settings)"
    if reading.zoned and reading.how == "text":
        return f"({_zoned_text(column, reading)} AT TIME ZONE {local})"
    if reading.zoned or utc:
        return f"(({written} AT TIME ZONE 'UTC') AT TIME ZONE {local})"
    return written


def _zoned_text(column: str, reading: DateReading) -> str:
    """UTC moment of a text with a zone: the wall time written less its offset."""
    sign = f"CASE WHEN regexp_matches({column}, '-\\d\\d:?\\d\\d$') THEN -1 ELSE 1 END"
    hours = f"coalesce(TRY_CAST(regexp_extract({column}, '[+-](\\d\\d):?\\d\\d$', 1) AS INTEGER), 0)"
    minutes = f"coalesce(TRY_CAST(regexp_extract({column}, '[+-]\\d\\d:?(\\d\\d)$', 1) AS INTEGER), 0)"
    return f"(({reading.of(column)} - to_minutes({sign} * ({hours} * 60 + {minutes}))) AT TIME ZONE 'UTC')"


def _text_to_decimal(column: str, decimal: str) -> str:
    """Text to money: one number with thousands marks, a currency before or after it, (12.00) and a minus."""
    thousands = r"[\s\x{00a0}\x{202f}''’,]" if decimal == "." else r"[\s\x{00a0}\x{202f}''’.]"
    word = r"[^0-9()+,.''−–-]{0,6}\.?"
    pattern = rf"^{word}[(−–-]?{word}([0-9][0-9\s\x{{00a0}}\x{{202f}}''’.,]*){word}\)?-?$"
    body = f"regexp_replace(regexp_extract({column}, '{pattern}', 1), '{thousands}', '', 'g')"
    body = body if decimal == "." else f"replace({body}, ',', '.')"
    negative = f"regexp_matches({column}, '[(−–-]')"
    number = f"CASE WHEN {negative} THEN -1 ELSE 1 END * TRY_CAST({body} AS {MONEY})"
    # Most cells are plain numbers: the engine reads those many times faster, but it would also take 1e9 for one.
    strange, text = ("e", column) if decimal == "." else ("[e.]", f"replace({column}, ',', '.')")
    plain = f"CASE WHEN NOT regexp_matches({column}, '(?i){strange}') THEN TRY_CAST({text} AS {MONEY}) END"
    return f"coalesce({plain}, {number})"


class _Values:
    """The distinct texts of one column, in a table of its own while a reading is chosen."""

    TABLE = "load_values"

    def __init__(self, connection: Connection, relation: str, expression: str) -> None:
        self.connection = connection
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.TABLE} AS SELECT v, count(*) AS n FROM"
            f" (SELECT nullif(trim({expression}), '') AS v FROM {relation}) WHERE v IS NOT NULL GROUP BY v"
        )
        self.total = int(self.one("SELECT count(*) FROM load_values"))
        self.sample: list[str] = [
            row[0] for row in self.rows(f"SELECT v FROM load_values ORDER BY hash(v), v LIMIT {SAMPLE}")
        ]

    def drop(self) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {self.TABLE}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def readable(self, expression: str) -> int:
        """How many distinct values `expression` over `v` can read."""
        return int(self.one(f"SELECT count({expression}) FROM load_values"))


def _numeric_dates(values: _Values) -> DateReading | None:
    """Dates written as one number: 20110131, days of a spreadsheet, seconds or milliseconds since 1970."""
    numbers = [value for value in values.sample if re.fullmatch(r"\d+(\.\d+)?", value)]
    if not numbers or len(numbers) < 0.9 * len(values.sample):
        return None
    floats = sorted(float(number) for number in numbers)
    low, high = floats[len(floats) // 20], floats[-1 - len(floats) // 20]
    number = "TRY_CAST({c} AS DOUBLE)"
    if all(len(text) == 8 and text.isdigit() for text in numbers):
        return _reading(values, _in_years("try_strptime(CAST({c} AS VARCHAR), '%Y%m%d')"), "yyyymmdd")
    if _SERIAL_DAYS[0] <= low and high <= _SERIAL_DAYS[1]:
        sql = f"(TIMESTAMP '1899-12-30' + to_seconds(CAST(round({number} * 86400) AS BIGINT)))"
        return _reading(values, _in_years(sql), "spreadsheet days")
    for how, scale in (("seconds since 1970", 1), ("milliseconds since 1970", 1000)):
        if _EPOCH_SECONDS[0] * scale <= low and high <= _EPOCH_SECONDS[1] * scale:
            sql = f"(TIMESTAMP '1970-01-01' + to_milliseconds(CAST({number} * {1000 // scale} AS BIGINT)))"
            return _reading(values, _in_years(sql), how, zoned=True)
    return None


def _text_dates(values: _Values, day_first: bool | None) -> DateReading:
    zoned = any(re.search(_ZONE, value) for value in values.sample)
    text = rf"regexp_replace({{c}}, '{_ZONE}', '')" if zoned else "{c}"
    times = _times_seen(values.sample)
    candidates = [_parse(text, pattern, times) for pattern in _likely(values.sample, _UNMISTAKABLE)]
    readings = [_reading(values, sql, "text", zoned=zoned) for sql in candidates]
    for first, patterns in ((True, _DAY_FIRST), (False, _MONTH_FIRST)):
        if day_first in (None, first):
            for pattern in _likely(values.sample, patterns):
                sql = _parse(text, pattern, times)
                readings.append(_reading(values, sql, "text", day_first=first, zoned=zoned))
    if not readings:
        return DateReading("TRY_CAST({c} AS TIMESTAMP)", "none", unreadable=values.total)
    readings.sort(key=lambda reading: -reading.readable)
    best = readings[0]
    rival = next(
        (r for r in readings if None not in (r.day_first, best.day_first) and r.day_first != best.day_first), None
    )
    return _with_rival(values, best, rival) if rival is not None else best


def _with_rival(values: _Values, best: DateReading, rival: DateReading) -> DateReading:
    """`best`, marked as ambiguous where the other order of day and month reads some values that it cannot settle."""
    this, other = best.of("v"), rival.of("v")
    differing = values.rows(
        f"SELECT v, strftime({this}, '%-d %B %Y'), strftime({other}, '%-d %B %Y') FROM load_values"
        f" WHERE {this} <> {other} ORDER BY v LIMIT 1"
    )
    only_this, only_other = values.rows(
        f"SELECT count(*) FILTER ({other} IS NULL), count(*) FILTER ({this} IS NULL AND {other} IS NOT NULL)"
        f" FROM load_values WHERE {this} IS NOT NULL OR {other} IS NOT NULL"
    )[0]
    if (only_this and not only_other) or not differing:
        return best
    value, one, two = differing[0]
    pair = (one, two) if best.day_first else (two, one)
    return DateReading(best.sql, best.how, None, (value, *pair), best.zoned, best.readable, best.unreadable)


def _reading(values: _Values, sql: str, how: str, *, day_first: bool | None = None, zoned: bool = False) -> DateReading:
    readable = values.readable(sql.replace("{c}", "v"))
    return DateReading(sql, how, day_first, None, zoned, readable, values.total - readable)


def _parse(text: str, pattern: str, times: Iterable[str]) -> str:
    formats = ", ".join(f"'{pattern}{time}'" for time in times)
    return _in_years(f"try_strptime({text}, [{formats}])")


def _in_years(moment: str) -> str:
    """%Y reads 19 as the year 19: whatever is not in 1900–2100 is no date."""
    return f"CASE WHEN year({moment}) {_YEARS} THEN {moment} END"


_SHAPES = {
    "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%Y": r"\d{4}", "%y": r"\d{2}",
    "%b": r"[A-Za-z]{3}", "%B": r"[A-Za-z]{3,9}", "%a": r"[A-Za-z]{3}",
}  # fmt: skip


def _likely(sample: list[str], patterns: Iterable[str]) -> list[str]:
    """The patterns whose shape at least half of the sample begins with; the engine then reads every value."""
    shapes = ((pattern, re.sub("%[a-zA-Z]", lambda m: _SHAPES[m[0]], re.escape(pattern))) for pattern in patterns)
    return [
        pattern
        for pattern, shape in shapes
        if sum(re.match(rf"\s*{shape}(?!\d)", value) is not None for value in sample) * 2 > len(sample)
    ]


def _times_seen(sample: list[str]) -> list[str]:
    """All ways to write the time of day, the likely ones first: the engine tries them one after the other."""
    clock = sum(":" in value for value in sample) * 2 > len(sample)
    return sorted(_TIMES, key=lambda time: (time == "") == clock)
