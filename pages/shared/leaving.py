"""Sessions that have left, let go in time.

Streamlit keeps a session that has lost its browser for `server.disconnectedSessionTTL` seconds, to let it come back.
After that it is forgotten only when yet another session leaves, and then not shut down: on a quiet server somebody's
files would stay in memory. Here each is shut down soon after its time is over.
"""

from __future__ import annotations

import threading
import time

import streamlit as st
from streamlit import runtime

EVERY_SECONDS = 5.0


@st.cache_resource(show_spinner=False)
def watch() -> None:
    """Once per server, from the first session on that hands in files."""
    if runtime.exists() and hasattr(runtime.get_instance(), "_session_mgr"):
        server = runtime.get_instance()
        threading.Thread(target=_watch, args=(server,), name="comeback-leaving", daemon=True).start()


def _watch(server: runtime.Runtime) -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        try:  # sessions belong to the server's own thread
            server._get_async_objs().eventloop.call_soon_threadsafe(_let_go, server)
        except RuntimeError:  # the server has stopped
            return


def _let_go(server: runtime.Runtime) -> None:
    """Shut down the sessions whose time to come back is over: their files, state and caches go."""
    sessions, files = server._session_mgr, server._uploaded_file_mgr
    for _, left in sessions._session_storage._cache.expire():  # type: ignore[attr-defined] # Streamlit's own storage
        left.session.shutdown()
        # The server's loop may hold the last session of all until the next visitor comes: nothing may hang on it.
        left.session.session_state.clear()
    for session in list(files.file_storage):  # type: ignore[attr-defined] # of sessions that were forgotten meanwhile
        if sessions.get_session_info(session) is None:
            files.remove_session_files(session)
