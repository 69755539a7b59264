"""From a target back to the levers: the cheapest mix that reaches it in time, or how far the best one gets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from retention_core.goals.arithmetic import Cells, evaluate, force, rate_with
from retention_core.goals.draws import draw_uplifts
from retention_core.goals.goal import Goal, GoalError, Lever
from retention_core.goals.kept import Kept
from retention_core.goals.simulate import goal_month
from retention_core.goals.start import Start, needed, seen, started
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline

Places: TypeAlias = npt.NDArray[np.intp]

FREE = 10  # levers that are tried in every combination
SHORTLIST = 40  # mixes whose cost is computed in full
STEPS = 100  # strengths are whole hundredths
# All that is known of a lever but how it is set.
numbers_of = attrgetter(*(one.name for one in fields(Lever) if one.name not in ("is_on", "strength")))


@dataclass(frozen=True)
class Mix:
    """Which levers to switch on, and how strongly. If `is_reached` is False, the mix that gets furthest.

    `goal`: all levers, those left out switched off; `probability`: of reaching the target with it; `rate`: the rate
    that is reached with the wanted probability; `cost`: expected programme and discounts (where amounts are known) over
    the goal's months.
    """

    goal: Goal
    is_reached: bool
    probability: float
    rate: float
    cost: float

    @property
    def chosen(self) -> tuple[Lever, ...]:
        return self.goal.in_force


@dataclass(frozen=True)
class Question:
    """The target as arrays: at full strength `away` (D, L) is the share that a lever leaves away, by draw."""

    cells: Cells
    expected: Cells
    place: int
    target: Floats  # (D): the rate from which on the target is seen, by draw
    luck: Floats  # (D)
    needed: int  # draws that must reach it
    levers: tuple[Lever, ...]
    effects: Floats  # (D, L): x at full strength
    uplifts: Floats  # (1, L): expected

    def rates(self, away: Floats) -> Floats:
        return rate_with(self.cells, self.place, away)

    def reached(self, away: Floats) -> Floats:
        """(...): draws that reach the target, of (..., D) shares left away."""
        return np.asarray((self.rates(away) >= self.target).sum(axis=-1))

    def away(self, strengths: Floats) -> Floats:
        """(M, D): shares left away by mixes (M, L) of strengths."""
        left = np.ones((len(strengths), len(self.effects)))
        for place in range(len(self.levers)):
            left = left * (1 - strengths[:, place, None] * self.effects[:, place])
        return left

    def cost(self, strengths: Floats) -> Floats:
        """(M): expected cost of mixes (M, L)."""
        outcome = evaluate(self.expected, self.levers, self.uplifts, strengths)
        return np.broadcast_to(outcome.cost.sum(axis=1), len(strengths))


@dataclass(frozen=True)
class _Found:
    """How strongly each lever is used, by key; what else stands in `Mix`."""

    strengths: dict[str, float]
    is_reached: bool
    probability: float
    rate: float
    cost: float


_found: Kept[_Found] = Kept(most=500)  # small ones


def cheapest(
    baseline: Baseline,
    levers: Sequence[Lever],
    target: float,
    by: date | None,
    *,
    probability: float = 0.5,
    window: int = 365,
    margin: float = 1.0,
    horizon: int | None = None,
    seed: int = 0,
) -> Mix:
    """The cheapest mix of these levers that reaches `target` with at least `probability` in the month of `by`.

    Every lever may be used from 0 to full strength, whatever it is set to. Levers that do not act on the return after
    the first order cannot move the goal's rate and stay out. All combinations of the ten that bring most for their
    money are tried; in each at most one lever is at less than full strength: turning down one rather than two saves
    more, as effects multiply and fixed costs stay. What was found for a baseline is kept, however levers are set.
    """
    if not 0 < probability <= 1:
        raise GoalError(f"The wanted probability is {probability!r}; it must lie above 0, and at most at 1.")
    goal = Goal(tuple(levers), window, target, by, margin, horizon)
    asked = (tuple(map(numbers_of, goal.levers)), window, target, by, margin, horizon, probability, seed)
    found = _found.get(baseline, asked, lambda: _looked_for(baseline, goal, probability, seed))
    known = found.strengths
    chosen = tuple(
        replace(lever, is_on=True, strength=known[lever.key]) if lever.key in known else _off(lever)
        for lever in goal.levers
    )
    return Mix(replace(goal, levers=chosen), found.is_reached, found.probability, found.rate, found.cost)


def _off(lever: Lever) -> Lever:
    return replace(lever, is_on=False) if lever.is_on else lever


def _looked_for(baseline: Baseline, goal: Goal, probability: float, seed: int) -> _Found:
    with started(baseline, goal) as start:
        return _search(_question(start, goal, probability, seed))


def _search(question: Question) -> _Found:
    count = len(question.levers)
    nothing, everything = np.zeros((1, count)), np.ones((1, count))
    if question.reached(question.away(nothing))[0] >= question.needed:
        return _used(question, nothing[0])
    # A lever that is expected to do harm helps, if at all, by luck: only if the others do not get there.
    helpful = np.where(question.effects.mean(axis=0) > 0, everything, 0.0)
    fullest = max((helpful, everything), key=lambda mix: _furthest(question, mix))
    if question.reached(question.away(fullest))[0] < question.needed:
        return _used(question, fullest[0])
    tried = np.concatenate([fullest, *_singles(question), _combinations(question, fullest[0])])
    tried = tried[question.reached(question.away(tried)) >= question.needed]
    order = np.lexsort((tried.sum(axis=1), np.count_nonzero(tried, axis=1), question.cost(tried)))
    return _used(question, tried[order[0]])


def _question(start: Start, goal: Goal, probability: float, seed: int) -> Question:
    cells, expected = start.cells, start.expected
    expected = replace(expected, order_value=np.nan_to_num(expected.order_value))
    place, draws = goal_month(goal, cells.months), len(cells.order_value)
    full = (replace(lever, is_on=True, strength=1.0) for lever in goal.levers)
    levers = tuple(
        lever for lever in full if lever.acts_on == "return_after_first" and force(lever, cells.months)[place] > 0
    )
    uplifts = draw_uplifts(levers, draws, seed)
    forces = np.array([force(lever, cells.months)[place] for lever in levers])
    assert goal.target is not None
    return Question(
        cells=cells,
        expected=expected,
        place=place,
        target=needed(goal.target, start.luck[:, place]),
        luck=start.luck[:, place],
        needed=math.ceil(probability * draws - 1e-9),
        levers=levers,
        effects=uplifts * forces,
        uplifts=uplifts.mean(axis=0, keepdims=True),
    )


def _furthest(question: Question, strengths: Floats) -> tuple[int, float]:
    away = question.away(strengths)
    return int(question.reached(away)[0]), float(question.rates(away).mean())


def _used(question: Question, strengths: Floats) -> _Found:
    away = question.away(strengths[None, :])
    reached, rates = int(question.reached(away)[0]), np.sort(seen(question.rates(away)[0], question.luck))
    return _Found(
        strengths={lever.key: float(s) for lever, s in zip(question.levers, strengths, strict=True) if s > 0},
        is_reached=reached >= question.needed,
        probability=reached / rates.size,
        rate=float(rates[rates.size - question.needed]),
        cost=float(question.cost(strengths[None, :])[0]),
    )


def _strength(question: Question, others: Floats, place: int) -> Floats:
    """(M): least strength of one lever with which enough draws reach the target beside `others` (M, D); may pass 1.

    Reached is A(1 - s·x) <= room, A what the others leave away, room what may stay away: s >= (1 - room / A) / x.
    """
    before, rate = question.cells.new_returning[:, question.place], question.cells.new_rate[:, question.place]
    with np.errstate(divide="ignore", invalid="ignore"):
        room = (1 - question.target * before / rate) / (1 - before)
        strength = (1 - room / others) / question.effects[:, place]
    helps = (question.effects[:, place] > 0) & np.isfinite(strength)
    strength = np.where(question.rates(others) >= question.target, 0.0, np.where(helps, strength, np.inf))
    least = np.partition(strength, question.needed - 1, axis=1)[:, question.needed - 1]
    return np.ceil(least * STEPS - 1e-9) / STEPS


def _singles(question: Question) -> list[Floats]:
    """Each lever by itself, where it gets there, no stronger than it must be."""
    alone = np.ones((1, len(question.effects)))
    found = []
    for place in range(len(question.levers)):
        strength = _strength(question, alone, place)
        if strength[0] <= 1:
            found.append(np.eye(len(question.levers))[[place]] * strength)
    return found


def _combinations(question: Question, fullest: Floats) -> Floats:
    """(M, L): the most promising mixes. In each no lever can be left out, and one is as weak as it can be."""
    count = len(question.levers)
    fixed, variable = _costs(question)
    useful = np.flatnonzero(fullest)
    gain = -np.log(np.maximum(1 - question.effects.mean(axis=0), 1e-12))
    useful = useful[np.argsort((fixed + variable)[useful] / np.maximum(gain[useful], 1e-12), kind="stable")]
    always, free = _split(question, useful)
    # away[mask]: what stays away with the levers of the mask's bits, at full strength.
    start = np.zeros(count)
    start[always] = 1
    away = question.away(start[None, :])
    for place in free:
        away = np.concatenate([away, away * (1 - question.effects[:, place])])
    masks = np.arange(len(away))
    reaches = question.reached(away) >= question.needed
    mixes, costs = [np.zeros((0, count))], [np.zeros(0)]
    for bit, place in enumerate(free):
        without = masks ^ (1 << bit)
        chosen = masks[(masks >> bit & 1 == 1) & reaches & ~reaches[without]]
        strength = _strength(question, away[without[chosen]], place) if len(chosen) else np.zeros(0)
        mix = np.repeat(start[None, :], len(chosen), axis=0)
        mix[:, free] = chosen[:, None] >> np.arange(len(free)) & 1
        mix[:, place] = np.minimum(strength, 1)
        mixes.append(mix)
        costs.append((mix > 0) @ fixed + mix @ variable)
    best = np.argsort(np.concatenate(costs), kind="stable")[:SHORTLIST]
    return np.concatenate(mixes)[best]


def _split(question: Question, useful: Places) -> tuple[Places, Places]:
    """Levers always on, and those tried in every combination: as many as reach the target, best value first."""
    on = np.zeros((1, len(question.levers)))
    for enough, place in enumerate(useful, start=1):
        on[0, place] = 1
        if enough >= FREE and question.reached(question.away(on))[0] >= question.needed:
            break
    chosen = useful[: int(on.sum())]
    return chosen[: max(0, len(chosen) - FREE)], chosen[max(0, len(chosen) - FREE) :]


def _costs(question: Question) -> tuple[Floats, Floats]:
    """(L), (L): of each lever by itself, what it costs at any strength, and what full strength adds."""
    each = np.eye(len(question.levers))
    full, half = np.split(question.cost(np.concatenate([each, each / 2])), 2)
    return 2 * half - full, 2 * (full - half)
