"""How a text file writes a table: what parts the columns, where the table begins, whether its columns are named."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

DELIMITERS = (",", ";", "\t", "|")
BLANKS = " "
"""As a delimiter: runs of blanks, as in a table laid out with spaces."""

SAMPLE_RECORDS = 200

_CURRENCY = r"(?:[A-Z]{3}|[€$£₽¥]|лв\.?|zł|Kč|kr\.?)"
_DIGITS = r"(?:\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?|\d[\d.,]*)"  # a blank parts thousands only, never two numbers
_NUMBER = re.compile(rf"[(+-]?\s?{_CURRENCY}?\s?[+-]?{_DIGITS}(?:[eE][+-]?\d+)?\)?\s?(?:%|{_CURRENCY})?")
_DATE = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T,].*)?"
    r"|\d{1,2}[- ][^\W\d]{3,9}\.?[- ,]+\d{2,4}(?:[ T].*)?"
    r"|[^\W\d]{3,9}\.? \d{1,2},? \d{4}.*"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    escape: str = '"'  # what stands before a quote inside a quoted value: a second quote, or a backslash
    skip_blanks: bool = False  # whether blanks after a delimiter are no part of the value: 1, "Smith, John", 5


@dataclass(frozen=True)
class Shape:
    """Where the table begins: the records above it, its width, and whether its first record names the columns."""

    above: int
    width: int
    header: bool


def is_value(text: str) -> bool:
    """Whether a cell looks like a number, a date or an e-mail address: things that no column is named."""
    text = text.strip()
    if not text or len(text) > 60:
        return False
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text) or _EMAIL.fullmatch(text))


def find_dialect(sample: str, delimiter: str | None = None) -> Dialect:
    """The dialect that makes the first records of `sample` (whole lines) most alike."""
    hint = re.match(r"sep=([,;\t|:^~])\s*\n", sample, re.IGNORECASE)
    if delimiter is None and hint:
        delimiter = hint[1]
    escape = "\\" if _escapes_with_backslash(sample) else '"'
    given = DELIMITERS if delimiter is None else (delimiter,)
    dialects = [_skipping_blanks(Dialect(sign, escape), sample) for sign in given]
    scores = {dialect: _score(_lenient(sample, dialect)) for dialect in dialects}
    best = max(dialects, key=lambda dialect: scores[dialect])
    if delimiter is None and scores[best] <= 0.5 and _is_laid_out_with_blanks(sample):
        return Dialect(BLANKS)
    return best


def _escapes_with_backslash(sample: str) -> bool:
    # A backslash before a lone quote inside a value; "C:\" at the end of a value is followed by a delimiter.
    return bool(re.search(r'\\"(?![",;\t|\n])', sample)) and not re.search(r'""[^,;\t|\n"]', sample)


def _skipping_blanks(dialect: Dialect, sample: str) -> Dialect:
    """The dialect as it is, or, where most records have a blank before a quote, one that skips such blanks."""
    records = _lenient(sample, dialect)
    blanks = sum(
        any(cell.startswith(" ") and cell.lstrip(" ").startswith('"') for cell in record) for record in records
    )
    return replace(dialect, skip_blanks=2 * blanks > len(records))


def _lenient(sample: str, dialect: Dialect) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(sample, newline="\n"),
        delimiter=dialect.delimiter,
        doublequote=dialect.escape == '"',
        escapechar=None if dialect.escape == '"' else dialect.escape,
        skipinitialspace=dialect.skip_blanks,
    )
    records: list[list[str]] = []
    try:
        for record in reader:
            if any(record):
                records.append(record)
            if len(records) == SAMPLE_RECORDS:
                break
    except csv.Error:
        return []
    return records


def _score(records: Sequence[Sequence[str]]) -> float:
    """0 where nothing is parted; grows with alike widths, with columns, and with cells that are numbers or dates."""
    if not records:
        return 0.0
    widths = Counter(len(record) for record in records)
    width, alike = max(
        ((w, n) for w, n in widths.items() if w > 1), key=lambda pair: pair[1] * math.log(pair[0]), default=(1, 0)
    )
    cells = [cell for record in records if len(record) == width for cell in record if cell]
    values = sum(map(is_value, cells)) / len(cells) if cells else 0.0
    return (alike / len(records)) ** 2 * math.log2(width) * (1 + values)


def _is_laid_out_with_blanks(sample: str) -> bool:
    lines = [line for line in sample.splitlines() if line.strip()][:SAMPLE_RECORDS]
    if not lines or sum(is_value(line) for line in lines) > len(lines) / 2:  # a lone column of "2024-05-01 10:00"
        return False
    records = [line.split() for line in lines]
    width, alike = Counter(map(len, records)).most_common(1)[0]
    body = [cell for record in records[1:] or records for cell in record]
    return width > 1 and alike >= 0.9 * len(records) and sum(map(is_value, body)) >= 0.6 * len(body)


def find_table(records: Sequence[Sequence[str]], header: bool | None, preamble: int) -> Shape:
    """Where the table begins in the first records of a file; at most `preamble` records can stand above it.

    An empty record counts as blank wherever it stands. Raises ValueError where no record holds a value.
    """
    filled = [(position, record) for position, record in enumerate(records) if any(cell.strip() for cell in record)]
    if not filled:
        raise ValueError("no record holds a value")
    width = _usual_width([record for _, record in filled])
    most = max((_fill(record) for _, record in filled if len(record) == width), default=1)
    for order, (_, record) in enumerate(filled[: preamble + 1]):
        if len(_stripped(record)) > width or len(record) < width or (width > 2 and 2 * _fill(record) < most):
            continue
        before = filled[order - 1] if order else None
        if before and _names_all_but_an_empty_last(before[1], [r for _, r in filled[order:]], width):
            return Shape(before[0], width - 1, True)
        break
    else:
        order, width = 0, len(filled[0][1])
    position, record = filled[order]
    body = [row for _, row in filled[order + 1 :] if len(row) >= width]
    return Shape(position, width, _names_columns(record[:width], body) if header is None else header)


def _usual_width(records: Sequence[Sequence[str]]) -> int:
    widths = Counter(map(len, records))
    return max(widths, key=lambda width: (widths[width], width))


def _stripped(record: Sequence[str]) -> Sequence[str]:
    end = len(record)
    while end and not record[end - 1].strip():
        end -= 1
    return record[:end]


def _fill(record: Sequence[str]) -> int:
    return sum(1 for cell in record if cell.strip())


def _names_all_but_an_empty_last(record: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Rows that end with a delimiter under a header that does not."""
    if len(record) != width - 1 or not all(record) or any(map(is_value, record)):
        return False
    return all(not row[-1].strip() for row in rows if len(row) == width)


def _names_columns(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    if not body:
        return not any(map(is_value, first))
    below = [[row[column] for row in body if row[column].strip()] for column in range(len(first))]
    holds_values = [bool(cells) and sum(map(is_value, cells)) >= len(cells) / 2 for cells in below]
    if any(is_value(cell) and values for cell, values in zip(first, holds_values, strict=True)):
        return False
    if any(cell.strip() and values for cell, values in zip(first, holds_values, strict=True)):
        return True
    names = [cell.strip() for cell in first]
    recurs = any(name in map(str.strip, cells) for name, cells in zip(names, below, strict=True))
    return all(names) and len(set(names)) == len(names) and not recurs
