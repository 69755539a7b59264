"""Pictures of the section Measure. Words and figures are put in here, at drawing time; frames come with identifiers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import altair as alt
import pandas as pd

from retention_core import cohorts
from retention_core.charts.theme import BASELINE, hatch, in_words
from retention_core.say import compact, day, month, number, percent, say

ROW_HEIGHT = 24
LONGEST_WAIT = 730  # days of the waiting curve that are drawn
ROOM_FOR_WORDS = 32  # pixels a cell must be wide to hold a figure
MARKS = {"small": "°", "left_truncated": "†"}
# What a cell of the cohort table can show: the column, its words, the decimals at which two values read the same.
SHOWN: dict[str, tuple[str, Callable[[float], str], int]] = {
    "share": ("retained_share", percent, 3),
    "customers": ("active_customers", number, 0),
    "revenue": ("revenue", compact, 0),
    "value": ("value_per_customer", compact, 1),
}


def period_name(first_day: date, grain: str) -> str:
    """A period as people call it: Mar 2026, Q1 2026, or the Monday of a week."""
    if grain == "quarter":
        return say("Q{number} {year}", number=(first_day.month + 2) // 3, year=first_day.year)
    return day(first_day) if grain == "week" else month(first_day)


def mean_row(cells: pd.DataFrame, show: str) -> pd.DataFrame:
    """One row per age, ready to be drawn with the cells: weighted means of shares and value, plain means of counts.

    Columns: those of cohorts.mean_by_age, value_per_customer to that age, is_complete.
    """
    means = cohorts.mean_by_age(cells)
    means["value_per_customer"] = means["revenue_per_customer"].cumsum()
    if show in ("customers", "revenue"):
        means[SHOWN[show][0]] = means[SHOWN[show][0]] / means["cohorts"]
    return means.assign(is_complete=True)


def cohort_table(cells: pd.DataFrame, show: str, grain: str) -> pd.DataFrame:
    """One row per cohort, one column per age, in words; a cell that is not over yet carries an ellipsis."""
    column, words, digits = SHOWN[show]
    named = in_words(cells[column], words, digits) + cells["is_complete"].map({True: "", False: " …"})
    frame = cells.assign(row=_row_names(cells, grain), named=named)
    table = frame.pivot(index="row", columns="age", values="named").fillna("")
    return (
        table.loc[list(dict.fromkeys(frame["row"]))]
        .rename_axis(index=say("First order"), columns=None)
        .rename(columns=str)
    )


def cohort_heatmap(cells: pd.DataFrame, means: pd.DataFrame, show: str, grain: str, title: str) -> alt.LayerChart:
    """One square per cohort and age, the mean over cohorts on top.

    `cells`: marked cells of cohort_retention; `means`: one row per age with the same value column. A cell that is not
    over yet is hatched, an age not reached has no cell, ▲ and ▼ stand out from the other cohorts of that age.
    Parameter "cell" is the clicked cell: its `cohort_key` (ISO day, "" in the mean row) and `age`.
    """
    frame = _heatmap_rows(cells, means, show, grain)
    rows = list(dict.fromkeys(frame["row"]))
    top = frame.loc[(frame["age"] > 0) & ~frame["is_mean"], "value"].max()
    pick = alt.selection_point(name="cell", fields=["cohort_key", "age"])
    base = alt.Chart(frame).encode(
        x=alt.X("age:O").title(_age_title(grain)).axis(orient="top", labelAngle=0, labelPadding=4, titlePadding=6),
        y=alt.Y("row:N", sort=[rows[0], "", *rows[1:]]).scale(domain=[rows[0], "", *rows[1:]]).title(None)
        .axis(labelLimit=180, labelPadding=6, labelOverlap=False),
    )  # fmt: skip
    squares = (
        base.mark_rect(cornerRadius=2)
        .encode(
            color=alt.Color("value:Q").scale(domain=[0, top or 1], clamp=True).legend(None),
            stroke=alt.when(pick, empty=False).then(alt.value("#e8590c")).otherwise(alt.value(None)),
            strokeWidth=alt.value(2),
            tooltip=_heatmap_tooltip(frame, title, grain),
        )
        .add_params(pick)
    )
    unfinished = base.transform_filter("!datum.is_complete").mark_rect(cornerRadius=2, fill=hatch(), tooltip=None)
    figures = base.mark_text(
        fontSize=11,
        tooltip=None,
        color=_readable_on_cell(),
        opacity=alt.expr(f"bandwidth('x') > {ROOM_FOR_WORDS} ? 1 : 0"),
        fontWeight=alt.expr("datum.is_mean ? 'bold' : 'normal'"),
    ).encode(text="words:N")
    corner = base.encode(
        x=alt.X("age:O", bandPosition=0.86), y=alt.Y("row:N", sort=[rows[0], "", *rows[1:]], bandPosition=0.24)
    ).transform_filter("datum.stands_out != 0")
    stands_out = corner.mark_point(size=38, filled=True, opacity=1, color=_readable_on_cell(), tooltip=None).encode(
        shape=alt.Shape("stands_out:N").scale(domain=[1, -1], range=["triangle-up", "triangle-down"]).legend(None)
    )
    picture: alt.LayerChart = squares + unfinished + figures + stands_out
    return picture.properties(height=ROW_HEIGHT * (len(rows) + 1))


def _readable_on_cell() -> alt.ExprRef:
    """Black on light cells and white on dark ones, in either theme: the cell's own colour decides (4.5 : 1 or more)."""
    return alt.expr("luminance(scale('color', datum.value)) > 0.179 ? 'black' : 'white'")


def _heatmap_rows(cells: pd.DataFrame, means: pd.DataFrame, show: str, grain: str) -> pd.DataFrame:
    column, words, digits = SHOWN[show]
    body = cells.assign(
        row=_row_names(cells, grain),
        cohort_key=cells["cohort"].dt.strftime("%Y-%m-%d"),
        is_mean=False,
    )
    head = means.assign(
        row=say("All cohorts") if show in ("share", "value") else say("Mean of the cohorts"),
        cohort_key="", is_mean=True, is_complete=True, stands_out=0,
    )  # fmt: skip
    frame = pd.concat([head, body], ignore_index=True)
    frame["value"] = frame[column].astype(float)
    frame["words"] = in_words(frame["value"], words, digits)
    frame["basis"] = [
        f"{a:,.0f} / {n:,.0f}" for a, n in zip(frame["active_customers"], frame["cohort_customers"], strict=True)
    ]
    frame["span"] = in_words(frame["low"], percent, 3) + " – " + in_words(frame["high"], percent, 3)
    frame["state"] = frame["is_complete"].map({True: say("over"), False: say("not over yet: will still grow")})
    return frame[
        ["row", "age", "value", "words", "basis", "span", "state", "cohort_key", "is_mean", "is_complete", "stands_out"]
    ]


def _row_names(cells: pd.DataFrame, grain: str) -> pd.Series:
    """Cohort, size and marks in one name: "Mar 2026 · 421"."""
    firsts = cells.drop_duplicates("cohort").set_index("cohort")
    names = {}
    for first_day, row in firsts.iterrows():
        name = f"{period_name(pd.Timestamp(str(first_day)), grain)} · {number(row['cohort_customers'])}"
        names[first_day] = name + "".join(sign for mark, sign in MARKS.items() if row[f"is_{mark}"])
    return cells["cohort"].map(names)


def _age_title(grain: str) -> str:
    named = {"week": "Weeks", "month": "Months", "quarter": "Quarters", "rolling": "Months of 30 days"}
    return say(named[grain] + " since the first order")


def _heatmap_tooltip(frame: pd.DataFrame, title: str, grain: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("row:N", title=say("First order")),
        alt.Tooltip("age:O", title=_age_title(grain)),
        alt.Tooltip("words:N", title=title),
        alt.Tooltip("span:N", title=say("Share, 95 % sure")),
        alt.Tooltip("basis:N", title=say("Customers")),
        alt.Tooltip("state:N", title=say("Period")),
    ]


def cohort_curves(curves: pd.DataFrame, mean: pd.DataFrame | None, show: str, grain: str, title: str) -> alt.LayerChart:
    """One line per name over the ages, the mean of all cohorts behind them in grey and dashed.

    `curves`: name and the columns of a cohort cell; an age that is not over is a hollow point outside the line.
    `mean`: rows of mean_row, or None.
    """
    column, words, digits = SHOWN[show]
    shape = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
    names = list(dict.fromkeys(curves["name"]))
    ages = [int(age) for age in sorted(curves["age"].unique())]
    frame = curves.assign(value=curves[column].astype(float), words=in_words(curves[column], words, digits))
    frame = frame[["name", "age", "value", "words", "low", "high", "cohort_customers", "is_complete"]]
    y = alt.Y("value:Q").title(title).axis(format=".0%" if show == "share" else "~s", tickCount=5).scale(zero=True)
    base = alt.Chart(frame).encode(
        x=alt.X("age:Q").title(_age_title(grain)).axis(tickMinStep=1, grid=False).scale(domain=[ages[0], ages[-1]]),
        y=y,
        color=alt.Color("name:N", sort=names)
        .scale(domain=names)
        .legend(orient="top", title=None, labelLimit=220, columns=3, symbolOpacity=1),
    )
    over = base.transform_filter("datum.is_complete")
    lines = over.mark_line(strokeWidth=2.2)
    points = base.mark_point(filled=False, size=42, strokeWidth=1.6).encode(
        shape=alt.Shape("name:N", sort=names).scale(domain=names, range=shape[: len(names)]),
        fillOpacity=alt.condition("datum.is_complete", alt.value(1), alt.value(0)),
        fill=alt.Fill("name:N", sort=names).scale(domain=names).legend(None),
        tooltip=[
            alt.Tooltip("name:N", title=say("Customers")),
            alt.Tooltip("age:Q", title=_age_title(grain)),
            alt.Tooltip("words:N", title=title),
            alt.Tooltip("cohort_customers:Q", title=say("Customers at the start"), format=","),
        ],
    )
    layers = [lines, points]
    if show == "share":
        layers.insert(0, over.mark_area(opacity=0.12, tooltip=None).encode(y=alt.Y("low:Q").title(title), y2="high:Q"))
    if mean is not None and len(mean):
        grey = alt.Chart(mean.assign(value=mean[column])[["age", "value"]]).encode(x="age:Q", y="value:Q")
        layers.insert(0, grey.mark_line(color=BASELINE, strokeWidth=2, strokeDash=[5, 4], tooltip=None))
    return alt.LayerChart(layer=layers).properties(height=320)


def rate_over_time(series: pd.DataFrame, title: str, grain: str) -> alt.LayerChart:
    """A rate per period with its band. `series`: period, value, low, high, numerator, denominator, is_complete.

    A period that is not over is a hollow point on a dashed line: it is not part of the line and has no band.
    """
    frame = series.assign(
        name=[period_name(value, grain) for value in series["period"]],
        words=in_words(series["value"], percent, 3),
        span=in_words(series["low"], percent, 3) + " – " + in_words(series["high"], percent, 3),
        state=series["is_complete"].map({True: say("over"), False: say("not over yet")}),
    )
    base = alt.Chart(frame).encode(
        x=alt.X("period:T").title(None).axis(format="%b %Y", grid=False, tickCount=8, labelSeparation=12),
        y=alt.Y("value:Q").title(title).axis(format=".0%", tickCount=5).scale(zero=False, nice=True, padding=6),
    )
    over = base.transform_filter("datum.is_complete")
    band = over.mark_area(opacity=0.18, tooltip=None).encode(y=alt.Y("low:Q").title(title), y2="high:Q")
    line = over.mark_line(strokeWidth=2.2)
    points = base.mark_point(size=36, strokeWidth=1.6, fill="white").encode(
        fillOpacity=alt.condition("datum.is_complete", alt.value(1), alt.value(0)),
        tooltip=[
            alt.Tooltip("name:N", title=say("Period")),
            alt.Tooltip("words:N", title=title),
            alt.Tooltip("span:N", title=say("95 % sure")),
            alt.Tooltip("numerator:Q", title=say("Customers counted"), format=","),
            alt.Tooltip("denominator:Q", title=say("Of customers"), format=","),
            alt.Tooltip("state:N", title=say("The period is")),
        ],
    )
    layers = [band, line, *_tail(frame, base), points]
    return alt.LayerChart(layer=layers).properties(height=300)


def _tail(frame: pd.DataFrame, base: alt.Chart) -> list[alt.Chart]:
    """The dashed way from the last whole period to the one that is not over."""
    if frame.empty or frame["is_complete"].iloc[-1]:
        return []
    tail = base.properties(data=frame.tail(2)).mark_line(strokeDash=[3, 4], strokeWidth=1.6, tooltip=None)
    label = base.properties(data=frame.tail(1)).mark_text(
        dy=-14, align="right", fontSize=12, tooltip=None, color=BASELINE
    )
    return [tail, label.encode(text="state:N")]


def waiting_curve(curve: pd.DataFrame, spans: pd.DataFrame) -> alt.LayerChart:
    """The share that has ordered again by each day, with its band; `spans` (second_order_within) are labelled points.

    Both come with share, low, high; the curve by `day`, the spans by `days`.
    """
    steps = alt.Chart(curve[curve["day"] <= LONGEST_WAIT]).encode(
        x=alt.X("day:Q")
        .title(say("Days since the first order"))
        .axis(values=[*spans["days"].tolist(), LONGEST_WAIT], grid=False, labelOverlap=True)
        .scale(nice=False),
        y=alt.Y("share:Q").title(say("Ordered again")).axis(format=".0%", tickCount=5).scale(zero=True),
    )
    band = steps.mark_area(opacity=0.2, interpolate="step-after", tooltip=None).encode(
        y=alt.Y("low:Q").title(say("Ordered again")), y2="high:Q"
    )
    line = steps.mark_line(strokeWidth=2.2, interpolate="step-after", tooltip=None)
    named = spans.assign(
        words=in_words(spans["share"], percent, 3),
        span=in_words(spans["low"], percent, 3) + " – " + in_words(spans["high"], percent, 3),
    )
    marked = alt.Chart(named).encode(x="days:Q", y="share:Q")
    points = marked.mark_point(filled=True, size=60, opacity=1).encode(
        tooltip=[
            alt.Tooltip("days:Q", title=say("Days")),
            alt.Tooltip("words:N", title=say("Ordered again")),
            alt.Tooltip("span:N", title=say("95 % sure")),
            alt.Tooltip("customers:Q", title=say("Customers observed so long"), format=","),
        ]
    )
    labels = marked.mark_text(dx=7, dy=12, align="left", fontSize=12, tooltip=None).encode(text="words:N")
    picture: alt.LayerChart = band + line + points + labels
    return picture.properties(height=300)


def orders_by_kind(totals: pd.DataFrame, grain: str) -> alt.LayerChart:
    """Bars of orders per period: later orders, first orders on top, paler. A period that is not over is striped."""
    kinds = {"repeat_orders": say("Later orders"), "first_orders": say("First orders")}
    frame = totals.rename(columns=kinds).melt(
        ["period", "is_complete"], list(kinds.values()), var_name="kind", value_name="number"
    )
    frame["name"] = [period_name(first_day, grain) for first_day in frame["period"]]
    frame["place"] = frame["kind"].map({name: place for place, name in enumerate(kinds.values())})
    base = alt.Chart(frame).encode(
        x=alt.X("name:O", sort=None).title(None).axis(labelAngle=0, labelOverlap="greedy", labelSeparation=16),
        y=alt.Y("number:Q").title(say("Orders")).axis(tickCount=4, format=","),
        order="place:Q",
    )
    bars = base.mark_bar().encode(
        opacity=alt.Opacity("kind:N")
        .scale(domain=list(kinds.values()), range=[1, 0.45])
        .legend(orient="top", title=None, symbolType="square"),
        tooltip=[
            alt.Tooltip("name:N", title=say("Period")),
            alt.Tooltip("kind:N", title=say("Kind")),
            alt.Tooltip("number:Q", title=say("Orders"), format=","),
        ],
    )
    unfinished = base.transform_filter("!datum.is_complete").mark_bar(fill=hatch(), tooltip=None)
    picture: alt.LayerChart = bars + unfinished
    return picture.properties(height=220)
