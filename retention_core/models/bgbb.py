"""BG/BB: customers who may buy once in each period (a yearly donation, a seasonal box), and may stop for good.

The chance of buying in a period differs between customers as a beta (α, β), the chance of stopping before it as a beta
(γ, δ). Fader, Hardie & Shang (2010), Marketing Science 29(6).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.triples import Floats, arrays


def fit(bought: Any, last: Any, periods: Any, customers: Any = None) -> "BetaGeometricBetaBernoulli":
    """The maximum-likelihood fit: in how many of `periods` a customer bought, and the `last` in which they did.

    One entry per customer, or per group of `customers`; `last` is 0 for who never bought. Impossible entries
    (last > periods, bought > last) are left out.
    """
    x, t_x, n, count = arrays(bought, last, periods, 1.0 if customers is None else customers)
    used = (x >= 0) & (x <= t_x) & (t_x <= n) & ((x > 0) == (t_x > 0)) & (n >= 1) & (count > 0)
    x, t_x, n, count = x[used], t_x[used], n[used], count[used]
    if not len(x):
        nothing = no_data(np.ones(4))
        return BetaGeometricBetaBernoulli(nothing, 0.0)
    maximum = maximise(_likelihood(x, t_x, n, count), np.array([1.0, 1.0, 1.0, 3.0]), usual=np.ones(4))
    return BetaGeometricBetaBernoulli(maximum, float(count.sum()))


@dataclass(frozen=True)
class BetaGeometricBetaBernoulli:
    """A fitted BG/BB and what it says about customers; time is counted in periods."""

    maximum: Maximum
    customers: float

    @property
    def params(self) -> dict[str, float]:
        return dict(zip(("alpha", "beta", "gamma", "delta"), self.maximum.params.tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        return self.maximum.log_likelihood

    @property
    def converged(self) -> bool:
        return self.maximum.converged

    @property
    def at_boundary(self) -> bool:
        return self.maximum.at_boundary

    @property
    def message(self) -> str:
        """One plain sentence on whether the fit can be trusted."""
        if self.converged and not self.at_boundary:
            return f"The model fits: its best point was found on {self.customers:,.0f} customers."
        return "At a boundary: the data do not tell how customers differ. Use the observed shares instead."

    def p_alive(self, x: Any, t_x: Any, n: Any) -> Floats:
        """Probability that the customer has not stopped by the period after n, Fader, Hardie & Shang (2010) eq. 11."""
        from scipy.special import betaln

        x, t_x, n = arrays(x, t_x, n)
        alpha, beta, gamma, delta = self.maximum.params
        log_alive = betaln(alpha + x, beta + n - x) - betaln(alpha, beta)
        log_alive += betaln(gamma, delta + n + 1) - betaln(gamma, delta)
        return np.asarray(np.exp(log_alive - self._log_probability(x, t_x, n)))

    def expected_orders(self, x: Any, t_x: Any, n: Any, periods: int) -> Floats:
        """Expected periods with an order among the next `periods`: for each, still there times the chance to buy."""
        from scipy.special import betaln

        x, t_x, n = arrays(x, t_x, n)
        alpha, beta, gamma, delta = self.maximum.params
        log_buys = betaln(alpha + x + 1, beta + n - x) - betaln(alpha, beta) - self._log_probability(x, t_x, n)
        ahead = np.arange(1, periods + 1)
        still = np.exp(betaln(gamma, delta + n[..., None] + ahead) - betaln(gamma, delta)).sum(axis=-1)
        return np.asarray(np.exp(log_buys) * still)

    def expected_orders_new(self, periods: int) -> float:
        """Expected periods with an order in the first `periods` of a new customer: E[X(n)]."""
        return float(self.expected_orders(0.0, 0.0, 0.0, periods))

    def probability_of_orders_new(self, x: Any, n: int) -> Floats:
        """Probability that a new customer buys in exactly `x` of the first `n` periods: P(X(n) = x)."""
        from scipy.special import betaln, gammaln

        (orders,) = arrays(x)
        alpha, beta, gamma, delta = self.maximum.params
        probability = np.zeros_like(orders)
        for lived in range(n + 1):
            stays = betaln(gamma, delta + n) if lived == n else betaln(gamma + 1, delta + lived)
            can = orders <= lived
            fits = np.where(can, orders, 0.0)
            ways = gammaln(lived + 1) - gammaln(fits + 1) - gammaln(lived - fits + 1)
            log_buys = ways + betaln(alpha + fits, beta + lived - fits) - betaln(alpha, beta)
            probability += np.where(can, np.exp(log_buys + stays - betaln(gamma, delta)), 0.0)
        return probability

    def _log_probability(self, x: Floats, t_x: Floats, n: Floats) -> Floats:
        flat = [part.ravel() for part in (x, t_x, n)]
        return _by_last_period(self.maximum.params, *flat)[0].reshape(x.shape)


def _likelihood(x: Floats, t_x: Floats, n: Floats, customers: Floats) -> LogLikelihood:
    def evaluate(params: Floats) -> tuple[float, Floats]:
        log_probability, slopes = _by_last_period(params, x, t_x, n)
        return float(customers @ log_probability), slopes @ customers

    return evaluate


def _by_last_period(params: Floats, x: Floats, t_x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Log-probability of each history, eq. 5, and its slopes: one term per period that may have been the last."""
    from scipy.special import betaln, logsumexp, psi

    alpha, beta, gamma, delta = params
    lived = np.arange(int(n.max(initial=0)) + 1)[:, None]
    possible = (lived >= t_x) & (lived <= n)
    lived = np.clip(lived, t_x, n)
    stopped = lived < n  # lived through these periods and stopped before the next; else still there after n
    terms = betaln(alpha + x, beta + lived - x) + betaln(gamma + stopped, delta + lived)
    terms = np.where(possible, terms - betaln(alpha, beta) - betaln(gamma, delta), -np.inf)
    log_probability = logsumexp(terms, axis=0)
    share = np.exp(terms - log_probability)
    bought_both, stayed_both = psi(alpha + beta + lived), psi(gamma + delta + lived + stopped)
    slopes = [
        psi(alpha + x) - bought_both - psi(alpha) + psi(alpha + beta),
        psi(beta + lived - x) - bought_both - psi(beta) + psi(alpha + beta),
        psi(gamma + stopped) - stayed_both - psi(gamma) + psi(gamma + delta),
        psi(delta + lived) - stayed_both - psi(delta) + psi(gamma + delta),
    ]
    return np.asarray(log_probability), np.array([(share * slope).sum(axis=0) for slope in slopes])
