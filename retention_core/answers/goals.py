"""The sentences of a goal: what the levers that are on bring, the cheapest way, what would have to be true."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from retention_core.answers.levers import uplift_in_words
from retention_core.answers.realism import LIKELY, share_of, verdict_answer, verdict_part
from retention_core.answers.retention import with_interval
from retention_core.goals.backwards import Mix
from retention_core.goals.goal import ActsOn, Goal, Lever
from retention_core.goals.realism import Realism
from retention_core.goals.simulate import Band, Result
from retention_core.metrics import Reading
from retention_core.say import NOT_KNOWN, between, money, month, number, percent, points, say

if TYPE_CHECKING:
    import pandas as pd

LEAST_CHANGE = 0.00005  # of a rate, that can be said in points
HARDLY = 0.05  # a gain of the chance below which levers hardly help


def headline(rate: Reading, goal: Goal, result: Result, judged: Realism | None) -> str:
    """What the shop keeps today, the verdict on the target, and what the levers that are on do to the chance of it.

    `rate`: second orders within the goal's window, today.
    """
    if judged is not None and not judged.has_meaning:
        return " ".join([_today(rate, goal.window), verdict_answer(judged, result.month)])
    on = _acting(goal)
    if judged is None or result.probability is None:
        return " ".join([_today(rate, goal.window), _without_target(result, len(on))])
    return " ".join([_today(rate, goal.window), _on_the_way(result, len(on), verdict_part(judged, result.month))])


def below_headline(goal: Goal, result: Result, judged: Realism | None, currency: str | None) -> str:
    """What comes without a plan, and what the levers that are on cost and leave; empty where a goal has no meaning."""
    if judged is not None and not judged.has_meaning:
        return ""
    money_too = money_answer(goal, result, currency) if _acting(goal) else ""
    return f"{_without_plan(result)} {money_too}".strip()


def switched_on(goal: Goal, kinds: Mapping[str, tuple[ActsOn, ...]]) -> str:
    """How many levers are on, and which, under the name of their kind. `kinds`: name → what its levers act on."""
    on = _acting(goal)
    if not on:
        return say("No lever is on.")
    found = {name: [_at_strength(lever) for lever in on if lever.acts_on in acts] for name, acts in kinds.items()}
    parts = [say("1 lever is on.") if len(on) == 1 else say("{n} levers are on.", n=number(len(on)))]
    return " ".join([*parts, *(f"{say(name)}: {', '.join(names)}." for name, names in found.items() if names)])


def none_pays_answer() -> str:
    """Why no lever is on at first."""
    return say(
        "The plan begins without a lever: none of those with better evidence is expected to bring more than it costs "
        "in a shop like yours."
    )


def plan_answer(goal: Goal, result: Result) -> str:
    """The settings of a plan in a sentence: its goal, whose, by when, and the margin that its money is counted with."""
    figures = {"by": month(result.month), "span": _span(goal.window), "margin": percent(goal.margin)}
    if goal.target is None:
        return say("Of the customers first won in {by}, counted within {span}. Margin: {margin}.", **figures)
    return say(
        "Goal: {target} of the customers first won in {by} order again within {span}. Margin: {margin}.",
        target=share_of(goal.target),
        **figures,
    )


def _acting(goal: Goal) -> list[Lever]:
    return [lever for lever in goal.in_force if not lever.is_planning_only]


def _today(rate: Reading, window: int) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return say("How many customers you keep is not known yet: too few have been observed for long enough.")
    share = with_interval(rate.value, rate.low, rate.high)
    return say("You keep {share} of new customers: they order again within {span}.", share=share, span=_span(window))


def _span(window: int) -> str:
    return say("a year") if window == 365 else say("{days} days", days=number(window))


def _on_the_way(result: Result, levers: int, verdict: str) -> str:
    """The verdict, and the chance to get there with the plan and without: not each of its levers moves the rate."""
    before = chance(result.probability_before)
    if not levers or result.rate.mean == result.rate_before.mean:
        sentence = say("{verdict}; without any lever the chance is {chance}", verdict=verdict, chance=before)
        return f"{sentence}; {_only_money(result)}." if levers else f"{sentence}."
    figures = {"verdict": verdict, "chance": chance(result.probability), "before": before}
    now, without = result.probability or 0.0, result.probability_before or 0.0
    if now - without < HARDLY:
        return say("{verdict}; this plan hardly helps: the chance is {chance} (without it {before}).", **figures)
    if now < LIKELY:
        return say("{verdict}; with this plan the chance is {chance} (without it {before}).", **figures)
    return say("{verdict}; this plan gets you there with a chance of {chance} (without it {before}).", **figures)


def _only_money(result: Result) -> str:
    """Of levers that do not move the rate."""
    if result.profit.mean > 0:
        return say("the levers that are on bring money, but do not move this rate")
    return say("the levers that are on do not move this rate")


def _without_plan(result: Result) -> str:
    """What is coming without any lever: the months to come need not be like those of the past."""
    figures = {"share": share_of(result.rate_before.mean), "span": _shares(result.rate_before)}
    return say("Without a plan it is {share} of those won in {by} ({span}).", by=month(result.month), **figures)


def _without_target(result: Result, levers: int) -> str:
    figures = {"share": share_of(result.rate.mean), "span": _shares(result.rate), "by": month(result.month)}
    if not levers:
        return say("If nothing changes, {share} ({span}) of the customers won in {by} will return.", **figures)
    return say("With what you have switched on, {share} ({span}) of the customers won in {by} will return.", **figures)


def chance(probability: float | None) -> str:
    """A probability, never as sure as 0 or 100 %."""
    if probability is None:
        return percent(None)
    if probability < 0.01:
        return say("under {share}", share=percent(0.01, 0))
    if probability > 0.99:
        return say("over {share}", share=percent(0.99))
    return percent(probability)


def payback_answer(result: Result) -> str:
    """The month from which a plan is paid back; "–" where nothing is paid, and where no money is known."""
    if result.payback_month is not None:
        return month(result.payback_month)
    return say("not in this time") if result.cost.mean > 0 and not math.isnan(result.profit.mean) else NOT_KNOWN


def money_answer(goal: Goal, result: Result, currency: str | None) -> str:
    """What the levers cost and leave, with the band in which four of five outcomes lie."""
    cost, profit = result.cost, result.profit
    if math.isnan(profit.mean):
        return say("Without amounts in your file, what they bring cannot be said.")
    span = between(_money(profit.p10, currency), _money(profit.p90, currency))
    figures = {"cost": _money(cost.mean, currency), "profit": _money(abs(profit.mean), currency), "span": span}
    if profit.mean < 0:
        return say("The levers cost {cost}, and {profit} is lost in all ({span}, 80 % sure).", **figures)
    if goal.margin == 1:
        return say("The levers cost {cost} and leave {profit} of revenue after it ({span}, 80 % sure).", **figures)
    return say("The levers cost {cost} and leave {profit} after it ({span}, 80 % sure).", **figures)


def moved_answer(old: Goal, before: Result, goal: Goal, result: Result, currency: str | None) -> str:
    """What changed between two plans, and what that did to the rate, the chance, the cost and what is left."""
    parts, rise = [], result.rate.mean - before.rate.mean
    if abs(rise) >= LEAST_CHANGE:
        rate = percent(result.rate.mean, 1)
        parts.append(say("{rate} order again in time ({change})", rate=rate, change=points(rise, 2)))
    if before.probability is not None and result.probability is not None:
        was, now = (chance(one.probability) for one in (before, result))
        if was != now:
            parts.append(say("the chance goes from {was} to {now}", was=was, now=now))
    for name, change in (
        ("costs {change}", result.cost.mean - before.cost.mean),
        ("left after costs {change}", result.profit.mean - before.profit.mean),
    ):
        if abs(change) >= 1:  # false without amounts
            sign = "+" if change > 0 else "−"
            parts.append(say(name, change=sign + _money(abs(change), currency)))
    return f"{_changed(old, goal)}: {'; '.join(parts) or say('nothing else changes')}."


def _changed(old: Goal, goal: Goal) -> str:
    """In words, what of a plan was moved: one lever by name, else what kind of thing."""
    before = {lever.key: lever for lever in old.levers}
    moved = [lever for lever in goal.levers if before.get(lever.key) != lever]
    if len(moved) == 1:
        share = percent(moved[0].strength if moved[0].is_on else 0)
        return say("{name} at {share}", name=say(moved[0].strategy or moved[0].key), share=share)
    if moved:
        return say("Several levers moved")
    if old.target != goal.target:
        return say("Goal {share}", share=share_of(goal.target or 0))
    if old.margin != goal.margin:
        return say("Margin {share}", share=percent(goal.margin))
    return say("Another month")


def mix_answer(mix: Mix, target: float, by: date, currency: str | None) -> str:
    """The cheapest mix that reaches a target, or how far the best one gets."""
    names = ", ".join(_at_strength(lever) for lever in mix.chosen)
    figures = {
        "target": share_of(target),
        "by": month(by),
        "chance": chance(mix.probability),
        "rate": share_of(mix.rate),
    }
    if not mix.chosen and mix.is_reached:
        return say("No lever is needed for {target} by {by}: without any, the chance is {chance}.", **figures)
    if not mix.is_reached and share_of(mix.rate) == share_of(target):
        return say(
            "All these levers together end just short of {target} by {by}: a chance of {chance}, not half.", **figures
        )
    if not mix.is_reached:
        return say(
            "No mix of these levers has an even chance of reaching {target} by {by}: the best has {chance}. With an "
            "even chance it reaches {rate}.",
            **figures,
        )
    if math.isnan(mix.cost):
        return say("Cheapest way to {target} with a chance of {chance}: {names}.", names=names, **figures)
    cost = _money(mix.cost, currency)
    return say(
        "Cheapest way to {target} with a chance of {chance}: {names}. Cost: {cost}.", names=names, cost=cost, **figures
    )


def _at_strength(lever: Lever) -> str:
    name = say(lever.strategy or lever.key)
    return name if lever.strength == 1 else f"{name} ({percent(lever.strength)})"


def would_have_to_be_true(goal: Goal, result: Result) -> list[str]:
    """One sentence for each thing that the outcome rests on: the forecast, and every lever that is on."""
    sentences = [
        say(
            "Without the levers, {share} ({span}) of the customers won in {by} would return.",
            share=share_of(result.rate_before.mean),
            span=_shares(result.rate_before),
            by=month(result.month),
        )
    ]
    paid = dict(zip(result.levers["key"], result.levers["break_even_uplift"], strict=True))
    for lever in goal.in_force:
        if lever.is_planning_only:
            continue
        sentence = say(
            "{name}: it reaches {reach}, {take_up} of them take part, and {uplift}.",
            name=say(lever.strategy or lever.key),
            reach=percent(lever.reach * lever.strength),
            take_up=percent(lever.take_up),
            uplift=uplift_in_words(lever),
        )
        least = float(paid.get(lever.key, math.nan))
        if not math.isnan(least):
            sentence += " " + say("It pays for itself from {least} on.", least=percent(least, 1))
        sentences.append(sentence)
    return sentences


def back_test_answer(tests: pd.DataFrame) -> str:
    """How far off the forecast was on earlier days of the shop's own data. `tests`: rows of Baseline.backtest.

    All of them are weighed by who ordered: a month in which hardly anybody did is off by thousands of per cent.
    """
    foretold, happened = tests["expected"], tests["actual"]
    many, off, lean = (float(sums.sum()) for sums in (happened, (foretold - happened).abs(), foretold - happened))
    if many:
        share = say("{share} too many" if lean >= 0 else "{share} too few", share=percent(abs(lean) / many, 1))
        found = say("off by {off} of those who ordered, in all {lean}", off=percent(off / many), lean=share)
    else:
        found = say("nobody ordered, and {n} were foretold", n=number(foretold.sum()))
    return say(
        "How many of the known customers would order, summed over the months ahead, was foretold {times} from earlier "
        "days of your own data: {found}; {held} of {n} lay inside the band that should hold four of five.",
        times=say("once") if len(tests) == 1 else say("{n} times", n=number(len(tests))),
        found=found, held=number(tests["held_80"].sum()), n=number(len(tests)),
    )  # fmt: skip


def _shares(band: Band) -> str:
    return say("{span}, 80 % sure", span=between(percent(band.p10, 1), percent(band.p90, 1)))


def _money(value: float, currency: str | None) -> str:
    """An amount that is forecast: three figures of it are more than is known."""
    if value == 0 or not math.isfinite(value):
        return money(value, currency, 0)
    return money(round(value, 2 - math.floor(math.log10(abs(value)))), currency, 0 if abs(value) >= 100 else None)
