"""Plans that outlast the screen: in the link and side by side; the cheapest way to a goal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, nan
from typing import TypeAlias

import pandas as pd
import streamlit as st

from pages.shared import ui
from pages.shared.plan_parts import Plan, Question
from pages.shared.plan_settings import Offered, open_plan
from retention_core import written
from retention_core.answers import goals as answers
from retention_core.goals import link
from retention_core.goals.goal import MOST_SCENARIOS, Goal, GoalError, Lever
from retention_core.goals.simulate import Band, Result, simulate
from retention_core.say import NOT_KNOWN, month, number, percent, say
from retention_core.written import Written

KEPT, NAME_END = "plan", "~~"  # in the link
ROWS = "rows_of_plans"  # in the session
Row: TypeAlias = dict[str, Written | str]


def kept_plans(own: Offered, tested: Mapping[str, Lever]) -> dict[str, Goal]:
    """By name: the plans of the link that can be read; what cannot is said."""
    found: dict[str, Goal] = {}
    for text in st.query_params.get_all(KEPT)[:MOST_SCENARIOS]:
        name, _, goal = text.partition(NAME_END)
        try:
            found[name[:60] or say("Plan")] = link.from_text(goal, own.levers, tested)
        except GoalError as problem:
            st.caption(ui.plain(f"{name[:60]}: {problem}"))
    return found


def _write(plans: Mapping[str, Goal], own: Offered, tested: Mapping[str, Lever]) -> None:
    texts = (f"{name}{NAME_END}{link.to_text(goal, own.levers, tested)}" for name, goal in plans.items())
    st.query_params[KEPT] = list(texts)


def _drop(name: str, own: Offered, tested: Mapping[str, Lever]) -> None:
    plans = kept_plans(own, tested)
    _write({key: goal for key, goal in plans.items() if key != name}, own, tested)


def side_by_side(question: Question, plan: Plan) -> None:
    """The plan on screen beside the kept ones, in one table; keep, open and drop."""
    own, tested, goal = question.own, question.tested, plan.goal
    plans = kept_plans(own, tested)
    made = _rows_of(question, plan.place)
    rows = [{say("Plan"): say("On screen"), **plan_row(goal, plan.result, question.currency)}]
    for name, kept in plans.items():
        try:
            rows.append({say("Plan"): name, **made(kept)})
        except GoalError as problem:  # its month is over, or beyond the forecast
            st.caption(ui.plain(f"{name}: {problem}"))
    ui.frame(pd.DataFrame(rows), hide_index=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(say("Name"), say("Plan {n}", n=number(len(plans) + 1)), max_chars=40, width=240)
        name = (typed or "").replace("~", " ").strip() or say("Plan")
        same = next((other for other, kept in plans.items() if kept == goal), None)
        is_full = len(plans) >= MOST_SCENARIOS and name not in plans
        if st.button(say("Keep the plan on screen"), disabled=is_full or same is not None, icon=":material/bookmark:"):
            _write({**plans, name: goal}, own, tested)
            st.rerun()
    if same is not None:
        st.caption(ui.plain(say("The plan on screen is kept as “{name}”.", name=same)))
    elif is_full:
        st.caption(say("Four plans are kept; drop one to keep another."))
    for place, (name, kept) in enumerate(plans.items()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(ui.plain(name))
            st.button(say("Open"), key=f"open_{place}", on_click=open_plan, args=(kept, own, tested))
            st.button(say("Drop"), key=f"drop_{place}", on_click=_drop, args=(name, own, tested))


def _rows_of(question: Question, place: str) -> Callable[[Goal], Row]:
    """What makes the row of a kept plan: worked out once, a slider does not move it.

    A goal is all that its row depends on in one place, with the numbers of each lever, be they a test's or typed in.
    """
    known: dict[tuple[str, Goal], Row] = st.session_state.get(ROWS, {})
    asked: dict[tuple[str, Goal], Row] = {}
    st.session_state[ROWS] = asked

    def row(kept: Goal) -> Row:
        found = known.get((place, kept)) or plan_row(kept, simulate(question.base, kept), question.currency)
        asked[place, kept] = found
        return found

    return row


def plan_row(goal: Goal, result: Result, currency: str | None) -> Row:
    """What a plan is and comes to, as written numbers; what is not paid back in time is sorted last."""

    def share_of(value: float) -> Written:
        return written.percent(value, 1)

    def sum_of(value: float) -> Written:
        return written.compact_money(value, currency)

    def with_band(band: Band, words: Callable[[float], Written]) -> Written:
        return written.with_range(words(band.mean), words(band.p10), words(band.p90))

    on = [
        say(lever.strategy) + (f" {percent(lever.strength)}" if lever.strength < 1 else "") for lever in goal.in_force
    ]
    return {
        say("Chance"): _chance(result.probability),
        say("Left after costs"): with_band(result.profit, sum_of),
        say("Cost"): with_band(result.cost, sum_of),
        say("Order again in time"): with_band(result.rate, share_of),
        say("Goal"): _goal_in_words(goal, result),
        say("Paid back"): _paid_back(result),
        say("Levers"): ", ".join(on) or "–",
    }


def _goal_in_words(goal: Goal, result: Result) -> Written:
    if goal.target is None:
        return written.percent(None)
    words = say("{goal} by {month}", goal=percent(goal.target, 1), month=month(result.month))
    return Written(goal.target, words)


def _chance(probability: float | None) -> Written:
    """What is next to sure is no number of a sheet: it would be read as more sure than it is."""
    figure, words = written.percent(probability), answers.chance(probability)
    return figure if figure.words == words else Written(figure.value, words)


def _paid_back(result: Result) -> Written:
    if result.payback_month is not None:
        return written.month(result.payback_month)
    words = answers.payback_answer(result)
    return Written(nan if words == NOT_KNOWN else inf, words)


def cheapest(question: Question, plan: Plan) -> None:
    """The cheapest way to the goal in words; one click sets it. Nothing where a goal has no meaning."""
    mix = plan.best
    if mix is None:
        return
    ui.tell(answers.mix_answer(mix, plan.goal.target or 0.0, question.by, question.currency))
    if mix.chosen and mix.is_reached:
        st.button(
            say("Set these levers"), key="set_cheapest", on_click=open_plan,
            args=(mix.goal, question.own, question.tested),
        )  # fmt: skip
