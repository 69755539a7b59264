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
    steps = group.kept_at(np.arange(horizon))["survival"].to_numpy()
    rest = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    events = group.curve[(group.curve["time"] < horizon) & (group.curve["at_risk"] > group.curve["events"])]
    at_risk, lost = events["at_risk"].to_numpy(), events["events"].to_numpy()
    after = rest[events["time"].to_numpy(np.int64)]
    error = float(np.sqrt((after**2 * lost / (at_risk * (at_risk - lost))).sum()))
    area = float(steps.sum())
    return Span(area, max(area - Z * error, 1.0), min(area + Z * error, float(horizon)))


def mean_amount(group: Kept) -> float:
    """Money a month of a contract, over those that tell it."""
    told = group.amount[~np.isnan(group.amount)]
    return float(told.mean()) if len(told) else np.nan


def value_within(group: Kept, horizon: int, terms: Terms) -> Span:
    """Margin that a new contract brings in its first `horizon` months, undiscounted."""
    return months_kept(group, horizon).times(mean_amount(group) * terms.margin)


def value_new(group: Kept, terms: Terms, rng: np.random.Generator) -> Span:
    """Margin of a new contract to its end, discounted: its first payment and DERL of all renewals; NaN without a model.

    The interval is of the model's parameters (Laplace draws).
    """
    if group.usable_model is None:
        return NOT_TOLD
    discount, period = terms.per_period(group.unit_months), group.unit_months
    paid = [1 + float(m.expected_renewals(1, discount)) / (1 + discount) for m in _models(group.usable_model, rng)]
    return _span(np.array(paid)).times(mean_amount(group) * period * terms.margin)


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


def table(groups: tuple[Kept, ...], horizon: int, terms: Terms, seed: int = 0) -> pd.DataFrame:
    """One row per group: name, contracts, running, amount (a month), months (of the horizon), within, new, to_come.

    Of within, new and to_come also _low and _high.
    """
    rows = []
    for group in groups:
        rng = np.random.default_rng(seed)
        row: dict[str, object] = {
            "name": group.name,
            "contracts": group.contracts,
            "running": group.contracts - group.lost,
            "amount": mean_amount(group),
            "months": months_kept(group, horizon).value,
        }
        spans = {
            "within": value_within(group, horizon, terms),
            "new": value_new(group, terms, rng),
            "to_come": value_to_come(group, terms, rng),
        }
        for name, span in spans.items():
            row |= {name: span.value, f"{name}_low": span.low, f"{name}_high": span.high}
        rows.append(row)
    return pd.DataFrame(rows)


def each_contract(group: Kept, terms: Terms) -> pd.DataFrame:
    """One row per contract of the group: renewals_to_come (discounted), value_to_come; 0 for lost ones, NaN untold."""
    nothing = np.where(group.is_lost > 0, 0.0, np.nan)
    if group.usable_model is None:
        return pd.DataFrame({"renewals_to_come": nothing, "value_to_come": nothing})
    discount = terms.per_period(group.unit_months)
    renewal, place = np.unique(np.floor(group.months / group.unit_months) + 1, return_inverse=True)
    to_come = np.where(group.is_lost > 0, 0.0, group.usable_model.expected_renewals(renewal, discount)[place])
    value = np.where(group.is_lost > 0, 0.0, to_come * group.unit_months * group.amount * terms.margin)
    return pd.DataFrame({"renewals_to_come": to_come, "value_to_come": value})


def cumulative(groups: tuple[Kept, ...], horizon: int, terms: Terms) -> pd.DataFrame:
    """One row per group and month 1 … `horizon`: name, month, value, low, high: margin of a new contract to then."""
    rows = []
    for group in groups:
        for month in range(1, horizon + 1):
            span = value_within(group, month, terms)
            rows.append((group.name, month, span.value, span.low, span.high))
    return pd.DataFrame(rows, columns=["name", "month", "value", "low", "high"])


def _models(model: ShiftedBetaGeometric, rng: np.random.Generator) -> list[ShiftedBetaGeometric]:
    """The fit itself, and after it draws from what its parameters could be."""
    params = [model.maximum.params, *model.maximum.draws(DRAWS, rng)]
    return [replace(model, maximum=replace(model.maximum, params=drawn)) for drawn in params]


def _span(values: Floats) -> Span:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Span(float(values[0]), float(min(low, values[0])), float(max(high, values[0])))
