"""What the app uses of Streamlit without being promised: where a version has it no more, the app does without.

The log of the server then says once what is missing and what no longer happens.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

from streamlit.runtime.app_session import AppSession

from pages.shared import logs


@dataclass(frozen=True)
class Parts:
    """What is used for one purpose, as paths from one thing of Streamlit, and names of each of its sessions.

    `without`: what the log says where one of them is missing.
    """

    without: str
    used: tuple[str, ...]
    of_sessions: tuple[str, ...] = ()

    def are_in(self, thing: Any) -> bool:
        """Whether all of them are there; if not, the log says so."""
        lacking = self.missing(thing)
        if lacking:
            _note(self.without, lacking)
        return not lacking

    def missing(self, thing: Any) -> tuple[str, ...]:
        made = {*dir(AppSession), *AppSession.__init__.__code__.co_names}  # what a session has from its start on
        lacking = [path for path in self.used if not _has(thing, path)]
        return *lacking, *(f"AppSession.{name}" for name in self.of_sessions if name not in made)


# Of the server.
LETTING_GO = Parts(
    "files of visitors who leave are never let go",
    used=(
        "_get_async_objs",
        "_session_mgr.get_session_info",
        "_session_mgr.list_sessions",
        "_session_mgr._session_storage._cache.expire",
        "_uploaded_file_mgr.file_storage",
        "_uploaded_file_mgr.remove_session_files",
    ),
    of_sessions=("id", "session_state", "shutdown", "_fragment_storage"),
)
COUNTING_FILES = Parts(
    "no files of visitors are taken",
    used=("_session_mgr.list_sessions", "_uploaded_file_mgr.file_storage"),
    of_sessions=("session_state",),
)
RUNNING_AGAIN = Parts(
    "visitors read only after their next click why their files were not taken",
    used=("_session_mgr.get_active_session_info",),
    of_sessions=("request_rerun", "_client_state", "_scriptrunner"),
)

# Of the context of a run of the script.
FORGETTING_OPTIONS = Parts(
    "options of deleted files stay until the visit ends",
    used=(
        "shared.widget_ids_this_run.snapshot",
        "session_state._lock",
        "session_state._state._new_widget_state.widget_metadata",
        "session_state._state.query_params._initial_query_params",
    ),
)


def _has(thing: Any, path: str) -> bool:
    for name in path.split("."):
        thing = getattr(thing, name, None)
    return thing is not None


@cache
def _note(without: str, lacking: tuple[str, ...]) -> None:
    """Once: each use would say the same."""
    logs.note(f"{without}: Streamlit has changed", logging.ERROR, missing=list(lacking))
