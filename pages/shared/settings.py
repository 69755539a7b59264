"""Every setting of how a file is read, as found and to change: one form, so that the file is read again only once."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from pages.shared import contract_parts, ui
from pages.shared.columns import CORE, FIELD_WORDS
from pages.shared.sources import Upload
from retention_core.orders.layouts import BY_KEY, PLAIN
from retention_core.orders.load import Answers, Inspected
from retention_core.orders.read import list_encodings
from retention_core.say import say

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "blanks"}
DECIMALS = {".": "point: 1,234.50", ",": "comma: 1.234,50"}
DATES = {True: "day first: 31/12/2024", False: "month first: 12/31/2024"}
HEADERS = {True: "names the columns", False: "is an order already"}
REFUNDS = {
    "net": "subtract them; an order refunded in full stays an order, worth nothing",
    "drop": "subtract them; an order refunded in full is no order",
    "ignore": "ignore them: amounts before refunds",
}
NOT_THERE = ""


def offer(draft: Upload, found: Sequence[Inspected]) -> None:
    """The settings of the draft, and what each column means; "Read the files like this" changes the draft."""
    with (
        st.expander(say("Change how the files are read, or what a column means"), icon=":material/tune:"),
        st.form(f"{draft.key[:12]}_settings", border=False),
    ):
        told = _settings(draft.answers)
        mapping = _columns(draft.answers, found)
        if st.form_submit_button(say("Read the files like this"), icon=":material/refresh:"):
            st.session_state["draft"] = replace(draft, answers=_answers(draft, found, told, mapping))
            st.session_state.pop("asked", None)
            st.rerun()


def _answers(draft: Upload, found: Sequence[Inspected], told: Mapping[str, Any], mapping: Mapping[str, str]) -> Answers:
    """The settings as answers. Columns of orders mean nothing to contracts and the other way round."""
    layout = told["layout"] or (found[0].layout if mapping and _kind(found) == "contracts" else None)
    same = layout is None or BY_KEY.get(layout, PLAIN).kind == _kind(found)
    answers = replace(draft.answers, **told)
    return replace(answers, layout=layout, mapping=dict(mapping) or None if same else None)


def _settings(answers: Answers) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        told = {
            "encoding": _choice("Letters are written in (encoding)", list_encodings(), answers.encoding, str),
            "delimiter": _named("Values are parted by", DELIMITERS, answers.delimiter),
            "header": _named("The first line", HEADERS, answers.header),
            "decimal": _named("Decimal mark", DECIMALS, answers.decimal),
            "day_first": _named("Dates such as 01/02/2024", DATES, answers.day_first),
        }
    with right:
        zones = sorted(zoneinfo.available_timezones())
        choices = (*BY_KEY.values(), PLAIN)
        layouts = {layout.key: layout.title for layout in choices if layout.kind in ("orders", "contracts")}
        told["layout"] = _named("Layout", layouts, answers.layout)
        told["timezone"] = _choice("Time zone of the shop, for times that name theirs", zones, answers.timezone, str)
        told["currency"] = st.text_input(
            say("Currency of the amounts"), answers.currency or "", max_chars=3, placeholder="EUR",
            help=say("Three letters. Needed where the file names no currency or several."),
        ).strip().upper() or None  # fmt: skip
        told["refunds"] = st.selectbox(
            say("Refunds"),
            list(REFUNDS),
            list(REFUNDS).index(answers.refunds),
            format_func=lambda key: say(REFUNDS[key]),
        )
    return told


def _named(label: str, options: Mapping[Any, str], value: Any) -> Any:
    return _choice(label, list(options), value, lambda key: say(options[key]))


def _choice(label: str, options: Sequence[Any], value: Any, words: Callable[[Any], str]) -> Any:
    """One setting; None, the first choice, leaves it to what the file says."""
    choices = [None, *options]
    return st.selectbox(
        say(label), choices, choices.index(value) if value in choices else 0,
        format_func=lambda choice: say("as found in the file") if choice is None else words(choice),
    )  # fmt: skip


def _columns(answers: Answers, found: Sequence[Inspected]) -> dict[str, str]:
    """The answered mapping: the fields that were changed, now or before."""
    kind = _kind(found)
    table = next((table for table in found if BY_KEY.get(table.layout, PLAIN).kind == kind), None)
    mapping = dict(answers.mapping or {})
    if table is None:
        return mapping
    st.markdown(say("**Columns of {file}**", file=ui.plain(table.part.name)))
    guessed = {guess.field: guess.name for guess in table.guesses}
    orders = {field: FIELD_WORDS[field] for field in (*CORE, *(field for field in FIELD_WORDS if field not in CORE))}
    fields = contract_parts.CHOSEN if kind == "contracts" else orders
    places = st.columns(3)
    for position, (field, words) in enumerate(fields.items()):
        choices = [NOT_THERE, *table.part.columns]
        before = guessed.get(field, NOT_THERE)
        with places[position % 3]:
            chosen = st.selectbox(
                say(words), choices, choices.index(before) if before in choices else 0,
                format_func=lambda name: name or say("not in this file"),
            )  # fmt: skip
        if chosen != before:
            mapping[field] = chosen
    return mapping


def _kind(found: Sequence[Inspected]) -> str:
    """ "contracts" where all tables are such, otherwise "orders"."""
    kinds = {BY_KEY.get(table.layout, PLAIN).kind for table in found}
    return "contracts" if kinds == {"contracts"} else "orders"
