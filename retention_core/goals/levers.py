"""The levers of a shop: every strategy with its reach counted in the shop's data, and what its own tests found.

offers = levers.of_shop(shop)                          # all off: the baseline until one is switched on
found = levers.read_test(shop, treated="weekly")       # a randomised test among the events
tested = levers.with_own_test(offers[i], found)        # grade A: what was measured replaces what was assumed
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from retention_core.goals.baseline import lapse_limit
from retention_core.goals.catalogue import E_MAIL, OFFERS, Needs, Offer, Stage
from retention_core.goals.goal import GoalError, Lever, Uplift
from retention_core.goals.waits import YEAR
from retention_core.metrics import Z95, wilson

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.store import Shop

FAIR_SPLIT = 0.01  # chance of so uneven a split below which something else chose the groups
TOO_FEW = 30  # reached customers below which a lever can change nothing that is seen
ASSUMED_CONSENT = 0.5  # share that may be written to, where no file tells it
ASSUMED_RETURN = 0.2  # 365-day return of a stage that nobody has been observed in for so long
MOST_EFFECT = 1.0  # see `uplift_of`
RETURNING: Mapping[str, Stage] = {"return_after_first": "new", "return_of_active": "repeat", "win_back": "lapsed"}
LETTERS = (
    "writable", "birthday_known", "holiday_first", "top_value", "discount_only", "category_known", "one_category",
    "cart_left", "wish_waiting", "reader",
)  # fmt: skip
OWN_TEST = "A randomised test of your own"


@dataclass(frozen=True)
class Reach:
    """Whom a lever reaches now: `customers` of the `base` it is a share of.

    `needs`: what the files must tell before it can be counted; "" where they do. `is_consent_assumed`: who agreed to
    letters is not told, and `ASSUMED_CONSENT` of them counted. `lapse_days`: after so much silence nobody is active.
    """

    customers: int
    base: int
    needs: Needs = ""
    is_consent_assumed: bool = False
    lapse_days: int = YEAR

    @property
    def share(self) -> float:
        return self.customers / self.base if self.base else 0.0

    @property
    def is_too_few(self) -> bool:
        """Whether it reaches somebody, but too few to matter."""
        return 0 < self.customers < TOO_FEW


@dataclass(frozen=True)
class OwnTest:
    """A randomised test of two arms: who ordered again within `days` days of the assignment, of how many, in either.

    `difference`: treated less control; `interval`: 95 % of it (Newcombe 1998, method 10). `split_p`: how often a fair
    coin splits the customers as unevenly or more; under 0.01 the groups are not alike and the test tells nothing.
    """

    test: str
    treated: str
    control: str
    days: int
    customers: tuple[int, int]
    ordered_again: tuple[int, int]
    assigned: tuple[int, int]

    @property
    def shares(self) -> tuple[float, float]:
        (treated, control), (of_treated, of_control) = self.ordered_again, self.customers
        return treated / of_treated, control / of_control

    @property
    def difference(self) -> float:
        treated, control = self.shares
        return treated - control

    @property
    def standard_error(self) -> float:
        return math.sqrt(sum(p * (1 - p) / n for p, n in zip(self.shares, self.customers, strict=True)))

    @property
    def interval(self) -> tuple[float, float]:
        (treated, control), n = self.shares, self.customers
        low, high = wilson(self.ordered_again[0], n[0], Z95)
        low_control, high_control = wilson(self.ordered_again[1], n[1], Z95)
        down, up = math.hypot(treated - low, high_control - control), math.hypot(high - treated, control - low_control)
        return treated - control - down, treated - control + up

    @property
    def split_p(self) -> float:
        one, other = self.assigned
        return math.erfc(abs(one - other) / math.sqrt(one + other) / math.sqrt(2))


def of_shop(shop: Shop, **scope: Any) -> tuple[Lever, ...]:
    """One lever per strategy, all switched off, with its reach counted now. Those without data reach nobody."""
    reaches, rates = reach_of_shop(shop, **scope), returning(shop, **scope)
    return tuple(_lever(offer, reaches[offer.key], rates) for offer in OFFERS)


def reach_of_shop(shop: Shop, **scope: Any) -> dict[str, Reach]:
    """By key of the lever: whom it reaches in the opened shop, or what the files must tell before that is known."""
    facts, days = shop.facts, lapse_limit(shop, scope)
    asked = ("audiences", "event_audiences", *(["product_audiences"] if facts.has_order_lines else []))
    frames = {query: shop.query(query, lapse_days=days, **scope).set_index("stage") for query in asked}
    told: dict[Needs, bool] = {
        "customers": facts.has_customers,
        "events": facts.has_events,
        "order_lines": facts.has_order_lines,
    }
    audiences = frames["audiences"]
    is_consent_known = bool(audiences["is_consent_known"].any())
    reaches = {offer.key: _reach(offer, frames, told, is_consent_known) for offer in OFFERS}
    return {key: replace(reach, lapse_days=days) for key, reach in reaches.items()}


def returning(shop: Shop, **scope: Any) -> dict[Stage, float]:
    """By stage: the share that ordered again within 365 days, of those observed for so long."""
    first = shop.query("second_order_within", days=[YEAR], **scope).iloc[0]
    stages = shop.query("stage_returns", lapse_days=lapse_limit(shop, scope), **scope).set_index("stage")
    counts = {"new": (first["ordered_again"], first["customers"])}
    counts |= {str(stage): (row["ordered_again"], row["customers"]) for stage, row in stages.iterrows()}
    rates: dict[Stage, float] = {}
    for stage in ("new", "one_order", "repeat", "lapsed"):
        hits, trials = counts.get(stage, (0, 0))
        rates[stage] = float(hits) / float(trials) if trials else ASSUMED_RETURN
    return rates


def uplift_of(offer: Offer, rate: float) -> Uplift:
    """The effect of an offer as an uplift, in a group of which the share `rate` returns by itself.

    A rate p that grows by r of itself means that of the 1 − p who would not have returned r·p / (1 − p) now do. Where
    more return than not, r of those who would not: no effect is larger than that.
    """
    is_on_return = offer.acts_on in RETURNING
    factor = min(rate / (1 - rate), MOST_EFFECT) if is_on_return and rate < 1 else MOST_EFFECT
    if offer.spread is not None:
        return Uplift("normal", offer.effect * factor, offer.spread * factor)
    if offer.grade == "A":
        raise GoalError(f"Lever {offer.key}: an own test is read from the shop, not assumed.")
    return Uplift.graded(offer.effect * factor, offer.grade)


def read_test(
    shop: Shop, *, treated: str, control: str = "control", test: str = "test", days: int = 365, **scope: Any
) -> OwnTest | None:
    """The randomised test of that name among the shop's events; None where an arm has nobody observed so long."""
    arms = shop.query("randomised_test", test=test, window_days=days, **scope).set_index("arm")
    pair = arms[["customers", "ordered_again", "assigned"]].reindex([treated, control], fill_value=0).astype(int)
    if not pair["customers"].all():
        return None
    customers, again, assigned = (tuple(pair[name]) for name in ("customers", "ordered_again", "assigned"))
    return OwnTest(test, treated, control, days, customers, again, assigned)


def with_own_test(lever: Lever, found: OwnTest | None = None, **measured: float) -> Lever:
    """The lever with what an own randomised test found instead of what was assumed: grade A.

    Give the test, or its figures: `control` (share of the control group that ordered again), `difference`,
    `standard_error` of it, as shares. Everybody who was offered it counts, so the take-up is in it already. Raises
    GoalError for a control group that all returned, for groups split unevenly, and for a lever on something else.
    """
    if lever.acts_on not in RETURNING:
        raise GoalError(f"Lever {lever.key}: a test of who orders again says nothing about {lever.acts_on}.")
    if found is not None:
        if found.split_p < FAIR_SPLIT:
            raise GoalError(
                f"Lever {lever.key}: {found.assigned[0]} and {found.assigned[1]} customers are no even split; "
                "something besides the toss of a coin chose them."
            )
        measured = {
            "control": found.shares[1],
            "difference": found.difference,
            "standard_error": found.standard_error,
        }
    lost = 1 - measured["control"]
    if not 0 < lost <= 1:
        raise GoalError(f"Lever {lever.key}: control is {measured['control']:g}; it must be at least 0 and below 1.")
    # Where most return by themselves, the harm to them may be larger than any uplift can say.
    effect, error = max(measured["difference"] / lost, -1.0), min(measured["standard_error"] / lost, 1.0)
    uplift = Uplift.tested(effect, error)
    return replace(lever, uplift=uplift, grade="A", take_up=1.0, source=OWN_TEST)


def suggested(levers: Iterable[Lever], most: int = 3) -> tuple[str, ...]:
    """Keys of the levers for a first scenario: by more than opinion, no discounts, those on the first return first.

    Only these move the goal's rate, which is about new customers; among equals, what brings most.
    """
    sound = [
        lever
        for lever in levers
        if lever.acts_on in RETURNING and lever.grade != "D" and not lever.discount and _strength(lever) > 0
    ]
    sound.sort(key=lambda lever: (lever.acts_on != "return_after_first", -_strength(lever)))
    return tuple(lever.key for lever in sound[:most])


def _strength(lever: Lever) -> float:
    return lever.reach * lever.take_up * lever.uplift.mean


def _lever(offer: Offer, reach: Reach, rates: Mapping[Stage, float]) -> Lever:
    stage = RETURNING.get(offer.acts_on, "new")
    return Lever(
        key=offer.key,
        acts_on=offer.acts_on,
        uplift=uplift_of(offer, rates[stage]),
        grade=offer.grade,
        reach=reach.share,
        take_up=offer.take_up,
        strategy=offer.strategy,
        audience=offer.audience,
        source=offer.source,
        cost_once=offer.cost_once,
        cost_per_month=offer.cost_per_month,
        cost_per_contact=E_MAIL if offer.letters_a_year else 0.0,
        contacts_per_month=offer.letters_a_year / 12,
        discount=offer.discount,
        discount_taken_by_returning=offer.discount_taken_by_returning,
        ramp_months=offer.ramp_months,
        is_on=False,
    )


def _reach(
    offer: Offer, frames: Mapping[str, pd.DataFrame], told: Mapping[Needs, bool], is_consent_known: bool
) -> Reach:
    stages = list(offer.stages) or ["new"]
    base = int(frames["audiences"]["customers"].reindex(stages).fillna(0).sum())
    if not offer.audience:
        return Reach(base, base)
    counted = frames[offer.query][offer.audience] if told.get(offer.needs, True) else None
    # Discounts, methods and categories stand in the order file: told where anybody has one.
    if counted is None or (offer.needs and offer.needs not in told and not counted.any()):
        return Reach(0, base, offer.needs)
    is_assumed = offer.audience in LETTERS and not is_consent_known
    customers = float(counted.reindex(stages).fillna(0).sum()) * (ASSUMED_CONSENT if is_assumed else 1.0)
    return Reach(round(customers), base, "", is_assumed)
