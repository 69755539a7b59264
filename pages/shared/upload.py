"""From files to the session's own orders: take them, show what they are, ask, open. Drawn where orders are missing."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared import contract_parts, hosting, leaving, opening, review, settings, sources, ui
from pages.shared.sources import Upload
from retention_core.orders.errors import TooManyRows
from retention_core.orders.load import NOTHING_ANSWERED, Inspected, OrdersError, Question
from retention_core.say import number, say

MEGABYTE = 1024**2
LIMIT = (
    "All files together: at most {n} MB. Where a file is larger: pack it (gzip) or save it as Parquet, leave out "
    "columns and years that no number needs, or run the app on your own computer."
)


def choose() -> None:
    """The whole way from files to opened orders. Whatever was opened before stays until the new orders are open."""
    if not hosting.current().uploads:
        st.info(say("This app takes no files. It shows the orders that can be chosen in the sidebar."))
        return
    draft: Upload | None = st.session_state.get("draft")
    if draft is None:
        _take_files()
        return
    _list_files(draft)
    try:
        found = opening.inspect(draft)
        review.show(found)
        answered = review.ask(draft, _questions(found))
        settings.offer(draft, found)
        if not draft.holds_contracts:
            contract_parts.offer(draft, found)
        wanted = review.with_keys(review.as_contracts(answered or draft, found))
        label = say("Open these contracts") if wanted.holds_contracts else say("Open these orders")
        if st.button(label, type="primary", key="open_orders", disabled=answered is None):
            opening.open_orders(wanted, sum(table.part.physical_lines for table in found))
    except OrdersError as problem:
        refusal(problem)
        if not isinstance(problem, TooManyRows):  # what it holds is not the question then
            contract_parts.offer(draft)
        if draft.answers != NOTHING_ANSWERED:
            st.button(say("Take my settings back"), on_click=_take_back, icon=":material/undo:", key="take_back")


def _take_back() -> None:
    st.session_state["draft"] = Upload(st.session_state["draft"].files)


def refusal(problem: OrdersError) -> None:
    """Which file, which line, what is wrong and what to do: nothing of it is read as Markdown."""
    place = problem.file
    if problem.line is not None:
        place = say("{file}, line {line}", file=problem.file, line=number(problem.line))
    cause, advice = (ui.plain(_sentence(text)) for text in (problem.cause, problem.advice))
    st.error(f"**{ui.plain(place)}:** {cause}  \n{say('What to do:')} {advice}", icon=":material/error:")


def take_command_line() -> None:
    """Take the files that the app was started on as this session's own, to decide what they leave open."""
    st.session_state["draft"] = Upload(sources.command_line_files())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _questions(found: Sequence[Inspected]) -> list[Question]:
    """What must be answered: seen in the tables, or come up when all rows were read. Each once."""
    late: tuple[Question, ...] = st.session_state.get("asked", ())
    if late:
        st.info(say("To open these orders one more answer is needed, because it changes the numbers."))
    seen = [question for table in found for question in table.questions if question.required]
    return list({(question.key, question.field): question for question in (*seen, *late)}.values())


def _take_files() -> None:
    leaving.watch()
    limit = int(st.get_option("server.maxUploadSize"))
    turn = st.session_state.setdefault("upload_turn", 0)
    given = st.file_uploader(
        say("Order files: CSV or other text, Excel (.xlsx) or Parquet, also gzipped; several if they belong together"),
        accept_multiple_files=True,
        key=f"files_{turn}",
    )
    st.caption(say(LIMIT, n=number(limit)))
    if not given:
        return
    if problem := _why_not(given, limit):
        _forget_transfers(given)
        refusal(problem)
        return
    st.session_state["draft"] = Upload(tuple((file.name, file.getvalue()) for file in given))
    _forget_transfers(given)
    st.session_state["upload_turn"] = turn + 1  # a new, empty widget
    st.rerun()


def _why_not(given: list[UploadedFile], limit: int) -> OrdersError | None:
    """The browser's limits bind nobody: what came is checked here. What a file is, the reader finds in its bytes."""
    for file in given:
        if file.size == 0:
            return OrdersError(file.name, "the file is empty", "export it again")
    if sum(file.size for file in given) > limit * MEGABYTE:
        cause = f"more than {limit:,} MB were sent, which is more than this app takes"
        return OrdersError(given[0].name, cause, "save the orders as Parquet, or run the app on your own computer")
    return None


def _forget_transfers(given: list[UploadedFile]) -> None:
    """Streamlit keeps what was sent until the session ends; one copy is enough, and "Delete my data" must reach it."""
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        for file in given:
            remove(session_id=context.session_id, file_id=file.file_id)


def _list_files(draft: Upload) -> None:
    for name, content in draft.files:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        st.markdown(f":material/description: {ui.plain(name)} · {_size(size)}")
    st.button(say("Choose other files"), on_click=opening.forget_draft, icon=":material/close:", key="other_files")


def _size(size: int) -> str:
    if size < 1024:
        return say("{n} bytes", n=number(size))
    if size < MEGABYTE / 10:
        return say("{n} kB", n=number(size / 1024, 1))
    return say("{n} MB", n=number(size / MEGABYTE, 1))
