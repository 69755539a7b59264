"""A chart as a picture that needs no browser and no network: SVG, by vl-convert (the optional extra "report")."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

import altair as alt
import pandas as pd

from retention_core.charts.prepared import FRAME

WIDTH = 720  # pixels; an SVG grows and shrinks with its place
VEGA_LITE = "6.4"
AUTOSIZE = {"type": "fit", "contains": "padding"}  # as the app draws: a height holds legend and axis too
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
    rows, layers = drawing(chart)
    return {**layers, "data": alt.to_values(rows), "width": WIDTH, "autosize": AUTOSIZE}


def _rows(chart: alt.LayerChart) -> pd.DataFrame:
    """The rows of a chart, which carries them as a frame or, where a slider moves it, as an Arrow table."""
    rows: Any = chart.data
    found: pd.DataFrame = rows if isinstance(rows, pd.DataFrame) else rows.to_pandas(date_as_object=False)
    return found


def drawing(chart: alt.LayerChart) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows that the chart draws, and its layers, which say how: a Vega-Lite specification without the rows."""
    layers = chart.copy(deep=False)
    layers.data = FRAME
    return _rows(chart), layers.to_dict(validate=False)
