"""What all charts share. Fonts and series colours come from the app's theme; here is only what a theme cannot say."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd
from altair.utils import schemapi

from retention_core.say import NEARLY_ALL, NOT_KNOWN, NOTHING, between, percent, say

# Grey is for the baseline: a mean, a before, an others. It keeps 3 : 1 on the light and on the dark background.
BASELINE = "#7b8894"
# Orange is for the goal and the plan that leads to it: 3 : 1 on both backgrounds.
GOAL = "#d9620f"
# The frame of what was clicked: seen on every colour of the sequential scales.
CHOSEN = "#e8590c"

# The figures of an axis stand beside their lines, the first and the last one too.
EVEN = alt.Config(axisY=alt.AxisConfig(labelFlush=False))

_STRIPES = 7

# Altair would check every part of a chart against its schema on every rerun: a third of the time of drawing one.
# `to_dict` still checks the whole, and the tests call it for each chart.
schemapi.disable_debug_mode()


def hatch() -> alt.LinearGradient:
    """Diagonal stripes for what is not over yet: a gradient whose colours change at once, laid over a cell.

    A light and a dark stripe by turns, so that they show on every colour of a scale and on either background.
    """
    light, dark = "rgba(255,255,255,0.55)", "rgba(20,30,40,0.4)"
    stops = []
    for number in range(_STRIPES):
        start, middle, end = ((number + part) / _STRIPES for part in (0, 0.5, 1))
        stops += [(start, light), (middle, light), (middle, dark), (end, dark)]
    return alt.LinearGradient(
        gradient="linear",
        x1=0, y1=1, x2=1, y2=0,
        stops=[alt.GradientStop(offset=offset, color=color) for offset, color in stops],
    )  # fmt: skip


def layered(frame: pd.DataFrame, height: int, *layers: alt.Chart) -> alt.LayerChart:
    """The layers over each other, all on one frame.

    The frame is given here and not to each layer: Altair would print all of it to compare the layers' data.
    """
    return alt.LayerChart(data=frame, layer=list(layers), height=height, config=EVEN)


def tooltip(*fields: tuple[str, str]) -> list[alt.Tooltip]:
    """What is said on hover: pairs of field and title. Numbers get thousands marks; shares come as words."""
    plain = {"Q": ","}
    return [alt.Tooltip(field, title=say(title), format=plain.get(field[-1], alt.Undefined)) for field, title in fields]


def in_words(values: pd.Series, words: Callable[[float], str], digits: int) -> pd.Series:
    """The values as people write them, `digits` after the point, for shares of a tenth or more one less, as `say` does.

    Each distinct rounded value is put into words once: a table has few of them.
    """
    exact = values.astype(float)
    rounded = exact.round(digits)
    if words is percent:
        is_all_but = exact.ge(NEARLY_ALL) & exact.lt(1 - NOTHING)
        rounded = rounded.where(exact.abs().lt(0.1) | is_all_but, exact.round(digits - 1))
        least = 10.0**-digits
        rounded = rounded.mask(rounded.eq(0) & exact.gt(NOTHING), least / 4)  # little is not none, most is not all
        rounded = rounded.mask(is_all_but, rounded.clip(upper=1 - least))
    named = {value: words(value) for value in rounded.unique()}
    return rounded.map(named)


def intervals(low: pd.Series, high: pd.Series, words: Callable[[float], str], digits: int) -> pd.Series:
    """The intervals as people write them, 10–60 %, by the index of `low`; one that is not known is a dash."""
    ends = zip(in_words(low, words, digits), in_words(high, words, digits), strict=True)
    return pd.Series([NOT_KNOWN if NOT_KNOWN in (a, b) else between(a, b) for a, b in ends], low.index, dtype=object)
