"""What all charts share. Fonts and series colours come from the app's theme; here is only what a theme cannot say."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

# Grey is for the baseline: a mean, a before, an others. It keeps 3 : 1 on the light and on the dark background.
BASELINE = "#7b8894"

_STRIPES = 7


def hatch() -> alt.LinearGradient:
    """Diagonal stripes for what is not over yet: a gradient whose colours change at once, laid over a cell."""
    clear, stripe = "rgba(123,136,148,0)", "rgba(123,136,148,0.75)"
    stops = []
    for number in range(_STRIPES):
        start, middle, end = ((number + part) / _STRIPES for part in (0, 0.5, 1))
        stops += [(start, clear), (middle, clear), (middle, stripe), (end, stripe)]
    return alt.LinearGradient(
        gradient="linear",
        x1=0, y1=1, x2=1, y2=0,
        stops=[alt.GradientStop(offset=offset, color=color) for offset, color in stops],
    )  # fmt: skip


def in_words(values: pd.Series, words: Callable[[float], str], digits: int) -> pd.Series:
    """The values as people write them. Each distinct rounded value is put into words once: a table has few of them."""
    rounded = values.astype(float).round(digits)
    named = {value: words(value) for value in rounded.unique()}
    return rounded.map(named)
