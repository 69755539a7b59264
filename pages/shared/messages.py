"""What visitors may say to the app: of Streamlit's messages those that its pages send, of some size, at some pace.

Streamlit does what any message of any visitor says, before signing in too: one of two bytes empties the caches of all,
one with many names of files makes all wait while an address is made for each.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages.shared import logs

MEANT = {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat", "backend_operation_request"}
MEGABYTES = 1  # of a message: a filter with thousands of names. Streamlit hangs up on larger ones
MOST_FILES = 400
# What a second of a visitor's takes: people do not move a slider more often. What was saved up may be said at once.
MESSAGES_A_SECOND, FILES_A_SECOND, BYTES_A_SECOND = 50, 2_000, 200_000
SAVED_SECONDS = 1.0


@dataclass
class Pace:
    """How much a visitor has said. `free_at`: when all of it is worked off."""

    free_at: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next message is heard."""
        return max(0.0, self.free_at - now - SAVED_SECONDS)

    def said(self, now: float, files: int, size: int) -> None:
        price = 1 / MESSAGES_A_SECOND + files / FILES_A_SECOND + size / BYTES_A_SECOND
        self.free_at = max(self.free_at, now) + price


def is_foreign(scope: Scope) -> bool:
    """Whether a page of another address asks. Streamlit would ask the internet for the server's own address first."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def without_origin(scope: Scope) -> Scope:
    """The same request as one that no page has sent: what it is answered, the other page's browser does not let in."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]}


def meant(receive: Receive) -> Receive:
    """What is heard of one visitor. What is not meant is passed over, and written down once."""
    pace, is_noted = Pace(), False

    async def receive_meant() -> Message:
        nonlocal is_noted
        while True:
            await asyncio.sleep(pace.wait(time.monotonic()))
            message = await receive()
            if message["type"] != "websocket.receive" or len(said := message.get("bytes") or b"") > MEGABYTES * 10**6:
                return message
            files, why_not = understood(said)
            pace.said(time.monotonic(), files, len(said))
            if why_not is None:
                return message
            if not is_noted:
                logs.note("message passed over", why=why_not)
                is_noted = True

    return receive_meant


def understood(said: bytes) -> tuple[int, str | None]:
    """Of how many files a message speaks, and why it is not meant: None where it is."""
    try:
        message = BackMsg.FromString(said)
    except Exception:  # it is none: Streamlit hangs up
        return 0, None
    kind, files = message.WhichOneof("type"), len(message.file_urls_request.file_names)
    if kind not in MEANT:
        return 0, kind or "nothing"
    return (0, "too many files") if files > MOST_FILES else (files, None)
