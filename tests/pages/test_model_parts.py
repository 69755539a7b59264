"""The parts of pages that show models: what they say on good, odd and short data, and that no setting fits again."""

from __future__ import annotations

import re
import threading
import time
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import sources
from pages.shared.sources import Upload
from tests.pages.conftest import said

SHORT = ("customer,ordered_at,amount\n" + "".join(f"c{n},2025-01-{1 + n % 28:02d},10\n" for n in range(60))).encode()


def no_returns() -> bytes:
    first = date(2023, 1, 1)
    lines = [f"c{n},{first + timedelta(days=n)},10" for n in range(1000)]
    return ("customer,ordered_at,amount\n" + "\n".join(lines)).encode()


def page() -> None:
    """The parts on a page of their own, with the scope, and with the forecasts left where a test can see them."""
    import streamlit as st

    from pages.shared import model_parts, scope
    from retention_core import lifecycle

    with st.sidebar:
        scope.choose()
    model_parts.who_is_still_a_customer(lifecycle.fixed_limits(180), False)
    st.session_state["made"] = model_parts.made()


def visited(shop: str = "replenish", orders: bytes | None = None, **link: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=120)
    app.session_state["shop"] = "upload" if orders else shop
    if orders:
        app.session_state["upload"] = Upload((("orders.csv", orders),))
    for key, value in link.items():
        app.query_params[key] = value
    return app.run()


@pytest.mark.parametrize("shop", sources.SAMPLES)
def test_a_sample_shop_gets_sentences_pictures_and_a_list(shop: str) -> None:
    app = visited(shop)
    assert not app.exception
    text = said(app)
    assert "Of 100 customers with one order, placed" in text
    assert " customers it is open whether they are still there." in text
    assert "At stake: what the next year would bring beyond what is expected" in text
    assert "Hidden from the model, the 365 days after 30 Jun 2025 brought" in text
    assert len(app.get("vega_lite_chart")) == 3
    hundred, models = (table.value for table in app.table)
    assert list(hundred.columns) == ["30 days", "90 days", "180 days", "360 days"]
    shares = hundred.loc["1 order"].str.removesuffix("\u00a0%").str.removesuffix(" %").astype(float)
    assert shares.between(0, 99).all() and shares.is_monotonic_decreasing
    assert models["Here"].eq("Shown").sum() == 1
    assert list(app.dataframe[0].value)[:3] == ["Customer", "At stake", "Chance within a year"], "what a phone shows"


def test_the_sentence_has_the_figures_of_the_library() -> None:
    app = visited()
    made = app.session_state["made"]
    test = made.checks[-1].of(made.model)
    assert f"brought {test.actual:,.0f} orders" in said(app) and f"expected {test.expected:,.0f}" in said(app)


def test_customers_who_want_no_letters_are_left_out() -> None:
    app = visited()
    consent = pd.read_csv("sample_data/replenish/customers.csv.gz").set_index("customer_id")["consent"]
    listed = app.dataframe[0].value["Customer"]
    assert len(listed) == 100 and consent.reindex(listed).eq("yes").all()
    text = said(app)
    numbers = re.search(r"In the file: ([\d,]+) of the ([\d,]+) who are open, most at stake first", text)
    refused = re.search(r"([\d,]+) of ([\d,]+) customers said no to letters and are left out", text)
    assert numbers and refused
    shown, every = (int(figure.replace(",", "")) for figure in numbers.groups())
    left_out, everyone = (int(figure.replace(",", "")) for figure in refused.groups())
    assert shown + left_out == every == everyone


def test_where_nobody_may_be_written_to_there_is_no_list_but_what_is_at_stake() -> None:
    orders = pd.read_csv(rc.SAMPLES / "replenish" / "orders.csv.gz", usecols=["customer_id", "ordered_at"]).dropna()
    app = visited(orders=orders.assign(newsletter="no").to_csv(index=False).encode())
    text = said(app)
    assert not app.exception and not app.dataframe and not app.get("download_button")
    assert "customers said no to letters and are left out" in text
    assert "Nobody is left who agreed to letters, so there is no list." in text
    assert len(app.get("vega_lite_chart")) == 3


def test_a_display_setting_fits_nothing_again_and_a_filter_does() -> None:
    app = visited()
    before = app.session_state["made"]
    app.run()
    assert app.session_state["made"] is before
    app.date_input(key="until").set_value(date(2025, 1, 1)).run()
    filtered = app.session_state["made"]
    assert filtered is not before and filtered.customers < before.customers
    assert visited().session_state["made"] is before, "another session shares what was fitted"


def test_a_short_history_is_told_and_nothing_else_is_claimed() -> None:
    app = visited(orders=SHORT)
    assert not app.exception
    assert "The history is too short to check a forecast" in said(app)
    assert not app.get("vega_lite_chart") and not app.dataframe


def test_a_shop_without_returns_admits_that_no_model_fits() -> None:
    app = visited(orders=no_returns())
    assert not app.exception
    assert "No model is used: 0 customers ordered again so far, and at least 20 are needed" in said(app)
    assert "Shown instead: what customers like these really did in the last year, counted." in said(app)


def forgetting() -> None:
    """Looks at the same upload before and after it was forgotten."""
    import streamlit as st

    from pages.shared import model_parts, sources

    upload = st.session_state["upload"]
    before, again = model_parts.made(), model_parts.made()
    sources.forget_upload()
    st.session_state["upload"] = upload
    st.session_state["kept"], st.session_state["forgotten"] = before is again, model_parts.made() is not before


def test_what_was_fitted_to_an_upload_is_forgotten_with_it() -> None:
    app = AppTest.from_function(forgetting, default_timeout=120)
    app.session_state["shop"], app.session_state["upload"] = "upload", Upload((("orders.csv", SHORT),))
    app.run()
    assert not app.exception
    assert app.session_state["kept"] and app.session_state["forgotten"]


def test_sessions_at_once_wait_for_one_builder() -> None:
    built: list[int] = []

    def build(shop: Any) -> SimpleNamespace:
        built.append(1)
        time.sleep(0.3)
        return SimpleNamespace()

    got: list[Any] = []

    def ask() -> None:
        got.append(sources._shared_derived("some shop", "counted", (), None, build))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1 and len({id(one) for one in got}) == 1 and len(got) == 6
