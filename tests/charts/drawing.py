"""A chart as it is drawn at a width: what a browser makes of its specification."""

from __future__ import annotations

import re

import altair as alt
import pytest

from retention_core.charts import picture

PHONE, DESK = 330, 820  # pixels that a chart has
_TEXT, _TAG = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL), re.compile(r"<[^>]*>")


def texts(chart: alt.LayerChart, width: int) -> list[str]:
    """All words of the drawn chart; those that go over two lines are one."""
    return [" ".join(_TAG.sub(" ", words).split()) for words in _TEXT.findall(svg(chart, width))]


def svg(chart: alt.LayerChart, width: int) -> str:
    """The drawn chart. Skips where nothing can draw."""
    vl_convert = pytest.importorskip("vl_convert")
    drawn = {**picture.specification(chart), "width": width}
    return str(vl_convert.vegalite_to_svg(drawn, vl_version=picture.VEGA_LITE, config=picture.CONFIG))
