"""Pages are visited as a browser would: through app.py, with a link and, where a test brings them, its own orders."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared.sources import Upload
from tests.conftest import ROOT

Visit = Callable[..., AppTest]
FIRST_PAGE = "measure/overview"


@pytest.fixture
def visit() -> Visit:
    """Open a page: `visit("measure/cohorts", orders=b"…", grain="Week")`. Keywords are the link's settings."""

    def open_page(page: str, orders: bytes | None = None, shop: str = "replenish", **link: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.session_state["shop"] = "upload" if orders else shop
        if orders:
            app.session_state["upload"] = Upload((("orders.csv", orders),))
        for key, value in link.items():
            app.query_params[key] = value
        app.run()
        return app if page == FIRST_PAGE else app.switch_page(f"pages/{page}.py").run()

    return open_page


def said(app: AppTest) -> str:
    """All that the page says, as people read it: without the escapes that keep names of the order file harmless."""
    parts = [*app.title, *app.header, *app.subheader, *app.markdown, *app.caption, *app.info]
    text = "\n".join(str(part.value) for part in parts)
    return re.sub(r"\\(.)", r"\1", text).replace("\u00a0", " ").replace("\u2060", "")


@pytest.fixture(scope="session")
def replenish() -> rc.Shop:
    return rc.open_orders(rc.sample("replenish"))
