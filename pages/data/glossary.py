"""Glossary: every number and every word of the product, with its formula, its value on this shop, and its SQL."""

import streamlit as st

from pages.shared import scope, sources, ui
from pages.shared.concepts import CONCEPTS, Concept, segment_rules
from retention_core.metrics import METRICS, Metric
from retention_core.queries import read_query
from retention_core.say import number, say

ENTRIES: dict[str, Metric | Concept] = {**METRICS, **{concept.key: concept for concept in CONCEPTS}}


def matches(entry: Metric | Concept, words: str) -> bool:
    """Whether every word stands somewhere in the entry."""
    more = entry.formula if isinstance(entry, Metric) else entry.more
    text = f"{entry.label} {entry.definition} {more}".casefold()
    return all(word in text for word in words.casefold().split())


def show_metric(block: Metric) -> None:
    if sources.is_open():
        reading = ui.metric(block.key)
        st.metric(say("On this shop"), ui.shown(reading.value, block.unit), width="content")
        span, of = ui.interval(reading), reading.denominator
        basis = say("{n} of {of}", n=number(reading.numerator), of=number(of)) if block.unit == "share" and of else ""
        sure = say("95 % sure: {span}", span=span) if span else say("A plain count or sum: no error of chance")
        st.caption(ui.plain(" · ".join(part for part in (sure if reading.value is not None else "", basis) if part)))
        if about := scope.in_words():
            st.caption(f":material/filter_alt: {ui.plain(about)}")
        caveats = reading.caveats
    else:
        caveats = block.caveats
    st.markdown(f"**{say('Formula')}:** {ui.plain(block.formula)}")
    if caveats:
        st.markdown("\n".join(f"- {ui.plain(caveat)}" for caveat in caveats))
    st.caption(say("Source: {source}", source=ui.plain(block.source)))
    with st.expander(say("The SQL that computes it"), icon=":material/function:"):
        st.markdown(ui.plain(read_query(block.query).describes))
        st.code(sql_of(block), language="sql")


def sql_of(block: Metric) -> str:
    query = read_query(block.query)
    if not sources.is_open():
        return query.text
    return sources.shop().sql(block.query, **{**scope.chosen(), **dict.fromkeys(query.required), **block.parameters})


def show(entry: Metric | Concept) -> None:
    with st.container(border=True):
        st.subheader(entry.label, anchor=False)
        st.markdown(f"{ui.plain(entry.definition)}")
        if isinstance(entry, Metric):
            show_metric(entry)
            return
        st.markdown(entry.more)
        if entry.key == "rfm":
            st.table(segment_rules())


st.title(say("Glossary"), anchor=False)
st.header(say("{n} numbers and words, each with one meaning on every page.", n=len(ENTRIES)), anchor=False)
asked = st.query_params.get("entry")
if asked and asked not in {entry.label for entry in ENTRIES.values()}:
    st.info(say("There is no entry “{asked}”. Look it up or search for it below.", asked=ui.plain(asked[:80])))
chosen = st.selectbox(
    say("Look up"), list(ENTRIES), index=None, format_func=lambda key: ENTRIES[key].label,
    placeholder=say("A number or a word"), key="entry", bind="query-params",
)  # fmt: skip
if chosen:
    show(ENTRIES[chosen])
words = st.text_input(say("Search in all entries"), key="words", icon=":material/search:")
found = [entry for entry in ENTRIES.values() if matches(entry, words)]
for heading, kind in ((say("Words and worked examples"), Concept), (say("Numbers"), Metric)):
    listed = [entry for entry in found if isinstance(entry, kind)]
    if listed:
        st.subheader(heading, anchor=False)
        st.markdown("\n".join(f"- **{ui.plain(entry.label)}.** {ui.plain(entry.definition)}" for entry in listed))
if not found:
    st.info(say("No entry holds these words. Try a shorter one."))
