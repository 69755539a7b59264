"""Files that are made when they are asked for: each at an address nobody can guess, fetchable for a minute, then gone.

Streamlit alone publishes such a file under a hash of its contents until any two scripts of the server have ended: at
once where many people work, so that the browser finds nothing, and for ever where nobody does.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal

import streamlit as st
from streamlit import runtime

KEPT_SECONDS = 60.0
MOST_KEPT = 20  # of one session: its own oldest gives way, never another's


@dataclass(frozen=True, eq=False)
class Kept:
    """One file that waits for its browser: whose it is."""

    owner: str


_waiting: dict[int, Kept] = {}  # number of a place → what it holds now, the oldest first
_changing = threading.Lock()


def button(
    label: str,
    name: str,
    key: str,
    kind: str,
    make: Callable[[], bytes | str],
    width: Literal["stretch", "content"] = "content",
) -> None:
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
    # The places were taken outside a run of the page; only there are they the same places.
    if secret := st.session_state.get("downloads"):
        elsewhere = threading.Thread(target=_let_go_all, args=[secret])
        elsewhere.start()
        elsewhere.join()


def _keep(content: bytes, media_type: str, name: str, secret: str) -> None:
    """Hold on to the file while the browser comes for it."""
    if not runtime.exists():
        return
    kept = Kept(secret)
    with _changing:
        own = [number for number, other in _waiting.items() if other.owner == secret]
        # Places are taken again: Streamlit never forgets one.
        number = own[0] if len(own) >= MOST_KEPT else next(n for n in count() if n not in _waiting)
        _waiting.pop(number, None)
        runtime.get_instance().media_file_mgr.add(
            content, media_type, _place(number), name, is_for_static_download=True
        )
        _waiting[number] = kept
    timer = threading.Timer(KEPT_SECONDS, _let_go, [number, kept])
    timer.daemon = True
    timer.start()


def _let_go_all(secret: str) -> None:
    for number, kept in list(_waiting.items()):
        if kept.owner == secret:
            _let_go(number, kept)


def _let_go(number: int, kept: Kept) -> None:
    """Put an empty file in its place: Streamlit takes away what no place holds, marked in a first round."""
    with _changing:
        if _waiting.get(number) is not kept:  # it went earlier, and the place may be another's
            return
        del _waiting[number]
        files = runtime.get_instance().media_file_mgr
        files.add(b"", "text/plain", _place(number))
        files.remove_orphaned_files()
        files.remove_orphaned_files()


def _place(number: int) -> str:
    return f"download {number}"
