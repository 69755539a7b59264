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
MANY_COLUMNS, LONG_ANSWER, LONG_CELL = 9, 160, 24
_RANGE = re.compile(r"(\d)–(?=[^\w\s]?\d)")


def to_html(blocks: Sequence[Block], about: About) -> bytes:
    """The view as an HTML document in UTF-8. Without vl-convert its charts are left out, and it says so."""
    head = next((block for block in blocks if isinstance(block, Answer)), Answer(about.data, ""))
    told = [block for block in blocks if not isinstance(block, Answer | Definition)]
    computed = [block for block in blocks if isinstance(block, Definition)]
    body = "\n".join([_head(head, about), *_body(told), *_computed(computed), *_left_out(about), _foot(about)])
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
    of_numbers = [all(map(is_number, column)) for column in zip(*rows, strict=True)] or [False] * len(names)
    marks = [_mark(column, numeric) for column, numeric in zip(zip(*rows, strict=True), of_numbers, strict=False)]
    marks = marks or [""] * len(names)
    head = "".join(f'<th scope="col"{mark}>{escape(name)}</th>' for name, mark in zip(names, marks, strict=True))
    body = "".join(f"<tr>{''.join(_cells(row, marks, table))}</tr>\n" for row in rows)
    wide = " wide" if len(names) > MANY_COLUMNS else ""
    return f'<div class="table{wide}"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>'


def _mark(column: Sequence[str], is_of_numbers: bool) -> str:
    """How a column stands: figures to the right, words with room, and what is short on one line."""
    longest = max(map(len, column), default=0)
    kind = "number" if is_of_numbers else "wordy" if longest > LONG_CELL else "short"
    return f' class="{kind}"'


def _cells(row: Sequence[str], marks: Sequence[str], table: Table) -> Iterable[str]:
    for place, (cell, mark) in enumerate(zip(row, marks, strict=True)):
        text = marked(cell) if table.is_marked else escape(cell)
        yield f'<th scope="row">{text}</th>' if table.has_index and place == 0 else f"<td{mark}>{text}</td>"


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
    return _RANGE.sub("\\1\u2060–\u2060", escape(sentence).replace(" %", "\u00a0%"))


DRAWN: dict[type[Any], Callable[[Any], str]] = {
    Heading: lambda heading: f"<h2>{escape(heading.text)}</h2>",
    Words: _words,
    Note: lambda note: f'<p class="note">{_held_together(note.text)}</p>',
    Verdict: lambda verdict: f'<p class="verdict {verdict.tone}">{_held_together(verdict.text)}</p>',
    Picture: _picture,
    Table: _table,
}
TOGETHER: dict[type[Any], Callable[[Sequence[Any]], str]] = {Figure: _figures, Setting: _settings}
