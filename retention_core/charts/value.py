"""Pictures of the page Value. Words and figures are put in here, at drawing time; frames come with identifiers."""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from retention_core import written
from retention_core.charts import axes
from retention_core.charts.theme import BASELINE, hatch, in_words, intervals, layered, tooltip
from retention_core.say import compact, money, month, number, percent, say
from retention_core.written import Written

ROW_HEIGHT, HEAD_HEIGHT = 24, 92  # pixels of a row of cells, and of the scale of colours and the ages above them
ROOM_FOR_WORDS = 34  # pixels a cell must be wide to hold a figure
MOST_SPANS = 20  # bars of the distribution, of each kind
POWERS_OF_TEN = 16  # far above what a customer can bring
FEW_AGES = 12  # up to so many each have a tick
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
# What only decorates another mark says nothing, on hover or to a screen reader.
SILENT: dict[str, Any] = {"tooltip": None, "aria": False}
READABLE = alt.expr("luminance(background) > 0.5 ? '#16232d' : '#e8eef2'")
READABLE_ON_CELL = alt.expr(
    "datum.is_forecast ? (luminance(background) > 0.5 ? '#16232d' : '#e8eef2') : "
    "luminance(scale('color', datum.value)) > 0.179 ? 'black' : 'white'"
)
AGE = "Months since the first order"


def value_triangle(cells: pd.DataFrame, currency: str | None) -> alt.LayerChart:
    """One square per cohort and age: money per customer to the end of that age. `cells`: rows of worth.triangle
    with is_left_truncated, which is marked with †.

    What is not over yet is striped. A forecast is a dashed frame without a filling, its figure in italics.
    """
    words = partial(money, currency=currency)
    names = _row_names(cells)
    frame = pd.DataFrame(
        {
            "row": cells["cohort"].map(names),
            "age": cells["age"],
            "value": cells["value_per_customer"].astype(float),
            "figure": in_words(cells["value_per_customer"], three_figures, 2).where(cells["is_complete"], ""),
            "words": in_words(cells["value_per_customer"], words, 2),
            "span": _forecast_span(cells, currency),
            "state": _states(cells),
            "is_forecast": cells["is_forecast"],
            "is_complete": cells["is_complete"],
        }
    )
    rows = list(dict.fromkeys(frame["row"]))
    base = alt.Chart().encode(
        x=alt.X("age:O").title(say(AGE)).axis(orient="top", labelAngle=0, labelPadding=4, titlePadding=6),
        y=alt.Y("row:N")
        .sort(rows)
        .title(None)
        .axis(labelLimit=180, labelPadding=6, labelOverlap=False, labelFlush=False),
    )
    told = tooltip(
        ("row:N", "First order"), ("age:O", AGE), ("words:N", "Value per customer"), ("span:N", "80 % sure"),
        ("state:N", "This is"),
    )  # fmt: skip
    seen = base.transform_filter("!datum.is_forecast")
    squares = seen.mark_rect(cornerRadius=2).encode(
        color=alt.Color("value:Q")
        .scale(domainMin=0)
        .legend(axes.scale_of_colours(say("Value per customer"), axes.money(currency))),
        tooltip=told,
    )
    running = seen.transform_filter("!datum.is_complete").mark_rect(cornerRadius=2, fill=hatch(), **SILENT)
    coming = base.transform_filter("datum.is_forecast").mark_rect(
        cornerRadius=2, fillOpacity=0, stroke=BASELINE, strokeDash=[2, 2]
    )
    figures = base.mark_text(
        fontSize=11,
        **SILENT,
        color=READABLE_ON_CELL,
        opacity=alt.expr(f"bandwidth('x') > {ROOM_FOR_WORDS} ? 1 : 0"),
        fontStyle=alt.expr("datum.is_forecast ? 'italic' : 'normal'"),
    ).encode(text="figure:N")
    layers = [squares, running, coming.encode(tooltip=told), figures]
    return layered(frame, HEAD_HEIGHT + ROW_HEIGHT * len(rows), *layers)


def value_curves(cells: pd.DataFrame, mean: pd.DataFrame, currency: str | None) -> alt.LayerChart:
    """One line per cohort over the ages: solid where observed, dashed with an 80 % band where forecast.

    `cells`: rows of worth.triangle of a few cohorts; `mean`: rows of worth.value_by_age over all of them, in grey.
    """
    frame = cells[cells["is_complete"]].assign(name=lambda rows: rows["cohort"].map(month))
    names = list(dict.fromkeys(frame["name"]))
    # A dashed line begins where the solid one ends.
    ends = frame[~frame["is_forecast"]].groupby("name").tail(1)
    joints = ends[ends["name"].isin(frame.loc[frame["is_forecast"], "name"])].assign(is_forecast=True, is_joint=True)
    for end in ("p10", "p90"):
        joints[f"value_per_customer_{end}"] = joints["value_per_customer"]
    parts = [frame.assign(is_joint=False), joints, mean.assign(name="", is_forecast=False, is_joint=False)]
    drawn = pd.concat([part for part in parts if len(part)], ignore_index=True)
    drawn = pd.DataFrame(
        {
            **{key: drawn[key] for key in ("name", "age", "is_forecast", "is_joint")},
            "is_mean": drawn["name"].eq(""),
            "value": drawn["value_per_customer"].astype(float),
            "low": drawn["value_per_customer_p10"],
            "high": drawn["value_per_customer_p90"],
            "words": in_words(drawn["value_per_customer"], partial(money, currency=currency), 2),
            "span": _forecast_span(drawn, currency),
            "customers": drawn["cohort_customers"],
        }
    )
    color = alt.Color("name:N").scale(domain=names).legend(orient="top", title=None, columns=2, symbolOpacity=1)
    base = alt.Chart().encode(x=_ages(drawn["age"]), y=_money_axis("value:Q", say("Value per customer"), currency))
    seen = base.transform_filter("!datum.is_forecast && !datum.is_mean").encode(color=color)
    coming = base.transform_filter("datum.is_forecast").encode(color=color)
    band = coming.mark_area(opacity=0.15, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    grey = base.transform_filter("datum.is_mean").mark_line(color=BASELINE, strokeDash=[5, 4], **SILENT)
    points = base.transform_filter("!datum.is_mean && !datum.is_joint").mark_point(size=34, strokeWidth=1.6).encode(
        color=color,
        shape=alt.Shape("name:N").scale(domain=names, range=SHAPES[: len(names)]),
        fill=alt.Fill("name:N").scale(domain=names).legend(None),
        fillOpacity=alt.when("datum.is_forecast").then(alt.value(0)).otherwise(alt.value(1)),
        tooltip=tooltip(
            ("name:N", "First order"), ("age:Q", AGE), ("words:N", "Value per customer"), ("span:N", "80 % sure"),
            ("customers:Q", "Customers"),
        ),
    )  # fmt: skip
    lines = [seen.mark_line(strokeWidth=2.2), coming.mark_line(strokeWidth=2.2, strokeDash=[3, 4], **SILENT)]
    return layered(drawn, 320, band, grey, *lines, points)


def left_after_cost(curves: pd.DataFrame, names: dict[Any, str], by: str, currency: str | None) -> alt.LayerChart:
    """One line per group: what a customer has brought by each age, less the cost of winning one. Zero: paid back.

    `curves`: rows of worth.paid_by_age; `names`: the groups as people call them, in drawing order. The first age that
    is paid back carries a point.
    """
    order = list(names.values())
    frame = pd.DataFrame(
        {
            "name": curves[by].map(names),
            "age": curves["age"],
            "value": curves["left"].astype(float),
            "words": in_words(curves["left"], partial(money, currency=currency), 2),
            "cost": in_words(curves["cost"], partial(money, currency=currency), 2),
            "is_payback": curves["is_payback"],
        }
    )
    color = alt.Color("name:N").scale(domain=order).legend(orient="top", title=None, columns=2, symbolOpacity=1)
    base = alt.Chart().encode(
        x=_ages(frame["age"]), y=_money_axis("value:Q", say("Brought so far, less the cost"), currency), color=color
    )
    zero = alt.Chart().mark_rule(color=BASELINE, strokeWidth=1.5, **SILENT).encode(y=alt.datum(0))
    told = tooltip(
        ("name:N", "Customers"), ("age:Q", AGE), ("words:N", "Brought, less the cost"), ("cost:N", "Cost of one")
    )
    shape = alt.Shape("name:N").scale(domain=order, range=(SHAPES * len(order))[: len(order)])
    points = base.mark_point(size=26, filled=True, opacity=0.9).encode(shape=shape, tooltip=told)
    paid = base.transform_filter("datum.is_payback").mark_point(size=190, strokeWidth=2.2, **SILENT)
    return layered(frame, 320, zero, base.mark_line(strokeWidth=2.2), points, paid)


def distribution(spans: pd.DataFrame, currency: str | None) -> alt.LayerChart:
    """Two bars per span of money to date: its share of the customers, pale, and of the money they brought.

    `spans`: rows of value_distribution. Spans without a customer are not drawn.
    """
    kinds = {"customers": say("Of the customers"), "revenue": say("Of the money")}
    spans = wide_spans(spans)
    frame = spans.assign(
        name=[span_name(*ends) for ends in zip(spans["from_revenue"], spans["below_revenue"], strict=True)]
    )
    told = frame.melt(["name"], list(kinds), var_name="kind", value_name="size")
    sums = {kind: float(spans[kind].sum()) or 1.0 for kind in kinds}
    told["value"] = told["size"] / told["kind"].map(sums)
    told["words"] = in_words(told["value"], percent, 3)
    told["kind"] = told["kind"].map(kinds)
    order = list(kinds.values())
    title = say("Brought to date by a customer, {currency}", currency=currency) if currency else say("Brought to date")
    bars = alt.Chart().mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("name:N").sort(frame["name"].tolist()).title(title).axis(axes.slanted_where_narrow()),
        xOffset=alt.XOffset("kind:N").sort(order),
        y=alt.Y("value:Q").title(None).axis(tickCount=5, **axes.SHARES),
        opacity=alt.Opacity("kind:N").scale(domain=order, range=[0.4, 1])
        .legend(orient="top", title=None, symbolType="square"),
        tooltip=tooltip(("name:N", "Brought to date"), ("kind:N", "Share"), ("words:N", "Is")),
    )  # fmt: skip
    return layered(told, 280, bars)


def span_name(low: float, high: float) -> str:
    """A span of money for an axis: 1.5K–2K, or nothing brought at all."""
    return say("0 or less") if low != low else f"{compact(low)}–{compact(high)}"


def three_figures(value: float) -> str:
    """Money for a small square: three figures or more, so that growth by a hundredth shows; 1,012 and not 1K."""
    if abs(value) >= 1e4:
        return compact(value)
    return money(value, None, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2)


def wide_spans(spans: pd.DataFrame, most: int = MOST_SPANS) -> pd.DataFrame:
    """The rows of value_distribution, neighbours put together until there are at most so many, if decades allow it."""
    for steps in ((1, 2, 5), (1,)):
        if len(spans) > most:
            spans = _put_together(spans, [0.0, *(step * 10.0**n for n in range(POWERS_OF_TEN) for step in steps)])
    return spans


def _put_together(spans: pd.DataFrame, edges: list[float]) -> pd.DataFrame:
    """The spans between wider edges; what is 0 or less stays by itself."""
    starts = [low if low != low else edges[bisect_right(edges, low) - 1] for low in spans["from_revenue"]]
    ends = dict(pairwise(edges))
    wide = spans.assign(from_revenue=starts, below_revenue=[ends.get(low, low) for low in starts])
    return (
        wide.groupby(["from_revenue", "below_revenue"], dropna=False)
        .sum()
        .reset_index()
        .sort_values("from_revenue", na_position="first", ignore_index=True)
    )


def triangle_table(cells: pd.DataFrame, currency: str | None) -> pd.DataFrame:
    """One row per cohort, one column per age, as written amounts; a running month carries an ellipsis, a forecast a
    tilde. An age not reached has no cell: NaN.
    """
    look = written.money(0.0, currency).look
    words = in_words(cells["value_per_customer"], partial(money, currency=currency), 2)
    named = zip(cells["value_per_customer"], words, cells["is_forecast"], cells["is_complete"], strict=True)
    amounts = [_in_its_state(Written(value, text, look), *state) for value, text, *state in named]
    frame = cells.assign(named=pd.Series(amounts, cells.index, dtype=object))
    table = frame.pivot(index="cohort", columns="age", values="named")
    table.insert(0, say("First order"), [written.month(cohort) for cohort in table.index])
    return table.reset_index(drop=True).rename_axis(columns=None).rename(columns=str)


def _in_its_state(amount: Written, is_forecast: bool, is_complete: bool) -> Written:
    amount = written.expected(amount) if is_forecast else amount
    return amount if is_complete else written.unfinished(amount)


def _row_names(cells: pd.DataFrame) -> dict[Any, str]:
    """Month, size and the mark of cohorts older than the data, by cohort: "Mar 2026 · 421 †"."""
    firsts = cells.drop_duplicates("cohort")
    named = zip(firsts["cohort"], firsts["cohort_customers"], firsts["is_left_truncated"], strict=True)
    return {first: f"{month(first)} · {number(size)}" + (" †" if marked else "") for first, size, marked in named}


def _ages(ages: pd.Series) -> alt.X:
    first, last = int(ages.min()), int(ages.max())
    ticks: dict[str, Any] = {"values": list(range(first, last + 1))} if last - first < FEW_AGES else {"tickMinStep": 1}
    return alt.X("age:Q").title(say(AGE)).axis(format="d", grid=False, **ticks).scale(domain=[first, last])


def _money_axis(field: str, title: str, currency: str | None) -> alt.Y:
    return alt.Y(field).title(title).axis(tickCount=5, **axes.money(currency))


def _forecast_span(cells: pd.DataFrame, currency: str | None) -> pd.Series:
    words = partial(money, currency=currency)
    return intervals(cells["value_per_customer_p10"], cells["value_per_customer_p90"], words, 2)


def _states(cells: pd.DataFrame) -> pd.Series:
    over = cells["is_complete"].map({True: say("what they have brought"), False: say("not over yet")})
    return over.where(~cells["is_forecast"].astype(bool), say("a forecast"))
