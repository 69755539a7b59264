"""Charts of the section Measure: valid Vega-Lite that shows what is finished and stripes what is not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd
import pytest

from retention_core import cohorts
from retention_core.charts import axes, measure, theme
from tests.charts.drawing import PHONE, texts

Rows = list[dict[str, Any]]


@pytest.fixture
def cells() -> pd.DataFrame:
    """Three monthly cohorts seen until the middle of April: the last age of each is not over."""
    rows = []
    for first, (day, size, actives) in enumerate(
        [("2026-01-01", 100, (100, 20, 10, 1)), ("2026-02-01", 200, (200, 60, 2)), ("2026-03-01", 12, (12, 0))]
    ):
        for age, active in enumerate(actives):
            rows.append((pd.Timestamp(day), age, size, active, active, 10.0 * active, first + age < 3))
    frame = pd.DataFrame(
        rows, columns=["cohort", "age", "cohort_customers", "active_customers", "orders", "revenue", "is_complete"]
    )
    share = frame["active_customers"] / frame["cohort_customers"]
    return frame.assign(retained_share=share, low=share / 2, high=(share + 1) / 2)


@pytest.fixture
def marked(cells: pd.DataFrame) -> pd.DataFrame:
    return cohorts.cumulative_value(cohorts.with_marks(cells))


def heatmap(marked: pd.DataFrame, show: str = "share") -> alt.LayerChart:
    return measure.cohort_heatmap(marked, measure.mean_row(marked, show), show, "month", "Share")


def rows(picture: alt.LayerChart) -> Rows:
    """The rows that a valid specification carries: `to_dict` raises where it is not valid."""
    spec = picture.to_dict()
    (data,) = spec["datasets"].values()
    return list(data)


def layers(picture: alt.LayerChart, mark: str) -> Rows:
    return [layer for layer in picture.to_dict()["layer"] if layer["mark"]["type"] == mark]


def test_an_unfinished_cell_is_striped_and_has_no_figure(marked: pd.DataFrame) -> None:
    picture = heatmap(marked)
    squares, stripes = layers(picture, "rect")
    assert stripes["transform"] == [{"filter": "!datum.is_complete"}]
    assert stripes["mark"]["fill"]["gradient"] == "linear"
    assert "transform" not in squares, "the cell itself keeps its colour below the stripes"
    unfinished = [row for row in rows(picture) if not row["is_complete"]]
    assert {(row["cohort_key"], row["age"]) for row in unfinished} == {
        ("2026-01-01", 3), ("2026-02-01", 2), ("2026-03-01", 1)
    }  # fmt: skip
    assert all(row["figure"] == "" and row["state"] == "not over yet" for row in unfinished)


def test_an_age_that_is_not_reached_has_no_cell_and_a_finished_zero_has_one(marked: pd.DataFrame) -> None:
    marked.loc[marked["age"].eq(1) & marked["cohort"].eq("2026-02-01"), ["active_customers", "retained_share"]] = 0
    drawn = {(row["cohort_key"], row["age"]): row for row in rows(heatmap(marked))}
    assert ("2026-03-01", 2) not in drawn
    assert drawn[("2026-02-01", 1)]["figure"] == "0 %"


def test_the_mean_row_is_weighted_and_made_of_finished_cells_only(marked: pd.DataFrame) -> None:
    mean = {row["age"]: row for row in rows(heatmap(marked)) if row["is_mean"]}
    assert mean[1]["value"] == pytest.approx((20 + 60) / (100 + 200)), "not the mean of 20 % and 30 %, and no March"
    assert mean[2]["value"] == pytest.approx(10 / 100), "February's second month is not over"
    assert 3 not in mean
    assert mean[1]["cohort_key"] == "", "a click on the mean opens nobody"


def test_hovering_says_interval_and_customers(marked: pd.DataFrame) -> None:
    cell = next(row for row in rows(heatmap(marked)) if (row["cohort_key"], row["age"]) == ("2026-01-01", 1))
    assert (cell["span"], cell["basis"]) == ("10–60 %", "20 / 100")
    (squares, _) = layers(heatmap(marked), "rect")
    assert {"words", "span", "basis", "state"} <= {field["field"] for field in squares["encoding"]["tooltip"]}


def test_rows_carry_size_and_marks_in_their_names(marked: pd.DataFrame) -> None:
    marked["is_left_truncated"] = marked["cohort"].eq("2026-01-01")
    names = {row["row"] for row in rows(heatmap(marked))}
    assert {"All cohorts", "Jan 2026 · 100†", "Feb 2026 · 200", "Mar 2026 · 12°"} == names


def test_a_cell_that_stands_out_is_marked_by_a_sign(marked: pd.DataFrame) -> None:
    marked.loc[0, "stands_out"] = 1
    (signs,) = layers(heatmap(marked), "point")
    assert signs["transform"] == [{"filter": "datum.stands_out != 0"}]
    assert signs["encoding"]["shape"]["scale"]["range"] == ["triangle-up", "triangle-down"]
    assert sum(row["stands_out"] != 0 for row in rows(heatmap(marked))) == 1


def test_the_colours_are_explained_by_a_scale(marked: pd.DataFrame) -> None:
    """Where the cells are too narrow for figures, nothing else says what a colour means."""
    for show, words in {"share": axes.SHARES, "customers": axes.COUNTS, "revenue": axes.money(None)}.items():
        legend = layers(heatmap(marked, show), "rect")[0]["encoding"]["color"]["legend"]
        assert legend.items() >= {"title": "Share", "orient": "top", **words}.items()
    assert {"Share", "0 %", "30 %"} <= set(texts(heatmap(marked), PHONE))


def test_the_picked_cell_is_known_by_cohort_and_age(marked: pd.DataFrame) -> None:
    (parameter,) = heatmap(marked).to_dict()["params"]
    assert (parameter["name"], parameter["select"]["fields"]) == ("cell", ["cohort_key", "age"])


@pytest.mark.parametrize(
    ("show", "head", "value"),
    [
        ("customers", "Mean of the cohorts", 40),
        ("revenue", "Mean of the cohorts", 400),
        ("value", "All cohorts", (1200 + 2600) / 300),
    ],
)
def test_counts_are_means_of_cohorts_and_value_adds_up(
    marked: pd.DataFrame, show: str, head: str, value: float
) -> None:
    row = next(row for row in rows(heatmap(marked, show)) if row["is_mean"] and row["age"] == 1)
    assert (row["row"], row["value"]) == (head, pytest.approx(value))


@pytest.mark.parametrize("show", measure.SHOWN)
def test_the_mean_row_says_its_share_of_whole_customers(marked: pd.DataFrame, show: str) -> None:
    mean = next(row for row in rows(heatmap(marked, show)) if row["is_mean"] and row["age"] == 1)
    assert mean["basis"] == "80 / 300", "whoever came back of those won, and not the mean of a cohort"


def test_without_means_the_picture_holds_the_cohorts_alone(marked: pd.DataFrame) -> None:
    none = measure.mean_row(marked, "share").head(0)
    assert not any(row["is_mean"] for row in rows(measure.cohort_heatmap(marked, none, "share", "month", "Share")))
    named = marked.assign(name="Jan")
    assert len(rows(measure.cohort_curves(named, none, "share", "month", "Share"))) == len(named)


def test_a_tiny_shop_has_rows_to_see_whole_ticks_and_an_axis_of_a_few_per_cent(marked: pd.DataFrame) -> None:
    one = marked[marked["cohort"].eq("2026-01-01") & marked["age"].between(1, 2)].assign(name="Jan")
    one = one.assign(retained_share=0.001, low=0.0, high=0.004)
    mean = measure.mean_row(one, "share").assign(low=0.0, high=0.004)
    assert measure.cohort_heatmap(one, mean, "share", "month", "Share").height >= 3 * 24 + 50, "ages stand above"
    axes = measure.cohort_curves(one, mean, "share", "month", "Share").to_dict()["layer"][1]["encoding"]
    assert axes["x"]["axis"]["values"] == [1, 2]
    assert axes["y"]["scale"]["domain"] == [0, 0.05]
    spans = pd.DataFrame({"days": [30], "customers": [50], "share": [0.0], "low": 0.0, "high": 0.01})
    curve = pd.DataFrame({"day": [1], "share": [0.0], "low": [0.0], "high": [0.01]})
    waiting = measure.waiting_curve(curve, spans).to_dict()["layer"][1]["encoding"]
    assert waiting["y"]["scale"]["domain"] == [0, 0.05]


def test_the_table_holds_the_same_figures_and_marks_the_unfinished(marked: pd.DataFrame) -> None:
    table = measure.cohort_table(marked, "share", "month")
    assert str(table.loc["Jan 2026 · 100", "1"]) == "20 %" and table.loc["Jan 2026 · 100", "1"].value == 0.2
    assert str(table.loc["Jan 2026 · 100", "3"]) == "1.0 % …"
    assert pd.isna(table.loc["Mar 2026 · 12°", "2"])


def test_curves_keep_unfinished_ages_off_the_line_and_the_mean_grey(marked: pd.DataFrame) -> None:
    named = marked.assign(name=marked["cohort"].dt.strftime("%b"))
    picture = measure.cohort_curves(named, measure.mean_row(marked, "share"), "share", "month", "Share")
    grey, line = layers(picture, "line")
    assert grey["mark"]["color"] == theme.BASELINE
    assert line["transform"] == [{"filter": "!datum.is_mean && datum.is_complete"}]
    (points,) = layers(picture, "point")
    assert points["encoding"]["shape"]["field"] == "name", "lines are told apart by shape, not by colour alone"
    assert len(layers(picture, "area")) == 1
    assert sum(row["is_mean"] for row in rows(picture)) == 3
    assert not layers(
        measure.cohort_curves(named, measure.mean_row(marked, "value"), "value", "month", "Value"), "area"
    )


@pytest.fixture
def series() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
            "value": [0.9, 0.91, 0.99],
            "low": [0.88, 0.9, 0.98],
            "high": [0.92, 0.93, 1.0],
            "numerator": [90.0, 91.0, 99.0],
            "denominator": [100.0, 100.0, 100.0],
            "is_complete": [True, True, False],
        }
    )


def test_the_running_period_hangs_on_a_dashed_line(series: pd.DataFrame) -> None:
    picture = measure.rate_over_time(series, "Kept", "month")
    line, tail = layers(picture, "line")
    assert line["transform"] == [{"filter": "datum.is_complete"}]
    assert tail["mark"]["strokeDash"]
    assert [row["is_tail"] for row in rows(picture)] == [False, True, True]
    assert [row["state"] for row in rows(picture)] == ["over", "over", "not over yet"]


def test_a_rate_that_never_moves_is_drawn_on_a_few_per_cent(series: pd.DataFrame) -> None:
    still = series.assign(value=1.0, low=1.0, high=1.0)
    low, high = measure.rate_over_time(still, "Kept", "month").to_dict()["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert high - low == pytest.approx(0.05)


def test_without_a_running_period_nothing_is_dashed(series: pd.DataFrame) -> None:
    assert not any(row["is_tail"] for row in rows(measure.rate_over_time(series.head(2), "Kept", "month")))


def test_the_waiting_curve_names_its_spans_and_ends_after_two_years() -> None:
    curve = pd.DataFrame({"day": [1, 30, 400, 900], "share": [0.1, 0.2, 0.3, 0.4], "low": 0.0, "high": 0.5})
    spans = pd.DataFrame({"days": [30, 60], "customers": [50, 40], "share": [0.2, 0.25], "low": 0.1, "high": 0.4})
    picture = measure.waiting_curve(curve, spans)
    drawn = rows(picture)
    assert max(row["day"] for row in drawn) == 400
    assert [row["words"] for row in drawn if row["is_span"]] == ["20 %", "25 %"]
    assert layers(picture, "area")[0]["encoding"]["y2"] == {"field": "high"}


def test_orders_are_split_in_first_and_later_ones() -> None:
    totals = pd.DataFrame(
        {"period": pd.to_datetime(["2026-01-01"]), "first_orders": [3], "repeat_orders": [7], "is_complete": [False]}
    )
    picture = measure.orders_by_kind(totals, "quarter")
    assert {(row["name"], row["kind"], row["number"]) for row in rows(picture)} == {
        ("Q1 2026", "Later orders", 7), ("Q1 2026", "First orders", 3)
    }  # fmt: skip
    assert layers(picture, "bar")[1]["transform"] == [{"filter": "!datum.is_complete"}]


@pytest.mark.parametrize(
    ("grain", "name"), [("week", "2 Mar 2026"), ("month", "Mar 2026"), ("quarter", "Q1 2026"), ("rolling", "Mar 2026")]
)
def test_periods_have_names_of_their_own(grain: str, name: str) -> None:
    assert measure.period_name(pd.Timestamp("2026-03-02"), grain) == name


def test_values_are_put_into_words_once() -> None:
    asked: list[float] = []

    def words(value: float) -> str:
        asked.append(value)
        return f"<{value}>"

    assert list(theme.in_words(pd.Series([0.11, 0.112, 0.2]), words, 2)) == ["<0.11>", "<0.11>", "<0.2>"]
    assert asked == [0.11, 0.2]


def test_stripes_change_at_once_and_reach_both_ends() -> None:
    stops = theme.hatch().to_dict()["stops"]
    assert (stops[0]["offset"], stops[-1]["offset"]) == (0, 1)
    changes = [(a, b) for a, b in pairwise(stops) if a["color"] != b["color"]]
    assert changes and all(a["offset"] == pytest.approx(b["offset"]) for a, b in changes)
