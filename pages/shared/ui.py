"""What every page says and draws in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from pages.shared import downloads, hosting, scope, sources
from pages.shared.recording import here, note
from pages.shared.tables import sortable
from retention_core import cohorts, export, report
from retention_core.answers import retention as answers
from retention_core.charts.prepared import FRAME
from retention_core.metrics import METRICS, Reading
from retention_core.queries import read_query
from retention_core.say import NOT_KNOWN, between, compact_money, money, month, number, percent, say

_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_RANGE = re.compile(r"(?<=\d)–(?=\W{0,2}\d)")  # in the large letters of an answer none is torn apart
_ADDRESS = re.compile(r"(:(?=//)|www(?=\.)|@)", re.IGNORECASE)


def query(name: str, **parameters: Any) -> pd.DataFrame:
    """A query of the chosen shop, for the customers of the scope."""
    return sources.query(name, {**scope.chosen(), **parameters})


def metric(key: str, **parameters: Any) -> Reading:
    """A reading of the chosen shop, for the customers of the scope."""
    return sources.metric(key, {**scope.chosen(), **parameters})


def customers_or_stop(title: str) -> None:
    """Ends the page with a sentence where there is nobody to speak of, or contracts and no orders."""
    if sources.contracts() is not None:
        sources.need_orders(say(title))
    if int(query("customer_totals")["customers"].iloc[0]):
        return
    st.title(title)
    if scope.ends_before_it_begins():
        st.info(say("“From” is after “before”, so no day is left. Change one of them, or take away a filter."))
    elif scope.chosen():
        st.info(say("No customer first bought like this. Take away a filter in the sidebar to see somebody."))
    else:
        st.info(say("There are no orders in this file that count. See under Orders what was left out, and why."))
        st.page_link("pages/data/source.py", label=say("Orders"), icon=":material/upload_file:")
    st.stop()


def answer(title: str, sentence: str) -> None:
    """The head of a page: its title, its answer in one sentence, and whom it is about."""
    note(report.Answer(title, sentence, scope.in_words()))
    st.title(title, anchor=False)
    st.header(_RANGE.sub("\u2060–\u2060", plain(sentence)), anchor=False)
    invented = sample_note(say("Open your own orders under Data › Orders."))
    about = " ".join(part for part in (invented, plain(scope.in_words())) if part)
    if about:
        st.caption(about)


def heading(text: str) -> None:
    """The head of a part of the page."""
    note(report.Heading(text))
    st.subheader(plain(text), anchor=False)


def caption(text: str) -> None:
    """Small print below a picture or a table; nothing where there is nothing to say."""
    if text:
        note(report.Note(text))
        st.caption(plain(text))


def tell(*sentences: str) -> None:
    """A sentence of the page, several as a list; names and currency signs of the order file are taken as they are."""
    told = tuple(sentence for sentence in sentences if sentence)
    lines = [plain(sentence) for sentence in told]
    if lines:
        note(report.Words(told))
        st.markdown(lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines))


def verdict(text: str, tone: report.Tone = "plain") -> None:
    """A judgement in a colour: good, doubtful, bad, or none."""
    note(report.Verdict(text, tone))
    {"good": st.success, "doubtful": st.warning, "bad": st.error, "plain": st.info}[tone](plain(text))


def link(page: str, label: str, settings: Mapping[str, str] | None = None) -> None:
    """A link to another page with settings of that page; data set and filters come along by themselves."""
    st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=settings)


def sample_note(what_next: str) -> str:
    """That the orders are invented, empty where they are not; `what_next` where visitors may open their own."""
    if sources.current() not in sources.SAMPLES:
        return ""
    invented = say("This is sample data of an invented shop.")
    return f"{invented} {what_next}" if hosting.current().uploads else invented


def choose(
    label: str, options: Mapping[str, str], key: str, *, default: str | None = None, help: str | None = None
) -> str:
    """One of a few settings, as buttons. `options`: what the page works with → what people and the link read."""
    scope.note_unknown(key, options.values())
    fallback, place = default or next(iter(options)), here()
    chosen = st.segmented_control(
        say(label),
        list(options),
        default=fallback,
        format_func=lambda option: say(options[option]),
        required=True,
        key=key,
        bind="query-params",
        help=help,
        wrap=True,
    )
    choice = chosen or fallback  # a link can say "?grain=", which is no choice at all
    note(report.Setting(say(label), say(options[choice])), place)
    return choice


def choose_several(label: str, options: Mapping[str, str], key: str, *, default: list[str], most: int) -> list[str]:
    """Several of many settings. An option keeps its place in the link by its name."""
    scope.note_unknown(key, options.values())
    place = here()
    chosen = st.multiselect(
        say(label), list(options), default, format_func=options.__getitem__, max_selections=most,
        key=key, bind="query-params", placeholder=say("Choose up to {n}", n=most),
    )  # fmt: skip
    kept = [option for option in chosen if option in options]
    note(report.Setting(say(label), ", ".join(options[option] for option in kept)), place)
    return kept


def plain(text: object) -> str:
    """Text of strangers for a place that reads Markdown: every sign that means something there is made harmless.

    A per cent sign stays on the line of its number. Line breaks become blanks, and signs that turn the direction of
    writing go: a name ends no paragraph and reverses no number after it.
    """
    text = _TURNS.sub("", _BREAKS.sub(" ", re.sub(r"(\d) %", "\\1\u00a0%", str(text))))
    # Addresses become links after the escapes are gone: only what is no address any more stays a word.
    text = _ADDRESS.sub("\\1\u2060", text)
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@/])", r"\\\1", text)


def unbroken(text: str) -> str:
    """The text with its blanks held together: a number never loses its per cent sign to the next line."""
    return text.replace(" ", "\u00a0").replace("–", "\u2060–\u2060")


def shown(value: float | None, unit: str) -> str:
    """A value as people write it."""
    if unit == "share":
        return percent(value)
    if unit == "money":
        return money(value, sources.shop().facts.currency)
    return number(value, 2 if unit == "ratio" else 0)


def figure(value: float | None, unit: str) -> str:
    """A value in the size of a headline: a large sum in short, everything else as usual."""
    if unit == "money" and value is not None and abs(value) >= 1e5:
        return compact_money(value, sources.shop().facts.currency)
    return shown(value, unit)


def interval(reading: Reading) -> str:
    """The 95 % interval in words; empty where a number has none, or where all customers are alike."""
    if reading.value is None or reading.low is None or reading.high is None or reading.low == reading.high:
        return ""
    if reading.unit == "share":
        return answers.precise(reading.value, reading.low, reading.high)[1]
    return between(shown(reading.low, reading.unit), shown(reading.high, reading.unit))


def too_early(key: str) -> Reading:
    """In place of a number that nobody has had the time to make other than 0."""
    return Reading(None, None, None, None, None, METRICS[key].unit)


def card(key: str, reading: Reading, trend: list[float], label: str = "", line: str = "", under: str = "") -> None:
    """One number with its interval; its full name, definition and caveats stand behind the question mark.

    `label`: a shorter name where the registry's is too long for a card; `line`: what the small line shows;
    `under`: what stands below a number that has no interval.
    """
    block = METRICS[key]
    about = [f"**{block.label}.** {block.definition}", f"*{block.formula}*", *(f"- {c}" for c in reading.caveats)]
    help_text = "\n\n".join([*about, say("The line: {line}.", line=line)] if len(trend) > 1 else about)
    number_card(
        say(label or block.label),
        figure(reading.value, block.unit),
        interval(reading) or under,
        help=help_text,
        chart_data=trend if len(trend) > 1 else None,
    )


def number_card(label: str, value: str, under: str = "", **options: Any) -> None:
    """A card with one number as people write it, and what stands below it: its interval."""
    note(report.Figure(label, value, under))
    st.metric(
        label, value, under or None, delta_color="off", delta_arrow="off", border=True, height="stretch", **options
    )


def segments(dimension: str, most: int = 6) -> dict[str, dict[str, Any]]:
    """The largest groups of customers of one dimension, as name → parameters of `query`. At most `most`."""
    options = sources.query("scope_options", {})
    options = options[options["dimension"].eq(dimension) & options["value"].ne("")]
    chosen = scope.chosen().get(dimension)
    if dimension == "coupon":
        names = {"yes": say("With a coupon"), "no": say("Without a coupon")}
        values = [v for v in options["value"] if chosen is None or (v == "yes") == chosen]
        return {names[value]: {"coupon": value == "yes"} for value in values}
    values = [value for value in options["value"] if chosen is None or value in chosen]
    return {value: {dimension: [value]} for value in values[:most]}


def chart(picture: alt.LayerChart, description: str, key: str | None = None, **options: Any) -> Any:
    """A chart with its description for those who cannot see it.

    Its frame goes beside the specification, as Arrow; the specification is checked in the tests and not on each rerun.
    """
    note(report.Picture(picture, description))
    drawing = picture.copy(deep=False)
    drawing.data = FRAME
    spec = drawing.to_dict(validate=False)
    del spec["data"]  # Streamlit puts the frame in its place
    return st.vega_lite_chart(picture.data, spec, width="stretch", key=key, alt=description, **options)


def frame(rows: pd.DataFrame, **options: Any) -> None:
    """A table to scroll and sort; its text is text. Without `hide_index` the index is its first column.

    What is `Written` shows its words and is sorted by its number.
    """
    note(report.Table(rows, has_index=not options.get("hide_index", False)))
    # The first column names the rows: to the left, also where it is a month, which is sorted as a number.
    names = {str(rows.columns[0]): st.column_config.Column(alignment="left")} if options.get("hide_index") else None
    st.dataframe(sortable(rows), **{"placeholder": NOT_KNOWN, "column_config": names, **options})


def table(rows: pd.DataFrame, has_index: bool = False) -> None:
    """A small table, all of it on the page. Its cells are Markdown: names of the order file come `plain`."""
    note(report.Table(rows, has_index=has_index, is_marked=True))
    st.table(rows, hide_index=not has_index, border="horizontal")


def explain(
    metrics: tuple[str, ...],
    queries: dict[str, dict[str, Any]],
    notes: tuple[str, ...] = (),
    label: str = "How is this computed?",
) -> None:
    """How is this computed? Definition, formula, caveats of each number, notes of the page, and the SQL that ran."""
    with st.expander(say(label), icon=":material/function:"):
        for key in metrics:
            block = METRICS[key]
            note(report.Definition(block.label, block.definition, block.formula, block.caveats))
            st.markdown(f"**{block.label}.** {block.definition}  \n*{block.formula}*")
            for caveat in block.caveats:
                st.caption(caveat)
        for words in map(say, notes):
            note(report.Definition("", words))
            st.markdown(plain(words))
        for name, parameters in queries.items():
            st.markdown(plain(read_query(name).describes))
            st.code(sources.shop().sql(name, **{**scope.chosen(), **parameters}), language="sql")


def download(label: str, name: str, frame: Callable[[], pd.DataFrame]) -> None:
    """Two buttons that make the file when they are pressed, safe to open in a spreadsheet."""

    def made(write: Callable[[pd.DataFrame], bytes]) -> bytes:
        return write(frame())

    with st.container(horizontal=True):
        for kind, write in (("csv", export.to_csv), ("xlsx", export.to_excel)):
            downloads.button(
                f"{label} ({kind.upper()})", f"{name}.{kind}", f"download_{name}_{kind}", export.MEDIA_TYPES[kind],
                partial(made, write),
            )  # fmt: skip


def older_cohorts(grain: str, known_since: pd.Timestamp | None = None) -> list[pd.Timestamp]:
    """First days of the cohorts that hold customers from before the data: of the whole shop, whatever is filtered."""
    whole = sources.query("cohort_retention", {"grain": "month" if grain == "rolling" else grain})
    return cohorts.left_truncated(whole, known_since)


def truly_new() -> dict[str, Any]:
    """The parameter that leaves out the months whose customers had mostly bought before the data begin, if any.

    For questions about new customers. Empty where the scope begins later anyway, or is about those months alone.
    """
    older, chosen = older_cohorts("month"), scope.chosen()
    if not older:
        return {}
    since = (max(older) + pd.offsets.MonthBegin()).date()
    asked_since, until = chosen.get("since"), chosen.get("until")
    if (asked_since and asked_since >= since) or (until and until <= since):
        return {}
    return {"since": since}


def tell_left_out() -> None:
    """Which months `truly_new` leaves out, and why."""
    if not truly_new():
        return
    older = [month(day) for day in older_cohorts("month")]
    caption(
        say(
            "{months}: left out of second orders, as most customers had probably bought before the data begin.",
            months=", ".join(older),
        )
    )


def tells_amounts() -> bool:
    """Whether the files know what was paid. If not, every figure of money would be 0 and mean nothing."""
    return sources.shop().facts.has_amount


def tell_amounts_missing() -> None:
    if not tells_amounts():
        caption(say("This file tells no amounts, so nothing is said about money."))
