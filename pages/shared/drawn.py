"""What Streamlit remembers of widgets that were drawn: their options, until the session ends, though the page is gone.

Options are texts of a file: its name, its channels. No promised part of Streamlit lets go of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.unpromised import FORGETTING_OPTIONS


def forget() -> bool:
    """Whether all options are forgotten. Before the first widget of a full run.

    Widgets that are drawn in this run are known anew; to Streamlit the others are those of a page that was left. Later
    than that, or where only a fragment runs, what is not drawn again would lose its value: nothing is done then.
    """
    context: Any = get_script_run_ctx()
    if context is None or context.fragment_ids_this_run:
        return False
    if not FORGETTING_OPTIONS.are_in(context):
        return True
    if context.shared.widget_ids_this_run.snapshot():
        return False
    with context.session_state._lock:
        context.session_state._state._new_widget_state.widget_metadata.clear()
    return True


def forget_link(is_meant: Callable[[str], object]) -> None:
    """Of the link that this run began with, which widgets that are drawn first look at, the settings that are meant."""
    context: Any = get_script_run_ctx()
    if context is None or not FORGETTING_OPTIONS.are_in(context):
        return
    with context.session_state._lock:
        began = context.session_state._state.query_params._initial_query_params
        for name in list(filter(is_meant, began)):
            del began[name]
