"""What the machine runs out of, and files that are damaged where only the engine looks: said so that people can act."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from retention_core.engines import duckdb as engine
from retention_core.limits import OPENING, Limits
from retention_core.orders import read_kinds
from retention_core.orders.errors import OrdersError

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

_SMALLER = "open a shorter time or fewer columns, or run the app on a computer with more room"
_NO_FOLDER = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)


@contextmanager
def opened_for(
    paths: Sequence[Path], names: Sequence[str] | None, limits: Limits, *, stays: bool = False
) -> Iterator[Connection]:
    """A cursor to read these files on; closed at the end with all its tables, unless it `stays` and nothing was raised.

    Raises OrdersError for what is no fault of the program.
    """
    shown = list(names or [path.name for path in paths])
    with _in_plain_words(shown[0] if shown else "no file", limits), ExitStack() as stack:
        connection = engine.connect(limits)
        stack.callback(engine.close, connection)
        if limits.query_seconds is not None:
            engine.limit_seconds(connection, limits.query_seconds * OPENING)
        try:
            yield connection
        except engine.Error as problem:
            is_no_fault = isinstance(problem, engine.Stopped) or engine.has_no_room(problem)
            if is_no_fault or (place := _damaged(connection, paths)) is None:
                raise
            cause = "the Parquet file is damaged or cut off"
            raise OrdersError(shown[place], cause, "export or download it again") from problem
        if stays:
            stack.pop_all()


@contextmanager
def _in_plain_words(name: str, limits: Limits) -> Iterator[None]:
    try:
        yield
    except engine.Stopped as problem:
        seconds = (limits.query_seconds or 0) * OPENING
        raise OrdersError(name, f"one step of opening took longer than {seconds:g} s", _SMALLER) from problem
    except engine.OutOfMemory as problem:
        is_spill = "max_temp_directory_size" in str(problem)
        size = f"{limits.spill} of disk space" if is_spill else f"{limits.memory or 'all'} of memory"
        cause = f"there is no room for these orders: {size} that all open data sets share here are in use"
        raise OrdersError(name, cause, f"wait until others have left, or {_SMALLER}") from problem
    except engine.Error as problem:
        if engine.is_disk_full(problem):
            raise _disk_is_full(name) from problem
        raise
    except OSError as problem:
        if told := of_the_disk(problem, name):
            raise told from problem
        raise


def of_the_disk(problem: OSError, name: str) -> OrdersError | None:
    """Why nothing can be written, where that is what went wrong; `name`: the file that is opened."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_is_full(name)
    if problem.errno in _NO_FOLDER:
        cause = "nothing can be written to the folder for temporary files"
        return OrdersError(name, cause, "let the variable TMPDIR name a folder that the app may write to")
    return None


def _disk_is_full(name: str) -> OrdersError:
    cause = "the disk of the computer that the app runs on is full"
    return OrdersError(name, cause, "free some space there, or open a smaller file")


def _damaged(connection: Connection, paths: Sequence[Path]) -> int | None:
    """The place of the first Parquet file that cannot be read to its end. A file is only looked at after an error."""
    for place, path in enumerate(paths):
        try:
            if read_kinds.start_of(path, 4) == read_kinds.PARQUET:
                everything = "SELECT max(hash(COLUMNS(*))) FROM read_parquet($path)"
                connection.execute(everything, {"path": str(path.resolve())}).fetchall()
        except (engine.Error, OSError):
            return place
    return None
