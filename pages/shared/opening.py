"""Reading and opening a session's files: rows read and a way to stop where it takes time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TypeVar

import streamlit as st

import retention_core as rc
from pages.shared import sources
from pages.shared.sources import Progress, Upload
from retention_core.orders.load import Inspected, NeedsAnswers
from retention_core.orders.read import Cancelled
from retention_core.say import number, say

QUIET_SECONDS = 1.0
BETWEEN_SECONDS = 0.2
Result = TypeVar("Result")


@dataclass
class Watched:
    """How far the work of another thread is, and whether its owner still wants it."""

    total: int | None
    rows: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def report(self, rows: int, total: int | None) -> None:
        if self.stopped.is_set():
            raise Cancelled
        self.rows, self.total = max(rows, self.rows), self.total or total


def inspect(draft: Upload) -> tuple[Inspected, ...]:
    """How the files would be read. Kept until the files or an answer about reading them change. Raises OrdersError."""
    wanted = _reading_key(draft)
    found: tuple[Inspected, ...]
    key, found = st.session_state.get("inspected", (None, ()))
    if key != wanted:
        found = _watch("reading", lambda progress: sources.inspect_upload(draft, progress), on_cancel=forget_draft)
        st.session_state["inspected"] = wanted, found
    return found


def open_orders(draft: Upload, lines: int) -> None:
    """Open the draft, which has so many lines, and look at it. What was open before stays until then.

    Some questions only come up when all rows have been read: they are kept with the draft, and asked next.
    Raises OrdersError.
    """
    try:
        opened = _watch("opening", lambda progress: sources.open_upload(draft, progress), lines)
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


def _reading_key(draft: Upload) -> str:
    """Tells apart what `inspect` can see: money is counted only when the files are opened."""
    answers = replace(draft.answers, currency=None, rates=None, refunds="net", as_of=None)
    return replace(draft, answers=answers, keeps_keys=False).key


def _watch(
    name: str,
    work: Callable[[Progress], Result],
    total: int | None = None,
    on_cancel: Callable[[], None] | None = None,
) -> Result:
    """Do the work in another thread and show how far it is. "Cancel", like any click, ends this script at its next
    call of Streamlit, which is here, within a moment; the work then ends at its next report, and nothing is left of it.

    `name`: tells the works of one run of the script apart, as each draws a button.
    """
    watched = Watched(total)
    pool = ThreadPoolExecutor(1, thread_name_prefix="comeback-open")
    future = pool.submit(work, watched.report)
    pool.shutdown(wait=False)
    try:
        with st.spinner(say("Reading the files …")):
            wait([future], QUIET_SECONDS)
            if not future.done():
                _draw_until_done(name, future, watched, on_cancel)
        return future.result()
    except BaseException:
        watched.stopped.set()
        future.add_done_callback(_close)
        raise


def _draw_until_done(name: str, future: Future[Result], watched: Watched, on_cancel: Callable[[], None] | None) -> None:
    started = time.monotonic() - QUIET_SECONDS
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        line = st.empty()
        st.button(say("Cancel"), key=f"cancel_{name}", on_click=on_cancel, icon=":material/close:")
        while not future.done():
            rows, seconds = number(watched.rows), number(time.monotonic() - started)
            if not watched.total:
                line.markdown(say("{rows} rows read, {seconds} s", rows=rows, seconds=seconds))
            elif watched.rows < watched.total:
                share = watched.rows / watched.total
                line.progress(share, say("{rows} rows read, {seconds} s", rows=rows, seconds=seconds))
            else:
                line.progress(1.0, say("All {rows} rows read, counting, {seconds} s", rows=rows, seconds=seconds))
            wait([future], BETWEEN_SECONDS)
    place.empty()


def _close(future: Future[Result]) -> None:
    """A shop that was opened after all, although nobody waits for it any more."""
    if future.exception() is None and isinstance(opened := future.result(), rc.Shop):
        opened.close()
