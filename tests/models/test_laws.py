"""What must hold for every customer, every parameter and every shop, published or not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_core.models import btyd
from retention_core.models.maximise import Maximum, maximise
from retention_core.models.triples import read_triples

EMPTY = pd.DataFrame({"repeat_orders": [], "first_to_last": [], "age": []}, dtype=float)
MODELS = st.sampled_from(sorted(btyd.MODELS))


@st.composite
def fits(draw: st.DrawFn) -> btyd.Fit:
    """A model at any parameters, those of boundaries too; a = 1, s = 1 and a + b = 1 are formulas' exceptions."""
    shape = st.one_of(st.sampled_from([0.5, 1.0]), st.floats(1e-3, 1e3))
    params = np.array([draw(shape), draw(st.floats(0.1, 1e4)), draw(shape), draw(shape)])
    return btyd.fit(EMPTY, draw(MODELS)).with_params(params)


@st.composite
def histories(draw: st.DrawFn) -> tuple[float, float, float]:
    """x, t_x, T: up to hundreds of orders in up to ten years."""
    T = draw(st.floats(0.0, 3650.0))
    if draw(st.booleans()) or T < 1:
        return 0.0, 0.0, T
    return float(draw(st.integers(1, 800))), draw(st.floats(0.5, T)), T


@settings(deadline=None)
@given(fits(), histories(), st.floats(0.0, 3650.0))
def test_probabilities_lie_between_0_and_1(fit: btyd.Fit, history: tuple[float, float, float], horizon: float) -> None:
    alive = float(fit.p_alive(*history))
    silent = float(fit.probability_no_order(*history, horizon))
    assert 0 <= alive <= 1
    assert 1 - alive - 1e-6 <= silent <= 1 + 1e-12


@settings(deadline=None)
@given(fits(), histories(), st.floats(0.0, 3650.0), st.floats(0.0, 3650.0))
def test_p_alive_falls_as_silence_grows(
    fit: btyd.Fit, history: tuple[float, float, float], longer: float, longest: float
) -> None:
    x, t_x, T = history
    longer, longest = sorted((longer, longest))
    alive = fit.p_alive(x, t_x, [T, T + longer, T + longest])
    assert (np.diff(alive) <= 1e-9).all()


@settings(deadline=None)
@given(fits(), histories(), st.lists(st.floats(0.0, 3650.0), min_size=2, max_size=5))
def test_expectations_grow_with_the_horizon_and_the_chance_of_silence_falls(
    fit: btyd.Fit, history: tuple[float, float, float], horizons: list[float]
) -> None:
    ends = np.sort(horizons)
    orders = fit.expected_orders(*history, ends)
    silent = fit.probability_no_order(*history, ends)
    assert np.isfinite(orders).all() and (orders >= 0).all()
    assert (np.diff(orders) >= -1e-3 * orders.max() - 1e-8).all()
    assert (np.diff(silent) <= 1e-8).all()


@pytest.mark.parametrize("model", ["bg_nbd", "mbg_nbd"])
@pytest.mark.parametrize(
    "params",
    [
        (1596.6520327536166, 105589.86088851784, 107093.80736097203, 162754.79141900392),  # fitted to a shop of 75
        (4.8684, 76.2379, 354.8494, 44880.1869),
        (0.8277, 4.8692, 445.4538, 123084.4223),
        (3.0437, 3.1328, 748.3055, 673.561),
    ],
)
def test_expectations_hold_where_all_customers_are_alike(model: str, params: tuple[float, ...]) -> None:
    """Where ₂F₁ loses all digits and says 0: a month can neither take orders back nor bring a year's at once."""
    fit = btyd.fit(EMPTY, model).with_params(np.array(params))
    for history in ((0.0, 0.0, 0.0), (5.0, 30.0, 39.45), (11.0, 200.0, 201.3374)):
        months = np.diff(fit.expected_orders(*history, np.arange(0.0, 40 * 30.0, 30.0)))
        assert (months >= 0).all()
        assert (months[1:] <= months[:-1] * 1.001 + 1e-9).all(), "fewer are left each month"


@settings(deadline=None)
@given(fits(), histories(), st.floats(0.1, 1000.0), st.floats(0.1, 1000.0))
def test_nothing_is_ever_nan(fit: btyd.Fit, history: tuple[float, float, float], start: float, length: float) -> None:
    said = [
        fit.expected_orders_new(length),
        fit.variance_of_orders(*history, start, start + length),
        fit.discounted_expected_orders(*history, rate=1e-3),
        fit.probability_of_orders_new([0, 1, 10, 300], length),
        fit.weighted_orders(*history, np.array([length, 2 * length]), np.array([1.0, 0.9])),
    ]
    for number in said:
        assert np.isfinite(number).all() and (number >= -1e-9).all()


@settings(max_examples=40, deadline=None)
@given(MODELS, st.floats(0.2, 5.0), st.floats(1.0, 100.0), st.floats(0.3, 5.0), st.floats(0.5, 50.0))
def test_probabilities_of_numbers_of_orders_sum_to_one_and_give_the_expectation(
    model: str, r: float, alpha: float, third: float, fourth: float
) -> None:
    """Three formulas that share nothing but the model: the distribution, its mean and its variance."""
    fit = btyd.fit(EMPTY, model).with_params(np.array([r, alpha, third, fourth]))
    t, n = alpha, np.arange(150)
    probability = fit.probability_of_orders_new(n, t)
    mean = float(n @ probability)
    assert probability.sum() == pytest.approx(1, abs=1e-6)
    assert mean == pytest.approx(float(fit.expected_orders_new(t)), rel=1e-5)
    variance = float(n**2 @ probability) - mean**2
    assert variance == pytest.approx(float(fit.variance_of_orders(0, 0, 0, 0, t)), rel=1e-4)
    assert probability[0] == pytest.approx(float(fit.probability_no_order(0, 0, 0, t)), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(MODELS, st.floats(0.2, 5.0), st.floats(0.3, 3.0), st.floats(0.5, 50.0), histories())
def test_discounting_by_nothing_changes_nothing(
    model: str, r: float, third: float, fourth: float, history: tuple[float, float, float]
) -> None:
    """The rate of orders, integrated, against the closed form; heavy buyers' rate is steep at first: to a per mille."""
    fit = btyd.fit(EMPTY, model).with_params(np.array([r, 30.0, third, fourth]))
    closed = float(fit.expected_orders(*history, 365))
    assert float(fit.discounted_expected_orders(*history, rate=0.0, horizon=365)) == pytest.approx(closed, rel=1e-3)
    assert float(fit.weighted_orders(*history, np.array([100.0, 365.0]), np.ones(2))) == pytest.approx(closed, rel=1e-6)
    by = fit.expected_orders_by(*history, np.array([100.0, 365.0]))
    assert float(by[1]) == pytest.approx(closed, rel=1e-6)


@pytest.mark.parametrize("model", btyd.MODELS)
def test_gradient_agrees_with_differences_of_the_likelihood(cdnow: pd.DataFrame, model: str) -> None:
    likelihood = btyd.MODELS[model].likelihood(read_triples(cdnow))
    for params in (np.array([0.4, 9.0, 0.7, 6.0]), np.array([2.0, 3.0, 1.5, 0.4])):
        steps = 1e-5 * np.diag(params)
        slopes = [(likelihood(params + step)[0] - likelihood(params - step)[0]) / (2 * step.sum()) for step in steps]
        assert likelihood(params)[1] == pytest.approx(slopes, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("model", btyd.MODELS)
def test_customers_who_share_a_history_may_share_a_row(cdnow: pd.DataFrame, model: str) -> None:
    keys = ["repeat_orders", "first_to_last", "age"]
    shared = cdnow.groupby(keys, as_index=False).size().rename(columns={"size": "customers"})
    shuffled = shared.sample(frac=1, random_state=3)
    one, many = btyd.fit(cdnow, model), btyd.fit(shuffled, model)
    assert len(shared) < len(cdnow)
    assert list(many.params.values()) == pytest.approx(list(one.params.values()), rel=1e-5)
    assert many.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("model", btyd.MODELS)
def test_the_unit_of_time_changes_alpha_and_beta_only(cdnow: pd.DataFrame, model: str) -> None:
    weeks = btyd.fit(cdnow, model)
    days = btyd.fit(cdnow.assign(first_to_last=cdnow["first_to_last"] * 7, age=cdnow["age"] * 7), model)
    scale = [7 if name in ("alpha", "beta") else 1 for name in weeks.params]
    assert list(days.params.values()) == pytest.approx(np.multiply(list(weeks.params.values()), scale), rel=1e-3)


def test_next_order_window_holds_the_middle_half(cdnow_fits: dict[str, btyd.Fit]) -> None:
    for fit in cdnow_fits.values():
        early, late = fit.next_order_window([2, 0], [30.43, 0], 38.86, 52)
        returning = 1 - fit.probability_no_order([2, 0], [30.43, 0], 38.86, 52)
        by_early = 1 - fit.probability_no_order([2, 0], [30.43, 0], 38.86, early)
        by_late = 1 - fit.probability_no_order([2, 0], [30.43, 0], 38.86, late)
        assert by_early == pytest.approx(returning / 4, rel=1e-6)
        assert by_late == pytest.approx(returning * 3 / 4, rel=1e-6)


@pytest.mark.parametrize(
    "bad", [(-1, 0, 1), (np.nan, 0, 1), (0, 0, np.inf), (1, -2, 5)], ids=["orders", "missing", "endless", "time"]
)
def test_an_impossible_customer_is_an_error(cdnow_fits: dict[str, btyd.Fit], bad: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="numbers of 0 or more"):
        cdnow_fits["mbg_nbd"].p_alive(*bad)


def test_an_endless_future_must_be_discounted(cdnow_fits: dict[str, btyd.Fit]) -> None:
    with pytest.raises(ValueError, match="discount rate above 0"):
        cdnow_fits["pareto_nbd"].discounted_expected_orders(1, 2, 3, rate=0.0)


def test_errors_name_the_column_and_the_model(cdnow: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no column age"):
        btyd.fit(cdnow.drop(columns="age"))
    with pytest.raises(ValueError, match="no model 'gompertz'"):
        btyd.fit(cdnow, "gompertz")


# Shops that are odd: no fit may raise, and each must say that it is no use.


def shop(x: list[float], t_x: list[float], T: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"repeat_orders": x, "first_to_last": t_x, "age": T}, dtype=float)


ODD_SHOPS = {
    "nobody": EMPTY,
    "one customer": shop([3], [10], [20]),
    "one-time buyers only": shop([0] * 300, [0] * 300, list(range(300))),
    "all of them today": shop([0] * 50, [0] * 50, [0] * 50),
    "nineteen repeaters": shop([0] * 500 + [1] * 19, [0] * 500 + list(range(1, 20)), [100] * 519),
    "all the same": shop([2] * 100, [30] * 100, [60] * 100),
    "clockwork without end": shop([50] * 200, [350] * 200, [357] * 200),
    "impossible rows only": shop([1, 0, -1, np.nan], [5, 3, 1, 1], [4, 9, 9, 9]),
}


@pytest.mark.parametrize("model", btyd.MODELS)
@pytest.mark.parametrize("name", ODD_SHOPS)
def test_odd_shops_never_raise_and_say_so(name: str, model: str) -> None:
    fit = btyd.fit(ODD_SHOPS[name], model)
    assert not fit.is_usable, name
    assert fit.message.startswith(("Too little data", "At a boundary", "The search"))
    assert np.isfinite(list(fit.params.values())).all()
    said = fit.expected_orders([0, 3, 300], [0, 10, 300], [20, 20, 310], 365), fit.p_alive([0, 3], [0, 10], [20, 20])
    assert all(np.isfinite(number).all() for number in said)
    rng = np.random.default_rng(0)
    assert len(fit.laplace(3, rng)) == len(fit.bootstrap(3, rng)) == 3


def test_impossible_histories_are_left_out_and_counted(cdnow: pd.DataFrame) -> None:
    odd = shop([1, 0, -1, np.nan, 2], [5, 3, 1, 1, 0], [4, 9, 9, 9, 8])
    fit = btyd.fit(pd.concat([cdnow, odd]), "bg_nbd")
    assert fit.triples.left_out == 5
    assert fit.message.endswith("5 customers with an impossible history were left out.")
    assert fit.log_likelihood == pytest.approx(-9582.4292, abs=1e-3)


def test_a_boundary_has_no_standard_errors_and_no_false_interval() -> None:
    fit = btyd.fit(ODD_SHOPS["clockwork without end"], "mbg_nbd")
    flat = replace(fit, maximum=Maximum(fit.maximum.params, 0.0, np.full((4, 4), np.nan), False, True))
    assert np.isnan(list(flat.standard_errors.values())).all()
    assert [drawn.params for drawn in flat.laplace(2, np.random.default_rng(0))] == [flat.params] * 2


def test_a_parameter_at_the_end_of_its_reach_is_at_a_boundary() -> None:
    """A sharp top, but e^20 away from the ordinary size: the search ends on the way."""

    def far_off(params: np.ndarray) -> tuple[float, np.ndarray]:
        off = np.log(params) - np.array([20.0, 0.5])
        return float(-(off @ off)), -2 * off / params

    top = maximise(far_off, np.ones(2), np.ones(2))
    assert top.at_boundary and np.log(top.params) == pytest.approx([12.0, 0.5], abs=1e-4)
    within = maximise(far_off, np.ones(2), np.array([1e8, 1.0]))
    assert within.converged and not within.at_boundary
    assert np.log(within.params) == pytest.approx([20.0, 0.5], abs=1e-4)
