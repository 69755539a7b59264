"""What is kept of a baseline between moves of a slider changes no answer, and goes with the baseline."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from retention_core.goals.backwards import cheapest
from retention_core.goals.goal import Goal
from retention_core.goals.kept import Kept
from retention_core.goals.simulate import rate_without, simulate
from retention_core.goals.start import start_of
from tests.goals import made
from tests.goals.test_simulate import every_byte


@settings(max_examples=20, deadline=None)
@given(baseline=made.baselines(), goal=made.goals(), other=made.goals())
def test_a_baseline_that_was_used_answers_as_a_new_one(baseline, goal, other) -> None:
    for before in (other, replace(goal, margin=0.123), replace(goal, horizon=1), replace(goal, levers=())):
        simulate(baseline, before)
    simulate(baseline, goal)
    assert rate_without(baseline, goal) == simulate(baseline, goal).rate_before
    used, new = simulate(baseline, goal), simulate(replace(baseline), goal)
    assert every_byte(used) == every_byte(new)


def test_the_cheapest_mix_does_not_depend_on_how_levers_are_set_but_on_their_numbers() -> None:
    base, levers = made.baseline(rate=0.2), tuple(made.lever(key, 0.2, cost_once=1.0) for key in ("one", "other"))
    first = cheapest(base, levers, 0.25, None)
    weak = tuple(replace(lever, is_on=False, strength=0.3) for lever in levers)
    again = cheapest(base, weak, 0.25, None)
    assert [x.key for x in again.chosen] == [x.key for x in first.chosen] and len(first.chosen) == 1
    assert {x.strength for x in again.goal.levers if not x.is_on} == {0.3}
    dear = tuple(replace(lever, cost_once=9.0) if lever.key == first.chosen[0].key else lever for lever in levers)
    assert [x.key for x in cheapest(base, dear, 0.25, None).chosen] != [x.key for x in first.chosen]
    assert cheapest(base, levers, 0.3, None).chosen[0].strength > first.chosen[0].strength


def test_a_start_is_worked_out_once_per_window_horizon_and_margin() -> None:
    base = made.baseline()
    one = start_of(base, Goal())
    assert start_of(base, Goal((made.lever(),), target=0.3)) is one
    others = [start_of(base, Goal(window=90)), start_of(base, Goal(margin=0.5)), start_of(base, Goal(horizon=3))]
    assert len({id(found) for found in (one, *others, start_of(replace(base), Goal()))}) == 5


def test_only_the_latest_are_kept() -> None:
    base, kept, asked = made.baseline(), Kept[str](most=2), []
    for key in ("a", "b", "a", "c", "b", "a"):
        assert kept.get(base, key, lambda key=key: asked.append(key) or key.upper()) == key.upper()
    assert asked == ["a", "b", "c", "b", "a"]


def test_only_the_latest_of_all_baselines_are_kept() -> None:
    """Visitors come in crowds; what is kept of them together has a bound."""
    bases, kept, asked = [made.baseline() for _ in range(4)], Kept[int](most=2), []
    for place in (0, 1, 0, 2, 0, 1, 3):
        kept.get(bases[place], "same", lambda place=place: asked.append(place) or place)
    assert asked == [0, 1, 2, 1, 3]


def test_what_a_visitor_holds_is_small_beside_what_a_plan_is_worked_out_with() -> None:
    base = made.baseline(months=24, draws=1_000)
    result = simulate(base, Goal((made.lever(sd=0.02),), target=0.3))
    cells = start_of(base, Goal()).cells
    worked_with = sum(part.nbytes for part in vars(cells).values() if isinstance(part, np.ndarray))
    assert len(pickle.dumps((base, result))) < worked_with / 5


@pytest.mark.parametrize("use", [lambda base: simulate(base, Goal()), lambda base: cheapest(base, (), 0.3, None)])
def test_a_baseline_that_nobody_holds_is_forgotten(use) -> None:
    base = made.baseline()
    gone = weakref.ref(base)
    use(base)
    del base
    gc.collect()
    assert gone() is None
