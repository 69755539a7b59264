"""A view as one HTML file that asks nothing of anybody: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from retention_core.charts import picture
from retention_core.report.blocks import (
    About,
    Answer,
    Block,
    Definition,
    Figure,
    Heading,
    Note,
    Picture,
    Setting,
    Table,
    Verdict,
    Words,
)
from retention_core.report.cells import is_number, rows_of
from retention_core.report.text import marked
from retention_core.say import NOT_KNOWN, day, say

STYLE = Path(__file__).with_name("report.css")
# Whatever a name in an order file may try: nothing is loaded and nothing runs.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LONG_ANSWER = 160  # characters
# A table with many columns is written small, one with more than a sheet of paper takes in parts.
FEW_COLUMNS, MANY_COLUMNS, MOST_COLUMNS = 4, 9, 14
SHORT_CELL, LONG_CELL = 14, 28  # characters
FEW_ROWS = 12  # a table of so many is not torn apart on paper
ROOM = '<span class="room"> </span>('  # here a line may end, where cells are kept on one
_RANGE = re.compile(r"(\d)–(?=[^\w\s]?\d)")


def to_html(blocks: Sequence[Block], about: About) -> bytes:
    """The view as an HTML document in UTF-8. Without vl-convert its charts are left out, and it says so."""
    head = next((block for block in blocks if isinstance(block, Answer)), Answer(about.data, ""))
    told = [block for block in blocks if not isinstance(block, Answer | Definition)]
    computed = [block for block in blocks if isinstance(block, Definition)]
    body = "\n".join([_head(head, about), *_body(told), *_computed(computed), *_end(about)])
    title = escape(f"{head.title} – {about.data}")
    return (
        "<!doctype html>\n"
        f'<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).encode()


@cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")


def _head(head: Answer, about: About) -> str:
    source = escape(say("{data} · made on {day}", data=about.data, day=day(about.made_at)))
    said = f'<p class="about">{escape(head.about)}</p>' if head.about else ""
    kind = "answer long" if len(head.sentence) > LONG_ANSWER else "answer"
    return (
        f'<p class="source">{source}</p>\n<header>\n<h1>{escape(head.title)}</h1>\n'
        f'<p class="{kind}">{_held_together(head.sentence)}</p>\n{said}</header>'
    )


def _body(blocks: Iterable[Block]) -> Iterable[str]:
    """Blocks of one kind that stand side by side, cards and settings, share one frame."""
    for kind, group in groupby(blocks, type):
        members = list(group)
        if kind in TOGETHER:
            yield TOGETHER[kind](members)
        else:
            yield from (DRAWN[kind](member) for member in members)


def _words(words: Words) -> str:
    if len(words.sentences) == 1:
        return f"<p>{_held_together(words.sentences[0])}</p>"
    return "<ul>" + "".join(f"<li>{_held_together(sentence)}</li>" for sentence in words.sentences) + "</ul>"


def _settings(settings: Sequence[Setting]) -> str:
    rows = (f"<div><dt>{escape(one.label)}</dt><dd>{escape(one.choice)}</dd></div>" for one in settings)
    return f'<dl class="settings">{"".join(rows)}</dl>'


def _figures(figures: Sequence[Figure]) -> str:
    cards = (
        f'<div><dt>{escape(one.label)}</dt><dd class="value">{escape(one.value)}</dd>'
        + (f'<dd class="under">{escape(one.under)}</dd>' if one.under else "")
        + "</div>"
        for one in figures
    )
    return f'<dl class="figures">{"".join(cards)}</dl>'


def _picture(drawn: Picture) -> str:
    """The SVG stands in an image of its own: there nothing of it can run or load, and its names meet no others."""
    if not picture.can_draw():
        return f'<p class="note">{escape(say("Not drawn: {what}", what=drawn.description))}</p>'
    svg = b64encode(picture.to_svg(drawn.chart).encode()).decode()
    return f'<figure><img alt="{escape(drawn.description)}" src="data:image/svg+xml;base64,{svg}"></figure>'


def _table(table: Table) -> str:
    names, rows = rows_of(table.frame, table.has_index)
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    marks = [_mark(column, place, len(names)) for place, column in enumerate(columns)]
    parts = (_part(names, rows, marks, table, places) for places in _places(len(names)))
    return "\n".join(part for part in parts if part)


def _places(columns: int) -> Iterable[Sequence[int]]:
    """The places of the columns of each part of a table: its first column names the rows in all of them."""
    if columns <= MOST_COLUMNS:
        return [range(columns)]
    return [[0, *range(at, min(at + MOST_COLUMNS - 1, columns))] for at in range(1, columns, MOST_COLUMNS - 1)]


def _part(
    names: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str], table: Table, places: Sequence[int]
) -> str:
    """Some columns of a table. A later part is without the rows that say nothing there."""
    is_later = len(places) < len(names) and places[1] > 1
    shown = [row for row in rows if not is_later or any(row[place] for place in places[1:])]
    if is_later and not shown:
        return ""
    head = "".join(f'<th scope="col" class="{marks[place]}">{escape(names[place])}</th>' for place in places)
    body = "".join(f"<tr>{''.join(_cell(row, place, marks, table) for place in places)}</tr>\n" for row in shown)
    wide = " wide" if len(places) > MANY_COLUMNS or len(names) > MOST_COLUMNS else ""
    whole = " whole" if len(shown) <= FEW_ROWS else ""
    filled = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>"
    return f'<div class="table{wide}{whole}"><table>\n{filled}</table></div>'


def _mark(column: Sequence[str], place: int, columns: int) -> str:
    """How a column stands: figures to the right, what is short on one line, words with room."""
    if place and column and all(map(is_number, column)):
        return "number"
    longest = max(map(len, column), default=0)
    if longest <= (LONG_CELL if columns <= FEW_COLUMNS else SHORT_CELL):
        return "short"
    return "phrase" if longest <= LONG_CELL else "wordy"


def _cell(row: Sequence[str], place: int, marks: Sequence[str], table: Table) -> str:
    text = marked(row[place]) if table.is_marked else escape(row[place])
    if table.has_index and place == 0:
        return f'<th scope="row">{text}</th>'
    if marks[place] == "number":  # on one line, or with its range below it
        return f'<td class="number">{text.replace(" (", ROOM)}</td>'
    return f'<td class="{marks[place]}">{_held(text)}</td>'


def _computed(definitions: Sequence[Definition]) -> Iterable[str]:
    if not definitions:
        return
    yield f'<h2>{say("How this is computed")}</h2>\n<div class="definitions">'
    for one in definitions:
        name = f"<strong>{escape(one.name)}.</strong> " if one.name else ""
        formula = f'<br><span class="formula">{escape(one.formula)}</span>' if one.formula else ""
        caveats = "".join(f"<br>{escape(caveat)}" for caveat in one.caveats)
        yield f"<p>{name}{escape(one.text)}{formula}{caveats}</p>"
    yield "</div>"


def _left_out(about: About) -> Iterable[str]:
    if len(about.left_out):
        yield f"<h2>{say('What became of every line')}</h2>"
        yield _table(Table(about.left_out.astype(object).where(about.left_out.notna(), NOT_KNOWN)))


def _end(about: About) -> Iterable[str]:
    """What stands below every view, in one piece: on paper the last page holds more than a link."""
    yield '<div class="end">'
    yield from _left_out(about)
    yield f"{_foot(about)}\n</div>"


def _foot(about: About) -> str:
    made = say("Made on {day} at {time}", day=day(about.made_at), time=f"{about.made_at:%H:%M}")
    by = say("by Comeback {version}", version=about.version) if about.version else say("by Comeback")
    lines = [f"<p>{escape(f'{made} {by}.')}</p>"]
    if about.link.startswith(("http://", "https://")):
        carries = say("The same view, live. The link carries settings and no data:")
        lines.append(f'<p>{escape(carries)} <a href="{escape(about.link)}">{escape(about.link)}</a></p>')
    if not picture.can_draw():
        lines.append(f"<p>{say('Charts are left out: they need the package vl-convert-python.')}</p>")
    return f"<footer>{''.join(lines)}</footer>"


def _held_together(sentence: str) -> str:
    """A number stays on one line with its per cent sign, and a range with its end."""
    return _held(escape(sentence))


def _held(markup: str) -> str:
    return _RANGE.sub("\\1\u2060–\u2060", markup.replace(" %", "\u00a0%"))


DRAWN: dict[type[Any], Callable[[Any], str]] = {
    Heading: lambda heading: f"<h2>{escape(heading.text)}</h2>",
    Words: _words,
    Note: lambda note: f'<p class="note">{_held_together(note.text)}</p>',
    Verdict: lambda verdict: f'<p class="verdict {verdict.tone}">{_held_together(verdict.text)}</p>',
    Picture: _picture,
    Table: _table,
}
TOGETHER: dict[type[Any], Callable[[Sequence[Any]], str]] = {Figure: _figures, Setting: _settings}
