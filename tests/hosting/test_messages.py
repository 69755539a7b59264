"""What a visitor's line may say: what is not meant never reaches Streamlit, which would do it for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.wire import Visitor, visit
from pages.shared import messages
from tests.hosting.serving import Served, serve

ADDRESS = "shop.example:8443"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("messages")
    with serve(folder, TMPDIR=str(folder)) as served:
        yield served


def message(kind: str) -> BackMsg:
    """The plainest message of that kind."""
    made = BackMsg()
    if isinstance(getattr(made, kind), bool):
        setattr(made, kind, True)
    else:
        getattr(made, kind).SetInParent()
    return made


def wanting(files: int) -> bytes:
    made = BackMsg()
    made.file_urls_request.request_id = "1"
    made.file_urls_request.file_names.extend(["orders.csv"] * files)
    return bytes(made.SerializeToString())


def heard(*sent: Message) -> list[Message]:
    """What the app is told of what a visitor has sent."""
    rest = iter([*sent, {"type": "websocket.disconnect", "code": 1005}])

    async def receive() -> Message:
        return next(rest)

    async def listen() -> list[Message]:
        told, hear = [], messages.meant(receive)
        while (one := await hear())["type"] != "websocket.disconnect":
            told.append(one)
        return told

    return asyncio.run(listen())


def frame(said: bytes) -> Message:
    return {"type": "websocket.receive", "bytes": said, "text": None}


SENT_BY_PAGES = {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat", "backend_operation_request"}
KINDS = [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_pages_send_is_heard(kind: str) -> None:
    sent, after = frame(message(kind).SerializeToString()), frame(message("app_heartbeat").SerializeToString())
    assert heard(sent, after) == ([sent, after] if kind in SENT_BY_PAGES else [after])


def test_what_is_no_message_of_streamlits_is_not_heard() -> None:
    words: Message = {"type": "websocket.receive", "bytes": None, "text": "clear_cache"}
    nothing, some = frame(b""), frame(message("rerun_script").SerializeToString())
    assert heard(words, nothing, some) == [some]


def test_some_files_at_once_are_heard_and_many_are_not() -> None:
    most, more = frame(wanting(messages.MOST_FILES)), frame(wanting(messages.MOST_FILES + 1))
    assert heard(more, most) == [most]


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 400), st.integers(0, 10**6)), max_size=40))
def test_of_no_visitor_more_is_heard_than_the_pace_allows(said: list[tuple[float, int, int]]) -> None:
    """`said`: seconds of silence before a message, its files and bytes."""
    pace, now, work = messages.Pace(), 0.0, 0.0
    for silence, files, size in said:
        now += silence
        now += pace.wait(now)
        assert work <= now + messages.SAVED_SECONDS + 1e-6
        pace.said(now, files, size)
        work += 1 / messages.MESSAGES_A_SECOND + files / messages.FILES_A_SECOND + size / messages.BYTES_A_SECOND
        assert pace.wait(now) <= max(0.0, pace.free_at - now)


def test_whoever_moves_a_slider_never_waits() -> None:
    """Twenty moves a second of a page with many settings, for a minute."""
    pace = messages.Pace()
    for number in range(20 * 60):
        assert pace.wait(number / 20) == 0
        pace.said(number / 20, 0, 4_000)


def asked(kind: str, *origins: str) -> Scope:
    headers = [(b"host", ADDRESS.encode()), *((b"origin", origin.encode()) for origin in origins)]
    return {"type": kind, "path": "/_stcore/stream", "headers": headers}


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("origins", "is_foreign"),
    [
        ((), False),
        ((f"https://{ADDRESS}",), False),
        (("https://evil.example",), True),
        (("https://shop.example",), True),  # another port is another address
        ((f"https://{ADDRESS}.evil.example",), True),
        ((f"https://evil.example/{ADDRESS}",), True),
        (("http://localhost:8443",), True),  # Streamlit lets all of these in
        (("http://127.0.0.1",), True),
        (("null",), True),
        (("",), True),
    ],
)
def test_pages_of_other_addresses_are_known_by_their_origin(
    kind: str, origins: tuple[str, ...], is_foreign: bool
) -> None:
    scope = asked(kind, *origins)
    assert messages.is_foreign(scope) == is_foreign
    assert messages.without_origin(scope) == asked(kind)


@asynccontextmanager
async def stranger(server: Served) -> AsyncIterator[Visitor]:
    async with visit(server.address, "glossary") as (visitor, _):
        yield visitor


def test_a_stranger_empties_no_caches_and_asks_for_few_files_at_once(server: Served) -> None:
    async def speak() -> list[int]:
        async with stranger(server) as visitor:
            for said in (message("clear_cache").SerializeToString(), wanting(messages.MOST_FILES + 1), wanting(2)):
                await visitor.socket.send(said)
            answers = []
            async for answer in visitor._messages():
                if answer.WhichOneof("type") == "file_urls_response":
                    answers.append(len(answer.file_urls_response.file_urls))
                    break
            await visitor.go("retention")
            assert not visitor.errors()
            return answers

    assert asyncio.run(speak()) == [2]
    assert '"why": "clear_cache"' in server.log.read_text()


def test_a_message_that_is_too_large_ends_the_line(server: Served, tmp_path: Path) -> None:
    async def speak() -> int | None:
        async with stranger(server) as visitor:
            large = message("rerun_script")
            large.rerun_script.query_string = "x" * (messages.MEGABYTES * 10**6)
            await visitor.socket.send(large.SerializeToString())
            await visitor.socket.wait_closed()
            return visitor.socket.close_code

    assert asyncio.run(speak()) == 1009  # of RFC 6455: too big
