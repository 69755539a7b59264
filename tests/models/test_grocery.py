"""The online grocery of the BTYDplus how-to: a shop in which every model forecasts too much."""

from pathlib import Path

import pandas as pd
import pytest

from retention_core.models import btyd, validate
from tests.models import summaries


@pytest.fixture(scope="module")
def grocery(shared_data: Path) -> pd.DataFrame:
    return summaries.histories(summaries.grocery(shared_data), "2006-12-31", "2007-12-30")


@pytest.mark.parametrize(
    ("model", "published", "checked", "log_likelihood"),
    [
        ("bg_nbd", (0.349, 2.581, 0.504, 3.644), (0.348646, 2.581671, 0.503845, 3.644387), -15836.5662),
        ("mbg_nbd", (1.257, 6.038, 0.368, 0.716), (1.256921, 6.039142, 0.368277, 0.715764), -15781.9394),
        ("pareto_nbd", (0.786, 5.679, 0.386, 5.717), (0.786437, 5.679040, 0.386239, 5.717788), -15782.3921),
    ],
)
def test_params_of_the_btydplus_how_to(
    grocery: pd.DataFrame,
    model: str,
    published: tuple[float, ...],
    checked: tuple[float, ...],
    log_likelihood: float,
) -> None:
    fit = btyd.fit(grocery, model)
    assert list(fit.params.values()) == pytest.approx(published, rel=2e-3)
    assert list(fit.params.values()) == pytest.approx(checked, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)


def test_pareto_nbd_customers_of_the_btydplus_how_to(grocery: pd.DataFrame) -> None:
    fit = btyd.fit(grocery, "pareto_nbd")
    x = [1, 2, 3, 4, 5]
    assert fit.expected_orders(x, 12, 52, 52) == pytest.approx([0.448, 0.363, 0.217, 0.109, 0.049], abs=6e-4)
    assert 100 * fit.p_alive(x, 12, 52) == pytest.approx([31.86, 16.52, 7.28, 2.88, 1.07], abs=0.006)


def test_pareto_nbd_hidden_year_of_the_btydplus_how_to(grocery: pd.DataFrame) -> None:
    fit = btyd.fit(grocery, "pareto_nbd")
    expected = fit.expected_orders(grocery["repeat_orders"], grocery["first_to_last"], grocery["age"], 52)
    assert grocery["hidden_orders"].sum() == 3389
    assert expected.sum() == pytest.approx(3990.7, abs=0.5)
    assert (expected - grocery["hidden_orders"]).abs().mean() == pytest.approx(1.5079, abs=5e-4)


def test_nbd_of_the_btydplus_how_to(grocery: pd.DataFrame) -> None:
    """Nobody ever stops: r 0.420, α 5.245, 6,355 orders of the hidden year expected, mean absolute error 2.609."""
    fit = btyd.fit(grocery, "nbd")
    assert list(fit.params.values()) == pytest.approx([0.420, 5.245], abs=6e-4)
    assert fit.log_likelihood == pytest.approx(-16376.86, abs=0.01)
    test = validate.hold_out(grocery, 52, "nbd")
    assert test.expected == pytest.approx(6355, abs=0.6)
    assert test.mean_absolute_error == pytest.approx(2.609, abs=6e-4)
    assert fit.p_alive([0, 3], [0, 10], 52).tolist() == [1.0, 1.0]
