"""What a session or the command line has handed in: files and answers, how they would be read, and how they open.

Files that came through a browser lie in a private folder while they are read, and nowhere afterwards.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import retention_core as rc
from pages.shared import hosting, privacy, published
from retention_core import scratch
from retention_core.contracts import matching
from retention_core.limits import Limits
from retention_core.orders import faults
from retention_core.orders.layouts import CONTRACTS
from retention_core.orders.load import NOTHING_ANSWERED, Answers, Inspected, OrdersError, inspect
from retention_core.orders.read import read_all

SAMPLES = {"replenish": "Sample shop: coffee and care", "gift": "Sample shop: gifts"}
APP = Path(__file__).resolve().parents[2] / "app.py"

Opened: TypeAlias = rc.Shop | rc.Contracts
Progress: TypeAlias = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Upload:
    """What a session has handed in: its files by name, as bytes or as a file on this computer, and its answers.

    `keeps_keys`: lists of customers must come back with their own numbers or e-mails, so no pseudonyms are made.
    """

    files: tuple[tuple[str, bytes | Path], ...]
    answers: Answers = NOTHING_ANSWERED
    keeps_keys: bool = False

    @property
    def uses_pseudonyms(self) -> bool:
        """Whether the customers are known by pseudonyms; else they stay as the files write them."""
        return privacy.uses_pseudonyms([content for _, content in self.files], self.keeps_keys)

    @property
    def names(self) -> list[str]:
        """What its owner calls each file."""
        return [name for name, _ in self.files]

    @property
    def is_on_disk(self) -> bool:
        """Whether the server's owner chose the files: published, or on the command line."""
        return all(isinstance(content, Path) for _, content in self.files)

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
        answers = {name: settled(value) for name, value in vars(self.answers).items()}
        return hashlib.sha256(f"{self.files_key}{sorted(answers.items())}{self.keeps_keys}".encode()).hexdigest()


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


def limits(*, own: bool = True) -> Limits:
    """What opening and asking may take, and all that the engine may read: two sandboxes.

    `own`: for files of visitors. Their engine reads nothing else; rows and size are limited; it ends when nobody has
    files open. The other one is for what the server's owner chose himself, and for the sample shops.
    Raises OrdersError where nothing can be written for the engine.
    """
    files: tuple[Path, ...] = ()
    if not own:
        files = tuple(path for name in SAMPLES for path in rc.sample(name))
        files += tuple(path for _, path in command_line_files())
    try:
        found = hosting.current().limits(scratch.folder("uploads"), files)
    except OSError as problem:
        raise faults.of_the_disk(problem, "The order files") or problem from problem
    return found if own else replace(found, rows=None, file_megabytes=None)


def open_sample(name: str) -> rc.Shop:
    """A sample shop. Raises OrdersError where the machine has no room for it."""
    return rc.open_orders(rc.sample(name), limits=limits(own=False))


def open_upload(upload: Upload, progress: Progress | None = None) -> Opened:
    """Open files of this session; nothing is kept yet. Raises OrdersError, and what `progress` raises."""
    open_files = rc.open_contracts if upload.holds_contracts else rc.open_orders
    key = privacy.pseudonym_key([content for _, content in upload.files]) if upload.uses_pseudonyms else None
    allowed = limits(own=not upload.is_on_disk)
    # Everything is copied into the engine before the folder goes.
    with _on_disk(upload) as paths:
        return open_files(
            paths, names=upload.names, progress=progress, pseudonym_key=key, limits=allowed, **vars(upload.answers)
        )


def inspect_upload(upload: Upload, progress: Progress | None = None) -> tuple[Inspected, ...]:
    """How the files would be read: one record per table. Raises OrdersError, and what `progress` raises."""
    told, allowed = upload.answers, limits(own=not upload.is_on_disk)
    with _on_disk(upload) as paths, faults.opened_for(paths, upload.names, allowed) as connection:
        parts = read_all(connection, paths, told, names=upload.names, progress=progress, limits=allowed)
        return (matching.inspect if upload.holds_contracts else inspect)(connection, parts, told)


def columns_of(upload: Upload) -> tuple[str, ...]:
    """The names of the columns of the first table, whatever it is. Raises OrdersError where it cannot be read."""
    first, allowed = replace(upload, files=upload.files[:1]), limits(own=not upload.is_on_disk)
    with _on_disk(first) as paths, faults.opened_for(paths, first.names, allowed) as connection:
        return read_all(connection, paths, first.answers, names=first.names, limits=allowed)[0].columns


def _identity(content: bytes | Path) -> bytes:
    """What changes when the content changes. A file on disk, which can be far too big to hash: path, size and time."""
    if isinstance(content, bytes):
        return content
    try:
        about = content.stat()
    except OSError:
        return str(content).encode()
    return f"{content.resolve()} {about.st_size} {about.st_mtime_ns}".encode()


def settled(value: Any) -> Any:
    """A setting that can be part of a key: lists and mappings as sorted tuples."""
    if isinstance(value, Mapping):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


@contextmanager
def _on_disk(upload: Upload) -> Iterator[Sequence[Path]]:
    """The paths of the files; those that came as bytes lie in a folder that only this process and its engine see.

    Raises OrdersError where they cannot be written, and where this server takes no files.
    """
    if not upload.is_on_disk and not hosting.current().uploads:
        raise OrdersError(upload.names[0], "this app takes no files", "look at the orders that it shows")
    with tempfile.TemporaryDirectory(prefix="opening-", dir=limits().folder) as folder:
        paths: list[Path] = []
        for place, (name, content) in enumerate(upload.files):
            path = content if isinstance(content, Path) else Path(folder) / f"upload-{place}"
            if isinstance(content, bytes):
                try:
                    path.write_bytes(content)
                except OSError as problem:
                    raise faults.of_the_disk(problem, name) or problem from problem
            paths.append(path)
        yield paths
