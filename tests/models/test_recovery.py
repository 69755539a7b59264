"""Customers made with known parameters: the fit must find them, within the error that it states."""

import numpy as np
import pandas as pd
import pytest

from retention_core.models import btyd, spend

CUSTOMERS = 4000
TRUE = {
    "bg_nbd": np.array([0.6, 45.0, 0.9, 3.0]),
    "mbg_nbd": np.array([0.9, 50.0, 0.8, 2.2]),
    "pareto_nbd": np.array([0.8, 40.0, 0.7, 150.0]),
}


def simulated(model: str, rng: np.random.Generator) -> pd.DataFrame:
    """One row per customer: their own rate of ordering, their own end, watched for 300 to 700 days."""
    r, alpha, third, fourth = TRUE[model]
    age = rng.uniform(300, 700, size=CUSTOMERS)
    rate = rng.gamma(r, 1 / alpha, size=CUSTOMERS)
    if model == "pareto_nbd":
        lives_until = rng.exponential(1 / rng.gamma(third, 1 / fourth, size=CUSTOMERS))
        most = np.full(CUSTOMERS, 10**6)
    else:
        lives_until = np.full(CUSTOMERS, np.inf)
        most = rng.geometric(rng.beta(third, fourth, size=CUSTOMERS)) - (model == "mbg_nbd")
    orders, last, moment = np.zeros(CUSTOMERS), np.zeros(CUSTOMERS), np.zeros(CUSTOMERS)
    going = np.arange(CUSTOMERS)
    while len(going):
        going = going[orders[going] < most[going]]
        moment[going] += rng.exponential(1 / rate[going])
        going = going[moment[going] <= np.minimum(age, lives_until)[going]]
        orders[going] += 1
        last[going] = moment[going]
    return pd.DataFrame({"repeat_orders": orders, "first_to_last": last, "age": age})


@pytest.mark.parametrize("model", btyd.MODELS)
def test_known_parameters_are_found_within_their_standard_errors(model: str) -> None:
    """Of 5 seeds × 4 parameters nearly all within two standard errors of the logs, and all within four."""
    off = []
    for seed in range(5):
        fit = btyd.fit(simulated(model, np.random.default_rng(seed)), model)
        assert fit.is_usable
        deviation = np.sqrt(np.diag(fit.maximum.log_covariance))
        off.append((np.log(fit.maximum.params) - np.log(TRUE[model])) / deviation)
    assert np.abs(off).max() < 4
    assert (np.abs(off) < 2).mean() >= 0.8


def test_known_spend_is_found_within_its_standard_errors() -> None:
    rng = np.random.default_rng(5)
    p, q, v = 4.0, 3.5, 20.0
    x = rng.integers(1, 8, size=CUSTOMERS)
    mean = rng.gamma(p * x, 1 / (x * rng.gamma(q, 1 / v, size=CUSTOMERS)))
    fit = spend.fit(x, mean)
    off = (fit.maximum.params - [p, q, v]) / list(fit.standard_errors.values())
    assert fit.is_usable and np.abs(off).max() < 3
    assert fit.population_mean == pytest.approx(p * v / (q - 1), rel=0.03)
    assert abs(fit.correlation) < 0.05


def test_a_wider_interval_of_the_bootstrap_agrees_with_laplace(cdnow: pd.DataFrame) -> None:
    fit = btyd.fit(cdnow, "bg_nbd")

    def quantity(drawn: btyd.Fit) -> float:
        return float(drawn.expected_orders_new(52))

    by_bootstrap = btyd.interval(fit.bootstrap(100, np.random.default_rng(1)), quantity)
    by_laplace = btyd.interval(fit.laplace(400, np.random.default_rng(1)), quantity)
    for low, high in (by_bootstrap, by_laplace):
        assert low < quantity(fit) < high
    assert np.subtract(*by_bootstrap[::-1]) == pytest.approx(np.subtract(*by_laplace[::-1]), rel=0.3)


def test_the_same_seed_draws_the_same(cdnow: pd.DataFrame) -> None:
    fit = btyd.fit(cdnow, "mbg_nbd")
    for draw in (fit.laplace, fit.bootstrap):
        one, two = ([drawn.params for drawn in draw(2, np.random.default_rng(7))] for _ in range(2))
        assert one == two


def test_many_histories_are_fitted_from_a_sample_to_the_same_top() -> None:
    """Above 60,000 histories the climb starts from a sample; below it does not: the same customers, both ways."""
    rng = np.random.default_rng(11)
    table = pd.concat([simulated("bg_nbd", rng) for _ in range(16)], ignore_index=True)
    few = table.assign(first_to_last=np.ceil(table["first_to_last"]), age=np.ceil(table["age"]))
    assert len(table) > 2 * btyd.SAMPLE > 2 * len(few.drop_duplicates()) / 4
    fit = btyd.fit(table, "bg_nbd")
    start = btyd.MODELS["bg_nbd"].start(fit.triples)
    from_scratch = btyd.maximise(
        btyd.MODELS["bg_nbd"].likelihood(fit.triples), start, btyd.MODELS["bg_nbd"].usual(fit.triples)
    )
    assert fit.maximum.params == pytest.approx(from_scratch.params, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(from_scratch.log_likelihood, abs=1e-3)
