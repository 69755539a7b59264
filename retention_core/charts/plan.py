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

from retention_core.charts.measure import READABLE, SILENT
from retention_core.charts.prepared import Prepared, specification
from retention_core.charts.theme import BASELINE, GOAL
from retention_core.say import NOT_KNOWN, compact, month, percent, points, say

# The parts of the range: name and colour. Their order and the words tell them apart where colours do not.
ZONES = {
    "own": ("Within your own range", "#3a9d6e"),
    "stretch": ("A stretch", "#e0a436"),
    "unseen": ("Nobody has been seen doing this", "#c8605a"),
}
MIDDLE, BAR = 34, 22  # pixels of the strip: the middle of its bar and the bar's height
STRIP_HEIGHT = 168  # with legend and axis
ROOM, AXIS_STEP = 1.25, 0.05  # its axis reaches so far beyond what is shown, to a whole step
STEP, AXIS = 32, 60  # pixels of a bar of a lever, and of the axis below
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
    frame = pd.DataFrame(
        {
            "kind": [*["zone"] * len(ZONES), "today", "target"],
            "zone": [*(say(name) for name, _ in ZONES.values()), "", ""],
            "x": [*edges[:-1], value, target],
            "x2": [*edges[1:], value, target],
            "low": [*edges[:-1], low, target],
            "high": [*edges[1:], high, target],
            "label": [
                *[""] * len(ZONES),
                say(now, share=percent(value, 1)),
                say("goal {share}", share=percent(target, 1)),
            ],
        }
    )
    return Prepared(frame, _target_range(tuple(say(name) for name, _ in ZONES.values()), round(most, 2)))


@lru_cache
def _target_range(names: tuple[str, ...], most: float) -> Spec:
    x = alt.X("x:Q").title(None).axis(format="~%", tickCount=9, grid=False).scale(domain=[0, most], nice=False)
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
    return specification(STRIP_HEIGHT, zones, sure, point, below, mark, above)


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
    frame = pd.DataFrame(
        {
            "month": np.concatenate([history["cohort"], months["month"], np.array([by], "datetime64[ns]")]),
            "part": [*["past"] * len(history), *(names[variant] for variant in months["variant"]), "goal"],
            **{name: np.concatenate([past[name], coming[name], aim]) for name in ("value", "p10", "p90")},
            **{name: np.concatenate([unknown[0], coming[name], unknown[1]]) for name in ("p25", "p75")},
            "is_over": [*over, *[True] * (len(months) + 1)],
            "sure": [*(sure[bool(one)] for one in over), *[say("80 % sure")] * len(months), ""],
        }
    )
    frame = _in_words(frame[frame["value"].notna()])
    frame["label"] = "" if target is None else say("goal {share}", share=percent(target, 1))
    low, high = float(frame["p10"].min()), float(frame["p90"].max())
    room = max(LEAST_SPAN - (high - low), 0.0) / 2
    frame["lowest"], frame["highest"] = max(low - room, 0), high + room
    hover = _titled(
        ("name:N", "Customers won in"), ("words:N", "Order again in time"), ("span:N", "Range"), ("sure:N", "How sure")
    )
    return Prepared(frame, _rate_fan(say("Order again in time"), tuple(map(say, VARIANTS.values())), hover))


@lru_cache
def _rate_fan(title: str, variants: tuple[str, ...], said: Hover) -> Spec:
    hover = _tooltip(said)
    base = alt.Chart().encode(
        x=alt.X("month:T").title(None).axis(format="%b %Y", grid=False, tickCount=8, labelSeparation=12),
        y=alt.Y("value:Q")
        .title(title)
        .axis(format="~%", tickCount=5)
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
    """From the rate without a plan to the rate with it, a bar for each lever. `steps`: Result.waterfall."""
    titles = {"baseline": say("Without a plan"), "overlap": say("They overlap"), "plan": say("With these levers")}
    steps = steps[(steps["step"] != "overlap") | (steps["change"].abs() >= LEAST_OVERLAP)]
    label = [titles.get(step, names.get(key, key)) for step, key in zip(steps["step"], steps["key"], strict=True)]
    is_end = steps["step"].isin(["baseline", "plan"])
    ends, changes = steps["ends_at"].map(lambda end: percent(end, 1)), steps["change"].map(lambda by: points(by, 2))
    frame = steps.assign(
        label=label, words=ends.where(is_end, changes), right=steps[["starts_at", "ends_at"]].max(axis=1),
        kind=steps["step"].map({"baseline": "base", "overlap": "base"}).fillna("plan"),
    )  # fmt: skip
    levels = pd.concat([steps["ends_at"], steps.loc[~is_end, "starts_at"]]).astype(float)
    room = max(float(levels.max() - levels.min()), LEAST_CHANGE)
    frame["lowest"], frame["highest"] = max(float(levels.min()) - room, 0.0), float(levels.max()) + 2.4 * room
    frame["starts_at"] = frame["starts_at"].where(~is_end, frame["lowest"])
    columns = ["label", "words", "kind", "starts_at", "ends_at", "right", "lowest", "highest"]
    said = _titled(("label:N", "Step"), ("words:N", "Change"))
    return Prepared(frame[columns], _waterfall(len(frame), say("Order again in time"), said))


@lru_cache
def _waterfall(bars_shown: int, title: str, said: Hover) -> Spec:
    base = alt.Chart().encode(y=alt.Y("label:N").sort(None).title(None).axis(labelLimit=230, ticks=False, domain=False))
    bars = base.mark_bar(height=16, clip=True).encode(
        x=alt.X("starts_at:Q").title(title).axis(format="~%", tickCount=4).scale(zero=False, nice=False),
        x2="ends_at:Q",
        color=alt.Color("kind:N").scale(domain=["base", "plan"], range=[BASELINE, GOAL]).legend(None),
        tooltip=_tooltip(said),
    )
    text = base.mark_text(align="left", dx=5, fontSize=12, color=READABLE, **SILENT).encode(x="right:Q", text="words:N")
    ends = base.mark_rule(opacity=0, **SILENT).encode(x="lowest:Q", x2="highest:Q")
    return specification(STEP * bars_shown + AXIS, bars, text, ends)


def tornado(inputs: pd.DataFrame, names: Mapping[str, str], of: str, words: Any, title: str) -> Prepared:
    """What the result depends on most: a bar from the result at each input's low to that at its high value.

    `inputs`: Result.tornado; `of`: "rate" or "profit"; `words` puts a value into words.
    """
    frame = pd.DataFrame(
        {
            "label": [
                names.get(key or kind, key or kind) for kind, key in zip(inputs["input"], inputs["key"], strict=True)
            ],
            "at_low": inputs[f"{of}_low"].astype(float),
            "at_high": inputs[f"{of}_high"].astype(float),
            "middle": inputs[f"{of}_mid"].astype(float),
        }
    )
    frame = frame[(frame["at_low"] - frame["at_high"]).abs() > 0]
    frame = frame.sort_values("at_low", key=lambda _: -(frame["at_high"] - frame["at_low"]).abs())
    frame = frame.assign(low_words=frame["at_low"].map(words), high_words=frame["at_high"].map(words))
    said = _titled(("label:N", "Not known for sure"), ("low_words:N", "If low"), ("high_words:N", "If high"))
    return Prepared(frame, _tornado(len(frame), "~%" if of == "rate" else "~s", title, said))


@lru_cache
def _tornado(bars_shown: int, form: str, title: str, said: Hover) -> Spec:
    shown = alt.Scale(zero=False, nice=True, padding=10)
    base = alt.Chart().encode(y=alt.Y("label:N").sort(None).title(None).axis(labelLimit=230, ticks=False, domain=False))
    bars = base.mark_bar(height=16, color=GOAL, opacity=0.75).encode(
        x=alt.X("at_low:Q").title(title).axis(format=form, tickCount=4).scale(shown),
        x2="at_high:Q",
        tooltip=_tooltip(said),
    )
    middle = base.mark_tick(color=READABLE, thickness=2, size=20, **SILENT).encode(x="middle:Q")
    return specification(STEP * max(bars_shown, 1) + AXIS, bars, middle)


def money_over_time(payback: pd.DataFrame, title: str) -> Prepared:
    """What the plan has brought after its costs, month by month: below the line it has not paid for itself yet.

    `payback`: Result.payback.
    """
    low, words, high = ([compact(value) for value in payback[name]] for name in ("p10", "p50", "p90"))
    span = [f"{one} – {other}" for one, other in zip(low, high, strict=True)]
    frame = payback.assign(value=payback["p50"], words=words, span=span, name=_months(payback["month"]))
    kept = ["month", "value", "p10", "p25", "p75", "p90", "words", "span", "name"]
    said = _titled(("name:N", "Up to"), ("words:N", title), ("span:N", "80 % sure"))
    return Prepared(frame[kept], _money_over_time(title, said))


@lru_cache
def _money_over_time(title: str, said: Hover) -> Spec:
    base = alt.Chart().encode(
        x=alt.X("month:T").title(None).axis(format="%b %Y", grid=False, tickCount=6, labelSeparation=12),
        y=alt.Y("value:Q").title(title).axis(format="~s", tickCount=5),
    )
    zero = base.mark_rule(color=BASELINE, **SILENT).encode(x=alt.Undefined, y=alt.datum(0))
    band = base.mark_area(color=GOAL, opacity=0.18, **SILENT).encode(y="p10:Q", y2="p90:Q")
    half = base.mark_area(color=GOAL, opacity=0.22, **SILENT).encode(y="p25:Q", y2="p75:Q")
    line = base.mark_line(color=GOAL, strokeWidth=2.2, point={"size": 22, "color": GOAL})
    return specification(240, zero, band, half, line.encode(tooltip=_tooltip(said)))


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    low, high, words = (_shares(frame[name]) for name in ("p10", "p90", "value"))
    span = [f"{one} – {other}" for one, other in zip(low, high, strict=True)]
    return frame.assign(name=_months(frame["month"]), words=words, span=span)


def _shares(values: pd.Series) -> list[str]:
    """Shares as people write them, each once: below a tenth to a tenth of a per cent, else to a whole one."""
    exact = values.to_numpy(float)
    rounded = np.where(np.abs(exact) < 0.1, exact.round(3), exact.round(2)).tolist()
    written = {share: percent(share) for share in set(rounded)}
    return [written.get(share, NOT_KNOWN) for share in rounded]


def _months(days: pd.Series) -> list[str]:
    dates = days.to_numpy("datetime64[D]").tolist()
    written = {day: month(day) for day in set(dates)}
    return [written[day] for day in dates]


def _titled(*fields: tuple[str, str]) -> Hover:
    """Field and title of what is said on hover, in the session's language."""
    return tuple((field, say(title)) for field, title in fields)


def _tooltip(said: Hover) -> list[alt.Tooltip]:
    return [alt.Tooltip(field, title=title) for field, title in said]
