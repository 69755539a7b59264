"""Sentences of goals: they hold the figures, and say what is not known instead of a number."""

import re
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, get_args

import pandas as pd
import pytest

import retention_core as rc
from retention_core.answers import goals as answers
from retention_core.answers import levers as of_lever
from retention_core.answers import realism as verdicts
from retention_core.goals import levers, realism
from retention_core.goals.backwards import Mix
from retention_core.goals.catalogue import OFFERS, Needs
from retention_core.goals.goal import ACTS_ON, GRADES, Goal, Lever, Uplift
from retention_core.goals.levers import OwnTest, Reach
from retention_core.goals.realism import Facts, Realism
from retention_core.goals.simulate import Result, simulate
from retention_core.metrics import Reading
from tests.goals import made

KEPT = Reading(0.18, 0.165, 0.195, 180, 1_000, "share", customers=1_000)
BY = date(2025, 11, 1)


@cache
def gift() -> tuple[Facts, tuple[Lever, ...], dict[str, Reach]]:
    shop = rc.open_orders(rc.sample("gift"))
    found = realism.facts_of(shop), levers.of_shop(shop), levers.reach_of_shop(shop)
    shop.close()
    return found


def judged(target: float, baseline: float | None = None) -> Realism:
    facts = gift()[0]
    return realism.judge(facts, facts.rate.value if baseline is None else baseline, target, date(2027, 11, 1))


def outcome(*on: Lever, order_value: float = 50.0, target: float | None = 0.2) -> tuple[Goal, Result]:
    goal = Goal(on, target=target, by=BY, margin=0.4)
    return goal, simulate(made.baseline(rate=0.18, order_value=order_value), goal)


# The headline


def test_the_headline_says_rate_verdict_and_chance_and_the_line_below_it_forecast_cost_and_margin() -> None:
    goal, result = outcome(made.lever("welcome", 0.03, cost_once=500.0), made.lever("thanks", 0.02, cost_once=500.0))
    sentence = answers.headline(KEPT, goal, result, judged(0.2, 0.18))
    assert sentence.startswith("You keep 18 % (16–20 %) of new customers: they order again within a year. ")
    assert re.search(r"20 % by Nov 2025 is a stretch; this plan gets you there with a chance of \d+ %", sentence)
    assert sentence.count(".") < 6 and "(without it " in sentence and "cost" not in sentence
    below = answers.below_headline(goal, result, judged(0.2, 0.18), "EUR")
    assert below.startswith("Without a plan it is 18.2 % of those won in Nov 2025 (")
    assert "The levers cost €1,000 and leave €" in below and "80 % sure" in below
    whole = replace(goal, margin=1.0)
    assert "of revenue after it" in answers.below_headline(whole, result, judged(0.2, 0.18), "EUR")


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (0.094, 0.097, "this plan hardly helps: the chance is 9.7 % (without it 9.4 %)."),
        (0.93, 0.96, "this plan hardly helps: the chance is 96 % (without it 93 %)."),
        (0.5, 0.4, "this plan hardly helps: the chance is 40 % (without it 50 %)."),
        (0.1, 0.3, "with this plan the chance is 30 % (without it 10 %)."),
        (0.1, 0.6, "this plan gets you there with a chance of 60 % (without it 10 %)."),
    ],
)
def test_levers_that_hardly_change_the_chance_are_not_said_to_get_there(before: float, now: float, words: str) -> None:
    goal, result = outcome(made.lever("welcome", 0.03), made.lever("thanks", 0.02))
    result = replace(result, probability_before=before, probability=now)
    assert answers.headline(KEPT, goal, result, judged(0.2, 0.18)).endswith(words)


def test_the_headline_counts_no_lever_that_does_not_move_the_rate() -> None:
    goal, result = outcome(made.lever("welcome", 0.03), made.lever("basket", 0.1, acts_on="order_value"))
    sentence = answers.headline(KEPT, goal, result, judged(0.2, 0.18))
    assert "this plan gets you there with" in sentence and "levers" not in sentence


def test_one_lever_none_and_no_target() -> None:
    goal, result = outcome(made.lever("welcome", 0.03))
    assert "this plan gets you there" in answers.headline(KEPT, goal, result, judged(0.2, 0.18))
    goal, result = outcome()
    alone = answers.headline(KEPT, goal, result, judged(0.2, 0.18))
    assert "without any lever the chance is" in alone
    assert "cost" not in answers.below_headline(goal, result, judged(0.2, 0.18), "EUR")
    goal, result = outcome(target=None)
    assert "If nothing changes, 18" in answers.headline(KEPT, goal, result, None)


def test_the_levers_that_are_on_are_named_under_their_kind() -> None:
    kinds: dict[str, tuple[Any, ...]] = {"New": ("return_after_first",), "Others": ("win_back",)}
    first = made.lever("welcome", 0.03, strategy="Welcome", acts_on="return_after_first")
    third = made.lever("silent", 0.03, strategy="Silent", acts_on="win_back")
    goal = Goal((first, replace(first, key="two", strategy="Thanks", strength=0.5), third), target=0.2)
    assert answers.switched_on(goal, kinds) == "3 levers are on. New: Welcome, Thanks (50 %). Others: Silent."
    assert answers.switched_on(Goal((third,)), kinds) == "1 lever is on. Others: Silent."
    assert answers.switched_on(Goal((replace(third, is_on=False),)), kinds) == "No lever is on."


def test_the_settings_of_a_plan_are_a_sentence() -> None:
    goal, result = outcome(made.lever("welcome", 0.03))
    assert answers.plan_answer(goal, result) == (
        "Goal: 20 % of the customers first won in Nov 2025 order again within a year. Margin: 40 %."
    )


def test_planning_rows_are_no_levers_that_get_anywhere() -> None:
    goal, result = outcome(made.lever("team", 0.0, acts_on="nothing"))
    assert "without any lever" in answers.headline(KEPT, goal, result, judged(0.2, 0.18))


def test_what_is_not_known_is_said() -> None:
    goal, result = outcome(made.lever(), order_value=float("nan"))
    unknown = Reading(None, None, None, 0, 0, "share")
    sentence = answers.headline(unknown, goal, result, judged(0.2, 0.18))
    assert sentence.startswith("How many customers you keep is not known yet")
    below = answers.below_headline(goal, result, judged(0.2, 0.18), None)
    assert below.endswith("Without amounts in your file, what they bring cannot be said.")
    assert "nan" not in sentence + below


def test_levers_that_move_no_rate_bring_money_only_where_some_is_left() -> None:
    win_back = made.lever("win_back", 0.05, acts_on="win_back")
    ways = ((0.0, 50.0, "bring money, but do not"), (9e6, 50.0, "on do not"), (0.0, float("nan"), "on do not"))
    for cost, order_value, words in ways:
        goal, result = outcome(replace(win_back, cost_once=cost), order_value=order_value)
        assert answers.headline(KEPT, goal, result, judged(0.2, 0.18)).endswith(f"{words} move this rate.")


def test_paid_back_is_a_month_or_never_and_unknown_without_costs_or_amounts() -> None:
    for settings, order_value, words in (
        ({"cost_once": 500.0}, 50.0, "Jan 2025"),
        ({"cost_once": 9e6}, 50.0, "not in this time"),
        ({}, 50.0, "–"),
        ({"cost_once": 500.0}, float("nan"), "–"),
    ):
        _, result = outcome(made.lever("welcome", 0.1, **settings), order_value=order_value)
        assert answers.payback_answer(result) == words


def test_a_loss_is_called_a_loss() -> None:
    goal, result = outcome(made.lever("welcome", 0.001, cost_once=90_000.0))
    assert "is lost in all" in answers.money_answer(goal, result, "EUR")


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "under 1 %"), (0.62, "62 %"), (1.0, "over 99 %"), (None, "–")],
)
def test_a_chance_is_never_certain(probability: float | None, words: str) -> None:
    assert answers.chance(probability) == words


def test_forecast_money_has_three_figures() -> None:
    assert [answers._money(value, "EUR") for value in (41_234.0, -8_056.4, 12.344, 0.0)] == [
        "€41,200",
        "−€8,060",
        "€12.30",
        "€0",
    ]


# Levers


def test_a_lever_says_whom_it_reaches_what_is_assumed_and_why() -> None:
    _, offers, reach = gift()
    welcome = next(lever for lever in offers if lever.key == "welcome")
    sentence = of_lever.lever_answer(welcome, reach["welcome"])
    assert sentence.startswith(
        "Reaches 2,660 of 4,289 customers won in the last year (62 %). Assumed: of those who would"
    )
    assert "Evidence C: an observation" in sentence and sentence.endswith("one lever is given the lower end.")


@pytest.mark.parametrize("needs", [need for need in get_args(Needs) if need])
def test_a_lever_without_data_says_which_file_switches_it_on(needs: Needs) -> None:
    lever = made.lever("wish_list", 0.01, reach=0.0)
    sentence = of_lever.lever_answer(lever, Reach(0, 500, needs))
    assert "file" in sentence.removeprefix("Your files") or "lines" in sentence
    assert "Assumed" not in sentence


def test_a_lever_says_from_when_on_its_customers_count_as_silent() -> None:
    for acts_on, base, words in (
        ("return_of_active", 1, "1 customer with several orders, the last within 90 days"),
        ("win_back", 500, "500 customers silent for more than 90 days"),
        ("order_value", 500, "500 customers who ordered in the last 90 days"),
    ):
        sentence = of_lever.reach_answer(
            made.lever(audience="writable", acts_on=acts_on), Reach(1, base, lapse_days=90)
        )
        assert sentence.startswith(f"Reaches 1 of {words} (")


def test_assumed_consent_is_said() -> None:
    sentence = of_lever.reach_answer(made.lever(audience="writable"), Reach(250, 500, "", True))
    assert "do not tell who agreed to letters: 50 % is assumed" in sentence


def test_every_kind_of_lever_has_words() -> None:
    for acts_on in ACTS_ON:
        lever = made.lever("one", 0.02, acts_on=acts_on, sd=0.01)
        assert "{" not in of_lever.lever_answer(replace(lever, source="Why"), Reach(1, 2))
    assert set(of_lever.GRADES) == set(GRADES) and set(of_lever.PEOPLE) == set(ACTS_ON)
    assert set(of_lever.SWITCHED_ON_BY) == set(get_args(Needs)) - {""}
    assert all(not offer.source.endswith(".") for offer in OFFERS)  # the sentence ends itself


def test_a_lever_that_may_harm_shows_both_ends() -> None:
    lever = Lever("email_frequency", "return_after_first", Uplift("normal", 0.0, 0.05), "B")
    assert "0.0 % (−6.4 to 6.4 %)" in of_lever.uplift_in_words(lever)


def test_an_own_test_is_told_with_its_interval_and_its_doubt() -> None:
    weekly = OwnTest("test", "weekly", "control", 365, (1_173, 1_190), (510, 449), (1_173, 1_190))
    sentence = of_lever.own_test_answer(weekly)
    assert "43.5 % of 1,173" in sentence and "between 1.8 and 9.7 points" in sentence and "chance" not in sentence
    assert of_lever.own_test_answer(replace(weekly, ordered_again=(450, 449))).endswith("It may be chance.")
    assert "no even split" in of_lever.own_test_answer(replace(weekly, assigned=(1_400, 1_000)))


def test_what_would_have_to_be_true_names_the_forecast_and_each_lever() -> None:
    goal, result = outcome(
        made.lever("welcome", 0.03, cost_once=500.0, strategy="Welcome"),
        made.lever("team", 0.0, acts_on="nothing"),
    )
    first, second = answers.would_have_to_be_true(goal, result)
    assert first.startswith("Without the levers, 1") and "won in Nov 2025 would return" in first
    assert second.startswith("Welcome: it reaches 100 %, 100 % of them take part, and of those who would not have")
    assert "It pays for itself from " in second


def test_a_mix_is_named_or_its_failure_is() -> None:
    lever = made.lever("welcome", 0.03, strategy="Welcome")
    mix = Mix(Goal((lever,), target=0.2, by=BY), True, 0.8, 0.21, 1_234.5)
    assert answers.mix_answer(mix, 0.2, BY, "EUR") == (
        "Cheapest way to 20 % with a chance of 80 %: Welcome. Cost: €1,230."
    )
    assert answers.mix_answer(replace(mix, is_reached=False, rate=0.193), 0.2, BY, "EUR") == (
        "No mix of these levers has an even chance of reaching 20 % by Nov 2025: the best has 80 %. "
        "With an even chance it reaches 19.3 %."
    )
    assert answers.mix_answer(replace(mix, goal=Goal(target=0.2)), 0.2, BY, "EUR").startswith("No lever is needed")


# Realism


def test_from_10_to_50_the_shops_own_figures_are_the_reason() -> None:
    sentence = verdicts.verdict_answer(judged(0.5), date(2027, 11, 1))
    assert sentence.startswith("50 % by Nov 2027 is something nobody has been seen doing.")
    for reason in ("9.9 % is expected", "best quarter came to 11 %", "channel Referral) comes to 18.3 %"):
        assert reason in sentence


def test_each_verdict_has_words_and_a_colour() -> None:
    by = date(2027, 11, 1)
    assert verdicts.verdict_answer(judged(0.11), by) == (
        "11 % by Nov 2027 is within your own range: your best quarter came to 11 % with luck taken off."
    )
    assert (
        "is a stretch: up to 11 % is within reach, and nothing beyond 18.3 % is to be counted on"
        in verdicts.verdict_answer(judged(0.14), by)
    )
    assert "needs nothing" in verdicts.verdict_answer(judged(0.05), by)
    assert set(verdicts.IN_A_WORD) == set(verdicts.IN_A_SENTENCE) == set(realism.COLOURS)


def test_every_witness_speaks() -> None:
    said = verdicts.witness_answers(judged(0.11))
    assert set(said) == {"own_best", "own_change", "published", "measurable"}
    assert "Best of your 8 finished quarters" in said["own_best"]
    assert "never risen by more than chance explains" in said["own_change"]
    assert "32 %" in said["published"] and "calendar year" in said["published"]
    assert "11 % is closer than that" in said["measurable"]
    assert "closer" not in verdicts.witness_answers(judged(0.3))["measurable"]


def test_witnesses_without_data_say_so() -> None:
    facts = gift()[0]
    empty = replace(facts, quarters=facts.quarters[:0], segments=facts.segments[:0], new_customers=0, window=180)
    none = realism.judge(empty, 0.1, 0.11, date(2027, 6, 1))
    said = verdicts.witness_answers(none)
    assert "best is not known" in said["own_best"] and "too short" in said["own_change"]
    assert "No published figure counts 180 days" in said["published"]
    assert "too few customers" in said["measurable"]
    assert none.verdict == "stretch"  # what is not known is not what nobody has seen
    far = realism.judge(replace(empty, new_customers=1), 0.1, 0.5, date(2027, 6, 1))
    assert verdicts.verdict_answer(far, date(2027, 6, 1)) == (
        "50 % by Jun 2027 is something nobody has been seen doing. Without any lever 10 % is expected. "
        "A very good programme would come to 11.4 % by then. Realistic is 10.4 %."
    )


@pytest.mark.parametrize(
    ("kind", "word"), [("replenishable", "ambitious"), ("mixed", "once"), ("gift", "conservative")]
)
def test_the_kind_of_product_is_said(kind: realism.Kind, word: str) -> None:
    facts = gift()[0]
    other = replace(facts, product=replace(facts.product, kind=kind))
    assert word in verdicts.product_answer(realism.judge(other, 0.1, 0.11, date(2027, 6, 1)))


def test_the_targets_are_said_in_order() -> None:
    assert verdicts.targets_answer(judged(0.11)) == (
        "For your shop: cautious 10.2 %, realistic 10.4 %, ambitious 10.9 %; judged by its own past, not by "
        "these levers."
    )


# How good the forecast was


def test_a_back_test_weighs_its_errors_by_who_ordered() -> None:
    tests = pd.DataFrame(
        {"expected": [110.0, 180.0, 45.0], "actual": [100.0, 200.0, 0.0], "held_80": [True, True, False]}
    )
    said = answers.back_test_answer(tests)
    assert "foretold 3 times from earlier days" in said and "2 of 3 lay inside" in said
    assert "off by 25 % of those who ordered, in all 11.7 % too many;" in said  # 10 + 20 + 45 and 10 − 20 + 45 of 300
    said = answers.back_test_answer(tests[:2])
    assert "in all 3.3 % too few" in said
    said = answers.back_test_answer(tests[2:])
    assert "foretold once" in said and "data: nobody ordered, and 45 were foretold; 0 of 1" in said


# What a move changed


def test_a_moved_lever_is_named_with_what_it_changed() -> None:
    first, second = made.lever("welcome", 0.03, strategy="Welcome"), made.lever("thanks", 0.02)
    goal, before = outcome(first, second)
    weaker, result = outcome(replace(first, strength=0.5), second)
    sentence = answers.moved_answer(goal, before, weaker, result, "EUR")
    assert sentence.startswith("Welcome at 50 %: ") and "order again in time (−" in sentence
    assert "left after costs −€" in sentence
    back = answers.moved_answer(weaker, result, goal, before, "EUR")
    assert "order again in time (+" in back and "left after costs +€" in back


def test_another_goal_changes_its_chance_alone() -> None:
    lever = made.lever("welcome", 0.03)
    goal, before = outcome(lever)
    higher, result = outcome(lever, target=0.5)
    assert answers.moved_answer(goal, before, higher, result, "EUR").startswith("Goal 50 %: the chance goes from ")
    assert "left" not in answers.moved_answer(goal, before, higher, result, "EUR")
    assert answers.moved_answer(goal, before, goal, before, "EUR").endswith("nothing else changes.")


def test_a_goal_with_nobody_to_act_on_gets_no_verdict_and_no_money() -> None:
    goal, result = outcome(made.lever("welcome", 0.03, cost_once=500.0))
    nobody = replace(judged(0.2, 0.18), new_customers=0)
    assert answers.headline(KEPT, goal, result, nobody).endswith("this goal has nobody to act on.")
    assert answers.below_headline(goal, result, nobody, "EUR") == ""
