"""What is known after the models of one shop were fitted and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from retention_core.forecasts.errors import Trial, spread
from retention_core.models import btyd
from retention_core.models.backtest import Backtest
from retention_core.models.observed import Observed
from retention_core.models.spend import GammaGamma
from retention_core.models.validate import CURVE, Choice

YEAR = 365
COUNTING = "counting"  # the forecaster of single customers where no model can be used


@dataclass(frozen=True)
class Estimate:
    """A figure with its 80 % interval: doubt about the parameters, chance, and how far forecasts of this shop miss."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """The forecasts of all models for the `horizon` days after `observed_until`, which were hidden from them.

    `learnt_days`: from the first order to `observed_until`; `observed`: what customers with each kind of history did.
    """

    observed_until: date
    horizon: int
    learnt_days: int
    tests: tuple[Backtest, ...]
    observed: Observed

    def of(self, model: str) -> Backtest:
        return next(test for test in self.tests if test.model == model)


@dataclass(frozen=True)
class Forecasts:
    """The models of one shop and scope.

    `model`: "bg_nbd", "mbg_nbd", "pareto_nbd", or "none": then `fit` is None and customers are judged by what
    customers like them did (`observed`; None in a history shorter than a year and a half). `choice` compares the
    models by their `checks`; None where the history is too short for any. Estimates are per customer over a year, of
    existing customers (by the `judge`) and of the later orders of a new one (by the model alone: of them nothing is
    counted); None: not known. `verdicts`: model → why it can be used or
    not, a key of btyd.MESSAGES, or "unchecked": it fits now, but did not in any check. `trials`: what the forecaster of
    single customers would have said on earlier days. `caveats`: English sentences.
    """

    as_of: date
    customers: float
    model: str
    choice: Choice | None
    checks: tuple[Check, ...]
    fit: btyd.Fit | None
    spend: GammaGamma | None
    observed: Observed | None
    verdicts: Mapping[str, str]
    histories: pd.DataFrame = field(repr=False)
    orders_existing: Estimate | None = None
    orders_new: Estimate | None = None
    value_existing: Estimate | None = None
    value_new: Estimate | None = None
    trials: tuple[Trial, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def tells_money(self) -> bool:
        return self.spend is not None

    @property
    def is_usable(self) -> bool:
        """Whether a model passed its checks and its fit to all data."""
        return self.fit is not None

    @property
    def can_judge(self) -> bool:
        """Whether anything can be said about single customers, by a model or by counting."""
        return self.fit is not None or self.observed is not None

    @property
    def shown(self) -> str:
        """The forecaster of the pictures of hidden months: the model, or the curve where there is none."""
        return self.model if self.is_usable else CURVE

    @property
    def judge(self) -> str:
        """The forecaster of single customers: the model, or counting where there is none."""
        return self.model if self.is_usable else COUNTING

    def shown_with_errors(self, check: Check) -> Backtest:
        """The back-test of the shown forecaster with intervals as the page would have drawn them then.

        They hold the errors of trials that were known by then, never that of the check itself.
        """
        test = check.of(self.shown)
        known = [trial for trial in self.trials if trial.known_on <= check.observed_until] if self.is_usable else []
        return test.widened(spread(known, check.learnt_days, check.horizon))
