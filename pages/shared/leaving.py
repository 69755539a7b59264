"""Sessions that have left, let go in time, and their memory given back to the machine.

Streamlit keeps a session that has lost its browser for `server.disconnectedSessionTTL` seconds, to let it come back.
After that it is forgotten only when yet another session leaves, and then not shut down: on a quiet server somebody's
files would stay in memory. Here each is shut down soon after its time is over. What it held goes in two more steps,
which nothing else does: a session is a ring of objects that only a full search for garbage finds, and what is freed
stays with the allocators of the process, in pieces that the next visitors fit into badly.
"""

from __future__ import annotations

import threading
import time

import streamlit as st
from streamlit import runtime

from pages.shared import logs, memory
from pages.shared.unpromised import LETTING_GO

EVERY_SECONDS = 5.0
SEARCHES = 3  # after each who leaves: a script of theirs may still be at work for some rounds
MOST_OF_THE_TIME = 0.02  # the search for garbage stops all scripts meanwhile: it may take this share of the time
_somebody_left, _something_went = threading.Event(), threading.Event()


@st.cache_resource(show_spinner=False)
def watch() -> None:
    """Once per server: hosted, from its start on; by `streamlit run`, from the first session on that hands in files."""
    if not runtime.exists():
        return
    server = runtime.get_instance()
    if LETTING_GO.are_in(server):
        threading.Thread(target=_watch, args=(server,), name="comeback-leaving", daemon=True).start()


def give_back_soon() -> None:
    """A session has let go of its orders and stays: their memory is given back in a round to come, by that thread."""
    _something_went.set()


def _watch(server: runtime.Runtime) -> None:
    known: set[str] = set()
    resting_until, searches = 0.0, 0
    while True:
        time.sleep(EVERY_SECONDS)
        try:  # sessions belong to the server's own thread
            server._get_async_objs().eventloop.call_soon_threadsafe(_let_go, server, known)
        except RuntimeError:  # the server has stopped
            return
        if _somebody_left.is_set():
            _somebody_left.clear()
            searches = SEARCHES
        if searches and time.monotonic() >= resting_until:
            searches -= 1
            begin = time.thread_time()
            memory.give_back()
            resting_until = time.monotonic() + (time.thread_time() - begin) / MOST_OF_THE_TIME


def _let_go(server: runtime.Runtime, known: set[str]) -> None:
    """Shut down the sessions whose time to come back is over: their files, state and caches go.

    `known`: the sessions of the last round, and after it those of this one.
    """
    sessions, files = server._session_mgr, server._uploaded_file_mgr
    for _, left in sessions._session_storage._cache.expire():  # type: ignore[attr-defined] # Streamlit's own storage
        try:
            left.session.shutdown()
        except Exception:  # the others' time is over too, and nobody else shuts them down
            logs.LOGGER.exception("a session was not shut down")
        # The server's loop may hold the last session of all until the next visitor comes: nothing may hang on it,
        # neither what it was told nor the parts of its page, which hold all that the page has worked out.
        left.session.session_state.clear()
        left.session._fragment_storage.clear()
    for session in list(files.file_storage):  # type: ignore[attr-defined] # of sessions that were forgotten meanwhile
        if sessions.get_session_info(session) is None:
            files.remove_session_files(session)
    here = {each.session.id for each in sessions.list_sessions()}
    if known - here or _something_went.is_set():
        _something_went.clear()
        _somebody_left.set()
    known.clear()
    known.update(here)
