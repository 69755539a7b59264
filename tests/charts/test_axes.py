"""What stands on an axis, read off the drawn picture: what a browser makes of the specification, at two widths."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd
import pytest

from retention_core.charts import axes, churn, forecasts, measure, picture, prepared
from retention_core.lifecycle import STAGES
from retention_core.say import compact_money, percent
from tests.charts.drawing import DESK, PHONE, texts

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def named_months(chart: alt.LayerChart, width: int) -> list[int]:
    """The months on the axis, counted from the year 0."""
    found = [re.fullmatch(r"([A-Z][a-z]{2})\s+(\d{4})", words) for words in texts(chart, width)]
    return [int(label[2]) * 12 + MONTHS.index(label[1]) for label in found if label]


def orders(start: str, months: int, grain: str = "month") -> alt.LayerChart:
    days = pd.date_range(start, periods=months, freq="MS" if grain == "month" else "QS")
    totals = pd.DataFrame({"period": days, "first_orders": 3, "repeat_orders": 7, "is_complete": True})
    return measure.orders_by_kind(totals, grain)


def rate(start: str, months: int) -> alt.LayerChart:
    days = pd.date_range(start, periods=months, freq="MS")
    series = pd.DataFrame({"period": days, "value": 0.9, "low": 0.85, "high": 0.95, "is_complete": True})
    return measure.rate_over_time(series.assign(numerator=9.0, denominator=10.0), "Kept", "month")


def tracked(start: str, months: int) -> alt.LayerChart:
    spans = pd.DataFrame({"ends": [30 * (n + 1) for n in range(months)], "actual": 9.0, "expected": 9.0})
    return forecasts.tracking(spans.assign(low=8.0, high=10.0, held=True), date.fromisoformat(start))


def stages(start: str, months: int) -> alt.LayerChart:
    days = pd.date_range(start, periods=months, freq="MS")
    standing = pd.DataFrame(
        [(day, stage, 5) for day in days for stage in STAGES], columns=["month", "stage", "customers"]
    )
    return churn.stages_over_time(standing, pd.DataFrame({"period": days, "is_complete": True}))


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("months", [3, 36, 90])
@pytest.mark.parametrize("drawn", [orders, rate, stages, tracked])
def test_months_stand_in_even_steps_at_any_width(drawn: Any, months: int, width: int) -> None:
    labels = named_months(drawn("2021-05-01", months), width)
    gaps = {later - earlier for earlier, later in pairwise(labels)}
    assert len(labels) >= 2 and len(gaps) == 1, labels
    assert gaps <= set(axes.STEPS["month"])
    assert len(labels) * axes.ROOM <= width + axes.ROOM, "they do not run into each other"
    if gaps != {1}:
        assert any(month % 12 == 0 for month in labels), "January, where the year changes, is one of them"


def test_a_wide_picture_names_more_months_than_a_phone() -> None:
    assert len(named_months(orders("2023-07-01", 36), DESK)) > len(named_months(orders("2023-07-01", 36), PHONE))


def test_quarters_stand_in_even_steps_too() -> None:
    quarters = orders("2020-04-01", 24, "quarter")
    found = {width: [words for words in texts(quarters, width) if words.startswith("Q")] for width in (PHONE, DESK)}
    assert found[PHONE] == [f"Q1 {year}" for year in range(2021, 2027)]
    assert found[DESK] == [f"Q{n} {year}" for year in range(2020, 2027) for n in (1, 3)][1:-1]


def axis(words: axes.Words, values: list[float]) -> list[str]:
    """The labels of an axis with ticks at these values."""
    x = alt.X("x:Q").axis(values=values, labelOverlap=False, **words).scale(domain=[min(values), max(values)])
    chart = alt.LayerChart(data=pd.DataFrame({"x": values}), layer=[alt.Chart().mark_point().encode(x=x)])
    return [words for words in texts(chart, DESK) if words != "x"]


def test_an_axis_writes_shares_as_sentences_do() -> None:
    shares = [0.0, 0.2, 0.35, 0.98, 1.0]
    assert axis(axes.SHARES, shares) == [percent(share) for share in shares]


@pytest.mark.parametrize("currency", ["EUR", "USD", "CZK", None])
def test_an_axis_writes_money_as_the_words_beside_it(currency: str | None) -> None:
    sums = [-1.5e6, -20_000.0, 0.0, 5.0, 512.0, 1500.0, 32_100.0, 2e6, 3e9]
    expected = [compact_money(amount, currency).replace("\u00a0", " ") for amount in sums]
    assert [words.replace(".00", "") for words in axis(axes.money(currency), sums)] == [
        words.replace(".00", "") for words in expected
    ]


def drawn_lines(chart: alt.LayerChart) -> list[list[str]]:
    """The words of the drawn chart that go over several lines."""
    vl_convert = pytest.importorskip("vl_convert")
    svg = vl_convert.vegalite_to_svg({**picture.specification(chart), "width": PHONE}, vl_version=picture.VEGA_LITE)
    return [re.findall(r">([^<]+)</tspan>", label) for label in re.findall(r"<text[^>]*>(<tspan.*?)</text>", svg)]


def test_long_names_of_bars_go_over_lines_and_short_ones_do_not() -> None:
    names = ["Welcome and thank-you after the first order", "Bring holiday shoppers back", "With these levers"]
    y = alt.Y("name:N").axis(axes.names())
    bars = alt.Chart().mark_bar().encode(y=y)
    chart = alt.LayerChart(data=pd.DataFrame({"name": names}), layer=[bars])
    assert drawn_lines(chart) == [["Welcome and thank-you after", "the first order"]]
    assert set(names) <= set(texts(chart, PHONE))


def test_the_figures_of_an_axis_stand_beside_their_lines() -> None:
    """Pushed in at its ends, an axis of even steps would not look like one."""
    assert rate("2024-01-01", 3).to_dict()["config"]["axisY"] == {"labelFlush": False}
    assert prepared.specification(100, alt.Chart().mark_point())["config"]["axisY"] == {"labelFlush": False}
