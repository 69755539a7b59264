"""Who deletes their data and stays: its memory is given back to the machine, though nobody has left."""

from __future__ import annotations

import asyncio
import time

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.wire import visit
from tests.hosting.test_leaving import AT_MOST_SECONDS, Told
from tests.hosting.test_leaving import told as told


def test_what_is_deleted_is_given_back_though_its_visitor_stays(told: Told) -> None:
    async def delete_and_stay() -> None:
        async with visit(told.address, shop=UPLOADED) as (visitor, _):
            await visitor.upload(FILE_NAME, own(0).content)
            await visitor.click("open_orders")
            await visitor.go("source")
            assert told.now()["uploads"]
            await visitor.click("delete_data")
            assert not visitor.errors()
            until = time.monotonic() + AT_MOST_SECONDS
            while time.monotonic() < until:
                now = told.now()
                if not now["uploads"] and "malloc_trim" in now["asked"]:
                    break
                await asyncio.sleep(0.3)
            assert now["sessions"] == 1 and not now["uploads"] and not now["shops"]
            assert now["asked"]["malloc_trim"] == ["comeback-leaving"], "no script waits for it"

    asyncio.run(delete_and_stay())
