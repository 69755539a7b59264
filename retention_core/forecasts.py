"""Who will order again and what they are worth: models fitted to one shop, checked on its own past, one chosen.

    made = forecasts.of_shop(shop, channel=["Search"])
    made.choice.reason, made.value_existing
    forecasts.customers(shop, made, channel=["Search"])

Days everywhere; a year is 365 days. Nothing here knows the season.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.models import btyd, cohort_curve, doubt, observed, spend, validate
from retention_core.models.backtest import WIDTH, Backtest
from retention_core.models.cohort_curve import CohortCurve
from retention_core.models.observed import Observed
from retention_core.models.spend import GammaGamma
from retention_core.models.triples import Floats
from retention_core.models.validate import CURVE, Choice

if TYPE_CHECKING:
    from retention_core.store import Shop

YEAR = 365
HIDDEN = (182, YEAR)  # days that are hidden, one check each
SHORT_HIDDEN = 91  # where neither fits into the history
SPAN, CURVE_SPAN = 30, 7  # days of the hidden periods, and of the curve's ages
SLOW, MOST_SLOW = ("pareto_nbd",), 300_000  # of more histories an even part is enough to compare a slow model by
GONE, SAFE = 0.1, 0.8  # chance to be still a customer below and above which there is little left to decide
SAMPLED = 3_000  # customers, an even part, whose forecasts tell how far the parameters' doubt moves the mean
MEAN_TO_DEVIATION = 1.2533141373155001  # √(π/2): of a normal error, its standard deviation over its mean size


@dataclass(frozen=True)
class Estimate:
    """A figure with its 80 % interval: doubt about the parameters, chance, and the error of the checks."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """The forecasts of all models for the `horizon` days after `observed_until`, which were hidden from them."""

    observed_until: date
    horizon: int
    tests: tuple[Backtest, ...]

    def of(self, model: str) -> Backtest:
        return next(test for test in self.tests if test.model == model)


@dataclass(frozen=True)
class Forecasts:
    """The models of one shop and scope.

    `model`: "bg_nbd", "mbg_nbd", "pareto_nbd", or "none": then `fit` is None and customers are judged by what
    customers like them did (`observed`; None in a history shorter than a year and a half). `choice` compares the
    models by their `checks`; None where the history is too short for any. Estimates are per customer over a year, of
    existing customers and of the later orders of a new one; None: not known. `caveats`: English sentences.
    """

    as_of: date
    customers: float
    model: str
    choice: Choice | None
    checks: tuple[Check, ...]
    fit: btyd.Fit | None
    spend: GammaGamma | None
    curve: CohortCurve
    observed: Observed | None
    histories: pd.DataFrame = field(repr=False)
    orders_existing: Estimate | None = None
    orders_new: Estimate | None = None
    value_existing: Estimate | None = None
    value_new: Estimate | None = None
    caveats: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether a model passed its checks and its fit to all data."""
        return self.fit is not None

    @property
    def can_judge(self) -> bool:
        """Whether anything can be said about single customers, by a model or by counting."""
        return self.fit is not None or self.observed is not None

    @property
    def longest_check(self) -> Check | None:
        return self.checks[-1] if self.checks else None

    @property
    def shown(self) -> str:
        """The forecaster of the pictures of hidden months: the model, or the curve where there is none."""
        return self.model if self.is_usable else CURVE


def of_shop(shop: Shop, **scope: Any) -> Forecasts:
    """The models fitted to the customers of the scope, checked on hidden months, and the one that stood the test."""
    histories = shop.query("purchase_histories", **scope)
    checks = tuple(_check(shop, horizon, scope) for horizon in _horizons(histories))
    year = next((_calibration(shop, YEAR, scope) for check in checks if check.horizon == YEAR), None)
    made = Forecasts(
        as_of=shop.observed_on,
        customers=float(histories["customers"].sum()),
        model="none",
        choice=None,
        checks=checks,
        fit=None,
        spend=_spend(shop, scope),
        curve=cohort_curve.fit(shop.query("age_activity", span_days=CURVE_SPAN, **scope), CURVE_SPAN),
        observed=None if year is None else observed.count(year),
        histories=histories,
    )
    if not checks:
        return replace(made, caveats=(TOO_SHORT,))
    made = _with_model(made)
    return _with_estimates(made, shop.query("customer_histories", **scope))


TOO_SHORT = "The history is too short to hide a part of it and check a forecast: half a year is needed at least."
CURVE_NEARER = (
    "For the sum of all orders, the plain curve by age came clearly nearer than the model. The model is shown because "
    "the curve cannot tell one customer from another."
)
LEARNT_TOO_LITTLE = (
    "One check left the model too little history to learn from; its error counts all the same, as a warning."
)
FEW_CHECKS = "The history allows one check only, so how far a year can be off is known roughly."


def _horizons(histories: pd.DataFrame) -> tuple[int, ...]:
    """Spans that can be hidden: at least as much time is left to learn from."""
    span = int(histories["age"].max()) + 1 if len(histories) else 0
    fitting = tuple(horizon for horizon in HIDDEN if span >= 2 * horizon)
    return fitting or ((SHORT_HIDDEN,) if span >= 2 * SHORT_HIDDEN else ())


def _calibration(shop: Shop, horizon: int, scope: dict[str, Any]) -> pd.DataFrame:
    """The histories as they stood `horizon` days ago, with the orders that followed."""
    until = shop.observed_on - timedelta(days=horizon)
    return shop.query("purchase_histories", observed_until=until, hidden_until=shop.observed_on, **scope)


def _check(shop: Shop, horizon: int, scope: dict[str, Any]) -> Check:
    until = shop.observed_on - timedelta(days=horizon)
    calibration = _calibration(shop, horizon, scope)
    periods = shop.query("hidden_periods", observed_until=until, hidden_until=shop.observed_on, span_days=SPAN, **scope)
    activity = shop.query("age_activity", span_days=CURVE_SPAN, observed_until=until, **scope)
    tests = [validate.hold_out(calibration, horizon, model, periods) for model in btyd.MODELS]
    tests.append(validate.hold_out_curve(calibration, activity, CURVE_SPAN, horizon, periods))
    return Check(until, horizon, tuple(tests))


def _spend(shop: Shop, scope: dict[str, Any]) -> GammaGamma | None:
    if not shop.facts.has_amount:
        return None
    amounts = shop.query("repeat_spend", **scope)
    return spend.fit(amounts["repeat_orders"], amounts["mean_repeat_amount"], amounts["customers"])


def _with_model(made: Forecasts) -> Forecasts:
    """The model that did best on hidden months, of those that fit when they see everything; or none.

    A check that left a model too little to learn from counts with its error: it shows how far off one can be.
    """
    fits = {model: _fit(made.histories, model) for model in btyd.MODELS}
    tests = [
        replace(test, is_usable=fits[test.model].is_usable) if test.model in fits else test
        for check in made.checks
        for test in check.tests
    ]
    over_all, choice = validate.choose(tests), validate.choose([test for test in tests if test.model in fits])
    caveats = [FEW_CHECKS] if len(made.checks) == 1 else []
    if choice.verdict == "none":
        return replace(made, choice=over_all, caveats=tuple(caveats))
    if over_all.model == CURVE:
        caveats.append(CURVE_NEARER)
    if not all(check.of(choice.model).is_usable for check in made.checks):
        caveats.append(LEARNT_TOO_LITTLE)
    fit = fits[choice.model]
    if fit.triples.size < made.customers:
        fit = btyd.fit(made.histories, choice.model)
    return replace(made, model=choice.model, choice=choice, fit=fit, caveats=tuple(caveats))


def _fit(histories: pd.DataFrame, model: str) -> btyd.Fit:
    return btyd.fit(_even_part(histories, model), model)


def _even_part(histories: pd.DataFrame, model: str) -> pd.DataFrame:
    """Every k-th history for the slow model while models are compared: they are sorted, so the part is even."""
    return histories.iloc[:: max(1, -(-len(histories) // MOST_SLOW))] if model in SLOW else histories


def customers(shop: Shop, made: Forecasts, **scope: Any) -> pd.DataFrame:
    """One row per customer of the scope, which must be that of `made`.

    customer (code), repeat_orders, first_to_last, age, orders, revenue; days_since_last_order; p_alive (missing
    without a model); will_order: probability of an order within a year; expected_orders, expected_value of that year;
    at_risk: the value lost to the chance that the customer has gone: what one sure to be still there would bring, less
    expected_value; standing: "safe" (80 % sure to be still there, or more), "gone" (10 % or less), else "at_risk".
    Money is missing where the files tell no amounts.
    """
    return _judged(made, shop.query("customer_histories", **scope))


def _judged(made: Forecasts, histories: pd.DataFrame) -> pd.DataFrame:
    x, t_x, T = (histories[name].to_numpy(np.float64) for name in ("repeat_orders", "first_to_last", "age"))
    if made.fit is not None:
        p_alive = made.fit.p_alive(x, t_x, T)
        expected = made.fit.expected_orders(x, t_x, T, YEAR)
        will_order = 1 - made.fit.probability_no_order(x, t_x, T, YEAR)
        lively = np.divide(expected, p_alive, out=np.zeros_like(expected), where=p_alive > 0)  # were they still there
    elif made.observed is not None:
        p_alive = np.full_like(x, np.nan)
        expected = made.observed.expected_orders(x, T - t_x)
        will_order = made.observed.will_order(x, T - t_x)
        lively = made.observed.lively_orders(x)
    else:
        p_alive = expected = will_order = lively = np.full_like(x, np.nan)
    amount = _amounts(made, histories)
    still_there = np.divide(expected, lively, out=np.ones_like(expected), where=lively > 0)
    return histories.assign(
        days_since_last_order=histories["age"] - histories["first_to_last"],
        p_alive=p_alive,
        will_order=will_order,
        expected_orders=expected,
        expected_value=expected * amount,
        at_risk=np.maximum(lively - expected, 0.0) * amount,
        standing=np.select([still_there <= GONE, still_there >= SAFE], ["gone", "safe"], "at_risk"),
    ).drop(columns="mean_repeat_amount")


def _amounts(made: Forecasts, histories: pd.DataFrame) -> Floats:
    """Expected amount of each customer's next order; missing where the files tell none."""
    if made.spend is None:
        return np.full(len(histories), np.nan)
    return made.spend.mean_spend(histories["repeat_orders"], histories["mean_repeat_amount"])


def next_order_windows(made: Forecasts, judged: pd.DataFrame) -> pd.DataFrame:
    """Of customers like each of these who order within a year, the middle half does so `from_day` to `to_day` from now.

    Same index as `judged`, rows of `customers`; missing without a model. Dear: for the few on a list.
    """
    if made.fit is None or judged.empty:
        return pd.DataFrame({"from_day": np.nan, "to_day": np.nan}, index=judged.index)
    low, high = made.fit.next_order_window(judged["repeat_orders"], judged["first_to_last"], judged["age"], YEAR)
    return pd.DataFrame({"from_day": low, "to_day": high}, index=judged.index)


def _with_estimates(made: Forecasts, histories: pd.DataFrame) -> Forecasts:
    """The means over customers, with intervals; of nobody there is no mean."""
    if not made.can_judge or histories.empty:
        return made
    judged = _judged(made, histories)
    relative = _error_share(made)
    sample = histories.iloc[:: max(1, len(histories) // SAMPLED)]

    def of(mean: Callable[[Forecasts], float], value: float, chance: float = 0.0) -> Estimate | None:
        if not np.isfinite(value) or value <= 0:
            return None
        factor = float(np.exp(WIDTH * np.linalg.norm([relative, chance, _doubt(made, mean)])))
        return Estimate(value, value / factor, value * factor)

    orders = float(judged["expected_orders"].mean())
    value = float(judged["expected_value"].mean())
    chance = 1 / np.sqrt(max(orders * len(judged), 1.0))
    new = _orders_of_a_new_one(made)
    amount = made.spend.population_mean if made.spend else np.nan
    return replace(
        made,
        orders_existing=of(lambda drawn: float(_judged(drawn, sample)["expected_orders"].mean()), orders, chance),
        value_existing=of(lambda drawn: float(_judged(drawn, sample)["expected_value"].mean()), value, chance),
        orders_new=of(_orders_of_a_new_one, new),
        value_new=of(
            lambda drawn: _orders_of_a_new_one(drawn) * (drawn.spend.population_mean if drawn.spend else np.nan),
            new * amount,
        ),
    )


def _orders_of_a_new_one(made: Forecasts) -> float:
    """Later orders of a new customer in the first year, the first order not counted."""
    if made.fit is not None:
        return float(made.fit.expected_orders_new(YEAR))
    return float(made.curve.expected_orders(0.0, YEAR)) if made.curve.is_usable else float("nan")


def _error_share(made: Forecasts) -> float:
    """Standard deviation of the error of the total, as a share, as the checks of what is shown found it."""
    errors = [abs(check.of(made.shown).error_share) for check in made.checks]
    known = [error for error in errors if np.isfinite(error)]
    return MEAN_TO_DEVIATION * float(np.mean(known)) if known else 0.0


def _doubt(made: Forecasts, mean: Callable[[Forecasts], float]) -> float:
    """How far the doubt about all parameters moves the log of a mean."""
    doubts = [0.0]
    if made.fit is not None:
        doubts.append(doubt.of_log(lambda fit: mean(replace(made, fit=fit)), made.fit))
    elif made.curve.is_usable:
        doubts.append(doubt.of_log(lambda curve: mean(replace(made, curve=curve)), made.curve))
    if made.spend is not None and made.spend.is_usable:
        doubts.append(doubt.of_log(lambda amounts: mean(replace(made, spend=amounts)), made.spend))
    return float(np.linalg.norm(doubts))
