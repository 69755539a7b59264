"""Fits the models of a shop, checks them on its own past and chooses one; then the means with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.forecasts.customers import judged
from retention_core.forecasts.record import YEAR, Check, Estimate, Forecasts
from retention_core.models import btyd, cohort_curve, doubt, observed, spend, validate
from retention_core.models.backtest import WIDTH
from retention_core.models.spend import GammaGamma
from retention_core.models.validate import CURVE

if TYPE_CHECKING:
    from retention_core.store import Shop

HIDDEN = (182, YEAR)  # days that are hidden, one check each
SHORT_HIDDEN = 91  # where neither fits into the history
SPAN, CURVE_SPAN = 30, 7  # days of the hidden periods, and of the curve's ages
CHECKED = (*btyd.MODELS, *btyd.BENCHMARKS)
SLOW, MOST_SLOW = ("pareto_nbd",), 300_000  # of more histories an even part is enough to compare a slow model by
SAMPLED = 3_000  # customers, an even part, whose forecasts tell how far the parameters' doubt moves the mean
MEAN_TO_DEVIATION = 1.2533141373155001  # √(π/2): of a normal error, its standard deviation over its mean size

TOO_SHORT = "The history is too short to hide a part of it and check a forecast: half a year is needed at least."
CURVE_NEARER = (
    "For the sum of all orders, the plain curve by age came clearly nearer than the model. The model is shown because "
    "the curve cannot tell one customer from another."
)
LEARNT_TOO_LITTLE = (
    "One check left the model too little history to learn from; its error counts all the same, as a warning."
)
FEW_CHECKS = "The history allows one check only, so how far a year can be off is known roughly."


def of_shop(shop: Shop, **scope: Any) -> Forecasts:
    """The models fitted to the customers of the scope, checked on hidden months, and the one that stood the test."""
    histories = shop.query("purchase_histories", **scope)
    checks = tuple(_check(shop, horizon, scope) for horizon in _horizons(histories))
    made = Forecasts(
        as_of=shop.observed_on,
        customers=float(histories["customers"].sum()),
        model="none",
        choice=None,
        checks=checks,
        fit=None,
        spend=_spend(shop, scope),
        curve=cohort_curve.fit(shop.query("age_activity", span_days=CURVE_SPAN, **scope), CURVE_SPAN),
        observed=next((check.observed for check in checks if check.horizon == YEAR), None),
        verdicts={},
        histories=histories,
    )
    if not checks:
        return replace(made, caveats=(TOO_SHORT,))
    made = _with_model(made)
    return _with_estimates(made, shop.query("customer_histories", **scope))


def _horizons(histories: pd.DataFrame) -> tuple[int, ...]:
    """Spans that can be hidden: at least as much time is left to learn from."""
    span = int(histories["age"].max()) + 1 if len(histories) else 0
    fitting = tuple(horizon for horizon in HIDDEN if span >= 2 * horizon)
    return fitting or ((SHORT_HIDDEN,) if span >= 2 * SHORT_HIDDEN else ())


def _check(shop: Shop, horizon: int, scope: dict[str, Any]) -> Check:
    """All models fitted to the histories as they stood `horizon` days ago, beside the orders that followed."""
    until = shop.observed_on - timedelta(days=horizon)
    hidden = {"observed_until": until, "hidden_until": shop.observed_on, **scope}
    calibration = shop.query("purchase_histories", **hidden)
    periods = shop.query("hidden_periods", span_days=SPAN, **hidden)
    activity = shop.query("age_activity", span_days=CURVE_SPAN, observed_until=until, **scope)
    tests = [validate.hold_out(_even_part(calibration, model), horizon, model, periods) for model in CHECKED]
    tests.append(validate.hold_out_curve(calibration, activity, CURVE_SPAN, horizon, periods))
    return Check(until, horizon, tuple(tests), observed.count(calibration))


def _spend(shop: Shop, scope: dict[str, Any]) -> GammaGamma | None:
    if not shop.facts.has_amount:
        return None
    amounts = shop.query("repeat_spend", **scope)
    return spend.fit(amounts["repeat_orders"], amounts["mean_repeat_amount"], amounts["customers"])


def _with_model(made: Forecasts) -> Forecasts:
    """The model that did best on hidden months, of those that fit all data and the data of one check at least; or none.

    Another check that left it too little to learn from counts with its error: it shows how far off one can be.
    """
    fits = {model: btyd.fit(_even_part(made.histories, model), model) for model in btyd.MODELS}
    passed = {test.model for check in made.checks for test in check.tests if test.is_usable}
    verdicts = {
        model: "unchecked" if fit.is_usable and model not in passed else fit.verdict for model, fit in fits.items()
    }
    made = replace(made, verdicts=verdicts)
    tests = [
        replace(test, is_usable=verdicts[test.model] == "fits") if test.model in fits else test
        for check in made.checks
        for test in check.tests
        if test.model not in btyd.BENCHMARKS
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
    if len(fit.triples.x) < len(made.histories) and choice.model in SLOW:
        fit = btyd.fit(made.histories, choice.model)
    return replace(made, model=choice.model, choice=choice, fit=fit, caveats=tuple(caveats))


def _even_part(histories: pd.DataFrame, model: str) -> pd.DataFrame:
    """For a slow model every k-th of many histories, which are sorted, standing for as many customers as all."""
    step = -(-len(histories) // MOST_SLOW)
    if model not in SLOW or step < 2:
        return histories
    part = histories.iloc[::step]
    return part.assign(customers=part["customers"] * (histories["customers"].sum() / part["customers"].sum()))


def _with_estimates(made: Forecasts, histories: pd.DataFrame) -> Forecasts:
    """The means over customers, with intervals; of nobody there is no mean."""
    if not made.can_judge or histories.empty:
        return made
    said = judged(made, histories)
    relative = _error_share(made)
    sample = histories.iloc[:: max(1, len(histories) // SAMPLED)]

    def of(mean: Callable[[Forecasts], float], value: float, chance: float = 0.0) -> Estimate | None:
        if not np.isfinite(value) or value <= 0:
            return None
        factor = float(np.exp(WIDTH * np.linalg.norm([relative, chance, _doubt(made, mean)])))
        return Estimate(value, value / factor, value * factor)

    orders = float(said["expected_orders"].mean())
    value = float(said["expected_value"].mean())
    chance = 1 / np.sqrt(max(orders * len(said), 1.0))
    new = _orders_of_a_new_one(made)
    amount = made.spend.population_mean if made.spend else np.nan
    return replace(
        made,
        orders_existing=of(lambda drawn: float(judged(drawn, sample)["expected_orders"].mean()), orders, chance),
        value_existing=of(lambda drawn: float(judged(drawn, sample)["expected_value"].mean()), value, chance),
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
