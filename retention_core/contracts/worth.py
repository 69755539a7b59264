"""What contracts bring: counted within the months that were seen, and modelled to the end (DERL)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from retention_core.contracts.keeping import Kept, Z
from retention_core.models.survival import ShiftedBetaGeometric
from retention_core.models.triples import Floats

DRAWS = 200


@dataclass(frozen=True)
class Terms:
    """How money is counted: `margin`, the share of an amount that stays with the shop, and the `discount` a year."""

    margin: float = 1.0
    discount: float = 0.10

    def per_period(self, months: int) -> float:
        """The discount from renewal to renewal."""
        return float((1 + self.discount) ** (months / 12) - 1)


@dataclass(frozen=True)
class Span:
    """A figure with its 95 % interval. NaN where it cannot be told."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Span:
        return Span(self.value * factor, self.low * factor, self.high * factor)


NOT_TOLD = Span(np.nan, np.nan, np.nan)


def months_kept(group: Kept, horizon: int) -> Span:
    """Months of the first `horizon` for which a new contract is paid: the area under the counted curve.

    Greenwood's variance of the restricted mean (Klein & Moeschberger 2003, eq. 4.5.2); NaN where nobody was watched
    for so long.
    """
    if horizon - 1 > group.longest:
        return NOT_TOLD
    counted = group.kept_at(np.arange(horizon))
    steps = counted["survival"].to_numpy()
    rest = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    events = group.curve[(group.curve["time"] < horizon) & (group.curve["at_risk"] > group.curve["events"])]
    at_risk, lost = events["at_risk"].to_numpy(), events["events"].to_numpy()
    after = rest[events["time"].to_numpy(np.int64)]
    error = float(np.sqrt((after**2 * lost / (at_risk * (at_risk - lost))).sum()))
    area = float(steps.sum())
    low = area - Z * error if error else float(counted["low"].sum())  # nobody has left: what the fewness still allows
    return Span(area, max(low, 1.0), min(area + Z * error, float(horizon)))


def mean_amount(group: Kept) -> Span:
    """Money a month of a contract, over those that tell it; one contract alone has no interval but itself."""
    told = group.amount[~np.isnan(group.amount)]
    if not len(told):
        return NOT_TOLD
    mean = float(told.mean())
    error = float(told.std(ddof=1) / np.sqrt(len(told))) if len(told) > 1 else 0.0
    return Span(mean, mean - Z * error, mean + Z * error)


def value_within(group: Kept, horizon: int, terms: Terms) -> Span:
    """Margin that a new contract brings in its first `horizon` months, undiscounted.

    The interval holds the error of both, of the months kept and of the mean amount (see `_product`).
    """
    return _product(months_kept(group, horizon), mean_amount(group)).times(terms.margin)


def value_new(group: Kept, terms: Terms, rng: np.random.Generator) -> Span:
    """Margin of a new contract to its end, discounted: its first payment and DERL of all renewals; NaN without a model.

    The interval is of the model's parameters (Laplace draws) and of the mean amount.
    """
    if group.usable_model is None:
        return NOT_TOLD
    discount, period = terms.per_period(group.unit_months), group.unit_months
    paid = [1 + float(m.expected_renewals(1, discount)) / (1 + discount) for m in _models(group.usable_model, rng)]
    return _product(_span(np.array(paid)), mean_amount(group)).times(period * terms.margin)


def value_to_come(group: Kept, terms: Terms, rng: np.random.Generator) -> Span:
    """Margin still to come from the running contracts of the group, discounted; NaN without a model or amounts."""
    running = (group.is_lost == 0) & ~np.isnan(group.amount)
    if group.usable_model is None or not running.any():
        return NOT_TOLD
    faced = np.floor(group.months[running] / group.unit_months)
    renewal, place = np.unique(faced + 1, return_inverse=True)
    money = np.bincount(place, weights=group.amount[running]) * group.unit_months * terms.margin
    discount = terms.per_period(group.unit_months)
    return _span(np.array([m.expected_renewals(renewal, discount) @ money for m in _models(group.usable_model, rng)]))


def counted_to_come(group: Kept, horizon: int, terms: Terms, rng: np.random.Generator) -> Span:
    """Margin that the running contracts bring in the coming `horizon` months, undiscounted, by what was counted.

    An old contract is followed only to the longest watch of the group: what it brings after that is not in it, so the
    figure is rather too low. The interval draws the share that ends in each month anew from Beta(ended, kept) (Lo 1993,
    a Bayesian bootstrap for censored data).
    """
    running = (group.is_lost == 0) & ~np.isnan(group.amount) & (group.months <= group.longest)
    if not running.any():
        return NOT_TOLD
    faced, lost = _faced_and_lost(group)
    stays = np.tile(_stays(group), (DRAWS + 1, 1))
    some = (lost > 0) & (lost < faced)
    stays[1:, some] = rng.beta(faced[some] - lost[some], lost[some], (DRAWS, int(some.sum())))
    money = np.bincount(group.months[running].astype(np.int64), group.amount[running], group.longest + 1)
    total = np.zeros(DRAWS + 1)
    for age in np.flatnonzero(money):
        total += money[age] * np.cumprod(stays[:, age : age + horizon], axis=1).sum(axis=1)
    return _span(total).times(terms.margin)


def table(groups: tuple[Kept, ...], horizon: int, terms: Terms, seed: int = 0) -> pd.DataFrame:
    """One row per group: name, contracts, running, amount (a month), months (of the horizon), within, new, to_come.

    Of within, new, to_come and counted also _low and _high; counted is what the running ones bring in the coming
    `horizon` months (`counted_to_come`), for groups without a model to trust.
    """
    rows = []
    for group in groups:
        rng = np.random.default_rng(seed)
        row: dict[str, object] = {
            "name": group.name,
            "contracts": group.contracts,
            "running": group.contracts - group.lost,
            "amount": mean_amount(group).value,
            "months": months_kept(group, horizon).value,
        }
        spans = {
            "within": value_within(group, horizon, terms),
            "new": value_new(group, terms, rng),
            "to_come": value_to_come(group, terms, rng),
            "counted": counted_to_come(group, horizon, terms, rng),
        }
        for name, span in spans.items():
            row |= {name: span.value, f"{name}_low": span.low, f"{name}_high": span.high}
        rows.append(row)
    return pd.DataFrame(rows)


def each_contract(group: Kept, horizon: int, terms: Terms) -> pd.DataFrame:
    """One row per contract of the group: is_counted, months_to_come, value_to_come; 0 for lost ones, NaN untold.

    By the model to its end, months discounted; counted for the coming `horizon` months where no model may speak.
    """
    if group.is_modelled and group.usable_model is not None:
        discount = terms.per_period(group.unit_months)
        renewal, place = np.unique(np.floor(group.months / group.unit_months) + 1, return_inverse=True)
        coming = group.usable_model.expected_renewals(renewal, discount)[place] * group.unit_months
    else:
        age = np.minimum(group.months, group.longest).astype(np.int64)
        stays = _stays(group)
        each = np.array([np.cumprod(stays[at : at + horizon]).sum() for at in range(group.longest + 1)])
        coming = np.where(group.months <= group.longest, each[age], np.nan)
    months = np.where(group.is_lost > 0, 0.0, coming)
    value = np.where(group.is_lost > 0, 0.0, months * group.amount * terms.margin)
    return pd.DataFrame({"is_counted": not group.is_modelled, "months_to_come": months, "value_to_come": value})


def cumulative(groups: tuple[Kept, ...], horizon: int, terms: Terms) -> pd.DataFrame:
    """One row per group and month 1 … `horizon`: name, month, value, low, high: margin of a new contract to then."""
    rows = []
    for group in groups:
        for month in range(1, horizon + 1):
            span = value_within(group, month, terms)
            rows.append((group.name, month, span.value, span.low, span.high))
    return pd.DataFrame(rows, columns=["name", "month", "value", "low", "high"])


def _faced_and_lost(group: Kept) -> tuple[Floats, Floats]:
    """Contracts watched in month 1, 2, … of their life, and those of them that ended in it."""
    lost = np.bincount(group.months.astype(np.int64), weights=group.is_lost, minlength=group.longest + 1)
    return group.watched(np.arange(1, group.longest + 1)), lost[1 : group.longest + 1].astype(np.float64)


def _stays(group: Kept) -> Floats:
    """Of the contracts watched in each month of their life, the share that stayed."""
    faced, lost = _faced_and_lost(group)
    return 1 - lost / faced


def _product(times: Span, amount: Span) -> Span:
    """times × amount, the two taken as unrelated: their relative half widths are added as squares (delta method)."""
    value = times.value * amount.value

    def half(of_times: float, of_amount: float) -> float:
        return float(np.hypot(amount.value * of_times, times.value * of_amount))

    low = value - half(times.value - times.low, amount.value - amount.low)
    return Span(value, low, value + half(times.high - times.value, amount.high - amount.value))


def _models(model: ShiftedBetaGeometric, rng: np.random.Generator) -> list[ShiftedBetaGeometric]:
    """The fit itself, and after it draws from what its parameters could be."""
    params = [model.maximum.params, *model.maximum.draws(DRAWS, rng)]
    return [replace(model, maximum=replace(model.maximum, params=drawn)) for drawn in params]


def _span(values: Floats) -> Span:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Span(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
