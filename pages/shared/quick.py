"""Once per server: what makes every later rerun several times quicker."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress

import streamlit as st

INTERNET = (socket.AF_INET, socket.AF_INET6)


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """What start-up left behind is not searched for garbage again, and answers leave when they are written."""
    gc.collect()
    send_at_once()
    gc.freeze()


def send_at_once() -> None:
    """Let no connection of this process hold back small messages, neither those open nor those still to come.

    `streamlit run` listens on a socket that asyncio does not take for TCP, so Nagle's algorithm stays on: the second
    message of a rerun waits for the browser's word on the first, some 40 ms. Accepted connections inherit the option.
    """
    for thing in gc.get_objects():
        if type(thing) is socket.socket and thing.family in INTERNET and thing.type == socket.SOCK_STREAM:
            with suppress(OSError):  # closed meanwhile
                thing.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
