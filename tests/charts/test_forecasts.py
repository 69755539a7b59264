"""The pictures of forecasts are valid and hold what they are given, with and without a model."""

from __future__ import annotations

from datetime import date

import pandas as pd

from retention_core.charts import forecasts as charts
from retention_core.models import observed
from tests.charts.drawing import DESK, texts

TYPICAL = pd.DataFrame({"orders": [1, 1, 10], "silence": [0.0, 10.0, 0.0], "will_order": [0.4, 0.3, 0.9]})
SEEN = observed.count(
    pd.DataFrame(
        {
            "repeat_orders": [0, 0, 9, 9],
            "first_to_last": [0, 0, 200, 200],
            "age": [20, 20, 240, 240],
            "hidden_orders": [0, 1, 0, 2],
            "customers": [30, 10, 3, 4],
        }
    )
).cells()


def test_lines_are_the_model_and_points_what_was_counted() -> None:
    picture = charts.will_order(TYPICAL, SEEN)
    picture.to_dict()
    rows = picture.data
    assert (~rows["is_counted"]).sum() == 3
    point = rows[rows["is_counted"]].iloc[0]
    assert rows["is_counted"].sum() == 1, "a cell of seven customers is not drawn"
    assert (point["silence"], point["will_order"], point["customers"]) == (20, 0.25, 40)
    assert point["low"] < 0.25 < point["high"] and point["words"] == "25 %"


def test_without_a_model_the_points_stand_alone_and_without_both_nothing() -> None:
    alone = charts.will_order(TYPICAL.head(0), SEEN)
    alone.to_dict()
    assert alone.data["is_counted"].all()
    nothing = charts.will_order(TYPICAL.head(0), SEEN.head(0))
    nothing.to_dict()
    assert nothing.data.empty


def test_only_customers_in_doubt_are_at_stake() -> None:
    groups = pd.DataFrame(
        {
            "standing": ["gone", "in_doubt", "in_doubt"],
            "group": [1, 10, 1],
            "customers": [5, 2, 3],
            "will_order": [0.0, 0.5, 0.2],
            "expected_value": [0.0, 9.0, 4.0],
            "at_risk": [50.0, 7.0, 9.0],
        }
    )
    picture = charts.at_stake(groups, "EUR", True)
    picture.to_dict()
    assert picture.data["name"].tolist() == ["1 order", "10 orders or more"]
    assert picture.data["at_risk"].tolist() == [9.0, 7.0]
    assert picture.data["words"].tolist() == ["€9.00", "€7.00"]
    large = charts.at_stake(groups.assign(at_risk=groups["at_risk"] * 3600), "EUR", True)
    assert {"€0", "€10K", "€32.4K", "€25.2K"} <= set(texts(large, DESK)), "the axis writes money as the bars do"
    assert charts.at_stake(groups, None, False).data["words"].tolist() == ["9", "7"]


def test_hidden_months_are_dated_and_say_which_lay_outside() -> None:
    periods = pd.DataFrame(
        {
            "starts": [0, 30], "ends": [30, 60], "actual": [10.0, 40.0], "expected": [11.0, 12.0],
            "low": [8.0, 9.0], "high": [14.0, 15.0], "held": [True, False],
        }
    )  # fmt: skip
    picture = charts.tracking(periods, date(2025, 6, 30))
    picture.to_dict()
    assert picture.data["end"].tolist() == [pd.Timestamp("2025-07-30"), pd.Timestamp("2025-08-29")]
    assert picture.data["state"].tolist() == ["inside the band", "outside the band"]
