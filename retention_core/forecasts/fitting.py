"""Fits the models of a shop, checks them on its own past and chooses one; then the means with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.forecasts import checking, errors
from retention_core.forecasts.checking import Past
from retention_core.forecasts.customers import judged
from retention_core.forecasts.record import YEAR, Check, Estimate, Forecasts
from retention_core.models import btyd, doubt, spend, validate
from retention_core.models.backtest import WIDTH
from retention_core.models.spend import GammaGamma
from retention_core.models.validate import CURVE

if TYPE_CHECKING:
    from retention_core.store import Shop

SAMPLED = 3_000  # customers, an even part, whose forecasts tell how far the parameters' doubt moves the mean
MOST_UNSURE = 2.0  # a figure that may be off by a larger factor either way is none

TOO_SHORT = "The history is too short to hide a part of it and check a forecast: half a year is needed at least."
CURVE_NEARER = (
    "For the sum of all orders, the plain curve by age came clearly nearer than the model. The model is shown because "
    "the curve cannot tell one customer from another."
)
LEARNT_TOO_LITTLE = (
    "One check left the model too little history to learn from; its error counts all the same, as a warning."
)
FEW_CHECKS = "The history allows one check only, so how far a year can be off is known roughly."
UNDER_A_YEAR = (
    "The history is shorter than a year. In the shops we tried, forecasts of a year from so little were 20 to 40 % too "
    "high; the intervals here are wider for it."
)
TOO_UNSURE = (
    "Too little is known for a figure of the coming year: it could be off by more than a factor of two either way."
)


def of_shop(shop: Shop, **scope: Any) -> Forecasts:
    """The models fitted to the customers of the scope, checked on hidden months, and the one that stood the test."""
    histories = shop.query("purchase_histories", **scope)
    pasts = checking.pasts(shop, histories, scope)
    checks = tuple(past.check() for past in pasts)
    made = Forecasts(
        as_of=shop.observed_on,
        customers=float(histories["customers"].sum()),
        model="none",
        choice=None,
        checks=checks,
        fit=None,
        spend=_spend(shop, scope),
        observed=next((check.observed for check in checks if check.horizon == YEAR), None),
        verdicts={},
        histories=histories,
    )
    if not checks:
        return replace(made, caveats=(TOO_SHORT,))
    made = _with_model(made)
    made = replace(
        made, checks=tuple(_exact(check, past, made.shown) for check, past in zip(checks, pasts, strict=True))
    )
    if made.can_judge:
        seen = checking.seen_days(histories)
        made = replace(made, trials=checking.trials(shop, made.as_of, seen, made.judge, made.checks, scope))
    return _with_estimates(made, shop.query("customer_histories", **scope))


def _exact(check: Check, past: Past, shown: str) -> Check:
    """The check with the shown model's forecast for every customer, where models were compared by a part of them."""
    if checking.even_part(past.histories) is past.histories:
        return check
    exact = past.test(shown, past.histories)
    return replace(check, tests=tuple(exact if test.model == shown else test for test in check.tests))


def _spend(shop: Shop, scope: dict[str, Any]) -> GammaGamma | None:
    if not shop.facts.has_amount:
        return None
    amounts = shop.query("repeat_spend", **scope)
    return spend.fit(amounts["repeat_orders"], amounts["mean_repeat_amount"], amounts["customers"])


def _with_model(made: Forecasts) -> Forecasts:
    """The model that did best on hidden months; or none. `validate.choose` has the rule."""
    fits = {model: btyd.fit(checking.even_part(made.histories), model) for model in btyd.MODELS}
    passed = {test.model for check in made.checks for test in check.tests if test.is_usable}
    verdicts = {
        model: "unchecked" if fit.is_usable and model not in passed else fit.verdict for model, fit in fits.items()
    }
    tests = [test for check in made.checks for test in check.tests if test.model not in btyd.BENCHMARKS]
    over_all = validate.choose(tests, fits)
    choice = validate.choose([test for test in tests if test.model in fits], fits)
    caveats = [FEW_CHECKS] if len(made.checks) == 1 else []
    if checking.seen_days(made.histories) < YEAR:
        caveats.append(UNDER_A_YEAR)
    if choice.verdict == "none":
        return replace(made, choice=over_all, verdicts=verdicts, caveats=tuple(caveats))
    if over_all.model == CURVE:
        caveats.append(CURVE_NEARER)
    if not all(check.of(choice.model).is_usable for check in made.checks):
        caveats.append(LEARNT_TOO_LITTLE)
    fit = fits[choice.model]
    if made.customers > checking.ENOUGH:
        fit = btyd.fit(made.histories, choice.model)
    return replace(made, model=choice.model, choice=choice, verdicts=verdicts, fit=fit, caveats=tuple(caveats))


def _with_estimates(made: Forecasts, histories: pd.DataFrame) -> Forecasts:
    """The means over customers, with intervals; of nobody there is no mean."""
    if not made.can_judge or histories.empty:
        return made
    said = judged(made, histories)
    learnt = checking.learnt_days(made.judge, checking.seen_days(made.histories))
    missed = errors.spread(made.trials, learnt, YEAR)
    sample = histories.iloc[:: max(1, len(histories) // SAMPLED)]

    def of(mean: Callable[[Forecasts], float], value: float, chance: float = 0.0) -> Estimate | None:
        if not np.isfinite(value) or value <= 0:
            return None
        factor = float(np.exp(WIDTH * np.linalg.norm([missed, chance, _doubt(made, mean)])))
        return Estimate(value, value / factor, value * factor) if factor <= MOST_UNSURE else None

    orders = float(said["expected_orders"].mean())
    value = float(said["expected_value"].mean())
    chance = 1 / np.sqrt(max(orders * len(said), 1.0))
    new = _orders_of_a_new_one(made)
    amount = made.spend.population_mean if made.spend else np.nan
    existing = of(lambda drawn: float(judged(drawn, sample)["expected_orders"].mean()), orders, chance)
    return replace(
        made,
        orders_existing=existing,
        value_existing=of(lambda drawn: float(judged(drawn, sample)["expected_value"].mean()), value, chance),
        orders_new=of(_orders_of_a_new_one, new),
        value_new=of(
            lambda drawn: _orders_of_a_new_one(drawn) * (drawn.spend.population_mean if drawn.spend else np.nan),
            new * amount,
        ),
        caveats=(*made.caveats, TOO_UNSURE) if orders > 0 and existing is None else made.caveats,
    )


def _orders_of_a_new_one(made: Forecasts) -> float:
    """Later orders of a new customer in the first year, the first order not counted; nan without a model.

    The plain curve by age has no say here: its checks are of all customers known on a day, most of them long past
    their first year, so nothing tells how far it misses that.
    """
    return float(made.fit.expected_orders_new(YEAR)) if made.fit is not None else float("nan")


def _doubt(made: Forecasts, mean: Callable[[Forecasts], float]) -> float:
    """How far the doubt about all parameters moves the log of a mean."""
    doubts = [0.0]
    if made.fit is not None:
        doubts.append(doubt.of_log(lambda fit: mean(replace(made, fit=fit)), made.fit))
    if made.spend is not None and made.spend.is_usable:
        doubts.append(doubt.of_log(lambda amounts: mean(replace(made, spend=amounts)), made.spend))
    return float(np.linalg.norm(doubts))
