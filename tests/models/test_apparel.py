"""The apparel cohort of the CLVTools vignette: 104 weeks to learn from, 207 weeks to forecast."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retention_core.models import btyd, covariates, spend
from tests.models import summaries

HORIZON = 207 + 1 / 7  # weeks, 2007-01-01 to 2010-12-20


@pytest.fixture(scope="module")
def apparel(shared_data: Path) -> pd.DataFrame:
    return summaries.histories(summaries.apparel(shared_data), "2006-12-31", "2010-12-20")


@pytest.fixture(scope="module")
def spending(apparel: pd.DataFrame) -> spend.GammaGamma:
    return spend.fit(apparel["repeat_orders"], apparel["mean_repeat_amount"])


def test_totals_of_the_clvtools_vignette(apparel: pd.DataFrame) -> None:
    assert len(apparel) == 600
    assert (apparel["repeat_orders"] + 1).sum() == 1866
    assert apparel["hidden_orders"].sum() == 1317
    assert (apparel["repeat_orders"] == 0).sum() == 213


@pytest.mark.parametrize(
    ("model", "params", "log_likelihood"),
    [
        ("pareto_nbd", (1.448939, 48.634879, 0.561251, 46.882118), -5848.0978),
        ("bg_nbd", (0.607311, 20.956756, 1.275561, 8.860950), -5857.0197),
        ("mbg_nbd", (1.891380, 45.827204, 0.602369, 1.582371), -5848.0453),
    ],
)
def test_params_agree_with_independent_maximum_likelihood(
    apparel: pd.DataFrame, model: str, params: tuple[float, ...], log_likelihood: float
) -> None:
    fit = btyd.fit(apparel, model)
    assert list(fit.params.values()) == pytest.approx(params, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)


def test_pareto_nbd_of_the_clvtools_vignette(apparel: pd.DataFrame) -> None:
    fit = btyd.fit(apparel, "pareto_nbd")
    assert list(fit.params.values()) == pytest.approx((1.4490, 48.6361, 0.5613, 46.8844), rel=2e-4)
    assert list(fit.standard_errors.values()) == pytest.approx((0.2434, 7.4892, 0.2710, 35.6114), rel=1e-3)
    assert 2 * 4 - 2 * fit.log_likelihood == pytest.approx(11704.1957, abs=1e-3)  # AIC
    assert 4 * np.log(600) - 2 * fit.log_likelihood == pytest.approx(11721.7834, abs=1e-3)  # BIC


def test_predictions_of_the_clvtools_vignette(apparel: pd.DataFrame, spending: spend.GammaGamma) -> None:
    """P(alive), expected orders, DERT at ln(1.1) a week, mean spend and their product."""
    fit = btyd.fit(apparel, "pareto_nbd")
    rows = apparel.loc[["1", "10", "100", "101", "95", "98", "99"]]
    history = rows["repeat_orders"], rows["first_to_last"], rows["age"]
    alive = [0.9468478, 0.9825606, 0.2784686, 0.4739762, 0.8978209, 0.6024098, 0.9416701]
    orders = [7.3256573, 3.5198114, 0.4190901, 1.2056215, 3.2162499, 1.5323094, 4.3513967]
    dert = [0.46765602, 0.22469806, 0.02675392, 0.07696458, 0.20531927, 0.09781972, 0.27778489]
    mean_spend = [88.64634, 41.21027, 37.62791, 34.56278, 26.54863, 35.83393, 19.20941]
    value = [41.455992, 9.259868, 1.006694, 2.660110, 5.450944, 3.505265, 5.336082]
    said_dert = fit.discounted_expected_orders(*history, rate=np.log(1.1))
    said_spend = spending.mean_spend(rows["repeat_orders"], rows["mean_repeat_amount"])
    assert fit.p_alive(*history) == pytest.approx(alive, rel=2e-5)
    assert fit.expected_orders(*history, HORIZON) == pytest.approx(orders, rel=5e-5)
    assert said_dert == pytest.approx(dert, rel=5e-5)
    assert said_spend == pytest.approx(mean_spend, rel=1e-4)
    assert said_dert * said_spend == pytest.approx(value, rel=1e-4)


def test_gamma_gamma_agrees_with_independent_maximum_likelihood(spending: spend.GammaGamma) -> None:
    assert list(spending.params.values()) == pytest.approx((3.099038, 5.653693, 56.504191), rel=1e-4)
    assert spending.log_likelihood == pytest.approx(-1670.6630, abs=1e-3)


def test_gamma_gamma_of_clvtools_split_at_40_weeks(shared_data: Path) -> None:
    early = summaries.histories(summaries.apparel(shared_data), "2005-10-09")
    fit = spend.fit(early["repeat_orders"], early["mean_repeat_amount"])
    assert list(fit.params.values()) == pytest.approx((3.675, 4.630, 36.111), rel=2e-3)


def test_static_covariates_of_the_clvtools_vignette(shared_data: Path, apparel: pd.DataFrame) -> None:
    known = pd.read_csv(shared_data / "apparel_static_cov.csv", dtype={"Id": str}).set_index("Id")
    fit = covariates.fit(apparel.join(known), ["Gender", "Channel"])
    published = {
        "r": 1.8387,
        "alpha": 92.9435,
        "s": 0.5913,
        "beta": 49.5050,
        "orders.Gender": 0.2860,
        "orders.Channel": 0.6239,
        "stops.Gender": -0.6428,
        "stops.Channel": 0.7902,
    }
    assert fit.params == pytest.approx(published, rel=2e-3)
    assert fit.log_likelihood == pytest.approx(-5821.0627, abs=1e-3)
    assert 2 * 8 - 2 * fit.log_likelihood == pytest.approx(11658.1254, abs=2e-3)  # AIC
    assert 8 * np.log(600) - 2 * fit.log_likelihood == pytest.approx(11693.3008, abs=2e-3)  # BIC
    assert fit.is_usable
    fast, slow = (fit.of({"Gender": 1, "Channel": channel}) for channel in (1, 0))
    assert fast.expected_orders_new(52) > slow.expected_orders_new(52)


def test_covariates_without_customers_say_that_they_are_no_use(apparel: pd.DataFrame) -> None:
    assert not covariates.fit(apparel.assign(z=1.0).head(0), ["z"]).is_usable
