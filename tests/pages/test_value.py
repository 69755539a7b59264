"""The page Value says what the library says, on any data and with any link, and a margin that moves runs no SQL."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import sources
from pages.shared.sources import Upload
from retention_core import worth
from retention_core.say import money, number, percent
from tests.pages import tables
from tests.pages.conftest import Visit, said
from tests.pages.test_measure import FEW_MONTHS, HOSTILE, OLDER, ONE_CUSTOMER, ONE_DAY, WITHOUT_AMOUNTS, drawn

PAGE = "measure/value"
MARGIN_OF_COFFEE = "margin_of_3"  # its place in the alphabet of the categories
MONTHS = "Month of the first order"
CHEAP = b"month,channel,amount\n2025-01-01,Web,30\n2025-02-01,Letters,10\n"
THREE = (
    b"order_id,customer,ordered_at,amount,channel\n"
    b"1,a,2025-01-05,50,Web\n2,b,2025-01-07,10,Friends\n3,a,2025-03-07,10,Web\n"
)


def table(app: AppTest) -> dict[str, dict[str, str]]:
    """The table of costs and payback, by the name of its row; empty where the page has none."""
    found = [frame for frame in tables.read(app) if "Cost of one" in frame]
    return {str(row.iloc[0]): row.to_dict() for frame in found for _, row in frame.iterrows()}


def test_the_answer_is_what_the_library_counts(visit: Visit, replenish: rc.Shop) -> None:
    app = visit(PAGE)
    rows = replenish.query("channel_worth")
    new, year = worth.new_value(rows), worth.year_value(rows)
    assert not app.exception
    first, so_far = said(app).split("Those won in the last year stand at ")
    assert f"A customer brings {money(year.value, 'EUR', 0)} (" in first
    assert so_far.startswith(f"{money(new.value, 'EUR', 0)} (") and "with months to go" in so_far
    assert "Money on this page is revenue until you set a margin" in said(app)
    assert percent(replenish.metric("concentration_top_10").value) in said(app)


@pytest.mark.parametrize("shop", sources.SAMPLES)
@pytest.mark.parametrize("by", ["Channel", MONTHS])
def test_the_page_opens_on_each_sample_shop(visit: Visit, shop: str, by: str) -> None:
    app = visit(PAGE, shop=shop, costs_by=by)
    assert not app.exception
    assert "sample data" in said(app)
    assert len(app.get("vega_lite_chart")) == 4


def test_what_a_phone_shows_of_a_table_is_what_its_heading_asks_for(visit: Visit) -> None:
    paid, allowed = (list(frame) for frame in tables.read(visit(PAGE)) if "Channel" in frame)
    assert paid[:4] == ["Channel", "Cost of one", "Paid back", "Times the cost"]
    assert allowed[:3] == ["Channel", "Pay up to, of revenue", "One costs now"]


def test_channels_say_what_one_customer_cost_and_brought(visit: Visit, replenish: rc.Shop) -> None:
    rows = table(visit(PAGE))
    costs = worth.acquisition_costs(worth.spend_in(replenish.query("acquisition"))).set_index("channel")
    counted = replenish.query("channel_worth").set_index("channel")
    for channel in counted.index:
        year = counted.loc[channel, "year_revenue"] / counted.loc[channel, "year_customers"]
        assert rows[channel]["Cost of one"] == money(costs.loc[channel, "cost"], "EUR")
        assert rows[channel]["First year"] == money(year, "EUR")
        assert rows[channel]["Times the cost"] == money(year / costs.loc[channel, "cost"], None, 1)


def test_spend_that_won_nobody_is_said_and_counts_in_the_row_of_all_channels(visit: Visit, replenish: rc.Shop) -> None:
    app = visit(PAGE)
    whole = worth.acquisition_costs(worth.spend_in(replenish.query("acquisition")), None).iloc[0]
    cost = money(whole["cost"], "EUR")
    assert "went to Email, through which nobody first bought" in said(app)
    assert f"it counts in the average of {cost} only" in said(app)
    together = table(app)["All channels"]
    year = worth.year_value(replenish.query("channel_worth"))
    assert (together["Cost of one"], together["First year"]) == (cost, money(year.value, "EUR"))
    assert together["Customers won"] == number(replenish.query("customer_totals")["customers"].iloc[0])
    assert f"Winning a customer costs {cost}, paid back {together['Paid back']}" in said(app)


def test_a_cost_that_is_typed_in_holds_for_all_and_not_paid_back_is_not_0(visit: Visit) -> None:
    app = visit(PAGE, cost="5000")
    assert "Winning a customer costs €5,000, not yet paid back" in said(app)
    assert {row["Paid back"] for row in table(app).values()} == {"not yet"}
    assert {row["Cost of one"] for row in table(app).values()} == {"€5,000"}, "and no amount has decimals"
    assert "set your margin first" in said(app) and "one costs now" not in said(app)
    assert "less than one costs now" in said(visit(PAGE, cost="5000", margin="0.5"))


@pytest.mark.parametrize("back", ["365", "0"])
def test_what_may_be_paid_stands_for_each_channel(visit: Visit, replenish: rc.Shop, back: str) -> None:
    app = visit(PAGE, share="0.4", margin="0.5", back="In a year" if back == "365" else "With the first order")
    (frame,) = (frame for frame in tables.read(app) if "Pay up to" in frame)
    counted = replenish.query("channel_worth").set_index("channel")
    money_of, who = ("year_revenue", "year_customers") if back == "365" else ("first_revenue", "customers")
    assert len(frame) == len(counted)
    for _, row in frame.iterrows():
        of_channel = counted.loc[row["Channel"]]
        assert row["Pay up to"] == money(of_channel[money_of] / of_channel[who] * 0.5 * 0.4, "EUR")
        assert row["One costs now"] == table(app)[row["Channel"]]["Cost of one"]


def test_a_margin_turns_every_figure_of_money_but_no_cost(visit: Visit) -> None:
    whole, half = visit(PAGE), visit(PAGE, margin="0.5")
    assert "Money on this page is margin: 50 % of revenue." in said(half)
    assert "of margin in the first year" in said(half)
    for channel, row in table(half).items():
        before = table(whole)[channel]
        assert row["Cost of one"] == before["Cost of one"]
        assert float(row["First year"][1:]) == pytest.approx(float(before["First year"][1:]) / 2, abs=0.006)
    cells, halved = (drawn(app, 1).query("not is_forecast")["value"].to_numpy() for app in (whole, half))
    assert halved == pytest.approx(cells / 2)


def test_a_margin_of_a_category_counts_where_that_category_was_bought(visit: Visit, replenish: rc.Shop) -> None:
    app = visit(PAGE, **{MARGIN_OF_COFFEE: "0.2"})
    margin = worth.Margin(1.0, {"Coffee": 0.2})
    mix = replenish.query("category_cohorts")
    year = worth.year_value(worth.in_margin(replenish.query("channel_worth"), margin, mix, ["channel"]))
    assert not app.exception
    assert f"A customer brings {money(year.value, 'EUR', 0)} (" in said(app)
    assert "Coffee 20 %, everything else 100 %" in said(app) and "The spans are rough then" in said(app)
    assert all("About 95 % sure" in row for row in table(app).values())
    assert MARGIN_OF_COFFEE in app.query_params and "Coffee" not in str(app.query_params), "a link tells no data"


def test_a_margin_in_the_link_means_the_same_category_with_a_filter(visit: Visit) -> None:
    """The filter leaves other sizes, and other customers: the number of a category stays its own."""
    for link in ({}, {"channel": ["Social"]}, {"category": ["Tea"]}):
        assert "Coffee 20 %, everything else 100 %" in said(visit(PAGE, **{MARGIN_OF_COFFEE: "0.2"}, **link)), link


@pytest.mark.parametrize("cost", ["1e30", "1e999", "-1", "1000000001"])
def test_a_cost_beyond_all_costs_is_none(visit: Visit, cost: str) -> None:
    app = visit(PAGE, cost=cost)
    assert not app.exception and app.number_input(key="cost").value is None
    assert "link" in " ".join(part.value for part in (*app.info, *app.caption))


def test_margin_cost_and_share_run_no_sql(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit(PAGE)
    asked: list[str] = []
    query = rc.Shop.query

    def counted(shop: rc.Shop, name: str, **parameters: object) -> object:
        asked.append(name)
        return query(shop, name, **parameters)

    monkeypatch.setattr(rc.Shop, "query", counted)
    app.slider("margin").set_value(0.35).run()
    app.slider("share").set_value(0.3).run()
    app.number_input("cost").set_value(12.0).run()
    assert "35 % of revenue" in said(app) and "To spend 30 % of that" in said(app) and "costs €12.00" in said(app)
    assert asked == []
    (back,) = (group for group in app.get("button_group") if group.key == "back")
    back.set_value("90").run()
    assert asked == ["channel_worth"], "another span of days does ask"


def test_what_may_be_paid_is_the_share_of_what_a_customer_brings(visit: Visit, replenish: rc.Shop) -> None:
    year = worth.year_value(replenish.query("channel_worth", span_days=90)).value
    assert year is not None
    app = visit(PAGE, back="In 90 days", share="0.4", margin="0.5")
    assert f"pay up to {money(year * 0.5 * 0.4, 'EUR')} for one" in said(app)


def test_the_worked_example_of_the_articles_stands_on_the_page_and_never_in_the_report(visit: Visit) -> None:
    app = visit(PAGE)
    assert "costs €30 and orders for €35 leaves €5" in said(app), "in the currency of the shop"
    assert "699.98 % more" in said(app)
    assert "worth €70 a year" in said(app)
    noted = app.session_state["noted"].blocks()
    assert len(noted) > 10 and not any("costs €30" in str(block) for block in noted)


def test_without_amounts_the_page_says_what_is_missing(visit: Visit) -> None:
    app = visit(PAGE, orders=WITHOUT_AMOUNTS.encode())
    assert not app.exception
    assert "tells no amounts, so what a customer is worth cannot be said" in said(app)
    assert not app.get("vega_lite_chart")


@pytest.mark.parametrize("orders", [ONE_CUSTOMER, ONE_DAY, FEW_MONTHS, OLDER], ids=["one", "day", "months", "older"])
@pytest.mark.parametrize("by", ["Channel", MONTHS])
def test_without_spend_the_page_asks_for_the_cost(visit: Visit, orders: bytes, by: str) -> None:
    app = visit(PAGE, orders=orders, costs_by=by)
    assert not app.exception
    assert "These files tell no marketing spend" in said(app)
    assert not table(app)
    app.number_input("cost").set_value(7.5).run()
    assert not app.exception
    assert "Winning a customer costs 7.50" in said(app)
    assert {row["Cost of one"] for row in table(app).values()} == {"7.50"}


def test_customers_from_before_the_data_are_marked_and_left_out(visit: Visit) -> None:
    app = visit(PAGE, orders=OLDER, ages="24")
    rows = drawn(app, 1)["row"].unique().tolist()
    assert [row for row in rows if "†" in row] == ["Jan 2024 · 100 †"]
    assert "Left out of means" in said(app)
    # Each of the later 460 customers brought 10 at once and a fifth of them 10 more: nobody of January counts.
    assert "A customer brings 12.00 (" in said(app)


def test_a_channel_without_spend_has_an_unknown_cost(visit: Visit) -> None:
    app = visit(PAGE)
    app.session_state["upload"] = Upload((("orders.csv", THREE), ("spend.csv", CHEAP)))
    app.session_state["next_shop"] = "upload"
    app.run()
    assert not app.exception
    rows = table(app)
    assert rows["Web"]["Cost of one"] == "30"
    assert (rows["Friends"]["Cost of one"], rows["Friends"]["Paid back"]) == ("–", "–")
    assert "what those customers cost is not known" in said(app)


def test_a_shop_younger_than_a_year_speaks_of_what_it_has_seen(visit: Visit) -> None:
    app = visit(PAGE, orders=FEW_MONTHS)
    assert "No customer has been seen for a year yet; so far, one has brought" in said(app)
    assert "Nobody has been seen for 365 days yet" in said(app)


def test_forecasts_are_drawn_as_forecasts(visit: Visit) -> None:
    cells = drawn(visit(PAGE), 1)
    coming = cells[cells["is_forecast"]]
    assert len(coming)
    assert coming["span"].str.contains("–").all() and coming["state"].eq("a forecast").all()
    last = cells[cells["row"].str.startswith("Jun 2026")]
    assert last["age"].tolist() == list(range(13))
    assert last["is_forecast"].tolist() == [False] + [True] * 12


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_link_shows_the_page(visit: Visit, value: str) -> None:
    keys = ("margin", "cost", "share", "back", "costs_by", "ages", "cohorts", MARGIN_OF_COFFEE)
    app = visit(PAGE, **dict.fromkeys(keys, value))
    assert not app.exception
    assert "Those won in the last year stand at" in said(app)


def test_a_filter_leaves_the_cost_of_a_channel_as_it_is(visit: Visit) -> None:
    whole, part = table(visit(PAGE)), table(visit(PAGE, country=["AT"]))
    assert part["Social"]["Cost of one"] == whole["Social"]["Cost of one"]
    assert part["Social"]["Customers won"] != whole["Social"]["Customers won"]


SOME_COSTS = (
    b"order_id,customer,ordered_at,amount,channel,cost\n"
    b"1,a,2025-01-05,50,Web,20\n2,b,2025-01-07,50,Friends,30\n3,a,2025-03-07,10,Web,\n"
)


def test_costs_of_the_file_are_the_margin_without_a_setting(visit: Visit) -> None:
    app = visit(PAGE, orders=SOME_COSTS)
    assert not app.exception
    assert "The file tells it for 2 of 3 orders, with 91 % of the revenue" in said(app)
    assert "the other one is taken to cost what those of the shop do on average, 50 % of the amount" in said(app)
    assert "one has brought 27.50 of margin" in said(app), "30 + 5 and 20, each of one customer: how sure is not known"
    assert not [slider for slider in app.slider if slider.key == "margin"]


def test_a_rate_of_ones_own_counts_where_it_is_chosen(visit: Visit) -> None:
    app = visit(PAGE, orders=SOME_COSTS, margin_from="By a margin of my own", margin="0.1")
    assert not app.exception
    assert "one has brought 5.50 of margin" in said(app)
    assert "Money on this page is margin: 10 % of revenue." in said(app)


def test_a_file_without_costs_offers_none(visit: Visit) -> None:
    app = visit(PAGE, margin_from="From the file")
    assert "Money on this page is revenue until you set a margin" in said(app)
    assert not [group for group in app.get("button_group") if group.key == "margin_from"]


@pytest.mark.parametrize("by", ["Channel", MONTHS])
def test_superstore_is_worth_its_profit(visit: Visit, shared_data: Path, by: str) -> None:
    path = shared_data / "superstore.csv.gz"
    app = visit(PAGE, orders=gzip.decompress(path.read_bytes()), costs_by=by, cost="50", since="2021-01-01")
    shop = rc.open_orders(path)
    year = worth.year_value(shop.query("channel_margins", since="2021-01-01"))
    told = shop.query("known_costs", since="2021-01-01")
    assert not app.exception
    assert f"which the file tells for all {number(told['orders'].iloc[0])} orders" in said(app)
    assert f"A customer brings {money(year.value, 'USD', 0)} (" in said(app)


def test_amounts_and_months_are_sorted_as_numbers(visit: Visit) -> None:
    app = visit(PAGE, costs_by=MONTHS)
    (place,) = (place for place, part in enumerate(app.dataframe) if "Cost of one" in part.value)
    numbers, words = app.dataframe[place].value, tables.read(app)[place]
    assert numbers.dtypes.map(pd.api.types.is_numeric_dtype).all()
    cheapest = numbers["Cost of one"].idxmin()
    assert words["Cost of one"][cheapest] == money(numbers["Cost of one"][cheapest], "EUR", 2)
    months = pd.to_datetime(words["First order"], format="%b %Y")
    assert months.sort_values().index.equals(numbers["First order"].sort_values().index)
