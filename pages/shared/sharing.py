"""Share, in the sidebar of every page: the link to what is on screen, and the same view as a file to keep or to send.

A link carries settings and never data. A file is made when its button is pressed, of what the page said last.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import streamlit as st

from pages.shared import contract_tables, downloads, ledger, sources
from pages.shared.recording import Noted, noted
from retention_core import export, report
from retention_core.say import day, say

WHO_CAN_READ = {
    "upload": "Whoever opens it sees the same view once they upload the same file: the link carries no data.",
    "file": "Whoever can open this app sees the same view: the link carries settings and no data.",
}
# Streamlit shows the button that copies while the mouse is over the link: a finger never finds it.
COPY_IN_SIGHT = """<style>
[role=dialog] [data-testid=stCode] > div { opacity: 1; visibility: visible; }
[role=dialog] [data-testid=stCode] pre { padding-right: 3rem; }
</style>"""
OF_A_SAMPLE = "Whoever opens it sees this view of the sample shop: the link carries settings and no data."

# The name of a file for people, its ending, its media type, and what makes it.
KINDS = (
    ("Report (HTML)", "html", "text/html", report.to_html),
    ("Workbook (Excel)", "xlsx", export.MEDIA_TYPES["xlsx"], report.to_workbook),
)


@st.fragment
def offer() -> None:
    """The button. To press it runs this part alone, so that link and files are of what is on screen at that moment."""
    notes = noted()  # a full run begins anew here, whether or not the page says something to note
    if st.button(say("Share"), icon=":material/share:", key="sharing", width="stretch"):
        _opened(notes)


@st.dialog(say("Share"), icon=":material/share:")  # a popover gets what is left below its button: on a phone, a strip
def _opened(notes: Noted) -> None:
    """The link, and the files that can be made of the page."""
    st.markdown(f"**{say('Link to this view')}**")
    st.html(COPY_IN_SIGHT)
    st.code(address(), language=None, wrap_lines=True)
    st.caption(say(WHO_CAN_READ.get(sources.current(), OF_A_SAMPLE)))
    if not notes.blocks():  # nothing is open, or a page to look things up in
        return
    st.markdown(f"**{say('This view as a file')}**")
    about = _about()
    # While a file is made Streamlit switches its button off, and the browser takes the focus from what is switched off:
    # Escape closes the dialog again after Tab or a click in it; the cross does so always.
    for label, ending, kind, render in KINDS:
        make = partial(_made, render, notes, about)
        downloads.button(say(label), f"{_name(notes)}.{ending}", f"share_{ending}", kind, make, width="stretch")
    st.caption(say("A report opens in any browser, without this app, and prints to PDF."))


def address() -> str:
    """The address of what is on screen, as the address bar has it."""
    settings = [(key, value) for key in st.query_params for value in st.query_params.get_all(key)]
    page = (st.context.url or "").partition("?")[0]
    return f"{page}?{urlencode(settings)}" if settings else page


def _name(notes: Noted) -> str:
    """The name of a file: the page it is of, and the day."""
    title = next((block.title for block in notes.blocks() if isinstance(block, report.Answer)), "comeback")
    return f"{title.lower()}-{_now():%Y-%m-%d}"


def _now() -> datetime:
    """The moment where the visitor is."""
    return now_in(st.context.timezone)


def now_in(zone: str | None) -> datetime:
    """The moment in a time zone; by the server's clock where a browser names none, or one that is none."""
    try:
        return datetime.now(ZoneInfo(zone) if zone else None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.now()


def _about() -> Callable[[], report.About]:
    """What a report says of itself. The session is asked now; what takes time waits until the file is made."""
    data, made_at, link, left_out = _data(), _now(), address(), _left_out()
    return lambda: report.About(data, made_at, link, _version(), left_out())


def _data() -> str:
    """The name of the data set, and the days of its orders: a report is read long after."""
    name = sources.names()[sources.current()]
    if sources.contracts() is not None:
        return name
    shop = sources.shop()
    return say("{name}, orders from {first} to {last}", name=name, first=day(shop.first_on), last=day(shop.observed_on))


@cache
def _version() -> str:
    """The version that pyproject.toml names: the app runs from its folder and is installed nowhere."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _left_out() -> Callable[[], pd.DataFrame]:
    contracts = sources.contracts()
    if contracts is not None:
        return lambda: contract_tables.lines(contracts)
    shop = sources.shop()
    return lambda: ledger.for_report(shop.ledger())


def _made(
    render: Callable[[tuple[report.Block, ...], report.About], bytes], notes: Noted, about: Callable[[], report.About]
) -> bytes:
    return render(notes.blocks(), about())
