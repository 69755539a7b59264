"""BG/CNBD-k and MBG/CNBD-k: the BG/NBD and MBG/NBD for customers who order at regular times.

Between two orders lie k ticks of a customer's clock, which come at a Poisson rate: the larger k, the more regular the
orders, and with k = 1 the models are the BG/NBD and the MBG/NBD. Platzer & Reutterer (2016), "Ticking Away the Moments:
Timing Regularity Helps to Better Predict Customer Activity", Marketing Science 35(5). They approximate the orders a
customer will make; here they are sums over the ticks, good to 7 digits.

    fit = cnbd.fit(summary, log_gaps, model="mbg_cnbd")
    fit.k, fit.params, fit.message
    fit.p_alive(x, t_x, T); fit.expected_orders(x, t_x, T, horizon)

The unit of time is the caller's, one for all numbers. `x`, `t_x`, `T` are those of `btyd`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from retention_core.models.btyd import FEW_REPEATERS, HARDLY_ANYONE, in_words
from retention_core.models.integrals import unit_nodes
from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.triples import Floats, Ints, Triples, coded, distinct_rows, read_triples, valid

STOPS_AT_ONCE: Mapping[str, bool] = MappingProxyType({"bg_cnbd": False, "mbg_cnbd": True})
REGULARITIES = range(1, 13)  # with k = 12 nine waits in ten are 0.58 to 1.52 times their mean: clockwork for a shop

FIRST_ORDERS = 8  # of a sum over coming orders; then as many again, then twice as many …
ONE_BY_ONE = 512  # orders summed singly; each later doubling by NODES points
NODES = 64
DOUBLINGS = 60
NEGLIGIBLE = 1e-8  # share of a sum below which a doubling ends it


def fit(
    summary: pd.DataFrame, log_gaps: float, model: str = "mbg_cnbd", regularities: Iterable[int] = REGULARITIES
) -> "Fit":
    """The maximum-likelihood fit of "mbg_cnbd" or "bg_cnbd" with the likeliest k of `regularities`.

    `summary` as in `btyd.fit`. `log_gaps` is the sum of the natural logarithms of all times between a customer's
    consecutive order days (query `log_gaps`, in days). One number for the shop is enough: gaps tell the k, and of each
    k the parameters follow from the summary. Odd data never raise, `message` tells; ValueError is for an unknown model,
    a missing column, or no k of 1 or more.
    """
    if model not in STOPS_AT_ONCE:
        raise ValueError(f"no model {model!r}; there are {', '.join(STOPS_AT_ONCE)}")
    ks = sorted(set(regularities))
    if not ks or ks[0] < 1:
        raise ValueError("regularities must be whole numbers of 1 or more")
    triples = read_triples(summary)
    fits = [_fitted(ErlangBetaGeometric(k, STOPS_AT_ONCE[model]), triples, log_gaps) for k in ks]
    return max(fits, key=lambda one: one.log_likelihood)


def _fitted(rules: "ErlangBetaGeometric", triples: Triples, log_gaps: float) -> "Fit":
    start, usual = rules.start(triples), rules.usual(triples)
    if triples.size == 0:
        return Fit(rules, no_data(start), triples)
    return Fit(rules, maximise(rules.likelihood(triples, log_gaps), start, usual), triples)


@dataclass(frozen=True)
class ErlangBetaGeometric:
    """The formulas for one k, as in Platzer & Reutterer. Parameters are r, α, a, b in this order; α is of the ticks."""

    k: int
    may_stop_at_once: bool
    names: tuple[str, ...] = ("r", "alpha", "a", "b")

    def start(self, triples: Triples) -> Floats:
        pace = (triples.customers @ triples.T + 1e-9) / (triples.customers @ triples.x + 1.0)
        return np.array([1.0, pace / self.k, 0.5, 1.5])

    def usual(self, triples: Triples) -> Floats:
        return np.array([1.0, max(triples.longest, 1e-6), 1.0, 1.0])

    def chances(self, x: Floats) -> Floats:
        """How often a customer with `x` repeat orders could have stopped before the last one, and did not."""
        return x + 1.0 if self.may_stop_at_once else x

    def log_terms(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """One row per way to the same history: 0 to k−1 ticks since the last order and still a customer, or stopped.

        The logarithm of each way's likelihood, without the factors that all ways of a customer share.
        """
        from scipy.special import betaln, gammaln, xlogy

        r, alpha, a, b = params
        by_x, ticks = coded(x), np.arange(self.k)[:, None]
        orders, chances = by_x.distinct, self.chances(by_x.distinct)
        pace = r + self.k * x
        log_ways = gammaln(r + self.k * orders)[by_x.code]
        more = np.vstack([np.zeros_like(x), np.log(pace + ticks[:-1])]).cumsum(axis=0)  # Γ(pace + tick) / Γ(pace)
        stays = (betaln(a, b + chances) - betaln(a, b))[by_x.code]
        with np.errstate(divide="ignore", invalid="ignore"):
            stops = np.where(chances > 0, np.log(a) - np.log(b + chances - 1), -np.inf)[by_x.code]  # odds to staying
        alive = more + xlogy(ticks, np.maximum(T - t_x, 0.0)) - gammaln(ticks + 1) - (pace + ticks) * np.log(alpha + T)
        return np.asarray(np.vstack([alive, stops - pace * np.log(alpha + t_x)]) + stays + log_ways)

    def likelihood(self, triples: Triples, log_gaps: float) -> LogLikelihood:
        """Of the moments of the orders; terms of one history are added as shares of their largest."""
        from scipy.special import gammaln, psi

        x, t_x, T, customers = triples.x, triples.t_x, triples.T, triples.customers
        by_x, ticks, size = coded(x), np.arange(self.k)[:, None], triples.size
        customers_by_x, chances = by_x.total(customers), self.chances(by_x.distinct)
        gaps = (self.k - 1) * log_gaps - gammaln(self.k) * (customers @ x)

        def evaluate(params: Floats) -> tuple[float, Floats]:
            r, alpha, a, b = params
            pace = r + self.k * x
            terms = self.log_terms(params, x, t_x, T)
            largest = terms.max(axis=0)
            share = np.exp(terms - largest)
            total = share.sum(axis=0)
            value = gaps + size * (r * np.log(alpha) - gammaln(r)) + customers @ (largest + np.log(total))
            share *= customers / total
            alive, stopped = share[:-1], share[-1]
            still = alive.sum(axis=0)
            passed = np.vstack([np.zeros_like(x), 1 / (pace + ticks[:-1])]).cumsum(axis=0)  # ψ(pace + tick) − ψ(pace)
            both = psi(a + b + chances) - psi(a + b)
            with np.errstate(divide="ignore"):
                inverse_b = np.where(chances > 0, 1 / (b + chances - 1), 0.0)[by_x.code]
            d_r = customers_by_x @ (psi(r + self.k * by_x.distinct) - psi(r)) + size * np.log(alpha)
            d_r += (alive * passed).sum() - still @ np.log(alpha + T) - stopped @ np.log(alpha + t_x)
            d_alpha = size * r / alpha - ((pace + ticks) * alive).sum(axis=0) @ (1 / (alpha + T))
            d_alpha -= (pace * stopped) @ (1 / (alpha + t_x))
            d_a = stopped.sum() / a - customers_by_x @ both
            d_b = customers_by_x @ (psi(b + chances) - psi(b) - both) - stopped @ inverse_b
            return float(value), np.array([d_r, d_alpha, d_a, d_b])

        return evaluate

    def p_alive(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
        terms = self.log_terms(params, x, t_x, T)
        share = np.exp(terms - terms.max(axis=0))
        return np.asarray(share[:-1].sum(axis=0) / share.sum(axis=0))

    def at_least(self, params: Floats, x: Floats, t_x: Floats, T: Floats, horizon: Floats) -> "AtLeast":
        """P(n or more orders in the next `horizon`) of customers still there at T, as a function of rows and n.

        After j ticks since the last order the n-th order needs n·k − j more, and no stop after the n − 1 before it. The
        ticks to come are negative binomial, as the customer's rate given pace + j ticks in α + T is a gamma.
        """
        from scipy.special import betainc, betaln

        r, alpha, a, b = params
        terms = self.log_terms(params, x, t_x, T)[:-1]
        share = np.exp(terms - terms.max(axis=0))
        share /= share.sum(axis=0)
        pace, chances, soon = r + self.k * x, self.chances(x), horizon / (alpha + T + horizon)

        def probability(rows: Ints, n: Floats) -> Floats:
            """One row per customer of `rows`, one column per `n` (1 or more, not only whole numbers)."""
            stayed, orders = (b + chances[rows])[:, None], n[None, :]
            reached = sum(
                share[j, rows, None] * betainc(orders * self.k - j, pace[rows, None] + j, soon[rows, None])
                for j in range(self.k)
            )
            return np.asarray(reached * np.exp(betaln(a, stayed + orders - 1) - betaln(a, stayed)))

        return probability


AtLeast = Callable[[Ints, Floats], Floats]


def summed(at_least: AtLeast, rows: int) -> Floats:
    """Expected orders of each row: the probabilities of 1 or more, 2 or more, … added up.

    Many orders are added by the integral from half an order before to half an order after them.
    """
    total, open_rows, before, block = np.zeros(rows), np.arange(rows), 0, FIRST_ORDERS
    for _ in range(DOUBLINGS):
        if not len(open_rows):
            break
        if before < ONE_BY_ONE:
            n, weight = np.arange(before + 1.0, before + block + 1.0), np.ones(block)
        else:
            nodes, weight = unit_nodes(NODES)
            n, weight = before + 0.5 + block * nodes, block * weight
        added = at_least(open_rows, n) @ weight
        total[open_rows] += added
        open_rows = open_rows[added > NEGLIGIBLE * total[open_rows]]
        before += block
        block = before
    return total


@dataclass(frozen=True)
class Fit:
    """A fitted model and what it says about customers. `is_usable` before any number of it is shown."""

    rules: ErlangBetaGeometric
    maximum: Maximum
    triples: Triples = field(repr=False)

    @property
    def k(self) -> int:
        """Ticks of the clock to an order: 1 for orders at random times."""
        return self.rules.k

    @property
    def params(self) -> dict[str, float]:
        """r, alpha, a, b, with alpha of the ticks: orders come at a kth of their rate."""
        return dict(zip(self.rules.names, self.maximum.params.tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        """With the gaps; of k = 1 it is that of the BG/NBD or MBG/NBD."""
        return self.maximum.log_likelihood

    @property
    def is_usable(self) -> bool:
        return self.maximum.converged and not self.maximum.at_boundary and self.triples.repeaters >= FEW_REPEATERS

    @property
    def message(self) -> str:
        """One or two plain sentences on whether the fit can be trusted."""
        return in_words(self._verdict, self.triples)

    @property
    def _verdict(self) -> str:
        _, _, a, b = self.maximum.params
        if self.triples.repeaters < FEW_REPEATERS:
            return "too_little_data"
        if self.is_usable:
            return "fits"
        if a / (a + b) < HARDLY_ANYONE:
            return "nobody_stops"
        return "runs_away" if self.maximum.at_boundary else "restless"

    def p_alive(self, x: Any, t_x: Any, T: Any) -> Floats:
        """Probability that the customer has not stopped buying. 1 for every one-time buyer of the BG/CNBD-k."""
        return self._of_each(self.rules.p_alive, x, t_x, T)

    def expected_orders(self, x: Any, t_x: Any, T: Any, horizon: Any) -> Floats:
        """Expected number of orders in the next `horizon`."""

        def orders(params: Floats, *history: Floats) -> Floats:
            at_least = self.rules.at_least(params, *history)
            return self.rules.p_alive(params, *history[:3]) * summed(at_least, len(history[0]))

        return self._of_each(orders, x, t_x, T, horizon)

    def expected_orders_new(self, horizon: Any) -> Floats:
        """Expected repeat orders of a customer in the `horizon` after the first order: E[X(t)]."""
        return self.expected_orders(0.0, 0.0, 0.0, horizon)

    def probability_no_order(self, x: Any, t_x: Any, T: Any, horizon: Any) -> Floats:
        """Probability of no order in the next `horizon`, gone or just silent: how firms define churn."""

        def silent(params: Floats, *history: Floats) -> Floats:
            one = self.rules.at_least(params, *history)(np.arange(len(history[0])), np.ones(1))[:, 0]
            return np.asarray(1 - self.rules.p_alive(params, *history[:3]) * one)

        return self._of_each(silent, x, t_x, T, horizon)

    def with_params(self, params: Floats) -> "Fit":
        """The same model at other parameters."""
        return replace(self, maximum=replace(self.maximum, params=params))

    def _of_each(self, formula: Callable[..., Floats], *values: Any) -> Floats:
        """The formula at the distinct rows of the broadcast values, given back in their shape."""
        whole = valid(*values)
        rows, position = distinct_rows(*(part.ravel() for part in whole))
        return np.asarray(formula(self.maximum.params, *rows)[position].reshape(whole[0].shape))
