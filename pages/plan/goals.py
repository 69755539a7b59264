"""Goals: from today's rate to a realistic target, lever by lever, with its doubt and its price."""

from dataclasses import replace

import streamlit as st

from pages.shared import plan_kept, plan_numbers, plan_parts, plan_settings, sources, ui
from pages.shared.plan_parts import Question
from retention_core.answers import goals as answers
from retention_core.goals import baseline, realism
from retention_core.goals.goal import Goal
from retention_core.goals.simulate import rate_without
from retention_core.say import say

NOTES = (
    "A rate belongs to the month of the first order: of the customers won in it, how many order again in time.",
    "The rate without a plan: how long your customers wait for the second order, on a clock that runs faster in your "
    "busy months, and how much the customers won in one month differ from those of the next. The band holds that, and "
    "the luck of a finite number of customers.",
    "Orders and money without a plan: two forecasts, the age curve of your cohorts and each customer's own chance to "
    "come back, weighted by how well they foretold months of your own past; their errors there are in the band.",
    "A lever brings back a share of those who would not have come: p' = 1 − (1 − p) · Π(1 − reached · taking part · "
    "effect). So levers overlap, and no rate passes 100 %.",
    "Discounts are also used by customers who would have bought anyway; that is part of the cost.",
    "The bands come from 1,000 draws of the forecast and of every lever's effect together: 80 % lie in the wide band, "
    "half in the narrow one.",
)

ui.customers_or_stop("Goals")
base = sources.derived("baseline", baseline.baseline)
found = sources.derived("levers", plan_settings.offered)
usual_margin = plan_settings.usual_margin()
first = plan_settings.first_plan(base, found, usual_margin)


@st.fragment
def simulator() -> None:
    """The settings. A slider that moves draws only what follows from it anew: parts that are fragments themselves."""
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        window, by = plan_settings.window(), plan_settings.by(base)
    facts = sources.derived("realism", realism.facts_of, window=window)
    without = rate_without(base, Goal(window=window, by=by)).mean
    judged = realism.judge(facts, without, without, by)
    own = found
    if judged.has_meaning:
        own = replace(found, first=first)
        plan_settings.target(judged)
    watched = st.container()
    st.subheader(say("What you would do"), anchor=False)
    switched = st.container()
    if judged.has_meaning and found.suggested and not first:
        ui.caption(answers.none_pays_answer())
    cards = st.container()
    plan_settings.margin(usual_margin)
    tested = plan_settings.own_test(own)
    shown = plan_settings.with_changes(own, tested)
    with cards:
        effects = plan_settings.lever_cards(shown)
    question = Question(base, facts, judged, own, tested, shown, by, sources.shop().facts.currency)
    with head:
        plan_parts.sentence(question)
    with watched:
        plan_parts.picture(question)
    with switched:
        plan_parts.levers_on()
    for key, place in effects.items():
        with place:
            plan_parts.effect(key, question.currency)
    reasons(question)


@st.fragment(key="reasons")
def reasons(question: Question) -> None:
    """What stands below the sliders: the way to the goal, what each lever does, other plans, why it is realistic."""
    plan = plan_parts.on_screen()
    plan_kept.cheapest(question, plan)
    plan_parts.lever_pictures(plan.result, question.shown, question.currency)
    plan_parts.in_one_table(plan, question.shown, question.currency)
    ui.heading(say("Plans side by side"))
    plan_kept.side_by_side(question, plan)
    if plan.judged.has_meaning:
        ui.heading(say("What would have to be true"))
        ui.tell(*answers.would_have_to_be_true(plan.goal, plan.result))
    numbers = st.expander(
        say("The numbers behind the levers"), key="numbers", icon=":material/tune:", on_change="rerun"
    )
    if numbers.open:
        with numbers:
            plan_numbers.change_assumptions(question.shown, question.own, question.tested)
            plan_numbers.take_along(plan.goal, question.own, question.tested)
    if plan.judged.has_meaning:
        ui.heading(say("Is it realistic?"))
        plan_parts.witnesses(plan.judged)


simulator()
ui.heading(say("How good is the forecast?"))
plan_parts.how_good(base)
with st.expander(say("Levers without a number"), icon=":material/block:"):
    plan_parts.cannot_act(found)
ui.explain((), {}, NOTES)
