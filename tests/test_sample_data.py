"""The sample shops are what they claim: reproducible, consistent, real-looking, and true to truth.json.

Everything is read from the committed files with plain pandas. Only where the truth lies in what the files do not tell
(who would have installed the app, who would have come back without the club) the simulation itself is asked.
"""

import gzip
import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sample_data.events import APP_DAYS, app_chance
from sample_data.generate import SEED, write
from sample_data.people import purchases
from sample_data.seasons import DAYS
from sample_data.shops import SHOPS
from sample_data.simulation import Simulation, simulate
from sample_data.truth import second_order_chance, truth

FOLDER = Path(__file__).resolve().parent.parent / "sample_data"
TRUTH = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
HEADERS = {
    "orders": "order_id,customer_id,ordered_at,status,currency,amount,discount,refunded,tax,shipping,"
    "channel,campaign,coupon,payment_method,delivery_method,country",
    "order_lines": "order_id,product_id,product,category,quantity,amount",
    "customers": "customer_id,birthday,consent,first_channel",
    "events": "customer_id,event,occurred_at,detail",
    "marketing_spend": "month,channel,amount",
}
FILES = sorted(FOLDER.glob("*/*.csv.gz"))


@dataclass(frozen=True)
class Files:
    """A shop as a stranger sees it: its tables and its page of truth."""

    truth: dict[str, Any]
    orders: pd.DataFrame
    order_lines: pd.DataFrame
    customers: pd.DataFrame
    events: pd.DataFrame
    marketing_spend: pd.DataFrame

    @property
    def sales(self) -> pd.DataFrame:
        """One row per order: neither cancelled, failed, pending nor a test."""
        return self.orders[self.orders.status.isin(["completed", "refunded"])]

    def first_orders(self) -> pd.DataFrame:
        """One row per customer: the first sale, days with an order, days to the second one (NaN: none)."""
        own = self.sales[self.sales.customer_id.notna()].assign(day=lambda o: o.ordered_at.dt.normalize())
        first = own.drop_duplicates("customer_id").set_index("customer_id")
        by_day = own.drop_duplicates(["customer_id", "day"])
        second = by_day[by_day.groupby("customer_id").cumcount() == 1].set_index("customer_id").day
        return first.assign(
            order_days=by_day.groupby("customer_id").size(),
            second_after_days=(second - first.day).dt.days,
            is_observed=first.day + pd.Timedelta(days=365) <= pd.Timestamp("2026-06-30"),
            returned=lambda f: f.second_after_days <= 365,
        )


@pytest.fixture(scope="module", params=["replenish", "gift"])
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shop(key: str) -> Files:
    tables = {name: pd.read_csv(FOLDER / key / f"{name}.csv.gz") for name in HEADERS}
    tables["orders"]["ordered_at"] = pd.to_datetime(tables["orders"].ordered_at)
    tables["events"]["occurred_at"] = pd.to_datetime(tables["events"].occurred_at)
    return Files(TRUTH["shops"][key], **tables)


@pytest.fixture(scope="module")
def simulation(key: str) -> Simulation:
    return simulate(next(shop for shop in SHOPS if shop.key == key), SEED)


def cents(amount: pd.Series) -> pd.Series:
    return (amount * 100).round().astype("int64")


# The files themselves


def test_the_seed_gives_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert {path.relative_to(tmp_path) for path in written} == {
        path.relative_to(FOLDER) for path in [*FILES, FOLDER / "truth.json"]
    }
    for path in written:
        fresh, committed = path.read_bytes(), (FOLDER / path.relative_to(tmp_path)).read_bytes()
        if path.suffix == ".gz" and "ng" in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same text into other bytes
            fresh, committed = gzip.decompress(fresh), gzip.decompress(committed)
        assert fresh == committed, f"{path.name}: run python -m sample_data.generate and commit what it writes"


def test_the_files_are_small() -> None:
    assert len(FILES) == 10
    assert sum(path.stat().st_size for path in FILES) < 4_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_header_and_nothing_personal(path: Path) -> None:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    assert text.splitlines()[0] == HEADERS[path.name.removesuffix(".csv.gz")]
    assert "@" not in text
    assert "\r" not in text


def test_36_months_and_none_cut(shop: Files) -> None:
    at = shop.orders.ordered_at
    assert at.is_monotonic_increasing
    assert at.iloc[0].date() == pd.Timestamp("2023-07-01").date()
    assert at.iloc[-1].date() == pd.Timestamp("2026-06-30").date()
    assert at.iloc[-1].hour >= 22
    assert at.dt.to_period("M").nunique() == 36
    assert shop.marketing_spend.groupby("channel").month.nunique().eq(36).all()
    assert shop.events.occurred_at.between("2023-07-01", "2026-07-01", inclusive="left").all()


# One table agrees with the other


def test_keys_are_unique_and_lead_somewhere(shop: Files) -> None:
    orders, lines, customers, events = shop.orders, shop.order_lines, shop.customers, shop.events
    assert orders.order_id.is_unique
    assert customers.customer_id.is_unique
    assert customers.customer_id.str.fullmatch(r"C-\d{6}").all()
    assert set(lines.order_id) == set(orders.order_id)
    assert not lines.duplicated(["order_id", "product_id"]).any()
    assert set(orders.customer_id.dropna()) == set(customers.customer_id)
    assert set(events.customer_id) <= set(customers.customer_id)
    assert lines.groupby("product_id")[["product", "category"]].nunique().eq(1).all(axis=None)
    assert set(events.detail[events.event == "referral"]) <= set(customers.customer_id)
    assert set(events.detail[events.event.isin(["wish_list", "cart_abandoned"])]) <= set(lines.product_id)


def test_nothing_happens_before_the_customer_exists(shop: Files) -> None:
    known_since = shop.sales.groupby("customer_id").ordered_at.min()
    happened = shop.events.join(known_since.rename("known_since"), on="customer_id")
    assert (happened.occurred_at >= happened.known_since).all()


def test_lines_add_up_to_their_order(shop: Files) -> None:
    by_order = cents(shop.order_lines.amount).groupby(shop.order_lines.order_id).sum()
    amounts = cents(shop.orders.set_index("order_id").amount)
    pd.testing.assert_series_equal(by_order, amounts, check_names=False)
    assert (shop.order_lines.quantity >= 1).all()


def test_refunds_discounts_and_statuses_agree(shop: Files) -> None:
    orders = shop.orders
    assert (orders.amount > 0).all()
    assert (orders.refunded <= orders.amount).all()
    assert ((orders.status == "refunded") == (orders.refunded == orders.amount)).all()
    assert (orders.refunded[~orders.status.isin(["completed", "refunded"])] == 0).all()
    assert ((orders.discount > 0) == orders.coupon.notna()).all()
    assert (orders.coupon.notna() == orders.campaign.notna()).all()
    assert orders.currency.nunique() == 1


def test_first_channel_is_the_channel_of_the_first_order(shop: Files) -> None:
    first = shop.first_orders().channel
    pd.testing.assert_series_equal(
        shop.customers.set_index("customer_id").first_channel[first.index], first, check_names=False
    )


# truth.json says what is in the files


def test_counts(shop: Files) -> None:
    told, sales = shop.truth["counts"], shop.sales
    assert told == {
        "order_rows": len(shop.orders),
        "orders_by_status": shop.orders.status.value_counts().to_dict(),
        "orders": len(sales),
        "guest_orders": int(sales.customer_id.isna().sum()),
        "partly_refunded_orders": int(((sales.refunded > 0) & (sales.refunded < sales.amount)).sum()),
        "customers": sales.customer_id.nunique(),
        "accounts": len(shop.customers),
        "order_lines": len(shop.order_lines),
        "events": shop.events.event.value_counts().to_dict(),
    }


def test_money(shop: Files) -> None:
    told, sales = shop.truth["money"], shop.sales
    net = cents(sales.amount) - cents(sales.refunded)
    assert round(told["gross_revenue"] * 100) == cents(sales.amount).sum()
    assert round(told["refunded"] * 100) == cents(sales.refunded).sum()
    assert round(told["net_revenue"] * 100) == net.sum()
    assert round(told["net_revenue_of_guests"] * 100) == net[sales.customer_id.isna()].sum()
    assert round(told["discount"] * 100) == cents(sales.discount).sum()


def test_the_readme_tells_the_same_numbers(shop: Files) -> None:
    counts, told = shop.truth["counts"], (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"{counts['customers']:,} and {counts['orders']:,}" in told


def test_second_orders_realised(shop: Files) -> None:
    first = shop.first_orders()
    everybody = shop.truth["everybody"]
    assert everybody["customers_observed_365_days"] == first.is_observed.sum()
    assert everybody["repeat_purchase_rate"] == pytest.approx((first.order_days > 1).mean(), abs=5e-5)
    groups = {channel["channel"]: channel for channel in shop.truth["channels"]}
    for name, channel in first[first.is_observed].groupby("channel"):
        assert groups[name]["second_order_within_365_days_realised"] == pytest.approx(channel.returned.mean(), abs=5e-5)


def test_second_orders_came_out_as_expected(shop: Files) -> None:
    """Realised shares scatter around the expected ones as chance has it: all within 3.5 standard errors."""
    holiday = shop.truth["holiday_buyers"]
    for group in [
        shop.truth["everybody"],
        *shop.truth["channels"],
        holiday["first_order_in_window"],
        holiday["others"],
    ]:
        expected = group["second_order_within_365_days_expected"]
        error = np.sqrt(expected * (1 - expected) / group["customers_observed_365_days"])
        assert abs(group["second_order_within_365_days_realised"] - expected) < 3.5 * error


def test_the_exact_chance_agrees_with_many_simulated_shops(simulation: Simulation) -> None:
    """The same newcomers, their characters drawn anew 40 times: what happens on average is the chance."""
    who, rng = simulation.people, np.random.default_rng(7)
    chance = second_order_chance(simulation, 365, np.zeros(len(who), bool))
    channels = [simulation.shop.channels[index] for index in who.channel]
    shape, scale, a, b = (
        np.array([getattr(channel, field) for channel in channels])
        for field in ("rate_shape", "rate_scale_days", "leave_a", "leave_b")
    )
    until = np.minimum(np.floor(who.first) + 366, DAYS)
    returned = np.zeros(len(who))
    for _ in range(40):
        stays = rng.random(len(who)) < (1 - rng.beta(a, b)) * who.stay_factor
        gap = rng.exponential(1 / (rng.gamma(shape) / scale))
        returned += stays & (simulation.calendar.day_at(simulation.calendar.clock_at(who.first) + gap) <= until)
    error = np.sqrt((chance * (1 - chance)).sum() / 40) / len(who)
    assert abs(returned.mean() / 40 - chance.mean()) < 4 * error


# The e-mail test


def arms(shop: Files) -> pd.DataFrame:
    letters = shop.events[shop.events.detail.str.startswith("test:", na=False)]
    assert (letters.event == "email_sent").all()
    assert letters.customer_id.is_unique
    return shop.first_orders().join(letters.set_index("customer_id").detail.rename("arm"), how="inner")


def test_the_arms_are_a_fair_split_of_new_customers_with_consent(shop: Files) -> None:
    tested, told = arms(shop), shop.truth["email_test"]
    assert tested.arm.value_counts().to_dict() == told["customers"]
    assert tested.day.between(told["first_order_since"], told["first_order_before"], inclusive="left").all()
    assert shop.customers.set_index("customer_id").consent[tested.index].eq("yes").all()
    assert tested.is_observed.all()
    assert stats.chisquare(tested.arm.value_counts()).pvalue > 0.01
    for attribute in ("channel", "country", "payment_method", "coupon"):
        split = pd.crosstab(tested.arm, tested[attribute].fillna("none"))
        assert stats.chi2_contingency(split).pvalue > 0.01, attribute
    assert stats.ttest_ind(*(group.amount for _, group in tested.groupby("arm"))).pvalue > 0.01


def test_the_interval_of_the_email_test_holds_the_true_effect(shop: Files, key: str) -> None:
    tested, told = arms(shop), shop.truth["email_test"]
    by_arm = tested.groupby("arm").returned.agg(["mean", "var", "size"])
    effect = by_arm["mean"]["test:weekly"] - by_arm["mean"]["test:control"]
    margin = 1.96 * np.sqrt((by_arm["var"] / by_arm["size"]).sum())
    assert effect - margin < told["true_effect"] < effect + margin
    # One shop's test tells, the other's is too small for so small an effect: the product must say either.
    assert (effect > margin) == (key == "replenish")


# What goes with value, and what causes it


def test_app_users_spend_more(shop: Files, key: str) -> None:
    revenue = shop.sales.assign(net=shop.sales.amount - shop.sales.refunded).groupby("customer_id").net.sum()
    installed = revenue.index.isin(shop.events.customer_id[shop.events.event == "app_install"])
    ratio = revenue[installed].mean() / revenue[~installed].mean()
    assert shop.truth["app_install"]["observed_revenue_ratio"] == pytest.approx(ratio, abs=0.005)
    assert ratio > {"replenish": 2.0, "gift": 1.1}[key]


def test_the_app_changes_nothing(shop: Files, simulation: Simulation) -> None:
    """Weighted by the true chance to install, users and others order alike; unweighted they differ by far."""
    who = simulation.people
    installed = np.isin(
        simulation.customer_ids[: len(who)], shop.events.customer_id[shop.events.event == "app_install"]
    )
    long_known = who.first < DAYS - 365
    orders = np.bincount(simulation.purchases.person)[long_known]
    installed, first = installed[long_known], who.first[long_known]
    chance = app_chance(who)[long_known] * -np.expm1((first - DAYS) / APP_DAYS)

    def difference(weight: np.ndarray) -> tuple[float, float]:
        means, variances = [], []
        for group in (installed, ~installed):
            share = weight[group] / weight[group].sum()
            means.append(share @ orders[group])
            variances.append(share**2 @ (orders[group] - means[-1]) ** 2)
        return means[0] - means[1], float(np.sqrt(sum(variances)))

    naive, naive_error = difference(np.ones(len(orders)))
    fair, fair_error = difference(1 / np.where(installed, chance, 1 - chance))
    assert naive > 5 * naive_error
    assert abs(fair) < 2 * fair_error
    assert abs(fair) < naive / 3


@pytest.mark.parametrize("leave_factor", [None, 0.3])
def test_the_club_makes_members_order_as_much_more_as_told(simulation: Simulation, leave_factor: float | None) -> None:
    """Also with a club ten times as good, to see that the factor works and the formula in truth.py follows it."""
    if leave_factor is not None:
        shop = replace(simulation.shop, loyalty_leave_factor=leave_factor)
        bought = purchases(shop, simulation.people, simulation.calendar, np.random.default_rng(11))
        simulation = replace(simulation, shop=shop, purchases=bought)
    bought = simulation.purchases
    after = np.bincount(bought.person, bought.moment > bought.joined[bought.person], len(simulation.people))
    after = after[bought.joined < DAYS]
    told = truth(simulation)["loyalty_signup"]
    assert isinstance(told, dict)
    assert abs(after.mean() - told["expected_orders_after_joining"]) < 4 * after.std() / np.sqrt(len(after))
    assert told["true_extra_orders_per_member"] > 0


def test_members_look_better_than_the_club_makes_them(shop: Files) -> None:
    days = shop.first_orders().order_days
    joined = days.index.isin(shop.events.customer_id[shop.events.event == "loyalty_signup"])
    apparent = days[joined].mean() - days[~joined & (days > 1)].mean()
    assert apparent > 2 * shop.truth["loyalty_signup"]["true_extra_orders_per_member"]


@pytest.mark.parametrize("attribute", ["country", "payment_method", "delivery_method"])
def test_what_has_nothing_to_do_with_returning(shop: Files, attribute: str) -> None:
    first = shop.first_orders()
    observed = first[first.is_observed]
    assert attribute in shop.truth["unrelated_to_return"]
    assert stats.chi2_contingency(pd.crosstab(observed[attribute], observed.returned)).pvalue > 0.005


# They look like shops


def test_the_two_shops_answer_differently(shop: Files, key: str) -> None:
    first = shop.first_orders()
    share = first[first.is_observed].returned.mean()
    lines = shop.order_lines.merge(shop.sales[["order_id", "customer_id"]].dropna(), on="order_id")
    bought_again = (lines.groupby(["customer_id", "product_id"]).order_id.nunique() > 1).mean()
    if key == "replenish":
        assert 0.35 < (first.order_days > 1).mean() < 0.45
        assert 0.30 < share < 0.45
        assert bought_again > 0.20
    else:
        assert 0.08 < share < 0.12
        assert bought_again < 0.03


def test_channels_differ_beyond_chance(shop: Files) -> None:
    first = shop.first_orders()
    observed = first[first.is_observed]
    assert set(observed.channel) == {"Organic search", "Paid search", "Social", "Referral"}
    assert stats.chi2_contingency(pd.crosstab(observed.channel, observed.returned)).pvalue < 1e-6
    value = {channel["channel"]: channel["net_revenue_per_customer"] for channel in shop.truth["channels"]}
    assert value["Referral"] > value["Organic search"] > value["Social"]


def test_the_shop_opens_at_the_start_and_does_not_end_at_the_end(shop: Files) -> None:
    new = shop.first_orders().day.dt.to_period("M").value_counts().sort_index()
    assert new.iloc[0] < new.iloc[:12].mean()
    same_months_a_year_earlier = new.iloc[-15:-12].sum()
    assert 0.85 < new.iloc[-3:].sum() / same_months_a_year_earlier < 1.4
    yearly = new.groupby(np.arange(36) // 12).sum()
    assert yearly.is_monotonic_increasing
    assert yearly.iloc[-1] < 1.6 * yearly.iloc[0]


def test_the_first_cohorts_return_like_the_later_ones(shop: Files) -> None:
    first = shop.first_orders()
    observed = first[first.is_observed]
    is_early = observed.day < "2023-10-01"
    table = pd.crosstab(is_early, observed.returned)
    assert stats.chi2_contingency(table).pvalue > 0.01


def test_no_two_cohorts_are_alike(shop: Files) -> None:
    first = shop.first_orders()
    cohorts = first.groupby(first.day.dt.to_period("M")).agg(size=("day", "size"), returned=("returned", "mean"))
    assert not cohorts.duplicated().any()
    assert cohorts.returned[:24].std() > 0.005


def test_holiday_peaks(shop: Files, key: str) -> None:
    by_month = shop.sales.groupby(shop.sales.ordered_at.dt.month).size()
    typical = by_month.median()
    assert (by_month[[11, 12]] > {"replenish": 1.15, "gift": 2.0}[key] * typical).all()
    if key == "gift":
        assert (by_month[[4, 5]] > 1.05 * typical).all()
    assert (shop.sales.groupby(shop.sales.ordered_at.dt.hour).size().loc[1:5] < len(shop.sales) / 100).all()


def test_advertising_costs_follow_the_customers_won(shop: Files) -> None:
    first = shop.first_orders()
    won = first.groupby([first.day.dt.strftime("%Y-%m-01"), "channel"]).size()
    spent = shop.marketing_spend.set_index(["month", "channel"]).amount
    cost = (spent / won).dropna().groupby("channel").median()
    assert cost["Paid search"] > cost["Referral"] > cost["Organic search"] > 0
    assert set(shop.marketing_spend.channel) == {*first.channel, "Email"}
