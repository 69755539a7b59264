"""Laws that hold for every shop, on random ones."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import retention_core as rc

START = date(2024, 1, 1)
orders = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 400), st.integers(0, 5000), st.sampled_from(["Search", "Social"])),
    min_size=1,
    max_size=60,
)
lawful = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def opened(tmp_path):
    def open_shop(rows):
        frame = pd.DataFrame(rows, columns=["customer", "day", "cents", "channel"])
        frame["date"] = [(START + timedelta(days=day)).isoformat() for day in frame["day"]]
        frame["customer_id"] = "c" + frame["customer"].astype(str)
        frame["amount"] = frame["cents"] / 100
        frame["order_id"] = [f"o{n}" for n in range(len(frame))]
        file = tmp_path / "orders.csv"
        frame[["order_id", "customer_id", "date", "amount", "channel"]].to_csv(file, index=False)
        return rc.open_orders(file), frame

    return open_shop


@lawful
@given(rows=orders, grain=st.sampled_from(["week", "month", "quarter"]))
def test_cohort_laws(opened, rows, grain) -> None:
    shop, frame = opened(rows)
    cells = {form: shop.query("cohort_retention", grain=grain, form=form) for form in ("in", "on_or_after", "by")}
    inside, later, by = cells["in"], cells["on_or_after"], cells["by"]
    assert inside.groupby("cohort")["cohort_customers"].nunique().eq(1).all()
    assert inside.loc[inside["age"] == 0, "active_customers"].sum() == frame["customer"].nunique()
    assert inside["orders"].sum() == len(frame)
    assert inside["revenue"].sum() == pytest.approx(frame["amount"].sum(), abs=0.01)
    for one in cells.values():
        assert one["retained_share"].between(0, 1).all()
        assert (one["low"] <= one["retained_share"] + 1e-12).all() and (
            one["retained_share"] <= one["high"] + 1e-12
        ).all()
    assert (later["active_customers"] >= inside["active_customers"]).all()
    assert (later.groupby("cohort")["active_customers"].diff().dropna() <= 0).all()
    assert (by.groupby("cohort")["active_customers"].diff().dropna() >= 0).all()
    shop.close()


@lawful
@given(rows=orders, grain=st.sampled_from(["week", "month", "quarter"]), window=st.sampled_from([7, 30, 90, 365, None]))
def test_period_laws(opened, rows, grain, window) -> None:
    """S = retained + lost; E = retained + reactivated + new; the end of one period is the start of the next."""
    shop, _ = opened(rows)
    rates = shop.query("retention_rates", grain=grain, window_days=window)
    lost = rates["customers_start"] - rates["retained"]
    assert (lost >= 0).all() and (rates[["new_customers", "retained", "reactivated"]] >= 0).all().all()
    assert (rates["customers_end"] == rates["retained"] + rates["reactivated"] + rates["new_customers"]).all()
    assert (rates["customers_start"].iloc[1:].to_numpy() == rates["customers_end"].iloc[:-1].to_numpy()).all()
    assert rates["crr_strict"].dropna().between(0, 1).all()
    assert (rates["crr"].dropna() >= rates["crr_strict"].dropna()).all()
    if window is None:
        assert (rates["reactivated"] == 0).all() and (lost == 0).all()
    shop.close()


@lawful
@given(rows=orders)
def test_filters_share_the_customers_out(opened, rows) -> None:
    shop, _ = opened(rows)
    parts = [shop.query("customer_totals", channel=name).iloc[0] for name in ("Search", "Social")]
    whole = shop.query("customer_totals").iloc[0]
    for column in ("customers", "orders", "repeat_customers"):
        assert sum(part[column] for part in parts) == whole[column]
    assert sum(part["revenue"] for part in parts) == pytest.approx(whole["revenue"], abs=1e-6)
    shop.close()


@lawful
@given(rows=orders)
def test_the_waiting_curve_rises_and_stays_a_share(opened, rows) -> None:
    shop, _ = opened(rows)
    curve = shop.query("second_order_curve")
    assert curve["share"].between(0, 1).all() and (curve["share"].diff().dropna() >= -1e-12).all()
    assert (curve["low"] <= curve["share"] + 1e-9).all() and (curve["share"] <= curve["high"] + 1e-9).all()
    assert (curve["ordered"] <= curve["at_risk"]).all()
    within = shop.query("second_order_within")
    assert within["share"].dropna().between(0, 1).all()
    shop.close()


@lawful
@given(rows=orders)
def test_the_ledger_adds_up_to_the_lines_of_the_file(opened, rows) -> None:
    shop, frame = opened(rows)
    ledger = shop.ledger()
    counted = ledger[ledger["outcome"].isin(["kept", "left out", "merged"])]
    assert counted["rows"].sum() == len(frame) + 1
    shop.close()
