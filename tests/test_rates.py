"""Rates over time agree with the readings of the registry, and leave out what cannot have been observed."""

from __future__ import annotations

import pandas as pd
import pytest

import retention_core as rc
from retention_core import rates


@pytest.fixture(scope="module")
def shop() -> rc.Shop:
    return rc.open_orders(rc.sample("gift"))


@pytest.mark.parametrize("definition", rates.DEFINITIONS)
@pytest.mark.parametrize(("grain", "window"), [("month", 365), ("quarter", 180), ("week", 30)])
def test_the_last_whole_period_is_the_reading_of_the_registry(
    shop: rc.Shop, definition: str, grain: str, window: int
) -> None:
    frames = (shop.query("retention_rates", grain=grain, window_days=window), shop.query("period_totals", grain=grain))
    series = rates.over_time(definition, *frames, shop.observed_on)
    last = series[series["is_complete"]].iloc[-1]
    asked = {"grain": grain} | (
        {"window_days": window} if definition in ("crr_strict", "churn", "crr_textbook") else {}
    )
    reading = shop.metric(definition, **asked)
    assert last["value"] == pytest.approx(reading.value)
    assert (last["low"], last["high"]) == (pytest.approx(reading.low), pytest.approx(reading.high))
    assert (last["numerator"], last["denominator"]) == (reading.numerator, reading.denominator)


def test_a_period_whose_window_begins_before_the_data_has_no_row(shop: rc.Shop) -> None:
    frames = (shop.query("retention_rates", window_days=365), shop.query("period_totals"))
    series = rates.over_time("churn", *frames, shop.observed_on)
    assert series["period"].min() >= pd.Timestamp(shop.first_on) + pd.Timedelta(days=365)


def test_only_the_running_period_is_unfinished(shop: rc.Shop) -> None:
    frames = (shop.query("retention_rates", grain="week"), shop.query("period_totals", grain="week"))
    series = rates.over_time("crr_strict", *frames, shop.observed_on)
    assert list(series["is_complete"].tail(2)) == [True, False]
    assert series["is_complete"].iloc[:-1].all()


def test_an_unknown_rate_is_refused_with_the_names_there_are(shop: rc.Shop) -> None:
    with pytest.raises(KeyError, match="crr_strict"):
        rates.over_time("crr", pd.DataFrame(), pd.DataFrame(), shop.observed_on)


def test_the_repeat_rate_ends_at_the_one_to_date(shop: rc.Shop) -> None:
    history = rates.repeat_rate_to_date(shop.query("cohort_retention", form="by"))
    reading = shop.metric("repeat_purchase_rate")
    assert history["customers"].iloc[-1] == reading.denominator
    assert history["value"].iloc[-1] == pytest.approx(reading.value)
    assert history["customers"].is_monotonic_increasing
