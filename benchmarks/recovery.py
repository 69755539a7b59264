"""Customers made with known parameters, a hundred times over: how often does the stated interval hold the truth?

Three kinds of customers. `exact`: made as each model says, watched to the moment for 300 to 700 days. `log`: those of
`benchmarks.generate`, to the moment. `days`: the same as shops keep them, in whole days, two orders of a day being one.
"""

from dataclasses import astuple, dataclass, field

import numpy as np
import pandas as pd

from benchmarks.generate import BOUNDARIES, DAY, Truth, arrivals, purchases
from retention_core.models import btyd, spend
from retention_core.models.maximise import Maximum
from retention_core.models.triples import Floats

TRUE = {
    "bg_nbd": (0.6, 45.0, 0.9, 3.0),
    "mbg_nbd": (0.9, 50.0, 0.8, 2.2),
    "pareto_nbd": (0.8, 40.0, 0.7, 150.0),
    "gamma_gamma": (4.0, 3.5, 20.0),
}
WIDTH = 1.959964  # standard errors of the logs on both sides: 95 of 100


@dataclass(frozen=True)
class Recovery:
    """`held` seeds per parameter whose 95 % interval holds the truth, of `seeds`; `usable` fits among them."""

    model: str
    customers_are: str
    customers: int
    seeds: int
    usable: int
    true: dict[str, float]
    held: dict[str, int]
    mean: dict[str, float] = field(default_factory=dict)


def recoveries(seeds: int, customers: int = 4_000) -> list[Recovery]:
    """Every model on exact histories, and BG/NBD on the orders of the generated log, few and many customers."""
    found = [recovery(model, "exact", customers, seeds) for model in TRUE]
    found.append(recovery("bg_nbd", "days", customers, seeds))
    return found + [recovery("bg_nbd", kind, 10 * customers, seeds) for kind in ("log", "days")]


def recovery(model: str, customers_are: str, customers: int, seeds: int) -> Recovery:
    """Seeds 0, 1, … of one model."""
    true = np.array(TRUE[model] if customers_are == "exact" else astuple(Truth()))
    fits = [_fitted(model, customers_are, customers, np.random.default_rng(seed)) for seed in range(seeds)]
    names = list(fits[0].params)
    maxima: list[Maximum] = [fit.maximum for fit in fits]
    logs = np.log([maximum.params for maximum in maxima])
    deviations = np.sqrt([np.diag(maximum.log_covariance) for maximum in maxima])
    held = (np.abs(logs - np.log(true)) <= WIDTH * deviations).sum(axis=0)
    return Recovery(
        model,
        customers_are,
        customers,
        seeds,
        usable=sum(fit.is_usable for fit in fits),
        true=dict(zip(names, true.tolist(), strict=True)),
        held=dict(zip(names, held.tolist(), strict=True)),
        mean=dict(zip(names, np.exp(logs.mean(axis=0)).tolist(), strict=True)),
    )


def _fitted(model: str, customers_are: str, customers: int, rng: np.random.Generator) -> btyd.Fit | spend.GammaGamma:
    if model == "gamma_gamma":
        return spend.fit(*spending(customers, rng))
    if customers_are == "exact":
        return btyd.fit(exact(model, customers, rng), model)
    return btyd.fit(_of_log(customers, rng, step=DAY if customers_are == "days" else 1), model)


def exact(model: str, customers: int, rng: np.random.Generator) -> pd.DataFrame:
    """One row per customer, times in days: their own rate of ordering, their own end."""
    r, alpha, third, fourth = TRUE[model]
    age = rng.uniform(300, 700, customers)
    rate = rng.gamma(r, 1 / alpha, customers)
    ends, most = np.full(customers, np.inf), np.full(customers, np.inf)
    if model == "pareto_nbd":
        ends = rng.exponential(1 / rng.gamma(third, 1 / fourth, customers))
    else:
        most = rng.geometric(rng.beta(third, fourth, customers)) - float(model == "mbg_nbd")
    orders, last, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    going = np.flatnonzero(most > 0)
    while going.size:
        now[going] += rng.exponential(1 / rate[going])
        going = going[now[going] <= np.minimum(age, ends)[going]]
        orders[going] += 1
        last[going] = now[going]
        going = going[orders[going] < most[going]]
    return pd.DataFrame({"repeat_orders": orders, "first_to_last": last, "age": age})


def _of_log(customers: int, rng: np.random.Generator, step: int) -> pd.DataFrame:
    """One row per customer of the generated log's law: times in days, kept in steps of so many seconds."""
    customer, second = purchases(arrivals(customers, rng), rng, Truth())
    orders = pd.DataFrame({"customer": customer, "step": second // step}).drop_duplicates()
    steps = orders.groupby("customer")["step"].agg(["min", "max", "size"])
    first, days = steps["min"], step / DAY
    return pd.DataFrame(
        {
            "repeat_orders": steps["size"] - 1,
            "first_to_last": (steps["max"] - first) * days,
            "age": (BOUNDARIES[-1] // step - 1 - first) * days,
        }
    )


def spending(customers: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Repeat orders and their mean amount, as Gamma-Gamma says: one entry per customer."""
    p, q, v = TRUE["gamma_gamma"]
    x = rng.integers(1, 8, customers).astype(np.float64)
    return x, rng.gamma(p * x, 1 / (x * rng.gamma(q, 1 / v, customers)))
