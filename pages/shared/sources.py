"""Which data set a session looks at: a sample shop, the files named on the command line, or the session's own orders.

The only place that opens shops and caches their answers. Keys are hashes of contents and answers, never a frame and
never a name alone. Samples and the files of the command line are the same for all; the rest belongs to one session.
"""

from __future__ import annotations

import numbers
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

import retention_core as rc
from pages.shared import downloads, drawn, hosting, leaving, published
from pages.shared.handed_in import SAMPLES as SAMPLES
from pages.shared.handed_in import Opened as Opened
from pages.shared.handed_in import Progress as Progress
from pages.shared.handed_in import Upload as Upload
from pages.shared.handed_in import columns_of as columns_of
from pages.shared.handed_in import command_line_files as command_line_files
from pages.shared.handed_in import inspect_upload as inspect_upload
from pages.shared.handed_in import open_sample, settled
from pages.shared.handed_in import open_upload as open_upload
from retention_core.limits import NoRoom, QueryTooLong
from retention_core.metrics import Reading
from retention_core.orders.errors import HoldsContracts
from retention_core.orders.load import OrdersError
from retention_core.say import number, say
from retention_core.store import Closed

CACHED_ANSWERS = 300
SHARED_ANSWERS_SIZE, OWN_ANSWERS_SIZE = "200mb", "50mb"
SHARED_DERIVED, OWN_DERIVED = 48, 12  # forecasts and the like: the latest so many
# Settings that hold values of a file: filters, how contracts are told apart, a test of the shop's own, months and days
# of its cohorts, margins of its categories, the goal it suggests. A kept `plan` holds numbers and a name of its own.
FROM_FILES = re.compile(
    "since|until|channel|country|category|coupon|contracts_by|contract_file|test|tested|own_test|"
    "known_since|cohorts(_[a-z]+)?|margin_of_[0-9]{1,9}|first_[a-z_]+"
)
SUGGESTED = {"first_goal": "target", "first_margin": "margin_of_plan"}  # by the files: theirs until somebody moves it
ABOUT_FILES = re.compile("[0-9a-f]{12}_")  # answers on columns

Settings: TypeAlias = tuple[tuple[str, Any], ...]
T = TypeVar("T")
# A crowd waits its turn: fitted all at once, models need the memory of all of them and no one is ready sooner.
_building = threading.BoundedSemaphore(4)


def names() -> dict[str, str]:
    """The data sets that can be chosen now, with their names for people. Called before the choice is drawn."""
    if "next_shop" in st.session_state:  # a widget's value can only be set before it is drawn: see look_at
        st.session_state["shop"] = st.session_state.pop("next_shop")
    if "forgotten" in st.session_state and drawn.forget():  # likewise: not while the page stands that showed them
        del st.session_state["forgotten"]
    own = {"file": published.NAME if published.is_any() else "Your order file"} if command_line_files() else {}
    return own | SAMPLES | ({"upload": "Your uploaded orders"} if hosting.current().uploads else {})


def current() -> str:
    """The chosen data set: a key of `names`."""
    return str(st.session_state.get("shop", next(iter(names()))))


def look_at(source: str) -> None:
    """Choose a data set for the session and draw the page anew."""
    st.session_state["next_shop"] = source
    st.rerun()


def is_open() -> bool:
    """Whether there are orders to look at. False: `shop` would ask for them, or say why there are none."""
    if contracts() is not None:
        return False
    return "upload" in st.session_state if current() == "upload" else why_not() is None


def why_not() -> OrdersError | None:
    """Why the files of the command line cannot be looked at, where they are chosen."""
    opened = _open_command_line() if current() == "file" else None
    return opened if isinstance(opened, OrdersError) else None


def shop() -> rc.Shop:
    """The opened orders of this session. Where there are none they are asked for in place of the page."""
    opened = _open_chosen()
    if isinstance(opened, rc.Contracts):
        need_orders(say("Contracts"))
    return opened


def contracts() -> rc.Contracts | None:
    """The opened list of contracts, where the chosen data set is one; None for orders, and where nothing is open."""
    if current() in SAMPLES or (current() == "upload" and "upload" not in st.session_state) or why_not() is not None:
        return None
    opened = _open_chosen()
    return opened if isinstance(opened, rc.Contracts) else None


def need_orders(title: str) -> NoReturn:
    """In place of a page that counts orders, where the data set is a list of contracts."""
    from pages.shared import contract_parts

    contract_parts.say_orders_needed(title)
    st.stop()


def _open_chosen() -> Opened:
    source = current()
    if source == "upload" and "upload" not in st.session_state:
        _ask_for_upload()
    try:
        if source == "upload":
            return _open_upload(st.session_state["upload"].key)
        opened = _open_command_line() if source == "file" else _open_sample(source)
    except OrdersError as problem:  # the machine has less room than when the session first opened them
        opened = problem
    if isinstance(opened, OrdersError):
        _say_why_not(opened)
    return opened


def shop_key() -> str:
    """Tells the chosen data set from all others."""
    source = current()
    if source == "upload":
        return str(st.session_state["upload"].key)
    return Upload(command_line_files()).key if source == "file" else source


def query(name: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """A small aggregate, from the cache where this session or, for a shared shop, any session has asked before."""
    frame: pd.DataFrame = _answer("query", name, parameters)
    return frame


def metric(key: str, parameters: Mapping[str, Any]) -> Reading:
    """A reading, cached like a query."""
    reading: Reading = _answer("metric", key, parameters)
    return reading


def derived(name: str, build: Callable[..., T], **settings: Any) -> T:
    """What `build(shop, **scope, **settings)` makes of the chosen shop, once per data set, scope and settings.

    For objects that are dear to make, such as fitted models: sessions that look at one shop wait for one builder and
    share what it made, so nobody may change it, and it may not keep the shop. One `name` has one `build`.
    """
    from pages.shared import scope  # which asks this module for the data set

    asked = _settings({**scope.chosen(), **settings})
    cached = _own_derived if current() == "upload" else _shared_derived
    opened = shop()
    with _or_say_why_not():
        return cast("T", cached(shop_key(), name, asked, opened, build))


def of_contracts(name: str, build: Callable[..., T], **settings: Any) -> T:
    """The same of the chosen list of contracts: what `build(contracts, **settings)` makes, once for each of them."""
    cached = _own_derived if current() == "upload" else _shared_derived
    return cast("T", cached(shop_key(), name, _settings(settings), contracts(), build))


def keep_upload(upload: Upload, opened: Opened) -> None:
    """Make these orders the session's own data set; what was uploaded before is forgotten."""
    _forget_orders()
    st.session_state["upload"] = upload
    _open_upload(upload.key, _opened=opened)


def forget_upload() -> None:
    """Give back all memory of this session's own orders: files, tables, cached answers, and what pages keep of them.

    Settings that hold values of the files go too, also from the link; the others stay.
    """
    _forget_orders()
    state = st.session_state
    for first, setting in SUGGESTED.items():
        if first in state and setting in state and state[setting] == state[first]:
            del state[setting]
    for key in map(str, list(state)):
        if FROM_FILES.fullmatch(key) or ABOUT_FILES.match(key):
            del state[key]
    drawn.forget_link(FROM_FILES.fullmatch)
    for key in filter(FROM_FILES.fullmatch, list(st.query_params)):
        with suppress(StreamlitAPIException):  # of a widget that is drawn: it goes with the widget
            st.query_params.pop(key, None)


def _forget_orders() -> None:
    """The same, but all settings stay: the link's view is shown again with the orders that come next."""
    downloads.forget()
    for key, value in list(st.session_state.items()):
        if not _is_setting(value):
            del st.session_state[key]
    if context := get_script_run_ctx():
        context.uploaded_file_mgr.remove_session_files(context.session_id)
    _open_upload.clear()
    _own_answer.clear()
    _own_derived.clear()
    st.session_state["forgotten"] = True  # lists that were drawn go when the page is drawn again: see names
    leaving.give_back_soon()


def _open_command_line() -> Opened | OrdersError:
    upload = Upload(command_line_files())
    opened = _open_files(upload.key, upload)
    return published.refused(opened) if published.is_any() and isinstance(opened, OrdersError) else opened


@st.cache_resource(show_spinner="Opening the sample shop …")
def _open_sample(name: str) -> rc.Shop:
    return open_sample(name)


def _close_opened(opened: Opened | OrdersError) -> None:
    if isinstance(opened, rc.Shop):
        opened.close()


@st.cache_resource(max_entries=1, show_spinner="Opening the order file …", on_release=_close_opened)
def _open_files(key: str, _upload: Upload) -> Opened | OrdersError:
    """A refusal is kept like a shop: a file that cannot be opened is not read again with each click."""
    try:
        return open_upload(_upload)
    except HoldsContracts as found:
        try:
            return open_upload(replace(_upload, answers=replace(_upload.answers, layout=found.layout)))
        except OrdersError as problem:
            return problem
    except OrdersError as problem:
        return problem


@st.cache_resource(scope="session", max_entries=1, show_spinner="Opening your orders …", on_release=_close_opened)
def _open_upload(key: str, _opened: Opened | None = None) -> Opened:
    """The session's data set; opened again from its files when a dropped connection has emptied this cache."""
    return _opened or open_upload(st.session_state["upload"])


def _answer(kind: str, name: str, parameters: Mapping[str, Any]) -> Any:
    settings = _settings(parameters)
    cached = _own_answer if current() == "upload" else _shared_answer
    opened = shop()
    with _or_say_why_not():
        return cached(shop_key(), kind, name, settings, opened)


@contextmanager
def _or_say_why_not() -> Iterator[None]:
    """In place of the rest of the page, a sentence where a question asks too much of this computer."""
    try:
        yield
    except QueryTooLong as problem:
        took = say("This took longer than {seconds} s and was stopped.", seconds=number(problem.seconds, digits=1))
        _stop_with(took, say("Choose fewer customers in the sidebar, or open orders of a shorter time."))
    except NoRoom:
        _stop_with(
            say("There is not enough memory to count this now."),
            say("Try again when fewer people use this app, or open orders of a shorter time."),
        )
    except Closed:
        _stop_with(say("These orders are no longer open."), say("Load this page again to open them again."))


def _stop_with(cause: str, advice: str) -> NoReturn:
    st.error(f"{cause} {advice}", icon=":material/hourglass_disabled:")
    st.stop()


def _settings(parameters: Mapping[str, Any]) -> Settings:
    """Parameters as part of a key."""
    return tuple(sorted((key, settled(value)) for key, value in parameters.items()))


@st.cache_data(max_entries=CACHED_ANSWERS, max_size=SHARED_ANSWERS_SIZE, show_spinner=False)
def _shared_answer(key: str, kind: str, name: str, settings: Settings, _shop: rc.Shop) -> Any:
    return getattr(_shop, kind)(name, **dict(settings))


@st.cache_data(scope="session", max_entries=CACHED_ANSWERS, max_size=OWN_ANSWERS_SIZE, show_spinner=False)
def _own_answer(key: str, kind: str, name: str, settings: Settings, _shop: rc.Shop) -> Any:
    return getattr(_shop, kind)(name, **dict(settings))


@st.cache_resource(max_entries=SHARED_DERIVED, show_spinner="Fitting the models to these customers …")
def _shared_derived(key: str, name: str, settings: Settings, _opened: Any, _build: Callable[..., Any]) -> Any:
    with _building:
        return _build(_opened, **dict(settings))


@st.cache_resource(scope="session", max_entries=OWN_DERIVED, show_spinner="Fitting the models to these customers …")
def _own_derived(key: str, name: str, settings: Settings, _opened: Any, _build: Callable[..., Any]) -> Any:
    with _building:
        return _build(_opened, **dict(settings))


def _is_setting(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_setting, value))
    return value is None or isinstance(value, str | bool | numbers.Number | date)


def _ask_for_upload() -> NoReturn:
    """In place of the page: its link stays as it is, so the same view appears once the orders are there."""
    from pages.shared import upload  # which opens shops through this module

    st.title(say("Upload the orders"), anchor=False)
    st.header(say("This view shows uploaded orders. A link carries no data: upload the same file here."), anchor=False)
    upload.choose()
    st.stop()


def _say_why_not(problem: OrdersError) -> NoReturn:
    from pages.shared import upload

    upload.refusal(problem)
    st.page_link("pages/data/source.py", label="Open another file", icon=":material/upload_file:")
    st.stop()
