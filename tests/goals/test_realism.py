"""Is a target realistic: laws of the verdict, and what it says of sample shops and real ones."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core.answers import realism as verdicts
from retention_core.goals import realism
from retention_core.goals.goal import GoalError
from retention_core.goals.published import PUBLISHED, published_for
from retention_core.goals.realism import Facts, Kind, ProductKind, Realism
from retention_core.metrics import Reading

ORDER = ("within", "stretch", "not_seen")
AS_OF = date(2026, 6, 30)
shares = st.floats(0.01, 0.9)
lawful = settings(max_examples=30, deadline=None)


@cache
def sample_facts(name: str, window: int = 365) -> Facts:
    shop = rc.open_orders(rc.sample(name))
    facts = realism.facts_of(shop, window)
    shop.close()
    return facts


@pytest.fixture(scope="module")
def online_retail(shared_data: Path) -> Iterator[rc.Shop]:
    shop = rc.open_orders(
        [shared_data / "online_retail_ii_2009_2010.parquet", shared_data / "online_retail_2010_2011.parquet"]
    )
    yield shop
    shop.close()


def made(
    quarters: list[tuple[str, int, float, float]] | None = None,
    segments: list[tuple[str, str, int, float]] | None = None,
    new_customers: int = 2_000,
    window: int = 365,
    kind: Kind = "mixed",
) -> Facts:
    """Facts as they might be. Quarters: first day, customers, share, shrunk share; segments likewise."""
    rows = pd.DataFrame(quarters or [], columns=["quarter", "customers", "share", "shrunk_share"])
    rows = rows.astype({"quarter": "datetime64[us]", "customers": int, "share": float, "shrunk_share": float})
    rows["ordered_again"] = (rows["customers"] * rows["share"]).round()
    groups = pd.DataFrame(segments or [], columns=["dimension", "value", "customers", "shrunk_share"])
    groups["share"] = groups["shrunk_share"]
    rate = Reading(0.1, 0.09, 0.11, 100, 1_000, "share")
    return Facts(AS_OF, window, rate, rows, groups, new_customers, ProductKind(kind, 0.2, 900, 300))


def a_year_later(facts: Facts, baseline: float, target: float, days: int = 365) -> Realism:
    return realism.judge(facts, baseline, target, facts.as_of + timedelta(days=days))


def witness(judged: Realism, key: str) -> realism.Witness:
    return next(one for one in judged.witnesses if one.key == key)


# Laws


@lawful
@given(
    baseline=shares,
    targets=st.lists(st.floats(0, 1), min_size=2, max_size=6),
    days=st.integers(1, 1_500),
    own=shares,
    group=shares,
)
def test_a_higher_target_is_never_more_realistic(
    baseline: float, targets: list[float], days: int, own: float, group: float
) -> None:
    facts = made(
        [("2025-01-01", 500, own, own), ("2025-04-01", 500, 0.1, 0.1)],
        [("channel", "Search", 600, group), ("channel", "Social", 400, 0.05)],
    )
    judged = [a_year_later(facts, baseline, target, days) for target in sorted(targets)]
    ranks = [ORDER.index(one.verdict) for one in judged]
    assert ranks == sorted(ranks)
    assert all(baseline <= one.plan_up_to <= one.stretch_up_to <= 1 for one in judged)


@lawful
@given(baseline=shares, days=st.integers(1, 1_500))
def test_what_comes_by_itself_is_within(baseline: float, days: int) -> None:
    assert a_year_later(made(), baseline, baseline, days).verdict == "within"


@lawful
@given(rate=st.floats(0, 0.8), customers=st.integers(50, 100_000), more=st.integers(1, 100_000))
def test_more_customers_tell_smaller_changes(rate: float, customers: int, more: int) -> None:
    few, many = realism.smallest_change(rate, customers), realism.smallest_change(rate, customers + more)
    assert few is not None and many is not None
    assert many < few


@lawful
@given(
    baseline=shares,
    kind=st.sampled_from(["replenishable", "mixed", "varied", "unknown", "gift"]),
    days=st.integers(30, 1_200),
)
def test_suggested_targets_rise_and_are_never_what_nobody_has_seen(baseline: float, kind: Kind, days: int) -> None:
    judged = a_year_later(made(kind=kind), baseline, baseline, days)
    targets = judged.targets
    assert targets.cautious <= targets.realistic <= targets.ambitious <= 1
    assert a_year_later(made(kind=kind), baseline, targets.cautious, days).verdict == "within"
    assert a_year_later(made(kind=kind), baseline, targets.ambitious, days).verdict != "not_seen"


@lawful
@given(baseline=shares)
def test_goods_that_are_used_up_allow_more_than_gifts(baseline: float) -> None:
    by_kind = [a_year_later(made(kind=kind), baseline, baseline).targets for kind in ("gift", "mixed", "replenishable")]
    ambitious = [one.ambitious for one in by_kind]
    assert ambitious == sorted(ambitious)
    assert len({one.cautious for one in by_kind}) == 1


@lawful
@given(
    baseline=shares,
    days=st.lists(st.integers(1, 1_500), min_size=2, max_size=2),
    rates=st.lists(st.tuples(st.integers(30, 5_000), shares), min_size=1, max_size=16),
)
def test_more_time_never_makes_a_target_harder(
    baseline: float, days: list[int], rates: list[tuple[int, float]]
) -> None:
    starts = pd.date_range("2021-01-01", periods=len(rates), freq="QS")
    facts = made([(str(day.date()), n, p, p) for day, (n, p) in zip(starts, rates, strict=True)])
    sooner, later = (a_year_later(facts, baseline, baseline, count) for count in sorted(days))
    assert sooner.plan_up_to <= later.plan_up_to and sooner.stretch_up_to <= later.stretch_up_to


@pytest.mark.parametrize("name", ["gift", "replenish"])
def test_more_time_never_makes_a_target_harder_in_the_sample_shops(name: str) -> None:
    facts = sample_facts(name)
    judged = [a_year_later(facts, facts.rate.value, 0.5, days) for days in range(30, 1_200, 45)]
    for ends in ([one.plan_up_to for one in judged], [one.stretch_up_to for one in judged]):
        assert ends == sorted(ends)


def test_a_small_shop_that_kept_everybody_is_not_told_that_nobody_has_been_seen_doing_so() -> None:
    """All of its 3 customers came back, 81 % of the next are expected to: that, not luck, is where its goal begins."""
    judged = a_year_later(replace(made(), rate=Reading(1.0, 0.44, 1.0, 3, 3, "share")), 0.81, 1.0)
    assert judged.verdict == "stretch" and judged.stretch_up_to < 1 == judged.seen_up_to
    assert judged.targets.cautious < judged.first_target == judged.stretch_up_to
    usual = a_year_later(made(), 0.1, 0.5)
    assert usual.verdict == "not_seen" and usual.seen_up_to == usual.stretch_up_to
    assert usual.first_target == max(usual.targets.cautious, 0.1)


def test_a_goal_needs_a_rate_that_was_seen_and_somebody_new() -> None:
    facts = made()
    unseen = replace(facts, rate=Reading(None, None, None, 0, 0, "share"))
    found = [a_year_later(one, 0.1, 0.2).has_meaning for one in (facts, unseen, replace(facts, new_customers=0))]
    assert found == [True, False, False]


# Figures


def test_a_season_is_no_rise_however_close_the_goal() -> None:
    """Each spring 30 %, each autumn 10 %: the same every year."""
    starts = pd.date_range("2023-01-01", periods=8, freq="QS")
    facts = made([(str(day.date()), 900, 0.3 if day.month < 7 else 0.1, 0.2) for day in starts])
    for days in (60, 270, 800):
        assert witness(a_year_later(facts, 0.2, 0.3, days), "own_change").figures["change"] == 0


def test_of_a_years_rise_a_closer_goal_counts_its_part() -> None:
    facts = made([("2024-01-01", 900, 0.10, 0.10), ("2025-01-01", 900, 0.18, 0.18)])
    moved = witness(a_year_later(facts, 0.1, 0.15, 73), "own_change")
    assert moved.figures["change"] == pytest.approx(0.08 / 5) and moved.share == pytest.approx(0.116)


def test_the_smallest_change_is_that_of_the_textbook() -> None:
    """0.10 against 0.15 needs 686 in each group (Fleiss, Levin & Paik 2003, eq. 4.14, no continuity correction)."""
    change = realism.smallest_change(0.10, 685.6)
    assert change == pytest.approx(0.05, abs=5e-5)
    assert realism.smallest_change(0.1, 3) is None
    assert realism.smallest_change(0.1, 0) is None


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_the_smallest_change_is_found_in_four_of_five_made_up_tests(rate: float) -> None:
    rng, customers, runs = np.random.default_rng(3), 1_500, 4_000
    change = realism.smallest_change(rate, customers)
    assert change is not None
    one, other = rng.binomial(customers, [[rate], [rate + change]], (2, runs)) / customers
    mean = (one + other) / 2
    z = (other - one) / np.sqrt(2 * mean * (1 - mean) / customers)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.025)


def test_a_rise_beyond_chance_counts_and_one_within_does_not() -> None:
    quarters = [("2024-01-01", 900, 0.10, 0.10), ("2025-01-01", 900, 0.18, 0.18)]
    judged = a_year_later(made(quarters), 0.1, 0.15)
    moved = witness(judged, "own_change")
    assert moved.figures["change"] == pytest.approx(0.08) and moved.share == pytest.approx(0.18)
    few = [(day, 60, share, shrunk) for day, _, share, shrunk in quarters]
    moved = witness(a_year_later(made(few), 0.1, 0.15), "own_change")
    assert moved.figures["change"] == 0 and moved.share == 0.1
    assert (moved.figures["from_share"], moved.figures["to_share"]) == (0.1, 0.18)


def test_only_figures_of_the_same_definition_and_window_are_compared() -> None:
    assert set(published_for(365)) == {"all_retailers", "programme_low", "programme_high"}
    assert not published_for(180)
    assert witness(a_year_later(made(window=180), 0.1, 0.11), "published").share is None
    assert all(one.definition == "calendar_year" for one in PUBLISHED if "Bluecore" in one.source)


def test_a_goal_in_the_past_is_refused() -> None:
    with pytest.raises(GoalError, match="must be after 2026-06-30"):
        realism.judge(made(), 0.1, 0.2, AS_OF)
    with pytest.raises(GoalError, match="target"):
        realism.judge(made(), 0.1, math.nan, date(2027, 1, 1))


# What is said


def said(facts: Facts, baseline: float, target: float, best: float | None = None) -> str:
    by = date(2027, 7, 1)
    return verdicts.verdict_answer(realism.judge(facts, baseline, target, by), by, best)


def test_levers_that_do_not_get_there_are_said_beside_the_range() -> None:
    facts = made([("2024-01-01", 900, 0.2, 0.2), ("2025-01-01", 900, 0.1, 0.1)])
    assert said(facts, 0.1, 0.2) == "20 % by Jul 2027 is within your own range: your best quarter came to 20 %."
    weak = said(facts, 0.1, 0.2, best=0.31)
    assert weak.startswith(said(facts, 0.1, 0.2)) and "levers alone hardly get you there (chance at best 31 %)" in weak
    assert "under 1 %" in said(facts, 0.1, 0.2, best=0.0)
    for unchanged in (said(facts, 0.1, 0.2, best=0.6), said(facts, 0.1, 0.2, best=0.5)):
        assert unchanged == said(facts, 0.1, 0.2)
    assert "hardly" not in said(facts, 0.1, 0.05, best=0.1)  # nothing is asked of the levers


def test_a_rate_that_drifts_down_is_a_gain_to_hold_unless_it_is_the_season() -> None:
    high = [("2024-07-01", 900, 0.1, 0.1), ("2025-01-01", 900, 0.1, 0.1)]
    assert "drifting down: 10 % so far, 7.0 % expected by Jul 2027" in said(made(high), 0.07, 0.09)
    assert "drifting" not in said(made(high), 0.095, 0.1)  # within the doubt of today's rate
    summer = [("2024-07-01", 900, 0.06, 0.06), ("2025-01-01", 900, 0.14, 0.14)]
    season = said(made(summer), 0.07, 0.09)
    assert "drifting" not in season and "less often before, too (6.0 %, against 10 % of all)" in season


def test_a_shop_without_new_customers_and_one_too_young_get_no_verdict() -> None:
    assert said(made(new_customers=0), 0.1, 0.2) == "You win no new customers; this goal has nobody to act on."
    young = replace(made(), rate=Reading(None, None, None, 0, 0, "share"))
    assert said(young, 0.1, 0.2).startswith("Too early for a goal: none of your customers has had 365 days")


def test_the_best_quarter_is_told_as_counted_and_without_its_luck() -> None:
    facts = made([("2024-07-01", 900, 0.464, 0.443), ("2024-10-01", 900, 0.3, 0.3)])
    own = verdicts.witness_answers(a_year_later(facts, 0.3, 0.4))["own_best"]
    assert "46.4 % ordered again" in own and "partly luck, so 44.3 % is counted here" in own


def test_who_returns_often_buys_no_gifts_only() -> None:
    judged = a_year_later(made(kind="varied"), 0.7, 0.7)
    assert "the same people come back for other products" in verdicts.product_answer(judged)


# Shops


def test_the_gift_shop_cannot_go_from_10_to_50_but_11_is_a_plan() -> None:
    facts = sample_facts("gift")
    assert facts.rate.value == pytest.approx(0.0989, abs=5e-5)
    assert facts.product.kind == "gift" and facts.product.share == pytest.approx(0.097, abs=0.001)
    assert a_year_later(facts, facts.rate.value, 0.11).verdict == "within"
    far = a_year_later(facts, facts.rate.value, 0.5)
    assert (far.verdict, far.colour) == ("not_seen", "red")
    own = witness(far, "own_best").figures
    assert own["quarter_share"] == pytest.approx(0.1105, abs=5e-4) and own["quarters"] == 8
    assert (own["dimension"], own["segment"]) == ("channel", "Referral")
    assert own["segment_share"] == pytest.approx(0.183, abs=5e-4)


def test_the_replenishing_shop_is_told_to_aim_higher_than_the_gift_shop() -> None:
    facts, gift = sample_facts("replenish"), sample_facts("gift")
    assert facts.product.kind == "replenishable" and facts.product.share == pytest.approx(0.58, abs=0.005)
    targets = a_year_later(facts, facts.rate.value, 0.4).targets
    gifts = a_year_later(gift, gift.rate.value, 0.1).targets
    assert targets.ambitious / facts.rate.value > 1.14 > 1.08 > gifts.ambitious / gift.rate.value


@pytest.mark.parametrize("window", [90, 180])
def test_shorter_windows_have_their_own_figures(window: int) -> None:
    facts = sample_facts("gift", window)
    assert facts.rate.value is not None and facts.rate.value < 0.08
    assert len(facts.quarters) > 8
    assert a_year_later(facts, facts.rate.value, 0.5).verdict == "not_seen"


def test_customers_older_than_the_data_are_no_best_quarter(online_retail: rc.Shop) -> None:
    """The first quarters of Online Retail II return at 89 % and 80 %: they had bought before the data begin."""
    facts = realism.facts_of(online_retail)
    assert facts.quarters["quarter"].min() == pd.Timestamp("2010-04-01")
    assert facts.rate.value == pytest.approx(0.6577, abs=1e-3)
    assert facts.product.kind == "mixed"
    judged = a_year_later(facts, facts.rate.value, 0.95)
    assert judged.verdict == "not_seen"
    assert witness(judged, "own_best").figures["quarter_share"] < 0.7
    assert witness(judged, "own_change").share is None  # one finished year, nothing to compare it with


def test_a_real_shop_is_told_its_own_figures(shared_data: Path) -> None:
    """Superstore: 71 % already, 72 % in its best quarter and in its best category."""
    shop = rc.open_orders(shared_data / "superstore.csv.gz")
    facts = realism.facts_of(shop)
    judged = a_year_later(facts, facts.rate.value, 0.95)
    assert judged.verdict == "not_seen"
    own = witness(judged, "own_best").figures
    assert own["quarter_share"] == pytest.approx(0.716, abs=0.002) and own["quarters"] == 10
    assert own["segment"] == "Office Supplies"
    assert facts.product.kind == "varied"  # 2 % of what was bought later had been bought before, yet 71 % return
    shop.close()


def test_one_quarter_alone_is_no_range(shared_data: Path) -> None:
    """CDNOW's customers all came in the first quarter of 1997; nobody new is won, so nothing can be measured either."""
    shop = rc.open_orders(shared_data / "cdnow_master.csv.gz")
    facts = realism.facts_of(shop)
    judged = a_year_later(facts, facts.rate.value, 0.9)
    assert judged.verdict == "not_seen" and judged.is_measurable is None
    assert witness(judged, "own_best").share is None and witness(judged, "measurable").share is None
    assert judged.product.kind == "unknown"
    shop.close()


def test_a_filter_has_a_range_of_its_own() -> None:
    shop = rc.open_orders(rc.sample("replenish"))
    social, every = realism.facts_of(shop, channel=["Social"]), sample_facts("replenish")
    assert social.rate.value < every.rate.value - 0.08
    assert social.new_customers < every.new_customers
    assert social.segments.query("dimension == 'channel'")["value"].tolist() == ["Social"]
    assert witness(a_year_later(social, social.rate.value, 0.3), "own_best").figures.get("dimension") != "channel"
    shop.close()
