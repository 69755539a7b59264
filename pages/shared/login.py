"""Signing in, where the server asks for it: nobody sees a page, a data set's name or a number before.

Streamlit's own OpenID Connect (`[auth]` in secrets.toml). Here: who may come in, and the way back to the link that
somebody came with, which Streamlit forgets on the way to the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.errors import StreamlitSecretNotFoundError

from pages.shared import hosting, transfers
from retention_core.say import say

NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
LEAVES, RETURNS = "/auth/login", "/oauth2callback"
COOKIE, COOKIE_SECONDS, LONGEST_LINK = "comeback_link", 600, 3_000


def is_needed() -> bool:
    """Whether this visitor must sign in before anything is shown."""
    settings = hosting.current()
    return settings.login and (why_not() is not None or not _is_signed_in() or not may_enter(st.user.to_dict()))


def ask() -> None:
    """In place of every page; ends the script."""
    transfers.shut_out()
    st.title("Comeback", anchor=False)
    problem = why_not()
    if problem is not None:
        st.header(say("Nobody can sign in yet: the one who runs this app finds the reason in its log."), anchor=False)
    elif _is_signed_in():
        st.header(say("You are signed in, but this dashboard is not open to you."), anchor=False)
        st.button(say("Sign out"), on_click=st.logout, icon=":material/logout:", key="sign_out")
    else:
        st.header(say("Sign in to see this dashboard."), anchor=False)
        st.button(say("Sign in"), on_click=st.login, type="primary", icon=":material/login:", key="sign_in")
    st.stop()


def offer_to_leave() -> None:
    """The way out, for those who came in by signing in."""
    if hosting.current().login:
        st.button(say("Sign out"), on_click=st.logout, icon=":material/logout:", key="sign_out")


def _is_signed_in() -> bool:
    return st.user.get("is_logged_in") is True


def may_enter(user: dict[str, Any]) -> bool:
    """Whether the settings name this person, or nobody: then the provider alone decides."""
    settings = hosting.current()
    address = str(user.get("email") or "").strip().lower()
    if not settings.people:
        return True
    # Some providers say it as text. One that says nothing has perhaps taken the address from the person: not enough.
    verified = user.get("email_verified")
    if str(verified).lower() != "true" and not (verified is None and settings.unverified):
        return False
    return any(address == entry or (entry.startswith("@") and address.endswith(entry)) for entry in settings.people)


def why_not() -> str | None:
    """What is missing for signing in, for the one who runs the server; None where all is there."""
    if find_spec("authlib") is None:
        return 'COMEBACK_LOGIN needs the package Authlib. Install it with: pip install "streamlit[auth]"'
    told = _of_the_provider()
    if missing := [name for name in NEEDED if name not in told]:
        return (
            f"COMEBACK_LOGIN needs {', '.join(missing)} under [auth] in .streamlit/secrets.toml, in quotes. "
            "See docs/hosting.md."
        )
    if not told["redirect_uri"].endswith(RETURNS) or not told["redirect_uri"].startswith(("https://", "http://")):
        return f"redirect_uri of secrets.toml is no way back to this app. Give its address and {RETURNS} after it."
    if len(told["cookie_secret"]) < hosting.SHORTEST_KEY or "$(" in told["cookie_secret"]:
        return "cookie_secret of secrets.toml can be guessed. Make one with: openssl rand -hex 32"
    return None


def _of_the_provider() -> dict[str, str]:
    """What secrets.toml says under [auth], as far as it is text and somebody has filled it in."""
    try:
        told = st.secrets.get("auth")
    except StreamlitSecretNotFoundError:
        return {}
    entries = told.items() if isinstance(told, Mapping) else ()
    return {name: text for name, text in entries if isinstance(text, str) and text.strip(" …")}


class WayBack:
    """Keeps the link of a visitor who leaves to sign in, in a cookie of ten minutes, and leads back to it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in {LEAVES, RETURNS}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                answer = MutableHeaders(raw=message["headers"])
                if scope["path"] == LEAVES:
                    answer.append("set-cookie", _cookie(link_of(headers), COOKIE_SECONDS, scope))
                else:
                    answer["location"] = _kept(headers) or answer["location"]
                    answer.append("set-cookie", _cookie("", 0, scope))
            await send(message)

        await self.app(scope, receive, send_with_link)


def link_of(headers: Headers) -> str:
    """The page of this app that a request came from, with its settings; empty where it came from elsewhere."""
    try:
        came_from = urlsplit(headers.get("referer", ""))
    except ValueError:  # a stranger's text: "http://["
        return ""
    link = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return link if came_from.netloc == headers.get("host") and _is_inside(link) else ""


def _kept(headers: Headers) -> str:
    link = unquote(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))
    return link if _is_inside(link) else ""


def _is_inside(link: str) -> bool:
    """Whether the link can only lead to this app: a path, and no other host that looks like one."""
    is_path = link.startswith("/") and not link.startswith(("//", "/\\"))
    return is_path and len(link) <= LONGEST_LINK and link.isascii() and link.isprintable()


def _cookie(link: str, seconds: int, scope: Scope) -> str:
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return f"{COOKIE}={quote(link, safe='')}; Path={RETURNS}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
