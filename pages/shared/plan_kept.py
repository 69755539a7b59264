"""Plans that outlast the screen: in the link, side by side, as files; and the numbers behind their levers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.shared import plan_parts as parts
from pages.shared import sources, ui
from retention_core.answers import goals as answers
from retention_core.goals import backwards, levers, link, scenario_files
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import BOUNDS, MOST_SCENARIOS, Goal, GoalError, Lever, Scenario
from retention_core.goals.simulate import Result, simulate
from retention_core.say import money, month, number, percent, say

KEPT, CHANGED, NAME_END = "plan", "set", "~~"  # in the link


def with_changes(shown: parts.Offered, is_tested: bool) -> parts.Offered:
    """The levers with what was changed of them (the link's `set`), and with the shop's own test where it is used."""
    text = str(st.query_params.get(CHANGED, ""))
    found = shown.levers
    if text:
        try:
            found = link.changes_from_text(text, found)
        except GoalError as problem:
            st.caption(ui.plain(str(problem)))
    if shown.test is not None and is_tested:
        tested = {lever.key: levers.with_own_test(lever, shown.test) for lever in found if lever.key == parts.TESTED}
        found = tuple(tested.get(lever.key, lever) for lever in found)
    return replace(shown, levers=found)


def change_assumptions(shown: parts.Offered, own: parts.Offered) -> None:
    """The numbers behind one lever, each of which can be changed; changes stand in the link."""
    names = {lever.key: say(lever.strategy) for lever in own.acting}
    key = st.selectbox(say("Lever"), list(names), format_func=names.__getitem__, key="lever")
    if key is None:
        return
    lever = next(one for one in shown.levers if one.key == key)
    before = next(one for one in own.levers if one.key == key)
    values = {}
    with st.form(f"assumptions_{key}"), st.container(horizontal=True):
        for name, (label, step, is_share) in parts.FIELDS.items():
            low, high = BOUNDS["mean" if name == "uplift" else name]
            values[name] = st.number_input(
                say(label), float(low), float(high), link.value_of(lever, name),
                step, format="%.3f" if is_share or step < 1 else "%.0f", width=210,
            )  # fmt: skip
        kept = st.form_submit_button(say("Use these numbers"))
    if kept:
        try:
            changed = {**{one.key: one for one in shown.levers}, key: link.changed(before, values)}
        except GoalError as problem:
            st.error(ui.plain(str(problem)))
            return
        _write_changes(changed.values(), own)
        st.rerun()


def kept_plans(shown: parts.Offered) -> dict[str, Goal]:
    """By name: the plans of the link that can be read; what cannot is said."""
    found: dict[str, Goal] = {}
    for text in st.query_params.get_all(KEPT)[:MOST_SCENARIOS]:
        name, _, goal = text.partition(NAME_END)
        try:
            found[name[:60] or say("Plan")] = link.from_text(goal, shown.levers)
        except GoalError as problem:
            st.caption(ui.plain(f"{name[:60]}: {problem}"))
    return found


def keep(name: str, goal: Goal, shown: parts.Offered) -> None:
    """Put a plan under its name into the link; the one that had the name before is replaced."""
    plans = {**kept_plans(shown), name.replace(NAME_END, " ").strip(): goal}
    _write(plans, shown)


def _write(plans: Mapping[str, Goal], shown: parts.Offered) -> None:
    st.query_params[KEPT] = [f"{name}{NAME_END}{link.to_text(goal, shown.levers)}" for name, goal in plans.items()]


def _open(goal: Goal, shown: parts.Offered) -> None:
    """Set every control to a kept plan."""
    state = st.session_state
    state["within"], state["margin"] = str(goal.window), goal.margin
    if goal.target is not None:
        state["target"] = goal.target
    if goal.by is not None:
        state["by"] = month(goal.by)
    for lever in goal.levers:
        if lever in shown.acting or lever.is_on:
            state[parts.strength_key(lever)] = lever.strength if lever.is_on else 0.0


def _drop(name: str, shown: parts.Offered) -> None:
    _write({key: goal for key, goal in kept_plans(shown).items() if key != name}, shown)


def side_by_side(base: Baseline, shown: parts.Offered, goal: Goal, result: Result) -> None:
    """The plan on screen beside the kept ones, in one table; keep, open and drop."""
    plans = kept_plans(shown)
    currency = sources.shop().facts.currency
    rows = {say("On screen"): plan_row(goal, result, currency)}
    for name, kept in plans.items():
        rows[name] = plan_row(kept, simulate(base, kept), currency)
    st.dataframe(pd.DataFrame(rows).T.rename_axis(say("Plan")))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(say("Name"), say("Plan {n}", n=number(len(plans) + 1)), max_chars=40, width=240)
        is_full = len(plans) >= MOST_SCENARIOS and name not in plans
        if st.button(say("Keep the plan on screen"), disabled=is_full, icon=":material/bookmark_add:"):
            keep(name or say("Plan"), goal, shown)
            st.rerun()
    for place, (name, kept) in enumerate(plans.items()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(ui.plain(name))
            st.button(say("Open"), key=f"open_{place}", on_click=_open, args=(kept, shown))
            st.button(say("Drop"), key=f"drop_{place}", on_click=_drop, args=(name, shown))


def plan_row(goal: Goal, result: Result, currency: str | None) -> dict[str, str]:
    """What a plan comes to, in words."""
    return {
        say("Goal"): percent(goal.target, 1),
        say("Won in"): month(result.month),
        say("Order again in time"): f"{percent(result.rate.mean, 1)} ({parts.span(result.rate, percent)})",
        say("Chance of the goal"): answers.chance(result.probability),
        say(
            "More customers back"
        ): f"{number(result.extra_retained.mean)} ({parts.span(result.extra_retained, number)})",
        say("Cost"): money(result.cost.mean, currency),
        say("After all costs"): f"{money(result.profit.mean, currency, 0)} "
        f"({parts.span(result.profit, lambda value: money(value, currency, 0))})",
        say("Paid back"): month(result.payback_month) if result.payback_month else "–",
    }


def cheapest(base: Baseline, shown: parts.Offered, goal: Goal) -> None:
    """Backwards: the cheapest levers that reach the goal, or how far the best get; one click sets them."""
    if goal.target is None:
        return
    mix = backwards.cheapest(
        base, shown.acting, goal.target, goal.by, window=goal.window, margin=goal.margin, horizon=goal.horizon
    )
    currency = sources.shop().facts.currency
    ui.tell(answers.mix_answer(mix, goal.target, goal.by or base.months[-1], currency))
    if mix.chosen:
        st.button(say("Set these levers"), key="set_cheapest", on_click=_open, args=(mix.goal, shown))


def take_along(goal: Goal, own: parts.Offered) -> None:
    """The plan on screen as a file to read, and as one that can be read back here."""
    scenarios = (Scenario(say("On screen"), goal),)
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
        label = say("Use “{name}”", name=scenario.name)
        st.button(ui.plain(label), key=f"use_{place}", on_click=_adopt, args=(scenario.goal, own))


def _adopt(goal: Goal, own: parts.Offered) -> None:
    """Set every control, and every number behind the levers, to a plan of a file. Whom levers reach is counted here."""
    known = {lever.key: lever for lever in goal.levers}
    adopted = replace(goal, levers=tuple(_as_in(known.get(lever.key, lever), lever) for lever in own.levers))
    _write_changes(adopted.levers, own)
    _open(adopted, own)


def _as_in(other: Lever, own: Lever) -> Lever:
    numbers = {name: link.value_of(other, name) for name in link.EDITABLE}
    return replace(link.changed(own, numbers), is_on=other.is_on, strength=other.strength)


def _write_changes(changed: Iterable[Lever], own: parts.Offered) -> None:
    """Put what differs from the shop's own levers into the link."""
    text = link.changes_to_text(changed, own.levers)
    if text:
        st.query_params[CHANGED] = text
    else:
        st.query_params.pop(CHANGED, None)
