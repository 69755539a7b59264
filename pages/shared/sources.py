"""Which data set a session looks at: a sample shop, the file named on the command line, or the session's own upload.

The only place that opens shops and caches. Keys are hashes of the bytes and the answers, never a frame or a file name.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

import retention_core as rc
from retention_core.metrics import Reading
from retention_core.orders.load import Answers

SAMPLES = {"replenish": "Sample shop: coffee and care", "gift": "Sample shop: gifts"}
CACHED_ANSWERS = 300


@dataclass(frozen=True)
class Upload:
    """What a session has handed in: the files with their names, and what it decided about them."""

    files: tuple[tuple[str, bytes], ...]
    answers: Answers = Answers()

    @property
    def key(self) -> str:
        digest = hashlib.sha256(repr(astuple(self.answers)).encode())
        for _, content in self.files:
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()


def names() -> dict[str, str]:
    """The data sets that can be chosen now, with their names for people."""
    own = {"file": "Your order file"} if _command_line_files() else {}
    return own | SAMPLES | {"upload": "Your uploaded orders"}


def current() -> str:
    return str(st.session_state.get("shop", next(iter(names()))))


def shop() -> rc.Shop:
    """The opened data set of this session. Stops the page with a sentence where there is none yet."""
    source = current()
    if source == "upload":
        if "upload" not in st.session_state:
            st.info("This view shows uploaded orders. A link never carries data: upload the same file to see it again.")
            st.page_link("pages/data/source.py", label="Upload orders", icon=":material/upload_file:")
            st.stop()
        return _open_upload(st.session_state["upload"].key)
    if source == "file":
        return _open_files(_command_line_files())
    return _open_sample(source)


def query(name: str, parameters: dict[str, Any]) -> pd.DataFrame:
    """A small aggregate, from the cache where this session or, for a sample shop, any session has asked before."""
    settings = tuple(sorted((key, tuple(v) if isinstance(v, list) else v) for key, v in parameters.items()))
    if current() == "upload":
        return _query_own(shop_key(), name, settings)
    return _query_shared(shop_key(), name, settings)


def shop_key() -> str:
    return st.session_state["upload"].key if current() == "upload" else current()


def keep_upload(upload: Upload) -> None:
    """Make these files the session's own data set; what was uploaded before is forgotten."""
    forget_upload()
    st.session_state["upload"] = upload


def forget_upload() -> None:
    st.session_state.pop("upload", None)
    _open_upload.clear()
    _query_own.clear()


def _command_line_files() -> tuple[str, ...]:
    """`streamlit run app.py -- orders.csv`: files that every visitor of this server sees."""
    return tuple(argument for argument in sys.argv[1:] if not argument.startswith("-") and Path(argument).is_file())


@st.cache_resource(show_spinner="Opening the sample shop …")
def _open_sample(name: str) -> rc.Shop:
    return rc.open_orders(rc.sample(name))


@st.cache_resource(show_spinner="Opening the order file …")
def _open_files(paths: tuple[str, ...]) -> rc.Shop:
    return rc.open_orders(paths)


@st.cache_resource(scope="session", max_entries=1, show_spinner="Opening your orders …", on_release=rc.Shop.close)
def _open_upload(key: str) -> rc.Shop:
    upload: Upload = st.session_state["upload"]
    with tempfile.TemporaryDirectory(prefix="comeback-") as folder:
        paths = []
        for number, (_, content) in enumerate(upload.files):
            paths.append(Path(folder) / f"upload-{number}")
            paths[-1].write_bytes(content)
        # A Parquet file is read where it lies: everything is copied into the engine before the folder goes.
        return rc.open_orders(paths, names=[name for name, _ in upload.files], **vars(upload.answers))


@st.cache_data(max_entries=CACHED_ANSWERS, show_spinner=False)
def _query_shared(key: str, name: str, settings: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return shop().query(name, **dict(settings))


@st.cache_data(scope="session", max_entries=CACHED_ANSWERS, show_spinner=False)
def _query_own(key: str, name: str, settings: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return shop().query(name, **dict(settings))


def metric(key: str, parameters: dict[str, Any]) -> Reading:
    """A reading, cached as the queries it rests on."""
    settings = tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in parameters.items()))
    if current() == "upload":
        return _metric_own(shop_key(), key, settings)
    return _metric_shared(shop_key(), key, settings)


@st.cache_data(max_entries=CACHED_ANSWERS, show_spinner=False)
def _metric_shared(shop_key: str, key: str, settings: tuple[tuple[str, Any], ...]) -> Reading:
    return shop().metric(key, **dict(settings))


@st.cache_data(scope="session", max_entries=CACHED_ANSWERS, show_spinner=False)
def _metric_own(shop_key: str, key: str, settings: tuple[tuple[str, Any], ...]) -> Reading:
    return shop().metric(key, **dict(settings))
