"""Charts of the page Churn: valid Vega-Lite with the figures that were asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd
import pytest

import retention_core as rc
from retention_core import lifecycle
from retention_core.charts import churn


@pytest.fixture(scope="module", params=["replenish", "gift"])
def shop(request: pytest.FixtureRequest) -> rc.Shop:
    return rc.open_orders(rc.sample(request.param))


@pytest.fixture(scope="module")
def curves(shop: rc.Shop) -> pd.DataFrame:
    return shop.query("wait_curve")


@pytest.fixture(scope="module")
def waits(curves: pd.DataFrame) -> dict[int, lifecycle.Wait]:
    return lifecycle.waits(curves)


@pytest.fixture(scope="module")
def flows(shop: rc.Shop, waits: dict[int, lifecycle.Wait]) -> pd.DataFrame:
    return shop.query("lifecycle_flows", **lifecycle.own_limits(waits).parameters())


def rows(picture: alt.LayerChart) -> list[dict[str, Any]]:
    """The rows that a valid specification carries: `to_dict` raises where it is not valid."""
    (data,) = picture.to_dict()["datasets"].values()
    return list(data)


def test_each_order_number_has_its_limit_and_its_waits(shop: rc.Shop, waits: dict[int, lifecycle.Wait]) -> None:
    drawn = {row["order_number"]: row for row in rows(churn.waits_by_order(shop.query("order_gaps"), waits))}
    assert set(drawn) == set(waits) - {lifecycle.ALL_ORDERS}
    for order_number, row in drawn.items():
        assert (row["lapse_days"], row["lapse_low"]) == (waits[order_number].lapse_days, waits[order_number].lapse_low)
        assert row["words"] == str(waits[order_number].lapse_days)
        assert row["lower_quartile_days"] <= row["median_days"] <= row["upper_quartile_days"]


def test_the_table_of_waits_says_dash_where_there_is_no_own_limit(
    shop: rc.Shop, waits: dict[int, lifecycle.Wait]
) -> None:
    table = churn.wait_table(shop.query("order_gaps"), waits)
    first = table.loc["First order", "Nine of ten"]
    assert str(first) == f"{waits[1].lapse_days} ({waits[1].lapse_low}–{waits[1].lapse_high})"
    assert first.value == waits[1].lapse_days, "by which the table is sorted, and what stands to the right"
    of_all = churn.wait_table(shop.query("order_gaps"), {0: waits[0]})
    assert str(of_all.loc["First order", "Nine of ten"]) == f"{waits[0].lapse_days} (any order)"
    without = churn.wait_table(shop.query("order_gaps"), {})
    assert set(without["Nine of ten"].map(str)) == {"–"}
    assert list(without["Orders"]) == list(table["Orders"])


def test_the_stack_of_a_month_is_all_customers_won_so_far(shop: rc.Shop, flows: pd.DataFrame) -> None:
    totals = shop.query("period_totals")
    standing = lifecycle.stages(flows, totals["period"])
    drawn = pd.DataFrame(rows(churn.stages_over_time(standing, totals)))
    stacked = drawn.groupby("name", sort=False)["customers"].sum()
    assert stacked.tolist() == totals["new_customers"].cumsum().tolist()
    assert drawn.groupby("kind", sort=False)["place"].first().tolist() == list(range(6))


def test_a_month_that_is_not_over_is_striped(shop: rc.Shop, flows: pd.DataFrame) -> None:
    totals = shop.query("period_totals")
    totals.loc[totals.index[-1], "is_complete"] = False
    picture = churn.stages_over_time(lifecycle.stages(flows, totals["period"]), totals)
    stripes = picture.to_dict()["layer"][1]
    assert stripes["transform"] == [{"filter": "!datum.is_complete"}]
    assert {row["name"] for row in rows(picture) if not row["is_complete"]} == {"Jun 2026"}


def test_the_stages_in_words_add_up(flows: pd.DataFrame, shop: rc.Shop, waits: dict[int, lifecycle.Wait]) -> None:
    now = lifecycle.stages(flows, shop.query("period_totals")["period"]).tail(len(lifecycle.STAGES))
    limits = lifecycle.own_limits(waits)
    table = churn.stage_table(now, limits, True)
    assert sum(int(cell.replace(",", "")) for cell in table["Customers"]) == now["customers"].sum()
    days = table.set_index("Stage")["Days silent"]
    assert days["Lapsed"] == f"over {min(limits.lapsed_days)}–{max(limits.lapsed_days)}"
    assert days["New"] == f"up to {limits.at_risk_days[0]}"
    own_choice = churn.stage_table(now, lifecycle.fixed_limits(90), False).set_index("Stage")["Days silent"]
    assert own_choice[["At risk", "Lapsed", "Lost"]].tolist() == ["over 45", "over 90", "over 180"]


def test_moves_that_lead_closer_come_first_and_grey_ones_lead_away(flows: pd.DataFrame) -> None:
    moved = flows[flows["month"] == flows["month"].max()]
    picture = churn.moves_of_a_month(moved)
    drawn = rows(picture)
    for is_away in (False, True):
        sizes = moved.loc[moved["to_stage"].isin(churn.AWAY) == is_away, "customers"].nlargest(churn.MOST_MOVES)
        assert [row["customers"] for row in drawn if row["is_away"] == is_away] == sizes.tolist()
    assert [row["is_away"] for row in drawn] == sorted(row["is_away"] for row in drawn)
    ends = {row["move"].split(" → ")[1]: row["is_away"] for row in drawn}
    assert ends == {"New": False, "Active": False, "Won back": False, "At risk": True, "Lapsed": True, "Lost": True}
    closer, away = picture.to_dict()["layer"][:2]
    assert "color" not in closer["mark"] and away["mark"]["color"] == churn.BASELINE


def silences(curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]) -> dict[int, lifecycle.Silence]:
    return {
        number: lifecycle.silence_after(curves[curves["order_number"] == number], wait, wait.reminder_days)
        for number, wait in lifecycle.told_apart(waits).items()
    }


def test_each_curve_has_one_point(curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]) -> None:
    drawn = pd.DataFrame(rows(churn.next_order_curves(curves, lifecycle.told_apart(waits), silences(curves, waits))))
    moments = drawn[drawn["is_moment"]].set_index("name")
    for order_number in (1, 2, 3):
        wait, name = waits[order_number], churn.order_name(order_number)
        assert moments.loc[name, "day"] == wait.reminder_days
        assert moments.loc[name, "share"] == pytest.approx(0.8 * wait.share, rel=0.02)
        assert drawn.loc[drawn["name"] == name, "day"].max() <= wait.horizon_days
    assert moments["is_top"].sum() == 1


def test_a_silence_that_tells_little_has_no_point(curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]) -> None:
    told = {number: replace(one, soon=one.fresh) for number, one in silences(curves, waits).items()}
    picture = churn.next_order_curves(curves, lifecycle.told_apart(waits), told)
    assert not any(row["is_moment"] for row in rows(picture))


def test_the_table_of_silences_names_who_orders_later(curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]) -> None:
    table = churn.silence_table(silences(curves, waits))
    assert len(table) == len(waits) - 1
    assert str(table.iloc[0, 0]) == str(waits[1].reminder_days)
    back, fresh, soon, late = (100 * cell.value for cell in table.iloc[0, 1:])
    assert back == pytest.approx(80, abs=1)
    assert fresh > soon < late, "after a first order the chance falls with silence"
