"""The numbers behind a plan's levers, which can be changed; the plan as a file, and read back from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.shared import downloads, hosting, plan_settings, sources, ui
from pages.shared.plan_settings import Offered
from retention_core.goals import link, scenario_files
from retention_core.goals.goal import BOUNDS, Goal, GoalError, Lever, Scenario
from retention_core.say import say

# What can be changed of a lever: its name for people, the step, whether it is a share.
FIELDS: Mapping[str, tuple[str, float, bool]] = {
    "uplift": ("Of 100 reached who would not return, now return", 0.001, True),
    "take_up": ("Share of the reached who take part", 0.01, True),
    "discount": ("Discount on the order", 0.01, True),
    "cost_once": ("Cost once", 100.0, False),
    "cost_per_month": ("Cost per month", 10.0, False),
    "cost_per_contact": ("Cost per letter or contact", 0.001, False),
    "ramp_months": ("Months until in full force", 1.0, False),
}
# Where a slider of a number ends, if before what a lever may have.
LIMITS = {"uplift": (-0.2, 0.5)}


def change_assumptions(shown: Offered, own: Offered, tested: Mapping[str, Lever]) -> None:
    """The numbers behind one lever, each of which can be changed; changes stand in the link."""
    names = {lever.key: say(lever.strategy) for lever in own.acting}
    key = st.selectbox(say("Lever"), list(names), format_func=names.__getitem__, key="lever")
    if key is None:
        return
    lever = next(one for one in shown.levers if one.key == key)
    with st.form(f"assumptions_{key}"):
        st.markdown(f"**{ui.plain(names[key])}**")
        values = {name: _number_of(lever, name) for name in FIELDS}
        is_sent = st.form_submit_button(say("Use these numbers"))
    if is_sent:
        before = tested.get(key) or next(one for one in own.levers if one.key == key)
        try:
            changed = link.changed(before, values)
        except GoalError as problem:
            st.error(ui.plain(str(problem)))
            return
        plan_settings.write_changes((changed if one.key == key else one for one in shown.levers), own, tested)
        st.rerun()


def _number_of(lever: Lever, name: str) -> float:
    """One number of a lever: shares as sliders in per cent, money and months as numbers."""
    label, step, is_share = FIELDS[name]
    low, high = LIMITS.get(name) or BOUNDS[name]
    now = min(max(link.value_of(lever, name), low), high)
    if is_share:
        return st.slider(say(label), float(low), float(high), float(now), step, format="percent")
    unit = sources.shop().facts.currency if name != "ramp_months" else None
    named = f"{say(label)} ({unit})" if unit else say(label)
    return st.number_input(
        named, float(low), float(high), float(now), step, format="%.3f" if step < 1 else "%.0f", width=260
    )


def take_along(goal: Goal, own: Offered, tested: Mapping[str, Lever]) -> None:
    """The plan on screen as a file to read, and as one that can be read back here, where files may be handed in."""
    scenarios = (Scenario(say("My plan"), goal),)
    ui.download(say("Assumptions"), "assumptions", lambda: scenario_files.assumptions(scenarios))
    downloads.button(
        say("This plan (JSON)"), "plan.json", "download_plan", "application/json",
        lambda: scenario_files.to_json(scenarios),
    )  # fmt: skip
    if not hosting.current().uploads:
        return
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


def _adopt(goal: Goal, own: Offered, tested: Mapping[str, Lever]) -> None:
    """Set every control, and every number behind the levers, to a plan of a file. Whom levers reach is counted here."""
    known = {lever.key: lever for lever in goal.levers}
    settings = (_as_in(known[lever.key], lever) if lever.key in known else lever for lever in own.levers)
    plan_settings.open_plan(replace(goal, levers=tuple(settings)), own, tested)


def _as_in(other: Lever, own: Lever) -> Lever:
    numbers = {name: link.value_of(other, name) for name in link.EDITABLE}
    return replace(link.changed(own, numbers), is_on=other.is_on, strength=other.strength)
