"""What every page says and draws in the same way."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from pages.shared import scope, sources
from retention_core import export
from retention_core.metrics import METRICS, Reading
from retention_core.say import between, money, number, percent, say
from retention_core.store import read_query


@st.cache_resource(show_spinner=False)
def settle_memory() -> None:
    """Once per server: what start-up left behind is never searched for garbage again; reruns get several times faster."""
    gc.collect()
    gc.freeze()


def query(name: str, **parameters: Any) -> pd.DataFrame:
    """A query of the chosen shop, for the customers of the scope."""
    return sources.query(name, {**scope.chosen(), **parameters})


def metric(key: str, **parameters: Any) -> Reading:
    """A reading of the chosen shop, for the customers of the scope."""
    return sources.metric(key, {**scope.chosen(), **parameters})


def answer(title: str, sentence: str) -> None:
    """The head of a page: its title, its answer in one sentence, and whom it is about."""
    st.title(title)
    st.markdown(f"#### {sentence}" if sentence else "")
    about = " ".join(part for part in (_sample_note(), plain(scope.in_words())) if part)
    if about:
        st.caption(about)


def _sample_note() -> str:
    if sources.current() in sources.SAMPLES:
        return say("This is sample data of an invented shop. Open your own orders under Data › Orders.")
    return ""


def plain(text: object) -> str:
    """Text of strangers for a place that reads Markdown: every sign that means something there is made harmless."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@/])", r"\\\1", str(text).replace("\n", " "))


def shown(value: float | None, unit: str) -> str:
    """A value as people write it."""
    if unit == "share":
        return percent(value)
    if unit == "money":
        return money(value, sources.shop().facts.currency)
    return number(value, 2 if unit == "ratio" else 0)


def interval(reading: Reading) -> str:
    """The 95 % interval in words; empty where a number has none."""
    if reading.low is None or reading.high is None:
        return ""
    low, high = shown(reading.low, reading.unit), shown(reading.high, reading.unit)
    return between(low, high)


def card(key: str, reading: Reading, trend: list[float] | None = None, note: str = "") -> None:
    """One number with its interval, what it rests on, and its definition behind the question mark."""
    block = METRICS[key]
    span = interval(reading)
    basis = say("of {n}", n=number(reading.denominator)) if block.unit == "share" and reading.denominator else ""
    details = " · ".join(part for part in (span, basis, note) if part)
    help_text = "\n\n".join([block.definition, f"**{block.formula}**", *(f"- {c}" for c in reading.caveats)])
    st.metric(
        say(block.label),
        shown(reading.value, block.unit),
        delta=details or None,
        delta_color="off",
        delta_arrow="off",
        help=help_text,
        border=True,
        chart_data=trend,
    )


def chart(picture: alt.Chart | alt.LayerChart, description: str, key: str | None = None, **options: Any) -> Any:
    """A chart with its description for those who cannot see it."""
    return st.altair_chart(picture, width="stretch", key=key, alt=description, **options)


def explain(metrics: tuple[str, ...], queries: dict[str, dict[str, Any]]) -> None:
    """How is this computed? Definition, formula, caveats of each number, and the SQL that ran."""
    with st.expander(say("How is this computed?"), icon=":material/function:"):
        for key in metrics:
            block = METRICS[key]
            st.markdown(f"**{block.label}.** {block.definition}  \n*{block.formula}*")
            for caveat in block.caveats:
                st.caption(caveat)
        for name, parameters in queries.items():
            st.markdown(read_query(name).describes.replace("$", r"\$"))
            st.code(sources.shop().sql(name, **{**scope.chosen(), **parameters}), language="sql")


def download(label: str, name: str, frame: Callable[[], pd.DataFrame]) -> None:
    """Two buttons that make the file when they are pressed, safe to open in a spreadsheet."""
    with st.container(horizontal=True):
        for kind, make in (("csv", export.to_csv), ("xlsx", export.to_excel)):
            st.download_button(
                f"{label} ({kind.upper()})",
                data=lambda make=make: make(frame()),
                file_name=f"{name}.{kind}",
                key=f"download_{name}_{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
