"""NBD: orders come at a Poisson rate that differs between customers as a gamma (r, α), and nobody ever stops.

Ehrenberg (1959), Applied Statistics 8(1). Never chosen: it stands beside the models to show what their idea of stopping
customers is worth.
"""

from dataclasses import dataclass

import numpy as np

from retention_core.models.maximise import LogLikelihood
from retention_core.models.triples import Floats, Triples, coded


@dataclass(frozen=True)
class NBD:
    """Parameters are r, α in this order."""

    names: tuple[str, ...] = ("r", "alpha")

    def start(self, triples: Triples) -> Floats:
        return np.array([1.0, (triples.customers @ triples.T + 1e-9) / (triples.customers @ triples.x + 1.0)])

    def usual(self, triples: Triples) -> Floats:
        return np.array([1.0, max(triples.longest, 1e-6)])

    def likelihood(self, triples: Triples) -> LogLikelihood:
        """Of the moments of the orders, as the other models': Γ(r+x)/Γ(r)·α^r/(α+T)^(r+x)."""
        from scipy.special import gammaln, psi

        x, age = coded(triples.x), coded(triples.T)
        by_x, by_age = x.total(triples.customers), age.total(triples.customers)
        orders_by_age, size = age.total(triples.customers * triples.x), triples.size

        def evaluate(params: Floats) -> tuple[float, Floats]:
            r, alpha = params
            pace, log_past = r * by_age + orders_by_age, np.log(alpha + age.distinct)
            value = by_x @ (gammaln(r + x.distinct) - gammaln(r)) + size * r * np.log(alpha) - pace @ log_past
            d_r = by_x @ (psi(r + x.distinct) - psi(r)) + size * np.log(alpha) - by_age @ log_past
            d_alpha = size * r / alpha - pace @ (1 / (alpha + age.distinct))
            return float(value), np.array([d_r, d_alpha])

        return evaluate

    def time_scale(self, params: Floats, T: Floats) -> Floats:
        return np.asarray(params[1] + T)

    def stopped_share(self, params: Floats, longest: float) -> float:
        return 0.0

    def p_alive(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        return np.ones_like(x)

    def orders_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        return np.asarray(self.rate_while_alive(params, x, T, horizon) * horizon)

    def rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        r, alpha = params
        return np.asarray((r + x) / (alpha + T) * np.ones_like(later))

    def pair_rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        r, alpha = params
        return np.asarray((r + x) * (r + x + 1) / (alpha + T) ** 2 * np.ones_like(later))

    def no_order_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        r, alpha = params
        return np.asarray(((alpha + T) / (alpha + T + horizon)) ** (r + x))

    def probability_of_orders_new(self, params: Floats, n: Floats, t: Floats) -> Floats:
        r, alpha = params
        return exactly(n, r, t / (alpha + t))


def exactly(n: Floats, r: float, share: Floats) -> Floats:
    """Negative binomial: Γ(r+n)/(Γ(r)·n!)·(1−share)^r·share^n."""
    from scipy.special import gammaln, xlog1py, xlogy

    log_ways = gammaln(r + n) - gammaln(r) - gammaln(n + 1)
    return np.asarray(np.exp(log_ways + xlogy(n, share) + xlog1py(r, -share)))
