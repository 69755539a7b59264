"""Which files of visitors a server takes before the app has seen them: Streamlit takes any number of any open session.

The page that asks for signing in is an open session too, and what was sent stays in memory until the session ends.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Scope
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
FORBIDDEN, TOO_LARGE, UNCOUNTED, NO_ROOM = 403, 413, 500, 503
WORDS = {
    FORBIDDEN: "Sign in first",
    TOO_LARGE: "These are more files than one visitor may hand in at once",
    UNCOUNTED: "This server cannot tell how much room there is for files, and takes none",
    NO_ROOM: "The files of all visitors take all the room there is for them: try again in some minutes",
}
# Streamlit's uploader says only "Request failed with status code 503" beside a file. The page says this for a while.
TOLD = {
    TOO_LARGE: "Not all files were taken: they are too many at once. Take them out of the list and choose others: "
    "at most {n} MB together.",
    NO_ROOM: "Not all files were taken: those of other visitors take all the room now. Take yours out of the list and "
    "choose all of them again in some minutes.",
}
TOLD_FOR_SECONDS, AGAIN_SECONDS, READ_SECONDS = 60.0, 0.5, 2.0
UPLOADS = ("draft", "upload")  # where a session's state holds files: while they are looked at, and once they are open
_admitted: set[str] = set()
_refused: dict[str, tuple[int, float]] = {}  # session → what its files were refused with, and when
_on_their_way: Counter[str] = Counter()  # session → bytes; only the server's own thread counts


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


@contextmanager
def taking(scope: Scope) -> Iterator[int | None]:
    """The status with which a request is refused, None for one that may pass; it counts until the block ends."""
    found = PLACE.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
    if found is None:
        yield None
        return
    session, largest = found["session"], hosting.current().file_megabytes * hosting.MEGABYTE
    if hosting.current().login and session not in _admitted:
        yield FORBIDDEN
        return
    if not COUNTING_FILES.are_in(runtime.get_instance()):
        yield UNCOUNTED
        return
    told = Headers(scope=scope).get("content-length", "")
    size = int(told) if told.isascii() and told.isdecimal() else largest
    if size + _stored(session) + _on_their_way[session] > SIZES_AT_ONCE * largest:
        _note(session, TOO_LARGE)
        yield TOO_LARGE
        return
    room = max(largest, int(hosting.memory_of_machine() * SHARE_OF_MEMORY))
    if size + _held() + _on_their_way.total() > room:
        _note(session, NO_ROOM)
        yield NO_ROOM
        return
    if not _on_their_way[session] and _was_told(session):  # no rest of the same choice: tried again
        _refused.pop(session)
    _on_their_way[session] += size
    try:
        yield None
    finally:
        _on_their_way[session] -= size
        if not _on_their_way[session]:
            del _on_their_way[session]


def _note(session: str, status: int) -> None:
    """Files of this visitor are refused: the page runs again to say so. Who may hand in nothing is told nothing."""
    if session in _admitted:
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
