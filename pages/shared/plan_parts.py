"""Parts of the goals page: settings of a plan, whom its levers reach, what it brings, whether it is realistic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import retention_core as rc
from pages.shared import scope, sources, ui
from retention_core.answers import goals as answers
from retention_core.answers import realism as reasons
from retention_core.charts import plan
from retention_core.goals import levers, realism
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import Goal, Lever
from retention_core.goals.simulate import Band, Result, simulate
from retention_core.say import between, compact_money, month, number, percent, points, say

WINDOWS = {"365": "A year", "180": "180 days", "90": "90 days"}
FINE, COARSE, MANY = 0.001, 0.005, 0.2  # steps of the goal's slider; where MANY come back it is coarser
LEVER_STEP = 0.05
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
# Where a slider of a number ends, if before what a lever may have.
LIMITS = {"uplift": (-0.2, 0.5)}
INPUTS = {"arrivals": "How many new customers come", "return": "How many return anyway", "order_value": "Order value"}
USUALLY_TESTED = "email_frequency"


@dataclass(frozen=True)
class Offered:
    """The levers of the chosen shop, all off; whom each reaches; those of a first plan; randomised tests of its own."""

    levers: tuple[Lever, ...]
    reaches: Mapping[str, levers.Reach]
    suggested: tuple[str, ...]
    tests: Mapping[str, levers.OwnTest]

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


def first_plan(base: Baseline, own: Offered) -> tuple[str, ...]:
    """Of the suggested levers those that are expected to pay; where none does, or no money is known, all of them."""
    on = tuple(replace(lever, is_on=True) for lever in own.acting if lever.key in own.suggested)
    alone = simulate(base, Goal(on)).levers
    paying = tuple(alone.loc[alone["profit"] > 0, "key"])
    return paying or own.suggested


def strength_key(lever: Lever) -> str:
    """The name of a lever's slider in the link."""
    return f"do_{lever.key}"


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


def suggestion(facts: realism.Facts, without: float, by: date) -> float:
    """A first goal: what a hard-working programme brings, and no less than today."""

    def judged(_: rc.Shop, **__: Any) -> float:
        return max(realism.judge(facts, without, without, by).targets.cautious, facts.rate.value or 0.0)

    return sources.derived("first goal", judged, window=facts.window, by=by)


def target(suggestion: float) -> float:
    """The goal. Where few come back, steps are finer: half a point is much there."""
    step = FINE if suggestion < MANY else COARSE
    usual = min(max(round(math.ceil(round(suggestion / step, 6)) * step, 3), step), 1.0)
    scope.note_unfit("target", step, 1.0)
    # A goal that nobody has touched follows the suggestion, as it does in a link, which leaves it out.
    if st.session_state.get("target") == st.session_state.get("first_goal") != usual:
        st.session_state["target"] = usual
    st.session_state["first_goal"] = usual
    label = say("Goal: so many of them order again in time")
    return st.slider(label, step, 1.0, usual, step, format="percent", key="target", bind="query-params")


def margin() -> float:
    scope.note_unfit("margin_of_plan", LEVER_STEP, 1.0)
    return st.slider(
        say("Margin"), LEVER_STEP, 1.0, 1.0, LEVER_STEP, format="percent", key="margin_of_plan", bind="query-params",
        help=say("What is left of revenue after goods and delivery. At 100 % all money here is revenue, not profit."),
    )  # fmt: skip


def own_test(own: Offered) -> dict[str, Lever]:
    """By key: the lever that a test of the shop's own was about, with what it found, where the user wants it so."""
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


def chosen_levers(shown: Offered) -> tuple[tuple[Lever, ...], dict[str, DeltaGenerator]]:
    """A slider for each lever that acts: how many of those who can be reached are reached. And by key of the lever the
    place below it, where its effect goes once it is known."""
    on: dict[str, float] = {}
    places: dict[str, DeltaGenerator] = {}
    for tab, kinds in zip(st.tabs([say(name) for name in GROUPS]), GROUPS.values(), strict=True):
        acting = [one for one in shown.acting if one.acts_on in kinds]
        if not acting:
            tab.caption(say("None of these can be counted in your files: see “Levers without a number” below."))
        with tab, st.grid(3, min_column_width=230):
            for lever in acting:
                with st.container(border=True, height="stretch"):
                    on[lever.key] = _strength(lever, shown)
                    places[lever.key] = st.empty()
    chosen = (replace(one, is_on=on.get(one.key, 0) > 0, strength=on.get(one.key) or 1.0) for one in shown.levers)
    return tuple(chosen), places


def _strength(lever: Lever, shown: Offered) -> float:
    usual = 1.0 if lever.key in shown.suggested else 0.0
    scope.note_unfit(strength_key(lever), 0.0, 1.0)
    evidence = say("Evidence {grade}: {what}.", grade=lever.grade, what=say(answers.GRADES[lever.grade]))
    share = st.slider(
        say(lever.strategy), 0.0, 1.0, usual, LEVER_STEP, help=ui.plain(f"{evidence} {say(lever.source)}."),
        format="percent", key=strength_key(lever), bind="query-params",
    )  # fmt: skip
    st.caption(ui.plain(answers.lever_answer(lever, shown.reaches[lever.key], rests_on=False)))
    return share


def tell_effects(places: Mapping[str, DeltaGenerator], result: Result) -> None:
    """Below each lever that is on: what it does by itself."""
    currency = sources.shop().facts.currency
    for row in result.levers.to_dict("records"):
        parts = [points(row["rate_change"], 2)] if row["rate_change"] else []
        if not math.isnan(row["profit"]):
            parts.append(say("leaves {left}", left=compact_money(row["profit"], currency)))
        places[row["key"]].markdown(f"**{ui.plain(say('Alone: {effect}', effect=', '.join(parts) or '–'))}**")


def what_moved(goal: Goal, result: Result) -> None:
    """What the last move of a slider changed, in words; only between two plans of one shop and the same customers."""
    place = (sources.shop_key(), str(sorted(scope.chosen().items())))
    before = st.session_state.get("last_plan")
    st.session_state["last_plan"] = (place, goal, result)
    if before is None or before[0] != place or (before[1].window, before[1].by) != (goal.window, goal.by):
        return
    if before[1] != goal:
        st.info(ui.plain(answers.moved_answer(*before[1:], goal, result, sources.shop().facts.currency)))


def cannot_act(shown: Offered) -> None:
    """What each other lever lacks, or why no number can be put on it."""
    for lever in (one for one in shown.levers if one not in shown.acting):
        why = answers.lever_answer(lever, shown.reaches[lever.key])
        st.markdown(f"**{ui.plain(say(lever.strategy))}.** {ui.plain(why)}")


def span(band: Band, words: Callable[[float], str]) -> str:
    """The range of four in five outcomes; empty where its ends read the same."""
    if words(band.p10) == words(band.p90):
        return ""
    return between(words(band.p10), words(band.p90))


def verdict(judged: realism.Realism, by: date, best: float | None) -> None:
    """Whether the goal is realistic, in a colour and in words. `best`: the chance of the best levers, below a half."""
    said = ui.plain(reasons.verdict_answer(judged, by, best))
    if judged.today is None or not judged.new_customers:
        st.info(said)
    elif judged.verdict == "not_seen":
        st.error(said)
    elif judged.verdict == "stretch" or (best is not None and judged.target > judged.baseline):
        st.warning(said)
    else:
        st.success(said)


def range_picture(facts: realism.Facts, judged: realism.Realism) -> None:
    """The realistic range with today's rate and the target on it."""
    rate = facts.rate
    today = None if rate.value is None or rate.low is None or rate.high is None else (rate.value, rate.low, rate.high)
    ends = {"own": judged.plan_up_to, "stretch": judged.stretch_up_to}
    said = reasons.targets_answer(judged)
    picture = plan.target_range(ends, today, judged.baseline, judged.target)
    ui.chart(picture, f"{said} {say(reasons.IN_A_WORD[judged.verdict])}")
    st.caption(ui.plain(said))


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

    paid = month(result.payback_month) if result.payback_month else say("not in this time")
    cards = (
        (say("Chance"), answers.chance(result.probability), say("to reach the goal")),
        (say("Extra customers"), number(result.extra_retained.mean), span(result.extra_retained, number)),
        (say("Costs"), sum_of(result.cost.mean), span(result.cost, sum_of)),
        (say("Left after costs"), sum_of(result.profit.mean), span(result.profit, sum_of)),
    )
    with st.grid(4, min_column_width=130):
        for label, value, below in cards:
            st.metric(label, value, below or None, delta_color="off", delta_arrow="off", border=True, height="stretch")
    lines = [
        say("Money of all months to {month}. Paid back: {paid}.", month=month(result.months["month"].max()), paid=paid)
    ]
    if result.cost_per_extra is not None:
        cost, limits = sum_of(result.cost_per_extra.p50), span(result.cost_per_extra, sum_of)
        lines.append(say("One more customer who comes back costs {cost} ({span}).", cost=cost, span=limits))
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


def witnesses(judged: realism.Realism) -> None:
    """Why the verdict is what it is: four witnesses and the kind of product."""
    ui.tell(*reasons.witness_answers(judged).values(), reasons.product_answer(judged))


def how_good(base: Baseline) -> None:
    """How far off the forecast was when it had to foretell months of the shop's own past, and what weakens it."""
    ui.tell(*map(say, base.caveats))
    tests = base.backtest[base.backtest["forecaster"] == "together"]
    if tests.empty:
        ui.tell(say("The history is too short to hide a part of it and check the forecast: the bands are wide."))
        return
    table = pd.DataFrame(
        {
            say("Made before"): [month(day) for day in tests["origin"]],
            say("Months ahead"): tests["horizon"].map(number),
            say("Customers who order, foretold"): tests["expected"].map(number),
            say("Happened"): tests["actual"].map(number),
            say("Off by"): [percent(share, 1) for share in tests["error_share"]],
            say("Inside the 80 % band"): tests["held_80"].map({True: say("yes"), False: say("no")}),
        }
    )
    held, of = int(tests["held_80"].sum()), len(tests)
    off, lean = float(tests["error_share"].abs().mean()), float(tests["error_share"].mean())
    ui.tell(
        say(
            "How many of the known customers would order, summed over the months ahead, was foretold {n} times from "
            "earlier days of your own data: off by {off} on average, {lean} in sum; {held} of {n} lay inside the band "
            "that should hold four of five.",
            n=number(of), off=percent(off), held=number(held),
            lean=say("{share} too many", share=percent(lean, 1)) if lean >= 0
            else say("{share} too few", share=percent(-lean, 1)),
        )
    )  # fmt: skip
    st.dataframe(table, hide_index=True)
