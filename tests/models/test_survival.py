"""Kaplan-Meier against worked examples and its laws; contracts against Fader & Hardie (2007, 2010)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_core.models import survival

# Remission times of 21 patients on 6-MP, Freireich et al. (1963), as in every textbook on survival.
REMISSION_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_kaplan_meier_of_freireich_1963() -> None:
    curve = survival.kaplan_meier(REMISSION_WEEKS, RELAPSED)
    assert curve["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    expected = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve["survival"].tolist() == pytest.approx(expected, abs=5e-5)
    assert curve["standard_error"].tolist() == pytest.approx(errors, abs=5e-5)
    assert survival.time_until(curve) == 23
    assert survival.time_until(curve, 0.6) is None


def test_log_log_band_of_freireich_1963() -> None:
    """R: summary(survfit(Surv(weeks, relapse) ~ 1, conf.type = "log-log")), first and last row."""
    curve = survival.kaplan_meier(REMISSION_WEEKS, RELAPSED)
    assert curve[["low", "high"]].iloc[0].tolist() == pytest.approx([0.6197, 0.9516], abs=5e-4)
    assert curve[["low", "high"]].iloc[-1].tolist() == pytest.approx([0.1881, 0.6801], abs=5e-4)


def test_customers_who_share_a_row_count_as_often() -> None:
    one_by_one = survival.kaplan_meier(REMISSION_WEEKS, RELAPSED)
    rows = pd.DataFrame({"time": REMISSION_WEEKS, "event": RELAPSED}).value_counts().reset_index()
    together = survival.kaplan_meier(rows["time"], rows["event"], rows["count"])
    pd.testing.assert_frame_equal(one_by_one, together)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.integers(1, 50)), max_size=60),
)
def test_kaplan_meier_is_a_falling_share_inside_its_band(rows: list[tuple[int, bool, int]]) -> None:
    time, event, customers = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    curve = survival.kaplan_meier(time, event, customers)
    assert curve.notna().all(axis=None)
    shares = curve[["low", "survival", "high"]].to_numpy()
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (np.diff(shares, axis=1) >= -1e-12).all()
    assert (np.diff(shares[:, 1]) <= 0).all()
    assert curve["events"].sum() == sum(count for _, happened, count in rows if happened)


@pytest.fixture(scope="module")
def cohorts(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "sbg_survival.csv")


def fit_first_seven_years(cohorts: pd.DataFrame, segment: str) -> survival.ShiftedBetaGeometric:
    kept = cohorts.query("segment == @segment and calibration == 1")["survivors_of_1000"].to_numpy()
    years = np.arange(1, 8)
    return survival.fit_contracts(
        np.append(years, 7), np.append(np.ones(7), 0), np.append(kept[:-1] - kept[1:], kept[-1])
    )


@pytest.mark.parametrize(
    ("segment", "params", "checked", "log_likelihood"),
    [
        ("highend", (0.668, 3.806), (0.668088, 3.806095), -1611.1581),
        ("regular", (0.704, 1.182), (0.704077, 1.182043), -1680.2652),
    ],
)
def test_sbg_params_of_fader_hardie_2007(
    cohorts: pd.DataFrame,
    segment: str,
    params: tuple[float, float],
    checked: tuple[float, float],
    log_likelihood: float,
) -> None:
    fit = fit_first_seven_years(cohorts, segment)
    assert tuple(round(value, 3) for value in fit.params.values()) == params
    assert list(fit.params.values()) == pytest.approx(checked, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
    assert fit.is_usable


@pytest.mark.parametrize(
    ("segment", "kept", "retention", "twelfth"),
    [
        (
            "highend",
            [0.85068, 0.74686, 0.60992, 0.48891, 0.46044, 0.41417, 0.37800],
            [0.85068, 0.87796, 0.89681],
            (0.95683, 0.394),
        ),
        (
            "regular",
            [0.62671, 0.47382, 0.33207, 0.23902, 0.22009, 0.19119, 0.17004],
            [0.62671, 0.75605, 0.81882],
            (0.94536, 0.173),
        ),
    ],
)
def test_sbg_forecast_of_fader_hardie_2007(
    cohorts: pd.DataFrame, segment: str, kept: list[float], retention: list[float], twelfth: tuple[float, float]
) -> None:
    fit = fit_first_seven_years(cohorts, segment)
    assert fit.survival([1, 2, 4, 7, 8, 10, 12]) == pytest.approx(kept, abs=6e-6)
    assert fit.retention([1, 2, 3]) == pytest.approx(retention, abs=6e-6)
    assert float(fit.retention(12)) == pytest.approx(twelfth[0], abs=6e-6)
    assert float(fit.survival(12)) == pytest.approx(twelfth[1], abs=0.017)  # the forecast against what happened


@pytest.mark.parametrize(
    ("params", "table_3", "checked"),
    [
        ((3.80, 15.20), [3.31, 3.45, 3.59, 3.72, 3.84], (3.3098, 3.8421)),
        ((0.067, 0.267), [7.68, 9.46, 9.86, 10.06, 10.19], (7.6708, 10.1886)),
    ],
)
def test_derl_of_fader_hardie_2010_table_3(
    cohorts: pd.DataFrame, params: tuple[float, float], table_3: list[float], checked: tuple[float, float]
) -> None:
    """Two cohorts with the same first-year retention of 0.80; the table's parameters are rounded."""
    fit = fit_first_seven_years(cohorts, "regular")
    fit = replace(fit, maximum=replace(fit.maximum, params=np.array(params)))
    to_come = fit.expected_renewals([1, 2, 3, 4, 5], discount=0.1)
    assert float(fit.retention(1)) == pytest.approx(0.80, abs=1e-3)
    assert to_come == pytest.approx(table_3, abs=0.011)
    assert (to_come[0], to_come[-1]) == pytest.approx(checked, abs=5e-5)


def test_derl_is_the_discounted_sum_of_survival(cohorts: pd.DataFrame) -> None:
    fit = fit_first_seven_years(cohorts, "highend")
    years = np.arange(1, 3000)
    discounted = (fit.survival(years) * 1.1 ** -(years - 1.0)).sum()
    assert float(fit.expected_renewals(1, discount=0.1)) == pytest.approx(discounted, rel=1e-9)


def test_telco_contracts(shared_data: Path) -> None:
    telco = pd.read_csv(shared_data / "telco_churn.csv.gz")
    lost = telco["Churn"] == "Yes"
    fit = survival.fit_contracts(telco["tenure"], lost)
    curve = survival.kaplan_meier(telco["tenure"], lost)
    assert lost.sum() == 1869 and fit.lost == 1869
    assert fit.running == 7043 - 1869 - 11  # eleven have no renewal behind them yet
    observed = curve.set_index("time")["survival"].loc[[12, 24, 48]]
    assert fit.survival([12, 24, 48]) == pytest.approx(observed.to_numpy(), abs=0.04)  # sBG misses by up to 3 points


@pytest.mark.parametrize(
    ("periods", "lost"), [([], []), ([0, 0], [0, 1]), ([5] * 100, [0] * 100), ([1] * 100, [1] * 100), ([np.nan], [1])]
)
def test_odd_contracts_never_raise_and_say_so(periods: list[float], lost: list[int]) -> None:
    fit = survival.fit_contracts(periods, lost)
    assert not fit.is_usable
    assert fit.message.startswith(("Too little data", "At a boundary"))
    assert np.isfinite(fit.survival([0, 1, 24])).all()
