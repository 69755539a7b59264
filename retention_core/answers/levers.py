"""The sentences of a lever: whom it reaches, what is assumed of it, on what that rests, what a test of it found."""

from __future__ import annotations

from collections.abc import Mapping

from retention_core.answers.churn import customers_in_words
from retention_core.goals.catalogue import Needs
from retention_core.goals.draws import span as likely
from retention_core.goals.goal import ActsOn, Grade, Lever
from retention_core.goals.levers import ASSUMED_CONSENT, OwnTest, Reach
from retention_core.say import between, number, percent, say

GRADES: Mapping[Grade, str] = {
    "A": "measured in a test of your own",
    "B": "carried over from a published experiment",
    "C": "an observation that may have other causes",
    "D": "an opinion, or a vendor's figure",
}
# Of whom a reach is a share, and what an uplift is about. Days: the shop's own limit, as in its forecast.
ACTIVE = "{customers} who ordered in the last {days} days"
PEOPLE: Mapping[ActsOn, str] = {
    "return_after_first": "{customers} won in the last year",
    "return_of_active": "{customers} with several orders, the last within {days} days",
    "win_back": "{customers} silent for more than {days} days",
    "order_value": ACTIVE,
    "orders_per_buyer": ACTIVE,
    "acquisition": ACTIVE,
    "nothing": "{customers}",
}
UPLIFTS: Mapping[ActsOn, str] = {
    "return_after_first": "of those who would not have returned, {uplift} now do",
    "return_of_active": "of those who would not have returned, {uplift} now do",
    "win_back": "of those who would not have returned, {uplift} now do",
    "order_value": "an order grows by {uplift}",
    "orders_per_buyer": "the number of orders grows by {uplift}",
    "acquisition": "new customers grow by {uplift}",
}
IN_SHORT: Mapping[ActsOn, str] = {
    "return_after_first": "{uplift} come back",
    "return_of_active": "{uplift} come back",
    "win_back": "{uplift} come back",
    "order_value": "{uplift} larger orders",
    "orders_per_buyer": "{uplift} more orders",
    "acquisition": "{uplift} more new customers",
}
SWITCHED_ON_BY: Mapping[Needs, str] = {
    "customers": "a file of customers with their birthdays (customer_id, birthday, consent)",
    "events": "a file of events (customer_id, event, occurred_at, detail)",
    "order_lines": "a file of order lines (order_id, product_id, quantity, amount)",
    "discounts": "an order file that tells discounts or coupons",
    "methods": "an order file that tells how people paid and how it was delivered",
    "categories": "order lines, or an order file, with categories",
}


def lever_answer(lever: Lever, reach: Reach, rests_on: bool = True) -> str:
    """Whom a lever reaches now, what is assumed of it, and on what that rests."""
    if lever.is_planning_only:
        return f"{say(lever.source)}."
    parts = [reach_answer(lever, reach)]
    if lever.reach > 0:
        parts.append(say("Assumed: {uplift}.", uplift=uplift_in_words(lever)))
    if rests_on:
        parts.append(say("Evidence {grade}: {what}.", grade=lever.grade, what=say(GRADES[lever.grade])))
        if lever.source:
            parts.append(f"{say(lever.source)}.")
    return " ".join(parts)


def reach_answer(lever: Lever, reach: Reach) -> str:
    if reach.needs:
        return say("Your files do not tell whom it would reach: {file} would.", file=say(SWITCHED_ON_BY[reach.needs]))
    if not lever.audience:
        return say("Not counted in your orders: it acts on people before they order.")
    people = say(PEOPLE[lever.acts_on], customers=customers_in_words(reach.base), days=number(reach.lapse_days))
    sentence = say(
        "Reaches {n} of {people} ({share}).", n=number(reach.customers), people=people, share=percent(reach.share)
    )
    if reach.is_too_few:
        sentence += " " + say("Too few to matter.")
    if not reach.is_consent_assumed:
        return sentence
    assumed = say(
        "Your files do not tell who agreed to letters: {share} is assumed; a file of customers would tell.",
        share=percent(ASSUMED_CONSENT),
    )
    return f"{sentence} {assumed}"


def uplift_in_words(lever: Lever) -> str:
    """What the lever does to those who take part, with the band that holds it in four of five cases."""
    return say(UPLIFTS[lever.acts_on], uplift=_uplift(lever))


def uplift_in_short(lever: Lever) -> str:
    """The same for a cell of a table: of whom it is a share is said below the table."""
    return say(IN_SHORT[lever.acts_on], uplift=_uplift(lever))


def _uplift(lever: Lever) -> str:
    low, high = likely(lever.uplift)
    return f"{percent(lever.uplift.mean, 1)} ({between(percent(low, 1), percent(high, 1))})"


def own_test_answer(found: OwnTest) -> str:
    """What an own test found, or why it tells nothing."""
    if found.split_p < 0.01:
        return say(
            "{a} and {b} customers are no even split: something besides the toss of a coin chose them, so this test "
            "tells nothing.",
            a=number(found.assigned[0]),
            b=number(found.assigned[1]),
        )
    low, high = found.interval
    sentence = say(
        "Your own test: with “{treated}” {share} of {n} ordered again within {days} days, "
        "with “{control}” {other} of {m}. The difference lies between {low} and {high} points, 95 % sure.",
        treated=found.treated,
        control=found.control,
        share=percent(found.shares[0], 1),
        other=percent(found.shares[1], 1),
        n=number(found.customers[0]),
        m=number(found.customers[1]),
        days=number(found.days),
        low=_points(low),
        high=_points(high),
    )
    if low <= 0 <= high:
        return sentence + " " + say("It may be chance.")
    return sentence


def _points(share: float) -> str:
    """A difference of shares in points of a hundred, with its sign."""
    return percent(share, 1).removesuffix("%").strip()
