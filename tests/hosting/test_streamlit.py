"""What is used of Streamlit without being promised: the installed version has it, and a lack is told in the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from pages.shared import leaving, logs, transfers, unpromised
from pages.shared.unpromised import COUNTING_FILES, LETTING_GO, RUNNING_AGAIN, Parts

OF_A_SERVER = (LETTING_GO, COUNTING_FILES, RUNNING_AGAIN)
A_FILE = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/1", "headers": []}


@pytest.fixture(autouse=True)
def untold() -> Iterator[None]:
    unpromised._note.cache_clear()
    yield
    unpromised._note.cache_clear()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setattr(Runtime, "_instance", None)
    yield Runtime(
        RuntimeConfig(
            script_path=str(tmp_path / "app.py"),
            media_file_storage=MemoryMediaFileStorage("/media"),
            uploaded_file_manager=MemoryUploadedFileManager("/upload"),
        )
    )


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the app has written into the log; Streamlit itself warns of tests without a browser."""
    return [line for line in caplog.records if line.name == logs.LOGGER.name]


def told(caplog: pytest.LogCaptureFixture) -> tuple[str, list[str]]:
    """What the only line of the log says, and which parts it names."""
    (line,) = lines(caplog)
    assert line.levelname == "ERROR"
    return line.getMessage(), line.__dict__["facts"]["missing"]


def forgetting() -> None:
    """A page that forgets its options and its link, in a version that keeps no link if the session says so."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from pages.shared import drawn, unpromised

    context = get_script_run_ctx()
    if "is_other" in st.session_state:
        del context.session_state._state.query_params._initial_query_params
    st.json(list(unpromised.FORGETTING_OPTIONS.missing(context)))
    st.text(f"forgotten: {drawn.forget()}")
    drawn.forget_link("period".__eq__)


@pytest.mark.parametrize("parts", OF_A_SERVER, ids=lambda parts: parts.without)
def test_the_installed_version_has_all_that_is_used(server: Runtime, parts: Parts) -> None:
    assert parts.missing(server) == ()


def test_a_run_of_the_installed_version_has_all_that_is_used(caplog: pytest.LogCaptureFixture) -> None:
    app = AppTest.from_function(forgetting)
    assert not app.run().exception and app.json[0].value == "[]" and app.text[0].value == "forgotten: True"
    assert not lines(caplog)


def test_a_page_that_cannot_forget_says_so_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    app = AppTest.from_function(forgetting)
    app.session_state["is_other"] = True
    for _ in range(2):
        assert not app.run().exception and app.text[0].value == "forgotten: True", "it is not tried again and again"
    event, lacking = told(caplog)
    assert "options of deleted files stay" in event
    assert lacking == ["session_state._state.query_params._initial_query_params"]


def test_what_has_expired_is_told_as_pairs() -> None:
    storage = MemorySessionStorage(ttl_seconds=0.01)  # type: ignore[arg-type]
    storage._cache["key"] = "session"  # type: ignore[assignment]
    time.sleep(0.02)
    assert storage._cache.expire() == [("key", "session")]  # type: ignore[attr-defined]


def test_a_server_that_cannot_let_go_says_so_in_its_log(server: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    del server._uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    leaving.watch.clear()
    leaving.watch()
    leaving.watch.clear()
    event, lacking = told(caplog)
    assert "never let go" in event and lacking == ["_uploaded_file_mgr.file_storage"]
    assert "comeback-leaving" not in {thread.name for thread in threading.enumerate()}


def test_a_server_that_cannot_count_files_takes_none_and_says_so_once(
    server: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    with transfers.taking(A_FILE) as file:
        assert file and not file.refused and not lines(caplog)
    del server._uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    for _ in range(2):
        with transfers.taking(A_FILE) as file:
            assert file and file.refused == transfers.UNCOUNTED and file.refused in transfers.WORDS
    event, lacking = told(caplog)
    assert "no files of visitors are taken" in event and lacking == ["_uploaded_file_mgr.file_storage"]


def test_a_page_that_cannot_be_run_again_stays_as_it_is_and_the_log_says_so(
    server: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    transfers._run_again("somebody who has left")
    assert not lines(caplog)
    monkeypatch.delattr(AppSession, "request_rerun")
    transfers._run_again("somebody who has left")
    event, lacking = told(caplog)
    assert "only after their next click" in event and lacking == ["AppSession.request_rerun"]


@pytest.mark.parametrize(
    ("parts", "holder", "name", "missing"),
    [
        (LETTING_GO, "_session_mgr._session_storage", "_cache", "_session_mgr._session_storage._cache.expire"),
        (LETTING_GO, "_uploaded_file_mgr", "file_storage", "_uploaded_file_mgr.file_storage"),
        (LETTING_GO, "", "_session_mgr", "_session_mgr.list_sessions"),
        (COUNTING_FILES, "", "_session_mgr", "_session_mgr.list_sessions"),
        (RUNNING_AGAIN, "", "_session_mgr", "_session_mgr.get_active_session_info"),
    ],
)
def test_what_is_not_there_is_named(server: Runtime, parts: Parts, holder: str, name: str, missing: str) -> None:
    thing: object = server
    for part in filter(None, holder.split(".")):
        thing = getattr(thing, part)
    delattr(thing, name)
    assert missing in parts.missing(server)


@pytest.mark.parametrize("parts", OF_A_SERVER, ids=lambda parts: parts.without)
def test_a_session_without_its_parts_is_named(server: Runtime, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> None:
    monkeypatch.setattr(AppSession, "__init__", lambda self: None)
    for name in ("session_state", "shutdown", "request_rerun"):  # those that are written in the class
        monkeypatch.delattr(AppSession, name)
    assert parts.missing(server) == tuple(f"AppSession.{name}" for name in parts.of_sessions)
