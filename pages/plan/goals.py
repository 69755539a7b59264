"""Goals: from today's rate to a realistic target, lever by lever, with its doubt and its price."""

from dataclasses import replace

import streamlit as st

from pages.shared import plan_kept, plan_parts, sources, ui
from retention_core.answers import goals as answers
from retention_core.goals import baseline, realism
from retention_core.goals.goal import Goal
from retention_core.goals.simulate import rate_without, simulate
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
own = sources.derived("levers", plan_parts.offered)
own = replace(own, suggested=plan_parts.first_plan(base, own))


@st.fragment
def simulator() -> None:
    """All that a slider moves: arithmetic on what was fetched before. The picture that is watched comes first."""
    currency = sources.shop().facts.currency
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        window, by = plan_parts.window(), plan_parts.by(base)
    facts = sources.derived("realism", realism.facts_of, window=window)
    without = rate_without(base, Goal(window=window, by=by)).mean
    target = plan_parts.target(plan_parts.suggestion(facts, without, by))
    judged = realism.judge(facts, without, target, by)
    judgement, picture, brings = st.container(), st.container(), st.container()
    st.subheader(say("What you would do"), anchor=False)
    margin = plan_parts.margin()
    tested = plan_parts.own_test(own)
    shown = plan_kept.with_changes(own, tested)
    levers, places = plan_parts.chosen_levers(shown)
    goal = Goal(levers, window, target, by, margin)
    result, mix = simulate(base, goal), plan_kept.best_mix(base, shown, goal)
    best = None if mix.is_reached else mix.probability

    with head:
        ui.answer("Goals", answers.headline(facts.rate, goal, result, judged, currency))
    with judgement:
        plan_parts.range_picture(facts, judged)
        plan_parts.verdict(judged, by, best)
    with picture:
        plan_parts.rate_picture(base, result, target, by)
    with brings:
        plan_parts.money_cards(result)
        plan_parts.what_moved(goal, result)
    plan_parts.tell_effects(places, result)
    plan_kept.cheapest(mix, goal, by, own, tested)
    plan_parts.lever_pictures(result, shown)
    st.subheader(say("Plans side by side"), anchor=False)
    plan_kept.side_by_side(base, own, tested, goal, result)
    st.subheader(say("What would have to be true"), anchor=False)
    ui.tell(*answers.would_have_to_be_true(goal, result))
    numbers = st.expander(
        say("The numbers behind the levers"), key="numbers", icon=":material/tune:", on_change="rerun"
    )
    if numbers.open:
        with numbers:
            plan_kept.change_assumptions(shown, own, tested)
            plan_kept.take_along(goal, own, tested)
    st.subheader(say("Is it realistic?"), anchor=False)
    plan_parts.witnesses(judged)


simulator()
st.subheader(say("How good is the forecast?"), anchor=False)
plan_parts.how_good(base)
with st.expander(say("Levers without a number"), icon=":material/block:"):
    plan_parts.cannot_act(own)
ui.explain((), {}, NOTES)
