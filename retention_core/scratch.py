"""The one folder of this process for what must lie on disk for a while: files while they are read, and the spill.

Only this user may look into it. It goes with the process; where a process was killed, the next one removes its folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

PREFIX = "comeback-"
LOCK = "in-use"
_ONE = threading.Lock()


def folder(name: str) -> Path:
    """The part `name` of the process's folder, made when it is first asked for. Raises OSError where none can be."""
    with _ONE:
        part = _own(os.getpid()) / name
        part.mkdir(mode=0o700, exist_ok=True)
    return part


@cache
def _own(process: int) -> Path:
    """A new folder (mode 0700) that nobody sweeps while its lock is held; a forked process gets one of its own."""
    sweep()
    made = Path(tempfile.mkdtemp(prefix=PREFIX))
    while not _lock(made / LOCK, os.O_RDWR | os.O_CREAT):  # swept between its making and its lock
        made = Path(tempfile.mkdtemp(prefix=PREFIX))
    atexit.register(_remove, made, process)
    return made


def leave() -> None:
    """Remove the process's folder now, for one that ends in a way that tells Python nothing, such as by a signal."""
    with _ONE:
        if _own.cache_info().currsize:
            _remove(_own(os.getpid()), os.getpid())
            _own.cache_clear()


def sweep() -> None:
    """Remove the folders of processes that are gone: this user's, with a lock that nobody holds (not on Windows)."""
    if sys.platform == "win32":
        return
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            is_own = left.lstat().st_uid == os.getuid() and left.is_dir() and not left.is_symlink()
            if is_own and _lock(left / LOCK, os.O_RDWR):
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # it is being removed by its owner, or was never whole
            continue


def _lock(path: Path, flags: int) -> bool:
    """Whether the lock is now held by this process, until it ends. A process id would not do: ids are used again,
    and containers that share a folder do not see each other's."""
    if sys.platform == "win32":
        return True
    import fcntl

    held = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(held).st_nlink:
            return True
    except BlockingIOError:
        pass
    os.close(held)
    return False


def _remove(made: Path, process: int) -> None:
    if os.getpid() == process:  # a forked process must not take its parent's folder along
        shutil.rmtree(made, ignore_errors=True)
