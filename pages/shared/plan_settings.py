"""Settings of a plan on the Goals page: the goal, and a slider for each lever. All stand in the link."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitAPIException

import retention_core as rc
from pages.shared import scope, sources, ui
from retention_core import worth
from retention_core.answers import levers as answers
from retention_core.goals import levers, link, realism
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import ActsOn, Goal, GoalError, Lever
from retention_core.goals.levers import OwnTest, Reach
from retention_core.goals.simulate import simulate
from retention_core.say import month, say

WINDOWS = {"365": "A year", "180": "180 days", "90": "90 days"}
FINE, COARSE, MANY = 0.001, 0.005, 0.2  # steps of the goal's slider; where MANY come back it is coarser
LEVER_STEP, MARGIN_STEP = 0.05, 0.01
SOONEST, USUAL = 3, 12  # months until a goal: the least that is offered, and the first suggestion
GROUPS: Mapping[str, tuple[ActsOn, ...]] = {
    "New customers come back": ("return_after_first",),
    "Existing customers": ("return_of_active", "win_back"),
    "Orders and new customers": ("order_value", "orders_per_buyer", "acquisition"),
}
USUALLY_TESTED = "email_frequency"
CHANGED = "set"  # in the link: what was changed of the levers
# Fragments of the page: what is drawn anew when a slider moves, in this order. The levers' effects come between.
FIRST, LAST = ("sentence", "picture", "levers_on"), ("reasons",)


@dataclass(frozen=True)
class Offered:
    """The levers of the chosen shop, all off; whom each reaches; those with the best evidence; randomised tests of its
    own; and which are on at first."""

    levers: tuple[Lever, ...]
    reaches: Mapping[str, Reach]
    suggested: tuple[str, ...]
    tests: Mapping[str, OwnTest]
    first: tuple[str, ...] = ()

    @property
    def acting(self) -> tuple[Lever, ...]:
        """Those that move a number here; the others only plan, or lack their data."""
        return tuple(one for one in self.levers if not one.is_planning_only and one.reach > 0)

    @property
    def names(self) -> dict[str, str]:
        return {lever.key: say(lever.strategy) for lever in self.levers}


def offered(shop: rc.Shop, **scope: Any) -> Offered:
    """Counted once per data set and scope. A test of one's own can be used where its split was fair."""
    found, reaches = levers.of_shop(shop, **scope), levers.reach_of_shop(shop, **scope)
    enough = [lever for lever in found if not reaches[lever.key].is_too_few]
    tests = {}
    for row in shop.query("test_arms", **scope).itertuples():
        test = levers.read_test(shop, test=str(row.test), treated=str(row.arm), **scope)
        if test is not None and test.split_p >= levers.FAIR_SPLIT and test.shares[1] < 1:
            tests[f"{row.test}: {row.arm}"] = test
    return Offered(found, reaches, levers.suggested(enough), tests)


def first_plan(base: Baseline, own: Offered, margin: float) -> tuple[str, ...]:
    """Of the suggested levers those expected to pay, by themselves and together; all where no money is known."""
    on = tuple(replace(lever, is_on=True) for lever in own.acting if lever.key in own.suggested)
    alone = simulate(base, Goal(on, margin=margin)).levers
    if alone["profit"].isna().any():
        return own.suggested
    paying = alone.loc[alone["profit"] > 0, "key"].tolist()
    together = Goal(tuple(lever for lever in on if lever.key in paying), margin=margin)
    return tuple(paying) if simulate(base, together).profit.mean > 0 else ()


def strength_key(lever: Lever) -> str:
    """The name of a lever's slider in the link."""
    return f"do_{lever.key}"


def effect_key(key: str) -> str:
    """The name of the fragment that says what a lever does by itself."""
    return f"effect_{key}"


def redraw(*keys: str) -> None:
    """A slider was moved: what follows from it is drawn anew, and these levers' effects; all sliders stay as they are.

    A slider that is moved before the page is whole finds nothing to draw anew: then everything is.
    """
    with suppress(StreamlitAPIException):
        st.rerun([*FIRST, *map(effect_key, keys), *LAST])


def _redraw_all() -> None:
    state = st.session_state
    redraw(*(str(key)[3:] for key in state if str(key).startswith("do_") and state[key]))


def window() -> int:
    return int(ui.choose("Coming back means a second order within", WINDOWS, "within"))


def by(base: Baseline) -> date:
    """The month whose new customers the goal is about."""
    months = {month(first): first for first in base.months[min(SOONEST, len(base.months)) - 1 :]}
    usual = month(base.months[min(USUAL, len(base.months)) - 1])
    scope.note_unknown("by", months)
    chosen = st.selectbox(
        say("Customers first won in"), list(months), list(months).index(usual), key="by", bind="query-params"
    )
    return months[chosen or usual]


def _follow(key: str, usual: float, first: str) -> None:
    """A slider that nobody has touched follows what is suggested, as it does in a link, which leaves it out. `first`:
    the key of what was suggested last."""
    state = st.session_state
    if key in state and state[key] == state.get(first) != usual:
        state[key] = usual
    state[first] = usual


def target(judged: realism.Realism) -> None:
    """The goal; steps are finer where few come back: half a point is much there."""
    suggestion = judged.first_target
    step = FINE if suggestion < MANY else COARSE
    steps = math.ceil(round(suggestion / step, 6))
    if steps * step > judged.seen_up_to:
        steps -= 1
    usual = min(max(round(steps * step, 3), step), 1.0)
    scope.note_unfit("target", step, 1.0)
    _follow("target", usual, "first_goal")
    label = say("Goal: so many of them order again in time")
    st.slider(label, step, 1.0, usual, step, format="percent", key="target", bind="query-params", on_change=redraw)


def usual_margin() -> float:
    """What the costs in the files leave of revenue; all of it where they tell none."""
    if not sources.shop().facts.cost:
        return 1.0
    return min(max(round(worth.rate_of_costs(ui.query("margin_cells")), 2), MARGIN_STEP), 1.0)


def margin(usual: float) -> None:
    scope.note_unfit("margin_of_plan", MARGIN_STEP, 1.0)
    _follow("margin_of_plan", usual, "first_margin")
    st.slider(
        say("Margin"), MARGIN_STEP, 1.0, usual, MARGIN_STEP, format="percent", key="margin_of_plan",
        bind="query-params", on_change=_redraw_all, width=320,
        help=say(
            "What is left of revenue after goods and delivery; at first, what the costs in your files leave, or 100 %. "
            "At 100 % all money here is revenue, not profit."
        ),
    )  # fmt: skip


def own_test(own: Offered) -> dict[str, Lever]:
    """By key: the lever that a test of the shop's own was about, with what it found, where the user wants it so."""
    scope.note_unknown("test", own.tests)
    scope.note_unknown("own_test", ["true", "false"] if own.tests else ["false"])
    if not own.tests:
        return {}
    about = {lever.key: say(lever.strategy) for lever in own.acting if lever.acts_on in levers.RETURNING}
    name = next(iter(own.tests))
    with st.container(border=True):
        if len(own.tests) > 1:
            name = st.selectbox(say("Test"), list(own.tests), key="test", bind="query-params") or name
        found = own.tests[name]
        ui.tell(answers.own_test_answer(found))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            keys = list(about)
            usual = keys.index(USUALLY_TESTED) if USUALLY_TESTED in keys else 0
            key = st.selectbox(say("The test was about"), keys, usual, format_func=about.__getitem__, key="tested")
            is_used = st.toggle(
                say("Put it into the plan"), key="own_test", bind="query-params", on_change=_switch, args=(key,)
            )
    lever = next(one for one in own.levers if one.key == (key or keys[usual]))
    return {lever.key: levers.with_own_test(lever, found)} if is_used else {}


def _switch(key: str) -> None:
    """A test that is put into the plan switches its lever on, and off again."""
    st.session_state[f"do_{key}"] = 1.0 if st.session_state.get("own_test") else 0.0


def lever_cards(shown: Offered) -> dict[str, DeltaGenerator]:
    """A slider for each lever that acts: how many of those who can be reached are reached. Returns by key of the lever
    the place below it, where its effect goes once it is known."""
    places: dict[str, DeltaGenerator] = {}
    for tab, kinds in zip(st.tabs([say(name) for name in GROUPS]), GROUPS.values(), strict=True):
        acting = [one for one in shown.acting if one.acts_on in kinds]
        if not acting:
            tab.caption(say("None of these can be counted in your files: see “Levers without a number” below."))
        with tab, st.grid(3, min_column_width=230):
            for lever in acting:
                with st.container(border=True, height="stretch"):
                    _strength(lever, shown)
                    places[lever.key] = st.container()
    return places


def _strength(lever: Lever, shown: Offered) -> None:
    usual = 1.0 if lever.key in shown.first else 0.0
    scope.note_unfit(strength_key(lever), 0.0, 1.0)
    _follow(strength_key(lever), usual, f"first_{lever.key}")
    evidence = say("Evidence {grade}: {what}.", grade=lever.grade, what=say(answers.GRADES[lever.grade]))
    st.slider(
        say(lever.strategy), 0.0, 1.0, usual, LEVER_STEP, help=ui.plain(f"{evidence} {say(lever.source)}."),
        format="percent", key=strength_key(lever), bind="query-params", on_change=redraw, args=(lever.key,),
    )  # fmt: skip
    st.caption(ui.plain(answers.lever_answer(lever, shown.reaches[lever.key], rests_on=False)))


def chosen_levers(shown: Offered) -> tuple[Lever, ...]:
    """The levers as their sliders stand now."""
    strengths = {one.key: float(st.session_state.get(strength_key(one)) or 0.0) for one in shown.acting}
    return tuple(
        replace(one, is_on=True, strength=to) if (to := strengths.get(one.key)) else one for one in shown.levers
    )


def with_changes(own: Offered, tested: Mapping[str, Lever]) -> Offered:
    """The levers with what was changed of them (the link's `set`), and with the shop's own test where it is used."""
    found = tuple(tested.get(lever.key, lever) for lever in own.levers)
    try:
        found = link.changes_from_text(str(st.query_params.get(CHANGED, "")), found)
    except GoalError as problem:
        st.caption(ui.plain(str(problem)))
    return replace(own, levers=found)


def write_changes(changed: Iterable[Lever], own: Offered, tested: Mapping[str, Lever]) -> None:
    """Put what differs from the shop's own levers into the link; what a test found is no change."""
    before = tuple(tested.get(lever.key, lever) for lever in own.levers)
    text = link.changes_to_text(changed, before)
    if text:
        st.query_params[CHANGED] = text
    else:
        st.query_params.pop(CHANGED, None)


def open_plan(goal: Goal, own: Offered, tested: Mapping[str, Lever]) -> None:
    """Set every control to a plan, as far as the controls go, and draw the page anew: for the click of a button."""
    state = st.session_state
    state["within"] = str(goal.window)
    state["margin_of_plan"] = max(goal.margin, MARGIN_STEP)
    if goal.target is not None:
        state["target"] = min(max(goal.target, COARSE), 1.0)
    if goal.by is not None:
        state["by"] = month(goal.by)
    known = {lever.key: lever for lever in goal.levers}
    for lever in own.acting:
        setting = known.get(lever.key, lever)
        state[strength_key(lever)] = setting.strength if setting.is_on else 0.0
    state["own_test"] = any(lever.grade == "A" for lever in goal.levers) and bool(own.tests)
    write_changes(goal.levers, own, tested)
    st.rerun()
