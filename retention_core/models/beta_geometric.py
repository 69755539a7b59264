"""BG/NBD and MBG/NBD: orders come at a Poisson rate, and after an order the customer may stop for good.

The rate differs between customers as a gamma (r, α), the chance of stopping as a beta (a, b). The two models are one:
in the BG/NBD (Fader, Hardie & Lee 2005, Marketing Science 24(2)) a customer may stop after each *repeat* order, in the
MBG/NBD (Batislam, Denizel & Filiztekin 2007, IJRM 24(3)) after the first order as well. With `chances` = x or x + 1 the
number of times a customer could have stopped and is known not to have before the last order, all formulas agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retention_core.models.integrals import unit_nodes
from retention_core.models.maximise import LogLikelihood
from retention_core.models.triples import Floats, Triples, coded

CHUNK = 8_192  # rows whose working arrays stay in the cache; dot products this short start no threads
QUANTILES = 32
TINY = 1e-300  # instead of a chance of 0: the limit without a division by it
WIDEST_STOPS = 100.0  # above this a, ₂F₁ can lose all digits and still be a number; the average is good to 2e-5 there
NEAR_ONE = 1e-4  # this near a = 1 the expectation is 0/0: take it from both sides


Given = Callable[..., Floats]
"""What is expected of a customer who stops with probability p after an order: (p, pace, past, later) → orders."""


@dataclass(frozen=True)
class BetaGeometric:
    """BG/NBD (`may_stop_at_once=False`) or MBG/NBD (`True`). Parameters are r, α, a, b in this order."""

    may_stop_at_once: bool
    names: tuple[str, ...] = ("r", "alpha", "a", "b")

    def start(self, triples: Triples) -> Floats:
        pace = (triples.customers @ triples.T + 1e-9) / (triples.customers @ triples.x + 1.0)
        return np.array([1.0, pace, 0.5, 1.5])

    def usual(self, triples: Triples) -> Floats:
        return np.array([1.0, max(triples.longest, 1e-6), 1.0, 1.0])

    def time_scale(self, params: Floats, T: Floats) -> Floats:
        """The future fades on this scale of time."""
        return np.asarray(params[1] + T)

    def stopped_share(self, params: Floats, longest: float) -> float:
        """Share of customers who stop at their first chance; the age does not matter here."""
        return float(params[2] / (params[2] + params[3]))

    def chances(self, x: Floats) -> Floats:
        return x + 1.0 if self.may_stop_at_once else x

    def likelihood(self, triples: Triples) -> LogLikelihood:
        """Log-gammas are tables over x, logs over the distinct ages; one exp and one log1p a history remain."""
        from scipy.special import betaln, gammaln, psi

        x, age = coded(triples.x), coded(triples.T)
        customers, size = triples.customers, triples.size
        customers_by_x, customers_by_age = x.total(customers), age.total(customers)
        orders_by_age = age.total(customers * triples.x)
        chances = self.chances(x.distinct)
        doubtful = np.flatnonzero(self.chances(triples.x) > 0)  # may have stopped: the rows with a second term
        last = coded(triples.t_x[doubtful])
        rows = (customers[doubtful], triples.x[doubtful], x.code[doubtful], age.code[doubtful], last.code)
        chunks = [tuple(part[i : i + CHUNK] for part in rows) for i in range(0, len(doubtful), CHUNK)]

        def evaluate(params: Floats) -> tuple[float, Floats]:
            r, alpha, a, b = params
            by_x = gammaln(r + x.distinct) - gammaln(r) + betaln(a, b + chances) - betaln(a, b)
            log_age, log_last = np.log(alpha + age.distinct), np.log(alpha + last.distinct)
            inverse_age, inverse_last = 1 / (alpha + age.distinct), 1 / (alpha + last.distinct)
            with np.errstate(divide="ignore", invalid="ignore"):
                log_odds_by_x = np.log(a) - np.log(b + chances - 1)
                inverse_b = np.where(chances > 0, 1 / (b + chances - 1), 0.0)
            value = customers_by_x @ by_x + size * r * np.log(alpha) - (r * customers_by_age + orders_by_age) @ log_age
            d_r = customers_by_x @ (psi(r + x.distinct) - psi(r)) + size * np.log(alpha) - customers_by_age @ log_age
            d_alpha = size * r / alpha - (r * customers_by_age + orders_by_age) @ inverse_age
            both = psi(a + b + chances) - psi(a + b)
            d_a = -customers_by_x @ both
            d_b = customers_by_x @ (psi(b + chances) - psi(b) - both)
            for count, orders, x_code, age_code, last_code in chunks:
                silence = log_age[age_code] - log_last[last_code]
                log_odds = log_odds_by_x[x_code] + (r + orders) * silence
                small = np.exp(-np.abs(log_odds))
                value += count @ (np.maximum(log_odds, 0) + np.log1p(small))
                stopped = count * np.where(log_odds >= 0, 1.0, small) / (1 + small)
                d_r += stopped @ silence
                d_alpha += stopped @ ((r + orders) * (inverse_age[age_code] - inverse_last[last_code]))
                d_a += stopped.sum() / a
                d_b -= stopped @ inverse_b[x_code]
            return float(value), np.array([d_r, d_alpha, d_a, d_b])

        return evaluate

    def p_alive(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """FHL (2005) eq. of note "Computing P(alive) using the BG/NBD model"; 1 for one-time buyers of the BG/NBD."""
        from scipy.special import expit

        r, alpha, a, b = params
        chances = self.chances(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_odds = np.log(a) - np.log(b + chances - 1) + (r + x) * np.log((alpha + T) / (alpha + t_x))
        return np.asarray(np.where(chances > 0, expit(-log_odds), 1.0))

    def orders_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Expected orders in (T, T + horizon] of a customer alive at T: FHL (2005) eq. 10 without its P(alive).

        Euler's transformation takes x out of the first two arguments of ₂F₁, so it neither overflows nor loses digits
        for heavy buyers.
        """
        from scipy.special import hyp2f1

        r, alpha, a, b = params
        if abs(a - 1) < NEAR_ONE or a + b == 1:
            below, above = (
                self.orders_while_alive(np.array([r, alpha, a_beside, b]), x, T, horizon)
                for a_beside in (a - 2 * NEAR_ONE, a + 2 * NEAR_ONE)
            )
            return np.asarray((below + above) / 2)
        survived, past = b + self.chances(x), alpha + T
        c = a + survived - 1
        kept = past / (past + horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            series = hyp2f1(c - r - x, a - 1, c, horizon / (past + horizon))
            orders = np.maximum(c / (a - 1) * (1 - kept ** (a - 1) * series), 0.0)

        def given(p: Floats, pace: Floats, past: Floats, horizon: Floats) -> Floats:
            return -np.expm1(-pace * np.log1p(p * horizon / past)) / p

        return _finite(orders, given, a, survived, r + x, past, horizon)

    def rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """Expected orders per unit of time at T + later of a customer alive at T: λ·exp(−λ·p·later), averaged."""
        from scipy.special import hyp2f1

        r, alpha, a, b = params
        survived, past = b + self.chances(x), alpha + T
        c = a + survived
        with np.errstate(over="ignore", invalid="ignore"):
            series = hyp2f1(c - r - x - 1, a, c, later / (past + later))
            rate = (r + x) / past * (past / (past + later)) ** a * series

        def given(p: Floats, pace: Floats, past: Floats, later: Floats) -> Floats:
            return pace / past * np.exp(-(pace + 1) * np.log1p(p * later / past))

        return _finite(rate, given, a, survived, r + x, past, later)

    def pair_rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """λ²·(1 − p)·exp(−λ·p·later), averaged: the density of two orders, the second at T + later."""
        from scipy.special import hyp2f1

        r, alpha, a, b = params
        survived, past, pace = b + self.chances(x), alpha + T, r + x
        c = a + survived + 1
        both = pace * (pace + 1) / past**2 * survived / (a + survived)
        with np.errstate(over="ignore", invalid="ignore"):
            series = hyp2f1(c - pace - 2, a, c, later / (past + later))
            rate = both * (past / (past + later)) ** a * series

        def given(p: Floats, pace: Floats, past: Floats, later: Floats) -> Floats:
            return pace * (pace + 1) / past**2 * (1 - p) * np.exp(-(pace + 2) * np.log1p(p * later / past))

        return _finite(rate, given, a, survived, pace, past, later)

    def no_order_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Probability that a customer alive at T orders nothing in (T, T + horizon]: (α+T / α+T+horizon)^(r+x)."""
        r, alpha, _, _ = params
        return np.asarray(((alpha + T) / (alpha + T + horizon)) ** (r + x))

    def probability_of_orders_new(self, params: Floats, n: Floats, t: Floats) -> Floats:
        """P(X(t) = n) of a new customer, FHL (2005) eq. 8: still buying with n orders, or stopped after the n-th."""
        from scipy.special import betainc, betaln, gammaln, xlog1py, xlogy

        r, alpha, a, b = params
        chances, share = self.chances(n), t / (alpha + t)
        log_exactly = gammaln(r + n) - gammaln(r) - gammaln(n + 1) + xlogy(n, share) + xlog1py(r, -share)
        still = np.exp(betaln(a, b + chances) - betaln(a, b) + log_exactly)
        at_least = np.where(n > 0, betainc(np.maximum(n, 1), r, share), 1.0)
        stopped = np.exp(betaln(a + 1, b + np.maximum(chances, 1) - 1) - betaln(a, b)) * at_least
        return np.asarray(still + np.where(chances > 0, stopped, 0.0))


def _finite(closed: Floats, given: Given, a: float, survived: Floats, *rest: Floats) -> Floats:
    """The closed form; where ₂F₁ overflows or cannot be trusted, the average of `given` over p ~ beta(a, survived).

    The nodes are even in the quantiles of p: good to some per mille, of parameters that are at a boundary anyway.
    """
    from scipy.special import betaincinv

    value = np.asarray(closed)
    lost = ~np.isfinite(value) | (a > WIDEST_STOPS)
    if not lost.any():
        return value
    left, *arguments = (np.broadcast_to(part, value.shape)[lost] for part in (survived, *rest))
    counts, place = np.unique(left, return_inverse=True)  # the inverse is dear, and customers share a few counts
    value[lost] = sum(
        weight * given(np.maximum(betaincinv(a, counts, node), TINY)[place], *arguments)
        for node, weight in zip(*unit_nodes(QUANTILES), strict=True)
    )
    return value
