"""What a visitor reads where a question cannot be answered: one sentence with its cause and a way on, no traceback.

Shops are real and the engine itself stops the questions; the settings of the server and a closed shop make it do so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import hosting
from pages.shared.sources import Upload
from tests.pages.conftest import said
from tests.pages.test_privacy import hosted as hosted
from tests.pages.test_privacy import orders
from tests.test_limits import LARGE, STUCK
from tests.test_limits import with_queries as with_queries

NUMBERS = count()
TOO_LONG = (
    "This took longer than 0.5 s and was stopped. "
    "Choose fewer customers in the sidebar, or open orders of a shorter time."
)
NO_ROOM = (
    "There is not enough memory to count this now. "
    "Try again when fewer people use this app, or open orders of a shorter time."
)
CLOSED = "These orders are no longer open. Load this page again to open them again."


def page() -> None:
    """Asks the question that the session names, in the way that it names, between two lines of text."""
    import streamlit as st

    from pages.shared import sources

    def build(shop):  # type: ignore[no-untyped-def]
        return shop.query(st.session_state["question"])

    st.write("Before the question.")
    if st.session_state.get("is_closed"):
        sources.shop().close()
    if st.session_state["way"] == "query":
        sources.query(st.session_state["question"], {})
    else:
        sources.derived("asked", build)
    st.write("After the question.")


def ask(question: str, way: str, is_closed: bool = False) -> AppTest:
    app = AppTest.from_function(page, default_timeout=120)
    own = orders(mail=f"{next(NUMBERS)}-{{}}@mail.example")  # all sessions of AppTest share one cache: a shop for each
    app.session_state["shop"], app.session_state["upload"] = "upload", Upload((("orders.csv", own),))
    app.session_state["question"], app.session_state["way"], app.session_state["is_closed"] = question, way, is_closed
    return app.run()


def assert_said(app: AppTest, sentence: str) -> None:
    """That sentence in place of the rest of the page, and nothing of what went wrong in the code."""
    assert not app.exception and [error.value for error in app.error] == [sentence]
    assert "Before the question." in said(app) and "After the question." not in said(app)


@pytest.mark.parametrize("way", ["query", "derived"])
@pytest.mark.parametrize(
    ("question", "limits", "sentence"),
    [
        (STUCK, {"COMEBACK_QUERY_SECONDS": "0.5"}, TOO_LONG),
        (LARGE, {"COMEBACK_MEMORY": "64MB", "COMEBACK_SPILL": "10MB"}, NO_ROOM),
    ],
    ids=["too long", "too much memory"],
)
def test_a_question_that_passes_a_limit(
    question: str,
    limits: dict[str, str],
    sentence: str,
    way: str,
    hosted: pytest.MonkeyPatch,
    with_queries: Callable[..., None],
) -> None:
    with_queries(passing=question)
    for name, value in limits.items():
        hosted.setenv(name, value)
    hosting.current.cache_clear()
    app = ask("passing", way)
    assert_said(app, sentence)
    app.session_state["question"] = "customer_totals"
    assert "After the question." in said(app.run()) and not app.error, "the shop goes on"


@pytest.mark.parametrize("way", ["query", "derived"])
def test_orders_that_were_closed_meanwhile(way: str) -> None:
    app = ask("customer_totals", way)
    assert not app.error and "After the question." in said(app)
    assert_said(ask("customer_totals", way, is_closed=True), CLOSED)
