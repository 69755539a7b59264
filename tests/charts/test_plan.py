"""Charts of the page Goals: valid Vega-Lite that shows the figures it was given, from no lever at all to many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from retention_core.charts import plan
from retention_core.goals.goal import Goal, Lever
from retention_core.goals.simulate import Result, simulate
from retention_core.say import percent
from tests.goals import made

BY = date(2025, 6, 1)
LONG = "A letter to everybody who bought once and never came back, with a card, written by hand, on paper " * 3
NAMES = {"welcome": "Welcome", "win_back": "Win-back", "long": LONG, "return": "How many return anyway"}
LEVERS = (
    made.lever("welcome", 0.05, sd=0.02, cost_once=500.0),
    made.lever("second", 0.1, sd=0.02, cost_per_month=50.0),
    made.lever("win_back", 0.1, sd=0.02, acts_on="win_back"),
)
Rows = list[dict[str, Any]]


def result(*levers: Lever, **settings: Any) -> Result:
    return simulate(made.baseline(**settings), Goal(levers, by=BY, target=0.25))


def valid(picture: alt.LayerChart) -> tuple[dict[str, Any], Rows]:
    """The specification, which is checked against the schema, and the rows that it draws."""
    whole = picture.to_dict(validate=True)
    rows = whole["data"]["values"] if "values" in whole["data"] else next(iter(whole["datasets"].values()))
    return whole, list(rows)


def history(*, over: int = 3, running: int = 2) -> pd.DataFrame:
    """Cohorts of the past: `over` are finished, `running` stand at what is expected of them."""
    count = over + running
    done = np.arange(count) < over
    return pd.DataFrame(
        {
            "cohort": pd.date_range("2024-01-01", periods=count, freq="MS"),
            "customers": 100,
            "rate": np.where(done, 0.2, np.nan),
            "low": np.where(done, 0.15, np.nan),
            "high": np.where(done, 0.25, np.nan),
            "expected": np.where(done, np.nan, 0.3),
            "p10": np.where(done, np.nan, 0.28),
            "p90": np.where(done, np.nan, 0.33),
            "is_complete": done,
        }
    )


def rates(found: Result) -> pd.DataFrame:
    return found.months[found.months["series"] == "rate"]


def fan(found: Result, past: pd.DataFrame, target: float | None = 0.25) -> tuple[dict[str, Any], pd.DataFrame]:
    whole, rows = valid(plan.rate_fan(past, rates(found), target, BY))
    return whole, pd.DataFrame(rows)


def test_the_range_shows_today_and_the_target_among_its_zones() -> None:
    _, rows = valid(plan.target_range({"own": 0.11, "stretch": 0.18}, (0.099, 0.092, 0.106), 0.11, 0.5))
    zones = [(row["zone"], row["x"], row["x2"]) for row in rows if row["kind"] == "zone"]
    names = [name for name, _ in plan.ZONES.values()]
    assert zones[:2] == [(names[0], 0, 0.11), (names[1], 0.11, 0.18)]
    assert zones[2][:2] == (names[2], 0.18) and zones[2][2] > 0.5, "the target lies on the axis"
    told = {row["kind"]: row for row in rows if row["kind"] != "zone"}
    assert (told["today"]["low"], told["today"]["x"], told["today"]["high"]) == (0.092, 0.099, 0.106)
    assert "9.9 %" in told["today"]["label"].replace("\u00a0", " ")
    assert told["target"]["x"] == 0.5 and "50" in told["target"]["label"]


def test_where_today_is_not_known_what_is_expected_stands_there() -> None:
    _, rows = valid(plan.target_range({"own": 0.11, "stretch": 0.18}, None, 0.1, 0.2))
    (now,) = (row for row in rows if row["kind"] == "today")
    assert now["x"] == now["low"] == now["high"] == 0.1 and "expected" in now["label"]


@pytest.mark.parametrize("ends", [{"own": 0.9, "stretch": 1.0}, {"own": 0.0, "stretch": 0.0}])
@pytest.mark.parametrize("target", [0.001, 0.8, 1.0])
def test_no_zone_leaves_the_axis(ends: dict[str, float], target: float) -> None:
    whole, rows = valid(plan.target_range(ends, (0.0, 0.0, 0.0), 0.0, target))
    assert whole["layer"][0]["encoding"]["x"]["scale"] == {"zero": True, "nice": False}
    (high,) = {row["most"] for row in rows}  # an invisible mark: the axis reaches there
    assert whole["layer"][-1]["encoding"]["x"]["field"] == "most"
    assert all(0 <= row["x"] <= row["x2"] <= high + 1e-9 <= 1 + 1e-9 for row in rows)


def test_the_fan_shows_what_was_what_comes_and_what_is_wanted() -> None:
    found = result(*LEVERS)
    _, frame = fan(found, history())
    for variant, name in plan.VARIANTS.items():
        shown = frame[frame["part"] == name].sort_values("month")
        own = rates(found)[rates(found)["variant"] == variant]
        for column in ("p10", "p25", "p75", "p90"):
            assert shown[column].to_numpy(float) == pytest.approx(own[column].to_numpy())
    past = frame[frame["part"] == "past"]
    assert past["value"].tolist() == [0.2] * 3 + [0.3] * 2
    assert past["p10"].tolist() == [0.15] * 3 + [0.28] * 2
    assert past["is_over"].tolist() == [True] * 3 + [False] * 2
    assert past["sure"].nunique() == 2, "95 % for what is over, 80 % for what is not"
    goal = frame[frame["part"] == "goal"]
    assert goal["value"].tolist() == [0.25] and pd.to_datetime(goal["month"]).dt.date.tolist() == [BY]
    assert frame["words"].iloc[0] == percent(0.2, 1) or frame["words"].iloc[0] == percent(0.2)


def test_what_is_not_over_is_hollow() -> None:
    whole, _ = fan(result(), history())
    points = [layer for layer in whole["layer"] if layer["mark"]["type"] == "point" and "shape" not in layer["mark"]]
    filled = {str(layer["transform"]): layer["mark"].get("filled", False) for layer in points}
    assert len(filled) == 2
    for conditions, is_filled in filled.items():
        assert is_filled == ("!datum.is_over" not in conditions)


def test_without_a_target_there_is_no_goal_in_the_fan() -> None:
    _, frame = fan(result(), history(), target=None)
    assert "goal" not in set(frame["part"])


@pytest.mark.parametrize("past", [history(over=0, running=0), history(over=0), history(over=1, running=0)])
def test_a_young_shop_has_a_fan(past: pd.DataFrame) -> None:
    _, frame = fan(result(), past)
    assert len(frame) == len(past) + 2 * 12 + 1


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_fan_of_nobody_or_everybody_is_drawn_inside_its_axis(rate: float) -> None:
    found = result(rate=rate, spread=0.0)
    _, frame = fan(found, history(over=0, running=0), target=None)
    assert (frame["highest"] - frame["lowest"]).min() >= plan.LEAST_SPAN / 2, "below 0 an axis has nothing to show"
    assert (frame["lowest"] >= 0).all() and (frame["p90"] <= frame["highest"]).all()


def test_the_waterfall_goes_from_the_forecast_to_the_plan_lever_by_lever() -> None:
    found = result(*LEVERS)
    whole, rows = valid(plan.waterfall(found.waterfall, NAMES))
    assert [row["label"] for row in rows] == [
        "Without a plan", "Welcome", "second", "They overlap", "With these levers",
    ]  # fmt: skip
    before, plan_end = rows[0]["ends_at"], rows[-1]["ends_at"]
    assert (before, plan_end) == pytest.approx((found.rate_before.mean, found.rate.mean))
    bars = rows[1:-1]
    assert before + sum(bar["ends_at"] - bar["starts_at"] for bar in bars) == pytest.approx(plan_end)
    assert [row["kind"] for row in rows] == ["base", "plan", "plan", "base", "plan"]
    assert rows[0]["words"] == percent(before, 1)
    assert [row["is_end"] for row in rows] == [True, False, False, False, True]
    assert [layer["mark"]["type"] for layer in whole["layer"][:3]] == ["rule", "bar", "point"], "no bar from a cut axis"
    assert "transform" not in whole["layer"][0], "it gives the rows their order, so it has them all"
    assert rows[0]["starts_at"] == before and rows[0]["lowest"] < before < rows[0]["highest"]
    assert whole["height"] == plan.STEP * 5 + plan.AXIS


def test_a_waterfall_without_levers_and_with_one() -> None:
    _, none = valid(plan.waterfall(result().waterfall, NAMES))
    assert [row["label"] for row in none] == ["Without a plan", "With these levers"], "nothing overlaps"
    assert none[0]["ends_at"] == none[1]["ends_at"] and none[0]["lowest"] < none[0]["highest"]
    _, one = valid(plan.waterfall(result(LEVERS[0]).waterfall, NAMES))
    assert [row["label"] for row in one] == ["Without a plan", "Welcome", "With these levers"]


def test_what_matters_most_stands_on_top() -> None:
    found = result(*LEVERS)
    whole, rows = valid(plan.tornado(found.tornado, NAMES, "profit", lambda value: f"{value:.0f} €", "Profit"))
    widths = [abs(row["at_high"] - row["at_low"]) for row in rows]
    assert widths == sorted(widths, reverse=True) and min(widths) > 0
    shown = {row["label"]: row for row in rows}
    own = found.tornado.set_index("key").loc["welcome"]
    assert (shown["Welcome"]["at_low"], shown["Welcome"]["at_high"]) == pytest.approx(
        (own["profit_low"], own["profit_high"])
    )
    assert shown["Welcome"]["low_words"] == f"{own['profit_low']:.0f} €"
    assert len({row["middle"] for row in rows}) == 1
    assert whole["height"] == plan.STEP * len(rows) + plan.AXIS


@pytest.mark.parametrize("of", ["rate", "profit"])
def test_what_changes_nothing_is_no_bar(of: str) -> None:
    certain = replace(LEVERS[0], uplift=made.lever(mean=0.05).uplift)
    found = result(certain, spread=0.0)
    whole, rows = valid(plan.tornado(found.tornado, NAMES, of, str, "Result"))
    assert rows == [] and whole["height"] > plan.AXIS


def test_without_amounts_no_bar_of_money_is_drawn() -> None:
    found = result(*LEVERS, order_value=np.nan)
    _, rows = valid(plan.tornado(found.tornado, NAMES, "profit", str, "Profit"))
    assert rows == []
    _, rates_drawn = valid(plan.tornado(found.tornado, NAMES, "rate", str, "Rate"))
    assert rates_drawn
    valid(plan.money_over_time(found.payback, "Left after costs, so far"))


def test_money_over_time_shows_the_plan_month_by_month() -> None:
    found = result(*LEVERS)
    whole, rows = valid(plan.money_over_time(found.payback, "Left after costs, so far"))
    assert [row["value"] for row in rows] == pytest.approx(found.payback["p50"].tolist())
    assert [row["p10"] for row in rows] == pytest.approx(found.payback["p10"].tolist())
    assert rows[-1]["value"] == pytest.approx(found.profit.p50)
    (zero,) = (layer for layer in whole["layer"] if layer["mark"]["type"] == "rule")
    assert zero["encoding"]["y"] == {"datum": 0}


def test_one_month_is_enough() -> None:
    found = simulate(made.baseline(months=1), Goal(LEVERS))
    assert len(valid(plan.money_over_time(found.payback, "Left"))[1]) == 1
    _, rows = valid(plan.rate_fan(history(), rates(found), 0.3, date(2025, 1, 1)))
    assert len(rows) == 5 + 2 + 1


def test_a_long_name_is_cut_by_the_axis_and_not_by_the_bars() -> None:
    found = result(made.lever("long", 0.1, sd=0.05))
    for picture in (
        plan.waterfall(found.waterfall, NAMES),
        plan.tornado(found.tornado, NAMES, "rate", str, "Rate"),
    ):
        whole, rows = valid(picture)
        assert LONG in {row["label"] for row in rows}, "the whole name is said on hover"
        assert whole["layer"][0]["encoding"]["y"]["axis"]["labelLimit"] <= 250
