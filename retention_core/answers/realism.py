"""What is said about a target: the verdict, each witness, the kind of product, better targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from retention_core.answers.churn import customers_in_words
from retention_core.goals.realism import Realism, Verdict, Witness
from retention_core.say import between, month, number, percent, say

# In a word beside the colour, and within a sentence after "20 % by Nov 2027".
IN_A_WORD: Mapping[Verdict, str] = {
    "within": "Within your own range",
    "stretch": "A stretch",
    "not_seen": "Nobody has been seen doing this",
}
IN_A_SENTENCE: Mapping[Verdict, str] = {
    "within": "{target} by {by} is within your own range",
    "stretch": "{target} by {by} is a stretch",
    "not_seen": "{target} by {by} is something nobody has been seen doing",
}
DIMENSIONS = {"channel": "channel", "country": "country", "category": "category", "coupon": "coupon"}
LIKELY = 0.5  # a chance from which levers are said to get there
SPANS = ("a year", "up to two years", "up to three years")
COUPON = {"yes": "with a coupon", "no": "without a coupon"}


def share_of(value: float) -> str:
    """A rate with a decimal: goals differ by less than one of a hundred."""
    return percent(value, 1) if round(value, 3) != round(value, 2) else percent(value)


def verdict_part(judged: Realism, by: date) -> str:
    """ "20 % by Nov 2027 is a stretch", for the middle of a sentence."""
    return say(IN_A_SENTENCE[judged.verdict], target=share_of(judged.target), by=month(by))


def verdict_answer(judged: Realism, by: date, best: float | None = None) -> str:
    """The verdict with its reason, in the shop's own figures. `best`: the best chance the levers give, if known."""
    if judged.today is None:
        return say(
            "Too early for a goal: none of your customers has had {days} days to order again yet. Take a shorter "
            "time, or come back when they have.", days=number(judged.window),
        )  # fmt: skip
    if not judged.has_meaning:
        return say("You win no new customers; this goal has nobody to act on.")
    parts = [_verdict(judged, by)]
    if best is not None and best < LIKELY and judged.verdict != "not_seen" and judged.target > judged.baseline:
        parts.append(say("But these levers alone hardly get you there (chance at best {chance}).", chance=_low(best)))
    if judged.falls and judged.season is not None:
        parts.append(
            say(
                "If nothing is done, {baseline} is expected by {by}: those won at that time of the year have come back "
                "less often before, too ({season}, against {today} of all).",
                baseline=share_of(judged.baseline), by=month(by),
                season=share_of(judged.season), today=share_of(judged.today),
            )
        )  # fmt: skip
    elif judged.falls:
        parts.append(
            say(
                "Your rate is drifting down: {today} so far, {baseline} expected by {by} if nothing is done. Holding "
                "it is already a gain.",
                today=share_of(judged.today), baseline=share_of(judged.baseline), by=month(by),
            )
        )  # fmt: skip
    return " ".join(parts)


def _low(chance: float) -> str:
    """A chance below one half, never as sure as 0."""
    return say("under {share}", share=percent(0.01, 0)) if chance < 0.01 else percent(chance, 0)


def _verdict(judged: Realism, by: date) -> str:
    verdict = verdict_part(judged, by)
    if judged.target <= judged.baseline:
        return say(
            "{target} by {by} needs nothing more: {baseline} is expected without any lever. What you spend on levers "
            "buys what lies above it.",
            target=share_of(judged.target), by=month(by), baseline=share_of(judged.baseline),
        )  # fmt: skip
    if judged.verdict == "within":
        return say("{verdict}: {reason}.", verdict=verdict, reason=_why_within(judged))
    if judged.verdict == "stretch":
        return say(
            "{verdict}: up to {plan} is within reach, and nothing beyond {stretch} is to be counted on.",
            verdict=verdict, plan=share_of(judged.plan_up_to), stretch=share_of(judged.stretch_up_to),
        )  # fmt: skip
    return say(
        "{verdict}. {reasons} Realistic is {realistic}.",
        verdict=verdict, reasons=" ".join(_limits(judged)), realistic=share_of(judged.targets.realistic),
    )  # fmt: skip


def _why_within(judged: Realism) -> str:
    seen = {witness.key: witness for witness in judged.witnesses}
    quarter, moved = seen["own_best"].figures.get("quarter_share"), seen["own_change"].share
    if quarter is not None and judged.target <= quarter:
        return say("your best quarter came to {share}", share=_without_luck(seen["own_best"].figures, "quarter"))
    if moved is not None and judged.target <= moved:
        return say("your rate has risen as fast before")
    return say("a year's programme brings that much even where it is hard")


def _limits(judged: Realism) -> list[str]:
    """How far each thing that was ever seen went; only of those that are known."""
    seen = {witness.key: witness for witness in judged.witnesses}
    own = seen["own_best"].figures
    parts = [say("Without any lever {share} is expected.", share=share_of(judged.baseline))]
    if "quarter_share" in own:
        parts.append(say("Your best quarter came to {share}.", share=_without_luck(own, "quarter")))
    if "segment_share" in own:
        parts.append(
            say(
                "Your best larger group ({group}) comes to {share}.",
                group=_group(own),
                share=_without_luck(own, "segment"),
            )
        )
    parts.append(
        say("A very good programme would come to {share} by then.", share=share_of(seen["published"].figures["high"]))
    )
    return parts


def witness_answers(judged: Realism) -> dict[str, str]:
    """By key of the witness: its sentence."""
    say_it = {"own_best": _own_best, "own_change": _own_change, "published": _published, "measurable": _measurable}
    return {witness.key: say_it[witness.key](witness, judged) for witness in judged.witnesses}


def _own_best(witness: Witness, judged: Realism) -> str:
    figures, parts = witness.figures, []
    if "quarter_share" in figures:
        counted, share = figures["quarter_counted"], figures["quarter_share"]
        parts.append(
            say(
                "Best of your {n} finished quarters: of the customers won in the three months from {start}, {counted} "
                "ordered again within {days} days.",
                n=number(figures["quarters"]), start=month(figures["quarter"]), counted=share_of(counted),
                days=number(judged.window),
            )
        )  # fmt: skip
        parts.append(_less_luck(counted, share))
    if "segment_share" in figures:
        counted, share = figures["segment_counted"], figures["segment_share"]
        parts.append(
            say(
                "Best of your larger groups: {group}, {counted} of {n} customers.",
                group=_group(figures), counted=share_of(counted), n=number(figures["segment_customers"]),
            )
        )  # fmt: skip
        parts.append(_less_luck(counted, share))
        parts.append(say("For your whole shop to get there, everybody would have to be like them."))
    if not parts:
        return say(
            "Fewer than two quarters of your customers have had {days} days to return: your best is not known.",
            days=number(judged.window),
        )
    return " ".join(part for part in parts if part)


def _without_luck(figures: Mapping[str, Any], kind: str) -> str:
    """What counts of the best "quarter" or "segment"; where it is less than was counted, that is said."""
    counted, share = share_of(figures[f"{kind}_counted"]), share_of(figures[f"{kind}_share"])
    return share if counted == share else say("{share} with luck taken off", share=share)


def _less_luck(counted: float, share: float) -> str:
    """What is left of the best of several, which is best by luck, too; empty where the two read the same."""
    if share_of(counted) == share_of(share):
        return ""
    return say("The best of many is partly luck, so {share} is counted here.", share=share_of(share))


def _group(figures: Mapping[str, Any]) -> str:
    value = figures["segment"]
    return (
        say(COUPON[value]) if figures["dimension"] == "coupon" else f"{say(DIMENSIONS[figures['dimension']])} {value}"
    )


def _own_change(witness: Witness, judged: Realism) -> str:
    figures = witness.figures
    if witness.share is None:
        return say(
            "Your data are too short to tell how far your rate has ever moved from a quarter to the same one of "
            "another year."
        )
    quarters = {
        "span": say(SPANS[figures["years"] - 1]),
        "before": percent(figures["from_share"], 1),
        "after": percent(figures["to_share"], 1),
        "first": month(figures["from_quarter"]),
        "last": month(figures["to_quarter"]),
    }
    if figures["change"] > 0:
        sentence = say(
            "From a quarter to the same quarter {span} later your rate has risen by more than chance explains, at most "
            "from {before} to {after} (quarters from {first} and from {last}).",
            **quarters,
        )
        if figures["part"] == 1:
            return sentence
        part = say("Until then it is {part} of a year, and as much of the rise counts.", part=percent(figures["part"]))
        return f"{sentence} {part}"
    if figures["to_share"] <= figures["from_share"]:
        return say("From a quarter to the same quarter {span} later your rate has never risen.", **quarters)
    return say(
        "From a quarter to the same quarter {span} later your rate has never risen by more than chance explains. "
        "The largest rise was from {before} to {after} (quarters from {first} and from {last}).",
        **quarters,
    )


def _published(witness: Witness, judged: Realism) -> str:
    figures = witness.figures
    if witness.share is None:
        return say(
            "No published figure counts {days} days, so none is held against yours. What a year's work does to "
            "the rate of a year (from 20 % to between 20.6 and 23 %) is assumed here too: yours to {span} by then.",
            days=number(judged.window), span=between(share_of(figures["low"]), share_of(figures["high"])),
        )  # fmt: skip
    return say(
        "By a practitioner's experience (Hillstrom 2022) a year's work lifts a rate of 20 % to 20.6 % where it is hard "
        "and to 23 % where it goes very well: yours to {span} by then. Elsewhere {level} ordered again within a year "
        "({source}, {year}; old). Figures for a calendar year give people less time and are not compared.",
        span=between(share_of(figures["low"]), share_of(figures["high"])), level=percent(figures["level"]),
        source=say(figures["source"]), year=figures["year"],
    )  # fmt: skip


def _measurable(witness: Witness, judged: Realism) -> str:
    customers = number(witness.figures["customers"])
    if witness.share is None:
        return say(
            "You win too few customers until then (two groups of {n}) to tell any change from chance.", n=customers
        )
    sentence = say(
        "With the customers you win until then (a year's at most), {n} with and {n} without the lever, a rise from "
        "{baseline} to {share} or more would show in four tests of five.",
        n=customers, baseline=share_of(judged.baseline), share=share_of(witness.share),
    )  # fmt: skip
    if judged.is_measurable:
        return sentence
    too_close = say(
        "{target} is closer than that: even if you get there, a test may not show that the lever did it.",
        target=share_of(judged.target),
    )
    return f"{sentence} {too_close}"


def product_answer(judged: Realism) -> str:
    """The kind of product, and what it allows."""
    product = judged.product
    if product.share is None:
        return say("Your files tell no products, so whether the same ones are bought again is not known.")
    if product.kind == "unknown":
        return say(
            "Only {customers} came back with known products: too few to tell what kind of goods you sell.",
            customers=customers_in_words(product.customers),
        )
    sentences = {
        "replenishable": "Of what returning customers bought later, {share} was a product they had bought before: "
        "goods that are used up. That allows an ambitious goal.",
        "mixed": "Of what returning customers bought later, {share} was a product they had bought before: "
        "some goods are used up, others are bought once.",
        "varied": "Of what returning customers bought later, only {share} was a product they had bought before, yet "
        "many order again: the same people come back for other products.",
        "gift": "Of what returning customers bought later, only {share} was a product they had bought before: "
        "goods that are bought once, such as gifts. That asks for a conservative goal.",
    }
    return say(sentences[product.kind], share=percent(product.share))


def targets_answer(judged: Realism) -> str:
    """The three suggested targets."""
    targets = judged.targets
    return say(
        "For your shop: cautious {cautious}, realistic {realistic}, ambitious {ambitious}; judged by its own past, not "
        "by these levers.",
        cautious=share_of(targets.cautious),
        realistic=share_of(targets.realistic),
        ambitious=share_of(targets.ambitious),
    )
