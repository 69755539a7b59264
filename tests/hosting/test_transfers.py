"""Files on their way to a hosted server: what of them takes room, from whom, and when one that stays away is ended."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from benchmarks.wire import Visitor, visit
from benchmarks.wire_http import put
from tests.conftest import ROOT
from tests.hosting.serving import Served, serve

AT_MOST_SECONDS = 30
MEGABYTE = 1024**2
# The hosted app with a room for files and a patience of its own, whatever the machine has.
SMALL = """
import os
from pages.shared import hosting, transfers
transfers.SHARE_OF_MEMORY = int(os.environ["ROOM"]) * hosting.MEGABYTE / hosting.memory_of_machine()
transfers.UPLOAD_SILENT_SECONDS, transfers.LOOK_SECONDS = float(os.environ["SILENT_SECONDS"]), 0.1
from pages.shared.server import app
"""


@contextmanager
def small(folder: Path, room: int, silent_seconds: int) -> Iterator[Served]:
    """A server for files of 1 MB, three of one visitor at once. `room`: megabytes for all visitors."""
    (folder / "small.py").write_text(SMALL)
    settings = {"PYTHONPATH": str(folder), "ROOM": f"{room}", "SILENT_SECONDS": f"{silent_seconds}"}
    command = ("uvicorn", "small:app", "--no-access-log")
    with serve(folder, *command, root=ROOT, port=None, COMEBACK_FILE_MEGABYTES="1", **settings) as served:
        yield served


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with room for the files of all tests, which ends none of them."""
    with small(tmp_path_factory.mktemp("wide"), 50, 600) as served:
        yield served


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with small(tmp_path_factory.mktemp("impatient"), 50, 3) as served:
        yield served


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Served]:
    """A server with room for the files of one visitor, in which nobody else's are left."""
    with small(tmp_path, 3, 600) as served:
        yield served


def form(size: int) -> bytes:
    """The body of a request with a file of so many bytes."""
    head = b'--b0undary\r\nContent-Disposition: form-data; name="f"; filename="orders.csv"\r\n\r\n'
    return head + b"x" * size + b"\r\n--b0undary--\r\n"


def in_chunks(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


LENGTH = f"Content-Length: {len(form(900_000))}"
CHUNKED = ("Content-Length: 0", "Transfer-Encoding: chunked")


async def begin(held: ExitStack, server: Served, visitor: Visitor, *told: str) -> socket.socket:
    """A line on which the server waits for a file: by 100 it says that it has counted what it was told of it."""
    place = (await visitor._place_for("orders.csv")).upload_url
    line = held.enter_context(socket.create_connection(("127.0.0.1", server.port), AT_MOST_SECONDS))
    lines = (
        f"PUT {place} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: _streamlit_xsrf={visitor.xsrf}",
        f"X-Xsrftoken: {visitor.xsrf}",
        "Content-Type: multipart/form-data; boundary=b0undary",
        "Expect: 100-continue",
        *told,
    )
    line.sendall("".join(f"{each}\r\n" for each in (*lines, "")).encode())
    said = b""
    while not said.endswith(b"\r\n\r\n") and (more := await asyncio.to_thread(line.recv, 1)):
        said += more
    assert said.startswith(b"HTTP/1.1 100 "), said
    return line


def answer(line: socket.socket) -> int:
    with closing(HTTPResponse(line)) as answered:
        answered.begin()
        answered.read()
        return answered.status


async def hand_in(server: Served, visitor: Visitor, size: int = 900_000) -> int:
    """What is answered to a whole file."""
    place = (await visitor._place_for("orders.csv")).upload_url
    return await asyncio.to_thread(put, server.address, visitor.xsrf, place, "orders.csv", b"x" * size)


async def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + AT_MOST_SECONDS
    while not what():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.05)


async def reads(visitor: Visitor, sentence: bytes) -> None:
    """Wait until the page says this, by itself."""
    async with asyncio.timeout(AT_MOST_SECONDS):
        while sentence not in b"".join(visitor.received):
            await visitor.finished()


def test_a_file_in_chunks_counts_as_the_largest_whatever_length_it_tells(wide: Served) -> None:
    """HTTP goes by the chunks; a length of 0 beside them is no way to send files that count nothing."""

    async def look() -> list[int]:
        async with visit(wide.address, "source") as (visitor, _):
            with ExitStack() as held:
                lines = [await begin(held, wide, visitor, *CHUNKED) for _ in range(3)]
                refused = await hand_in(wide, visitor, 1_000)
                for line in lines:
                    line.sendall(in_chunks(form(900_000)))
                return [refused, *[await asyncio.to_thread(answer, line) for line in lines]]

    assert asyncio.run(look()) == [413, 204, 204, 204]


def test_no_more_of_a_file_is_taken_than_was_told(wide: Served) -> None:
    """A length is where the file ends, and chunks end at the largest file: Streamlit itself would take some more."""

    async def look() -> list[int]:
        async with visit(wide.address, "source") as (visitor, _):
            with ExitStack() as held:
                plain = await begin(held, wide, visitor, "Content-Length: 300")
                plain.sendall(form(900_000))
                chunks = await begin(held, wide, visitor, *CHUNKED)
                chunks.sendall(in_chunks(form(MEGABYTE)))
                answers = [await asyncio.to_thread(answer, line) for line in (plain, chunks)]
                return [*answers, *[await hand_in(wide, visitor) for _ in range(3)]]

    assert asyncio.run(look()) == [400, 413, 204, 204, 204]


def test_promised_bytes_take_no_room_from_others(narrow: Served) -> None:
    """Three strangers promise 8 MB and send none of it; 3 MB are for all."""

    async def look() -> int:
        async with AsyncExitStack() as visits, visit(narrow.address, "source") as (visitor, _):
            with ExitStack() as held:
                for _ in range(3):
                    stranger, _ = await visits.enter_async_context(visit(narrow.address, "source"))
                    for _ in range(3):
                        await begin(held, narrow, stranger, LENGTH)
                return await hand_in(narrow, visitor)

    assert asyncio.run(look()) == 204


def test_what_has_come_takes_room_from_others_until_its_line_ends(narrow: Served) -> None:
    """Who comes then is refused, and so is who has begun before and needs more than is left; both read why."""

    async def look() -> None:
        async with (
            visit(narrow.address, "source") as (one, _),
            visit(narrow.address, "source", keep_bytes=True) as (other, _),
        ):
            with ExitStack() as others, ExitStack() as held:
                begun = await begin(others, narrow, other, LENGTH)
                for line in [await begin(held, narrow, one, LENGTH) for _ in range(3)]:
                    line.sendall(form(900_000)[:-1])
                answers = []
                while 503 not in answers:
                    answers.append(await hand_in(narrow, other, 500_000))
                    assert len(answers) < 3, "what has come does not count"
                begun.sendall(form(900_000))
                assert await asyncio.to_thread(answer, begun) == 503
                await reads(other, b"those of other visitors take all the room now")
            async with asyncio.timeout(AT_MOST_SECONDS):
                while await hand_in(narrow, other, 1_000) != 204:
                    await asyncio.sleep(0.05)

    asyncio.run(look())


def test_a_file_of_which_nothing_more_comes_is_ended_and_stored_nowhere(impatient: Served) -> None:
    """Three stand still in the middle. Afterwards all the room of their visitor is there, and the page says why."""

    async def look() -> list[int]:
        async with visit(impatient.address, "source", keep_bytes=True) as (visitor, _):
            with ExitStack() as held:
                lines = [await begin(held, impatient, visitor, LENGTH) for _ in range(3)]
                for line in lines:
                    line.sendall(form(900_000)[:-1])
                answers = [await asyncio.to_thread(answer, line) for line in lines]
                await reads(visitor, b"your connection stood still for too long")
                return [*answers, *[await hand_in(impatient, visitor) for _ in range(3)]]

    assert asyncio.run(look()) == [400, 400, 400, 204, 204, 204]


async def drip(line: socket.socket, times: int) -> None:
    for _ in range(times):
        line.sendall(b"x")
        await asyncio.sleep(0.5)


def test_a_slow_file_is_taken_however_long_it_needs(impatient: Served) -> None:
    """Silence ends a file, not its time as a whole: six seconds here, where three of silence would be too many."""

    async def look() -> int:
        async with visit(impatient.address, "source") as (visitor, _):
            with ExitStack() as held:
                line = await begin(held, impatient, visitor, f"Content-Length: {len(form(12))}")
                start, end = form(0).split(b"\r\n\r\n")
                line.sendall(start + b"\r\n\r\n")
                await drip(line, 12)
                line.sendall(b"\r\n" + end.lstrip())
                return await asyncio.to_thread(answer, line)

    assert asyncio.run(look()) == 204


def test_a_file_of_a_visitor_who_has_left_is_ended_though_it_still_comes(impatient: Served) -> None:
    async def look() -> int:
        with ExitStack() as held:
            async with visit(impatient.address, "source") as (visitor, _):
                line = await begin(held, impatient, visitor, LENGTH)
                line.sendall(form(900_000)[:1_000])
            line.setblocking(False)
            end = time.monotonic() + AT_MOST_SECONDS
            while time.monotonic() < end:
                await drip(line, 1)
                try:
                    return int(line.recv(300).split()[1])
                except BlockingIOError:
                    continue
            return 0

    assert asyncio.run(look()) == 400


def test_a_line_that_is_cut_is_no_error_of_the_server(wide: Served) -> None:
    """Nothing is stored, and the log has the line that every request has: status 0, for there was no answer."""

    def told() -> list[dict[str, object]]:
        return [json.loads(line) for line in wide.log.read_text().splitlines()[before:]]

    async def look() -> list[int]:
        async with visit(wide.address, "source") as (visitor, _):
            with ExitStack() as held:
                for _ in range(3):
                    (await begin(held, wide, visitor, LENGTH)).sendall(form(900_000)[:-1])
            await until(lambda: len([line for line in told() if line.get("status") == 0]) == 3)
            return [await hand_in(wide, visitor) for _ in range(3)]

    before = len(wide.log.read_text().splitlines())
    assert asyncio.run(look()) == [204, 204, 204]
    cut = [line for line in told() if line.get("status") == 0]
    assert {(line["event"], line["path"], line["level"]) for line in cut} == {
        ("request", "_stcore/upload_file", "INFO")
    }
    assert not [line for line in told() if line["level"] in {"ERROR", "CRITICAL"}]
