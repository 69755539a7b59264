"""Parts of the goals page: settings of a plan, whom levers reach, plans side by side, assumptions to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

import retention_core as rc
from pages.shared import sources, ui
from retention_core.answers import goals as answers
from retention_core.answers import realism as reasons
from retention_core.charts import plan
from retention_core.goals import backwards, levers, link, realism
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import BOUNDS, MOST_SCENARIOS, Goal, GoalError, Lever
from retention_core.goals.simulate import Band, Result, simulate
from retention_core.say import between, compact_money, money, month, number, percent, say

WINDOWS = {"365": "A year", "180": "180 days", "90": "90 days"}
HIGHEST, FINE, COARSE = 0.8, 0.005, 0.05  # end and step of the target's slider, step of a lever's
LATEST = 24  # cohorts of the past in the picture
SOONEST, USUAL = 3, 12  # months until a goal: the least that is offered, and the first suggestion
GROUPS = {
    "New customers come back": ("return_after_first",),
    "Existing customers": ("return_of_active", "win_back"),
    "Orders and new customers": ("order_value", "orders_per_buyer", "acquisition"),
}
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
FORECASTERS = {"cohort_curve": "Age curve", "buy_till_you_die": "Each customer", "together": "Both, as used here"}
KEPT, CHANGED, NAME_END = "plan", "set", "~~"  # in the link


@dataclass(frozen=True)
class Offered:
    """The levers of the chosen shop, all off; whom each reaches; those of a first plan; the shop's own test, if any."""

    levers: tuple[Lever, ...]
    reaches: Mapping[str, levers.Reach]
    suggested: tuple[str, ...]
    test: levers.OwnTest | None

    @property
    def acting(self) -> tuple[Lever, ...]:
        """Those that move a number here; the others only plan, or lack their data."""
        return tuple(one for one in self.levers if not one.is_planning_only and one.reach > 0)

    @property
    def names(self) -> dict[str, str]:
        return {lever.key: say(lever.strategy) for lever in self.levers}


def offered(shop: rc.Shop, **scope: Any) -> Offered:
    """Counted once per data set and scope."""
    found = levers.of_shop(shop, **scope)
    test = levers.read_test(shop, treated="weekly", **scope)
    return Offered(found, levers.reach_of_shop(shop, **scope), levers.suggested(found), test)


def strength_key(lever: Lever) -> str:
    """The name of a lever's slider in the link."""
    return f"do_{lever.key}"


def window() -> int:
    return int(ui.choose("Coming back means a second order within", WINDOWS, "within"))


def by(base: Baseline) -> date:
    """The month whose new customers the goal is about."""
    months = {month(first): first for first in base.months[min(SOONEST, len(base.months)) - 1 :]}
    usual = month(base.months[min(USUAL, len(base.months)) - 1])
    chosen = st.selectbox(
        say("Customers first won in"), list(months), list(months).index(usual), key="by", bind="query-params"
    )
    return months[chosen or usual]


def target(suggestion: float) -> float:
    usual = min(max(round(round(suggestion / FINE) * FINE, 3), FINE), HIGHEST)
    label = say("Goal: so many of them order again in time")
    return st.slider(label, FINE, HIGHEST, usual, FINE, format="percent", key="target", bind="query-params")


def margin() -> float:
    return st.slider(
        say("Margin"), COARSE, 1.0, 1.0, COARSE, format="percent", key="margin", bind="query-params",
        help=say("What is left of revenue after goods and delivery. At 100 % all money below is revenue, not profit."),
    )  # fmt: skip


def chosen_levers(shown: Offered) -> tuple[Lever, ...]:
    """A slider for each lever that acts: how many of those who can be reached are reached."""
    on = {}
    for tab, (_, kinds) in zip(st.tabs([say(name) for name in GROUPS]), GROUPS.items(), strict=True):
        with tab, st.grid(3, min_column_width=230):
            for lever in (one for one in shown.acting if one.acts_on in kinds):
                on[lever.key] = _strength(lever, shown)
    return tuple(replace(one, is_on=on.get(one.key, 0) > 0, strength=on.get(one.key) or 1.0) for one in shown.levers)


def _strength(lever: Lever, shown: Offered) -> float:
    usual = 1.0 if lever.key in shown.suggested else 0.0
    with st.container(border=True, height="stretch"):
        return _slider_of(lever, shown, usual)


def _slider_of(lever: Lever, shown: Offered, usual: float) -> float:
    share = st.slider(
        say(lever.strategy), 0.0, 1.0, usual, COARSE, format="percent", key=strength_key(lever), bind="query-params",
        help=ui.plain(f"{say('Evidence {grade}: {what}.', grade=lever.grade, what=say(answers.GRADES[lever.grade]))} "
                      f"{say(lever.source)}."),
    )  # fmt: skip
    st.caption(ui.plain(answers.lever_answer(lever, shown.reaches[lever.key], rests_on=False)))
    return share


def with_changes(shown: Offered) -> Offered:
    """The levers with what was changed of them (the link's `set`), and with the shop's own test where it is used."""
    text = str(st.query_params.get(CHANGED, ""))
    found = shown.levers
    if text:
        try:
            found = link.from_text(f"365~~~1~{text}", found).levers
        except GoalError as problem:
            st.caption(ui.plain(str(problem)))
    found = tuple(replace(lever, is_on=False, strength=1.0) for lever in found)
    if shown.test is not None and st.session_state.get("own_test"):
        tested = {lever.key: levers.with_own_test(lever, shown.test) for lever in found if lever.key == TESTED}
        found = tuple(tested.get(lever.key, lever) for lever in found)
    return replace(shown, levers=found)


TESTED = "email_frequency"


def own_test(shown: Offered) -> None:
    """The switch that puts what the shop's own test found in place of what is assumed."""
    if shown.test is None:
        return
    st.toggle(say("Use what your own test of the letters found"), key="own_test", bind="query-params")
    ui.tell(answers.own_test_answer(shown.test))


def cannot_act(shown: Offered) -> None:
    """What each other lever lacks, or why no number can be put on it."""
    others = [lever for lever in shown.levers if lever not in shown.acting]
    ui.tell(*(answers.lever_answer(lever, shown.reaches[lever.key]) for lever in others))


def change_assumptions(shown: Offered, own: Offered) -> None:
    """The numbers behind one lever, each of which can be changed; changes stand in the link."""
    names = {lever.key: say(lever.strategy) for lever in own.acting}
    key = st.selectbox(say("Lever"), list(names), format_func=names.__getitem__, key="lever")
    if key is None:
        return
    lever = next(one for one in shown.levers if one.key == key)
    before = next(one for one in own.levers if one.key == key)
    values = {}
    with st.form(f"assumptions_{key}"), st.container(horizontal=True):
        for name, (label, step, is_share) in FIELDS.items():
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
        goal = Goal(tuple(replace(one, is_on=False) for one in changed.values()))
        text = link.to_text(goal, own.levers).split("~", 4)
        if len(text) > 4:
            st.query_params[CHANGED] = text[4]
        else:
            st.query_params.pop(CHANGED, None)
        st.rerun()


def kept_plans(shown: Offered) -> dict[str, Goal]:
    """By name: the plans of the link that can be read; what cannot is said."""
    found: dict[str, Goal] = {}
    for text in st.query_params.get_all(KEPT)[:MOST_SCENARIOS]:
        name, _, goal = text.partition(NAME_END)
        try:
            found[name[:60] or say("Plan")] = link.from_text(goal, shown.levers)
        except GoalError as problem:
            st.caption(ui.plain(f"{name[:60]}: {problem}"))
    return found


def keep(name: str, goal: Goal, shown: Offered) -> None:
    """Put a plan under its name into the link; the one that had the name before is replaced."""
    plans = {**kept_plans(shown), name.replace(NAME_END, " ").strip(): goal}
    _write(plans, shown)


def _write(plans: Mapping[str, Goal], shown: Offered) -> None:
    st.query_params[KEPT] = [f"{name}{NAME_END}{link.to_text(goal, shown.levers)}" for name, goal in plans.items()]


def _open(goal: Goal, shown: Offered) -> None:
    """Set every control to a kept plan."""
    state = st.session_state
    state["within"], state["margin"] = str(goal.window), goal.margin
    if goal.target is not None:
        state["target"] = goal.target
    if goal.by is not None:
        state["by"] = month(goal.by)
    for lever in goal.levers:
        if lever in shown.acting or lever.is_on:
            state[strength_key(lever)] = lever.strength if lever.is_on else 0.0


def _drop(name: str, shown: Offered) -> None:
    _write({key: goal for key, goal in kept_plans(shown).items() if key != name}, shown)


def side_by_side(base: Baseline, shown: Offered, goal: Goal, result: Result) -> None:
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
        say("Order again in time"): f"{percent(result.rate.p50, 1)} ({_span(result.rate, percent)})",
        say("Chance of the goal"): percent(result.probability),
        say("More customers back"): f"{number(result.extra_retained.p50)} ({_span(result.extra_retained, number)})",
        say("Cost"): money(result.cost.p50, currency),
        say("After all costs"): f"{money(result.profit.p50, currency, 0)} "
        f"({_span(result.profit, lambda value: money(value, currency, 0))})",
        say("Paid back"): month(result.payback_month) if result.payback_month else "–",
    }


def _span(band: Band, words: Callable[[float], str]) -> str:
    return between(words(band.p10), words(band.p90))


def assumptions(goal: Goal) -> pd.DataFrame:
    """One row per lever in force and number behind it."""
    rows = [
        (say(lever.strategy), say(label), link.value_of(lever, name), lever.grade, say(lever.source))
        for lever in goal.in_force
        for name, (label, _, _) in FIELDS.items()
    ]
    columns = [say(name) for name in ("Lever", "Number", "Value", "Evidence", "Source")]
    return pd.DataFrame(rows, columns=columns)


def range_picture(facts: realism.Facts, judged: realism.Realism) -> None:
    """The realistic range with today's rate and the target on it."""
    rate = facts.rate
    today = (rate.value or judged.baseline, rate.low or judged.baseline, rate.high or judged.baseline)
    ends = {"own": judged.plan_up_to, "stretch": judged.stretch_up_to}
    description = f"{reasons.targets_answer(judged)} {reasons.IN_A_WORD[judged.verdict]}"
    ui.chart(plan.target_range(ends, today, judged.target, HIGHEST), description)
    st.caption(ui.plain(reasons.targets_answer(judged)))


def rate_picture(base: Baseline, result: Result, target: float, by: date) -> None:
    """The rate as it was and as it comes, without a plan and with it."""
    rates = result.months[result.months["series"] == "rate"]
    picture = plan.rate_fan(base.history.tail(LATEST), rates, target, by)
    ui.chart(picture, say("The rate by month of the first order, as it was, without a plan and with it"))
    st.caption(
        say("Points: cohorts of your own, hollow where they are not over yet. Bands: 80 % and half of what can happen.")
    )


def money_cards(result: Result) -> None:
    """Four figures of the plan; the range below each holds four of five outcomes."""
    currency = sources.shop().facts.currency

    def sum_of(value: float) -> str:
        return compact_money(value, currency)

    chance = percent(result.probability) if result.probability is not None else "–"
    paid = month(result.payback_month) if result.payback_month else say("not in this time")
    cards = (
        (say("Chance"), chance, say("to reach the goal")),
        (say("Extra customers"), number(result.extra_retained.p50), _span(result.extra_retained, number)),
        (say("Costs"), sum_of(result.cost.p50), _span(result.cost, sum_of)),
        (say("Left after costs"), sum_of(result.profit.p50), _span(result.profit, sum_of)),
    )
    with st.grid(4, min_column_width=130):
        for label, value, below in cards:
            st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)
    lines = [
        say("Money of all months to {month}. Paid back: {paid}.", month=month(result.months["month"].max()), paid=paid)
    ]
    if result.cost_per_extra is not None:
        cost, span = sum_of(result.cost_per_extra.p50), _span(result.cost_per_extra, sum_of)
        lines.append(say("One more customer who comes back costs {cost} ({span}).", cost=cost, span=span))
    st.caption(ui.plain(" ".join(lines)))


def lever_pictures(result: Result, shown: Offered) -> None:
    """What each lever adds to the rate, what the result depends on, and when it is paid back."""
    if result.levers.empty:
        st.caption(say("No lever is on: the plan is the forecast itself. Move a slider to see what changes."))
        return
    names = {**shown.names, **{key: say(name) for key, name in INPUTS.items()}}
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(say("Lever by lever"), anchor=False)
        ui.chart(plan.waterfall(result.waterfall, names), say("What each lever alone adds to the rate"))
        st.caption(say("Levers on existing customers do not move this rate; they bring money."))
    with right:
        st.subheader(say("What matters most"), anchor=False)
        words = sources.shop().facts.currency
        picture = plan.tornado(
            result.tornado, names, "profit", lambda value: compact_money(value, words), say("Left after all costs")
        )
        ui.chart(picture, say("How far the result moves when one thing is lower or higher than expected"))
        st.caption(say("Each bar: one thing at its low and its high end (10 and 90 of 100), all else at the middle."))
    ui.chart(plan.money_over_time(result.payback, say("Left after costs, so far")), say("Money after costs by month"))


INPUTS = {"arrivals": "How many new customers come", "return": "How many return anyway", "order_value": "Order value"}


def cheapest(base: Baseline, shown: Offered, goal: Goal) -> None:
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


def witnesses(judged: realism.Realism) -> None:
    """Why the verdict is what it is: four witnesses and the kind of product."""
    ui.tell(*reasons.witness_answers(judged).values(), reasons.product_answer(judged))


def how_good(base: Baseline) -> None:
    """How far off the forecast was when it had to foretell months of the shop's own past."""
    if base.backtest.empty:
        ui.tell(say("The history is too short to hide a part of it and check the forecast: the bands are wide."))
        return
    tests = base.backtest[base.backtest["forecaster"] == "together"]
    rows = base.backtest.assign(origin=[month(day) for day in base.backtest["origin"]])
    table = pd.DataFrame(
        {
            say("Forecast"): rows["forecaster"].map({key: say(name) for key, name in FORECASTERS.items()}),
            say("Made before"): rows["origin"],
            say("Months ahead"): rows["horizon"].map(number),
            say("Foretold"): rows["expected"].map(number),
            say("Happened"): rows["actual"].map(number),
            say("Off by"): [percent(share, 1) for share in rows["error_share"]],
            say("Inside the 80 % band"): rows["held_80"].map({True: say("yes"), False: say("no")}),
        }
    )
    held, of = int(tests["held_80"].sum()), len(tests)
    off = percent(float(tests["error_share"].abs().mean()))
    ui.tell(
        say(
            "Made to foretell {n} stretches of your own past, the forecasts were off by {off} on average; {held} of "
            "{n} lay inside the band that should hold four of five.", n=number(of), off=off, held=number(held),
        )
    )  # fmt: skip
    st.dataframe(table, hide_index=True)


def take_along(goal: Goal, result: Result) -> None:
    """The assumptions as a file."""
    ui.download(say("Assumptions"), "assumptions", lambda: assumptions(goal))
