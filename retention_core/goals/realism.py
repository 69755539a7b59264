"""Is a target realistic for this shop? Four witnesses, the kind of product, a verdict and three suggested targets.

    facts = realism.facts_of(shop)                               # small queries, once per data set and scope
    judged = realism.judge(facts, baseline=0.18, target=0.2, by=date(2027, 11, 1))

`judge` is arithmetic on the facts: a slider that moves the target runs no SQL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from retention_core import cohorts
from retention_core.goals.goal import WINDOWS, GoalError, check_choice, check_number
from retention_core.goals.published import PROGRAMME, published_for
from retention_core.metrics import SMALL_SAMPLE, Reading, wilson

if TYPE_CHECKING:
    from retention_core.store import Shop

Verdict: TypeAlias = Literal["within", "stretch", "not_seen"]
Kind: TypeAlias = Literal["replenishable", "mixed", "varied", "gift", "unknown"]

COLOURS: Mapping[Verdict, str] = {"within": "green", "stretch": "orange", "not_seen": "red"}
REPLENISHABLE_FROM, GIFT_BELOW = 0.4, 0.15  # share of later purchases that are a product bought before
OFTEN_FROM = 0.3  # share that orders again within a year, from which nobody buys once only, whatever they buy
FAITHFUL_ENOUGH = 100  # returning customers behind the kind of product
LARGE_SEGMENT_SHARE, LARGE_SEGMENT = 0.05, 100
MOST_YEARS = 3.0
POWER, ALPHA = 0.8, 0.05
# How much of what a good programme achieves is suggested as the ambitious target.
AMBITION: Mapping[Kind, float] = {"replenishable": 1.0, "mixed": 0.75, "varied": 0.75, "unknown": 0.75, "gift": 0.5}


@dataclass(frozen=True)
class ProductKind:
    """What is sold, by how often it is bought again: of `purchases` that returning customers made later, the `share`
    that was a product they had bought before (None: no order lines).

    varied: hardly any, but many order again: the same people buy other products.
    """

    kind: Kind
    share: float | None
    purchases: int
    customers: int


@dataclass(frozen=True)
class Facts:
    """What a shop's own data say about its range. `rate`: second orders within the window, of all observed so long.

    quarters: one row per finished quarter of first orders: quarter, customers, ordered_again, share, shrunk_share.
    segments: one row per dimension and value with enough customers: dimension, value, customers, share, shrunk_share.
    new_customers: won in the last 365 days.
    """

    as_of: date
    window: int
    rate: Reading
    quarters: pd.DataFrame
    segments: pd.DataFrame
    new_customers: int
    product: ProductKind


@dataclass(frozen=True)
class Witness:
    """One witness: the highest rate it speaks for (None: it cannot say), and the figures of its sentence.

    `key`: own_best, own_change, published or measurable. For measurable, `share` is the baseline plus the smallest
    change that can be told from chance.
    """

    key: str
    share: float | None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Targets:
    cautious: float
    realistic: float
    ambitious: float


@dataclass(frozen=True)
class Realism:
    """The verdict on a target, its reasons, and better targets. Up to `plan_up_to` a rate lies within the shop's own
    range, up to `stretch_up_to` it is a stretch. `falls`: less is expected than `today`; `season`: what the same
    quarters of the past came to, where that explains it."""

    verdict: Verdict
    baseline: float
    target: float
    window: int
    today: float | None
    new_customers: int
    falls: bool
    season: float | None
    years: float
    plan_up_to: float
    stretch_up_to: float
    is_measurable: bool | None
    witnesses: tuple[Witness, ...]
    product: ProductKind
    targets: Targets

    @property
    def colour(self) -> str:
        return COLOURS[self.verdict]

    @property
    def has_meaning(self) -> bool:
        """Whether there can be a goal: a rate that has been seen, and new customers for it to act on. Without them no
        target is better than another."""
        return self.today is not None and self.new_customers > 0

    @property
    def seen_up_to(self) -> float:
        """From here on nobody has been seen: of a small shop, which may have kept all by luck, no less than today."""
        return max(self.stretch_up_to, self.today or 0.0)

    @property
    def first_target(self) -> float:
        """What a hard-working programme brings, no less than today, but nothing that is out of reach."""
        return min(max(self.targets.cautious, self.today or 0.0), self.stretch_up_to)


def facts_of(shop: Shop, window: int = 365, **scope: Any) -> Facts:
    """What the shop's own data say about its range, for second orders within `window` days."""
    check_choice("The goal", "window", window, WINDOWS)
    truncated = cohorts.left_truncated(shop.query("cohort_retention"))
    quarters = shop.query("quarter_returns", window_days=window, **scope)
    if truncated:
        quarters = quarters[quarters["quarter"] > max(truncated)]
        starts = pd.Timestamp(max(truncated)) + pd.offsets.MonthBegin()
        scope = {**scope, "since": max(starts.date(), _day(scope.get("since")) or date.min)}
    segments = shop.query("segment_returns", window_days=window, **scope)
    rate = shop.metric(f"second_order_within_{window}_days", **scope)
    enough = max(LARGE_SEGMENT, LARGE_SEGMENT_SHARE * (rate.denominator or 0))
    shrunk = [_shrunk(group, "value") for _, group in segments.groupby("dimension")]
    segments = pd.concat(shrunk) if shrunk else segments.assign(shrunk_share=0.0)
    since = shop.observed_on - timedelta(days=364)
    recent = shop.query("customer_totals", **{**scope, "since": max(since, _day(scope.get("since")) or date.min)})
    return Facts(
        as_of=shop.observed_on,
        window=window,
        rate=rate,
        quarters=_shrunk(quarters, "quarter"),
        segments=segments[segments["customers"] >= enough].reset_index(drop=True),
        new_customers=int(recent["customers"].iloc[0]),
        product=_product(shop, scope),
    )


def judge(facts: Facts, baseline: float, target: float, by: date) -> Realism:
    """Whether `target` by the day `by` is realistic, from a rate that would be `baseline` by then if nothing changed.

    Raises GoalError for a rate outside 0-1 and for a day that is not after the last observed one.
    """
    for name, value in (("target", baseline), ("target", target)):
        check_number("The goal", name, value)
    if by <= facts.as_of:
        raise GoalError(f"The goal's date is {by}; it must be after {facts.as_of}, the last day in the data.")
    years = min((by - facts.as_of).days / 365, MOST_YEARS)
    best, moved = _own_best(facts), _own_change(facts, baseline, years)
    published = _published(facts, baseline, years)
    plan = _highest(baseline, best.figures.get("quarter_share"), moved.share, published.figures["low"])
    stretch = min(_highest(plan, best.figures.get("segment_share"), published.figures["high"]), 1.0)
    measurable = _measurable(facts, baseline, years)
    falls, season = _falls(facts, baseline, by)
    found = Realism(
        verdict="within",
        baseline=baseline,
        target=target,
        window=facts.window,
        today=facts.rate.value,
        new_customers=facts.new_customers,
        falls=falls,
        season=season,
        years=years,
        plan_up_to=min(plan, 1.0),
        stretch_up_to=stretch,
        is_measurable=None,
        witnesses=(best, moved, published, measurable),
        product=facts.product,
        targets=_targets(facts.product.kind, baseline, plan, years),
    )
    return aimed_at(found, target)


def aimed_at(judged: Realism, target: float) -> Realism:
    """The same shop and day with another target: nothing else is worked out anew. Raises GoalError as `judge`."""
    check_number("The goal", "target", target)
    measurable = next(one for one in judged.witnesses if one.key == "measurable")
    smallest = measurable.figures.get("smallest_change")
    return replace(
        judged,
        verdict="within" if target <= judged.plan_up_to else "stretch" if target <= judged.seen_up_to else "not_seen",
        target=target,
        is_measurable=None if smallest is None else abs(target - judged.baseline) >= smallest,
    )


def _falls(facts: Facts, baseline: float, by: date) -> tuple[bool, float | None]:
    """Whether less is expected than today's rate, chance apart; and the rate of the same quarters of the past, where
    these were as low: then it is the season."""
    if facts.rate.low is None or baseline >= facts.rate.low:
        return False, None
    past = facts.quarters[facts.quarters["quarter"].dt.quarter == (by.month + 2) // 3]
    hits, trials = float(past["ordered_again"].sum()), float(past["customers"].sum())
    if not trials or hits / trials >= (facts.rate.value or 0.0) or baseline < wilson(hits, trials)[0]:
        return True, None
    return True, hits / trials


def smallest_change(rate: float, customers: float, power: float = POWER, alpha: float = ALPHA) -> float | None:
    """The smallest rise of a share that two groups of so many customers each can tell from chance; None: not even to 1.

    Two-sided test of two shares: n·d² = (z₁·√(2·p̄·(1−p̄)) + z₂·√(p₁(1−p₁) + p₂(1−p₂)))², solved for d by halving
    (Fleiss, Levin & Paik 2003, eq. 4.14, without continuity correction).
    """
    if customers <= 0 or not 0 <= rate < 1:
        return None
    z_alpha, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)

    def is_told(change: float) -> bool:
        other = rate + change
        mean = (rate + other) / 2
        noise = z_alpha * math.sqrt(2 * mean * (1 - mean))
        noise += z_power * math.sqrt(rate * (1 - rate) + other * (1 - other))
        return customers * change**2 >= noise**2

    low, high = 0.0, 1 - rate
    if not is_told(high):
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if is_told(middle) else (middle, high)
    return high


def _own_best(facts: Facts) -> Witness:
    """The best finished quarter and the best large segment, both after shrinkage."""
    figures: dict[str, Any] = {}
    quarters, segments = facts.quarters, facts.segments
    if len(quarters) > 1:
        row = quarters.iloc[int(quarters["shrunk_share"].argmax())]
        figures |= {"quarter": row["quarter"].date(), "quarter_share": float(row["shrunk_share"])}
        figures |= {"quarter_customers": int(row["customers"]), "quarters": len(quarters)}
        figures["quarter_counted"] = float(row["share"])
    several = segments[segments.groupby("dimension")["value"].transform("count") > 1] if len(segments) else segments
    if len(several):
        row = several.iloc[int(several["shrunk_share"].argmax())]
        figures |= {"dimension": str(row["dimension"]), "segment": str(row["value"])}
        figures |= {"segment_share": float(row["shrunk_share"]), "segment_customers": int(row["customers"])}
        figures["segment_counted"] = float(row["share"])
    shares = [figures[name] for name in ("quarter_share", "segment_share") if name in figures]
    return Witness("own_best", max(shares) if shares else None, figures)


def _own_change(facts: Facts, baseline: float, years: float) -> Witness:
    """The largest rise of a quarter over the same quarter of an earlier year, if beyond chance; else none.

    Only equal quarters are compared: the season is no change. They lie no further apart than the goal is away, a year
    at least; of a year's rise, a goal that is closer counts its `part` of the year. The more pairs the data hold, the
    further apart two must be (Bonferroni): all of them, however far the goal is away, so that time never takes away.
    """
    quarters = facts.quarters[facts.quarters["customers"] >= SMALL_SAMPLE]
    number = (quarters["quarter"].dt.year * 4 + quarters["quarter"].dt.quarter).to_numpy()
    steps = number[None, :] - number[:, None]
    is_equal = (steps > 0) & (steps <= 4 * MOST_YEARS) & (steps % 4 == 0)
    reach = 4 * max(math.floor(years), 1)
    earlier, later = np.nonzero(is_equal & (steps <= reach))
    if not len(earlier):
        return Witness("own_change", None)
    z = NormalDist().inv_cdf(1 - 0.025 / is_equal.sum())
    hits, trials = (quarters[name].to_numpy(float) for name in ("ordered_again", "customers"))
    low, high = wilson(hits, trials, z)
    share = hits / trials
    rise = share[later] - share[earlier]
    # Newcombe (1998), method 10: the lower end of the difference of two shares.
    surely = rise - np.hypot(share[later] - low[later], high[earlier] - share[earlier])
    is_sure = bool((surely > 0).any())
    place = int(np.argmax(np.where(surely > 0, rise, -np.inf) if is_sure else rise))
    first, last = quarters.iloc[int(earlier[place])], quarters.iloc[int(later[place])]
    part = min(years, 1.0)
    change = float(rise[place]) * part if is_sure else 0.0
    figures = {
        "change": change,
        "part": part,
        "from_quarter": first["quarter"].date(),
        "to_quarter": last["quarter"].date(),
        "from_share": float(first["share"]),
        "to_share": float(last["share"]),
        "years": reach // 4,
    }
    return Witness("own_change", min(baseline + change, 1.0), figures)


def _published(facts: Facts, baseline: float, years: float) -> Witness:
    """Published figures of this definition and window; None where there are none.

    `low`, `high`: where a year's work would bring the rate. Measured on 365 days, assumed for shorter windows.
    """
    low, high = (min(baseline * (1 + change) ** years, 1.0) for change in PROGRAMME)
    figures: dict[str, Any] = {"low": low, "high": high}
    known = published_for(facts.window)
    if not known:
        return Witness("published", None, figures)
    level = known["all_retailers"]
    return Witness("published", high, {**figures, "level": level.value, "source": level.source, "year": level.year})


def _measurable(facts: Facts, baseline: float, years: float) -> Witness:
    """New customers of the time until the goal, a year at most, split in two halves."""
    customers = int(facts.new_customers * min(years, 1.0) / 2)
    change = smallest_change(baseline, customers)
    if change is None:
        return Witness("measurable", None, {"customers": customers})
    return Witness("measurable", baseline + change, {"customers": customers, "smallest_change": change})


def _targets(kind: Kind, baseline: float, plan: float, years: float) -> Targets:
    """From what a programme is known to move in the time; goods that are used up allow more, gifts less."""
    low, high = ((1 + change) ** years for change in PROGRAMME)
    cautious = baseline * low
    ambitious = baseline + AMBITION[kind] * baseline * (high - 1)
    if kind == "replenishable":
        ambitious = max(ambitious, plan)
    shares = (cautious, cautious + (ambitious - cautious) / 3, ambitious)
    # Rounded down: a suggestion must not pass a limit by its rounding.
    return Targets(*(min(math.floor(1000 * share) / 1000, 1.0) for share in shares))


def _product(shop: Shop, scope: Mapping[str, Any]) -> ProductKind:
    if not shop.facts.has_order_lines:
        return ProductKind("unknown", None, 0, 0)
    row = shop.query("repeat_products", **scope).iloc[0]
    purchases, customers = int(row["later_lines"]), int(row["returning_customers"])
    share = int(row["repeated_lines"]) / purchases if purchases else None
    if share is None or customers < FAITHFUL_ENOUGH:
        return ProductKind("unknown", share, purchases, customers)
    return ProductKind(_kind(share, shop, scope), share, purchases, customers)


def _kind(share: float, shop: Shop, scope: Mapping[str, Any]) -> Kind:
    if share >= REPLENISHABLE_FROM:
        return "replenishable"
    if share >= GIFT_BELOW:
        return "mixed"
    again = shop.metric("second_order_within_365_days", **scope).value
    return "varied" if again is not None and again >= OFTEN_FROM else "gift"


def _shrunk(groups: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows with shrunk_share: each share pulled to the mean as far as its size allows."""
    if groups.empty:
        return groups.assign(shrunk_share=pd.Series(dtype=float)).reset_index(drop=True)
    cells = pd.DataFrame(
        {
            "cohort": groups[name],
            "age": 1,
            "cohort_customers": groups["customers"],
            "active_customers": groups["ordered_again"],
            "is_complete": True,
        }
    )
    return groups.assign(shrunk_share=cohorts.with_marks(cells)["shrunk_share"]).reset_index(drop=True)


def _highest(*shares: float | None) -> float:
    return max(share for share in shares if share is not None)


def _day(value: Any) -> date | None:
    return None if value is None else pd.Timestamp(value).date()
