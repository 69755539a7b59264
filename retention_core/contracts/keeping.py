"""How long contracts are kept: counted (Kaplan-Meier, with its band) and modelled (sBG), apart for each group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from retention_core.contracts import one_month
from retention_core.contracts.record import Contracts
from retention_core.models import survival
from retention_core.models.survival import ShiftedBetaGeometric
from retention_core.models.triples import Floats

MOST_SHOWN = 6  # groups; the smaller ones are left to the filter of the reader's own spreadsheet
AT_RENEWALS = 0.8  # of the losses in the month of a renewal: then the contracts end at renewals only
ENOUGH_AT_RISK = 30
LARGE_MISS = 0.05  # of all contracts: beyond it the model is not the curve any more
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Kept:
    """One group of contracts. `unit_months`: months from renewal to renewal as the model counts them.

    `model` is None where the group mixes contracts that renew at different times: a model of them would be of nobody.
    `is_one_month`: only the ends of one last month are in the file, see `one_month`; no model is fitted to such.
    """

    name: str
    months: Floats
    is_lost: Floats
    amount: Floats
    unit_months: int
    model: ShiftedBetaGeometric | None
    is_one_month: bool = False

    @property
    def contracts(self) -> int:
        return len(self.months)

    @property
    def lost(self) -> int:
        return int(self.is_lost.sum())

    @property
    def longest(self) -> int:
        """Months of the contract that was watched for longest: about later months nothing was seen."""
        if self.is_one_month:
            return one_month.longest(self.months)
        return int(self.months.max()) if len(self.months) else 0

    @cached_property
    def curve(self) -> pd.DataFrame:
        """One row per month at which contracts were lost: see `survival.kaplan_meier`."""
        if self.is_one_month:
            return one_month.curve(self.months, self.is_lost)
        return survival.kaplan_meier(self.months, self.is_lost)

    def watched(self, months: Any) -> Floats:
        """How many contracts were watched in each of these months of their life; in month 0 all of them."""
        asked, ordered = np.asarray(months), np.sort(self.months)
        before = np.searchsorted(ordered, asked)
        until = np.searchsorted(ordered, asked, side="right") if self.is_one_month else len(ordered)
        return np.where(asked > 0, until - before, len(ordered)).astype(np.float64)

    @property
    def median(self) -> float | None:
        """Month by which half of the contracts are lost; None if so many were never seen to leave."""
        return survival.time_until(self.curve)

    @property
    def usable_model(self) -> ShiftedBetaGeometric | None:
        return self.model if self.model is not None and self.model.is_usable else None

    @property
    def monthly_loss(self) -> tuple[float, float, float]:
        """Of 1 contract-month, the share that ends in a loss, with its 95 % interval (Poisson, on the log scale)."""
        exposed = self.contract_months
        if not exposed or not self.lost:
            return 0.0, 0.0, min(3.0 / exposed, 1.0) if exposed else 1.0  # the rule of three: nothing lost yet
        rate, width = self.lost / exposed, np.exp(Z / np.sqrt(self.lost))
        return rate, float(rate / width), float(min(rate * width, 1.0))

    @property
    def contract_months(self) -> float:
        """Months that contracts were watched, added up."""
        return float(self.contracts) if self.is_one_month else float(self.months.sum())

    def kept_at(self, months: Any) -> pd.DataFrame:
        """One row per month asked for: month, survival, low, high; NaN after the longest watch."""
        asked = np.atleast_1d(np.asarray(months, np.int64))
        place = np.searchsorted(self.curve["time"].to_numpy(), asked, side="right")
        found = {"month": asked}
        for name in ("survival", "low", "high"):
            steps = np.append(1.0, self.curve[name].to_numpy())
            found[name] = np.where(asked <= self.longest, steps[place], np.nan)
        # Before the first loss the curve has no band of its own: Wilson's, of all who were watched so long.
        none_lost = (found["survival"] == 1) & (asked > 0)
        fewest = np.minimum.accumulate(self.watched(np.arange(max(self.longest, 0) + 1)))
        watched = fewest[np.minimum(asked, self.longest)]
        found["low"] = np.where(none_lost, watched / (watched + Z**2), found["low"])
        return pd.DataFrame(found)

    def modelled(self, months: Any) -> Floats:
        """Share of new contracts that the model keeps for so many months; NaN without a usable model."""
        asked = np.asarray(months, np.float64)
        if self.usable_model is None:
            return np.full(asked.shape, np.nan)
        return self.usable_model.survival(np.floor(asked / self.unit_months))

    @property
    def largest_miss(self) -> float | None:
        """Largest distance of the model from the counted curve, in shares, where at least 30 contracts were watched."""
        counted = self.curve[self.curve["at_risk"] >= ENOUGH_AT_RISK]
        if self.usable_model is None or counted.empty:
            return None
        return float(np.abs(self.modelled(counted["time"]) - counted["survival"]).max())

    @property
    def is_modelled(self) -> bool:
        """Whether the model may speak for the group: there is one, and it stays near what was counted."""
        return self.largest_miss is not None and self.largest_miss <= LARGE_MISS


def kept(contracts: Contracts, by: str | None = None, is_one_month: bool = False) -> tuple[Kept, ...]:
    """The groups of the column `by`, largest first, at most six; without a column all contracts as one.

    `is_one_month`: of a snapshot, that it lists only those ends that fell in its last month.
    """
    if by is None:
        return (_kept("", contracts, np.ones(len(contracts.rows), bool), is_one_month),)
    names = contracts.groups[by]
    largest = names.value_counts().loc[lambda counts: counts > 0].index[:MOST_SHOWN]
    return tuple(_kept(str(name), contracts, names.eq(name).to_numpy(bool), is_one_month) for name in largest)


def table(groups: tuple[Kept, ...]) -> pd.DataFrame:
    """One row per group: name, contracts, lost, median (months), kept_12, low, high, monthly_loss (share), message."""
    rows = []
    for group in groups:
        year = group.kept_at(12).iloc[0]
        rows.append(
            {
                "name": group.name,
                "contracts": group.contracts,
                "lost": group.lost,
                "median": group.median,
                "kept_12": year["survival"],
                "low": year["low"],
                "high": year["high"],
                "monthly_loss": group.monthly_loss[0],
                "message": message(group),
            }
        )
    return pd.DataFrame(rows)


def message(group: Kept) -> str:
    """Whether the model of the group can be trusted, in one sentence."""
    if group.is_one_month:
        return "Each contract was watched in one month only: no model is fitted to such a file."
    if group.model is None:
        return "Contracts that renew at different times are in one group: no model is fitted to such a mixture."
    return group.model.message


def curves(groups: tuple[Kept, ...], until: int) -> pd.DataFrame:
    """One row per group and month 0 … `until`: name, month, survival, low, high, at_risk, modelled."""
    months = np.arange(until + 1)
    frames = []
    for group in groups:
        counted = group.kept_at(months)
        frames.append(counted.assign(name=group.name, at_risk=group.watched(months), modelled=group.modelled(months)))
    return pd.concat(frames, ignore_index=True)


def renewals(group: Kept, until: int = 24) -> pd.DataFrame:
    """One row per renewal: renewal, faced, kept, retention, low, high (Wilson 95 %), modelled; none nobody faced."""
    periods, lost = _periods(group.months, group.is_lost, group.unit_months)
    rows = []
    for renewal in range(1, until + 1):
        faced = int((periods == renewal if group.is_one_month else periods >= renewal).sum())
        if not faced:
            break
        stayed = faced - int(((periods == renewal) & lost).sum())
        low, high = _wilson(stayed, faced)
        modelled = float(group.usable_model.retention(renewal)) if group.usable_model else np.nan
        rows.append((renewal, faced, stayed, stayed / faced, low, high, modelled))
    return pd.DataFrame(rows, columns=["renewal", "faced", "kept", "retention", "low", "high", "modelled"])


def _kept(name: str, contracts: Contracts, which: Any, is_one_month: bool = False) -> Kept:
    rows = contracts.rows[which]
    months, is_lost = rows["months"].to_numpy(np.float64), rows["is_lost"].to_numpy(bool)
    terms = contracts.term_months()[which].unique()
    unit, model = 1, None
    if len(terms) == 1 and not is_one_month:
        unit = _unit(months, is_lost, int(terms[0]))
        model = survival.fit_contracts(*_periods(months, is_lost, unit))
    return Kept(
        name, months, is_lost.astype(np.float64), rows["amount"].to_numpy(np.float64), unit, model, is_one_month
    )


def _unit(months: Floats, is_lost: Any, term: int) -> int:
    """The term where contracts do end at their renewals; 1 month where they end at any time, whatever they are called.

    Counting those in terms would call every early loss a refused renewal and forget all who have not had one.
    """
    at_renewal = months[is_lost] % term == 0
    return term if term > 1 and at_renewal.size and at_renewal.mean() >= AT_RENEWALS else 1


def _periods(months: Floats, is_lost: Any, unit: int) -> tuple[Floats, Any]:
    lost = np.asarray(is_lost, bool)
    return np.where(lost, np.ceil(months / unit), np.floor(months / unit)), lost


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    share = successes / trials
    middle = (share + Z**2 / (2 * trials)) / (1 + Z**2 / trials)
    width = Z / (1 + Z**2 / trials) * np.sqrt(share * (1 - share) / trials + Z**2 / (4 * trials**2))
    return float(max(middle - width, 0.0)), float(min(middle + width, 1.0))
