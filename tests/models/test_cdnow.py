"""CDNOW: what the papers, the BTYD and CLVTools packages and Hardie's spreadsheets print for it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retention_core.models import btyd
from tests.models import summaries

CUSTOMER_0001 = (2, 213 / 7, 272 / 7)  # x, t_x, T in weeks; the papers print 30.43 and 38.86
CUSTOMER_1516 = (26, 216 / 7, 31)

Fits = dict[str, btyd.Fit]


def close(expected: object, rel: float = 1e-4) -> object:
    return pytest.approx(expected, rel=rel)


@pytest.mark.parametrize(
    ("model", "params", "log_likelihood"),
    [
        ("bg_nbd", (0.242595, 4.413602, 0.792922, 2.425907), -9582.4292),
        ("mbg_nbd", (0.524843, 6.183085, 0.891359, 1.614002), -9582.1357),
        ("pareto_nbd", (0.553277, 10.577683, 0.606240, 11.66873), -9594.9762),
    ],
)
def test_params_agree_with_independent_maximum_likelihood(
    cdnow_fits: Fits, model: str, params: tuple[float, ...], log_likelihood: float
) -> None:
    fit = cdnow_fits[model]
    assert list(fit.params.values()) == close(params)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
    assert fit.is_usable and fit.converged and not fit.at_boundary


@pytest.mark.parametrize(
    ("model", "params", "log_likelihood"),
    [
        ("bg_nbd", (0.243, 4.414, 0.793, 2.426), -9582.4),
        ("pareto_nbd", (0.553, 10.578, 0.606, 11.669), -9595.0),
    ],
)
def test_params_of_fader_hardie_lee_2005_table_2(
    cdnow_fits: Fits, model: str, params: tuple[float, ...], log_likelihood: float
) -> None:
    assert [round(value, 3) for value in cdnow_fits[model].params.values()] == list(params)
    assert round(cdnow_fits[model].log_likelihood, 1) == log_likelihood


def test_bg_nbd_params_of_clvtools_correctness_test(cdnow_fits: Fits) -> None:
    fit = cdnow_fits["bg_nbd"]
    assert list(fit.params.values()) == close((0.2425945, 4.4136019, 0.7929199, 2.4258881))
    assert fit.log_likelihood == pytest.approx(-9582.429, abs=1e-3)


def test_bg_nbd_params_of_the_btyd_walkthrough(cdnow_fits: Fits) -> None:
    assert list(cdnow_fits["bg_nbd"].params.values()) == close((0.2425982, 4.4136842, 0.7929899, 2.4261667), rel=2e-4)


def test_pareto_nbd_params_and_standard_errors_of_clvtools_correctness_test(cdnow_fits: Fits) -> None:
    fit = cdnow_fits["pareto_nbd"]
    assert list(fit.params.values()) == close((0.55315, 10.57633, 0.60625, 11.67150), rel=5e-4)
    assert list(fit.standard_errors.values()) == close((0.0476, 0.843, 0.187, 6.21), rel=2e-3)


def test_mbg_nbd_params_of_btydplus(cdnow_fits: Fits) -> None:
    assert list(cdnow_fits["mbg_nbd"].params.values()) == close((0.525, 6.183, 0.891, 1.614), rel=5e-4)


def test_standard_errors_of_lifetimes_quickstart(cdnow_fits: Fits) -> None:
    errors = cdnow_fits["bg_nbd"].standard_errors
    assert list(errors.values()) == close((0.012557, 0.378221, 0.185719, 0.705345), rel=5e-4)


@pytest.mark.parametrize(
    ("model", "log_likelihood"), [("bg_nbd", -9582.4256), ("mbg_nbd", -9582.1327), ("pareto_nbd", -9594.9739)]
)
def test_log_likelihood_on_the_summary_rounded_to_two_decimals(
    shared_data: Path, model: str, log_likelihood: float
) -> None:
    rounded = pd.read_csv(shared_data / "cdnow_summary_weeks.csv")
    rounded = rounded.rename(columns={"frequency": "repeat_orders", "recency": "first_to_last", "T": "age"})
    assert btyd.fit(rounded, model).log_likelihood == pytest.approx(log_likelihood, abs=1e-3)


def test_totals_of_the_file(cdnow: pd.DataFrame) -> None:
    assert len(cdnow) == 2357
    assert cdnow["repeat_orders"].sum() == 2457
    assert cdnow["hidden_orders"].sum() == 1882


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("bg_nbd", {1: 0.05318, 39: 1.19501, 52: 1.44401, 78: 1.85796}),
        ("pareto_nbd", {1: 0.05101, 39: 1.21340, 52: 1.47343, 78: 1.90987}),
        ("mbg_nbd", {1: 0.05306, 39: 1.18228, 52: 1.41888, 78: 1.80363}),
    ],
)
def test_expected_orders_of_a_new_customer(cdnow_fits: Fits, model: str, expected: dict[int, float]) -> None:
    assert cdnow_fits[model].expected_orders_new(list(expected)) == close(list(expected.values()))


def test_expected_orders_of_a_new_customer_in_hardies_spreadsheet(cdnow_fits: Fits) -> None:
    weeks = [1 / 7, 1, 3, 31 + 6 / 7, 32, 78]
    expected = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert cdnow_fits["bg_nbd"].expected_orders_new(weeks) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("model", "expected"), [("bg_nbd", 1.444004), ("pareto_nbd", 1.473434)])
def test_expected_orders_of_a_new_customer_in_the_btyd_walkthrough(
    cdnow_fits: Fits, model: str, expected: float
) -> None:
    assert float(cdnow_fits[model].expected_orders_new(52)) == close(expected, rel=2e-5)


def test_probability_of_orders_in_btyd_pdf(cdnow_fits: Fits) -> None:
    as_published = cdnow_fits["bg_nbd"].with_params(np.array([0.243, 4.414, 0.793, 2.426]))
    probabilities = as_published.probability_of_orders_new([0, 10, 11], [39, 2, 30])
    assert probabilities == close([0.5737864, 1.07869e-07, 0.0019995], rel=2e-5)


@pytest.mark.parametrize(
    ("model", "orders", "alive"),
    [("bg_nbd", 1.225994, 0.7266), ("pareto_nbd", 1.45520, 0.86913), ("mbg_nbd", 1.26276, 0.70614)],
)
def test_customer_0001(cdnow_fits: Fits, model: str, orders: float, alive: float) -> None:
    fit = cdnow_fits[model]
    assert float(fit.expected_orders(*CUSTOMER_0001, 39)) == close(orders)
    assert float(fit.p_alive(*CUSTOMER_0001)) == close(alive)


def test_customer_0001_of_fader_hardie_lee_2005(cdnow_fits: Fits) -> None:
    assert round(float(cdnow_fits["bg_nbd"].expected_orders(2, 30.43, 38.86, 39)), 3) == 1.226


@pytest.mark.parametrize(
    ("model", "orders", "alive"), [("bg_nbd", 25.75659, 0.9688523), ("pareto_nbd", 25.45647, 0.997874)]
)
def test_customer_1516_of_the_btyd_walkthrough(cdnow_fits: Fits, model: str, orders: float, alive: float) -> None:
    fit = cdnow_fits[model]
    assert float(fit.expected_orders(*CUSTOMER_1516, 52)) == close(orders)
    assert float(fit.p_alive(*CUSTOMER_1516)) == close(alive, rel=1e-5)


def test_best_customers_of_lifetimes_quickstart(cdnow_fits: Fits, cdnow: pd.DataFrame) -> None:
    best = cdnow_fits["bg_nbd"].expected_orders(cdnow["repeat_orders"], cdnow["first_to_last"], cdnow["age"], 1)
    assert np.sort(best)[::-1][:5] == close([0.710623, 0.662396, 0.486526, 0.474738, 0.424877], rel=5e-4)


@pytest.mark.parametrize(("model", "alive"), [("bg_nbd", 1.0), ("mbg_nbd", 0.38972), ("pareto_nbd", 0.29511)])
def test_only_bg_nbd_believes_every_one_time_buyer_alive(cdnow_fits: Fits, model: str, alive: float) -> None:
    assert float(cdnow_fits[model].p_alive(0, 0, 272 / 7)) == close(alive)


@pytest.mark.parametrize(
    ("model", "orders"),
    [
        ("bg_nbd", [0.3474606, 0.0428339, 0.0041590, 0.00035837]),
        ("pareto_nbd", [0.7062289, 0.1442396, 0.0225066, 0.0030927]),
    ],
)
def test_increasing_frequency_paradox_of_the_btyd_walkthrough(
    cdnow_fits: Fits, model: str, orders: list[float]
) -> None:
    """Of two customers silent for as long, the one who used to order more often has the less to come."""
    assert cdnow_fits[model].expected_orders([10, 15, 20, 25], 20, 39, 52) == close(orders, rel=1e-3)


def test_heavy_buyers_of_clvtools_stay_finite(cdnow_fits: Fits) -> None:
    fit = cdnow_fits["pareto_nbd"].with_params(np.array([0.5143, 2.8845, 0.2856, 14.1087]))
    x = [221, 254, 161, 204]
    t_x, T = [103.42857, 97.14286, 94.71429, 98.57143], [103.57143, 97.28571, 98, 99.42857]
    alive = fit.p_alive(x, t_x, T)
    assert np.isfinite(alive).all()
    assert alive[[0, 1, 3]].min() > 0.99 and 0.7 < alive[2] < 0.8
    assert np.isfinite(fit.expected_orders(x, t_x, T, 1e4)).all()


def test_overflow_case_of_lifetimes_stays_finite(cdnow_fits: Fits) -> None:
    fit = cdnow_fits["pareto_nbd"].with_params(np.array([10.465, 7.98565181e-03, 3.0516, 2.820]))
    alive = fit.p_alive([400, 500, 500], [5, 1, 4], [6, 37, 37])
    assert np.isfinite(alive).all() and (alive < 1e-20).all()


def test_discounted_expected_residual_orders_of_the_pareto_nbd(cdnow_fits: Fits) -> None:
    x, t_x, T = [2, 0, 26], [30.429, 0, 30.857], [38.857, 38.857, 31]
    dert = cdnow_fits["pareto_nbd"].discounted_expected_orders(x, t_x, T, rate=np.log(1.15) / 52)
    assert dert == close([6.50035, 0.47828, 86.2576], rel=2e-5)


@pytest.mark.parametrize(
    ("model", "params", "log_likelihood"),
    [
        ("bg_nbd", (0.251624, 4.788943, 0.723434, 2.161088), -95368.4439),
        ("mbg_nbd", (0.637140, 7.310290, 0.807474, 1.228394), -95336.9583),
        ("pareto_nbd", (0.597420, 11.585658, 0.522186, 8.827761), -95415.1186),
    ],
)
def test_params_of_the_whole_cohort_of_23570_customers(
    shared_data: Path, model: str, params: tuple[float, ...], log_likelihood: float
) -> None:
    fit = btyd.fit(summaries.histories(summaries.cdnow_master(shared_data), "1997-09-30"), model)
    assert fit.triples.size == 23570
    assert list(fit.params.values()) == close(params)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
