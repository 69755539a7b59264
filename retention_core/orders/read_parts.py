"""The records that a reading leaves: its tables (parts), the account of its lines, and the caps it keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from retention_core.limits import UNPACKED, Limits, size_in_bytes
from retention_core.orders.errors import TooManyRows

Progress = Callable[[int, int | None], None]
"""Called with (rows read, rows in all or None while unknown); may raise Cancelled."""

EXCEL_AT_ONCE = 2
"""So many workbooks are opened at the same time; further ones wait."""
EXAMPLES = 5
EXAMPLE_LENGTH = 200
STRUCTURE = frozenset({"header", "blank", "continuation"})
"""Rules whose lines carry no row of their own: nothing is lost with them."""


@dataclass(frozen=True)
class Caps:
    """What a file may be at most, whoever opens it; `caps_of` makes them tighter."""

    file_bytes: int | None = None  # as it is handed in
    decoded_bytes: int = 4 * 1024**3
    gzip_ratio: int = 200
    gzip_free_bytes: int = 64 * 1024**2  # below this size no ratio is suspicious
    columns: int = 1_000
    rows: int = 200_000_000
    line_length: int = 2 * 1024**2  # characters in one row
    quoted_lines: int = 1_000  # lines inside one quoted value
    preamble_lines: int = 50
    piece_bytes: int = 64 * 1024**2  # text is handed to the engine in pieces, so that reading can be cancelled
    excel_bytes: int = 300 * 1024**2  # of the unpacked workbook, and of its sheets as text: one may stand in many cells
    excel_ratio: int = 100
    excel_memory: int = 3 * 1024**3
    excel_seconds: int = 300


CAPS = Caps()


def caps_of(limits: Limits) -> Caps:
    """The caps of a file that keep to the limits of its data set."""
    found = CAPS
    if limits.rows is not None:
        found = replace(found, rows=min(found.rows, limits.rows))
    if limits.file_megabytes is not None:
        size = int(limits.file_megabytes * 1024**2)
        unpacked = UNPACKED * size
        found = replace(
            found,
            file_bytes=size,
            decoded_bytes=min(found.decoded_bytes, unpacked),
            excel_bytes=min(found.excel_bytes, unpacked),
        )
    if limits.memory is not None:
        # As many as `excel` opens at the same time have half of what the engine has.
        shared = size_in_bytes(limits.memory) // (2 * EXCEL_AT_ONCE)
        found = replace(found, excel_memory=min(found.excel_memory, shared))
    return found


def _say_nothing(rows: int, total: int | None) -> None:
    """The progress of a reading that nobody watches."""


@dataclass(frozen=True)
class Job:
    """What every step of a reading goes by: the file's name for people, its caps, whom to tell how far it is, and how
    many rows the files before it had."""

    name: str
    caps: Caps = CAPS
    progress: Progress = _say_nothing
    rows_before: int = 0

    def check_rows(self, rows: int) -> None:
        """Raises TooManyRows where the file, with so many rows, brings the data set above its cap."""
        if rows + self.rows_before > self.caps.rows:
            raise TooManyRows(
                self.name,
                f"{'with this file there are' if self.rows_before else 'the file holds'} more than"
                f" {self.caps.rows:,} rows, the most that are opened here",
                "split it by date and open the parts you need",
            )


@dataclass(frozen=True)
class Lines:
    """Lines that became no row: how many, by which rule, whether something is lost with them, up to five of them."""

    rule: str
    lines: int
    outcome: str  # "kept" | "left out"
    examples: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Part:
    """One table found in a file. `rows + sum(lines of other_lines) == physical_lines`, always."""

    name: str
    kind: str  # "text" | "excel" | "parquet"
    sha256: str
    encoding: str | None
    delimiter: str | None  # " " stands for runs of blanks
    header_line: int | None
    columns: tuple[str, ...]
    types: tuple[str, ...]
    relation: str
    rows: int
    physical_lines: int
    other_lines: tuple[Lines, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Account:
    """Collects, while a file is read, the lines that became no row."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, rule: str, line: int, lines: int, text: str) -> None:
        if not lines:
            return
        self.counts[rule] = self.counts.get(rule, 0) + lines
        shown = self.examples.setdefault(rule, [])
        if len(shown) < EXAMPLES:
            shown.append((line, text.rstrip("\n")[:EXAMPLE_LENGTH]))

    def lines(self) -> tuple[Lines, ...]:
        """One row per rule, in the order in which the rules first applied."""
        return tuple(
            Lines(rule, count, "kept" if rule in STRUCTURE else "left out", tuple(self.examples[rule]))
            for rule, count in self.counts.items()
        )


def column_names(header: list[str] | None, width: int) -> tuple[str, ...]:
    """The names a file gives its columns, each once: "date", "date (2)"; "column 3" where there is none."""
    given = [" ".join(cell.split()) for cell in header or []] + [""] * width
    names: list[str] = []
    taken: set[str] = set(given[:width])
    for position, name in enumerate(given[:width], start=1):
        base = name or f"column {position}"
        unique, copy = base, 1
        while unique in names or (copy > 1 and unique in taken):
            copy += 1
            unique = f"{base} ({copy})"
        names.append(unique)
    return tuple(names)
