"""Pictures of the page Churn: waits between orders, stages of the lifecycle, moves between them."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from retention_core.answers.churn import ORDERS
from retention_core.charts.measure import LEAST_SHARE, READABLE, SILENT, period_name
from retention_core.charts.theme import hatch, in_words, layered, tooltip
from retention_core.lifecycle import LONGEST_WAIT, STAGES, Wait
from retention_core.say import number, percent, say

STAGE_NAMES = {
    "stranger": "Won",
    "new": "New",
    "active": "Active",
    "won_back": "Won back",
    "at_risk": "At risk",
    "lapsed": "Lapsed",
    "lost": "Lost",
}


def waits_by_order(gaps: pd.DataFrame, waits: dict[int, Wait]) -> alt.LayerChart:
    """One row per order number: the bar from a quarter to three quarters of the returns, the median, and the limits.

    `gaps`: rows of order_gaps; `waits`: of lifecycle.waits. Only order numbers with limits of their own are drawn.
    """
    frame = gaps[gaps["order_number"].gt(0) & gaps["order_number"].isin(list(waits))].copy()
    frame = frame.assign(
        row=[say(ORDERS[n]) for n in frame["order_number"]],
        remind=[waits[n].reminder_days for n in frame["order_number"]],
        lapse=[waits[n].lapse_days for n in frame["order_number"]],
        low=[waits[n].lapse_low for n in frame["order_number"]],
        high=[waits[n].lapse_high for n in frame["order_number"]],
    )
    frame["words"] = [say("{n} days", n=number(days)) for days in frame["lapse"]]
    base = alt.Chart().encode(
        y=alt.Y("row:N").sort(None).title(None).axis(labelLimit=160),
        x=alt.X("lapse:Q").title(say("Days to the next order")).scale(zero=True).axis(tickCount=6),
    )
    about = tooltip(
        ("row:N", "After the"), ("customers:Q", "Orders"), ("returned:Q", "Followed by another"),
        ("median_days:Q", "Half of those within (days)"), ("remind:Q", "Four of five who come back (days)"),
        ("lapse:Q", "Nine of ten who come back (days)"),
    )  # fmt: skip
    bar = base.mark_bar(size=16, opacity=0.35).encode(
        x=alt.X("lower_quartile_days:Q"), x2="upper_quartile_days:Q", tooltip=about
    )
    middle = base.mark_tick(thickness=3, size=16, **SILENT).encode(x="median_days:Q")
    span = base.mark_rule(strokeWidth=2, **SILENT).encode(x="low:Q", x2="high:Q")
    limit = base.mark_point(filled=True, size=80, opacity=1).encode(tooltip=about)
    labels = base.mark_text(align="left", dx=12, fontSize=12, color=READABLE, **SILENT).encode(
        x="high:Q", text="words:N"
    )
    return layered(frame, 46 + 38 * len(frame), bar, middle, span, limit, labels)


def stages_over_time(standing: pd.DataFrame, is_complete: pd.Series) -> alt.LayerChart:
    """Bars of customers per month, stacked by stage; a month not over is striped. `standing`: of lifecycle.stages."""
    names = [say(STAGE_NAMES[stage]) for stage in STAGES]
    frame = standing.assign(
        name=[period_name(month, "month") for month in standing["month"]],
        kind=standing["stage"].map(lambda stage: say(STAGE_NAMES[stage])),
        place=standing["stage"].map(STAGES.index),
        is_complete=standing["month"].map(is_complete).astype(bool),
    )
    whole = frame.groupby("month")["customers"].transform("sum")
    frame["words"] = in_words((frame["customers"] / whole.where(whole > 0)).fillna(0.0), percent, 3)
    base = alt.Chart().encode(
        x=alt.X("name:O").sort(None).title(None).axis(labelAngle=0, labelOverlap="greedy", labelSeparation=16),
        y=alt.Y("customers:Q").title(say("Customers won so far")).axis(tickCount=4, tickMinStep=1, format="~s"),
        order="place:Q",
    )
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N")
        .scale(domain=names)
        .sort(names)
        .legend(orient="top", title=None, columns=3, symbolType="square"),
        tooltip=tooltip(
            ("name:N", "At the end of"),
            ("kind:N", "Stage"),
            ("customers:Q", "Customers"),
            ("words:N", "Of all won so far"),
        ),
    )
    unfinished = base.transform_filter("!datum.is_complete").mark_bar(fill=hatch(), **SILENT)
    kept = ["name", "kind", "place", "customers", "words", "is_complete"]
    return layered(frame[kept], 300, bars, unfinished)


def moves_of_a_month(flows: pd.DataFrame) -> alt.LayerChart:
    """One bar per kind of move in a month, the most frequent first. `flows`: rows of lifecycle_flows of that month."""
    arrow = flows.assign(
        move=[
            f"{say(STAGE_NAMES[a])} → {say(STAGE_NAMES[b])}"
            for a, b in zip(flows["from_stage"], flows["to_stage"], strict=True)
        ],
        words=in_words(flows["customers"], number, 0),
    ).sort_values("customers", ascending=False)
    base = alt.Chart().encode(
        y=alt.Y("move:N").sort(None).title(None).axis(labelLimit=200),
        x=alt.X("customers:Q").title(say("Customers")).axis(tickCount=4, tickMinStep=1, format="~s"),
    )
    bars = base.mark_bar(size=14).encode(tooltip=tooltip(("move:N", "Move"), ("customers:Q", "Customers")))
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=READABLE, **SILENT).encode(text="words:N")
    return layered(arrow[["move", "customers", "words"]], 40 + 24 * len(arrow), bars, labels)


def next_order_curves(curves: pd.DataFrame, waits: dict[int, Wait]) -> alt.LayerChart:
    """The share back by each day after the first, second and third order, with bands; points: the day of a reminder."""
    numbers = [number for number in (1, 2, 3) if number in waits]
    names = [say(ORDERS[number]) for number in numbers]
    parts: list[pd.DataFrame] = []
    for order_number, name in zip(numbers, names, strict=True):
        wait = waits[order_number]
        curve = curves[curves["order_number"].eq(order_number) & curves["day"].le(min(wait.horizon_days, LONGEST_WAIT))]
        parts.append(curve.assign(name=name, is_moment=curve["day"].eq(wait.reminder_days)))
    frame = pd.concat(parts)[["name", "day", "share", "low", "high", "at_risk", "is_moment"]]
    frame["words"] = in_words(frame["share"], percent, 3)
    base = alt.Chart().encode(
        x=alt.X("day:Q").title(say("Days since that order")).axis(grid=False, tickCount=8).scale(nice=False),
        y=alt.Y("share:Q").title(say("Ordered again")).axis(format=".0%", tickCount=5)
        .scale(domain=[0, max(float(frame["high"].max()), LEAST_SHARE)], nice=True),
        color=alt.Color("name:N").scale(domain=names).legend(orient="top", title=None, symbolOpacity=1),
    )  # fmt: skip
    step: dict[str, Any] = {"interpolate": "step-after", **SILENT}
    band = base.mark_area(opacity=0.15, **step).encode(y=alt.Y("low:Q"), y2="high:Q")
    moments = base.transform_filter("datum.is_moment")
    points = moments.mark_point(filled=True, size=90, opacity=1).encode(
        tooltip=tooltip(
            ("name:N", "After the"), ("day:Q", "Remind on day"), ("words:N", "Back by then"),
            ("at_risk:Q", "Observed so long and not back"),
        ),
    )  # fmt: skip
    labels = moments.mark_text(align="left", dx=8, dy=12, fontSize=12, **SILENT).encode(
        text="day:Q", color=alt.value(READABLE)
    )
    return layered(frame, 320, band, base.mark_line(strokeWidth=2.2, **step), points, labels)
