"""A chart as a picture that needs no browser and no network: SVG, by vl-convert (the optional extra "report")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import altair as alt
import pandas as pd

from retention_core.charts.prepared import FRAME

WIDTH = 720  # pixels; an SVG grows and shrinks with its place
VEGA_LITE = "6.4"
# The light theme of the app (.streamlit/config.toml), for where no theme of Streamlit's is: a picture on white.
TEXT, QUIET, GRID = "#0b151c", "#5d6b76", "#e3e9ed"
CATEGORIES = ["#0b6799", "#b0578d", "#00825f", "#8a6d00", "#5a5fb8", "#5d6b76"]
SEQUENCE = [
    *("#e8f1f5", "#cfe3ec", "#b2d3e1", "#92c1d5", "#70acc7"),
    *("#4f96b6", "#337fa3", "#1d688c", "#105172", "#0a3a55"),
]
DIVERGING = [
    *("#8a3200", "#b65418", "#d97f48", "#eead86", "#f6dccb"),
    *("#d6e6ee", "#a3c9dc", "#62a3c3", "#2a7ba2", "#0a4d73"),
]
_PATH, _DECIMALS = re.compile(r' d="[^"]*"'), re.compile(r"(\.\d\d)\d+")  # a hundredth of a pixel is enough
_WORDS = {"labelColor": TEXT, "titleColor": QUIET, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
CONFIG: dict[str, Any] = {
    "background": "white",
    "aria": False,  # a picture is described as a whole
    "font": "Helvetica, Arial, sans-serif",
    "padding": 8,
    "view": {"stroke": None, "continuousWidth": WIDTH, "discreteWidth": WIDTH},
    "axis": {
        **_WORDS, "gridColor": GRID, "domainColor": GRID, "tickColor": GRID, "labelPadding": 6, "titlePadding": 10,
        "domain": False, "ticks": False,
    },
    "axisX": {"labelPadding": 10},
    "legend": {**_WORDS, "orient": "top", "symbolSize": 90},
    "header": _WORDS,
    "title": {"color": TEXT, "fontSize": 13, "anchor": "start"},
    "text": {"color": TEXT},
    "mark": {"color": CATEGORIES[0]},
    "range": {
        "category": CATEGORIES, "ordinal": SEQUENCE, "ramp": SEQUENCE, "heatmap": SEQUENCE, "diverging": DIVERGING,
    },
}  # fmt: skip


class CannotDrawError(RuntimeError):
    """vl-convert is not installed."""


def can_draw() -> bool:
    """Whether charts can become pictures here."""
    return find_spec("vl_convert") is not None


def to_svg(chart: alt.LayerChart) -> str:
    """The chart as an SVG document for a white ground. Nothing is fetched for it. Raises CannotDrawError."""
    try:
        import vl_convert
    except ImportError as missing:
        raise CannotDrawError("Charts become pictures with vl-convert: pip install vl-convert-python") from missing
    svg: str = vl_convert.vegalite_to_svg(
        specification(chart), vl_version=VEGA_LITE, config=CONFIG, allowed_base_urls=[]
    )
    return _PATH.sub(lambda path: _DECIMALS.sub(r"\1", path[0]), svg)


def specification(chart: alt.LayerChart) -> dict[str, Any]:
    """The chart with its rows inside and a width of its own."""
    drawing = chart.copy(deep=False)
    drawing.data = FRAME
    found = drawing.to_dict(validate=False)
    return {**found, "data": alt.to_values(_rows(chart)), "width": WIDTH}


def _rows(chart: alt.LayerChart) -> pd.DataFrame:
    """The rows of a chart, which carries them as a frame or, where a slider moves it, as an Arrow table."""
    rows: Any = chart.data
    found: pd.DataFrame = rows if isinstance(rows, pd.DataFrame) else rows.to_pandas(date_as_object=False)
    return found


def figures(chart: alt.LayerChart) -> tuple[pd.DataFrame, list[str]]:
    """The rows that the chart draws, under the names that its axes and tooltips give them; and which are shares.

    Columns that only steer the drawing are left out.
    """
    drawing = chart.copy(deep=False)
    drawing.data = FRAME
    names: dict[str, str] = {}
    shares: set[str] = set()
    for channel in _channels(drawing.to_dict(validate=False)):
        field = str(channel["field"])
        names[field] = names.get(field) or str(channel.get("title") or "")
        if "%" in str((channel.get("axis") or channel.get("legend") or channel).get("format", "")):
            shares.add(field)
    rows = _rows(chart)
    heads: dict[str, str] = {}
    for name in rows.columns:
        head = names.get(name) or name.replace("_", " ").capitalize()
        if name in names and head not in heads.values():  # what has one name twice is a number and its words
            heads[name] = head
    if shares:  # the ends of a range stand on the axis of its middle
        shares |= {"low", "high"}
    return rows[list(heads)].rename(columns=heads), [head for name, head in heads.items() if name in shares]


def _channels(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What stands for a field anywhere in the layers."""
    for layer in part.get("layer", []):
        yield from _channels(layer)
    for channel in part.get("encoding", {}).values():
        for one in channel if isinstance(channel, list) else [channel]:
            if "field" in one:
                yield one
