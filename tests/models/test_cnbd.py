"""BG/CNBD-k and MBG/CNBD-k: the published grocery, the models they are with k = 1, simulated customers, laws."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core.models import btyd, cnbd
from retention_core.models.triples import read_triples
from tests.models import summaries
from tests.models.test_laws import EMPTY, ODD_SHOPS, histories

HIDDEN_YEAR = 52
RANDOM = {"bg_cnbd": "bg_nbd", "mbg_cnbd": "mbg_nbd"}  # the same model for orders at random times
MODELS = st.sampled_from(sorted(RANDOM))
SHAPES = st.floats(0.05, 50.0)


@pytest.fixture(scope="module")
def grocery(shared_data: Path) -> pd.DataFrame:
    return summaries.histories(summaries.grocery(shared_data), "2006-12-31", "2007-12-30")


@pytest.fixture(scope="module")
def log_gaps(shared_data: Path) -> float:
    """In weeks, as the how-to counts."""
    days = summaries.grocery(shared_data)
    days = days[days["day"] <= "2006-12-31"].sort_values(["customer", "day"])
    gaps = days.groupby("customer")["day"].diff().dt.days.dropna() / summaries.WEEK
    return float(np.log(gaps).sum())


@pytest.fixture(scope="module")
def fits(grocery: pd.DataFrame, log_gaps: float) -> dict[str, cnbd.Fit]:
    return {model: cnbd.fit(grocery, log_gaps, model) for model in RANDOM}


def of(model: str, k: int, params: tuple[float, ...]) -> cnbd.Fit:
    return cnbd.fit(EMPTY, 0.0, model, [k]).with_params(np.array(params))


def three_numbers(customers: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    return customers["repeat_orders"], customers["first_to_last"], customers["age"]


@pytest.mark.parametrize(
    ("model", "published", "log_likelihood"),
    [("bg_cnbd", (0.359, 1.129, 0.523, 2.785), -15054), ("mbg_cnbd", (1.329, 2.813, 0.425, 0.790), -14978)],
)
def test_params_of_the_btydplus_how_to(
    fits: dict[str, cnbd.Fit], model: str, published: tuple[float, ...], log_likelihood: float
) -> None:
    """All 12 k are tried, 2 is the likeliest; printed with three digits, the likelihood with none."""
    fit = fits[model]
    assert fit.k == 2 and fit.is_usable
    assert list(fit.params.values()) == pytest.approx(published, abs=6e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.5)


def test_mbg_cnbd_hidden_year_of_the_btydplus_how_to(fits: dict[str, cnbd.Fit], grocery: pd.DataFrame) -> None:
    """3,970 orders and an error per customer of 1.431: BTYDplus takes the total from new customers, not from these.

    It spreads E[X(T + 52)] − E[X(T)] over the customers by the MBG/NBD's expectation at the pace α·k. Done here too.
    """
    fit = fits["mbg_cnbd"]
    x, t_x, T = (numbers.to_numpy(np.float64) for numbers in three_numbers(grocery))
    total = float((fit.expected_orders_new(T + HIDDEN_YEAR) - fit.expected_orders_new(T)).sum())
    assert total == pytest.approx(3970, abs=0.5)
    r, alpha, a, b = fit.params.values()
    random = btyd.fit(EMPTY, "mbg_nbd").with_params(np.array([r, alpha * fit.k, a, b]))
    spread = random.expected_orders(x, t_x, T, HIDDEN_YEAR) / random.p_alive(x, t_x, T) * fit.p_alive(x, t_x, T)
    error = np.abs(spread * total / spread.sum() - grocery["hidden_orders"]).mean()
    assert error == pytest.approx(1.431, abs=5e-4)


def test_mbg_cnbd_hidden_year_of_these_customers(fits: dict[str, cnbd.Fit], grocery: pd.DataFrame) -> None:
    """What each customer's own gaps and silence lead to expect comes nearer to the 3,389 than the published way."""
    expected = fits["mbg_cnbd"].expected_orders(*three_numbers(grocery), HIDDEN_YEAR)
    assert expected.sum() == pytest.approx(3811.5, abs=0.5)
    assert np.abs(expected - grocery["hidden_orders"]).mean() == pytest.approx(1.3998, abs=5e-4)


@pytest.mark.parametrize("model", RANDOM)
def test_one_tick_an_order_is_the_model_of_random_orders(grocery: pd.DataFrame, log_gaps: float, model: str) -> None:
    one, random = cnbd.fit(grocery, log_gaps, model, [1]), btyd.fit(grocery, RANDOM[model])
    assert list(one.params.values()) == pytest.approx(list(random.params.values()), rel=1e-5)
    assert one.log_likelihood == pytest.approx(random.log_likelihood, abs=1e-6)
    random = random.with_params(one.maximum.params)
    history = three_numbers(grocery)
    assert one.p_alive(*history) == pytest.approx(random.p_alive(*history), rel=1e-9)
    for quantity in ("expected_orders", "probability_no_order"):
        said, known = (getattr(fit, quantity)(*history, HIDDEN_YEAR) for fit in (one, random))
        assert said == pytest.approx(known, rel=1e-7)


@pytest.mark.parametrize("model", RANDOM)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_gradient_agrees_with_differences_of_the_likelihood(
    grocery: pd.DataFrame, log_gaps: float, model: str, k: int
) -> None:
    likelihood = cnbd.fit(EMPTY, 0.0, model, [k]).rules.likelihood(read_triples(grocery), log_gaps)
    for params in (np.array([0.4, 9.0, 0.7, 6.0]), np.array([2.0, 3.0, 1.5, 0.4])):
        steps = 1e-5 * np.diag(params)
        slopes = [(likelihood(params + step)[0] - likelihood(params - step)[0]) / (2 * step.sum()) for step in steps]
        assert likelihood(params)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-4)


def clockwork(rng: np.random.Generator, customers: int, k: int, params: tuple[float, ...], orders: int) -> np.ndarray:
    """One row per customer: times of `orders` repeat orders; endless after the customer stopped (at once if so)."""
    r, alpha, a, b = params
    rate, stops = rng.gamma(r, 1 / alpha, (customers, 1)), rng.beta(a, b, (customers, 1))
    times = (rng.gamma(k, 1.0, (customers, orders)) / rate).cumsum(axis=1)
    gone = (rng.random((customers, orders)) < stops).cumsum(axis=1) > 0  # before this repeat order
    return np.where(gone, np.inf, times)


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    """60,000 customers of an MBG/CNBD-3, watched for 20 to 60 weeks; hidden_orders in the 30 weeks after."""
    rng = np.random.default_rng(7)
    times = clockwork(rng, 60_000, 3, (1.5, 3.0, 0.6, 2.0), orders=250)
    age = rng.integers(20, 61, len(times)).astype(np.float64)[:, None]
    seen = times <= age
    gaps = np.diff(np.where(seen, times, 0.0), axis=1, prepend=0.0)[seen]
    table = pd.DataFrame(
        {
            "repeat_orders": seen.sum(axis=1),
            "first_to_last": np.where(seen, times, 0.0).max(axis=1),
            "age": age[:, 0],
            "hidden_orders": ((times > age) & (times <= age + 30)).sum(axis=1),
        }
    )
    table.attrs["log_gaps"] = float(np.log(gaps).sum())
    return table


def test_the_k_and_the_params_of_simulated_customers_come_back(simulated: pd.DataFrame) -> None:
    fit = cnbd.fit(simulated, simulated.attrs["log_gaps"], regularities=range(1, 6))
    assert fit.k == 3 and fit.is_usable
    assert np.log(list(fit.params.values())) == pytest.approx(np.log([1.5, 3.0, 0.6, 2.0]), abs=0.1)


def test_simulated_customers_do_what_is_expected_of_them(simulated: pd.DataFrame) -> None:
    """By orders and by length of silence, where the ticks matter: every mean within four of its standard errors."""
    fit = of("mbg_cnbd", 3, (1.5, 3.0, 0.6, 2.0))
    history = three_numbers(simulated)
    told = simulated.assign(
        expected=fit.expected_orders(*history, 30),
        returns=1 - fit.probability_no_order(*history, 30),
        returned=simulated["hidden_orders"] > 0,
        many=pd.cut(simulated["repeat_orders"], [-1, 0, 1, 3, 8, 1000]),
        silence=pd.cut(simulated["age"] - simulated["first_to_last"], [-1, 1, 3, 8, 20, 100]),
    )
    for _, group in told.groupby(["many", "silence"], observed=True):
        if len(group) >= 100:
            for mean, came in (("expected", "hidden_orders"), ("returns", "returned")):
                off = group[came] - group[mean]
                variance = max(off.var(), group[mean].mean())  # where next to nobody comes, a Poisson's
                assert abs(off.mean()) < 4 * np.sqrt(variance / len(group))


@settings(deadline=None, max_examples=60)
@given(MODELS, st.integers(1, 12), SHAPES, st.floats(0.1, 1e4), SHAPES, SHAPES, histories(), st.floats(0.0, 3650.0))
def test_laws_of_every_customer(
    model: str,
    k: int,
    r: float,
    alpha: float,
    a: float,
    b: float,
    history: tuple[float, float, float],
    horizon: float,
) -> None:
    """Shares in 0–1; more orders and less silence the further one looks; long silence makes nobody livelier."""
    fit = of(model, k, (r, alpha, a, b))
    x, t_x, T = history
    ends = np.array([0.0, horizon / 3, horizon])
    orders, silent = fit.expected_orders(*history, ends), fit.probability_no_order(*history, ends)
    assert np.isfinite(orders).all() and np.isfinite(silent).all()
    assert orders[0] == 0 and (np.diff(orders) >= -1e-6 * orders.max()).all()
    assert ((silent >= -1e-12) & (silent <= 1 + 1e-12)).all() and (np.diff(silent) <= 1e-9).all()
    assert (1 - silent <= orders * (1 + 1e-6) + 1e-9).all()  # who orders, orders at least once
    alive = fit.p_alive(x, t_x, [T, T + horizon / 2, T + horizon])
    assert ((alive >= 0) & (alive <= 1)).all() and (np.diff(alive) <= 1e-9).all()


@pytest.mark.parametrize("x", [0, 40, 800])
def test_many_coming_orders_are_added_up_right(x: int) -> None:
    """Thousands of orders ahead: the integral in place of single terms, against all the terms."""
    fit = of("mbg_cnbd", 2, (1.2, 5.0, 0.3, 400.0))
    history = np.array([float(x)]), np.array([0.9 * x]), np.array([float(x)])
    at_least = fit.rules.at_least(fit.maximum.params, *history, np.array([9000.0]))
    terms = at_least(np.arange(1), np.arange(1.0, 200_000.0))[0]
    assert terms.sum() > 100
    assert float(cnbd.summed(at_least, 1)[0]) == pytest.approx(terms.sum(), rel=1e-6)


@pytest.mark.parametrize("model", RANDOM)
@pytest.mark.parametrize("name", ODD_SHOPS)
def test_odd_shops_never_raise_and_say_so(name: str, model: str) -> None:
    fit = cnbd.fit(ODD_SHOPS[name], 0.0, model, range(1, 4))
    assert not fit.is_usable, name
    assert fit.message.startswith(("Too little data", "At a boundary", "The search"))
    assert fit.message.endswith("were left out.") == (name == "impossible rows only")
    said = fit.expected_orders([0, 3, 300], [0, 10, 300], [20, 20, 310], 365), fit.p_alive([0, 3], [0, 10], [20, 20])
    assert all(np.isfinite(number).all() for number in said)


def test_errors_name_the_model_the_k_and_the_customer() -> None:
    with pytest.raises(ValueError, match="no model 'cnbd'"):
        cnbd.fit(EMPTY, 0.0, "cnbd")
    with pytest.raises(ValueError, match="1 or more"):
        cnbd.fit(EMPTY, 0.0, regularities=[0, 1])
    with pytest.raises(ValueError, match="numbers of 0 or more"):
        of("mbg_cnbd", 2, (1.0, 1.0, 1.0, 1.0)).p_alive(-1, 0, 1)


def test_an_opened_shop_gives_the_gaps(shared_data: Path, fits: dict[str, cnbd.Fit], log_gaps: float) -> None:
    """In days, from the two queries alone: the same k and, but for α's unit, the same parameters."""
    shop = rc.open_orders(shared_data / "grocery_elog.csv.gz")
    asked = shop.query("log_gaps", until="2006-12-31").iloc[0]
    assert asked["log_gaps"] - asked["gaps"] * np.log(7) == pytest.approx(log_gaps, rel=1e-9)
    fit = cnbd.fit(shop.query("btyd_summary", until="2006-12-31"), asked["log_gaps"], regularities=range(1, 4))
    in_days = np.array(list(fits["mbg_cnbd"].params.values())) * [1, 7, 1, 1]
    assert fit.k == 2
    assert list(fit.params.values()) == pytest.approx(in_days, rel=1e-4)
