"""What levers do to a baseline: one rule, in numpy, for many draws or many settings at once.

A lever converts a share of those who would *not* have come back: p' = 1 - (1 - p) · Π(1 - x), where
x = reach · strength · take-up · uplift · ramp. Levers so overlap and saturate, and no rate passes 1. Monthly cells of a
row follow its 365-day return: they are multiplied by p'/p. Levers on order value, orders per buyer and acquisition add
up: 1 + Σ x.

S stands for draws or settings (1 where they all share a value), H for coming months, L for levers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from retention_core.goals.goal import ActsOn, Goal, GoalError, Lever
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline

YEAR_MONTHS = 12
NOBODY = 1e-9  # a smaller share is none
NONE = np.zeros((1, 0))  # uplifts and strengths where there are no levers
# Who among the existing customers a lever on returning acts on. New ones are customers with one order, too.
STAGE_OF: dict[str, ActsOn] = {
    "one_order": "return_after_first",
    "repeat": "return_of_active",
    "lapsed": "win_back",
}


@dataclass(frozen=True)
class Cells:
    """A baseline cut to the months that count: existing groups of customers (E) apart from the arrivals of each month.

    old_customers, old_returning (S, E); old_active, old_orders (S, E, H). By month of arrival: new_customers,
    new_returning (within 365 days), new_rate (within the goal's window), new_peak (greatest share active in any month)
    (S, H); new_active, new_orders (S, H, H): month of arrival, then month. old_comebacks, new_comebacks: the orders on
    which a discount for coming back is used, once. order_value (S, H); margin: a share of it.
    """

    months: tuple[date, ...]
    stages: tuple[str, ...]
    old_customers: Floats
    old_returning: Floats
    old_active: Floats
    old_orders: Floats
    new_customers: Floats
    new_returning: Floats
    new_rate: Floats
    new_active: Floats
    new_orders: Floats
    new_peak: Floats
    old_comebacks: Floats
    new_comebacks: Floats
    order_value: Floats
    margin: float

    def mean(self) -> Cells:
        """The expected cells, as one setting."""
        arrays = {name: value.mean(axis=0, keepdims=True) for name, value in vars(self).items() if _is_array(value)}
        arrays["new_peak"] = arrays["new_active"].max(axis=2)
        return replace(self, **arrays)


@dataclass(frozen=True)
class Outcome:
    """What comes out, by draw or setting and month (S, H).

    `rate`: of the customers won in the month, the share that orders again within the goal's window. `customers` with an
    order in the month; `orders`; `revenue` after discounts; `cost`: programme and discounts; `margin_after_cost`: the
    margin on the revenue before discounts, less `cost`. `retained` (S): customers who come back within a year.
    """

    rate: Floats
    customers: Floats
    orders: Floats
    revenue: Floats
    margin_after_cost: Floats
    cost: Floats
    retained: Floats


def cells_of(baseline: Baseline, goal: Goal) -> Cells:
    """The part of a baseline that a goal looks at."""
    months = len(baseline.months) if goal.horizon is None else goal.horizon
    if months > len(baseline.months):
        raise GoalError(f"The goal counts {months} months; the forecast has {len(baseline.months)}.")
    stages = tuple(baseline.rows["stage"])
    old = slice(0, len(stages) - len(baseline.months))
    new = slice(old.stop, old.stop + months)
    if set(stages[old]) - set(STAGE_OF) or set(stages[old.stop :]) != {"new"}:
        raise GoalError("The rows of the baseline are existing customers, then one row per coming month.")
    active = baseline.active
    orders = baseline.orders_of(active)
    peak = active[:, new, :months].max(axis=2)
    return Cells(
        months=baseline.months[:months],
        stages=stages[old],
        old_customers=baseline.customers[:, old],
        old_returning=baseline.returning[:, old],
        old_active=active[:, old, :months],
        old_orders=orders[:, old, :months],
        new_customers=baseline.customers[:, new],
        new_returning=baseline.returning[:, new],
        new_rate=baseline.returning_within[goal.window][:, new],
        new_active=active[:, new, :months],
        new_orders=orders[:, new, :months],
        new_peak=peak,
        old_comebacks=_old_comebacks(baseline, orders[:, old], stages[old])[:, :, :months],
        new_comebacks=_new_comebacks(baseline, orders, old.stop)[:, :months, :months],
        order_value=baseline.order_value[:, :months],
        margin=goal.margin,
    )


def with_other_terms(cells: Cells, baseline: Baseline, goal: Goal) -> Cells:
    """The cells of another goal that counts the same months: it may have another window and another margin."""
    new = slice(len(cells.stages), len(cells.stages) + len(cells.months))
    return replace(cells, new_rate=baseline.returning_within[goal.window][:, new], margin=goal.margin)


def _old_comebacks(baseline: Baseline, orders: Floats, stages: Sequence[str]) -> Floats:
    """(S, E, H): orders that a discount for coming back is used on: one of each who returns within the year.

    Customers who are active anyway get their discounts on every order.
    """
    orders = orders.copy()
    once = np.array([stage != "repeat" for stage in stages])
    year = orders[:, once, :YEAR_MONTHS].sum(axis=2)
    returners = (baseline.customers * baseline.returning)[:, : len(stages)][:, once]
    orders[:, once] *= _part(returners, year)[:, :, None]
    orders[:, once, YEAR_MONTHS:] = 0
    return orders


def _new_comebacks(baseline: Baseline, orders: Floats, first: int) -> Floats:
    """(S, H, H): the same of the arrivals of each month; how many orders one who returns places in the year, those of
    the first month tell, who are seen for the longest."""
    orders = orders[:, first:]
    months = np.arange(orders.shape[2])
    in_year = np.subtract.outer(months, months).T < YEAR_MONTHS
    returners = baseline.customers[:, first] * baseline.returning[:, first]
    return np.asarray(orders * in_year * _part(returners, orders[:, 0, :YEAR_MONTHS].sum(axis=1))[:, None, None])


def _part(some: Floats, whole: Floats) -> Floats:
    """some / whole, at most 1; 1 where there is no whole."""
    return np.minimum(np.divide(some, whole, out=np.ones(np.shape(whole)), where=whole > 0), 1)


def first_month(lever: Lever, months: Sequence[date]) -> int:
    """Place of the month in which a lever starts; past the end where it starts later."""
    if lever.starts is None:
        return 0
    return max(0, (lever.starts.year - months[0].year) * 12 + lever.starts.month - months[0].month)


def ramp(lever: Lever, months: Sequence[date]) -> Floats:
    """(H): share of its full force that a lever has in each month."""
    since = np.arange(1.0, len(months) + 1) - first_month(lever, months)
    return np.asarray(np.clip(since / max(lever.ramp_months, 1), 0, 1))


@dataclass(frozen=True)
class Pull:
    """What the levers of one kind do together (S, H): `away` = Π(1 - x), `gain` = 1 + Σ x.

    `on_extra`, `on_base`: discount, as a share of their value, on the orders they bring and on those that would have
    come anyway.
    """

    away: Floats
    gain: Floats
    on_extra: Floats
    on_base: Floats


NO_PULL = Pull(np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))


def pull(kind: ActsOn, levers: Sequence[Lever], uplifts: Floats, strengths: Floats, months: Sequence[date]) -> Pull:
    """All levers of one kind at the given uplifts (S, L) and strengths (S or 1, L)."""
    away, gain, on_extra, on_base = NO_PULL.away, NO_PULL.gain, NO_PULL.on_extra, NO_PULL.on_base
    brought = np.zeros((1, 1))
    for place, lever in enumerate(levers):
        if lever.acts_on != kind:
            continue
        reached = lever.reach * strengths[:, place, None] * ramp(lever, months)
        x = lever.take_up * uplifts[:, place, None] * reached
        away, gain = away * (1 - x), gain + x
        if lever.discount:
            on_extra = on_extra + lever.discount * np.maximum(x, 0)
            on_base = on_base + lever.discount * lever.discount_taken_by_returning * reached
        brought = brought + np.maximum(x, 0)
    # Of the orders that several levers bring, each has the part that its own effect is of all effects.
    if on_extra.any():
        on_extra = np.divide(on_extra, brought, out=np.zeros(np.broadcast(on_extra, brought).shape), where=brought > 0)
    return Pull(away, np.maximum(gain, 0), on_extra, on_base)


def force(lever: Lever, months: Sequence[date]) -> Floats:
    """(H): reach · strength · take-up · ramp, as the lever is set; times its uplift it is its x."""
    return lever.reach * lever.strength * lever.take_up * ramp(lever, months)


def rate_with(cells: Cells, place: int, away: Floats) -> Floats:
    """(S): the rate within the goal's window of those won in one month, of whom levers leave the share `away` away."""
    before = cells.new_returning[:, place]
    return np.asarray(np.minimum(cells.new_rate[:, place] * times(raised(before, away), before), 1))


def raised(returning: Floats, away: Floats) -> Floats:
    """p' = 1 - (1 - p) · Π(1 - x), written so that no lever leaves p as it is, to the bit."""
    return np.asarray(np.clip(returning + (1 - returning) * (1 - away), 0, 1))


def times(after: Floats, before: Floats) -> Floats:
    """p'/p; 1 where nobody returned: there are no orders to multiply."""
    ratio = np.ones(np.broadcast(after, before).shape)
    return np.divide(after, before, out=ratio, where=before > NOBODY)


def evaluate(cells: Cells, levers: Sequence[Lever], uplifts: Floats, strengths: Floats) -> Outcome:
    """What comes of levers at the given uplifts (S or 1, L) and strengths (S or 1, L). No levers: the baseline."""
    pulls = {
        kind: pull(kind, levers, uplifts, strengths, cells.months)
        for kind in dict.fromkeys(lever.acts_on for lever in levers)
    }
    welcome, won = pulls.get("return_after_first", NO_PULL), pulls.get("acquisition", NO_PULL)
    more, dearer = pulls.get("orders_per_buyer", NO_PULL), pulls.get("order_value", NO_PULL)

    new_returning = raised(cells.new_returning, welcome.away)
    new_times = times(new_returning, cells.new_returning)
    arrivals = cells.new_customers * won.gain
    # (S, 1, H) @ (S, H, H): later orders of arrivals by month, and how much of them is given away.
    later = ((won.gain * new_times)[:, None] @ cells.new_orders)[:, 0]
    given = won.gain * (welcome.on_base + welcome.on_extra * np.maximum(new_times - 1, 0))
    given_later = (given[:, None] @ cells.new_comebacks)[:, 0] if given.any() else np.zeros((1, 1))
    active = arrivals + _again(arrivals * _at_most(new_times, cells.new_peak), cells.new_active)
    retained = (arrivals * new_returning).sum(axis=1)

    for row, stage in enumerate(cells.stages):
        own = pulls.get(STAGE_OF[stage], NO_PULL)
        before, customers = cells.old_returning[:, row, None], cells.old_customers[:, row, None]
        if own is NO_PULL:  # what comes out below, too, for a factor of 1
            later = later + cells.old_orders[:, row]
            active = active + customers * np.minimum(cells.old_active[:, row], 1)
            retained = retained + (customers * np.clip(before, 0, 1))[:, 0]
            continue
        row_times = times(raised(before, own.away), before)
        orders = cells.old_orders[:, row]
        later = later + orders * row_times
        given = own.on_base + own.on_extra * np.maximum(row_times - 1, 0)
        given_later = given_later + cells.old_comebacks[:, row] * given
        active = active + customers * np.minimum(cells.old_active[:, row] * row_times, 1)
        retained = retained + customers[:, 0] * _year_share(before[:, 0], orders, row_times)

    given_more = later * (more.on_base + more.on_extra * np.maximum(more.gain - 1, 0))
    given_first = cells.new_customers * (won.on_base + won.on_extra * np.maximum(won.gain - 1, 0))
    orders = arrivals + later * more.gain
    given_dearer = orders * (dearer.on_base + dearer.on_extra * np.maximum(dearer.gain - 1, 0))
    gross = orders * cells.order_value * dearer.gain
    discounts = np.zeros((1, 1))
    deepest = max((lever.discount for lever in levers), default=0.0)
    if deepest:  # without amounts their cost is not known, that of other levers is
        offered = (given_later + given_more + given_first) * dearer.gain + given_dearer
        discounts = np.minimum(offered * cells.order_value, deepest * gross)  # nobody uses two offers on one order
    cost = programme_cost(cells, levers, strengths, arrivals, active) + discounts
    found = {
        "rate": np.minimum(cells.new_rate * new_times, 1),
        "customers": active,
        "orders": orders,
        "revenue": gross - discounts,
        "margin_after_cost": cells.margin * gross - cost,
        "cost": cost,
        "retained": retained,
    }
    settings = max(map(len, found.values()))
    return Outcome(**{name: np.broadcast_to(part, (settings, *part.shape[1:])) for name, part in found.items()})


def programme_cost(
    cells: Cells, levers: Sequence[Lever], strengths: Floats, arrivals: Floats, active: Floats
) -> Floats:
    """(S, H): fixed costs from the first month on, and contacts with those reached, in full from the first month on.

    New customers are contacted for twelve months, existing ones for as long as the lever is in force, buyers and
    arrivals in their month.
    """
    months = np.arange(len(cells.months))
    cost = np.zeros((1, len(months)))
    contacts: dict[tuple[ActsOn, int], Floats] = {}  # price of contacting all people of a kind, from a month on
    for place, lever in enumerate(levers):
        begins, strength = first_month(lever, cells.months), strengths[:, place, None]
        cost = cost + (strength > 0) * (
            lever.cost_per_month * (months >= begins) + lever.cost_once * (months == begins)
        )
        price = lever.cost_per_contact * lever.contacts_per_month * lever.reach * strength
        if price.any():
            contacts[lever.acts_on, begins] = contacts.get((lever.acts_on, begins), 0.0) + price
    for (kind, begins), price in contacts.items():
        cost = cost + price * (months >= begins) * _people(cells, kind, begins, arrivals, active)
    return cost


def _people(cells: Cells, kind: ActsOn, begins: int, arrivals: Floats, active: Floats) -> Floats:
    """(S, H): customers whom a lever of this kind would reach in each month, if it reached all."""
    if kind == "acquisition":
        return arrivals
    if kind in ("order_value", "orders_per_buyer"):
        return active
    people = np.zeros(arrivals.shape)
    for row, stage in enumerate(cells.stages):
        if STAGE_OF[stage] == kind:
            people = people + cells.old_customers[:, row, None]
    if kind == "return_after_first":
        after_start = np.where(np.arange(len(cells.months)) >= begins, arrivals, 0)
        total = np.cumsum(after_start, axis=1)
        total[:, YEAR_MONTHS:] -= total[:, :-YEAR_MONTHS].copy()
        people = people + total
    return people


def _again(customers: Floats, active: Floats) -> Floats:
    """(S, H): customers that order again, by month; their month of arrival already counts them."""
    own_month = np.einsum("saa->sa", active)
    return np.asarray(np.maximum((customers[:, None, :] @ active)[:, 0] - customers * own_month, 0))


def _at_most(factor: Floats, peak: Floats) -> Floats:
    """The factor, but never so large that more than all customers are active in a month."""
    return np.asarray(np.minimum(factor, np.divide(1, peak, out=np.full(peak.shape, np.inf), where=peak > NOBODY)))


def _year_share(returning: Floats, orders: Floats, factor: Floats) -> Floats:
    """(S): share that returns within a year, where a lever's force grows over the months of the year."""
    before = orders[:, :YEAR_MONTHS].sum(axis=1)
    after = (orders * factor)[:, :YEAR_MONTHS].sum(axis=1)
    return np.asarray(np.clip(returning * times(after, before), 0, 1))


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray)
