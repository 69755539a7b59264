"""Pareto/NBD: orders come at a Poisson rate, and customers stop at an unseen moment of their own.

The rate of ordering differs between customers as a gamma (r, α), the rate of stopping as a gamma (s, β). Schmittlein,
Morrison & Colombo (1987), Management Science 33(1); notation of Fader & Hardie (2005), "A note on deriving the
Pareto/NBD model and related expressions".

The likelihood needs ∫ s (α+u)^-(r+x) (β+u)^-(s+1) du over the unseen moment u from t_x to T. The literature writes it
as a difference of two ₂F₁, which overflows for heavy buyers, cancels for short silences and has no closed gradient.
Here the integral itself is taken with Gauss-Legendre nodes in the logarithm of time, where the integrand is smooth:
every term is positive, nothing cancels, and the gradient is the same sum with another factor.
"""

from dataclasses import dataclass

import numpy as np

from retention_core.models.integrals import over_time, unit_nodes
from retention_core.models.maximise import LogLikelihood
from retention_core.models.nbd import exactly
from retention_core.models.triples import Floats, Triples, coded, distinct_rows

CHUNK = 2_048  # histories whose nodes stay in the cache
NODES = 16  # enough for 1e-9 of the integral
NEGLIGIBLE = 36.0  # beyond e^-36 of its start the integrand is left out
LIFE_NODES = 64  # of integrals that are taken once a fit or once a customer


@dataclass(frozen=True)
class ParetoNBD:
    """Parameters are r, α, s, β in this order."""

    names: tuple[str, ...] = ("r", "alpha", "s", "beta")

    def start(self, triples: Triples) -> Floats:
        pace = (triples.customers @ triples.T + 1e-9) / (triples.customers @ triples.x + 1.0)
        return np.array([1.0, pace, 0.5, max(triples.longest, 1e-6) / 3])

    def usual(self, triples: Triples) -> Floats:
        longest = max(triples.longest, 1e-6)
        return np.array([1.0, longest, 1.0, longest])

    def time_scale(self, params: Floats, T: Floats) -> Floats:
        """The future fades on this scale of time."""
        return np.asarray(params[3] + T)

    def stopped_share(self, params: Floats, longest: float) -> float:
        """Share of new customers who have stopped by the age `longest`."""
        return float(-np.expm1(-params[2] * np.log1p(longest / params[3])))

    def likelihood(self, triples: Triples) -> LogLikelihood:
        from scipy.special import gammaln, psi

        x, age = coded(triples.x), coded(triples.T)
        customers, size = triples.customers, triples.size
        customers_by_x, customers_by_age = x.total(customers), age.total(customers)
        orders_by_age = age.total(customers * triples.x)
        silent = np.flatnonzero(triples.t_x < triples.T)  # whoever ordered at the very end is alive for certain
        rows = (customers[silent], triples.x[silent], triples.t_x[silent], triples.T[silent])
        chunks = [tuple(part[i : i + CHUNK] for part in rows) for i in range(0, len(silent), CHUNK)]

        def evaluate(params: Floats) -> tuple[float, Floats]:
            r, alpha, s, beta = params
            pace = r * customers_by_age + orders_by_age
            log_alpha, log_beta = np.log(alpha + age.distinct), np.log(beta + age.distinct)
            value = customers_by_x @ (gammaln(r + x.distinct) - gammaln(r)) + size * (
                r * np.log(alpha) + s * np.log(beta)
            )
            value -= pace @ log_alpha + s * (customers_by_age @ log_beta)
            d_r = customers_by_x @ (psi(r + x.distinct) - psi(r)) + size * np.log(alpha) - customers_by_age @ log_alpha
            d_alpha = size * r / alpha - pace @ (1 / (alpha + age.distinct))
            d_s = size * np.log(beta) - customers_by_age @ log_beta
            d_beta = size * s / beta - s * (customers_by_age @ (1 / (beta + age.distinct)))
            gradient = np.array([d_r, d_alpha, d_s, d_beta])
            for count, orders, t_x, T in chunks:
                log_odds, slopes = _odds_of_having_stopped(params, orders, t_x, T)
                value += count @ np.logaddexp(0.0, log_odds)
                small = np.exp(-np.abs(log_odds))
                stopped = count * np.where(log_odds >= 0, 1.0, small) / (1 + small)
                gradient += (slopes * stopped).sum(axis=1)  # a product of matrices would start threads
            return float(value), gradient

        return evaluate

    def p_alive(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """1 / (1 + odds of having stopped); the integral in the odds is taken once for each history."""
        from scipy.special import expit

        (x, t_x, T), position = distinct_rows(x, t_x, T)
        alive = np.empty(len(x))
        for i in range(0, len(x), CHUNK):
            part = slice(i, i + CHUNK)
            alive[part] = expit(-_odds_of_having_stopped(params, x[part], t_x[part], T[part])[0])
        return np.asarray(alive[position])

    def orders_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Expected orders in (T, T + horizon] of a customer alive at T; written so that s = 1 is no exception."""
        from scipy.special import exprel

        r, alpha, s, beta = params
        growth = np.log1p(horizon / (beta + T))
        return np.asarray((r + x) / (alpha + T) * (beta + T) * growth * exprel(-(s - 1) * growth))

    def rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """Expected orders per unit of time at T + later of a customer alive at T: λ·exp(−μ·later), averaged."""
        r, alpha, s, beta = params
        return np.asarray((r + x) / (alpha + T) * ((beta + T) / (beta + T + later)) ** s)

    def pair_rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """λ²·exp(−μ·later), averaged: the density of two orders, the second at T + later."""
        r, alpha, s, beta = params
        return np.asarray((r + x) * (r + x + 1) / (alpha + T) ** 2 * ((beta + T) / (beta + T + later)) ** s)

    def no_order_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Probability that a customer alive at T orders nothing in (T, T + horizon], whether they stop in it or not.

        1 − ∫ (density of the next order at u) · (still there at u) du, cut where it has become negligible.
        """
        r, alpha, s, beta = params
        pace, past, life = r + x, alpha + T, beta + T
        scale = np.minimum(past, life)
        fall = (pace + 1) * scale / past + s * scale / life - 1
        cut = scale * np.expm1(np.minimum(NEGLIGIBLE / np.maximum(fall, 1e-9), 600.0))

        def ordered(u: Floats) -> Floats:
            log_share = (pace + 1) * np.log1p(u / past) + s * np.log1p(u / life)
            return np.asarray(pace / past * np.exp(-log_share))

        return 1 - over_time(ordered, scale, np.zeros_like(scale), np.minimum(horizon, cut), LIFE_NODES)

    def probability_of_orders_new(self, params: Floats, n: Floats, t: Floats) -> Floats:
        """P(X(t) = n) of a new customer: still there at t, or stopped at some u before it."""
        r, alpha, s, beta = params

        def stopped_at(u: Floats) -> Floats:
            return np.asarray(s / beta * (1 + u / beta) ** -(s + 1) * exactly(n, r, u / (alpha + u)))

        still = (1 + t / beta) ** -s * exactly(n, r, t / (alpha + t))
        scale = np.full_like(t, min(alpha, beta))
        return np.asarray(still + over_time(stopped_at, scale, np.zeros_like(t), t, LIFE_NODES))


def _odds_of_having_stopped(params: Floats, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats]:
    """Log of the odds that each customer has stopped by T, and its slopes in r, α, s, β (one row a parameter).

    With w = ln((c+u)/(c+t_x)), c the smaller of α and β, the integrand falls faster and faster, at first by
    `fall` per unit of w: so it can be cut where it has become negligible. Nobody silent for no time: odds 0.
    """
    r, alpha, s, beta = params
    pace, near = r + x, min(alpha, beta)
    from_alpha, from_beta, from_near = alpha + t_x, beta + t_x, near + t_x
    fall = pace * from_near / from_alpha + (s + 1) * from_near / from_beta - 1
    whole = np.log1p((T - t_x) / from_near)
    length = np.where(fall * whole > NEGLIGIBLE, NEGLIGIBLE / np.maximum(fall, 1e-9), whole)
    nodes, weights = unit_nodes(NODES)
    w = nodes[:, None] * length
    since = np.exp(w) - 1
    since *= from_near
    in_alpha, in_beta = 1 + since / from_alpha, 1 + since / from_beta
    log_in_alpha = w if alpha <= beta else np.log(in_alpha)
    log_in_beta = w if beta < alpha else np.log(in_beta)
    mass = weights[:, None] * np.exp(w - pace * log_in_alpha - (s + 1) * log_in_beta)
    total = mass.sum(axis=0)
    silence_alpha, silence_beta = np.log((alpha + T) / from_alpha), np.log((beta + T) / from_beta)
    with np.errstate(divide="ignore"):
        log_odds = np.log(s * length * total * from_near / from_beta) + pace * silence_alpha + s * silence_beta
    mass /= total
    d_r = silence_alpha - (mass * log_in_alpha).sum(axis=0)
    d_alpha = pace * (1 / (alpha + T) - (mass / in_alpha).sum(axis=0) / from_alpha)
    d_s = 1 / s + silence_beta - (mass * log_in_beta).sum(axis=0)
    d_beta = s / (beta + T) - (s + 1) * (mass / in_beta).sum(axis=0) / from_beta
    return log_odds, np.array([d_r, d_alpha, d_s, d_beta])
