"""From the target back to the levers: what it says is cheapest gets there, and nothing simpler is cheaper."""

from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_core.goals.backwards import cheapest
from retention_core.goals.goal import GoalError
from retention_core.goals.simulate import simulate
from tests.goals import made

lawful = settings(max_examples=40, deadline=None)
choices = st.integers(1, 4).flatmap(
    lambda count: st.tuples(*(made.levers(f"lever_{place}", "return_after_first") for place in range(count)))
)


def all_on(levers) -> tuple:
    return tuple(replace(lever, is_on=True, strength=1.0) for lever in levers)


@lawful
@given(
    baseline=made.baselines(),
    levers=choices,
    target=st.floats(0, 0.8),
    probability=st.sampled_from([0.3, 0.5, 0.8]),
    window=st.sampled_from([90, 365]),
)
def test_what_it_promises_the_simulation_keeps(baseline, levers, target, probability, window) -> None:
    mix = cheapest(baseline, levers, target, baseline.months[-1], probability=probability, window=window)
    forwards = simulate(baseline, mix.goal)
    assert forwards.probability == mix.probability
    everything = simulate(baseline, replace(mix.goal, levers=all_on(levers)))
    if mix.is_reached:
        assert forwards.probability >= probability
    else:
        assert everything.probability < probability and mix.rate < target


@lawful
@given(baseline=made.baselines(), levers=choices, target=st.floats(0, 0.8))
def test_no_single_lever_is_cheaper(baseline, levers, target) -> None:
    mix = cheapest(baseline, levers, target, None)
    for lever in levers:
        single = cheapest(baseline, (lever,), target, None)
        if single.is_reached:
            assert mix.is_reached and mix.cost <= single.cost * (1 + 1e-9) + 1e-9


MANY = 1e12  # customers a month: what is seen of so many is what was to be expected


@pytest.mark.parametrize("seed", range(6))
def test_no_mix_on_a_grid_is_cheaper(seed) -> None:
    """Three levers, each at every tenth of its strength: 1,331 mixes simulated by the formula itself."""
    rng = np.random.default_rng(seed)
    base = made.baseline(rate=0.2, spread=0, draws=1, arrivals=MANY)
    levers = tuple(
        made.lever(
            f"lever_{place}",
            float(rng.uniform(0.03, 0.12)),
            cost_once=float(rng.choice([0, 500, 4000])),
            cost_per_contact=float(rng.uniform(0.001, 0.05)) * 400 / MANY,
            contacts_per_month=1.0,
        )
        for place in range(3)
    )
    target = 0.28
    mix = cheapest(base, levers, target, None)
    contacts = sum(20 + min(month, 12) for month in range(1, 13)) * MANY
    costs = []
    for strengths in product(np.arange(11) / 10, repeat=3):
        away = np.prod([1 - s * one.uplift.mean for s, one in zip(strengths, levers, strict=True)])
        if 1 - 0.8 * away >= target:
            pairs = zip(strengths, levers, strict=True)
            costs.append(sum((s > 0) * one.cost_once + s * one.cost_per_contact * contacts for s, one in pairs))
    assert mix.is_reached and mix.cost <= min(costs) + 1e-6


def test_it_says_when_no_mix_gets_there_and_how_far_the_best_does() -> None:
    levers = (made.lever("one", 0.1), made.lever("two", 0.1), made.lever("other", 0.5, acts_on="win_back"))
    mix = cheapest(made.baseline(rate=0.1, spread=0, arrivals=MANY), levers, 0.5, None)
    assert not mix.is_reached and mix.probability == 0
    assert mix.rate == pytest.approx(1 - 0.9 * 0.9 * 0.9)
    assert [lever.key for lever in mix.chosen] == ["one", "two"]


def test_a_target_that_comes_by_itself_costs_nothing() -> None:
    mix = cheapest(made.baseline(rate=0.2), (made.lever(cost_once=10.0),), 0.1, None)
    assert mix.is_reached and mix.chosen == () and mix.cost == 0


def test_a_lever_is_only_as_strong_as_it_must_be() -> None:
    """From 20 to 22 %: 1 - 0.8 * (1 - s * 0.1) = 0.22 at s = 0.25; free ones too."""
    for cost in (0.1, 0.0):
        one = made.lever(mean=0.1, cost_per_contact=cost, contacts_per_month=1.0)
        base = made.baseline(rate=0.2, spread=0, arrivals=MANY)
        assert cheapest(base, (one,), 0.22 - 1e-6, None).chosen[0].strength == 0.25


def test_a_lever_that_begins_after_the_date_does_not_help() -> None:
    late = made.lever(mean=0.5, starts=date(2025, 8, 1))
    base = made.baseline(rate=0.2, spread=0)
    assert not cheapest(base, (late,), 0.3, date(2025, 7, 1)).is_reached
    assert cheapest(base, (late,), 0.3, date(2025, 8, 1)).is_reached


def test_a_lever_that_does_harm_is_left_out() -> None:
    harm = made.lever("harm", -0.05, kind="normal", sd=0.01, grade="A")
    mix = cheapest(made.baseline(rate=0.2, spread=0), (harm, made.lever("help", 0.2)), 0.3, None)
    assert mix.is_reached and [lever.key for lever in mix.chosen] == ["help"]


def test_surer_costs_more() -> None:
    levers = tuple(
        made.lever(f"lever_{place}", 0.08, sd=0.04, cost_per_contact=0.1 * (place + 1), contacts_per_month=1.0)
        for place in range(4)
    )
    base = made.baseline(rate=0.2, spread=0.1)
    costs = [cheapest(base, levers, 0.26, None, probability=share).cost for share in (0.3, 0.5, 0.7, 0.9)]
    assert costs == sorted(costs) and costs[0] < costs[-1]


def test_many_levers_too_find_a_mix_where_all_are_needed() -> None:
    """Fourteen: more than are tried in every combination."""
    levers = tuple(made.lever(f"lever_{place}", 0.02, cost_once=100.0) for place in range(14))
    base = made.baseline(rate=0.2, spread=0, arrivals=MANY)
    most = 1 - 0.8 * 0.98**14
    mix = cheapest(base, levers, most - 1e-5, None)
    assert mix.is_reached and len(mix.chosen) == 14
    assert not cheapest(base, levers, most + 1e-5, None).is_reached


def test_the_same_question_has_the_same_answer() -> None:
    levers = tuple(made.lever(f"lever_{place}", 0.05, sd=0.02, cost_once=100.0) for place in range(5))
    mixes = [cheapest(made.baseline(), levers, 0.25, None, seed=3) for _ in range(2)]
    assert mixes[0] == mixes[1]


def test_an_odd_probability_is_refused() -> None:
    with pytest.raises(GoalError, match="probability is 0"):
        cheapest(made.baseline(), (), 0.3, None, probability=0)
