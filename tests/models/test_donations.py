"""BG/BB on the donations of Fader, Hardie & Shang (2010)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retention_core.models import bgbb


@pytest.fixture(scope="module")
def donors(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "donations_bgbb.csv")


@pytest.fixture(scope="module")
def fit(donors: pd.DataFrame) -> bgbb.BetaGeometricBetaBernoulli:
    return bgbb.fit(donors["frequency"], donors["recency"], donors["periods"], donors["weights"])


def test_params_of_the_paper_and_the_btyd_walkthrough(fit: bgbb.BetaGeometricBetaBernoulli) -> None:
    assert list(fit.params.values()) == pytest.approx((1.204, 0.750, 0.657, 2.783), abs=6e-4)
    assert list(fit.params.values()) == pytest.approx((1.203507, 0.7497667, 0.6567568, 2.783887), rel=3e-4)
    assert list(fit.params.values()) == pytest.approx((1.203522, 0.749716, 0.656718, 2.783443), rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-33225.5813, abs=1e-3)
    assert fit.converged and not fit.at_boundary and fit.customers == 11104


def test_expectations_of_the_btyd_walkthrough(fit: bgbb.BetaGeometricBetaBernoulli) -> None:
    assert fit.expected_orders_new(10) == pytest.approx(3.179805, rel=2e-5)
    assert fit.expected_orders([0, 4], [0, 5], 6, 10) == pytest.approx([0.1302169, 3.627858], rel=5e-5)


def test_p_alive_of_table_6(fit: bgbb.BetaGeometricBetaBernoulli) -> None:
    assert fit.p_alive([0, 2, 6], [0, 4, 6], 6) == pytest.approx([0.11, 0.59, 0.93], abs=0.005)


def test_totals_of_hardies_spreadsheets(fit: bgbb.BetaGeometricBetaBernoulli, donors: pd.DataFrame) -> None:
    ahead = fit.expected_orders(donors["frequency"], donors["recency"], donors["periods"], 5)
    assert float(ahead @ donors["weights"]) == pytest.approx(12884.2, abs=0.1)
    in_sample = 11104 * fit.probability_of_orders_new(np.arange(7), 6)
    assert in_sample[[0, 6]] == pytest.approx([3454.9, 1253.1], abs=0.1)
    assert in_sample.sum() == pytest.approx(11104)


@pytest.mark.parametrize(("x", "last", "n"), [([], [], []), ([0] * 50, [0] * 50, [6] * 50), ([6], [5], [6])])
def test_odd_histories_never_raise(x: list[int], last: list[int], n: list[int]) -> None:
    fit = bgbb.fit(x, last, n)
    assert fit.at_boundary and fit.message.startswith("At a boundary")
    assert np.isfinite(fit.expected_orders(0, 0, 6, 10))
