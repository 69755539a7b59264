"""The app as a server for others: `uvicorn pages.shared.server:app`.

Streamlit's own ASGI app with what a public address needs: headers that let nothing foreign into the page, a readiness
route that has run the app, logs without personal data, and the options of a server that strangers can reach.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.runtime import get_instance

from pages.shared import hosting, leaving, login, logs, memory, messages, published, transfers
from retention_core import scratch
from retention_core.engines import databases

SCRIPT = Path(__file__).resolve().parents[2] / "app.py"
INDEX = Path(st.__file__).parent / "static" / "index.html"
# What tells strangers about the app or makes it work for them. The readiness route runs the app at most once a minute,
# and while it fails every ten seconds.
UPLOADS = "/_stcore/upload_file"
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
CHECKED_FOR_SECONDS, FAILED_FOR_SECONDS = 60.0, 10.0
A_YEAR = 31_536_000
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
STATIC, MEDIA = "/static/", "/media/"
NOT_ALLOWED = 1008  # of RFC 6455; before the line is open it becomes status 403


def options(settings: hosting.Hosting) -> dict[str, Any]:
    """Streamlit's options where strangers are the visitors; `.streamlit/config.toml` holds those of every place.

    Set here because uvicorn, unlike `streamlit run`, does not let Streamlit read them from the environment.
    """
    return {
        "browser.gatherUsageStats": False,
        "client.disableDataExport": True,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "viewer",
        "logger.enableRich": False,  # it would print exceptions with what they quote
        "logger.messageFormat": "%(message)s",
        "server.allowedHosts": list(settings.hosts),
        "server.disconnectedSessionTTL": 120,
        "server.enableAgentApi": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "server.maxUploadSize": settings.file_megabytes,
        "server.maxWidgetStateSize": messages.MEGABYTES,
        "server.runOnSave": False,
        "server.scriptHealthCheckEnabled": True,
    }


def content_policy() -> str:
    """Everything comes from this server. Streamlit writes styles into the page, so styles alone may be inline."""
    inline = re.findall(r"<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


HEADERS = {
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Links hold filters and goals: they go along inside this app, for the way back from signing in, and nowhere else.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


class Guard:
    """Around all of Streamlit: closes what nobody needs, adds the headers, writes a line for each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                message["headers"] = with_headers(scope, message["headers"])
            await send(message)

        try:
            await self._answer(scope, receive, send_guarded)
        except ClientDisconnect:
            pass  # the visitor has cut the line: nobody reads an answer, and its line in the log has status 0
        except Exception:
            if status or scope["type"] != "http":
                raise
            logs.LOGGER.exception("request failed")
            await PlainTextResponse("Internal Server Error", 500)(scope, receive, send_guarded)
        finally:
            _note_answer(scope, status, time.monotonic() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_closed(scope["path"]):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
            return
        if messages.is_foreign(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": NOT_ALLOWED})
                return
            scope = messages.without_origin(scope)
        if scope["type"] == "websocket":
            await self.app(scope, messages.meant(receive), send)
            return
        await transfers.pass_on(self.app, scope, receive, send)


def is_closed(path: str) -> bool:
    """Whether nobody outside may call this path, however it is spelled."""
    plain = re.sub("/+", "/", path).rstrip("/")
    closed = CLOSED if hosting.current().uploads else (*CLOSED, UPLOADS)
    return any(plain.endswith(path) or f"{path}/" in plain for path in closed)


def with_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with ours in place of any of the same name."""
    ours, is_tls = dict(HEADERS), scope["scheme"] in {"https", "wss"}
    if is_tls:
        ours["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    if scope["path"].startswith(MEDIA):
        ours["Cache-Control"] = "private, no-store"  # downloads are somebody's customers
    names = {name.lower().encode() for name in ours}
    kept = [(name, value) for name, value in headers if name.lower() not in names]
    if is_tls:  # Streamlit cannot know of the proxy's TLS and leaves its cookies open to plain HTTP
        kept = [(name, _secured(value) if name.lower() == b"set-cookie" else value) for name, value in kept]
    return kept + [(name.lower().encode(), value.encode()) for name, value in ours.items()]


def _secured(cookie: bytes) -> bytes:
    return cookie if b"; secure" in cookie.lower() else cookie + b"; Secure"


def _note_answer(scope: Scope, status: int, seconds: float) -> None:
    path = scope["path"]
    if path.startswith(STATIC) and status < 400:
        return
    # A path is a stranger's text: only its place in this app is written down.
    kind = next((name for name in ("_stcore/stream", "_stcore/upload_file", "_stcore", "media", "static", "readyz",
                                   "auth", "oauth2callback") if path.startswith(f"/{name}")), "page")  # fmt: skip
    about: dict[str, Any] = {"method": _method(scope["method"]), "status": status} if scope["type"] == "http" else {}
    logs.note("request" if about else "visit", path=kind, milliseconds=round(seconds * 1000), **about)


def _method(text: str) -> str:
    """The method, if it is one: it is a stranger's word too."""
    return text if text in METHODS else "other"


class Readiness:
    """Whether the app runs. Streamlit learns its pages from the first run: before it, a deep link finds none."""

    def __init__(self) -> None:
        self._checking = asyncio.Lock()
        self._runs = False
        self._checked_at = -CHECKED_FOR_SECONDS  # never

    async def check(self) -> bool:
        """Run the app as a visitor would, unless it was done a moment ago. Callers share one run."""
        async with self._checking:
            good_until = self._checked_at + (CHECKED_FOR_SECONDS if self._runs else FAILED_FOR_SECONDS)
            if time.monotonic() >= good_until:
                self._runs, why = await get_instance().does_script_run_without_error()
                self._checked_at = time.monotonic()
                logs.note("ready" if self._runs else "not ready", result=why)
            return self._runs

    async def answer(self, _: Request) -> PlainTextResponse:
        ready = await self.check()
        return PlainTextResponse("ready" if ready else "not ready", 200 if ready else 503)


readiness = Readiness()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """No visitor comes in before the app has run once."""
    logs.adopt()
    try:
        await readiness.check()
        leaving.watch()
    except Exception:
        logs.LOGGER.exception("not started")
        raise
    yield
    scratch.leave()  # uvicorn ends its process by the signal that it was sent
    logs.note("stopped")


if not os.environ.get("COMEBACK_HOSTED", "").strip():  # whoever serves this module means others
    os.environ["COMEBACK_HOSTED"] = "1"
memory.share_stores()
logs.start()
try:
    settings = hosting.current()
    published.files()
except (hosting.WrongSetting, databases.NoSuchTable) as problem:
    sys.exit(str(problem))  # of all that is not written down, this is for the one who starts the server
app = st.App(
    SCRIPT,
    routes=[Route("/readyz", readiness.answer)],
    middleware=[Middleware(Guard), *([Middleware(login.WayBack)] if settings.login else [])],
    lifespan=lifespan,
)
for name, value in options(settings).items():
    config.set_option(name, value)
logs.adopt()
if settings.login and (why_not := login.why_not()):
    sys.exit(why_not)
