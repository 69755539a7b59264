"""Signing in: who may, that no page can be reached without, and that the way back leads nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from streamlit.testing.v1 import AppTest

from pages.shared import hosting, login
from tests.conftest import ROOT

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "pages").glob("[!s]*/*.py"))
PROVIDER = dict.fromkeys(login.NEEDED, "a text that stands in its place") | {
    "redirect_uri": "https://app.example/oauth2callback"
}
SECRETS = {"auth": PROVIDER}


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COMEBACK_LOGIN", "1")
    monkeypatch.setenv("COMEBACK_PEOPLE", "@example.com")
    hosting.current.cache_clear()
    yield
    monkeypatch.undo()
    hosting.current.cache_clear()


def _said(app: AppTest) -> str:
    return " ".join(
        str(element.value) for kind in ("title", "header", "markdown", "caption") for element in app.get(kind)
    )


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_reached_before_signing_in(locked: None, page: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets = SECRETS
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Comeback"]
    assert [head.value for head in app.header] == ["Sign in to see this dashboard."]
    assert [button.label for button in app.button] == ["Sign in"]
    assert not app.sidebar.selectbox and not app.metric and not app.get("vega_lite_chart")


def test_without_secrets_nobody_comes_in(locked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets = {"auth": {"client_id": "x"}}
    app.run()
    assert "Nobody can sign in yet" in _said(app) and not app.button and not app.selectbox


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"client_id": "…"}, "COMEBACK_LOGIN needs client_id under [auth]"),
        ({"client_id": 12}, "COMEBACK_LOGIN needs client_id under [auth]"),
        ({"cookie_secret": "…"}, "COMEBACK_LOGIN needs cookie_secret"),
        ({"cookie_secret": "short"}, "cookie_secret of secrets.toml can be guessed"),
        ({"cookie_secret": "$(openssl rand -hex 32)"}, "cookie_secret of secrets.toml can be guessed"),
        ({"redirect_uri": "https://app.example/"}, "redirect_uri of secrets.toml is no way back"),
        ({"redirect_uri": "app.example/oauth2callback"}, "redirect_uri of secrets.toml is no way back"),
        ({}, None),
    ],
)
def test_what_nobody_could_sign_in_with_is_told(wrong: dict[str, object], expected: str | None) -> None:
    app = AppTest.from_function(ask_why_not)
    app.secrets = {"auth": PROVIDER | wrong}
    told = app.run().session_state["why_not"]
    assert not app.exception
    assert (told is None) if expected is None else told.startswith(expected)


def ask_why_not() -> None:
    import streamlit as st

    from pages.shared import login

    st.session_state["why_not"] = login.why_not()


def test_without_the_setting_everybody_does() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception and app.sidebar.selectbox
    assert "sign_out" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("user", "enters"),
    [
        ({"email": "Ann@Example.com", "email_verified": "true"}, True),
        ({"email": "ann@example.com"}, False),
        ({"email": "ann@example.com", "email_verified": None}, False),
        ({"email": "ann@example.com", "email_verified": "false"}, False),
        ({"email": "ann@example.com", "email_verified": 0}, False),
        ({"email": "ann@example.com", "email_verified": "yes"}, False),
        ({"email": "ann@example.com", "email_verified": True}, True),
        ({"email": "ann@example.com", "email_verified": False}, False),
        ({"email": "ann@evil-example.com", "email_verified": True}, False),
        ({"email": "ann@example.com.evil.org", "email_verified": True}, False),
        ({"email": "@example.com@evil.org", "email_verified": True}, False),
        ({"email": None, "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_whom_the_settings_name_may_enter(locked: None, user: dict[str, object], enters: bool) -> None:
    assert login.may_enter(user) is enters


@pytest.mark.parametrize(("verified", "enters"), [(None, True), (True, True), ("false", False), (False, False)])
def test_a_provider_that_says_nothing_of_addresses_is_trusted_only_if_told(
    locked: None, monkeypatch: pytest.MonkeyPatch, verified: object, enters: bool
) -> None:
    monkeypatch.setenv("COMEBACK_UNVERIFIED", "1")
    hosting.current.cache_clear()
    assert login.may_enter({"email": "ann@example.com", "email_verified": verified}) is enters


@pytest.mark.parametrize(
    ("referer", "link"),
    [
        ("https://app.example/cohorts?channel=Search&since=2025-01-01", "/cohorts?channel=Search&since=2025-01-01"),
        ("https://app.example/", "/"),
        ("https://evil.example/cohorts", ""),
        ("https://app.example//evil.example/", ""),
        ("https://app.example/\\evil.example", ""),
        ("https://app.example@evil.example/x", ""),
        ("javascript:alert(1)", ""),
        ("https://app.example/" + "x" * 4_000, ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_the_way_back_leads_into_this_app_only(referer: str, link: str) -> None:
    assert login.link_of(Headers({"host": "app.example", "referer": referer})) == link


def test_a_forged_cookie_leads_nowhere() -> None:
    for text in ("https%3A//evil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "%2Fx%0d%0aSet-Cookie: a"):
        assert login._kept(Headers({"cookie": f"{login.COOKIE}={text}"})) == ""
    assert login._kept(Headers({"cookie": f"{login.COOKIE}=%2Fcohorts%3Fgrain%3Dweek"})) == "/cohorts?grain=week"


def test_every_page_of_the_app_is_tried() -> None:
    menu = Path(ROOT / "app.py").read_text(encoding="utf-8")
    assert all(page in menu for page in PAGES) and len(PAGES) == menu.count("st.Page(")
