"""The one data set that a server shows to everybody who has its link: files, or a table of a database, read-only."""

from __future__ import annotations

import logging
import threading
from functools import cache
from pathlib import Path

from pages.shared import hosting, logs
from retention_core import scratch
from retention_core.engines import databases
from retention_core.orders.load import OrdersError
from retention_core.say import number, say

NAME = "Published orders"
_copying = threading.Lock()  # who comes second waits for the copy: `cache` alone would make another


def is_any() -> bool:
    """Whether this server publishes a data set."""
    return bool(hosting.current().data)


def files() -> tuple[tuple[str, Path], ...]:
    """Name for visitors and path of each file to open. What the files are called is their owner's business.

    The table of a database becomes a file, once for the process. Raises hosting.WrongSetting.
    """
    settings = hosting.current()
    if settings.data_is_database and settings.table is not None:
        with _copying:
            return ((say(NAME), _table(settings.data[0], settings.table)),)
    if len(settings.data) == 1:
        return ((say(NAME), settings.data[0]),)
    return tuple((say("Published orders {n}", n=number(n)), path) for n, path in enumerate(settings.data, 1))


def refused(problem: OrdersError) -> OrdersError:
    """What visitors read in place of a refusal, which may quote lines of the files; the log tells its kind and line."""
    _note_refusal(type(problem).__name__, problem.line)
    return OrdersError(
        say(NAME),
        "these orders cannot be shown at the moment",
        "look at a sample shop, or ask the one who runs this app",
    )


@cache
def _note_refusal(kind: str, line: int | None) -> None:
    """Written down once: pages ask again with each click."""
    logs.note("published data refused", logging.ERROR, error=kind, file_line=line)


@cache
def _table(database: Path, table: str) -> Path:
    try:
        copied = scratch.folder("published") / "orders.parquet"
    except OSError as problem:
        raise hosting.WrongSetting(
            "COMEBACK_DATA is a database, and there is no folder to copy its table to. Set TMPDIR to one that can be "
            "written to."
        ) from problem
    try:
        databases.copy_table(database, table, copied)
    except databases.NoSuchTable as problem:
        raise hosting.WrongSetting(f"COMEBACK_DATA and COMEBACK_TABLE do not fit: {problem}") from problem
    return copied
