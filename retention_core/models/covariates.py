"""Pareto/NBD with what is known of customers from the start: who orders faster, who stops sooner.

A covariate z moves a customer's rate of ordering by exp(γ·z) (`orders.<name>`) and the rate of stopping by exp(γ·z)
(`stops.<name>`): α becomes α·exp(−γ·z), β becomes β·exp(−γ·z). Fader & Hardie (2007), "Incorporating time-invariant
covariates into the Pareto/NBD and BG/NBD models". A correlation, not a cause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.models import btyd
from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.pareto_nbd import ParetoNBD
from retention_core.models.triples import CUSTOMERS, Floats, Triples, read_triples

BASE = 4  # r, α, s, β come first; then a factor exp(γ) of ordering per covariate, then one of stopping


def fit(summary: pd.DataFrame, names: Sequence[str]) -> "CovariateFit":
    """The maximum-likelihood fit; `summary` as for `btyd.fit`, with a column of numbers for each of `names`.

    Customers of equal covariates share one likelihood, so covariates should take few values (0 and 1 for yes and no).
    """
    shared = summary if CUSTOMERS in summary else summary.assign(**{CUSTOMERS: 1})
    groups = [(np.asarray(key, np.float64), read_triples(rows)) for key, rows in shared.groupby(list(names))]
    plain = btyd.fit(summary, "pareto_nbd")
    factors = np.ones(2 * len(names))
    start = np.append(plain.maximum.params, factors)
    if not groups:
        return CovariateFit(tuple(names), no_data(start), plain)
    usual = np.append(ParetoNBD().usual(plain.triples), factors)
    return CovariateFit(tuple(names), maximise(_likelihood(groups), start, usual), plain)


@dataclass(frozen=True)
class CovariateFit:
    """`plain` is the fit to the same customers without covariates."""

    names: tuple[str, ...]
    maximum: Maximum
    plain: btyd.Fit

    @property
    def params(self) -> dict[str, float]:
        """r, alpha, s, beta of a customer whose covariates are all 0, then the coefficients γ."""
        r, alpha, s, beta, *factors = self.maximum.params.tolist()
        labels = [f"{kind}.{name}" for kind in ("orders", "stops") for name in self.names]
        return {"r": r, "alpha": alpha, "s": s, "beta": beta} | dict(zip(labels, np.log(factors).tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        return self.maximum.log_likelihood

    @property
    def is_usable(self) -> bool:
        return self.maximum.converged and not self.maximum.at_boundary and not self.plain.has_too_little_data

    def of(self, covariates: Mapping[str, float]) -> btyd.Fit:
        """The Pareto/NBD of customers with these covariates, to ask for P(alive) and expected orders."""
        known = np.array([covariates[name] for name in self.names], np.float64)
        return self.plain.with_params(_params_of(self.maximum.params, known))


def _params_of(params: Floats, known: Floats) -> Floats:
    orders, stops = np.split(np.log(params[BASE:]), 2)
    r, alpha, s, beta = params[:BASE]
    return np.array([r, alpha * np.exp(-orders @ known), s, beta * np.exp(-stops @ known)])


def _likelihood(groups: Sequence[tuple[Floats, Triples]]) -> LogLikelihood:
    parts = [(known, ParetoNBD().likelihood(triples)) for known, triples in groups]

    def evaluate(params: Floats) -> tuple[float, Floats]:
        total, gradient = 0.0, np.zeros_like(params)
        for known, likelihood in parts:
            own = _params_of(params, known)
            value, slope = likelihood(own)
            slope = slope * own / params[:BASE]  # α and β follow their bases in proportion
            total += value
            gradient[:BASE] += slope
            factors = np.concatenate([-known * slope[1] * params[1], -known * slope[3] * params[3]])
            gradient[BASE:] += factors / params[BASE:]
        return total, gradient

    return evaluate
