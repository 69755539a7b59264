"""Charts of the page Churn: valid Vega-Lite with the figures that were asked for."""

from __future__ import annotations

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
    assert table.loc["First order", "Nine of ten"].startswith(f"{waits[1].lapse_days} days (")
    without = churn.wait_table(shop.query("order_gaps"), {})
    assert set(without["Nine of ten"]) == {"–"}
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
    assert f"{limits.lapsed_days[0]} days" in table.set_index("Stage").loc["Lapsed", "Meaning"]
    own_choice = churn.stage_table(now, lifecycle.fixed_limits(90), False).set_index("Stage")["Meaning"]
    assert own_choice["At risk"] == "Silent for more than 45 days."
    assert own_choice["Lost"] == "Silent for more than 180 days."


def test_moves_that_lead_closer_come_first_and_grey_ones_lead_away(flows: pd.DataFrame) -> None:
    moved = flows[flows["month"] == flows["month"].max()]
    picture = churn.moves_of_a_month(moved)
    drawn = rows(picture)
    assert sum(row["customers"] for row in drawn) == moved["customers"].sum()
    assert [row["is_away"] for row in drawn] == sorted(row["is_away"] for row in drawn)
    ends = {row["move"].split(" → ")[1]: row["is_away"] for row in drawn}
    assert ends == {"New": False, "Active": False, "Won back": False, "At risk": True, "Lapsed": True, "Lost": True}
    closer, away = picture.to_dict()["layer"][:2]
    assert "color" not in closer["mark"] and away["mark"]["color"] == churn.BASELINE


def test_each_curve_has_one_moment_for_a_reminder(curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]) -> None:
    drawn = pd.DataFrame(rows(churn.next_order_curves(curves, waits)))
    moments = drawn[drawn["is_moment"]].set_index("name")
    for order_number in churn.LATER:
        wait, name = waits[order_number], churn.order_name(order_number)
        assert moments.loc[name, "day"] == wait.reminder_days
        assert moments.loc[name, "share"] == pytest.approx(0.8 * wait.share, rel=0.02)
        assert drawn.loc[drawn["name"] == name, "day"].max() <= wait.horizon_days
    assert moments["is_top"].sum() == 1


def test_the_reminder_table_names_the_chance_without_a_reminder(
    curves: pd.DataFrame, waits: dict[int, lifecycle.Wait]
) -> None:
    table = churn.reminder_table(curves, waits)
    assert len(table) == len(waits) - 1
    assert table.iloc[0, 0] == f"day {waits[1].reminder_days}"
    shares = [float(cell.removesuffix(" %")) for cell in table.iloc[0, 1:]]
    assert shares == sorted(shares, reverse=True), "after a first order the chance falls with silence"
