"""Which files of visitors a server takes before the app has seen them: Streamlit takes any number of any open session.

The page that asks for signing in is an open session too, and what was sent stays in memory until the session ends.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import hosting
from pages.shared.handed_in import Upload
from pages.shared.unpromised import COUNTING_FILES, RUNNING_AGAIN
from retention_core.say import number, say

PLACE = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+$")
# Files of one opening may have the size of the largest upload together, and go when the app has them: the rest is for
# those that are on their way meanwhile.
SIZES_AT_ONCE = 3
# Of the machine's memory, for the files of all visitors together: half of it is the engine's, the rest Python's and the
# workbooks' that are being opened.
SHARE_OF_MEMORY = 0.1
# What has come of a file holds room until all of it is there. So it ends when no more comes for so long, or when its
# session has left for so long: a phone between two networks gets its time, and none is set for the whole.
UPLOAD_SILENT_SECONDS, LOOK_SECONDS = 15.0, 1.0
PIECE = 64 * 1024  # bytes of a file between two looks for room: a look at each byte of a drip would hold up others
# After 408, which would say the same as this 400, Chromium sends the whole file again by itself, up to three times.
STALLED, FORBIDDEN, TOO_LARGE, UNCOUNTED, NO_ROOM = 400, 403, 413, 500, 503
WORDS = {
    FORBIDDEN: "Sign in first",
    STALLED: "Nothing more has come of this file, or its visitor has left",
    TOO_LARGE: "These are more files than one visitor may hand in at once",
    UNCOUNTED: "This server cannot tell how much room there is for files, and takes none",
    NO_ROOM: "The files of all visitors take all the room there is for them: try again in some minutes",
}
# Streamlit's uploader says only "Request failed with status code 503" beside a file. The page says this for a while.
TOLD = {
    STALLED: "Not all files were taken: your connection stood still for too long. Take them out of the list and choose "
    "all of them again.",
    TOO_LARGE: "Not all files were taken: they are too many at once. Take them out of the list and choose others: "
    "at most {n} MB together.",
    NO_ROOM: "Not all files were taken: those of other visitors take all the room now. Take yours out of the list and "
    "choose all of them again in some minutes.",
}
TOLD_FOR_SECONDS, AGAIN_SECONDS, READ_SECONDS = 60.0, 0.5, 2.0
UPLOADS = ("draft", "upload")  # where a session's state holds files: while they are looked at, and once they are open
_admitted: set[str] = set()
_refused: dict[str, tuple[int, float]] = {}  # session → what its files were refused with, and when


@dataclass(eq=False)
class File:
    """A file on its way. `told`: bytes, as its headers say; `came`: bytes; `refused`: the status that ends it, or 0."""

    session: str
    told: int
    refused: int = 0
    came: int = 0
    had_room: int = 0  # of them, those that were there when room was last looked for
    is_whole: bool = False
    silent_seconds: float = 0.0
    seen_at: float = field(default_factory=time.monotonic)  # when its session was last there


_on_their_way: set[File] = set()  # only the server's own thread counts


def admit() -> None:
    """Let this session hand in files: its visitor may see the pages, and why files of theirs were not taken."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return
    _tell(context.session_id)
    if context.session_id in _admitted:
        return
    server = runtime.get_instance()
    for session in list(_admitted):
        if not server.is_active_session(session):  # one that comes back runs the app again
            _admitted.discard(session)
            _refused.pop(session, None)
    _admitted.add(context.session_id)


def shut_out() -> None:
    """Take no files of this session: its visitor must sign in first."""
    if context := get_script_run_ctx():
        _admitted.discard(context.session_id)


async def pass_on(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have the app answer; who sends a file that is not taken, or no longer, is answered here.

    Raises ClientDisconnect where the visitor has cut the line.
    """
    with taking(scope) as file:
        if file is None:
            await app(scope, receive, send)
            return
        if not file.refused:
            try:
                await app(scope, partial(_next, file, receive), send)
                return
            except ClientDisconnect:
                if not file.refused:
                    raise
        await PlainTextResponse(WORDS[file.refused], file.refused)(scope, receive, send)


@contextmanager
def taking(scope: Scope) -> Iterator[File | None]:
    """The file that a request sends, None for any other request. Unless it is refused it counts until the block ends.

    Of its own visitor all that is told counts from the start. Of the room for all only what has come counts: otherwise
    promises alone could fill it.
    """
    found = PLACE.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
    if found is None:
        yield None
        return
    file = File(found["session"], _told_size(Headers(scope=scope)))
    file.refused = _why_not(file)
    if file.refused:
        _note(file.session, file.refused)
        yield file
        return
    if not _promised(file.session) and _was_told(file.session):  # no rest of the same choice: tried again
        _refused.pop(file.session)
    _on_their_way.add(file)
    try:
        yield file
    finally:
        _on_their_way.discard(file)


def _told_size(headers: Headers) -> int:
    """Bytes at most. A body in chunks ends with its last one, whatever length stands beside it."""
    told = headers.get("content-length", "")
    is_told = told.isascii() and told.isdecimal() and "transfer-encoding" not in headers
    return int(told) if is_told else _largest()


def _why_not(file: File) -> int:
    """The status with which a file is refused before any of it has come, 0 for one that may come."""
    if hosting.current().login and file.session not in _admitted:
        return FORBIDDEN
    if not COUNTING_FILES.are_in(runtime.get_instance()):
        return UNCOUNTED
    if file.told + _stored(file.session) + _promised(file.session) > SIZES_AT_ONCE * _largest():
        return TOO_LARGE
    return 0 if _has_room(file.told) else NO_ROOM


async def _next(file: File, receive: Receive) -> Message:
    """What has come of a file since; once it is refused, that the line was cut: then Streamlit stores nothing of it."""
    while not file.refused:
        if file.is_whole:
            return await receive()
        message: Message | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                message = await receive()
        if message is None:
            # In looks, not by the clock: while the server itself is held up nobody is silent.
            file.silent_seconds += LOOK_SECONDS
        elif message["type"] == "http.request":
            _count(file, message)
        if not file.is_whole:
            _end_if_gone(file)
        if message is not None and not file.refused:
            return message
    return {"type": "http.disconnect"}


def _count(file: File, message: Message) -> None:
    came = len(message.get("body", b""))
    file.came += came
    file.is_whole = not message.get("more_body", False)
    if came:
        file.silent_seconds = 0.0
    if file.came > file.told:
        _end(file, TOO_LARGE)
    elif file.is_whole or file.came - file.had_room >= PIECE:
        file.had_room = file.came
        if not _has_room():
            _end(file, NO_ROOM)


def _end_if_gone(file: File) -> None:
    now = time.monotonic()
    if runtime.get_instance().is_active_session(file.session):
        file.seen_at = now
    if not file.refused and max(file.silent_seconds, now - file.seen_at) >= UPLOAD_SILENT_SECONDS:
        _end(file, STALLED)


def _end(file: File, status: int) -> None:
    file.refused = status
    _note(file.session, status)


def _note(session: str, status: int) -> None:
    """Files of this visitor are refused: the page runs again to say so. Who may hand in nothing is told nothing."""
    if session in _admitted and status in TOLD:
        is_waiting = session in _refused and time.monotonic() - _refused[session][1] < AGAIN_SECONDS
        _refused[session] = status, time.monotonic()
        if not is_waiting:
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, _run_again, session)


def _was_told(session: str) -> bool:
    """Whether files of this visitor were refused so long ago that they have read of it."""
    return session in _refused and time.monotonic() - _refused[session][1] > READ_SECONDS


def _run_again(session: str) -> None:
    """Have the page of this visitor run as after a click, once it rests: Streamlit knows its settings only then."""
    server = runtime.get_instance()
    if not RUNNING_AGAIN.are_in(server):
        return
    visitor = server._session_mgr.get_active_session_info(session)
    if visitor is None:
        return
    if visitor.session._scriptrunner is None:
        visitor.session.request_rerun(visitor.session._client_state)
    else:
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, _run_again, session)


def _tell(session: str) -> None:
    """Say for a while why files were not taken. The place is always kept, so that nothing of the page moves."""
    place = st.empty()
    status, at = _refused.get(session, (0, 0.0))
    if status and time.monotonic() - at < TOLD_FOR_SECONDS:
        sentence = say(TOLD[status], n=number(hosting.current().file_megabytes))
        place.error(sentence, icon=":material/error:")
    else:
        _refused.pop(session, None)


def _largest() -> int:
    return hosting.current().file_megabytes * hosting.MEGABYTE


def _promised(session: str) -> int:
    """Bytes of this session that are on their way, as was told of them."""
    return sum(file.told for file in _on_their_way if file.session == session)


def _has_room(more: int = 0) -> bool:
    """Whether what is there of the files of all visitors, and so many bytes more, fit into the room for them."""
    room = max(_largest(), int(hosting.memory_of_machine() * SHARE_OF_MEMORY))
    return more + _held() + sum(file.came for file in _on_their_way) <= room


def _stored(session: str) -> int:
    """Bytes that Streamlit holds of this session."""
    files = runtime.get_instance()._uploaded_file_mgr.file_storage.get(session, {})  # type: ignore[attr-defined]
    return sum(len(file.data) for file in list(files.values()))


def _held() -> int:
    """Bytes of the files of all visitors: those that Streamlit holds and those that the app has taken over from it."""
    server = runtime.get_instance()
    held: dict[int, int] = {}  # by object: both may hold the same
    for files in list(server._uploaded_file_mgr.file_storage.values()):  # type: ignore[attr-defined]
        held |= {id(file.data): len(file.data) for file in list(files.values())}
    for visitor in server._session_mgr.list_sessions():
        for name in UPLOADS:
            with suppress(KeyError):
                upload: Upload = visitor.session.session_state[name]
                held |= {id(content): len(content) for _, content in upload.files if isinstance(content, bytes)}
    return sum(held.values())
