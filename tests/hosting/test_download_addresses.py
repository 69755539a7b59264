"""Where the files lie that visitors take along: addresses as browsers are told them, of a server as it is hosted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from streamlit.runtime.memory_media_file_storage import _calculate_file_id

from benchmarks.wire import visit
from retention_core.export import MEDIA_TYPES
from tests.conftest import ROOT
from tests.hosting.serving import environment, free_port
from tests.hosting.test_leaving import Told, _wait_for

BUTTON, NAME = "download_cohorts_csv", "cohorts.csv"
KEPT_SECONDS, AT_MOST_SECONDS = 5, 60
# The hosted app; files wait for their browsers a shorter time.
SERVER = f"""
import sys, uvicorn
from pages.shared import downloads, server
downloads.KEPT_SECONDS = {KEPT_SECONDS}
uvicorn.run(server.app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(port)],
            cwd=ROOT, env=environment(TMPDIR=str(tmp_path)), stdin=subprocess.PIPE, stdout=log, stderr=log, text=True,
        )  # fmt: skip
        try:
            told = Told(process, port)
            _wait_for(told)
            yield told.address
        finally:
            process.terminate()
            process.wait(20)


def served_at(address: str) -> bytes | None:
    try:
        with urlopen(address, timeout=30) as answer:
            return bytes(answer.read())
    except HTTPError:
        return None


def test_nobody_can_guess_where_another_visitors_file_is(address: str) -> None:
    """Not by making the same file, and not by computing the address that Streamlit would give to what is in it."""

    async def both() -> tuple[list[str], list[bytes | None]]:
        async with visit(address, "cohorts") as (ann, _), visit(address, "cohorts") as (bob, _):
            addresses = [await ann.download(BUTTON), await bob.download(BUTTON)]
            return addresses, [await asyncio.to_thread(served_at, one) for one in addresses]

    addresses, contents = asyncio.run(both())
    content = contents[0]
    assert content and contents[1] == content, "the same file, and each browser gets it"
    assert addresses[0] != addresses[1]
    types = (MEDIA_TYPES["csv"], "text/csv", "", "application/octet-stream")
    guesses = {_calculate_file_id(content, kind, name) for kind in types for name in (NAME, None)}
    assert guesses.isdisjoint(PurePosixPath(urlsplit(one).path).stem for one in addresses)

    until = time.monotonic() + AT_MOST_SECONDS
    while any(map(served_at, addresses)) and time.monotonic() < until:
        time.sleep(0.5)
    assert not any(map(served_at, addresses)), "whoever has left leaves no file behind, once its time is over"
