"""Files made on demand: each visitor has places of their own, and what goes is the file that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from pages.shared import downloads

ANN, BOB = "the secret of one", "the secret of another"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryMediaFileStorage]:
    """What a server of Streamlit's holds for browsers."""
    storage = MemoryMediaFileStorage("/media")
    monkeypatch.setattr(Runtime, "_instance", None)
    Runtime(
        RuntimeConfig(
            script_path=str(tmp_path / "app.py"),
            media_file_storage=storage,
            uploaded_file_manager=MemoryUploadedFileManager("/upload"),
        )
    )
    yield storage
    downloads._let_go_all(ANN)
    downloads._let_go_all(BOB)


def _make(owner: str, *names: str) -> None:
    for name in names:
        downloads._keep(name.encode(), f"text/csv; of={owner}", f"{name}.csv", owner)


def _held(storage: MemoryMediaFileStorage) -> set[str]:
    for _ in range(2):  # marked in a first round
        Runtime.instance().media_file_mgr.remove_orphaned_files()
    return {file.content.decode() for file in storage._files_by_id.values()} - {""}


def test_one_visitor_pushes_out_only_files_of_their_own(files: MemoryMediaFileStorage) -> None:
    _make(ANN, "ann")
    _make(BOB, *(f"bob {n}" for n in range(250)))
    assert _held(files) == {"ann"} | {f"bob {n}" for n in range(250 - downloads.MOST_KEPT, 250)}


def test_a_time_that_is_over_takes_away_its_own_file_only(files: MemoryMediaFileStorage) -> None:
    """The place was given to another file while the timer of the first had already begun to act."""
    _make(ANN, "first")
    ((number, first),) = downloads._waiting.items()
    downloads._let_go(number, first)
    _make(BOB, "second")
    assert list(downloads._waiting) == [number]
    downloads._let_go(number, first)
    assert _held(files) == {"second"} and len(downloads._waiting) == 1


def test_places_do_not_grow_with_the_files_that_were_made(files: MemoryMediaFileStorage) -> None:
    for turn in range(50):
        _make(ANN, f"ann {turn}")
        downloads._let_go_all(ANN)
    places = Runtime.instance().media_file_mgr._files_by_session_and_coord
    assert not _held(files) and sum(map(len, places.values())) == 1
