"""The rows behind a picture as columns for people: what only steers the drawing is left out.

A chart carries most numbers twice: as they are, which place a mark, and in words, which a tooltip shows. A sheet gets
the number, under the name of its words and shown as these show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from retention_core.charts import picture
from retention_core.report.cells import as_columns
from retention_core.report.figures import Column, dates, figures, from_, is_missing, to
from retention_core.say import NOT_KNOWN, say
from retention_core.written import MONTH, PERCENT

MONTHS = "%b"  # in the format of an axis that names months, or in the expression of its labels
STEERING = {"order", "shape", "size", "opacity", "xOffset", "text"}
HALF = {"p25": "Half of what can happen, from", "p75": "Half of what can happen, to"}
_TERM = re.compile(r"(!?)datum\.(\w+)(?:\s*(==|!=)\s*(?:'([^']*)'|(\d+)))?")
_NOTHING = re.compile(rf"[\s{NOT_KNOWN}]*")  # also a range of which neither end is known


@dataclass(frozen=True)
class Use:
    """Where a layer draws a field. `beside`: the field at the other end of its mark.

    `known`: the names that its colours stand for, where they are told; `has_legend`: False where that is forbidden.
    """

    mark: str
    channel: str
    title: str
    format: str
    filters: tuple[str, ...]
    beside: str
    known: tuple[str, ...]
    has_legend: bool


def drawn(chart: Any) -> list[Column]:
    """The columns of a sheet: one row per row of the chart; empty where it draws nothing that has a name."""
    rows, layers = picture.drawing(chart)
    uses: dict[str, list[Use]] = {}
    for field, use in _uses(layers):
        uses.setdefault(field, []).append(use)
    titles = {field: _title(uses[field]) for field in rows.columns if field in uses}
    heads = {field: title for field, title in titles.items() if _is_told(rows[field], title, uses[field])}
    rows = _named_by_labels(rows, heads, uses)
    looks = {field: look for field in heads if (look := _look(uses[field]))}
    said = {
        f for f in heads if {use.channel for use in uses[f]} <= {"tooltip", "text"} and not is_numeric_dtype(rows[f])
    }
    repeated = _take_words(rows, said, heads, looks)
    _name_ends(heads, uses, looks)
    names_first = sorted(heads, key=lambda field: field in said or is_numeric_dtype(rows[field]))
    found: list[Column] = []
    for field in names_first:
        name = heads[field] or field.replace("_", " ").capitalize()
        if field in repeated or name in {column.name for column in found}:
            continue
        found += _columns(name, _known(rows, field, uses[field]), looks.get(field), field in said)
    return found


def _columns(name: str, cells: list[Any], look: str | None, is_said: bool) -> list[Column]:
    if all(isinstance(cell, str) for cell in cells if cell is not None):
        read = dates(name, cells, True) or (figures(name, cells) if is_said else None)
        if read:
            return read
    return as_columns(pd.DataFrame({name: pd.Series(cells, dtype=object)}), {name: look} if look else None)


def _title(uses: Sequence[Use]) -> str:
    return next((use.title for use in uses if use.title), "")


def _uses(part: Mapping[str, Any], filters: tuple[str, ...] = ()) -> Iterator[tuple[str, Use]]:
    """What stands for a field anywhere in the layers."""
    filters += tuple(one["filter"] for one in part.get("transform", []) if isinstance(one.get("filter"), str))
    for layer in part.get("layer", []):
        yield from _uses(layer, filters)
    encoding, mark = part.get("encoding", {}), part.get("mark", "")
    kind = mark.get("type", "") if isinstance(mark, Mapping) else str(mark)
    for channel, found in encoding.items():
        for one in found if isinstance(found, list) else [found]:
            if "field" in one:
                shown, beside = one.get("axis") or one.get("legend") or one, encoding.get(f"{channel}2", {})
                of_months = MONTHS if MONTHS in str(shown.get("labelExpr", "")) else ""
                known = tuple(map(str, (one.get("scale") or {}).get("domain", ()))) if channel == "color" else ()
                yield (
                    one["field"],
                    Use(
                        kind, channel, str(one.get("title") or ""), of_months or str(shown.get("format", "")), filters,
                        beside.get("field", ""), known, one.get("legend", {}) is not None,
                    ),
                )  # fmt: skip


def _is_told(column: pd.Series, title: str, uses: Sequence[Use]) -> bool:
    """Whether a column says something, and does not only steer."""
    if is_bool_dtype(column):
        return False
    if title:
        return True
    channels = {use.channel for use in uses}
    if is_numeric_dtype(column):
        is_constant = len(column) > 1 and column.nunique(dropna=False) == 1
        return not channels <= STEERING and not is_constant and {use.mark for use in uses} != {"text"}
    return not channels <= STEERING and any(use.channel in {"x", "y"} or use.has_legend for use in uses)


def _named_by_labels(rows: pd.DataFrame, heads: Mapping[str, str], uses: Mapping[str, Sequence[Use]]) -> pd.DataFrame:
    """The rows with names that a legend explains; one that only a label names, as a goal among zones, has that."""
    labels = [f for f in uses if f in rows and f not in heads and {use.channel for use in uses[f]} == {"text"}]
    for name in [field for field, head in heads.items() if not head and not is_numeric_dtype(rows[field])]:
        known = {one for use in uses[name] for one in use.known}
        told = rows[name].where(rows[name].isin(known), "") if known else rows[name]
        for label in labels:
            told = told.where(told.ne("") | ~_is_drawn(rows, uses[label]), rows[label].astype(str))
        rows = rows.assign(**{name: told})
    return rows


def _look(uses: Sequence[Use]) -> str:
    formats = {use.format for use in uses}
    if any(MONTHS in one for one in formats):
        return MONTH
    return PERCENT if any("%" in one for one in formats) else ""


def _take_words(rows: pd.DataFrame, said: set[str], heads: dict[str, str], looks: dict[str, str]) -> set[str]:
    """Give numbers the names and the look of the words that repeat them. Returns what need not be said again."""
    repeated: set[str] = set()
    numeric = [field for field in heads if is_numeric_dtype(rows[field])]
    ranges = [[low, high] for low, high in (("low", "high"), ("p10", "p90")) if {low, high} <= set(numeric)]
    for field in heads:
        if is_datetime64_any_dtype(rows[field]):
            words = next((other for other in heads if _same_days(rows[other], rows[field])), None)
            if words:
                heads[field] = heads[field] or heads[words]
                repeated.add(words)
        if field not in said:
            continue
        parts = figures(heads[field], [_or_none(cell) for cell in rows[field]]) or []
        for ends in {1: [[one] for one in numeric], 2: ranges}.get(len(parts), []):
            if all(_same(rows[end], part) for end, part in zip(ends, parts, strict=True)):
                for end, part in zip(ends, parts, strict=True):
                    heads[end] = heads[end] or part.name
                    # A number that was rounded in its words has a digit more in a sheet.
                    looks[end] = PERCENT if part.look == "0%" else looks.get(end) or part.look
                repeated.add(field)
                break
    return repeated


def _same(column: pd.Series, words: Column) -> bool:
    """Whether words repeat the numbers of a column: rounded, but to two places at least."""
    known = [(number, word) for number, word in zip(column, words.cells, strict=True) if isinstance(word, float)]
    return bool(known) and all(abs(number - word) <= 0.051 * max(abs(word), 0.01) for number, word in known)


def _same_days(words: pd.Series, days: pd.Series) -> bool:
    read = dates("", words.tolist()) if words.dtype == object else None
    return read is not None and list(read[0].cells) == [day.date() for day in days]


def _name_ends(heads: dict[str, str], uses: Mapping[str, Sequence[Use]], looks: dict[str, str]) -> None:
    """Name the ends of bands and bars after what lies between them."""
    titles = dict(heads)
    for low, use in [(field, use) for field in titles for use in uses[field] if use.beside in heads]:
        high, middle = use.beside, _middle(low, use.channel, titles, uses)
        title = titles.get(middle, "")
        if heads[low] and not heads[high]:
            heads[low], heads[high] = from_(heads[low]), to(heads[low])
        elif low in HALF:
            heads[low], heads[high] = say(HALF[low]), say(HALF[high])
        elif title and not heads[low] and not heads[high]:
            heads[low], heads[high] = from_(title), to(title)
        elif low == "x" and not heads[low]:
            heads[low], heads[high] = say("From"), say("To")
        if PERCENT in (looks.get(low), looks.get(middle)):
            looks.update({low: PERCENT, high: PERCENT})


def _middle(low: str, axis: str, titles: Mapping[str, str], uses: Mapping[str, Sequence[Use]]) -> str:
    """The field that a range is around: on its axis, and of its name where it has one of its own."""
    stem = "" if low in {"low", "p10", "p25"} else low.rpartition("_")[0] or low
    for field, title in titles.items():
        if title and field.startswith(stem) and any(use.channel == axis and not use.beside for use in uses[field]):
            return field
    return ""


def _known(rows: pd.DataFrame, field: str, uses: Sequence[Use]) -> list[Any]:
    """The cells of a column. A zero that no layer draws is not known."""
    cells = [_or_none(cell) for cell in rows[field].tolist()]
    if not is_numeric_dtype(rows[field]):
        return cells
    shown = _is_drawn(rows, uses)
    is_rule = {use.mark for use in uses} == {"rule"}  # what stands beside it there places marks of other layers
    return [
        None if not is_shown and (cell == 0 or is_rule) else cell for cell, is_shown in zip(cells, shown, strict=True)
    ]


def _or_none(cell: Any) -> Any:
    is_nothing = is_missing(cell) or (isinstance(cell, str) and _NOTHING.fullmatch(cell))
    return None if is_nothing else cell


def _is_drawn(rows: pd.DataFrame, uses: Sequence[Use]) -> pd.Series:
    """Which rows one of the layers draws; all of them where a filter is none of the few forms in use."""
    drawn_by = []
    for use in uses:
        passed = pd.Series(True, index=rows.index)
        for term in [term.strip() for one in use.filters for term in one.split(" && ")]:
            match = _TERM.fullmatch(term)
            if match is None or match[2] not in rows:
                continue
            column = rows[match[2]]
            if match[3]:
                equal = column.eq(match[4] if match[5] is None else int(match[5]))
                passed &= equal if match[3] == "==" else ~equal
            else:
                passed &= ~column.astype(bool) if match[1] else column.astype(bool)
        drawn_by.append(passed)
    return pd.concat(drawn_by, axis=1).any(axis=1)
