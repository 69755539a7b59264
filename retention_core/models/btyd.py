"""Buy till you die: how often customers order, and when they have stopped without saying so.

    fit = btyd.fit(summary, model="mbg_nbd")
    fit.params, fit.message
    fit.p_alive(x, t_x, T); fit.expected_orders(x, t_x, T, horizon)

The unit of time is the caller's: a summary in days takes horizons in days. `x`, `t_x`, `T` are the literature's names
of repeat_orders, first_to_last and age; scalars and arrays are broadcast against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from retention_core.models.beta_geometric import BetaGeometric
from retention_core.models.integrals import DISCOUNTED_AWAY, over_time
from retention_core.models.maximise import Maximum, maximise, maximise_near, no_data
from retention_core.models.model import Model
from retention_core.models.nbd import NBD
from retention_core.models.pareto_nbd import ParetoNBD
from retention_core.models.triples import Floats, Triples, arrays, distinct_rows, read_triples, valid

FEW_REPEATERS = 20  # customers with a second order below which no model is worth a look
HARDLY_ANYONE = 0.01  # share of customers stopping below which "nobody stops" explains the data as well
DISCOUNT_NODES, PAIR_NODES = 64, 12
HALVINGS = 50
SAMPLE = 30_000  # histories fitted first when there are at least twice as many


MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "bg_nbd": BetaGeometric(may_stop_at_once=False),
        "mbg_nbd": BetaGeometric(may_stop_at_once=True),
        "pareto_nbd": ParetoNBD(),
    }
)
BENCHMARKS: Mapping[str, Model] = MappingProxyType({"nbd": NBD()})


MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "fits": "The model fits: its best point was found on {customers:,.0f} customers.",
        "too_little_data": (
            "Too little data: {repeaters:,.0f} customers have ordered again, "
            f"at least {FEW_REPEATERS} are needed to tell how customers stop buying."
        ),
        "nobody_stops": (
            "At a boundary: hardly any customer of this shop can be seen to stop buying for good, "
            "so the model cannot tell who has left. Use the observed curve instead."
        ),
        "runs_away": (
            "At a boundary: the data do not tell how customers differ, so the model's numbers run away. "
            "Use the observed curve instead."
        ),
        "restless": "The search for the best fit did not come to rest. Use the observed curve instead.",
    }
)


def fit(summary: pd.DataFrame, model: str = "mbg_nbd") -> "Fit":
    """The maximum-likelihood fit of `model` ("bg_nbd", "mbg_nbd" or "pareto_nbd"; "nbd" for comparison).

    `summary` has one row per customer, or per purchase history with the number of `customers` who share it: columns
    repeat_orders (order days after the first), first_to_last, age. Odd data never raise, `message` tells; ValueError is
    for an unknown model or a missing column.
    """
    known = {**MODELS, **BENCHMARKS}
    if model not in known:
        raise ValueError(f"no model {model!r}; there are {', '.join(known)}")
    return _fitted(model, known[model], read_triples(summary))


def _fitted(model: str, rules: Model, triples: Triples) -> "Fit":
    """Of many histories every tenth or so is fitted first: a start so good that the whole needs a few steps more."""
    start, usual = rules.start(triples), rules.usual(triples)
    if triples.size == 0:
        return Fit(model, no_data(start), triples)
    sample = triples.every(len(triples.x) // SAMPLE)
    if sample is triples:
        return Fit(model, maximise(rules.likelihood(triples), start, usual), triples)
    near = maximise(rules.likelihood(sample), start, usual)
    whole = maximise_near(rules.likelihood(triples), near, usual, times=triples.size / sample.size)
    return Fit(model, whole, triples)


@dataclass(frozen=True)
class Fit:
    """A fitted model and what it says about customers. `is_usable` before any number of it is shown."""

    model: str
    maximum: Maximum
    triples: Triples = field(repr=False)

    @property
    def params(self) -> dict[str, float]:
        """In the order of the papers: r, alpha, a, b or r, alpha, s, beta; alpha and beta in the caller's time unit."""
        return dict(zip(self._rules.names, self.maximum.params.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """By the inverse of the curvature; nan at a boundary, where a parameter has no standard error."""
        return dict(zip(self._rules.names, self.maximum.standard_errors.tolist(), strict=True))

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
    def has_too_little_data(self) -> bool:
        return self.triples.repeaters < FEW_REPEATERS

    @property
    def is_usable(self) -> bool:
        return self.converged and not self.at_boundary and not self.has_too_little_data

    @property
    def message(self) -> str:
        """One or two plain sentences on whether the fit can be trusted."""
        return in_words(self.verdict, self.triples)

    @property
    def verdict(self) -> str:
        """The key of `message` in MESSAGES."""
        if self.has_too_little_data:
            return "too_little_data"
        if self.is_usable:
            return "fits"
        if self._rules.stopped_share(self.maximum.params, self.triples.longest) < HARDLY_ANYONE:
            return "nobody_stops"
        return "runs_away" if self.at_boundary else "restless"

    @property
    def _rules(self) -> Model:
        return MODELS.get(self.model) or BENCHMARKS[self.model]

    def p_alive(self, x: Any, t_x: Any, T: Any) -> Floats:
        """Probability that the customer has not stopped buying. 1 for every one-time buyer of the BG/NBD."""
        x, t_x, T = valid(x, t_x, T)
        alive = self._rules.p_alive(self.maximum.params, x.ravel(), t_x.ravel(), T.ravel())
        return np.asarray(alive.reshape(x.shape))

    def expected_orders(self, x: Any, t_x: Any, T: Any, horizon: Any) -> Floats:
        """Expected number of orders in the next `horizon`."""
        return self.p_alive(x, t_x, T) * self._once_a_history(self._rules.orders_while_alive, x, T, horizon)

    def expected_orders_new(self, horizon: Any) -> Floats:
        """Expected repeat orders of a customer in the `horizon` after the first order: E[X(t)]."""
        return self.expected_orders(0.0, 0.0, 0.0, horizon)

    def expected_orders_by(self, x: Any, t_x: Any, T: Any, ends: Floats) -> Floats:
        """Expected orders until each of the `ends` from now: one more axis, of their length."""

        def until(params: Floats, x: Floats, T: Floats) -> Floats:
            return self._rules.orders_while_alive(params, x[:, None], T[:, None], ends)

        return np.asarray(self.p_alive(x, t_x, T)[..., None] * self._once_a_history(until, x, T))

    def weighted_orders(self, x: Any, t_x: Any, T: Any, ends: Floats, worth: Floats) -> Floats:
        """Expected orders in the consecutive periods from now that end at `ends`, each counted with its `worth`.

        Worked out once for each pair of x and T: what a customer alive does next does not depend on t_x.
        """
        steps = np.append(-np.diff(worth), worth[-1])  # Σ worth·(E(end) − E(end before)), summed by parts
        plan = list(zip(ends, steps, strict=True))

        def counted(params: Floats, x: Floats, T: Floats) -> Floats:
            return np.asarray(
                sum(step * self._rules.orders_while_alive(params, x, T, np.full_like(x, end)) for end, step in plan)
            )

        return self.p_alive(x, t_x, T) * self._once_a_history(counted, x, T)

    def variance_of_orders(self, x: Any, t_x: Any, T: Any, start: Any, end: Any) -> Floats:
        """Variance of the number of orders between T + start and T + end, were the parameters known."""
        orders_alive = partial(self._once_a_history, self._rules.orders_while_alive, x, T)
        mean = orders_alive(end) - orders_alive(start)
        pairs = self._once_a_history(self._pairs_while_alive, x, T, start, end)
        alive = self.p_alive(x, t_x, T)
        return np.asarray(np.maximum(alive * (pairs + mean) - (alive * mean) ** 2, 0.0))

    def probability_no_order(self, x: Any, t_x: Any, T: Any, horizon: Any) -> Floats:
        """Probability of no order in the next `horizon`, gone or just silent: how firms define churn."""
        alive = self.p_alive(x, t_x, T)
        silent = self._once_a_history(self._rules.no_order_while_alive, x, T, horizon)
        return np.asarray(1 - alive + alive * silent)

    def probability_of_orders_new(self, n: Any, t: Any) -> Floats:
        """Probability of exactly `n` repeat orders in the time `t` after the first order: P(X(t) = n)."""
        return self._once_a_history(self._rules.probability_of_orders_new, n, t)

    def next_order_window(
        self, x: Any, t_x: Any, T: Any, horizon: Any, low: float = 0.25, high: float = 0.75
    ) -> tuple[Floats, Floats]:
        """Of the customers like this who order within `horizon`, the middle half does so between these two times."""
        x, t_x, T, horizon = arrays(x, t_x, T, horizon)
        returning = 1 - self.probability_no_order(x, t_x, T, horizon)

        def when(share: float) -> Floats:
            early, late = np.zeros_like(horizon), horizon
            for _ in range(HALVINGS):
                middle = (early + late) / 2
                is_early = 1 - self.probability_no_order(x, t_x, T, middle) < share * returning
                early, late = np.where(is_early, middle, early), np.where(is_early, late, middle)
            return np.asarray(late)

        return when(low), when(high)

    def discounted_expected_orders(self, x: Any, t_x: Any, T: Any, rate: float, horizon: float = np.inf) -> Floats:
        """Expected orders in the next `horizon` (endless: DERT), each worth e^(−rate·time) of one today.

        `rate` is continuous and per unit of time: ln(1.15)/52 for 15 % a year with weeks. ValueError if an endless
        future is not discounted.
        """
        if rate <= 0 and not np.isfinite(horizon):
            raise ValueError(f"rate is {rate}: an endless future needs a discount rate above 0")

        def discounted(params: Floats, x: Floats, T: Floats) -> Floats:
            end = np.full_like(T, min(horizon, DISCOUNTED_AWAY / rate) if rate > 0 else horizon)
            return over_time(
                lambda later: self._rules.rate_while_alive(params, x, T, later) * np.exp(-rate * later),
                self._rules.time_scale(params, T),
                np.zeros_like(T),
                end,
                DISCOUNT_NODES,
            )

        return self.p_alive(x, t_x, T) * self._once_a_history(discounted, x, T)

    def with_params(self, params: Floats) -> "Fit":
        """The same model at other parameters: a draw."""
        return replace(self, maximum=replace(self.maximum, params=params))

    def laplace(self, draws: int, rng: np.random.Generator) -> tuple["Fit", ...]:
        """The model at parameters drawn from the normal approximation in their logs."""
        return tuple(self.with_params(params) for params in self.maximum.draws(draws, rng))

    def bootstrap(self, draws: int, rng: np.random.Generator) -> tuple["Fit", ...]:
        """Fits to customers drawn again with replacement: a multinomial draw of the counts of the histories."""
        counts = self.triples.customers
        if counts.sum() == 0:
            return (self,) * draws
        samples = rng.multinomial(round(counts.sum()), counts / counts.sum(), size=draws).astype(np.float64)
        return tuple(self._again(self.triples.weighted(sample)) for sample in samples)

    def _again(self, triples: Triples) -> "Fit":
        """The fit to other counts of the same customers, searched from here."""
        likelihood, usual = self._rules.likelihood(triples), self._rules.usual(triples)
        return replace(self, maximum=maximise_near(likelihood, self.maximum, usual, times=1.0), triples=triples)

    def _pairs_while_alive(self, params: Floats, x: Floats, T: Floats, start: Floats, end: Floats) -> Floats:
        """E[Y·(Y−1)] of the orders between start and end: twice the density of the second, times room for the first."""
        return 2 * over_time(
            lambda later: (later - start) * self._rules.pair_rate_while_alive(params, x, T, later),
            self._rules.time_scale(params, T),
            start,
            end,
            PAIR_NODES,
        )

    def _once_a_history(self, formula: Any, *values: Any) -> Floats:
        """The formula at the distinct rows of the broadcast values, given back in their shape (and its own axes)."""
        whole = valid(*values)
        rows, position = distinct_rows(*(part.ravel() for part in whole))
        said = formula(self.maximum.params, *rows)[position]
        return np.asarray(said.reshape(whole[0].shape + said.shape[1:]))


def in_words(verdict: str, triples: Triples) -> str:
    """The message of a verdict, and how many customers could not be used."""
    message = MESSAGES[verdict].format(customers=triples.size, repeaters=triples.repeaters)
    if triples.left_out:
        message += f" {triples.left_out:,.0f} customers with an impossible history were left out."
    return message


def interval(fits: tuple[Fit, ...], quantity: Any, level: float = 0.8) -> tuple[Floats, Floats]:
    """Low and high end of what `quantity(fit)` says over the draws of a bootstrap or Laplace approximation."""
    said = np.array([quantity(drawn) for drawn in fits])
    return np.quantile(said, (1 - level) / 2, axis=0), np.quantile(said, (1 + level) / 2, axis=0)
