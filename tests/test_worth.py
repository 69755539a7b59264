"""Money per customer: laws, the worked example of the articles, and the same figures once more from plain pandas."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core import worth
from tests.conftest import ROOT
from tests.test_recomputed import online_retail

AMOUNTS = st.lists(st.floats(0, 1e5), min_size=1, max_size=20)
COSTS = st.floats(0.01, 1e6)


# The worked example: $30 to win a customer, $35 on the first order, a letter for $0.001, $70 in a year.


def test_the_first_order_leaves_5() -> None:
    assert worth.profit(35, 30) == 5


def test_a_letter_for_a_tenth_of_a_cent_raises_the_margin_by_almost_700_per_cent() -> None:
    later = worth.profit(35 + 35, 30 + 0.001)
    assert later == pytest.approx(39.999)
    gained = worth.rise(worth.profit(35, 30), later)
    assert gained == pytest.approx(6.9998)
    assert gained is not None and 6.99 < gained < 7


def test_a_customer_worth_70_a_year_lets_the_shop_pay_more_than_30() -> None:
    assert worth.allowable_cost(70) == 70
    assert worth.allowable_cost(70) > 30
    assert worth.allowable_cost(70, margin=0.5, share=0.5) == 17.5


def test_nothing_rises_from_no_profit() -> None:
    assert worth.rise(0, 10) is None


# Margin


def mixed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "channel": ["A", "A", "B"],
            "category": ["Tea", "Coffee", "Tea"],
            "revenue": [30.0, 70.0, 50.0],
        }
    )


def test_a_category_without_a_rate_has_that_of_the_page() -> None:
    rates = worth.margin_rates(mixed(), worth.Margin(0.5, {"Tea": 0.2}), ["channel"])
    assert rates["A"] == pytest.approx((0.2 * 30 + 0.5 * 70) / 100)
    assert rates["B"] == pytest.approx(0.2)
    assert worth.rate_of_all(worth.Margin(0.5, {"Tea": 0.2}), mixed()) == pytest.approx((0.2 * 80 + 0.5 * 70) / 150)


def test_margin_turns_money_and_the_squares_of_money() -> None:
    frame = pd.DataFrame(
        {"channel": ["A", "C"], "revenue": [100.0, 10.0], "year_squares": [400.0, 4.0], "customers": 2}
    )
    turned = worth.in_margin(frame, worth.Margin(0.5))
    assert turned["revenue"].tolist() == [50, 5]
    assert turned["year_squares"].tolist() == [100, 1]
    assert turned["customers"].tolist() == [2, 2]
    by_category = worth.in_margin(frame, worth.Margin(0.5, {"Tea": 0.2}), mixed(), ["channel"])
    whole = worth.rate_of_all(worth.Margin(0.5, {"Tea": 0.2}), mixed())
    assert by_category["revenue"].tolist() == pytest.approx([41, 10 * whole])  # nothing of C is known: the shop's mean


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0, 1)), min_size=1, max_size=6))
def test_a_mixed_margin_lies_between_those_of_its_categories(parts: list[tuple[float, float]]) -> None:
    mix = pd.DataFrame({"category": [str(n) for n in range(len(parts))], "revenue": [part[0] for part in parts]})
    rates = [part[1] for part in parts]
    rate = worth.rate_of_all(worth.Margin(0.0, dict(zip(mix["category"], rates, strict=True))), mix)
    assert min(rates) - 1e-9 <= rate <= max(rates) + 1e-9


def test_the_interval_of_a_mean_is_that_of_its_customers() -> None:
    for customers, errors in ((12, 2.200985), (60, 1.959964)):  # Student's t with 11 degrees of freedom; the normal
        money = np.tile([10.0, 20.0, 30.0, 60.0], customers // 4)
        reading = worth.mean_value(money.sum(), (money**2).sum(), customers)
        half = errors * money.std(ddof=1) / math.sqrt(customers)
        assert (reading.value, reading.low, reading.high) == pytest.approx((30, 30 - half, 30 + half))
    assert worth.mean_value(90, 8100, 9).low is None, "nine customers do not tell how much customers differ"
    assert worth.mean_value(0, 0, 0).value is None


def test_an_interval_of_money_goes_below_nothing_only_where_customers_do() -> None:
    """One of forty brings all of it: the mean is uncertain by more than itself."""
    one_of_forty = worth.mean_value(1000, 1000**2, 40, negative=0)
    assert one_of_forty.low == 0 and one_of_forty.high == pytest.approx(25 + 1.959964 * 25)
    with_losses = worth.mean_value(1000, 1020**2 + 20**2, 40, negative=-20)
    assert with_losses.low is not None and with_losses.low < 0


# Value by age and payback


def cells_of(amounts: list[float], customers: int = 10, cohort: str = "2025-01-01") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": pd.Timestamp(cohort),
            "age": range(len(amounts)),
            "cohort_customers": customers,
            "revenue": amounts,
            "is_complete": True,
        }
    )


@settings(deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_value_never_falls_where_no_amount_is_negative(first: list[float], second: list[float]) -> None:
    cells = pd.concat([cells_of(first), cells_of(second, 3, "2025-02-01")])
    for _, cohort in worth.triangle(cells).groupby("cohort"):
        assert (cohort["value_per_customer"].diff().dropna() >= -1e-9).all()
    assert (worth.value_by_age(cells)["value_per_customer"].diff().dropna() >= -1e-9).all()


@settings(deadline=None)
@given(AMOUNTS, COSTS, COSTS)
def test_a_dearer_customer_is_never_paid_back_sooner(amounts: list[float], one: float, other: float) -> None:
    values = worth.value_by_age(cells_of(amounts)).set_index("age")["value_per_customer"]
    cheap, dear = (worth.payback(values, cost) for cost in sorted((one, other)))
    assert dear is None or (cheap is not None and cheap <= dear)


@settings(deadline=None)
@given(AMOUNTS, COSTS)
def test_payback_is_the_first_age_that_reaches_the_cost(amounts: list[float], cost: float) -> None:
    values = worth.value_by_age(cells_of(amounts)).set_index("age")["value_per_customer"]
    age = worth.payback(values, cost)
    assert (values < cost).all() if age is None else values[age] >= cost and (values[values.index < age] < cost).all()


def test_not_paid_back_is_not_0_and_an_unknown_cost_is_reached_by_nothing() -> None:
    values = pd.Series([10.0, 12.0])
    assert worth.payback(values, 50) is None
    assert worth.payback(values, float("nan")) is None
    assert worth.payback(values, 10) == 0


def test_unfinished_months_count_in_no_mean() -> None:
    cells = pd.concat([cells_of([100, 50]), cells_of([400, 0], 30, "2025-02-01").assign(is_complete=[True, False])])
    means = worth.value_by_age(cells)
    assert means["value_per_customer"].tolist() == pytest.approx([500 / 40, 500 / 40 + 50 / 10])
    assert means["cohort_customers"].tolist() == [40, 10]


def test_a_forecast_fills_what_is_missing_and_replaces_no_finished_month() -> None:
    seen = cells_of([100, 20, 5]).assign(is_complete=[True, True, False])
    forecast = pd.DataFrame(
        {
            "cohort": pd.Timestamp("2025-01-01"),
            "age": [1, 2, 3],
            "value_per_customer": [99.0, 13.0, 14.0],
            "value_per_customer_p10": [98.0, 12.5, 13.0],
            "value_per_customer_p90": [100.0, 13.5, 16.0],
            "is_forecast": True,
        }
    )
    filled = worth.triangle(seen, forecast)
    assert filled["age"].tolist() == [0, 1, 2, 3]
    assert filled["value_per_customer"].tolist() == pytest.approx([10, 12, 13, 14])
    assert filled["is_forecast"].tolist() == [False, False, True, True]
    assert filled["cohort_customers"].tolist() == [10] * 4
    unknown = forecast.assign(cohort=pd.Timestamp("2025-06-01"))
    assert len(worth.triangle(seen, unknown)) == 3, "cohorts that have not been won yet are no rows"


def test_cohorts_shown_at_first_are_large_and_new() -> None:
    sizes = {"2024-12-01": 400, "2025-01-01": 40, "2025-02-01": 2, "2025-03-01": 50, "2025-04-01": 60}
    cells = pd.concat([cells_of([10, 1], size, cohort) for cohort, size in sizes.items()])
    cells = cells.assign(is_left_truncated=cells["cohort"].eq(pd.Timestamp("2024-12-01")))
    shown = [day.month for day in worth.spread_cohorts(cells, (24, 3, 2, 1))]
    assert shown == [1, 3, 4], "not February of two customers, nor December of customers from before"
    largest = worth.spread_cohorts(cells, (2, 1), few=1000)
    assert [day.month for day in largest] == [12, 4], "the largest, if all are few"


def test_a_forecast_in_margin_goes_on_where_what_was_seen_ends() -> None:
    seen = cells_of([100, 20])
    forecast = pd.DataFrame(
        {
            "cohort": pd.Timestamp("2025-01-01"), "age": [2], "value_per_customer": [12.0],
            "value_per_customer_p10": [12.0], "value_per_customer_p90": [15.0], "is_forecast": True,
        }
    )  # fmt: skip
    earned = seen.assign(revenue=[40.0, 20.0])
    turned = worth.forecast_in_margin(forecast, seen, earned)
    filled = worth.triangle(earned, turned)
    assert filled["value_per_customer"].tolist() == pytest.approx([4, 6, 6])
    assert filled["value_per_customer_p90"].iloc[-1] == pytest.approx(7.5)


# What customers cost

LINES = [
    "order_id,customer_id,ordered_at,amount,channel",
    "1,a,2025-01-05,20,Search",
    "2,b,2025-01-10,20,search ",
    "3,c,2025-02-03,20,Social",
    "4,a,2025-02-20,30,Search",
    "5,d,2025-02-25,20,Friends",
    "6,c,2025-03-31,15,Social",
]
SPEND = [
    "month,channel,amount",
    "2024-11-01,Search,99",
    "2025-01-01,Search,30",
    "2025-02-01, SOCIAL,12",
    "2025-02-01,Letters,8",
    "2025-05-01,Search,500",
]


@pytest.fixture
def small(tmp_path: Path) -> rc.Shop:
    (tmp_path / "orders.csv").write_text("\n".join(LINES) + "\n")
    (tmp_path / "spend.csv").write_text("\n".join(SPEND) + "\n")
    return rc.open_orders([tmp_path / "orders.csv", tmp_path / "spend.csv"])


def test_spend_is_matched_by_name_whatever_its_case(small: rc.Shop) -> None:
    got = small.query("acquisition")
    rows = {(row["month"].month, row["channel"]): (row["spend"], row["customers"]) for _, row in got.iterrows()}
    assert rows[1, "Search"] == (30, 2)
    assert rows[2, "Social"] == (12, 1)
    assert rows[2, "Letters"] == (8, 0)
    assert np.isnan(rows[2, "Friends"][0]) and rows[2, "Friends"][1] == 1
    assert len(got) == 4, "months before and after the orders are left out"


def test_the_cost_of_one_customer_is_not_known_where_no_spend_is_told(small: rc.Shop) -> None:
    months = worth.spend_in(small.query("acquisition"))
    costs = worth.acquisition_costs(months).set_index("channel")["cost"]
    assert costs["Search"] == 15
    assert costs["Social"] == 12
    assert np.isnan(costs["Friends"]) and np.isnan(costs["Letters"])
    assert worth.unmatched_spend(worth.acquisition_costs(months))["channel"].tolist() == ["Letters"]
    assert worth.acquisition_costs(months, None)["cost"].tolist() == pytest.approx([50 / 4])
    by_month = worth.acquisition_costs(months, "month").set_index("month")["cost"]
    assert by_month.tolist() == pytest.approx([15, 10])


def test_channels_that_orders_write_in_two_ways_have_one_cost(small: rc.Shop) -> None:
    costs = worth.acquisition_costs(worth.spend_in(small.query("acquisition")))
    found = worth.cost_of(small.query("channel_worth")["channel"], costs)
    assert found["Search"] == found["search"] == 15
    assert np.isnan(found["Friends"])


def test_spend_counts_in_the_days_and_channels_that_are_asked_for(small: rc.Shop) -> None:
    months = small.query("acquisition")
    assert worth.spend_in(months, since=date(2025, 2, 1))["month"].dt.month.unique().tolist() == [2]
    assert worth.spend_in(months, until=date(2025, 2, 1))["month"].dt.month.unique().tolist() == [1]
    assert worth.spend_in(months, channels=["Search"])["channel"].tolist() == ["Search"]
    assert worth.spend_in(months.assign(spend=np.nan)).empty


def test_a_shop_without_spend_has_no_months_of_spend() -> None:
    shop = rc.open_orders(ROOT / "tests" / "queries" / "given.csv")
    assert worth.spend_in(shop.query("acquisition")).empty


def test_paid_back_says_for_each_channel_what_one_cost_and_when_it_came_back(small: rc.Shop) -> None:
    curves = worth.value_by_age(small.query("channel_cohorts"), ["channel"])
    costs = pd.Series({"Search": 30.0, "Social": 1000.0})
    assert curves[curves["channel"] == "Search"]["value_per_customer"].tolist() == [20, 50, 50]
    paid = worth.paid_back(small.query("channel_worth", span_days=30), curves, costs, "channel").set_index("channel")
    assert paid.loc["Search", "payback_age"] == 1  # 20 in January, 30 more in February
    assert np.isnan(paid.loc["Social", "payback_age"])
    assert np.isnan(paid.loc["Friends", "cost"]) and np.isnan(paid.loc["Friends", "payback_age"])
    assert paid.loc["Search", "times"] == pytest.approx(20 / 30)
    left = worth.paid_by_age(curves, costs, "channel")
    assert set(left["channel"]) == {"Search", "Social"}
    assert left.loc[left["is_payback"], "left"].tolist() == [20]


def test_order_lines_share_the_money_of_an_order_among_categories(tmp_path: Path) -> None:
    orders = "order_id,customer_id,ordered_at,amount,channel\n1,a,2025-01-05,90,Search\n2,a,2025-03-05,10,Search\n"
    lines = (
        "order_id,product_id,product,category,quantity,amount\n1,p,Pot,Tea,1,25\n1,q,Cup,Tea,1,5\n1,r,Bag,Coffee,1,70\n"
    )
    (tmp_path / "orders.csv").write_text(orders)
    (tmp_path / "lines.csv").write_text(lines)
    shop = rc.open_orders([tmp_path / "orders.csv", tmp_path / "lines.csv"])
    got = shop.query("category_cohorts")
    assert got[["age", "category", "revenue"]].values.tolist() == [
        [0, "Coffee", pytest.approx(63)],
        [0, "Tea", pytest.approx(27)],
        [2, "", 10],
    ]


@pytest.mark.parametrize("name", ["replenish", "gift"])
def test_categories_and_channels_add_up_to_the_revenue(name: str) -> None:
    shop = rc.open_orders(rc.sample(name))
    revenue = shop.query("customer_totals")["revenue"].iloc[0]
    for query in ("category_cohorts", "channel_cohorts", "channel_worth", "cohort_worth", "value_distribution"):
        assert shop.query(query)["revenue"].sum() == pytest.approx(revenue), query
    spans = shop.query("value_distribution").dropna()
    mean = spans["revenue"] / spans["customers"]
    assert ((mean >= spans["from_revenue"]) & (mean < spans["below_revenue"])).all()


# The same from plain pandas


@pytest.fixture(scope="module")
def retail(shared_data: Path) -> tuple[rc.Shop, pd.DataFrame]:
    """Online Retail II as opened, and its orders from pandas: customer, day, amount, first day."""
    shop, orders = online_retail(shared_data)
    orders["day"] = orders["at"].dt.normalize()
    orders["first"] = orders.groupby("customer")["day"].transform("min")
    return shop, orders


def test_value_by_cohort_equals_pandas(retail: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = retail
    got = worth.triangle(shop.query("cohort_retention")).set_index(["cohort", "age"])["value_per_customer"]
    cohort, period = orders["first"].dt.to_period("M"), orders["day"].dt.to_period("M")
    sizes = orders.groupby(cohort)["customer"].nunique()
    last = period.max()
    for start, size in sizes.items():
        for age in range((last - start).n + 1):
            until = orders[(cohort == start) & (period <= start + age)]
            assert got[start.start_time, age] == pytest.approx(until["amount"].sum() / size)
    assert len(got) == sum((last - start).n + 1 for start in sizes.index)


def test_first_year_and_payback_equal_pandas(retail: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = retail
    end = orders["day"].max()
    old = orders[(end - orders["first"]).dt.days >= 365]
    in_year = old[(old["day"] - old["first"]).dt.days <= 365].groupby("customer")["amount"].sum()
    reading = worth.year_value(shop.query("channel_worth"))
    half = 1.959963984540054 * in_year.std() / np.sqrt(len(in_year))
    assert (reading.value, reading.low, reading.high) == pytest.approx(
        (in_year.mean(), in_year.mean() - half, in_year.mean() + half)
    )
    new = orders[(end - orders["first"]).dt.days < 365].groupby("customer")["amount"].sum()
    assert worth.new_value(shop.query("channel_worth")).value == pytest.approx(new.mean())

    cells = shop.query("channel_cohorts")
    values = worth.value_by_age(cells, ["channel"]).set_index("age")["value_per_customer"]
    # December 2011 is not over: its orders count in no mean.
    over = orders[orders["day"] < "2011-12-01"]
    age = (over["day"].dt.to_period("M").astype("int64") - over["first"].dt.to_period("M").astype("int64")).to_numpy()
    starts = orders[orders["first"] < "2011-12-01"].drop_duplicates("customer")["first"].dt.to_period("M")
    months = starts.value_counts()
    running = 0.0
    expected: dict[int, float] = {}
    for n in range(int(age.max()) + 1):
        lived = months[months.index + n <= pd.Period("2011-11", "M")].sum()
        running += over.loc[age == n, "amount"].sum() / lived
        expected[n] = running
    assert values.to_dict() == pytest.approx(expected)
    for cost in (300.0, 800.0, 1500.0, 1e9):
        reached = [n for n, value in expected.items() if value >= cost]
        assert worth.payback(values, cost) == (reached[0] if reached else None)


def test_the_distribution_equals_pandas(retail: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = retail
    totals = orders.groupby("customer")["amount"].sum().round(4)
    edges = sorted(step * 10.0**power for power in range(7) for step in (1, 1.5, 2, 3, 5, 7))
    counts = pd.cut(totals, [0, *edges], right=False).value_counts(sort=False)
    expected = {edge.left: count for edge, count in counts.items() if count}
    got = shop.query("value_distribution").set_index("from_revenue")["customers"].to_dict()
    assert got == expected


# Margin by the costs that the orders tell


@pytest.fixture(scope="module")
def superstore(shared_data: Path) -> rc.Shop:
    return rc.open_orders(shared_data / "superstore.csv.gz")


@pytest.fixture(scope="module")
def superstore_orders(shared_data: Path) -> pd.DataFrame:
    """One row per order and customer: order_day, amount, profit, and the day of the customer's first order."""
    rows = pd.read_csv(shared_data / "superstore.csv.gz", parse_dates=["Order Date"], date_format="%d/%m/%y")
    orders = rows.groupby(["Order ID", "Customer ID"], as_index=False).agg(
        day=("Order Date", "min"), amount=("Sales", "sum"), profit=("Profit", "sum")
    )
    return orders.assign(first=orders.groupby("Customer ID")["day"].transform("min"))


def test_superstores_profit_by_cohort_is_that_of_pandas(superstore: rc.Shop, superstore_orders: pd.DataFrame) -> None:
    got = superstore.query("margin_cells").groupby("cohort")[["revenue", "margin"]].sum()
    cohorts = superstore_orders["first"].dt.to_period("M").dt.to_timestamp()
    expected = superstore_orders.groupby(cohorts)[["amount", "profit"]].sum()
    assert got["margin"].to_numpy() == pytest.approx(expected["profit"].to_numpy(), abs=1e-2)
    assert got["revenue"].to_numpy() == pytest.approx(expected["amount"].to_numpy(), abs=1e-2)
    assert got.index.tolist() == expected.index.tolist()
    whole = superstore.query("cohort_margins").set_index("cohort")
    assert whole["revenue"].to_numpy() == pytest.approx(expected["profit"].to_numpy(), abs=1e-2)


def test_superstores_profit_of_the_first_year_is_that_of_pandas(
    superstore: rc.Shop, superstore_orders: pd.DataFrame
) -> None:
    orders, until = superstore_orders, pd.Timestamp(superstore.observed_on)
    since, waited = (orders["day"] - orders["first"]).dt.days, (until - orders["first"]).dt.days
    year = orders[(since <= 365) & (waited >= 365)].groupby("Customer ID")["profit"].sum()
    reading = worth.year_value(superstore.query("channel_margins"))
    half = 1.959963984540054 * year.std(ddof=1) / np.sqrt(len(year))
    expected = (year.mean(), year.mean() - half, year.mean() + half)
    assert (reading.value, reading.low, reading.high) == pytest.approx(expected, abs=1e-3)
    first = orders[orders["day"] == orders["first"]]["profit"].sum()
    assert superstore.query("channel_margins")["first_revenue"].sum() == pytest.approx(first, abs=1e-2)


def test_margin_is_revenue_less_cost_in_every_query(superstore: rc.Shop) -> None:
    """Superstore tells the cost of every order, so nothing is taken as an average."""
    told = superstore.query("known_costs").iloc[0]
    cells, by_channel = superstore.query("margin_cells"), superstore.query("channel_margins")
    assert told["orders_with_cost"] == told["orders"] and told["revenue_with_cost"] == told["revenue"]
    assert cells["margin"].sum() == pytest.approx(told["revenue"] - told["cost"])
    assert by_channel["revenue"].sum() == pytest.approx(cells["margin"].sum())
    assert superstore.query("cohort_margins")["revenue"].sum() == pytest.approx(cells["margin"].sum())
    earned = worth.less_cost(superstore.query("cohort_retention"), cells, ["cohort", "age"])
    assert earned["revenue"].sum() == pytest.approx(cells["margin"].sum())
    assert worth.rate_of_costs(cells) == pytest.approx(1 - told["cost_share"])


COSTS_OF_SOME = (
    "order_id,customer_id,ordered_at,amount,channel,cost\n1,a,2025-01-05,100,Web,60\n2,b,2025-01-06,100,Web,40\n"
    "3,c,2025-02-06,200,Post,\n4,c,2025-03-06,0,Post,\n5,d,2025-03-07,50,Web,?\n"
)


def test_orders_that_tell_no_cost_are_taken_to_cost_what_the_others_do(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(COSTS_OF_SOME)
    shop = rc.open_orders(tmp_path / "orders.csv")
    assert shop.query("known_costs").iloc[0].tolist() == [5, 2, 450, 200, 100, 0.5]
    assert shop.query("channel_margins").set_index("channel")["revenue"].to_dict() == {"Web": 125, "Post": 100}
    filtered = shop.query("channel_margins", channel=["Post"])
    assert filtered["revenue"].tolist() == [100], "the average is that of the shop, whatever the filter"
    assert shop.query("known_costs", channel=["Post"]).iloc[0].tolist() == [2, 0, 200, 0, 0, 0.5]


def test_a_cost_of_every_order_that_is_one_share_gives_the_figures_of_that_rate(tmp_path: Path) -> None:
    """The third way to tell a margin agrees with the first where it can."""
    lines = [line.rsplit(",", 1)[0] for line in COSTS_OF_SOME.splitlines()]
    priced = [f"{line},{'cost' if not n else float(line.split(',')[3]) * 0.6}" for n, line in enumerate(lines)]
    (tmp_path / "orders.csv").write_text("\n".join(priced) + "\n")
    shop = rc.open_orders(tmp_path / "orders.csv")
    for told, plain in (("channel_margins", "channel_worth"), ("cohort_margins", "cohort_worth")):
        expected = worth.in_margin(shop.query(plain), worth.Margin(0.4))
        pd.testing.assert_frame_equal(shop.query(told), expected, check_dtype=False)
    cells = shop.query("cohort_retention")
    earned = worth.less_cost(cells, shop.query("margin_cells"), ["cohort", "age"])
    pd.testing.assert_frame_equal(earned, worth.in_margin(cells, worth.Margin(0.4)))
