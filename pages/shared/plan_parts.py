"""What a plan on the Goals page comes to: its verdict, its pictures, its money, whether it is realistic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
import streamlit as st

from pages.shared import plan_settings, scope, sources, ui
from pages.shared.plan_settings import Offered
from retention_core import written
from retention_core.answers import goals as answers
from retention_core.answers import levers as lever_answers
from retention_core.answers import realism as reasons
from retention_core.charts import plan as charts
from retention_core.goals import backwards, realism
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import Goal, Lever
from retention_core.goals.simulate import Band, Result, simulate
from retention_core.say import between, compact_money, month, number, points, say

LATEST = 24  # cohorts of the past in the picture
INPUTS = {"arrivals": "How many new customers come", "return": "How many return anyway", "order_value": "Order value"}
PICTURES = ("Lever by lever", "What matters most", "Money over time")


@dataclass(frozen=True)
class Question:
    """What the sliders do not move: the forecast, the shop's figures, its levers, and the month the goal is about.

    `judged`: how realistic it is that nothing changes. `own`: the levers as they were found; `tested`: by key those
    with what a test of the shop found; `shown`: the levers with that, and with what was changed by hand.
    """

    base: Baseline
    facts: realism.Facts
    judged: realism.Realism
    own: Offered
    tested: Mapping[str, Lever]
    shown: Offered
    by: date
    currency: str | None


@dataclass(frozen=True)
class Plan:
    """What the sliders say, and what comes of it. `moved`: what the last move changed, in words; empty at first.
    `best`: the cheapest way to the goal; None, as the goal's target, where a goal has no meaning.

    `place`: which customers of which shop it is about.
    """

    place: str
    goal: Goal
    result: Result
    judged: realism.Realism
    best: backwards.Mix | None
    moved: str

    @property
    def chance_at_best(self) -> float | None:
        """Of the best levers there are, where they do not get there as often as not."""
        return None if self.best is None or self.best.is_reached else self.best.probability


def work_out(question: Question) -> Plan:
    """The plan as the sliders stand now. All parts of the page show this one until a slider moves again."""
    state = st.session_state
    target = state["target"] if question.judged.has_meaning else None
    goal = Goal(
        plan_settings.chosen_levers(question.shown),
        question.facts.window, target, question.by, state["margin_of_plan"],
    )  # fmt: skip
    result = simulate(question.base, goal)
    place = f"{sources.shop_key()} {sorted(scope.chosen().items())}"
    before: Plan | None = state.get("plan_on_screen")
    moved = ""
    if before and before.place == place and before.goal != goal and _is_same_question(before.goal, goal):
        moved = answers.moved_answer(before.goal, before.result, goal, result, question.currency)
    found = Plan(
        place, goal, result, question.judged if target is None else realism.aimed_at(question.judged, target),
        None if target is None else best_mix(question.base, question.shown, goal), moved,
    )  # fmt: skip
    state["plan_on_screen"] = found
    return found


def _is_same_question(one: Goal, other: Goal) -> bool:
    return (one.window, one.by) == (other.window, other.by)


def on_screen() -> Plan:
    """What `work_out` found last."""
    found: Plan = st.session_state["plan_on_screen"]
    return found


def best_mix(base: Baseline, shown: Offered, goal: Goal) -> backwards.Mix:
    """Backwards: the cheapest levers that reach the goal as often as not, or those that get furthest.

    Levers of which nobody knows whether they help or harm are no way to a goal: they are to be tested first.
    """
    known = [lever for lever in shown.acting if lever.uplift.mean > 0]
    return backwards.cheapest(
        base, known, goal.target or 0.0, goal.by, window=goal.window, margin=goal.margin, horizon=goal.horizon
    )


@st.fragment(key="sentence")
def sentence(question: Question) -> None:
    """The head of the page: what the plan comes to, in one sentence; what it costs below it."""
    plan = work_out(question)
    ui.answer("Goals", answers.headline(question.facts.rate, plan.goal, plan.result, plan.judged))
    ui.caption(answers.below_headline(plan.goal, plan.result, plan.judged, question.currency))


@st.fragment(key="picture")
def picture(question: Question) -> None:
    """What the plan does to the rate, and whether it is realistic. The picture that is watched is drawn first."""
    plan = on_screen()
    judgement, fan, money = st.container(), st.container(), st.container()
    with fan:
        _rate_picture(question, plan)
    if plan.judged.has_meaning:
        with judgement:
            _range_picture(question.facts, plan.judged)
            _verdict(plan, question.by)
    with money:
        _money_cards(plan.result, question.currency)
        st.info(ui.plain(plan.moved or say("Move a slider: what it changes is said here.")))


@st.fragment(key="levers_on")
def levers_on() -> None:
    """Above the sliders: which are on, on whatever tab they stand."""
    ui.caption(answers.switched_on(on_screen().goal, plan_settings.GROUPS))


def in_one_table(plan: Plan, shown: Offered, currency: str | None) -> None:
    """What is planned: the goal, and for each lever that is on whom it reaches, what is assumed of it and its cost."""
    ui.heading(say("Your plan in one table"))
    ui.tell(answers.plan_answer(plan.goal, plan.result))
    costs = plan.result.levers.set_index("key")["cost"]
    rows = [
        {
            say("Lever"): say(lever.strategy),
            say("Cost"): written.compact_money(costs[lever.key], currency),
            say("Set to"): written.percent(lever.strength),
            say("Customers reached"): written.number(shown.reaches[lever.key].customers * lever.strength),
            say("Take part"): written.percent(lever.take_up),
            say("Assumed"): lever_answers.uplift_in_short(lever),
            say("Evidence"): f"{lever.grade}: {say(lever_answers.GRADES[lever.grade])}",
        }
        for lever in plan.goal.in_force
        if lever.key in costs
    ]
    if rows:
        ui.frame(pd.DataFrame(rows), hide_index=True)
        ui.caption(
            say(
                "Assumed: what the lever does to those who take part; in brackets, where it lies in four of five "
                "cases. “Come back”: of those who would not have returned."
            )
        )


def effect(key: str, currency: str | None) -> None:
    """Below a lever that is on: what it does by itself, drawn anew when its slider moves."""
    st.fragment(_effect, key=plan_settings.effect_key(key))(key, currency)


def _effect(key: str, currency: str | None) -> None:
    found = on_screen().result.levers
    for rate_change, profit in found.loc[found["key"] == key, ["rate_change", "profit"]].to_numpy():
        parts = [points(rate_change, 2)] if rate_change else []
        if not math.isnan(profit):
            parts.append(say("leaves {left}", left=compact_money(profit, currency)))
        st.markdown(f"**{ui.plain(say('Alone: {effect}', effect=', '.join(parts) or '–'))}**")


def cannot_act(shown: Offered) -> None:
    """What each other lever lacks, or why no number can be put on it."""
    for lever in (one for one in shown.levers if one not in shown.acting):
        why = lever_answers.lever_answer(lever, shown.reaches[lever.key])
        st.markdown(f"**{ui.plain(say(lever.strategy))}.** {ui.plain(why)}")


def span(band: Band, words: Callable[[float], str]) -> str:
    """The range of four in five outcomes; empty where its ends read the same."""
    if words(band.p10) == words(band.p90):
        return ""
    return between(words(band.p10), words(band.p90))


def _verdict(plan: Plan, by: date) -> None:
    """Whether the goal is realistic, in a colour and in words."""
    judged, best = plan.judged, plan.chance_at_best
    said = reasons.verdict_answer(judged, by, best)
    if judged.verdict == "not_seen":
        ui.verdict(said, "bad")
    elif judged.verdict == "stretch" or (best is not None and judged.target > judged.baseline):
        ui.verdict(said, "doubtful")
    else:
        ui.verdict(said, "good")


def _range_picture(facts: realism.Facts, judged: realism.Realism) -> None:
    """The realistic range with today's rate and the target on it."""
    rate = facts.rate
    today = None if rate.value is None or rate.low is None or rate.high is None else (rate.value, rate.low, rate.high)
    ends = {"own": judged.plan_up_to, "stretch": judged.seen_up_to}
    said = reasons.targets_answer(judged)
    picture = charts.target_range(ends, today, judged.baseline, judged.target)
    ui.chart(picture, f"{said} {say(reasons.IN_A_WORD[judged.verdict])}")
    ui.caption(said)


def _rate_picture(question: Question, plan: Plan) -> None:
    """The rate as it was and as it comes, without a plan and with it."""
    months = plan.result.months
    rates, past = months[months["series"] == "rate"], question.base.history.tail(LATEST)
    picture = charts.rate_fan(past, rates, plan.goal.target, question.by)
    ui.chart(picture, say("The rate by month of the first order, as it was, without a plan and with it"))
    ui.caption(
        say("Points: cohorts of your own, hollow where they are not over yet. Bands: 80 % and half of what can happen.")
    )


def _money_cards(result: Result, currency: str | None) -> None:
    """Four figures of the plan; the range below each holds four of five outcomes."""

    def sum_of(value: float) -> str:
        return compact_money(value, currency)

    cards = (
        (say("Chance"), answers.chance(result.probability), say("to reach the goal")),
        (say("Extra customers"), number(result.extra_retained.mean), span(result.extra_retained, number)),
        (say("Costs"), sum_of(result.cost.mean), span(result.cost, sum_of)),
        (say("Left after costs"), sum_of(result.profit.mean), span(result.profit, sum_of)),
    )
    with st.grid(4, min_column_width=130):
        for label, value, below in cards:
            ui.number_card(label, value, below)
    last = month(result.payback["month"].iloc[-1])
    lines = [say("Money of all months to {month}. Paid back: {paid}.", month=last, paid=answers.payback_answer(result))]
    if result.cost_per_extra is not None:
        cost, limits = sum_of(result.cost_per_extra.p50), span(result.cost_per_extra, sum_of)
        lines.append(say("One more customer who comes back costs {cost} ({span}).", cost=cost, span=limits))
    ui.caption(" ".join(lines))


def lever_pictures(result: Result, shown: Offered, currency: str | None) -> None:
    """What each lever adds to the rate, what the result depends on, and when it is paid back: one of them at a time."""
    if result.levers.empty:
        ui.caption(say("No lever is on: the plan is the forecast itself. Move a slider to see what changes."))
        return
    names = {**shown.names, **{key: say(name) for key, name in INPUTS.items()}}
    tabs = st.tabs(list(map(say, PICTURES)), key="shown", on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, (_by_lever, _by_input, _by_month), strict=True):
        if tab.open:
            with tab:
                draw(result, names, currency)


def _by_lever(result: Result, names: Mapping[str, str], currency: str | None) -> None:
    ui.chart(charts.waterfall(result.waterfall, names), say("What each lever alone adds to the rate"))
    ui.caption(say("Levers on existing customers do not move this rate; they bring money."))


def _by_input(result: Result, names: Mapping[str, str], currency: str | None) -> None:
    def sum_of(value: float) -> str:
        return compact_money(value, currency)

    picture = charts.tornado(result.tornado, names, "profit", sum_of, say("Left after all costs"))
    ui.chart(picture, say("How far the result moves when one thing is lower or higher than expected"))
    ui.caption(say("Each bar: one thing at its low and its high end (10 and 90 of 100), all else at the middle."))


def _by_month(result: Result, names: Mapping[str, str], currency: str | None) -> None:
    picture = charts.money_over_time(result.payback, say("Left after costs, so far"))
    ui.chart(picture, say("Money after costs by month"))


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
            say("Made before"): [written.month(day) for day in tests["origin"]],
            say("Months ahead"): [written.number(months) for months in tests["horizon"]],
            say("Off by"): [written.percent(share, 1) for share in tests["error_share"]],
            say("Foretold"): [written.number(expected) for expected in tests["expected"]],
            say("Happened"): [written.number(actual) for actual in tests["actual"]],
            say("Inside the 80 % band"): tests["held_80"].map({True: say("yes"), False: say("no")}),
        }
    )
    ui.tell(answers.back_test_answer(tests))
    ui.frame(table, hide_index=True)
