"""Orders: which data set is looked at, what was kept of it and what was left out, and how to open one's own."""

import streamlit as st

from pages.shared import contract_parts, contract_tables, hosting, ledger, opening, review, sources, ui, upload
from retention_core.answers import contracts as answers
from retention_core.orders.load import NeedsAnswers
from retention_core.say import say


def delete_data() -> None:
    sources.forget_upload()
    opening.forget_draft()
    st.session_state["deleted"] = True


def open_again() -> None:
    st.session_state["draft"] = st.session_state["upload"]


def look_at_sample() -> None:
    st.session_state["next_shop"] = next(iter(sources.SAMPLES))


st.title(say("Orders"), anchor=False)
contracts = sources.contracts()
is_open, is_own = sources.is_open(), sources.current() == "upload"
if st.session_state.pop("deleted", False):
    st.success(say("Your orders were deleted from this app's memory."), icon=":material/check:")
if "draft" in st.session_state:
    st.header(say("The files are taken, but not open yet."), anchor=False)
    st.caption(say("Until then you keep looking at: {name}.", name=sources.names()[sources.current()]))
elif contracts is not None:
    st.header(ui.plain(answers.ledger_sentence(contracts)), anchor=False)
    contract_parts.links()
elif is_open:
    st.header(ui.plain(ledger.sentence()), anchor=False)
else:
    st.header(say("No orders are open yet."), anchor=False)
    if is_own:
        st.button(
            say("Look at the sample shop"), on_click=look_at_sample, key="look_at_sample", icon=":material/store:"
        )
    if problem := sources.why_not():
        upload.refusal(problem)
        if isinstance(problem, NeedsAnswers):
            st.button(say("Answer, and open the file"), on_click=upload.take_command_line, key="answer_for_file")
if is_own and "upload" in st.session_state and "draft" not in st.session_state:
    review.tell_names(st.session_state["upload"])
note = ui.sample_note(say("Open your own orders here, or choose in the sidebar."))
if note and "draft" not in st.session_state:
    st.caption(note)

if hosting.current().uploads:
    with st.container(border=True):
        st.subheader(
            say("Open other orders") if is_own and (is_open or contracts) else say("Open your own orders"), anchor=False
        )
        upload.choose()
        st.caption(
            say(
                "Your files are read on the computer that runs this app, stay in its memory for your visit only and "
                "are shown to nobody else. They are gone when you delete them, or at the latest soon after you close "
                "the page. No number needs names, phones or addresses, so the opened orders hold none."
            )
        )
        if "upload" in st.session_state or "draft" in st.session_state:
            with st.container(horizontal=True):
                st.button(say("Delete my data"), on_click=delete_data, icon=":material/delete:", key="delete_data")
                if "upload" in st.session_state and "draft" not in st.session_state:
                    st.button(
                        say("Open my files again"),
                        on_click=open_again,
                        icon=":material/refresh:",
                        key="open_again",
                        help=say("To read them in another way, or to choose how lists name your customers."),
                    )

if contracts is not None and "draft" not in st.session_state:
    st.subheader(say("What became of every line"), anchor=False)
    contract_tables.ledger(contracts)
if is_open and "draft" not in st.session_state:
    st.subheader(say("What became of every line"), anchor=False)
    ledger.show()
    st.subheader(say("How the files were read"), anchor=False)
    ledger.facts()
