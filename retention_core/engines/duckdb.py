"""DuckDB: one instance for all data sets with the same limits, one cursor with TEMP tables for each of them.

A connection used from two threads returns another query's rows, silently; so nobody gets the instance itself, and
whoever holds a cursor guards it with a lock (`Shop` does).
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeAlias
from weakref import WeakSet

import duckdb

from retention_core import scratch
from retention_core.limits import NO_LIMITS, Limits

Connection: TypeAlias = duckdb.DuckDBPyConnection
Error = duckdb.Error
Stopped = duckdb.InterruptException
"""Raised in a query that `limit_seconds` or `interrupt` has stopped."""
OutOfMemory = duckdb.OutOfMemoryException
"""Memory and spill are used up."""

_ONE = threading.Lock()
_SPILLS = count()


@dataclass(frozen=True)
class _Running:
    """An instance, where it puts what does not fit into memory, and who has it open."""

    instance: Connection
    spill: Path
    cursors: WeakSet[Connection] = field(default_factory=WeakSet)


_Key: TypeAlias = tuple[str | None, str, Path | None, tuple[Path, ...]]
_running: dict[_Key, _Running] = {}


def connect(limits: Limits = NO_LIMITS) -> Connection:
    """A new cursor, for `close`: its TEMP tables are seen by nobody else and go when it is closed.

    With `limits.folder` in a sandbox. No limit of DuckDB holds for one cursor alone: `operator_memory_limit` can be
    set per connection, but a sort, a grouping and a join take as much memory with it as without (2.0).
    Raises OSError where no folder for the spill can be made.
    """
    folder = None if limits.folder is None else limits.folder.resolve()
    key = (limits.memory, limits.spill, folder, tuple(file.resolve() for file in limits.files))
    with _ONE:
        if key not in _running:
            _running[key] = _start(*key)
        cursor = _running[key].instance.cursor()
        _running[key].cursors.add(cursor)
        return cursor


def close(connection: Connection) -> None:
    """Give the cursor's tables back. The last cursor of an instance takes it along: of every block that was ever read
    an instance keeps a note, which lies between what is freed and holds tens of megabytes (2.0)."""
    connection.close()
    idle = []
    with _ONE:
        for key, one in list(_running.items()):
            one.cursors.discard(connection)
            if not one.cursors:
                idle.append(_running.pop(key))
    for one in idle:
        one.instance.close()
        shutil.rmtree(one.spill, ignore_errors=True)


def limit_seconds(connection: Connection, seconds: float | None) -> None:
    """From now on each statement of this cursor, and of no other, is stopped after so long. None: never."""
    connection.execute(f"set max_execution_time = {0 if seconds is None else max(1, round(seconds * 1000))}")


def has_no_room(problem: Error) -> bool:
    """Whether memory, spill or disk are used up."""
    return isinstance(problem, OutOfMemory) or is_disk_full(problem)


def is_disk_full(problem: Error) -> bool:
    """Whether the disk, and not a limit, has ended a statement."""
    return isinstance(problem, duckdb.IOException) and "No space left on device" in str(problem)


def _start(memory: str | None, spill: str, folder: Path | None, files: tuple[Path, ...]) -> _Running:
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            # Without this any SQL can read the caller's Python variables by name.
            "python_enable_replacements": False,
        }
    )
    # What does not fit into memory goes where only this user can read it.
    spilled = scratch.folder(f"spill-{next(_SPILLS)}")
    connection.execute(f"set temp_directory = {_text(spilled)}")
    # In config= this limit is accepted and ignored; set on the open connection it holds.
    connection.execute(f"set max_temp_directory_size = {_text(spill)}")
    if memory is not None:
        connection.execute(f"set memory_limit = {_text(memory)}")
    # Groups by period and a few small numbers fit an array: twice as fast as hashing them.
    connection.execute("set global perfect_ht_threshold = 20")
    # Without them the allocator keeps the memory of closed shops until the process ends.
    connection.execute("set global allocator_background_threads = true")
    if folder is not None:
        _shut(connection, folder, files)
    return _Running(connection, spilled)


def _shut(connection: Connection, folder: Path, files: Iterable[Path]) -> None:
    """Make a sandbox of the instance, for good. In this order: nothing can be set after the last line."""
    connection.execute(f"set allowed_directories = [{_text(f'{folder}/')}]")
    connection.execute(f"set allowed_paths = [{', '.join(map(_text, files))}]")
    connection.execute("set allowed_configs = ['max_execution_time']")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _text(value: str | Path) -> str:
    """An SQL text: SET takes no parameters."""
    return "'" + str(value).replace("'", "''") + "'"
