"""Where Streamlit no longer is what letting go of options relies on, the log says so, and only once."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from pages.shared import drawn


def test_what_a_newer_streamlit_lacks_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = SimpleNamespace(fragment_ids_this_run=None, session_state=SimpleNamespace(_lock=object()))
    monkeypatch.setattr(drawn, "get_script_run_ctx", lambda: changed)
    drawn._note.cache_clear()
    written: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = written.append  # type: ignore[method-assign]
    logging.getLogger("comeback").addHandler(handler)
    try:
        for _ in range(2):
            assert drawn.forget(), "it is not tried again and again"
            drawn.forget_link(str)
    finally:
        logging.getLogger("comeback").removeHandler(handler)
    assert len(written) == 1 and written[0].levelno == logging.ERROR
    assert written[0].facts["missing"] == tuple(path for path in drawn.USED if path != "session_state._lock")  # type: ignore[attr-defined]
