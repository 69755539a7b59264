"""How axes and legends are written: months in even steps at any width, shares and money as in sentences.

A chart does not know how wide it is drawn: the expressions here run in the browser, which knows.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, TypeAlias

import altair as alt

from retention_core.say import compact_money

Words: TypeAlias = dict[str, Any]  # settings of an axis or a legend

# Periods from one label to the next, each a multiple of the one before: a narrower chart keeps some of its labels.
STEPS = {"month": (1, 3, 6, 12, 24, 72), "quarter": (1, 2, 4, 8, 24), "week": (1, 4, 12, 24, 48)}
A_YEAR = {"month": 12, "quarter": 4}  # periods; weeks are counted from the first one
ROOM = 34  # pixels that a label over two lines needs, with what sets it apart from the next
NAME_ROOM = 62  # pixels for a span of money beside the next: 100K–150K
LETTERS = 28  # of a name that stand on one line; a longer one leaves no short word for its last line
LINE = f"(.{{12,{LETTERS}}}) (?=.{{8}})"
MONTH_MILLISECONDS = 30.44 * 24 * 3600 * 1000

# 20 % as sentences write it, and not 20%.
SHARES: Words = {"format": "~%", "labelExpr": "replace(datum.label, '%', '\u00a0%')"}
COUNTS: Words = {"format": ",.0f"}  # with "~s" Vega writes "0k"


def money(currency: str | None) -> Words:
    """Amounts in short as `say.compact_money` writes them: €512, €20K, −€1.5M; without a sign where none is known."""
    before, _, after = compact_money(0, currency).partition("0")
    size = "abs(datum.value)"
    short = f"replace(upper(format({size}, '~s')), 'G', 'B')"
    figure = f"({size} < 1000 ? format({size}, ',~f') : {short})"  # "~s" would write 0.5 as 500m
    return {"labelExpr": f"(datum.value < 0 ? '−' : '') + {json.dumps(before)} + {figure} + {json.dumps(after)}"}


def scale_of_colours(title: str, words: Words) -> alt.Legend:
    """What the colours of a heat map mean: where its cells are too narrow for figures, nothing else says it."""
    return alt.Legend(
        orient="top",
        direction="horizontal",
        title=title,
        gradientLength=160,
        gradientThickness=10,
        tickCount=3,
        **words,
    )


def names() -> alt.Axis:
    """An axis of bars with long names, over as many lines as they need: a phone has little room beside the bars."""
    lines = f"split(replace(datum.label, regexp('{LINE}', 'g'), '$1\\n'), '\\n')"
    words = f"length(datum.label) > {LETTERS} ? {lines} : datum.label"
    return alt.Axis(
        title=None, labelLimit=230, labelLineHeight=12, labelOverlap=False, ticks=False, domain=False, labelExpr=words
    )


def periods(first_day: date, grain: str) -> alt.Axis:
    """An axis of bars, one for each period from `first_day` on, named as `period_name` does: the year on a second line.

    Every third, sixth or twelfth month has a label, as many as there is room for: January is always one of them.
    """
    in_year = {"month": first_day.month - 1, "quarter": (first_day.month - 1) // 3, "week": 0}[grain]
    before = first_day.year * A_YEAR.get(grain, 0) + in_year
    place = f"(indexof(domain('x'), datum.value) + {before})"
    step = _step(STEPS[grain], "length(domain('x'))")
    words = "split(datum.label, ' ')"
    lines = f"[join(slice({words}, 0, -1), ' '), peek({words})]"
    return alt.Axis(
        title=None,
        labelAngle=0,
        labelOverlap=False,
        labelFlush=False,
        labelExpr=f"{place} % ({step}) === 0 ? {lines} : ''",
    )


def slanted_where_narrow() -> alt.Axis:
    """An axis of short names: level where each has room, slanted where not."""
    is_narrow = f"width < {NAME_ROOM} * length(domain('x'))"
    return alt.Axis(
        labelAngle=alt.expr(f"{is_narrow} ? -40 : 0"),
        labelAlign=alt.expr(f"{is_narrow} ? 'right' : 'center'"),
        labelBaseline="top",
        labelOverlap=False,
    )


def months() -> alt.Axis:
    """An axis of days that names months in even steps: the year on a second line, January always among them."""
    count = f"((domain('x')[1] - domain('x')[0]) / {MONTH_MILLISECONDS})"
    steps = STEPS["month"]
    whole_years = [{"interval": "year", "step": step // 12} for step in steps if step >= 12]
    ticks = [{"interval": "month", "step": step} for step in steps if step < 12] + whole_years
    return alt.Axis(
        title=None,
        grid=False,
        labelOverlap=False,
        labelFlush=False,  # pushed in from the ends, they would not stand in even steps
        tickCount=alt.expr(f"{json.dumps(ticks)}[indexof({list(steps)}, {_step(steps, count)})]"),
        labelExpr="[timeFormat(datum.value, '%b'), timeFormat(datum.value, '%Y')]",
    )


def _step(steps: tuple[int, ...], count: str) -> str:
    """The least step whose labels have room, as an expression; `count`: periods that fill the width of the chart."""
    *narrow, widest = steps
    return " ".join(f"width * {step} >= {ROOM} * {count} ? {step} :" for step in narrow) + f" {widest}"
