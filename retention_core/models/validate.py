"""Hide the last months, forecast them, and say how far off the forecast was: how a model earns its place on a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.models import backtest, btyd, cohort_curve
from retention_core.models.backtest import Backtest
from retention_core.models.triples import CUSTOMERS, Floats

CURVE = "cohort_curve"
IN_DOUBT = ("mbg_nbd", "pareto_nbd", "bg_nbd", CURVE)  # of equals the first; BG/NBD never lets a one-time buyer go
TIE = 0.05  # errors of the total this near to the least are equal: a season moves the hidden months by more
LARGE_ERROR = 0.25
BESIDE = {
    "only": "and no other model could be fitted.",
    "least": "the least of all.",
    "equal": "and no other came clearly nearer.",
}


def hold_out(
    calibration: pd.DataFrame,
    horizon: float,
    model: str = "mbg_nbd",
    periods: pd.DataFrame | None = None,
    learnt: pd.DataFrame | None = None,
) -> Backtest:
    """The forecast of `model`, fitted to `calibration` or to `learnt`, an even part of it, for the `horizon` after it.

    `calibration` is a summary as `btyd.fit` takes it plus `hidden_orders` in the horizon, of each customer: rows that
    share a history but not the hidden orders are separate rows. `periods`, if given, has one row per part of the
    horizon: `starts`, `ends` (time since the end of calibration) and `orders` in it of the customers known before.
    """
    by = backtest.ModelForecaster(btyd.fit(calibration if learnt is None else learnt, model))
    return backtest.run(model, by, calibration, horizon, periods)


def hold_out_curve(
    calibration: pd.DataFrame,
    activity: pd.DataFrame,
    unit: float,
    horizon: float,
    periods: pd.DataFrame | None = None,
) -> Backtest:
    """The same for the empirical curve, fitted to the `activity` (see `cohort_curve.fit`) seen by then."""
    by = backtest.CurveForecaster(cohort_curve.fit(activity, unit))
    return backtest.run(CURVE, by, calibration, horizon, periods)


def tracking(fit: btyd.Fit, starts: pd.DataFrame, times: Floats) -> pd.DataFrame:
    """One row per time: time, expected = repeat orders that a cohort has made by then, summed over its customers.

    `starts` has one row per moment of a first order: `time`, `customers`; all times since one origin.
    """
    began, customers = starts["time"].to_numpy(np.float64), starts[CUSTOMERS].to_numpy(np.float64)
    so_far = np.maximum(times[:, None] - began, 0.0)
    return pd.DataFrame({"time": times, "expected": fit.expected_orders_new(so_far) @ customers})


@dataclass(frozen=True)
class Choice:
    """The model to show and why.

    `verdict` is "none" (nothing usable), "only" (one usable), "least" or "equal" (others came as near); `error` the
    model's mean absolute error of the total as a share, nan for "none"; `errors` one row per model: model, error,
    is_usable.
    """

    model: str
    verdict: str
    error: float
    errors: pd.DataFrame

    @property
    def reason(self) -> str:
        """One or two plain sentences."""
        if self.verdict == "none":
            return "No model passed its check on hidden months: only what was observed is shown."
        reason = f"Its forecasts of hidden months were off by {self.error:.0%} of the orders on average, "
        reason += BESIDE[self.verdict]
        if self.error > LARGE_ERROR:
            reason += " That is a large error: read its figures as an order of magnitude."
        return reason


def choose(backtests: Sequence[Backtest], fits: Mapping[str, btyd.Fit] | None = None) -> Choice:
    """The usable model with the least mean absolute error of the total over its back-tests.

    A model is usable when it was so in one back-test at least, so that it was checked, and its fit to all data is,
    where `fits` has it. A back-test that left it too little to learn from counts with its error: it shows how far off
    the model can be. Where errors lie within five points of the least, the order is MBG/NBD, Pareto/NBD, BG/NBD, curve.
    The curve is also what is left when nothing is usable. ValueError without a back-test.
    """
    if not backtests:
        raise ValueError("no back-test to choose by")
    today = {model: fit.is_usable for model, fit in (fits or {}).items()}
    table = pd.DataFrame(
        {
            "model": [test.model for test in backtests],
            "error": [abs(test.error_share) for test in backtests],
            "is_usable": [test.is_usable and np.isfinite(test.error_share) for test in backtests],
        }
    )
    errors = table.groupby("model", as_index=False, sort=False).agg({"error": "mean", "is_usable": "any"})
    errors["is_usable"] &= errors["model"].map(lambda model: today.get(model, True)).astype(bool)
    usable = errors[errors["is_usable"]]
    if usable.empty:
        return Choice(CURVE, "none", float("nan"), errors)
    equal = usable.loc[usable["error"] <= usable["error"].min() + TIE, "model"].tolist()
    best = min(equal, key=IN_DOUBT.index)
    error = float(usable.loc[usable["model"] == best, "error"].iloc[0])
    verdict = "only" if len(usable) == 1 else "least" if len(equal) == 1 else "equal"
    return Choice(best, verdict, error, errors)
