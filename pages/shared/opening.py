"""Reading and opening a session's files: rows read and a way to stop where it takes time, refusals in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import sources
from pages.shared.sources import Progress, Upload
from retention_core.orders.load import Inspected, NeedsAnswers
from retention_core.say import number, say

QUIET_SECONDS = 1.0
BETWEEN_SECONDS = 0.2
Result = TypeVar("Result")


def inspect(draft: Upload) -> tuple[Inspected, ...]:
    """How the files would be read. Kept until the files or an answer change. Raises OrdersError."""
    key, found = st.session_state.get("inspected", (None, None))
    if key != draft.key:
        found = _watch(lambda progress: sources.inspect_upload(draft, progress))
        st.session_state["inspected"] = draft.key, found
    return found


def open_orders(draft: Upload) -> None:
    """Open the draft and look at it. What was open before stays until then. Raises OrdersError.

    Some questions only come up when all rows have been read: they are kept with the draft, and asked next.
    """
    try:
        opened = _watch(lambda progress: sources.open_upload(draft, progress))
    except NeedsAnswers as problem:
        st.session_state["draft"] = draft
        st.session_state["asked"] = problem.questions
        st.rerun()
    forget_draft()
    sources.keep_upload(draft, opened)
    sources.look_at("upload")


def forget_draft() -> None:
    """Forget the files that were taken but not opened, and what was found in them."""
    for key in ("draft", "asked", "inspected"):
        st.session_state.pop(key, None)


def _watch(work: Callable[[Progress], Result]) -> Result:
    """Do the work behind a progress bar. "Cancel", as any click, stops the script at the next call of Streamlit:
    inside `report`. The reader cleans up behind it, and the page is drawn as it was before."""
    place = st.empty()
    started = last = time.monotonic()
    bar: DeltaGenerator | None = None

    def report(rows: int, total: int | None) -> None:
        nonlocal bar, last
        now = time.monotonic()
        if now - started < QUIET_SECONDS or now - last < BETWEEN_SECONDS:
            return
        last = now
        if bar is None:
            with place.container():
                bar = st.empty()
                st.button(say("Cancel"), key="cancel_opening", icon=":material/close:")
        text = say("{n} rows read", n=number(rows)) if rows else say("Reading …")
        bar.progress(min(rows / total, 1.0) if total else 0.0, text)

    with st.spinner(say("Reading the files …")):
        result = work(report)
    place.empty()
    return result
