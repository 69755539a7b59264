"""What is used of Streamlit without being promised: the installed version has it, and a lack is told at the start."""

from __future__ import annotations

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

from pages.shared import leaving


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


def test_the_installed_version_has_all_that_is_used(server: Runtime) -> None:
    assert leaving.missing(server) == []


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
    (line,) = caplog.records
    assert line.levelname == "ERROR" and "never let go" in line.getMessage()
    assert line.__dict__["facts"] == {"missing": ["_uploaded_file_mgr.file_storage"]}
    assert "comeback-leaving" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("holder", "name", "told"),
    [
        ("_session_mgr._session_storage", "_cache", "_session_mgr._session_storage._cache.expire"),
        ("_uploaded_file_mgr", "file_storage", "_uploaded_file_mgr.file_storage"),
        ("", "_session_mgr", "_session_mgr.list_sessions"),
    ],
)
def test_what_is_not_there_is_named(server: Runtime, holder: str, name: str, told: str) -> None:
    thing: object = server
    for part in filter(None, holder.split(".")):
        thing = getattr(thing, part)
    delattr(thing, name)
    assert told in leaving.missing(server)


def test_a_session_without_its_parts_is_named(server: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AppSession, "__init__", lambda self: None)
    monkeypatch.delattr(AppSession, "shutdown")
    assert leaving.missing(server) == ["AppSession.id", "AppSession.shutdown", "AppSession._fragment_storage"]
