"""Levers: whom they reach, counted by hand in a small shop and anew with pandas in a sample shop; own tests."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import retention_core as rc
from retention_core.goals import levers
from retention_core.goals.catalogue import OFFERS, Offer
from retention_core.goals.draws import quantile
from retention_core.goals.goal import Goal, GoalError, Lever, Uplift
from retention_core.goals.levers import OwnTest
from tests.conftest import ROOT

TRUTH = json.loads((ROOT / "sample_data" / "truth.json").read_text())["shops"]["replenish"]

# Black Friday was on 29 November 2024 and on 28 November 2025. The last day is 30 June 2026.
ORDERS = """order_id,customer_id,ordered_at,amount,coupon,payment_method,delivery_method
1,A,2025-11-28,10,X,Card,Post
2,A,2026-06-01,10,X,Card,Post
3,B,2026-06-10,10,,,Post
4,C,2025-12-23,10,,Card,Post
5,D,2024-11-30,10,,Card,Post
6,E,2025-11-27,10,,Card,Post
7,E,2026-06-30,10,,Card,Post
8,F,2026-06-29,10,,Card,Post
9,G,2026-06-15,10,,Card,Post
10,H,2025-01-10,10,,Card,Post
11,H,2025-02-10,10,,Card,Post
"""
PRODUCTS = {7: ("P2", "Coffee")}  # every other order holds P1, tea
CUSTOMERS = """customer_id,birthday,consent,first_channel
A,1990-01-01,yes,Search
B,1990-01-02,no,Search
C,,yes,Search
D,,yes,Search
E,,yes,Search
F,1990-01-03,yes,Search
"""
EVENTS = """customer_id,event,occurred_at,detail
A,app_install,2026-01-01T10:00:00,ios
A,loyalty_signup,2026-01-01T10:00:00,club
A,email_opened,2026-06-02T10:00:00,newsletter:2026-06
C,cart_abandoned,2026-01-05T10:00:00,P1
D,wish_list,2024-12-15T10:00:00,P1
E,cart_abandoned,2026-06-15T10:00:00,P1
E,support_ticket,2026-06-20T10:00:00,damaged
F,cart_abandoned,2026-06-30T10:00:00,P1
F,review,2026-06-30T11:00:00,stars:5
A,email_sent,2025-11-29T09:00:00,test:weekly
B,email_sent,2026-06-11T09:00:00,test:control
C,email_sent,2025-12-24T09:00:00,test:control
D,email_sent,2024-12-01T09:00:00,test:control
E,email_sent,2025-11-28T09:00:00,test:weekly
E,email_sent,2025-12-01T09:00:00,test:control
H,email_sent,2025-03-01T09:00:00,test:weekly
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rc.Shop]:
    folder = tmp_path_factory.mktemp("small")
    lines = ["order_id,product_id,product,category,quantity,amount"]
    for order in range(1, 12):
        product, category = PRODUCTS.get(order, ("P1", "Tea"))
        lines.append(f"{order},{product},{product},{category},1,10")
    texts = {"orders": ORDERS, "customers": CUSTOMERS, "events": EVENTS, "order_lines": "\n".join(lines) + "\n"}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    shop = rc.open_orders(sorted(folder.glob("*.csv")))
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def replenish() -> Iterator[rc.Shop]:
    shop = rc.open_orders(rc.sample("replenish"))
    yield shop
    shop.close()


def counted(shop: rc.Shop, query: str) -> dict[str, dict[str, int]]:
    return shop.query(query).set_index("stage").drop(columns="is_consent_known", errors="ignore").T.to_dict()


def test_audiences_of_the_small_shop_are_those_counted_by_hand(small: rc.Shop) -> None:
    names = (
        "customers", "writable", "birthday_known", "holiday_first", "top_value", "discount_only", "category_known",
        "one_category", "payment_known", "delivery_known",
    )  # fmt: skip
    assert counted(small, "audiences") == {
        "lapsed": dict(zip(names, (3, 2, 0, 2, 0, 0, 2, 2, 3, 3), strict=True)),  # C, D, H
        "new": dict(zip(names, (6, 4, 2, 2, 0, 1, 4, 3, 5, 6), strict=True)),  # A, B, C, E, F, G
        "one_order": dict(zip(names, (3, 1, 1, 0, 0, 0, 1, 1, 2, 3), strict=True)),  # B, F, G
        "repeat": dict(zip(names, (2, 2, 1, 0, 0, 1, 2, 1, 2, 2), strict=True)),  # A, E
    }


def test_audiences_by_event_of_the_small_shop_are_those_counted_by_hand(small: rc.Shop) -> None:
    names = (
        "customers", "cart_left", "wish_waiting", "reader", "outside_club", "with_app", "without_app", "with_ticket",
        "without_review",
    )  # fmt: skip
    assert counted(small, "event_audiences") == {
        "lapsed": dict(zip(names, (3, 1, 0, 0, 3, 0, 3, 0, 3), strict=True)),
        "new": dict(zip(names, (6, 2, 0, 1, 5, 1, 5, 1, 5), strict=True)),
        "one_order": dict(zip(names, (3, 1, 0, 0, 3, 0, 3, 0, 2), strict=True)),
        "repeat": dict(zip(names, (2, 0, 0, 1, 1, 1, 1, 1, 2), strict=True)),
    }


def test_products_bought_again_in_the_small_shop_are_those_counted_by_hand(small: rc.Shop) -> None:
    same = {stage: row["same_product"] for stage, row in counted(small, "product_audiences").items()}
    assert same == {"lapsed": 1, "new": 1, "one_order": 0, "repeat": 1}
    row = small.query("repeat_products").iloc[0]
    assert (row["returning_customers"], row["bought_again"]) == (3, 2)  # A, E, H came back; E for another product
    assert (row["later_lines"], row["repeated_lines"]) == (3, 2)


def test_a_test_counts_those_observed_and_the_first_arm_only(small: rc.Shop) -> None:
    """Of control (B, C, D) only D has had 200 days; H had returned before it was assigned; E was assigned twice."""
    arms = small.query("randomised_test", window_days=200).set_index("arm")
    columns = ["assigned", "customers", "ordered_again", "in_other_arms"]
    assert arms.loc["control", columns].tolist() == [3, 1, 0, 0]
    assert arms.loc["weekly", columns].tolist() == [2, 2, 1, 1]
    assert levers.read_test(small, treated="weekly", days=400) is None  # an arm without anybody observed
    assert levers.read_test(small, treated="daily") is None  # no such arm


def test_a_test_counts_from_the_assignment(tmp_path: Path) -> None:
    """L and M are put into it on day 400 of their life: L returns 20 days later, M has been observed for 26 days only.

    N returns on the day of its assignment, which tells nothing, and 99 days later. O had ordered for the first time
    only after it was assigned; P returned before.
    """
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n1,L,2025-01-01,10\n2,L,2026-02-25,10\n3,M,2025-05-01,10\n"
        "4,N,2026-01-01,10\n5,N,2026-01-10,10\n6,N,2026-04-19,10\n7,O,2026-02-01,10\n8,O,2026-03-01,10\n"
        "9,P,2025-01-01,10\n10,P,2025-02-01,10\n11,P,2026-02-01,10\n12,Q,2026-06-30,10\n"
    )
    days = {"L": "2026-02-05", "M": "2026-06-04", "N": "2026-01-10", "O": "2026-01-15", "P": "2026-01-15"}
    rows = [f"{customer},email_sent,{day}T09:00:00,test:weekly" for customer, day in days.items()]
    (tmp_path / "events.csv").write_text("\n".join(["customer_id,event,occurred_at,detail", *rows]) + "\n")
    shop = rc.open_orders(sorted(tmp_path.glob("*.csv")))
    counts = ["assigned", "customers", "ordered_again"]
    for window, expected in {20: [3, 3, 1], 100: [3, 2, 2], 19: [3, 3, 0]}.items():
        assert shop.query("randomised_test", window_days=window)[counts].iloc[0].tolist() == expected
    shop.close()


def test_reach_is_the_audience_of_the_stages_it_acts_on(small: rc.Shop) -> None:
    """With so few gaps a year of silence is the limit: C, who came in December, is not lapsed."""
    reach = levers.reach_of_shop(small)
    found = {key: (reach[key].customers, reach[key].base) for key in ("welcome", "birthday", "win_back", "cross_sell")}
    assert found == {"welcome": (4, 6), "birthday": (1, 2), "win_back": (1, 2), "cross_sell": (3, 6)}
    offers = {lever.key: lever for lever in levers.of_shop(small)}
    assert offers["abandoned_cart"].reach == pytest.approx(2 / 6)
    assert not any(one.is_consent_assumed or one.needs for one in reach.values())


def test_reach_in_the_sample_shop_recomputed_with_pandas(replenish: rc.Shop) -> None:
    files = {path.name.split(".")[0]: path for path in rc.sample("replenish")}
    orders = pd.read_csv(files["orders"], parse_dates=["ordered_at"])
    orders = orders[orders["status"].isin(["completed", "refunded"]) & orders["customer_id"].notna()]
    people = pd.read_csv(files["customers"]).set_index("customer_id")
    days = orders.groupby("customer_id")["ordered_at"].agg(["min", "max"])
    days = days.join(people).assign(
        days=orders.assign(d=orders["ordered_at"].dt.date).groupby("customer_id")["d"].nunique()
    )
    end = pd.Timestamp("2026-06-30")
    is_new = (end - days["min"].dt.normalize()).dt.days < 365
    order_days = orders.assign(day=orders["ordered_at"].dt.normalize()).drop_duplicates(["customer_id", "day"])
    gaps = order_days.sort_values("day").groupby("customer_id")["day"].diff().dt.days
    limit = round(gaps.quantile(0.9))
    is_repeat = ((end - days["max"].dt.normalize()).dt.days <= limit) & (days["days"] > 1)
    agrees = days["consent"].eq("yes")
    events = pd.read_csv(files["events"], parse_dates=["occurred_at"])
    carts = events[events["event"] == "cart_abandoned"].groupby("customer_id")["occurred_at"].max()
    cart_at = carts.reindex(days.index)
    left = (cart_at > days["max"]) & (cart_at > end - pd.Timedelta(days=365))
    reach = levers.reach_of_shop(replenish)
    assert (reach["welcome"].customers, reach["welcome"].base) == ((is_new & agrees).sum(), is_new.sum())
    birthday = is_repeat & agrees & days["birthday"].notna()
    assert (reach["birthday"].customers, reach["birthday"].base) == (birthday.sum(), is_repeat.sum())
    assert reach["abandoned_cart"].customers == (is_new & agrees & left).sum()
    assert {one.lapse_days for one in reach.values()} == {limit}


def test_stages_are_those_of_the_baseline_and_return_as_the_truth_says(replenish: rc.Shop) -> None:
    stages = replenish.query("stage_customers").set_index("stage")["customers"].to_dict()
    for query in ("audiences", "event_audiences", "product_audiences"):
        found = replenish.query(query).set_index("stage")["customers"].to_dict()
        assert {stage: found[stage] for stage in stages} == stages
    rows = replenish.baseline(draws=10).rows.set_index("stage")["customers"]
    reach = levers.reach_of_shop(replenish)
    assert (reach["win_back"].base, reach["loyalty_programme"].base) == (rows["lapsed"], rows["repeat"])
    rates = levers.returning(replenish)
    assert rates["new"] == pytest.approx(TRUTH["everybody"]["second_order_within_365_days_realised"], abs=5e-5)
    assert rates["lapsed"] < rates["one_order"] < rates["repeat"]


def test_a_filter_counts_its_own_customers(replenish: rc.Shop) -> None:
    every, part = levers.reach_of_shop(replenish), levers.reach_of_shop(replenish, channel=["Social"])
    assert 0 < part["welcome"].customers < every["welcome"].customers
    assert part["welcome"].base < every["welcome"].base


def test_a_shop_without_second_files_says_which_would_switch_levers_on(shared_data: Path) -> None:
    shop = rc.open_orders(
        [shared_data / "online_retail_ii_2009_2010.parquet", shared_data / "online_retail_2010_2011.parquet"]
    )
    reach = levers.reach_of_shop(shop)
    needs = {key: one.needs for key, one in reach.items() if one.needs}
    assert {needs[key] for key in ("abandoned_cart", "wish_list", "gamification", "useful_content")} == {"events"}
    assert (
        needs["birthday"] == "customers" and needs["checkout"] == "methods" and needs["fewer_discounts"] == "discounts"
    )
    assert "subscription" not in needs  # its order lines are known
    offers = {lever.key: lever for lever in levers.of_shop(shop)}
    assert all(offers[key].reach == 0 for key in needs)
    assert reach["welcome"].is_consent_assumed
    assert offers["welcome"].reach == pytest.approx(levers.ASSUMED_CONSENT, abs=0.001)
    shop.close()


def test_a_shop_with_orders_alone_has_levers_too(shared_data: Path) -> None:
    shop = rc.open_orders(shared_data / "cdnow_master.csv.gz")
    reach = levers.reach_of_shop(shop)
    assert reach["subscription"].needs == "order_lines" and reach["personal_offers"].needs == "categories"
    assert reach["welcome"].base == 0 and reach["welcome"].share == 0  # nobody new within the last year
    assert reach["win_back"].customers > 5_000
    shop.close()


def test_every_strategy_is_a_row_and_nothing_is_on(replenish: rc.Shop) -> None:
    offers = levers.of_shop(replenish)
    assert [lever.key for lever in offers] == [offer.key for offer in OFFERS]
    assert len({lever.key for lever in offers}) == len(offers) == 25
    assert not Goal(offers).in_force
    assert all(lever.strategy and lever.source for lever in offers)
    assert {lever.key for lever in offers if lever.is_planning_only} == {"values", "team"}


@pytest.mark.parametrize("offer", [offer for offer in OFFERS if offer.audience], ids=lambda offer: offer.key)
def test_every_audience_is_a_column_of_its_query(offer: Offer, small: rc.Shop) -> None:
    assert offer.audience in small.query(offer.query).columns
    assert set(offer.stages) <= {"new", "one_order", "repeat", "lapsed"} and offer.stages


def test_what_rests_on_opinion_starts_near_nothing(replenish: rc.Shop) -> None:
    """No vendor's figure is a default: of those who would not have returned, at most 2 in 100 do."""
    weak = [one for one in levers.of_shop(replenish) if one.grade == "D" and one.acts_on in levers.RETURNING]
    assert weak and all(lever.uplift.mean <= 0.02 for lever in weak)


def test_what_nobody_knows_is_to_be_tested_first() -> None:
    assert all("unknown: test it first" in offer.source for offer in OFFERS if offer.grade == "D" and offer.effect)


def test_a_lever_that_reaches_a_handful_is_too_few(shared_data: Path) -> None:
    """Superstore won 11 customers in its last year: nothing done for them shows."""
    shop = rc.open_orders(shared_data / "superstore.csv.gz")
    reach = levers.reach_of_shop(shop)
    assert reach["welcome"].is_too_few and reach["welcome"].base == 11
    assert not reach["win_back"].is_too_few
    assert not reach["birthday"].is_too_few and reach["birthday"].needs == "customers"  # not known is not few
    assert not levers.Reach(levers.TOO_FEW, 100).is_too_few
    shop.close()


@given(rate=st.floats(0.001, 0.5), effect=st.floats(0.001, 0.3))
def test_an_effect_on_the_rate_is_the_uplift_that_moves_it_so(rate: float, effect: float) -> None:
    """p·(1 + r) = 1 − (1 − p)·(1 − u), the arithmetic of the simulator."""
    offer = Offer("one", "One", "return_after_first", effect=effect, grade="C")
    uplift = levers.uplift_of(offer, rate).mean
    assert 1 - (1 - rate) * (1 - uplift) == pytest.approx(rate * (1 + effect))


@given(rate=st.floats(0, 1), effect=st.floats(0, 1))
def test_an_uplift_is_a_share_whatever_the_rate(rate: float, effect: float) -> None:
    uplift = levers.uplift_of(Offer("one", "One", "win_back", effect=effect, grade="B"), rate)
    assert 0 <= uplift.mean <= effect


def found(shop: rc.Shop) -> OwnTest:
    test = levers.read_test(shop, treated="weekly")
    assert test is not None
    return test


def test_the_known_test_of_the_sample_shop_lands_on_the_truth_and_narrows_the_band(replenish: rc.Shop) -> None:
    test, truth = found(replenish), TRUTH["email_test"]
    assert test.assigned == (truth["customers"]["test:weekly"], truth["customers"]["test:control"])
    assert test.customers == (1_170, 1_188)  # assigned the morning after the first order: the last ones lack a day
    realised = truth["second_order_within_365_days_realised"]
    assert test.shares == pytest.approx((realised["test:weekly"], realised["test:control"]), abs=0.006)
    low, high = test.interval
    assert low < truth["true_effect"] < high and low > 0
    prior = next(lever for lever in levers.of_shop(replenish) if lever.key == "email_frequency")
    tested = levers.with_own_test(prior, test)
    assert (tested.grade, tested.reach, tested.take_up) == ("A", prior.reach, 1.0)

    def width(lever: Lever) -> float:
        return float(np.ptp(quantile(lever.uplift, np.array([0.1, 0.9]))))

    assert width(tested) < width(prior)
    # As an uplift the truth is 0.0523 of those who would not have returned.
    true_uplift = truth["true_effect"] / (1 - truth["second_order_within_365_days_expected"]["test:control"])
    ends = quantile(tested.uplift, np.array([0.025, 0.975]))
    assert ends[0] < true_uplift < ends[1]


def test_the_interval_of_an_own_test_is_newcombes() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II (a): 56/70 and 48/80, method 10."""
    test = OwnTest("t", "a", "b", 365, (70, 80), (56, 48), (70, 80))
    assert test.difference == pytest.approx(0.2)
    assert test.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_test_with_uneven_groups_is_refused(replenish: rc.Shop) -> None:
    lever = next(one for one in levers.of_shop(replenish) if one.key == "welcome")
    uneven = replace(found(replenish), assigned=(1_300, 1_100))
    with pytest.raises(GoalError, match="no even split"):
        levers.with_own_test(lever, uneven)
    assert found(replenish).split_p == pytest.approx(0.7265, abs=1e-4)


def test_figures_of_a_test_from_elsewhere_can_be_typed_in() -> None:
    lever = Lever("welcome", "return_after_first", Uplift.graded(0.02, "C"), "C", take_up=0.5)
    tested = levers.with_own_test(lever, control=0.2, difference=-0.04, standard_error=0.02)
    assert (tested.uplift.mean, tested.uplift.sd) == (pytest.approx(-0.05), pytest.approx(0.025))
    harm = levers.with_own_test(lever, control=0.9, difference=-0.5, standard_error=0.2)
    assert (harm.uplift.mean, harm.uplift.sd) == (-1.0, 1.0), "the most that can be said: 0.9 − 0.1, and no crash"
    with pytest.raises(GoalError, match="control is 1"):
        levers.with_own_test(lever, control=1.0, difference=0.0, standard_error=0.1)
    with pytest.raises(GoalError, match="order_value"):
        levers.with_own_test(replace(lever, acts_on="order_value"), control=0.2, difference=0.1, standard_error=0.1)


def test_the_first_scenario_needs_no_discount_and_more_than_an_opinion(replenish: rc.Shop) -> None:
    offers = levers.of_shop(replenish)
    chosen = levers.suggested(offers)
    assert len(chosen) == 3 and chosen[0] == "welcome"
    assert all(lever.grade != "D" and not lever.discount for lever in offers if lever.key in chosen)
