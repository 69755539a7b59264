"""Which data set a session looks at: a sample shop, the files named on the command line, or the session's own orders.

The only place that opens shops and caches their answers. Keys are hashes of contents and answers, never a frame and
never a name alone. Samples and the files of the command line are the same for all; the rest belongs to one session.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

import pandas as pd
import streamlit as st

import retention_core as rc
from pages.shared import hosting, privacy, published
from retention_core.contracts import matching
from retention_core.engines import duckdb as engine
from retention_core.metrics import Reading
from retention_core.orders.errors import HoldsContracts
from retention_core.orders.layouts import CONTRACTS
from retention_core.orders.load import NOTHING_ANSWERED, Answers, Inspected, OrdersError, inspect
from retention_core.orders.read import Part, read
from retention_core.say import say

SAMPLES = {"replenish": "Sample shop: coffee and care", "gift": "Sample shop: gifts"}
APP = Path(__file__).resolve().parents[2] / "app.py"
CACHED_ANSWERS = 300
SHARED_ANSWERS_SIZE, OWN_ANSWERS_SIZE = "200mb", "50mb"
SHARED_DERIVED, OWN_DERIVED = 48, 12  # forecasts and the like: the latest so many

Opened: TypeAlias = rc.Shop | rc.Contracts
Progress: TypeAlias = Callable[[int, int | None], None]
Settings: TypeAlias = tuple[tuple[str, Any], ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Upload:
    """What a session has handed in: its files by name, as bytes or as a file on this computer, and its answers.

    `keeps_keys`: lists of customers must come back with their own numbers or e-mails, so no pseudonyms are made.
    """

    files: tuple[tuple[str, bytes | Path], ...]
    answers: Answers = NOTHING_ANSWERED
    keeps_keys: bool = False

    @property
    def pseudonym_key(self) -> bytes | None:
        """The secret of the customers' pseudonyms; None: they stay as the files write them."""
        return privacy.pseudonym_key([content for _, content in self.files], self.keeps_keys)

    @property
    def holds_contracts(self) -> bool:
        """Whether the files are opened as a list of contracts: recognised, or said by their owner."""
        return self.answers.layout in {layout.key for layout in CONTRACTS}

    @cached_property
    def files_key(self) -> str:
        """Tells these files from all others by their contents."""
        digest = hashlib.sha256()
        for name, content in self.files:
            digest.update(hashlib.sha256(_identity(content)).digest() + name.encode() + b"\0")
        return digest.hexdigest()

    @cached_property
    def key(self) -> str:
        """Tells these files with these answers from all others."""
        answers = {name: _settled(value) for name, value in vars(self.answers).items()}
        return hashlib.sha256(f"{self.files_key}{sorted(answers.items())}{self.keeps_keys}".encode()).hexdigest()


def names() -> dict[str, str]:
    """The data sets that can be chosen now, with their names for people. Called before the choice is drawn."""
    if "next_shop" in st.session_state:  # a widget's value can only be set before it is drawn: see look_at
        st.session_state["shop"] = st.session_state.pop("next_shop")
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
    if source == "upload":
        if "upload" not in st.session_state:
            _ask_for_upload()
        return _open_upload(st.session_state["upload"].key)
    if source == "file":
        opened = _open_command_line()
        if isinstance(opened, OrdersError):
            _say_why_not(opened)
        return opened
    return _open_sample(source)


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
    return cast("T", cached(shop_key(), name, asked, opened, build))


def of_contracts(name: str, build: Callable[..., T], **settings: Any) -> T:
    """The same of the chosen list of contracts: what `build(contracts, **settings)` makes, once for each of them."""
    cached = _own_derived if current() == "upload" else _shared_derived
    return cast("T", cached(shop_key(), name, _settings(settings), contracts(), build))


def open_upload(upload: Upload, progress: Progress | None = None) -> Opened:
    """Open files of this session; nothing is kept yet. Raises OrdersError, and what `progress` raises."""
    if not hosting.current().uploads and any(isinstance(content, bytes) for _, content in upload.files):
        raise OrdersError(upload.files[0][0], "this app takes no files", "look at the orders that it shows")
    with ExitStack() as stack:
        paths = [_on_disk(content, stack) for _, content in upload.files]
        # Everything is copied into the engine before the folder goes.
        names_of_files = [name for name, _ in upload.files]
        open_files = rc.open_contracts if upload.holds_contracts else rc.open_orders
        key = upload.pseudonym_key
        return open_files(paths, names=names_of_files, progress=progress, pseudonym_key=key, **vars(upload.answers))


def inspect_upload(upload: Upload, progress: Progress | None = None) -> tuple[Inspected, ...]:
    """How the files would be read: one record per table. Raises OrdersError, and what `progress` raises."""
    told = upload.answers
    with ExitStack() as stack:
        connection = stack.enter_context(closing(engine.connect()))
        parts: list[Part] = []
        for place, (name, content) in enumerate(upload.files):
            parts += read(
                connection, _on_disk(content, stack), relation=f"raw_{place}", name=name, encoding=told.encoding,
                delimiter=told.delimiter, header=told.header, progress=progress,
            )  # fmt: skip
        return (matching.inspect if upload.holds_contracts else inspect)(connection, parts, told)


def columns_of(upload: Upload) -> tuple[str, ...]:
    """The names of the columns of the first table, whatever it is. Raises OrdersError where it cannot be read."""
    told, (name, content) = upload.answers, upload.files[0]
    with ExitStack() as stack:
        connection = stack.enter_context(closing(engine.connect()))
        parts = read(
            connection, _on_disk(content, stack), relation="raw_0", name=name, encoding=told.encoding,
            delimiter=told.delimiter, header=told.header,
        )  # fmt: skip
        return parts[0].columns


def keep_upload(upload: Upload, opened: Opened) -> None:
    """Make these orders the session's own data set; what was uploaded before is forgotten."""
    forget_upload()
    st.session_state["upload"] = upload
    _open_upload(upload.key, _opened=opened)


def forget_upload() -> None:
    """Give back all memory of this session's own orders: files, tables and cached answers."""
    st.session_state.pop("upload", None)
    _open_upload.clear()
    _own_answer.clear()
    _own_derived.clear()


def command_line_files() -> tuple[tuple[str, Path], ...]:
    """Name and path of the files that every visitor of this server sees: published, or on its command line,
    `streamlit run app.py -- orders.csv`.
    """
    if published.is_any():
        return published.files()
    if Path(sys.argv[0]).resolve() != APP:
        return ()
    paths = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    return tuple((path.name, path) for path in paths)


def _identity(content: bytes | Path) -> bytes:
    """What changes when the content changes. A file on disk, which can be far too big to hash: path, size and time."""
    if isinstance(content, bytes):
        return content
    try:
        about = content.stat()
    except OSError:
        return str(content).encode()
    return f"{content.resolve()} {about.st_size} {about.st_mtime_ns}".encode()


def _settled(value: Any) -> Any:
    """A setting that can be part of a key: lists and mappings as sorted tuples."""
    if isinstance(value, Mapping):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


def _on_disk(content: bytes | Path, stack: ExitStack) -> Path:
    if isinstance(content, Path):
        return content
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="comeback-"))) / "upload"
    path.write_bytes(content)
    return path


def _open_command_line() -> Opened | OrdersError:
    upload = Upload(command_line_files())
    opened = _open_files(upload.key, upload)
    return published.refused(opened) if published.is_any() and isinstance(opened, OrdersError) else opened


@st.cache_resource(show_spinner="Opening the sample shop …")
def _open_sample(name: str) -> rc.Shop:
    return rc.open_orders(rc.sample(name))


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
    return cached(shop_key(), kind, name, settings, opened)


def _settings(parameters: Mapping[str, Any]) -> Settings:
    """Parameters as part of a key."""
    return tuple(sorted((key, _settled(value)) for key, value in parameters.items()))


@st.cache_data(max_entries=CACHED_ANSWERS, max_size=SHARED_ANSWERS_SIZE, show_spinner=False)
def _shared_answer(key: str, kind: str, name: str, settings: Settings, _shop: rc.Shop) -> Any:
    return getattr(_shop, kind)(name, **dict(settings))


@st.cache_data(scope="session", max_entries=CACHED_ANSWERS, max_size=OWN_ANSWERS_SIZE, show_spinner=False)
def _own_answer(key: str, kind: str, name: str, settings: Settings, _shop: rc.Shop) -> Any:
    return getattr(_shop, kind)(name, **dict(settings))


@st.cache_resource(max_entries=SHARED_DERIVED, show_spinner="Fitting the models to these customers …")
def _shared_derived(key: str, name: str, settings: Settings, _opened: Any, _build: Callable[..., Any]) -> Any:
    return _build(_opened, **dict(settings))


@st.cache_resource(scope="session", max_entries=OWN_DERIVED, show_spinner="Fitting the models to these customers …")
def _own_derived(key: str, name: str, settings: Settings, _opened: Any, _build: Callable[..., Any]) -> Any:
    return _build(_opened, **dict(settings))


def _ask_for_upload() -> None:
    """In place of the page: its link stays as it is, so the same view appears once the orders are there."""
    from pages.shared import upload  # which opens shops through this module

    st.title(say("Upload the orders"), anchor=False)
    st.header(say("This view shows uploaded orders. A link carries no data: upload the same file here."), anchor=False)
    upload.choose()
    st.stop()


def _say_why_not(problem: OrdersError) -> None:
    from pages.shared import upload

    upload.refusal(problem)
    st.page_link("pages/data/source.py", label="Open another file", icon=":material/upload_file:")
    st.stop()
