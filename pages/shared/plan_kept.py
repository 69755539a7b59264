"""Plans that outlast the screen: in the link, side by side, as files; and the numbers behind their levers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

import retention_core as rc
from pages.shared import plan_parts as parts
from pages.shared import sources, ui
from retention_core.answers import goals as answers
from retention_core.goals import backwards, link, scenario_files
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import BOUNDS, MOST_SCENARIOS, Goal, GoalError, Lever, Scenario
from retention_core.goals.simulate import Result, simulate
from retention_core.say import compact_money, month, number, percent, say

KEPT, CHANGED, NAME_END = "plan", "set", "~~"  # in the link


def with_changes(own: parts.Offered, tested: Mapping[str, Lever]) -> parts.Offered:
    """The levers with what was changed of them (the link's `set`), and with the shop's own test where it is used."""
    found = tuple(tested.get(lever.key, lever) for lever in own.levers)
    try:
        found = link.changes_from_text(str(st.query_params.get(CHANGED, "")), found)
    except GoalError as problem:
        st.caption(ui.plain(str(problem)))
    return replace(own, levers=found)


def change_assumptions(shown: parts.Offered, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """The numbers behind one lever, each of which can be changed; changes stand in the link."""
    names = {lever.key: say(lever.strategy) for lever in own.acting}
    key = st.selectbox(say("Lever"), list(names), format_func=names.__getitem__, key="lever")
    if key is None:
        return
    lever = next(one for one in shown.levers if one.key == key)
    with st.form(f"assumptions_{key}"):
        values = {name: _number_of(lever, name) for name in parts.FIELDS}
        is_sent = st.form_submit_button(say("Use these numbers"))
    if is_sent:
        before = tested.get(key) or next(one for one in own.levers if one.key == key)
        try:
            changed = link.changed(before, values)
        except GoalError as problem:
            st.error(ui.plain(str(problem)))
            return
        _write_changes((changed if one.key == key else one for one in shown.levers), own, tested)
        st.rerun()


def _number_of(lever: Lever, name: str) -> float:
    """One number of a lever: shares as sliders in per cent, money and months as numbers."""
    label, step, is_share = parts.FIELDS[name]
    low, high = parts.LIMITS.get(name) or BOUNDS[name]
    now = min(max(link.value_of(lever, name), low), high)
    if is_share:
        return st.slider(say(label), float(low), float(high), float(now), step, format="percent")
    unit = sources.shop().facts.currency if name != "ramp_months" else None
    named = f"{say(label)} ({unit})" if unit else say(label)
    return st.number_input(
        named, float(low), float(high), float(now), step, format="%.3f" if step < 1 else "%.0f", width=260
    )


def kept_plans(own: parts.Offered, tested: Mapping[str, Lever]) -> dict[str, Goal]:
    """By name: the plans of the link that can be read; what cannot is said."""
    found: dict[str, Goal] = {}
    for text in st.query_params.get_all(KEPT)[:MOST_SCENARIOS]:
        name, _, goal = text.partition(NAME_END)
        try:
            found[name[:60] or say("Plan")] = link.from_text(goal, own.levers, tested)
        except GoalError as problem:
            st.caption(ui.plain(f"{name[:60]}: {problem}"))
    return found


def _write(plans: Mapping[str, Goal], own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    texts = (f"{name}{NAME_END}{link.to_text(goal, own.levers, tested)}" for name, goal in plans.items())
    st.query_params[KEPT] = list(texts)


def _open(goal: Goal, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """Set every control to a plan, as far as the controls go."""
    state = st.session_state
    state["within"] = str(goal.window)
    state["margin_of_plan"] = max(goal.margin, parts.LEVER_STEP)
    if goal.target is not None:
        state["target"] = min(max(goal.target, parts.COARSE), 1.0)
    if goal.by is not None:
        state["by"] = month(goal.by)
    known = {lever.key: lever for lever in goal.levers}
    for lever in own.acting:
        setting = known.get(lever.key, lever)
        state[parts.strength_key(lever)] = setting.strength if setting.is_on else 0.0
    state["own_test"] = any(lever.grade == "A" for lever in goal.levers) and bool(own.tests)
    _write_changes(goal.levers, own, tested)


def _drop(name: str, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    plans = kept_plans(own, tested)
    _write({key: goal for key, goal in plans.items() if key != name}, own, tested)


def side_by_side(base: Baseline, own: parts.Offered, tested: Mapping[str, Lever], goal: Goal, result: Result) -> None:
    """The plan on screen beside the kept ones, in one table; keep, open and drop."""
    plans = kept_plans(own, tested)
    rows = [{say("Plan"): say("On screen"), **plan_row(goal, result)}]
    for name, kept in plans.items():
        try:
            rows.append({say("Plan"): name, **_kept_row(base, own, tested, kept)})
        except GoalError as problem:  # its month is over, or beyond the forecast
            st.caption(ui.plain(f"{name}: {problem}"))
    st.dataframe(pd.DataFrame(rows), hide_index=True)
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
            st.button(say("Open"), key=f"open_{place}", on_click=_open, args=(kept, own, tested))
            st.button(say("Drop"), key=f"drop_{place}", on_click=_drop, args=(name, own, tested))


def _kept_row(base: Baseline, own: parts.Offered, tested: Mapping[str, Lever], kept: Goal) -> dict[str, str]:
    """The row of a kept plan: worked out once, a slider does not move it."""

    def made(_: rc.Shop, **__: Any) -> dict[str, str]:
        return plan_row(kept, simulate(base, kept))

    return sources.derived("kept plan", made, text=link.to_text(kept, own.levers, tested), tests=str(sorted(tested)))


def plan_row(goal: Goal, result: Result) -> dict[str, str]:
    """What a plan is and comes to, in words."""
    currency = sources.shop().facts.currency

    def sum_of(value: float) -> str:
        return compact_money(value, currency)

    on = [
        say(lever.strategy) + (f" {percent(lever.strength)}" if lever.strength < 1 else "") for lever in goal.in_force
    ]
    cells = {
        "Order again in time": (percent(result.rate.mean, 1), parts.span(result.rate, lambda one: percent(one, 1))),
        "Cost": (sum_of(result.cost.mean), parts.span(result.cost, sum_of)),
        "Left after costs": (sum_of(result.profit.mean), parts.span(result.profit, sum_of)),
    }
    return {
        say("Goal"): say("{goal} by {month}", goal=percent(goal.target, 1), month=month(result.month)),
        say("Chance"): answers.chance(result.probability),
        **{say(name): f"{value} ({limits})" if limits else value for name, (value, limits) in cells.items()},
        say("Paid back"): month(result.payback_month) if result.payback_month else "–",
        say("Levers"): ", ".join(on) or "–",
    }


def best_mix(base: Baseline, shown: parts.Offered, goal: Goal) -> backwards.Mix:
    """Backwards: the cheapest levers that reach the goal as often as not, or those that get furthest.

    Levers of which nobody knows whether they help or harm are no way to a goal: they are to be tested first.
    """
    known = [lever for lever in shown.acting if lever.uplift.mean > 0]
    return backwards.cheapest(
        base, known, goal.target or 0.0, goal.by, window=goal.window, margin=goal.margin, horizon=goal.horizon
    )


def cheapest(mix: backwards.Mix, goal: Goal, month_of: date, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """The cheapest way to the goal in words; one click sets it."""
    currency = sources.shop().facts.currency
    ui.tell(answers.mix_answer(mix, goal.target or 0.0, month_of, currency))
    if mix.chosen and mix.is_reached:
        st.button(say("Set these levers"), key="set_cheapest", on_click=_open, args=(mix.goal, own, tested))


def take_along(goal: Goal, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """The plan on screen as a file to read, and as one that can be read back here."""
    scenarios = (Scenario(say("My plan"), goal),)
    ui.download(say("Assumptions"), "assumptions", lambda: scenario_files.assumptions(scenarios))
    st.download_button(
        say("This plan (JSON)"), lambda: scenario_files.to_json(scenarios).encode(), "plan.json", "application/json",
        key="download_plan", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
    file = st.file_uploader(say("Read a plan back (JSON or CSV)"), ["json", "csv"], key="plan_file")
    if file is None:
        return
    read = scenario_files.from_csv if file.name.lower().endswith(".csv") else scenario_files.from_json
    try:
        found = read(file.getvalue())
    except GoalError as problem:
        st.error(ui.plain(str(problem)))
        return
    for place, scenario in enumerate(found):
        label = say("Open “{name}”", name=scenario.name)
        st.button(ui.plain(label), key=f"use_{place}", on_click=_adopt, args=(scenario.goal, own, tested))


def _adopt(goal: Goal, own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """Set every control, and every number behind the levers, to a plan of a file. Whom levers reach is counted here."""
    known = {lever.key: lever for lever in goal.levers}
    settings = (_as_in(known[lever.key], lever) if lever.key in known else lever for lever in own.levers)
    _open(replace(goal, levers=tuple(settings)), own, tested)


def _as_in(other: Lever, own: Lever) -> Lever:
    numbers = {name: link.value_of(other, name) for name in link.EDITABLE}
    return replace(link.changed(own, numbers), is_on=other.is_on, strength=other.strength)


def _write_changes(changed: Iterable[Lever], own: parts.Offered, tested: Mapping[str, Lever]) -> None:
    """Put what differs from the shop's own levers into the link; what a test found is no change."""
    before = tuple(tested.get(lever.key, lever) for lever in own.levers)
    text = link.changes_to_text(changed, before)
    if text:
        st.query_params[CHANGED] = text
    else:
        st.query_params.pop(CHANGED, None)
