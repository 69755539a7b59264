"""Each page by its link, as the first thing that anybody asks of a server: a server for each.

What `test_hosting` sees in a browser for one page, seen here for all of them in what the server sends: a browser shows
"Page not found" where it is sent that message.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.wire import visit
from tests.browser.test_hosting import PAGES
from tests.hosting.serving import Served, serve

SHOP, SINCE = "Sample shop: gifts", "2025-03-01"
FILTERED = "Only customers who first bought from 1 Mar 2025"
UNFILTERED = {"source", "glossary"}  # of all orders, and of none: here the filter waits in the sidebar for other pages


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_the_first_link_opens_its_page_with_its_shop_and_filter(path: str, title: str, tmp_path: Path) -> None:
    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with serve(tmp_path) as fresh, ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _first_visit(fresh, path, title)).result()


async def _first_visit(server: Served, path: str, title: str) -> None:
    async with visit(server.address, path, keep_bytes=True, shop=SHOP, since=SINCE) as (visitor, _):
        sent = [ForwardMsg.FromString(raw) for raw in visitor.received]
        kinds = {message.WhichOneof("type") for message in sent}
        assert "page_not_found" not in kinds and "navigation" in kinds
        said, sidebar = visitor.texts(), visitor.widgets()
        assert said[0] == title and not visitor.errors()
        assert sidebar["shop"].raw_value == SHOP and list(sidebar["since"].value) == [SINCE]
        assert any(FILTERED in text for text in said) is (path not in UNFILTERED)
