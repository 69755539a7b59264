"""Pictures of the page Churn: waits between orders, stages of the lifecycle, moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from retention_core import lifecycle, written
from retention_core.answers.churn import ORDERS, STAGE_NAMES, stage_days, stage_meanings
from retention_core.charts import axes
from retention_core.charts.measure import LEAST_SHARE, READABLE, SILENT, period_name
from retention_core.charts.theme import BASELINE, hatch, in_words, layered, tooltip
from retention_core.lifecycle import A_YEAR, STAGES, Limits, Silence, Wait
from retention_core.say import number, percent, say
from retention_core.written import Written

ROW_HEIGHT, AXIS_HEIGHT = 30, 60  # pixels
AWAY = ("at_risk", *lifecycle.GONE)
LATER = (0, 1, 2, 3)  # the orders whose next one is drawn: the way to the second, third and fourth; 0 where alone
MOST_MOVES = 4  # kinds of move that are drawn in each direction

# Blue who is still near, amber who is in doubt, grey who has gone: in the order of STAGES.
STAGE_COLORS = ("#08679a", "#3f8fbf", "#86bcdc", "#dba33a", "#9aa3ad", "#67727d")


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
    """One row per order number, written: orders, how many were followed, the waits in days. `gaps`: of order_gaps.

    An order number without a wait of its own shows that of all orders, and says so.
    """
    columns = ("Orders", "Came back", "Half (days)", "Four of five", "Nine of ten", "Nine of ten, seen so far")
    rows, names = [], []
    for gap in gaps[gaps["returned"] > 0].to_dict("records"):
        wait = lifecycle.wait_after(waits, gap["order_number"])
        is_own = gap["order_number"] in waits
        names.append(order_name(gap["order_number"]))
        rows.append(
            (
                written.number(gap["customers"]),
                written.percent(gap["returned"] / gap["customers"]),
                written.number(gap["median_days"]),
                _limit(wait.reminder_days, None, is_own) if wait else written.number(None),
                _limit(wait.lapse_days, (wait.lapse_low, wait.lapse_high), is_own) if wait else written.number(None),
                written.number(gap["ninetieth_days"]),
            )
        )
    index = pd.Index(names, name=say("After the"))
    return pd.DataFrame(rows, columns=[say(column) for column in columns], index=index)


def _limit(days: int, span: tuple[int, int] | None, is_own: bool) -> Written:
    if not is_own:
        return Written(days, say("{n} (any order)", n=number(days)))
    limit = written.number(days)
    return limit if span is None else written.with_range(limit, *map(written.number, span))


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
        x=alt.X("name:O").sort(None).axis(axes.periods(standing["month"].iloc[0], "month")),
        y=alt.Y("customers:Q").title(say("Customers won so far")).axis(tickCount=4, tickMinStep=1, **axes.COUNTS),
        order="place:Q",
    )
    # A line in the colour of the page between two stages: no six colours stand apart on a light and a dark one.
    bars = base.mark_bar(stroke=alt.expr("background || 'white'"), strokeWidth=1).encode(
        color=alt.Color("kind:N").scale(domain=names, range=list(STAGE_COLORS)).sort(names)
        .legend(orient="top", title=None, columns=3, symbolType="square"),
        tooltip=tooltip(
            ("name:N", "When it ended"), ("kind:N", "Stage"), ("customers:Q", "Customers"),
            ("words:N", "Of all won so far"),
        ),
    )  # fmt: skip
    unfinished = base.transform_filter("!datum.is_complete").mark_bar(fill=hatch(), **SILENT)
    return layered(frame, 300, bars, unfinished)


def stage_table(standing: pd.DataFrame, limits: Limits, is_own: bool) -> pd.DataFrame:
    """One row per stage, in words: meaning, days, customers in it now, their share. `standing`: of one moment."""
    counts = standing.set_index("stage")["customers"]
    meanings, days = stage_meanings(is_own), stage_days(limits)
    return pd.DataFrame(
        [
            (
                say(STAGE_NAMES[stage]),
                meanings[stage],
                days[stage],
                number(counts[stage]),
                percent(counts[stage] / counts.sum()),
            )
            for stage in STAGES
        ],
        columns=[say("Stage"), say("Meaning"), say("Days silent"), say("Customers"), say("Share")],
    )


def moves_of_a_month(moved: pd.DataFrame) -> alt.LayerChart:
    """One bar per kind of move, the most frequent of those that lead closer, then of those that lead away, in grey.

    `moved`: rows of lifecycle_flows of one month.
    """
    is_away = moved["to_stage"].isin(AWAY)
    ranks = moved.groupby(is_away)["customers"].rank(method="first", ascending=False)
    moved = moved[ranks <= MOST_MOVES]
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
        x=alt.X("customers:Q").title(say("Customers")).axis(tickCount=4, tickMinStep=1, **axes.COUNTS)
        .scale(domain=[0, 1.15 * float(frame["customers"].max())], nice=False),
    )  # fmt: skip
    about = tooltip(("move:N", "Move"), ("customers:Q", "Customers"))
    closer = base.transform_filter("!datum.is_away").mark_bar(size=14).encode(tooltip=about)
    away = base.transform_filter("datum.is_away").mark_bar(size=14, color=BASELINE).encode(tooltip=about)
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=READABLE, **SILENT).encode(text="words:N")
    return layered(frame, AXIS_HEIGHT + 24 * len(frame), closer, away, labels)


def next_order_curves(
    curves: pd.DataFrame, waits: Mapping[int, Wait], silences: Mapping[int, Silence]
) -> alt.LayerChart:
    """The share back by each day after the first, second and third order, with bands; points: the day of `silences`.

    `curves`: rows of wait_curve; `waits`: of lifecycle.told_apart, one of them after the first to third or any order.
    A silence that tells little, or that nobody was watched for, has no point.
    """
    drawn = [waits[order_number] for order_number in LATER if order_number in waits]
    days = {n: one.day if one.tells and one.back is not None else -1 for n, one in silences.items()}
    until = max(A_YEAR, *(2 * wait.lapse_days for wait in drawn))
    parts = []
    for wait in drawn:
        curve = curves[curves["order_number"].eq(wait.order_number) & curves["day"].le(min(wait.horizon_days, until))]
        last = curve.loc[curve["day"] <= days[wait.order_number], "day"].max()
        parts.append(curve.assign(name=order_name(wait.order_number), is_moment=curve["day"].eq(last)))
    frame = pd.concat(parts)[["name", "day", "share", "low", "high", "at_risk", "is_moment"]]
    top = frame.loc[frame["is_moment"], "share"].max()
    frame["words"] = in_words(frame["share"], percent, 3)
    frame["label"] = [say("day {n}", n=number(day)) for day in frame["day"]]
    frame["is_top"] = frame["share"].eq(top)
    base = alt.Chart().encode(
        x=alt.X("day:Q").title(say("Days since that order")).axis(grid=False, tickCount=8).scale(nice=False),
        y=alt.Y("share:Q").title(say("Ordered again")).axis(tickCount=5, **axes.SHARES)
        .scale(domain=[0, max(float(frame["high"].max()), LEAST_SHARE)], nice=True),
        color=alt.Color("name:N").scale(domain=[order_name(wait.order_number) for wait in drawn])
        .legend(orient="top", title=None, columns=2, symbolOpacity=1),
    )  # fmt: skip
    step: dict[str, Any] = {"interpolate": "step-after", **SILENT}
    band = base.mark_area(opacity=0.15, **step).encode(y=alt.Y("low:Q"), y2="high:Q")
    moments = base.transform_filter("datum.is_moment")
    points = moments.mark_point(filled=True, size=90, opacity=1).encode(
        tooltip=tooltip(
            ("name:N", "After the"), ("day:Q", "Day"), ("words:N", "Back by then"),
            ("at_risk:Q", "Not back, and observed so long"),
        ),
    )  # fmt: skip
    text: dict[str, Any] = {"fontSize": 12, "color": READABLE, **SILENT}
    above = moments.transform_filter("datum.is_top").mark_text(align="right", dx=-8, dy=-8, **text)
    below = moments.transform_filter("!datum.is_top").mark_text(align="left", dx=8, dy=13, **text)
    labels = [part.encode(text="label:N", color=alt.value(READABLE)) for part in (above, below)]
    return layered(frame, 320, band, base.mark_line(strokeWidth=2.2, **step), points, *labels)


def silence_table(silences: Mapping[int, Silence]) -> pd.DataFrame:
    """One row per order number, written: the day, who was back by then, who of the still silent orders later."""
    rows = [
        (written.number(one.day), *map(written.percent, (one.back, one.fresh, one.soon, one.late)))
        for one in silences.values()
    ]
    columns = (
        "Silent for (days)",
        "Back by then",
        "Just ordered: in 30 days",
        "Silent: in 30 days",
        "Silent: ever seen",
    )
    index = pd.Index([order_name(order_number) for order_number in silences], name=say("After the"))
    return pd.DataFrame(rows, columns=[say(name) for name in columns], index=index)
