"""What was recognised in the files, and what their owner decides: questions first, then every setting and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import contract_parts, ui
from pages.shared.columns import FIELD_WORDS
from pages.shared.sources import Upload
from retention_core.orders.layouts import BY_KEY
from retention_core.orders.load import Inspected, Option, Question
from retention_core.say import number, percent, say

FEW_OPTIONS = 6
WORDS = {**FIELD_WORDS, **contract_parts.FIELD_WORDS}
HELP = (
    "Tick this if you want to write to customers whom a list names, for instance those worth winning back. Without it "
    "nobody who sees these pages can tell who they are, and no list can be matched with your customers."
)
KEEPS = (
    "The opened orders keep the numbers or e-mails of your file, in the memory of this visit only, and lists show them."
)
PSEUDONYMS = (
    "The opened orders know your customers by pseudonyms such as 7f3a90c2b14d65e8: every number stays the same, and "
    "lists show pseudonyms. To write to the customers of a list, tick the box."
)
OPENED_KEEPS = "Lists show your customers' own numbers or e-mails, as you chose when you opened the files."
OPENED_PSEUDONYMS = (
    "Lists show pseudonyms in place of your customers' own numbers or e-mails. To write to the customers of a list, "
    "open your files again and tick that lists must come back with them."
)
SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "blanks"}


def show(found: Sequence[Inspected]) -> None:
    """What each table is, five of its rows, and what its columns were taken for."""
    for table in found:
        with st.container(border=True):
            st.subheader(ui.plain(table.part.name), anchor=False)
            if _is_contracts(table):
                ui.tell(say("This looks like a list of contracts, not orders."))
            st.markdown(_recognised(table))
            for note in table.part.notes:
                st.markdown(f":material/info: {ui.plain(note)}.")
            for question in table.questions:
                if not question.required:
                    st.markdown(f":material/help: {ui.plain(question.text)} {ui.plain(question.why)}.")
            st.dataframe(table.preview.astype("string"), hide_index=True, alt=say("The first five rows of the file"))
            with st.expander(say("What the columns were taken for")):
                st.dataframe(_mapping(table), hide_index=True, alt=say("Field, column, how sure and why"))


def ask(draft: Upload, questions: Sequence[Question]) -> Upload | None:
    """Draw the open questions; the draft with their answers, or None until all that must be answered are."""
    given: dict[str, Any] = {}
    mapping = dict(draft.answers.mapping or {})
    complete = True
    for question in questions:
        answer = _question(draft, question)
        complete = complete and (answer is not None or not question.required)
        if answer is None:
            continue
        if question.field is not None:
            mapping[question.field] = str(answer)
        else:
            given[question.key] = answer
        if question.key == "currency":
            given["rates"], missing = _rates(draft, str(answer), question.options)
            complete = complete and not missing
    if not complete:
        return None
    return replace(draft, answers=replace(draft.answers, mapping=mapping or None, **given))


def as_contracts(draft: Upload, found: Sequence[Inspected]) -> Upload:
    """The draft, to be opened as contracts where its tables are such."""
    if not found or not all(map(_is_contracts, found)):
        return draft
    return replace(draft, answers=replace(draft.answers, layout=found[0].layout))


def with_keys(draft: Upload) -> Upload:
    """The draft with what its owner says of lists: whether they must name customers as the files do."""
    if replace(draft, keeps_keys=True).uses_pseudonyms == replace(draft, keeps_keys=False).uses_pseudonyms:
        return draft  # nothing to choose: see privacy
    keeps = st.checkbox(
        say("Lists must come back with the customers' own numbers or e-mails"),
        draft.keeps_keys,
        key=f"{draft.files_key[:12]}_keeps_keys",
        help=say(HELP),
    )
    st.caption(say(KEEPS if keeps else PSEUDONYMS))
    return replace(draft, keeps_keys=keeps)


def tell_names(opened: Upload) -> None:
    """Which of the two is in force for the session's own data."""
    st.caption(say(OPENED_PSEUDONYMS if opened.uses_pseudonyms else OPENED_KEEPS))


def _is_contracts(table: Inspected) -> bool:
    layout = BY_KEY.get(table.layout)
    return layout is not None and layout.kind == "contracts"


def _recognised(table: Inspected) -> str:
    """The layout, how sure that is, and how the file is written, as a list."""
    part, layout = table.part, BY_KEY.get(table.layout)
    rows = [(say("Recognised as"), say("{layout} – {sure}", layout=table.title, sure=_sure(table.confidence)))]
    rows.append(
        (say("Rows"), say("{rows} in {lines} lines", rows=number(part.rows), lines=number(part.physical_lines)))
    )
    if part.encoding:
        written = [part.encoding, say("values parted by {sign}", sign=SIGNS.get(part.delimiter or "", part.delimiter))]
        rows.append((say("Written as"), ", ".join(written)))
    if layout and layout.money:
        name = say("Amount of a month") if _is_contracts(table) else say("Amount of an order")
        rows.append((name, layout.money))
    if layout and layout.currency:
        rows.append((say("Currency"), layout.currency))
    if layout and layout.utc:
        rows.append((say("Times"), say("in UTC, as this system writes them")))
    return "\n".join(f"- **{name}:** {ui.plain(words)}" for name, words in rows)


def _sure(confidence: float) -> str:
    if confidence >= 0.95:
        return say("certain")
    return say("quite sure") if confidence >= 0.7 else say("not sure: please check the columns")


def _mapping(table: Inspected) -> pd.DataFrame:
    """One row per field that a column was found for."""
    rows = [(say(WORDS[g.field]), g.name, percent(g.confidence), g.reason) for g in table.guesses if g.field in WORDS]
    return pd.DataFrame(rows, columns=["Field", "Column", "How sure", "Why"])


def _question(draft: Upload, question: Question) -> str | bool | None:
    """One question with its reason and what follows from each answer; the chosen value."""
    options = {option.value: option for option in question.options}
    key = f"{draft.files_key[:12]}_{question.key}_{question.field or ''}"
    st.markdown(f"**{ui.plain(question.text)}**  \n{ui.plain(question.why)}.")
    if len(options) > FEW_OPTIONS:
        chosen: str | bool | None = st.selectbox(
            ui.plain(question.text), list(options), index=None, key=key, label_visibility="collapsed",
            format_func=lambda value: f"{options[value].label} – {options[value].consequence}",
            placeholder=say("Choose"),
        )  # fmt: skip
    else:
        chosen = st.radio(
            ui.plain(question.text), list(options), index=None, key=key, label_visibility="collapsed",
            format_func=lambda value: ui.plain(options[value].label),
            captions=[ui.plain(option.consequence) for option in question.options],
        )  # fmt: skip
    if question.key == "currency" and chosen is None:
        st.caption(say("Or count all of them with rates: first choose the currency that the others are turned into."))
    return chosen


def _rates(draft: Upload, currency: str, options: Sequence[Option]) -> tuple[Mapping[str, float] | None, list[str]]:
    """What one unit of each other currency is worth in the chosen one, and whose rates are missing where one is given.

    Rates None: none is given, and orders in the others are left out.
    """
    st.markdown(
        say(
            "Or count the others too: what is one of them worth in {currency}? Give all rates, or none.",
            currency=ui.plain(currency),
        )
    )
    others = [str(option.value) for option in options if option.value != currency]
    rates = {
        other: st.number_input(
            say("1 {other} in {currency}", other=ui.plain(other), currency=ui.plain(currency)),
            min_value=0.0, value=None, format="%.6g", key=f"{draft.files_key[:12]}_rate_{other}_{currency}",
        )
        for other in others
    }  # fmt: skip
    given = {name: rate for name, rate in rates.items() if rate}
    missing = [name for name in others if name not in given] if given else []
    if missing:
        names = ui.plain(", ".join(missing))
        st.warning(
            say("The rate of {names} is missing. Fill it in, or take the others away to leave them out.", names=names),
            icon=":material/warning:",
        )
    return given or None, missing
