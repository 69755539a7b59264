"""Pictures of the section Plan: the goal's rate, the money, what levers do. Orange: the plan; grey: without it.

A slider draws all of them anew: each is a frame and a specification that does not depend on it. What an axis shows is
said in columns of the frame; words are arguments of the specification, so that each language has its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import pandas as pd

from retention_core.charts import axes
from retention_core.charts.measure import READABLE, SILENT
from retention_core.charts.prepared import Column, Prepared, frame, specification
from retention_core.charts.theme import BASELINE, GOAL
from retention_core.say import NOT_KNOWN, between, compact, month, percent, points, say

# The parts of the range: name and colour. Their order and the words tell them apart where colours do not.
ZONES = {
    "own": ("Within your own range", "#3a9d6e"),
    "stretch": ("A stretch", "#e0a436"),
    "unseen": ("Nobody has been seen doing this", "#c8605a"),
}
MIDDLE, BAR = 34, 22  # pixels of the strip: the middle of its bar and the bar's height
STRIP_HEIGHT = 168  # with legend and axis
ROOM, AXIS_STEP = 1.25, 0.05  # its axis reaches so far beyond what is shown, to a whole step
STEP, AXIS = 38, 60  # pixels of a bar of a lever, and of the axis below
LEAST_OVERLAP = 0.00005  # of a rate, that can be said in points
LEAST_CHANGE = 0.005  # of a rate, that a waterfall shows as something
LEAST_SPAN = 0.05  # an axis of shares spans this much
VARIANTS = {"baseline": "Without a plan", "plan": "With these levers"}

Hover: TypeAlias = tuple[tuple[str, str], ...]
Spec: TypeAlias = dict[str, Any]


def target_range(
    ends: Mapping[str, float], today: tuple[float, float, float] | None, expected: float, target: float
) -> Prepared:
    """The realistic range of a rate as one bar: today's rate with its 95 % interval, and the target on it.

    `ends`: by zone ("own", "stretch") the share up to which it reaches; what is above is "unseen". `today`: value, low,
    high; None where it is not known: then what is `expected` stands there.
    """
    value, low, high = today or (expected, expected, expected)
    most = min(math.ceil(ROOM * max(ends["stretch"], value, target) / AXIS_STEP) * AXIS_STEP, 1.0)
    edges = [0.0, *(min(end, most) for end in ends.values()), most]
    now = "today {share}" if today else "expected {share}"
    none = [""] * len(ZONES)
    zones = tuple(say(name) for name, _ in ZONES.values())
    columns: dict[str, Column] = {
        "kind": [*["zone"] * len(ZONES), "today", "target"],
        "zone": [*zones, "", ""],
        "x": [*edges[:-1], value, target],
        "x2": [*edges[1:], value, target],
        "low": [*edges[:-1], low, target],
        "high": [*edges[1:], high, target],
        "label": [*none, say(now, share=percent(value, 1)), say("goal {share}", share=percent(target, 1))],
        "most": [most] * (len(ZONES) + 2),
    }
    return Prepared(frame(columns), _target_range(zones))


@lru_cache
def _target_range(names: tuple[str, ...]) -> Spec:
    x = alt.X("x:Q").title(None).axis(tickCount=9, grid=False, **axes.SHARES).scale(zero=True, nice=False)
    base = alt.Chart().encode(x=x, y=alt.value(MIDDLE))
    colours: dict[str, Any] = {"domain": list(names), "range": [colour for _, colour in ZONES.values()]}
    zones = base.transform_filter("datum.zone != ''").mark_bar(height=BAR, opacity=0.8, **SILENT).encode(
        x2="x2:Q",
        color=alt.Color("zone:N").scale(**colours)
        .legend(orient="top", title=None, symbolType="square", symbolStrokeWidth=0, labelLimit=300, columns=2),
    )  # fmt: skip
    now = base.transform_filter("datum.kind == 'today'")
    sure = now.mark_rule(strokeWidth=3, color=READABLE, **SILENT).encode(x="low:Q", x2="high:Q")
    point = now.mark_point(filled=True, size=70, opacity=1, color=READABLE, **SILENT)
    below = now.mark_text(fontSize=12, color=READABLE, dy=BAR, **SILENT).encode(text="label:N")
    aim = base.transform_filter("datum.kind == 'target'")
    mark = aim.mark_tick(thickness=3, size=BAR + 10, color=READABLE, **SILENT)
    above = aim.mark_text(fontSize=12, fontWeight="bold", color=READABLE, dy=-BAR, **SILENT).encode(text="label:N")
    end = base.mark_rule(opacity=0, **SILENT).encode(x="most:Q")
    return specification(STRIP_HEIGHT, zones, sure, point, below, mark, above, end)


def rate_fan(history: pd.DataFrame, months: pd.DataFrame, target: float | None, by: date) -> Prepared:
    """The goal's rate by month of the first order: what was, what comes without a plan and with it, and the goal.

    `history`: rows of Baseline.history; a rate that is not over stands, hollow, at what is expected of it. `months`:
    rows of Result.months with the series "rate". Bands hold 50 and 80 %.
    """
    over = history["is_complete"].to_numpy(bool)
    past, coming = ({name: rows[name].to_numpy(float) for name in ("p10", "p90")} for rows in (history, months))
    rate, sides = history["rate"].to_numpy(float), (history[name].to_numpy(float) for name in ("low", "high"))
    past |= {name: np.where(over, side, past[name]) for name, side in zip(("p10", "p90"), sides, strict=True)}
    past["value"] = np.where(np.isnan(rate), history["expected"].to_numpy(float), rate)
    coming |= {"value": months["p50"].to_numpy(float)} | {q: months[q].to_numpy(float) for q in ("p25", "p75")}
    aim = np.array([np.nan if target is None else target])
    unknown = np.full(len(history), np.nan), aim * np.nan
    sure = {True: say("95 % sure"), False: say("80 % sure, not over yet")}
    names = {key: say(name) for key, name in VARIANTS.items()}
    days = history["cohort"].to_numpy("datetime64[ns]"), months["month"].to_numpy("datetime64[ns]")
    numbers = {name: np.concatenate([past[name], coming[name], aim]) for name in ("value", "p10", "p90")}
    numbers |= {name: np.concatenate([unknown[0], coming[name], unknown[1]]) for name in ("p25", "p75")}
    is_known = ~np.isnan(numbers["value"])
    low, high = (float(edge(numbers[name])) for edge, name in ((np.nanmin, "p10"), (np.nanmax, "p90")))
    room = max(LEAST_SPAN - (high - low), 0.0) / 2
    count = len(is_known)
    columns: dict[str, Column] = {
        "month": np.concatenate([*days, np.array([by], "datetime64[ns]")]),
        "part": [*["past"] * len(history), *map(names.__getitem__, months["variant"].tolist()), "goal"],
        **numbers,
        "is_over": [*over.tolist(), *[True] * (len(months) + 1)],
        "sure": [*(sure[one] for one in over.tolist()), *[say("80 % sure")] * len(months), ""],
        "label": ["" if target is None else say("goal {share}", share=percent(target, 1))] * count,
        "lowest": [max(low - room, 0)] * count,
        "highest": [high + room] * count,
    }
    columns |= _in_words(columns)
    hover = _titled(
        ("name:N", "Customers won in"), ("words:N", "Order again in time"), ("span:N", "Range"), ("sure:N", "How sure")
    )
    table = frame(columns)
    shown = table if is_known.all() else table.filter(is_known)
    return Prepared(shown, _rate_fan(say("Order again in time"), tuple(map(say, VARIANTS.values())), hover))


@lru_cache
def _rate_fan(title: str, variants: tuple[str, ...], said: Hover) -> Spec:
    hover = _tooltip(said)
    base = alt.Chart().encode(
        x=alt.X("month:T").axis(axes.months()),
        y=alt.Y("value:Q")
        .title(title)
        .axis(tickCount=5, **axes.SHARES)
        .scale(alt.Scale(zero=False, nice=True, padding=6)),
    )
    ahead = base.transform_filter("datum.part != 'past' && datum.part != 'goal'").encode(
        color=alt.Color("part:N")
        .scale(domain=list(variants), range=[BASELINE, GOAL])
        .legend(orient="top", title=None, symbolOpacity=1)
    )
    aim = base.transform_filter("datum.part == 'goal'")
    past_points = base.transform_filter("datum.part == 'past'")
    layers = [
        ahead.mark_area(opacity=0.16, **SILENT).encode(y="p10:Q", y2="p90:Q"),
        ahead.mark_area(opacity=0.22, **SILENT).encode(y="p25:Q", y2="p75:Q"),
        ahead.mark_line(strokeWidth=2.2, point={"size": 22}).encode(tooltip=hover),
        past_points.mark_rule(opacity=0.5, color=BASELINE, **SILENT).encode(y="p10:Q", y2="p90:Q"),
        past_points.transform_filter("datum.is_over").mark_point(filled=True, size=36, opacity=1).encode(tooltip=hover),
        past_points.transform_filter("!datum.is_over").mark_point(size=34, strokeWidth=1.6).encode(tooltip=hover),
        aim.mark_point(shape="diamond", filled=True, size=170, opacity=1, color=GOAL).encode(tooltip=hover),
        aim.mark_text(dy=-14, fontSize=12, fontWeight="bold", color=READABLE, **SILENT).encode(text="label:N"),
        base.mark_rule(opacity=0, **SILENT).encode(y="lowest:Q", y2="highest:Q"),
    ]
    return specification(320, *layers)


def waterfall(steps: pd.DataFrame, names: Mapping[str, str]) -> Prepared:
    """From the rate without a plan, a point, to the rate with it, another: a bar for each lever between them.

    The axis does not begin at 0, so only what has two ends on it is a bar. `steps`: Result.waterfall.
    """
    titles = {"baseline": say("Without a plan"), "overlap": say("They overlap"), "plan": say("With these levers")}
    bars = [bar for bar in steps.to_dict("records") if bar["step"] != "overlap" or abs(bar["change"]) >= LEAST_OVERLAP]
    for bar in bars:
        bar["is_end"] = bar["step"] in ("baseline", "plan")
    levels = [bar["ends_at"] for bar in bars] + [bar["starts_at"] for bar in bars if not bar["is_end"]]
    room = max(max(levels) - min(levels), LEAST_CHANGE)
    lowest, highest = max(min(levels) - room, 0.0), max(levels) + 2.4 * room
    columns: dict[str, Column] = {
        "label": [titles.get(bar["step"], names.get(bar["key"], bar["key"])) for bar in bars],
        "words": [percent(bar["ends_at"], 1) if bar["is_end"] else points(bar["change"], 2) for bar in bars],
        "kind": ["base" if bar["step"] in ("baseline", "overlap") else "plan" for bar in bars],
        "is_end": [bar["is_end"] for bar in bars],
        "starts_at": [bar["ends_at" if bar["is_end"] else "starts_at"] for bar in bars],
        "ends_at": [bar["ends_at"] for bar in bars],
        "right": [max(bar["starts_at"], bar["ends_at"]) for bar in bars],
        "lowest": [lowest] * len(bars),
        "highest": [highest] * len(bars),
    }
    said = _titled(("label:N", "Step"), ("words:N", "Change"))
    return Prepared(frame(columns), _high(_waterfall(say("Order again in time"), said), len(bars)))


@lru_cache
def _waterfall(title: str, said: Hover) -> Spec:
    base = alt.Chart().encode(
        y=alt.Y("label:N").sort(None).axis(axes.names()),
        x=alt.X("starts_at:Q").title(title).axis(tickCount=4, **axes.SHARES).scale(zero=False, nice=False),
    )
    told = base.encode(
        color=alt.Color("kind:N").scale(domain=["base", "plan"], range=[BASELINE, GOAL]).legend(None),
        tooltip=_tooltip(said),
    )
    bars = told.transform_filter("!datum.is_end").mark_bar(height=16, clip=True).encode(x2="ends_at:Q")
    rates = told.transform_filter("datum.is_end").mark_point(filled=True, size=150, opacity=1)
    text = base.mark_text(align="left", dx=9, fontSize=12, color=READABLE, **SILENT).encode(x="right:Q", text="words:N")
    ends = base.mark_rule(opacity=0, **SILENT).encode(x="lowest:Q", x2="highest:Q")
    return specification(0, ends, bars, rates, text)  # the rows stand in the order of the first, which has them all


def _high(spec: Spec, bars_shown: int) -> Spec:
    """The same drawing, as high as so many bars need."""
    return {**spec, "height": STEP * max(bars_shown, 1) + AXIS}


def tornado(inputs: pd.DataFrame, names: Mapping[str, str], of: str, words: Any, title: str) -> Prepared:
    """What the result depends on most: a bar from the result at each input's low to that at its high value.

    `inputs`: Result.tornado; `of`: "rate" or "profit"; `words` puts a value into words.
    """
    lows, highs, middles = (inputs[f"{of}_{end}"].to_numpy(float) for end in ("low", "high", "mid"))
    width = np.abs(lows - highs)
    order = [place for place in np.argsort(-width, kind="stable") if width[place] > 0]  # NaN is no width either
    labels = [names.get(key or kind, key or kind) for kind, key in zip(inputs["input"], inputs["key"], strict=True)]
    columns: dict[str, Column] = {
        "label": [labels[place] for place in order],
        "at_low": lows[order],
        "at_high": highs[order],
        "middle": middles[order],
        "low_words": [words(lows[place]) for place in order],
        "high_words": [words(highs[place]) for place in order],
    }
    said = _titled(("label:N", "Not known for sure"), ("low_words:N", "If low"), ("high_words:N", "If high"))
    return Prepared(frame(columns), _high(_tornado(of == "rate", title, said), len(order)))


@lru_cache
def _tornado(is_share: bool, title: str, said: Hover) -> Spec:
    shown = alt.Scale(zero=False, nice=True, padding=10)
    written = axes.SHARES if is_share else axes.money(None)
    base = alt.Chart().encode(y=alt.Y("label:N").sort(None).axis(axes.names()))
    bars = base.mark_bar(height=16, color=GOAL, opacity=0.75).encode(
        x=alt.X("at_low:Q").title(title).axis(tickCount=4, **written).scale(shown),
        x2="at_high:Q",
        tooltip=_tooltip(said),
    )
    middle = base.mark_tick(color=READABLE, thickness=2, size=20, **SILENT).encode(x="middle:Q")
    return specification(0, bars, middle)


def money_over_time(payback: pd.DataFrame, title: str) -> Prepared:
    """What the plan has brought after its costs, month by month: below the line it has not paid for itself yet.

    `payback`: Result.payback.
    """
    low, words, high = ([compact(value) for value in payback[name].tolist()] for name in ("p10", "p50", "p90"))
    columns: dict[str, Column] = {
        "month": payback["month"].to_numpy("datetime64[ns]"),
        "value": payback["p50"].to_numpy(float),
        **{name: payback[name].to_numpy(float) for name in ("p10", "p25", "p75", "p90")},
        "words": words,
        "span": [between(one, other) for one, other in zip(low, high, strict=True)],
        "name": _months(payback["month"].to_numpy()),
    }
    said = _titled(("name:N", "Up to"), ("words:N", title), ("span:N", "80 % sure"))
    return Prepared(frame(columns), _money_over_time(title, said))


@lru_cache
def _money_over_time(title: str, said: Hover) -> Spec:
    base = alt.Chart().encode(
        x=alt.X("month:T").axis(axes.months()),
        y=alt.Y("value:Q").title(title).axis(tickCount=5, **axes.money(None)),
    )
    zero = base.mark_rule(color=BASELINE, **SILENT).encode(x=alt.Undefined, y=alt.datum(0))
    band = base.mark_area(color=GOAL, opacity=0.18, **SILENT).encode(y="p10:Q", y2="p90:Q")
    half = base.mark_area(color=GOAL, opacity=0.22, **SILENT).encode(y="p25:Q", y2="p75:Q")
    line = base.mark_line(color=GOAL, strokeWidth=2.2, point={"size": 22, "color": GOAL})
    return specification(240, zero, band, half, line.encode(tooltip=_tooltip(said)))


def _in_words(columns: Mapping[str, Column]) -> dict[str, Column]:
    low, high, words = (_shares(np.asarray(columns[name])) for name in ("p10", "p90", "value"))
    span = [between(one, other) for one, other in zip(low, high, strict=True)]
    return {"name": _months(np.asarray(columns["month"])), "words": words, "span": span}


def _shares(exact: Any) -> list[str]:
    """Shares as people write them, each once: below a tenth to a tenth of a per cent, else to a whole one."""
    rounded = np.where(np.abs(exact) < 0.1, exact.round(3), exact.round(2)).tolist()
    written = {share: percent(share) for share in set(rounded)}
    return [written.get(share, NOT_KNOWN) for share in rounded]


def _months(days: Any) -> list[str]:
    dates = days.astype("datetime64[D]").tolist()
    written = {day: month(day) for day in set(dates)}
    return [written[day] for day in dates]


def _titled(*fields: tuple[str, str]) -> Hover:
    """Field and title of what is said on hover, in the session's language."""
    return tuple((field, say(title)) for field, title in fields)


def _tooltip(said: Hover) -> list[alt.Tooltip]:
    return [alt.Tooltip(field, title=title) for field, title in said]
