"""Charts of the page Value: valid Vega-Lite in which a forecast looks like one."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import pytest

from retention_core import worth
from retention_core.charts import value
from tests.charts.drawing import DESK, PHONE, svg, texts

Rows = list[dict[str, Any]]


@pytest.fixture
def cells() -> pd.DataFrame:
    """Two cohorts: three months seen (the last one still runs) and two forecast, for the younger one less and more."""
    seen = pd.DataFrame(
        {
            "cohort": pd.to_datetime(["2026-01-01"] * 3 + ["2026-02-01"] * 2),
            "age": [0, 1, 2, 0, 1],
            "cohort_customers": [10, 10, 10, 40, 40],
            "revenue": [100.0, 20, 1, 400, 3],
            "is_complete": [True, True, False, True, False],
        }
    )
    coming = pd.DataFrame(
        {
            "cohort": pd.to_datetime(["2026-01-01"] * 2 + ["2026-02-01"] * 2),
            "age": [3, 4, 1, 2],
            "value_per_customer": [14.0, 15, 11.5, 12.25],
            "value_per_customer_p10": [13.0, 13, 11, 11],
            "value_per_customer_p90": [15.0, 18, 12, 14],
            "is_forecast": True,
        }
    )
    return worth.triangle(seen, coming).assign(is_left_truncated=[True] * 5 + [False] * 3)


def rows(picture: alt.LayerChart) -> Rows:
    """The rows that a valid specification carries: `to_dict` raises where it is not valid."""
    (data,) = picture.to_dict()["datasets"].values()
    return list(data)


def layers(picture: alt.LayerChart, mark: str) -> Rows:
    return [layer for layer in picture.to_dict()["layer"] if layer["mark"]["type"] == mark]


def test_the_colours_are_explained_by_a_scale_in_the_files_money(cells: pd.DataFrame) -> None:
    assert {"Value per customer", "€0", "€10"} <= set(texts(value.value_triangle(cells, "EUR"), PHONE))


def test_a_forecast_cell_has_a_dashed_frame_and_no_filling(cells: pd.DataFrame) -> None:
    picture = value.value_triangle(cells, "EUR")
    squares, stripes, coming = layers(picture, "rect")
    assert squares["transform"] == [{"filter": "!datum.is_forecast"}]
    assert {"filter": "!datum.is_complete"} in stripes["transform"]
    assert coming["transform"] == [{"filter": "datum.is_forecast"}]
    assert coming["mark"]["fillOpacity"] == 0 and coming["mark"]["strokeDash"]
    told = {(row["row"], row["age"]): row for row in rows(picture)}
    assert told["Feb 2026 · 40", 2]["span"] == "€11.00–€14.00"
    assert told["Feb 2026 · 40", 2]["state"] == "a forecast"
    assert told["Jan 2026 · 10 †", 1]["words"] == "€12.00"
    assert told["Jan 2026 · 10 †", 1]["span"] == "–", "what was seen is not guessed"


def test_a_running_month_has_no_figure_and_is_no_forecast(cells: pd.DataFrame) -> None:
    told = {(row["row"], row["age"]): row for row in rows(value.value_triangle(cells, None))}
    assert told["Jan 2026 · 10 †", 2]["figure"] == ""
    assert told["Jan 2026 · 10 †", 2]["state"] == "not over yet"
    assert ("Feb 2026 · 40", 1) in told and told["Feb 2026 · 40", 1]["is_forecast"], (
        "its forecast is known: that is drawn"
    )


def test_a_forecast_line_is_dashed_begins_where_the_seen_one_ends_and_has_a_band(cells: pd.DataFrame) -> None:
    mean = worth.value_by_age(cells[~cells["is_forecast"]])
    picture = value.value_curves(cells, mean, "EUR")
    (band,) = layers(picture, "area")
    assert band["transform"] == [{"filter": "datum.is_forecast"}]
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
    grey, seen, coming = layers(picture, "line")
    assert "strokeDash" in coming["mark"] and "strokeDash" not in seen["mark"]
    assert grey["transform"] == [{"filter": "datum.is_mean"}]
    line = [row for row in rows(picture) if row["name"] == "Jan 2026" and row["is_forecast"]]
    line.sort(key=lambda row: row["age"])
    assert [(row["age"], row["value"]) for row in line] == [(1, 12), (3, 14), (4, 15)]
    assert line[0]["is_joint"] and line[0]["low"] == line[0]["high"] == 12
    (points,) = layers(picture, "point")
    assert "!datum.is_joint" in points["transform"][0]["filter"], "a joint is no observation"


def test_without_forecasts_the_curves_are_what_was_seen(cells: pd.DataFrame) -> None:
    seen = cells[~cells["is_forecast"]]
    picture = value.value_curves(seen, worth.value_by_age(seen), None)
    assert not any(row["is_forecast"] for row in rows(picture))


def test_payback_is_a_ring_on_the_first_age_above_zero(cells: pd.DataFrame) -> None:
    curves = worth.value_by_age(cells[~cells["is_forecast"]], ["cohort"])
    january, february = (pd.Timestamp(day) for day in ("2026-01-01", "2026-02-01"))
    paid = worth.paid_by_age(curves, pd.Series({january: 11.0, february: 99.0}), "cohort")
    picture = value.left_after_cost(paid, {january: "Jan 2026", february: "Feb 2026"}, "cohort", "EUR")
    assert [(row["name"], row["age"], row["value"]) for row in rows(picture) if row["is_payback"]] == [
        ("Jan 2026", 1, 1)
    ]
    _, ring = layers(picture, "point")
    assert ring["transform"] == [{"filter": "datum.is_payback"}]
    (zero,) = layers(picture, "rule")
    assert zero["encoding"]["y"]["datum"] == 0


def test_the_bars_of_each_kind_add_up_to_one() -> None:
    spans = pd.DataFrame(
        {
            "from_revenue": [float("nan"), 0, 1.5, 1000],
            "below_revenue": [float("nan"), 1, 2, 1500],
            "customers": [1, 1, 6, 2],
            "revenue": [0.0, 0.5, 10.5, 2400],
        }
    )
    picture = value.distribution(spans, "EUR")
    bars = pd.DataFrame(rows(picture))
    assert bars.groupby("kind")["value"].sum().tolist() == pytest.approx([1, 1])
    assert bars["name"].drop_duplicates().tolist() == ["0 or less", "0–1", "1.5–2", "1K–1.5K"]


def test_many_spans_are_put_together_and_lose_nobody() -> None:
    edges = [0.0, *(step * 10.0**power for power in range(6) for step in (1, 1.5, 2, 3, 5, 7))]
    spans = pd.DataFrame({"from_revenue": edges[:-1], "below_revenue": edges[1:], "customers": 3, "revenue": 7.0})
    spans = pd.concat([pd.DataFrame([{"customers": 5, "revenue": -1.0}]), spans], ignore_index=True)
    wide = value.wide_spans(spans)
    assert len(wide) <= value.MOST_SPANS < len(spans)
    assert wide[["customers", "revenue"]].sum().tolist() == spans[["customers", "revenue"]].sum().tolist()
    told = wide.set_index("from_revenue")
    assert told.loc[2.0, "below_revenue"] == 5 and told.loc[2.0, "customers"] == 6
    assert told.loc[0.0, "below_revenue"] == 1 and wide["from_revenue"].isna().tolist()[0]
    assert len(value.wide_spans(spans, most=8)) == 8, "to whole powers of ten, if need be"
    pd.testing.assert_frame_equal(value.wide_spans(spans.head(20)), spans.head(20))


def test_spans_are_slanted_only_where_they_have_no_room() -> None:
    edges = [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]
    spans = pd.DataFrame({"from_revenue": edges[:-1], "below_revenue": edges[1:], "customers": 3, "revenue": 7.0})
    picture = value.distribution(spans, "EUR")
    assert "rotate(-40" in svg(picture, PHONE) and "rotate(-40" not in svg(picture, DESK)
    for width in (PHONE, DESK):
        assert {"5–10", "20–50", "2K–5K"} <= set(texts(picture, width)), "none is left out"


def test_figures_of_squares_show_growth() -> None:
    assert [value.three_figures(money) for money in (9.432, 93, 943.2, 1012, 1049, 10_120)] == [
        "9.43", "93.0", "943", "1,012", "1,049", "10.1K"
    ]  # fmt: skip


def test_nobody_who_paid_is_no_error() -> None:
    nothing = [float("nan")]
    spans = pd.DataFrame({"from_revenue": nothing, "below_revenue": nothing, "customers": [3], "revenue": [0]})
    assert [row["value"] for row in rows(value.distribution(spans, None))] == [1, 0]
