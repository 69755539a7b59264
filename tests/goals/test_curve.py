"""The cohort curve on made triangles without chance, and how the two forecasters are put together."""

import numpy as np
import pandas as pd
import pytest

from retention_core.goals import curve, forecast, rolling
from retention_core.goals.curve import Triangle

COHORT = 400.0


def made(months: int, growth: float = 0.0, december: float = 1.0) -> Triangle:
    """A shop that wins 400 customers a month: 0.3/√age of a cohort orders, e^growth as many a year later, and in
    December `december` times as many."""
    calendar = pd.date_range("2021-01-01", periods=months, freq="MS")
    age = np.arange(months)[None, :] - np.arange(months)[:, None]
    share = 0.3 / np.sqrt(np.maximum(age, 1)) * np.exp(growth * (np.arange(months) - 36) / 12)
    share = share * np.where(calendar.month == 12, december, 1.0)
    active = COHORT * np.where(age > 0, share, age == 0)
    return Triangle(calendar, np.full(months, COHORT), active, active, active, np.zeros(months, bool))


def trial(origin: int, expected: float, actual: float) -> rolling.Trial:
    """A look at `origin`: so many are expected and so many came in each of the six months since."""
    look = rolling.Look(np.full(6, expected), 1.0)
    return rolling.Trial("cohort_curve", origin, look, np.full(6, actual))


def test_an_error_is_a_share_of_those_who_came_and_unknown_where_nobody_did() -> None:
    trials = [trial(4, 11.0, 10.0), trial(5, 9.0, 10.0), trial(6, 9.0, 0.0)]
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    table = rolling.table(trials, rolling.mix(trials, ["cohort_curve"]), (), months)
    assert table["error_share"].tolist() == pytest.approx([0.1, -0.1, np.nan], nan_ok=True)
    assert (table["expected"].tolist(), table["actual"].tolist()) == ([66, 54, 54], [60, 60, 0])


def told_and_came(months: int, growth: float, ahead: int = 6) -> tuple[float, float]:
    """Actives of the known customers in the months ahead: as the curve tells, and as the made shop goes on."""
    whole = made(months + ahead, growth)
    known = whole.until(months)
    told = curve.ahead(curve.fit(known), known, whole.months[months:])[0].sum()
    return float(told), float(whole.active[:months, months:].sum())


def test_a_shop_that_does_not_change_is_foretold() -> None:
    told, came = told_and_came(36, growth=0.0)
    assert told == pytest.approx(came, rel=0.01)
    assert abs(curve.fit(made(36)).beta[curve.TREND]) < 0.02


@pytest.mark.parametrize("growth", [0.2, -0.2])
def test_a_shop_that_grows_or_shrinks_is_foretold_better_with_its_trend(
    growth: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, came = told_and_came(36, growth)
    monkeypatch.setattr(curve, "TREND_SPREAD", 1e-6)
    without, _ = told_and_came(36, growth)
    assert abs(np.log(told / came)) < 0.05
    assert abs(np.log(told / came)) < abs(np.log(without / came)) / 2


def test_a_trend_fades() -> None:
    """Two years ahead the shop stands where half a year of the trend had led it."""
    known = made(36, growth=0.2)
    fitted = curve.fit(known)
    coming = pd.date_range(known.months[-1], periods=25, freq="MS")[1:]
    told = curve.ahead(fitted, known, coming)[0].sum(axis=0)
    ages = np.arange(36, 0, -1)[:, None] + np.arange(24)
    at_todays_pace = fitted.share(ages, np.broadcast_to(coming.month.to_numpy() - 1, ages.shape))
    rise = told / (known.customers[:, None] * at_todays_pace * fitted.cohort[:, None]).sum(axis=0)
    pace = fitted.beta[curve.TREND]
    assert pace > 0.1 and (np.diff(rise) > 0).all()
    assert rise[0] == pytest.approx(np.exp(pace * 0.5 / 12), rel=2e-3)
    assert rise[-1] == pytest.approx(np.exp(pace * curve.TREND_FADES / 12), rel=2e-3)


@pytest.mark.parametrize(("months", "has_season"), [(14, False), (15, True)])
def test_a_season_enters_when_a_few_months_were_seen_twice(months: int, has_season: bool) -> None:
    season = curve.fit(made(months, december=2.0)).season
    assert (season[11] > 1.3) == has_season
    assert has_season or season == pytest.approx(np.ones(12), abs=1e-3)


def test_forecasters_that_could_not_be_tried_count_the_same() -> None:
    known = made(6)
    rng = np.random.default_rng(2)
    age = rng.integers(30, 180, 400)
    last = np.where(rng.random(400) < 0.3, np.minimum(rng.integers(1, 180, 400), age), 0)
    histories = pd.DataFrame(
        {"months_back": forecast.NOW, "repeat_orders": np.sign(last), "first_to_last": last, "age": age, "customers": 1}
    )
    seen = forecast.views(histories, lapse_days=90, scale=1.0)
    coming = pd.date_range("2021-07-01", periods=12, freq="MS")
    told = forecast.forecast(known, seen, coming, pd.Timestamp("2021-06-30"), running=0.0)
    assert not told.trials and told.fit is not None
    assert told.mixed.weights == {forecast.CURVE: 0.5, forecast.PEOPLE: 0.5}
    alone = forecast.forecast(known, forecast.Views({}, {}, 1.0), coming, pd.Timestamp("2021-06-30"), running=0.0)
    assert alone.fit is None and alone.mixed.weights == {forecast.CURVE: 1.0}
    assert rolling.months_back(known.size) == []
