"""Pictures of contracts: how long they are kept, and what they bring. Frames come with identifiers."""

from __future__ import annotations

import altair as alt
import pandas as pd

from retention_core.charts import axes
from retention_core.charts.measure import MOST_BANDS, SILENT
from retention_core.charts.theme import in_words, intervals, layered, tooltip
from retention_core.say import compact, number, percent, say


def kept_curves(curves: pd.DataFrame) -> alt.LayerChart:
    """Share of contracts still kept by month: counted as steps with its band, the model over it as a dashed line.

    `curves`: keeping.curves. A group has no line after its longest contract, and no dashes without a usable model.
    """
    frame = curves.assign(
        words=in_words(curves["survival"].fillna(0), percent, 3),
        span=intervals(curves["low"].fillna(0), curves["high"].fillna(0), percent, 3),
        model=in_words(curves["modelled"].fillna(-1), percent, 3).where(curves["modelled"].notna(), "–"),
    )
    names = list(dict.fromkeys(frame["name"]))
    base = _base(frame, names, say("Months since the contract began")).encode(
        y=alt.Y("survival:Q").title(say("Still kept")).axis(tickCount=5, **axes.SHARES).scale(domain=[0, 1])
    )
    counted = base.transform_filter("isValid(datum.survival)")
    band = counted.mark_area(opacity=0.15, interpolate="step-after", **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    steps = counted.mark_line(interpolate="step-after", strokeWidth=2.2, **SILENT)
    dashes = base.transform_filter("isValid(datum.modelled)").mark_line(strokeDash=[5, 4], strokeWidth=1.8, **SILENT)
    hover = counted.mark_point(size=90, filled=True, opacity=0).encode(
        tooltip=tooltip(
            ("name:N", "Contracts"), ("month:Q", "Month"), ("words:N", "Still kept"), ("span:N", "95 % sure"),
            ("model:N", "By the model"), ("at_risk:Q", "Contracts watched so long"),
        ),
    )  # fmt: skip
    bands = [band] if len(names) <= MOST_BANDS else []
    return layered(frame, 320, *bands, steps, dashes.encode(y="modelled:Q"), hover)


def value_curves(value: pd.DataFrame, title: str) -> alt.LayerChart:
    """Money that a new contract has brought by each month, with its band. `value`: worth.cumulative."""
    told = value.dropna(subset=["value"])
    frame = told.assign(words=in_words(told["value"], number, 0), span=intervals(told["low"], told["high"], compact, 1))
    names = list(dict.fromkeys(frame["name"]))
    base = _base(frame, names, say("Months since the contract began")).encode(
        y=alt.Y("value:Q").title(title).axis(tickCount=5, **axes.money(None))
    )
    band = base.mark_area(opacity=0.15, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(strokeWidth=2.2, **SILENT)
    hover = base.mark_point(size=90, filled=True, opacity=0).encode(
        tooltip=tooltip(
            ("name:N", "Contracts"), ("month:Q", "Month"), ("words:N", title), ("span:N", "95 % sure"),
        ),
    )  # fmt: skip
    return layered(frame, 300, *([band] if len(names) <= MOST_BANDS else []), line, hover)


def _base(frame: pd.DataFrame, names: list[str], x_title: str) -> alt.Chart:
    last = int(frame["month"].max()) if len(frame) else 1
    x = alt.X("month:Q").title(x_title).axis(format="d", grid=False, tickMinStep=1, values=_ticks(last))
    colored = alt.Chart().encode(x=x.scale(domain=[0, last], nice=False))
    if len(names) < 2:
        return colored
    legend = alt.Legend(orient="top", title=None, columns=2, symbolOpacity=1, symbolType="stroke")
    return colored.encode(color=alt.Color("name:N").scale(domain=names).legend(legend))


def _ticks(last: int) -> list[int]:
    step = 12 if last > 36 else 6 if last > 12 else 1
    return list(range(0, last + 1, step))
