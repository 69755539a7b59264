"""Gamma-Gamma: what a customer spends on an order, judged from few orders.

A customer's orders scatter around a mean of their own, and the means differ between customers; one large order of a
rare buyer therefore says little. Fader & Hardie (2013), "The Gamma-Gamma model of monetary value", note 025. The model
takes spending and frequency as unrelated: `correlation` tells whether they are.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.triples import Coded, Floats, arrays, coded

FEW_REPEATERS = 20


def fit(repeat_orders: Any, mean_repeat_amount: Any, customers: Any = None) -> "GammaGamma":
    """The maximum-likelihood fit on the customers with a repeat order and a mean amount above 0.

    One entry per customer, or per group of equal `customers`; amounts are means of *repeat* orders. Odd data never
    raise, `message` tells.
    """
    x, mean, count = arrays(repeat_orders, mean_repeat_amount, 1.0 if customers is None else customers)
    known = np.isfinite(x) & np.isfinite(mean) & np.isfinite(count) & (x > 0) & (count > 0)
    used = known & (mean > 0)
    x, mean, count, unpaid = x[used], mean[used], count[used], float(count[known & ~used].sum())
    size = float(count.sum())
    if size == 0:
        nothing = no_data(np.ones(3))
        return GammaGamma(nothing, 0.0, 0.0, 0.0, unpaid)
    usual = float(count @ mean / size)
    maximum = maximise(
        _likelihood(coded(x), mean, count), np.array([2.0, 3.0, usual]), usual=np.array([1.0, 1.0, usual])
    )
    return GammaGamma(maximum, size, usual, _correlation(x, mean, count), unpaid)


@dataclass(frozen=True)
class GammaGamma:
    """`customers` fitted, `mean_of_means` their mean amount, `unpaid` repeaters left out because they paid nothing."""

    maximum: Maximum
    customers: float
    mean_of_means: float
    correlation: float
    unpaid: float

    @property
    def params(self) -> dict[str, float]:
        """p, q, v; v in the money of the amounts (γ in the papers)."""
        return dict(zip(("p", "q", "v"), self.maximum.params.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        return dict(zip(("p", "q", "v"), self.maximum.standard_errors.tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        return self.maximum.log_likelihood

    @property
    def converged(self) -> bool:
        return self.maximum.converged

    @property
    def at_boundary(self) -> bool:
        """Also when q ≤ 1: then the mean over all customers would be endless."""
        return self.maximum.at_boundary or self.params["q"] <= 1

    @property
    def has_too_little_data(self) -> bool:
        return self.customers < FEW_REPEATERS

    @property
    def is_usable(self) -> bool:
        return self.converged and not self.at_boundary and not self.has_too_little_data

    @property
    def message(self) -> str:
        """Plain sentences on whether the fit can be trusted."""
        if self.has_too_little_data:
            verdict = f"Too little data: {self.customers:,.0f} customers have paid for a second order, "
            verdict += f"at least {FEW_REPEATERS} are needed to tell what customers spend."
        elif self.is_usable:
            verdict = f"The spending model fits: its best point was found on {self.customers:,.0f} customers."
        else:
            verdict = (
                "At a boundary: the amounts do not tell how customers differ. Use each customer's own mean instead."
            )
        if self.unpaid:
            verdict += f" {self.unpaid:,.0f} customers whose repeat orders came to nothing were left out."
        return verdict

    @property
    def population_mean(self) -> float:
        """Mean amount of an order of a customer not yet seen, p·v/(q − 1); the plain mean where that has no end."""
        p, q, v = self.maximum.params
        return float(p * v / (q - 1)) if self.is_usable else self.mean_of_means

    def mean_spend(self, repeat_orders: Any, mean_repeat_amount: Any) -> Floats:
        """Expected amount of a customer's next order: the fewer their orders, the nearer to the mean of all.

        Fader & Hardie (2013) eq. 5. The mean of all for a customer without a repeat order; without a usable fit the
        customer's own mean.
        """
        x, mean = arrays(repeat_orders, mean_repeat_amount)
        p, q, v = self.maximum.params
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = p * (v + x * mean) / (p * x + q - 1) if self.is_usable else mean
        return np.asarray(np.where(x > 0, drawn, self.population_mean))

    def laplace(self, draws: int, rng: np.random.Generator) -> tuple["GammaGamma", ...]:
        """The model at parameters drawn from the normal approximation in their logs."""
        return tuple(replace(self, maximum=replace(self.maximum, params=row)) for row in self.maximum.draws(draws, rng))


def _likelihood(x: Coded, mean: Floats, customers: Floats) -> LogLikelihood:
    """Note 025 eq. 3. The log-gammas are tables over x; one log a customer remains."""
    from scipy.special import gammaln, psi

    customers_by_x, size = x.total(customers), float(customers.sum())
    orders, total = x.distinct[x.code], x.distinct[x.code] * mean
    log_total_by_x = x.total(customers * np.log(total))
    log_mean = float(customers @ np.log(mean))

    def evaluate(params: Floats) -> tuple[float, Floats]:
        p, q, v = params
        shape = p * x.distinct
        log_spread = np.log(total + v)
        log_spread_by_x = x.total(customers * log_spread)
        weight = customers / (total + v)
        value = customers_by_x @ (gammaln(shape + q) - gammaln(shape)) - size * (gammaln(q) - q * np.log(v))
        value += p * (x.distinct @ log_total_by_x) - log_mean - (shape + q) @ log_spread_by_x
        d_p = x.distinct @ (customers_by_x * (psi(shape + q) - psi(shape)) + log_total_by_x - log_spread_by_x)
        d_q = customers_by_x @ psi(shape + q) + size * (np.log(v) - psi(q)) - log_spread_by_x.sum()
        d_v = size * q / v - (p * orders + q) @ weight
        return float(value), np.array([d_p, d_q, d_v])

    return evaluate


def _correlation(x: Floats, mean: Floats, customers: Floats) -> float:
    """Of the number of repeat orders with their mean amount, over customers; 0 where one of them does not vary."""
    size = customers.sum()
    off_x, off_mean = x - customers @ x / size, mean - customers @ mean / size
    spread = np.sqrt((customers @ off_x**2) * (customers @ off_mean**2))
    return float(customers @ (off_x * off_mean) / spread) if spread > 0 else 0.0
