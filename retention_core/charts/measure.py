"""Pictures of the section Measure. Words and figures are put in here, at drawing time; frames come with identifiers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from retention_core import cohorts
from retention_core.charts import axes
from retention_core.charts.theme import BASELINE, CHOSEN, hatch, in_words, intervals, layered, tooltip
from retention_core.say import compact, day, month, number, percent, say
from retention_core.written import PERCENT, Written, unfinished

ROW_HEIGHT, HEAD_HEIGHT = 24, 92  # pixels of a row of cells, and of the scale of colours and the ages above them
FEW_AGES = 12  # up to so many each have a tick
LEAST_SHARE = 0.05  # an axis of shares spans this much: half a per cent is no mountain
MANY_PERIODS = 60  # more points than this would hide the line
LONGEST_WAIT = 730  # days of the waiting curve that are drawn
MOST_BANDS = 4  # of more lines than this the bands are a fog
ROOM_FOR_WORDS = 32  # pixels a cell must be wide to hold a figure
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
# What only decorates another mark says nothing, on hover or to a screen reader.
SILENT: dict[str, Any] = {"tooltip": None, "aria": False}
READABLE = alt.expr("luminance(background) > 0.5 ? '#16232d' : '#e8eef2'")
# Black on light cells and white on dark ones, in either theme: the cell's own colour decides (4.5 : 1 or more).
READABLE_ON_CELL = alt.expr("luminance(scale('color', datum.value)) > 0.179 ? 'black' : 'white'")
MARKS = {"small": "°", "left_truncated": "†"}
# What a cell of the cohort table can show: the column, its words, the decimals at which two values read the same.
SHOWN: dict[str, tuple[str, Callable[[float], str], int]] = {
    "share": ("retained_share", percent, 3),
    "customers": ("active_customers", number, 0),
    "revenue": ("revenue", compact, 0),
    "value": ("value_per_customer", compact, 1),
}
IN_MONEY = ("revenue", "value")


def period_name(first_day: date, grain: str) -> str:
    """A period as people call it: Mar 2026, Q1 2026, or the Monday of a week."""
    if grain == "quarter":
        return say("Q{number} {year}", number=(first_day.month + 2) // 3, year=first_day.year)
    return day(first_day) if grain == "week" else month(first_day)


def mean_row(cells: pd.DataFrame, show: str) -> pd.DataFrame:
    """One row per age, ready to be drawn with the cells: weighted means of shares and value, plain means of counts.

    Columns: those of cohorts.mean_by_age, `drawn` (the mean that the picture shows; counts and revenue are sums over
    the cohorts), is_complete.
    """
    means = cohorts.mean_by_age(cells)
    drawn = means[SHOWN[show][0]] / (means["cohorts"] if show in ("customers", "revenue") else 1)
    return means.assign(drawn=drawn, is_complete=True)


def cohort_table(cells: pd.DataFrame, show: str, grain: str) -> pd.DataFrame:
    """One row per cohort, one column per age, as written numbers; what is not over yet carries an ellipsis.

    An age not reached has no cell: NaN.
    """
    column, words, digits = SHOWN[show]
    look = PERCENT if words is percent else "#,##0.00" if digits else "#,##0"
    named = zip(cells[column], in_words(cells[column], words, digits), strict=True)
    figures = [Written(value, text, look) for value, text in named]
    figures = [one if is_over else unfinished(one) for one, is_over in zip(figures, cells["is_complete"], strict=True)]
    frame = cells.assign(row=_row_names(cells, grain), named=pd.Series(figures, cells.index, dtype=object))
    table = frame.pivot(index="row", columns="age", values="named")
    return (
        table.loc[list(dict.fromkeys(frame["row"]))]
        .rename_axis(index=say("First order"), columns=None)
        .rename(columns=str)
    )


def cohort_heatmap(cells: pd.DataFrame, means: pd.DataFrame, show: str, grain: str, title: str) -> alt.LayerChart:
    """One square per cohort and age, the mean over cohorts on top.

    `cells`: marked cells of cohort_retention; `means`: rows of mean_row, none for a picture without a mean. A cell that
    is not over yet is striped and without a figure, an age not reached has no cell, ▲ and ▼ stand out from the other
    cohorts of that age. Parameter "cell" is the clicked cell: its `cohort_key` (ISO day, "" in the mean row) and `age`.
    """
    frame = _heatmap_rows(cells, means, show, grain)
    rows = list(dict.fromkeys(frame["row"]))
    order = rows if means.empty else [rows[0], "", *rows[1:]]  # an empty row sets the mean apart
    top = frame.loc[(frame["age"] > 0) & ~frame["is_mean"], "value"].max()
    pick = alt.selection_point(name="cell", fields=["cohort_key", "age"])
    base = alt.Chart().encode(
        x=alt.X("age:O").title(_age_title(grain)).axis(orient="top", labelAngle=0, labelPadding=4, titlePadding=6),
        y=alt.Y("row:N").sort(order).scale(domain=order).title(None)
        .axis(labelLimit=180, labelPadding=6, labelOverlap=False, labelFlush=False),
    )  # fmt: skip
    squares = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color("value:Q").scale(domain=[0, top or 1], clamp=True)
        .legend(axes.scale_of_colours(title, _written(show))),
        stroke=alt.when(pick, empty=False).then(alt.value(CHOSEN)).otherwise(alt.value(None)),
        strokeWidth=alt.value(2),
        tooltip=tooltip(
            ("row:N", "First order"), ("age:O", _age_title(grain)), ("words:N", title), ("span:N", "Share, 95 % sure"),
            ("basis:N", "Customers"), ("state:N", "The period is"),
        ),
    )  # fmt: skip
    unfinished = base.transform_filter("!datum.is_complete").mark_rect(cornerRadius=2, fill=hatch(), **SILENT)
    figures = base.mark_text(
        fontSize=11,
        **SILENT,
        color=READABLE_ON_CELL,
        opacity=alt.expr(f"bandwidth('x') > {ROOM_FOR_WORDS} ? 1 : 0"),
        fontWeight=alt.expr("datum.is_mean ? 'bold' : 'normal'"),
    ).encode(text="figure:N")
    corners = base.transform_filter("datum.stands_out != 0").encode(
        x=alt.X("age:O").bandPosition(0.86),
        y=alt.Y("row:N").sort(order).bandPosition(0.3),
        shape=alt.Shape("stands_out:N").scale(domain=[1, -1], range=["triangle-up", "triangle-down"]).legend(None),
    )
    signs = corners.mark_point(size=38, filled=True, opacity=1, color=READABLE_ON_CELL, **SILENT)
    return layered(frame, HEAD_HEIGHT + ROW_HEIGHT * len(order), squares.add_params(pick), unfinished, figures, signs)


def _heatmap_rows(cells: pd.DataFrame, means: pd.DataFrame, show: str, grain: str) -> pd.DataFrame:
    column, words, digits = SHOWN[show]
    body = cells.assign(row=_row_names(cells, grain), cohort_key=cells["cohort"].dt.strftime("%Y-%m-%d"))
    all_cohorts = say("All cohorts") if show in ("share", "value") else say("Mean of the cohorts")
    body = body.assign(drawn=body[column])
    head = means.assign(row=all_cohorts, cohort_key="", stands_out=0)
    frame = pd.concat([part for part in (head, body) if len(part)], ignore_index=True)
    finished = frame["is_complete"].astype(bool)
    named = in_words(frame["drawn"], words, digits)
    return pd.DataFrame(
        {
            "row": frame["row"],
            "age": frame["age"],
            "value": frame["drawn"].astype(float),
            "words": named,
            "figure": named.where(finished, ""),  # a figure and the stripes would hide each other
            "span": _span(frame),
            "basis": [
                f"{active:,.0f} / {all_:,.0f}"
                for active, all_ in zip(frame["active_customers"], frame["cohort_customers"], strict=True)
            ],
            "state": _state(finished),
            "cohort_key": frame["cohort_key"],
            "is_mean": frame["cohort_key"].eq(""),
            "is_complete": finished,
            "stands_out": frame["stands_out"],
        }
    )


def _row_names(cells: pd.DataFrame, grain: str) -> pd.Series:
    """Cohort, size and marks in one name: "Mar 2026 · 421"."""
    firsts = cells.drop_duplicates("cohort").set_index("cohort")
    names = {}
    for first_day, row in firsts.iterrows():
        name = f"{period_name(pd.Timestamp(str(first_day)), grain)} · {number(row['cohort_customers'])}"
        names[first_day] = name + "".join(sign for mark, sign in MARKS.items() if row[f"is_{mark}"])
    return cells["cohort"].map(names)


def _age_title(grain: str) -> str:
    named = {"week": "Weeks", "month": "Months", "quarter": "Quarters", "rolling": "30-day periods"}
    return say(named[grain] + " since the first order")


def _written(show: str) -> axes.Words:
    """How an axis or a legend writes what is shown; the files' currency stands in the answer of the page."""
    return axes.SHARES if show == "share" else axes.money(None) if show in IN_MONEY else axes.COUNTS


def _span(frame: pd.DataFrame) -> pd.Series:
    return intervals(frame["low"], frame["high"], percent, 3)


def _state(is_complete: pd.Series) -> pd.Series:
    return is_complete.map({True: say("over"), False: say("not over yet")})


def cohort_curves(curves: pd.DataFrame, mean: pd.DataFrame, show: str, grain: str, title: str) -> alt.LayerChart:
    """One line per name over the ages, the mean of all cohorts (rows of mean_row) behind them in grey and dashed.

    `curves`: name and the columns of a cohort cell or of a mean_row; an age that is not over is a hollow point
    outside the line.
    """
    column, words, digits = SHOWN[show]
    names = list(dict.fromkeys(curves["name"]))
    lines = curves.assign(is_mean=False, drawn=curves["drawn"] if "drawn" in curves else curves[column])
    parts = [part for part in (lines, mean.assign(name="", is_mean=True)) if len(part)]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(value=frame["drawn"].astype(float), words=in_words(frame["drawn"], words, digits))
    kept = ["name", "age", "value", "words", "low", "high", "cohort_customers", "is_complete", "is_mean"]
    first, last = int(curves["age"].min()), int(curves["age"].max())
    ticks: dict[str, Any] = {"values": list(range(first, last + 1))} if last - first < FEW_AGES else {"tickMinStep": 1}
    bands = show == "share" and len(names) <= MOST_BANDS
    top = _share_axis(frame["high"] if bands else frame["value"]) if show == "share" else alt.Scale()
    color = alt.Color("name:N").scale(domain=names).legend(orient="top", title=None, columns=3, symbolOpacity=1)
    base = alt.Chart().encode(
        x=alt.X("age:Q").title(_age_title(grain)).axis(format="d", grid=False, **ticks).scale(domain=[first, last]),
        y=alt.Y("value:Q").title(title).axis(tickCount=5, **_written(show)).scale(top),
    )
    grey = base.transform_filter("datum.is_mean").mark_line(color=BASELINE, strokeDash=[5, 4], **SILENT)
    over = base.transform_filter("!datum.is_mean && datum.is_complete").encode(color=color)
    band = over.mark_area(opacity=0.12, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    points = base.transform_filter("!datum.is_mean").mark_point(size=42, strokeWidth=1.6).encode(
        color=color,
        shape=alt.Shape("name:N").scale(domain=names, range=SHAPES[: len(names)]),
        fill=alt.Fill("name:N").scale(domain=names).legend(None),
        fillOpacity=alt.when("datum.is_complete").then(alt.value(1)).otherwise(alt.value(0)),
        tooltip=tooltip(
            ("name:N", "Customers"), ("age:Q", _age_title(grain)), ("words:N", title),
            ("cohort_customers:Q", "Customers at the start"),
        ),
    )  # fmt: skip
    return layered(frame[kept], 320, *([band] if bands else []), grey, over.mark_line(strokeWidth=2.2), points)


def _share_axis(shares: pd.Series) -> alt.Scale:
    """From 0 to the highest share, or to a few per cent where all are next to nothing."""
    return alt.Scale(domain=[0, max(float(shares.max()), LEAST_SHARE)], nice=True)


def rate_over_time(series: pd.DataFrame, title: str, grain: str) -> alt.LayerChart:
    """A rate per period with its band. `series`: rows of rates.over_time.

    A period that is not over is a diamond on a dashed line: it is no part of the line and has no band.
    """
    frame = series.assign(
        name=[period_name(value, grain) for value in series["period"]],
        words=in_words(series["value"], percent, 3),
        span=_span(series),
        state=_state(series["is_complete"]),
        is_tail=series["is_complete"].shift(-1, fill_value=True).eq(False) | ~series["is_complete"],
    )
    low, high = float(frame["low"].min()), float(frame["high"].max())
    room = max(LEAST_SHARE - (high - low), 0.0) / 2
    base = alt.Chart().encode(
        x=alt.X("period:T").axis(axes.months()),
        y=alt.Y("value:Q")
        .title(title)
        .axis(tickCount=5, **axes.SHARES)
        .scale(domain=[max(low - room, 0.0), high + room], zero=False, nice=True, padding=6),
    )
    over = base.transform_filter("datum.is_complete")
    band = over.mark_area(opacity=0.18, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    tail = base.transform_filter("datum.is_tail").mark_line(strokeDash=[3, 4], strokeWidth=1.6, **SILENT)
    points = base.mark_point(size=36 if len(frame) <= MANY_PERIODS else 9, strokeWidth=1.6).encode(
        shape=alt.when("datum.is_complete").then(alt.value("circle")).otherwise(alt.value("diamond")),
        tooltip=tooltip(
            ("name:N", "Period"), ("words:N", title), ("span:N", "95 % sure"), ("numerator:Q", "Customers counted"),
            ("denominator:Q", "Of customers"), ("state:N", "The period is"),
        ),
    )  # fmt: skip
    unfinished = base.transform_filter("!datum.is_complete")
    legend = unfinished.mark_text(align="right", baseline="bottom", fontSize=12, color=READABLE, **SILENT).encode(
        y=alt.value(-4), text=alt.value(say("◇ not over yet"))
    )
    kept = ["period", "name", "value", "low", "high", "words", "span", "numerator", "denominator", "state"]
    frame = frame[[*kept, "is_complete", "is_tail"]]
    return layered(frame, 300, band, over.mark_line(strokeWidth=2.2), tail, points, legend)


def waiting_curve(curve: pd.DataFrame, spans: pd.DataFrame) -> alt.LayerChart:
    """The share that has ordered again by each day, with its band; `spans` (second_order_within) are labelled points.

    Both come with share, low, high; the curve by `day`, the spans by `days`.
    """
    marks = spans.rename(columns={"days": "day"}).assign(words=in_words(spans["share"], percent, 3), span=_span(spans))
    steps = curve[curve["day"] <= LONGEST_WAIT].assign(words="", span="", customers=0)
    frame = pd.concat([steps.assign(is_span=False), marks.assign(is_span=True)], ignore_index=True)
    frame = frame[["day", "share", "low", "high", "words", "span", "customers", "is_span"]]
    base = alt.Chart().encode(
        x=alt.X("day:Q").title(say("Days since the first order"))
        .axis(values=[*spans["days"].tolist(), LONGEST_WAIT], grid=False, labelOverlap="greedy").scale(nice=False),
        y=alt.Y("share:Q").title(say("Ordered again")).axis(tickCount=5, **axes.SHARES)
        .scale(_share_axis(frame["high"])),
    )  # fmt: skip
    days, marked = base.transform_filter("!datum.is_span"), base.transform_filter("datum.is_span")
    band = days.mark_area(opacity=0.2, interpolate="step-after", **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = days.mark_line(strokeWidth=2.2, interpolate="step-after", **SILENT)
    points = marked.mark_point(filled=True, size=60, opacity=1).encode(
        tooltip=tooltip(
            ("day:Q", "Days"), ("words:N", "Ordered again"), ("span:N", "95 % sure"),
            ("customers:Q", "Customers observed so long"),
        ),
    )  # fmt: skip
    labels = marked.mark_text(dx=7, dy=12, align="left", fontSize=12, **SILENT, color=READABLE)

    return layered(frame, 300, band, line, points, labels.encode(text="words:N"))


def orders_by_kind(totals: pd.DataFrame, grain: str) -> alt.LayerChart:
    """Bars of orders per period: later orders, first orders on top, paler. A period that is not over is striped."""
    kinds = {"repeat_orders": say("Later orders"), "first_orders": say("First orders")}
    named = list(kinds.values())
    frame = totals.rename(columns=kinds).melt(["period", "is_complete"], named, var_name="kind", value_name="number")
    frame["name"] = [period_name(first_day, grain) for first_day in frame["period"]]
    frame["place"] = frame["kind"].map({name: place for place, name in enumerate(named)})
    base = alt.Chart().encode(
        x=alt.X("name:O").sort(None).axis(axes.periods(totals["period"].iloc[0], grain)),
        y=alt.Y("number:Q").title(say("Orders")).axis(tickCount=4, tickMinStep=1, **axes.COUNTS),
        order="place:Q",
    )
    pale = alt.Opacity("kind:N").scale(domain=named, range=[1, 0.45])
    bars = base.mark_bar().encode(
        opacity=pale.legend(orient="top", title=None, symbolType="square"),
        tooltip=tooltip(("name:N", "Period"), ("kind:N", "Kind"), ("number:Q", "Orders")),
    )
    unfinished = base.transform_filter("!datum.is_complete").mark_bar(fill=hatch(), **SILENT)
    return layered(frame.drop(columns="period"), 220, bars, unfinished)
