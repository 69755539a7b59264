"""How much one data set may ask of the machine it is opened on, and which files may be read for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

UNPACKED = 15
"""A compressed file may unpack to so many times the size that a file may have: text of orders packs to a fifth."""
OPENING = 15
"""One step of opening may take as long as so many queries: it is done once, and over all rows."""
_SIZE = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """Nothing is limited by default but the disk space of what does not fit into memory: `spill`.

    `memory` and `spill` are sizes such as "2GB", of all data sets together that the process has open with the same
    limits. A `folder` makes the engine a sandbox: it can then read this folder and `files`, write only to the folder,
    and load, reach and change nothing else. Raises ValueError for a limit that is none.
    """

    rows: int | None = None  # of all files of a data set together
    file_megabytes: float | None = None  # of one file as it is handed in
    query_seconds: float | None = None
    memory: str | None = None
    spill: str = "20GB"
    folder: Path | None = None
    files: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for name in ("rows", "file_megabytes", "query_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} is {value!r}; it is a number above 0, or None for no limit")
        for name in ("memory", "spill"):
            size = getattr(self, name)
            if size is not None and not _SIZE.fullmatch(size):
                raise ValueError(f"{name} is {size!r}; it is a size such as 500MB or 2GB")


NO_LIMITS = Limits()


def size_in_bytes(size: str) -> int:
    """A size such as "2GB" or "500 MiB" as a number of bytes."""
    number, unit = re.fullmatch(r"([\d.]+) ?(\w+)", size.upper()).groups()  # type: ignore[union-attr] # checked
    base = 1024 if "I" in unit else 1000
    return int(float(number) * base ** ("KMGT".index(unit[0]) + 1))


class NoRoom(Exception):  # noqa: N818 - no error of the caller
    """A query found neither memory nor disk space; the data set is as it was before."""


class QueryTooLong(Exception):  # noqa: N818 - no error of the caller: the question was too much for these limits
    """A query was stopped because it had used up `Limits.query_seconds`; the data set is as it was before."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"this took longer than {seconds:g} s and was stopped")
