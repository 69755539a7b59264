"""Pictures of the page Churn: waits between orders, stages of the lifecycle, moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from retention_core import lifecycle
from retention_core.answers.churn import ORDERS, STAGE_NAMES, stage_meanings
from retention_core.charts.measure import LEAST_SHARE, READABLE, SILENT, period_name
from retention_core.charts.theme import BASELINE, hatch, in_words, layered, tooltip
from retention_core.lifecycle import A_YEAR, STAGES, Limits, Wait
from retention_core.say import between, number, percent, say

ROW_HEIGHT, AXIS_HEIGHT = 30, 60  # pixels
AWAY = ("at_risk", *lifecycle.GONE)
LATER = (1, 2, 3)  # the orders whose next one is drawn: the way to the second, third and fourth


def order_name(order_number: int) -> str:
    """An order number as the name of a row: "Fifth or later order"."""
    return say("{nth} order", nth=say(ORDERS[order_number]).capitalize())


def waits_by_order(gaps: pd.DataFrame, waits: Mapping[int, Wait]) -> alt.LayerChart:
    """One row per order number: the middle half of the waits seen, their median, and the limit with its interval.

    `gaps`: rows of order_gaps; `waits`: of lifecycle.waits. An order number without a wait of its own has no row.
    """
    gaps = gaps[gaps["order_number"].isin(list(waits)) & gaps["order_number"].gt(0)]
    own = pd.DataFrame([vars(waits[order_number]) for order_number in gaps["order_number"]], index=gaps.index)
    frame = gaps.join(own.drop(columns=["order_number", "low", "high"]))
    frame = frame.assign(
        row=[order_name(order_number) for order_number in frame["order_number"]],
        words=[number(days) for days in frame["lapse_days"]],
    )
    base = alt.Chart().encode(
        y=alt.Y("row:N").sort(None).title(None).axis(labelLimit=160),
        x=alt.X("lapse_days:Q").title(say("Days to the next order")).axis(tickCount=6)
        .scale(domain=[0, int(frame["lapse_high"].max() * 1.12)], nice=True),
    )  # fmt: skip
    about = tooltip(
        ("row:N", "After the"), ("customers:Q", "Orders"), ("returned:Q", "Followed by another"),
        ("median_days:Q", "Half of those within (days)"), ("reminder_days:Q", "Four of five who come back (days)"),
        ("lapse_days:Q", "Nine of ten who come back (days)"),
    )  # fmt: skip
    half = base.encode(x=alt.X("lower_quartile_days:Q"), x2="upper_quartile_days:Q")
    bar = half.mark_bar(size=14, opacity=0.35).encode(tooltip=about)
    middle = base.mark_tick(thickness=3, size=14, **SILENT).encode(x="median_days:Q")
    span = base.mark_bar(size=3, **SILENT).encode(x="lapse_low:Q", x2="lapse_high:Q")
    limit = base.mark_point(filled=True, size=80, opacity=1).encode(tooltip=about)
    labels = base.mark_text(align="left", dx=8, fontSize=12, color=READABLE, **SILENT)
    labels = labels.encode(x="lapse_high:Q", text="words:N")
    return layered(frame, AXIS_HEIGHT + ROW_HEIGHT * len(frame), bar, middle, span, limit, labels)


def wait_table(gaps: pd.DataFrame, waits: Mapping[int, Wait]) -> pd.DataFrame:
    """One row per order number, in words: orders, how many were followed, the waits. `gaps`: rows of order_gaps."""
    columns = ("Orders", "Came back", "Half within", "Four of five", "Nine of ten", "Seen so far")
    rows, names = [], []
    for gap in gaps[gaps["returned"] > 0].to_dict("records"):
        wait = waits.get(gap["order_number"])
        names.append(order_name(gap["order_number"]))
        rows.append(
            (
                number(gap["customers"]),
                percent(gap["returned"] / gap["customers"]),
                _days(gap["median_days"]),
                _days(wait.reminder_days if wait else None),
                f"{_days(wait.lapse_days)} ({_between(wait.lapse_low, wait.lapse_high)})" if wait else _days(None),
                _days(gap["ninetieth_days"]),
            )
        )
    index = pd.Index(names, name=say("After the"))
    return pd.DataFrame(rows, columns=[say(column) for column in columns], index=index)


def _days(days: float | None) -> str:
    return number(days) if days is None else say("{n} days", n=number(days))


def _between(low: int, high: int) -> str:
    return between(number(low), number(high))


def stages_over_time(standing: pd.DataFrame, totals: pd.DataFrame) -> alt.LayerChart:
    """Bars of customers per month, stacked by stage; a month not over is striped.

    `standing`: rows of lifecycle.stages; `totals`: period and is_complete of the months.
    """
    names = [say(STAGE_NAMES[stage]) for stage in STAGES]
    whole = standing.groupby("month")["customers"].transform("sum")
    frame = pd.DataFrame(
        {
            "name": [period_name(month, "month") for month in standing["month"]],
            "kind": [say(STAGE_NAMES[stage]) for stage in standing["stage"]],
            "place": [STAGES.index(stage) for stage in standing["stage"]],
            "customers": standing["customers"],
            "words": in_words((standing["customers"] / whole.where(whole > 0)).fillna(0.0), percent, 3),
            "is_complete": standing["month"].map(totals.set_index("period")["is_complete"]).astype(bool),
        }
    )
    base = alt.Chart().encode(
        x=alt.X("name:O").sort(None).title(None).axis(labelAngle=0, labelOverlap="greedy", labelSeparation=16),
        y=alt.Y("customers:Q").title(say("Customers won so far")).axis(tickCount=4, tickMinStep=1, format="~s"),
        order="place:Q",
    )
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N").scale(domain=names).sort(names)
        .legend(orient="top", title=None, columns=3, symbolType="square"),
        tooltip=tooltip(
            ("name:N", "When it ended"), ("kind:N", "Stage"), ("customers:Q", "Customers"),
            ("words:N", "Of all won so far"),
        ),
    )  # fmt: skip
    unfinished = base.transform_filter("!datum.is_complete").mark_bar(fill=hatch(), **SILENT)
    return layered(frame, 300, bars, unfinished)


def stage_table(standing: pd.DataFrame, limits: Limits, is_own: bool) -> pd.DataFrame:
    """One row per stage, in words: what it means, customers in it now, their share. `standing`: of one moment."""
    counts = standing.set_index("stage")["customers"]
    meanings = stage_meanings(limits, is_own)
    return pd.DataFrame(
        [
            (say(STAGE_NAMES[stage]), meanings[stage], number(counts[stage]), percent(counts[stage] / counts.sum()))
            for stage in STAGES
        ],
        columns=[say("Stage"), say("Meaning"), say("Customers"), say("Share")],
    )


def moves_of_a_month(moved: pd.DataFrame) -> alt.LayerChart:
    """One bar per kind of move, those that lead closer first; grey ones lead away. `moved`: rows of lifecycle_flows."""
    frame = pd.DataFrame(
        {
            "move": [
                say(STAGE_NAMES[start]) + " → " + say(STAGE_NAMES[end])
                for start, end in zip(moved["from_stage"], moved["to_stage"], strict=True)
            ],
            "is_away": moved["to_stage"].isin(AWAY),
            "customers": moved["customers"],
            "words": in_words(moved["customers"], number, 0),
        }
    ).sort_values(["is_away", "customers"], ascending=[True, False])
    base = alt.Chart().encode(
        y=alt.Y("move:N").sort(None).scale(domain=frame["move"].tolist()).title(None).axis(labelLimit=180),
        x=alt.X("customers:Q").title(say("Customers")).axis(tickCount=4, tickMinStep=1, format="~s")
        .scale(domain=[0, 1.15 * float(frame["customers"].max())], nice=False),
    )  # fmt: skip
    about = tooltip(("move:N", "Move"), ("customers:Q", "Customers"))
    closer = base.transform_filter("!datum.is_away").mark_bar(size=14).encode(tooltip=about)
    away = base.transform_filter("datum.is_away").mark_bar(size=14, color=BASELINE).encode(tooltip=about)
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=READABLE, **SILENT).encode(text="words:N")
    return layered(frame, AXIS_HEIGHT + 24 * len(frame), closer, away, labels)


def next_order_curves(curves: pd.DataFrame, waits: Mapping[int, Wait]) -> alt.LayerChart:
    """The share back by each day after the first, second and third order, with bands; points: the day of a reminder.

    `curves`: rows of wait_curve; `waits`: of lifecycle.waits, at least one of them after the first to third order.
    """
    drawn = [waits[order_number] for order_number in LATER if order_number in waits]
    until = max(A_YEAR, *(2 * wait.lapse_days for wait in drawn))
    parts = []
    for wait in drawn:
        curve = curves[curves["order_number"].eq(wait.order_number) & curves["day"].le(min(wait.horizon_days, until))]
        parts.append(curve.assign(name=order_name(wait.order_number), is_moment=curve["day"].eq(wait.reminder_days)))
    frame = pd.concat(parts)[["name", "day", "share", "low", "high", "at_risk", "is_moment"]]
    top = frame.loc[frame["is_moment"], "share"].max()
    frame["words"] = in_words(frame["share"], percent, 3)
    frame["label"] = [say("day {n}", n=number(day)) for day in frame["day"]]
    frame["is_top"] = frame["share"].eq(top)
    base = alt.Chart().encode(
        x=alt.X("day:Q").title(say("Days since that order")).axis(grid=False, tickCount=8).scale(nice=False),
        y=alt.Y("share:Q").title(say("Ordered again")).axis(format=".0%", tickCount=5)
        .scale(domain=[0, max(float(frame["high"].max()), LEAST_SHARE)], nice=True),
        color=alt.Color("name:N").scale(domain=[order_name(wait.order_number) for wait in drawn])
        .legend(orient="top", title=None, columns=2, symbolOpacity=1),
    )  # fmt: skip
    step: dict[str, Any] = {"interpolate": "step-after", **SILENT}
    band = base.mark_area(opacity=0.15, **step).encode(y=alt.Y("low:Q"), y2="high:Q")
    moments = base.transform_filter("datum.is_moment")
    points = moments.mark_point(filled=True, size=90, opacity=1).encode(
        tooltip=tooltip(
            ("name:N", "After the"), ("day:Q", "Remind on day"), ("words:N", "Back by then"),
            ("at_risk:Q", "Not back, and observed so long"),
        ),
    )  # fmt: skip
    text: dict[str, Any] = {"fontSize": 12, "color": READABLE, **SILENT}
    above = moments.transform_filter("datum.is_top").mark_text(align="right", dx=-8, dy=-8, **text)
    below = moments.transform_filter("!datum.is_top").mark_text(align="left", dx=8, dy=13, **text)
    labels = [part.encode(text="label:N", color=alt.value(READABLE)) for part in (above, below)]
    return layered(frame, 320, band, base.mark_line(strokeWidth=2.2, **step), points, *labels)


def reminder_table(curves: pd.DataFrame, waits: Mapping[int, Wait]) -> pd.DataFrame:
    """One row per order number, in words: the day to remind, and who would order in 30 days without it."""
    rows, names = [], []
    for order_number, wait in sorted(waits.items()):
        if order_number == lifecycle.ALL_ORDERS:
            continue
        curve = curves[curves["order_number"] == order_number]
        chances = [lifecycle.chance_within(curve, day) for day in (0, wait.reminder_days, wait.lapse_days)]
        names.append(order_name(order_number))
        rows.append((say("day {n}", n=number(wait.reminder_days)), *(percent(chance) for chance in chances)))
    columns = ("Remind on", "Order within 30 days, at once", "from that day on", "once lapsed")
    return pd.DataFrame(rows, columns=[say(name) for name in columns], index=pd.Index(names, name=say("After the")))
