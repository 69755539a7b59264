"""Files that are made when they are asked for: each at an address nobody can guess, fetchable for a minute, then gone.

Streamlit alone publishes such a file under a hash of its contents until any two scripts of the server have ended: at
once where many people work, so that the browser finds nothing, and for ever where nobody does.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from itertools import count

import streamlit as st
from streamlit import runtime

KEPT_SECONDS = 60.0
MOST_KEPT = 200  # the oldest gives way
_turns = count()
_waiting: dict[str, tuple[str, threading.Timer]] = {}  # place → whose file it holds, and when it goes


def button(label: str, name: str, key: str, kind: str, make: Callable[[], bytes | str], width: str = "content") -> None:
    """A button that makes the file `name`, of the media type `kind`, when pressed; the page does not run again."""
    # The type is part of the hash that becomes the address; a secret in it makes the address this session's own.
    secret = str(st.session_state.setdefault("downloads", secrets.token_hex(16)))
    media_type = f"{kind}; of={secret}"

    def made() -> bytes:
        content = make()
        content = content.encode() if isinstance(content, str) else content
        _keep(content, media_type, name, secret)
        return content

    st.download_button(
        label, made, name, media_type, key=key, on_click="ignore", icon=":material/download:", width=width
    )  # fmt: skip


def forget() -> None:
    """Take away the files that this session has made: they hold what it deletes."""
    secret = st.session_state.get("downloads")
    for place, (owner, timer) in list(_waiting.items()):
        if owner == secret:
            timer.cancel()
            # The place was taken outside a run of the page; only there is it the same place.
            elsewhere = threading.Thread(target=_let_go, args=[place])
            elsewhere.start()
            elsewhere.join()


def _keep(content: bytes, media_type: str, name: str, secret: str) -> None:
    """Hold on to the file while the browser comes for it."""
    if not runtime.exists():
        return
    place = f"download {next(_turns) % MOST_KEPT}"
    runtime.get_instance().media_file_mgr.add(content, media_type, place, name, is_for_static_download=True)
    if earlier := _waiting.pop(place, None):
        earlier[1].cancel()
    timer = threading.Timer(KEPT_SECONDS, _let_go, [place])
    timer.daemon = True
    _waiting[place] = secret, timer
    timer.start()


def _let_go(place: str) -> None:
    """Put an empty file in its place: Streamlit takes away what no place holds, marked in a first round."""
    _waiting.pop(place, None)
    files = runtime.get_instance().media_file_mgr
    files.add(b"", "text/plain", place)
    files.remove_orphaned_files()
    files.remove_orphaned_files()
