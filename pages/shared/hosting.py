"""The settings of a server: environment variables that begin with COMEBACK_, read once into one record.

Nothing needs to be set on one's own computer. `docs/hosting.md` holds the same table for people.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from streamlit import config

from pages.shared import named_files
from retention_core.limits import Limits, size_in_bytes

PREFIX = "COMEBACK_"
YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SHORTEST_KEY = 16
PERSON = re.compile(r"[^\s;<>@*\"]*@[^\s;<>@*\"]+")
HOST = re.compile(r"\*|(\*\.)?[a-z0-9]([a-z0-9_.-]*[a-z0-9.])?", re.IGNORECASE)
WHOLE = re.compile(r"[0-9]+(_[0-9]+)*|[0-9]{1,3}(,[0-9]{3})+")  # 1,0 may be a decimal of another country: no number
MOST_DIGITS = 12  # more is a slip of the hand, and too much for those who count with it
A_SIZE = "Give a size with its unit, such as 2GB or 500MB."
LEAST_MEMORY, MOST_SPILL = "64MB", "1000TB"  # the engine opens nothing with less, and cannot count more
SHORTEST_QUERY, LONGEST_QUERY = 0.1, 3_600.0  # seconds: with less no sample shop opens; more were milliseconds
# The engine's share of the memory: beside it stand pandas, Streamlit's caches and what the engine does not count.
ENGINE_SHARE = 0.5
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEGABYTE = 1024**2


class WrongSetting(ValueError):  # noqa: N818 - named as the other errors of the house are
    """A variable that cannot be meant so: which, what is wrong, what to do."""


def _setting(about: str, default: Any, *, hosted: Any = None, secret: bool = False) -> Any:
    """A field with its sentence, and with another default for a server that is open to others."""
    return field(default=default, repr=not secret, metadata={"about": about, "hosted": hosted})


@dataclass(frozen=True)
class Hosting:
    """What the variables say. The field `data` is the variable COMEBACK_DATA, and so on."""

    hosted: bool = _setting("Others can open this app: its limits and its care for personal data apply.", False)
    data: tuple[Path, ...] = _setting(
        "Order files, or one DuckDB database, that everybody with the link may look at.", ()
    )
    table: str | None = _setting("The table of that database which holds the orders.", None)
    login: bool = _setting("Nobody sees a page before signing in with the OpenID provider of secrets.toml.", False)
    people: tuple[str, ...] = _setting(
        "Who may sign in: e-mails or @domains, joined by commas; all whom the provider lets in if empty.",
        (),
        secret=True,
    )
    unverified: bool = _setting(
        "People of COMEBACK_PEOPLE may enter though the provider does not say that it has checked their e-mails.", False
    )
    uploads: bool = _setting("Visitors may open their own files.", True)
    hosts: tuple[str, ...] = _setting(
        "Names under which browsers may reach the app, joined by commas; all if empty.", ()
    )
    memory: str | None = _setting(
        "Memory of the engine, all visitors together; half of the container's if empty.", None
    )
    spill: str = _setting("Disk space of the engine for what does not fit in memory.", "20GB", hosted="5GB")
    rows: int | None = _setting("Most rows of one visitor's files.", None, hosted=5_000_000)
    file_megabytes: int = _setting("Largest upload, in megabytes.", 300, hosted=100)
    query_seconds: float | None = _setting("Longest time of one query.", None, hosted=30.0)
    pseudonym_key: bytes | None = _setting(
        "Key of the customers' pseudonyms, to have the same tomorrow; made anew with each start if empty.",
        None,
        secret=True,
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Hosting:
        """The settings of an environment. Raises WrongSetting."""
        ours = {name: text.strip() for name, text in environment.items() if name.upper().startswith(PREFIX)}
        told = {name: text for name, text in ours.items() if text}
        known = {f"{PREFIX}{setting.name.upper()}": setting for setting in fields(cls)}
        if unknown := sorted(set(told) - set(known)):
            raise WrongSetting(f"{unknown[0]} is no setting. There are: {', '.join(known)}.")
        for name, text in told.items():
            if not text.isprintable():  # bytes that are no UTF-8 too: they come as halves of a character
                raise WrongSetting(f"{name} holds a character that cannot be printed. Write it anew, in UTF-8.")
        is_hosted = _yes_or_no("COMEBACK_HOSTED", told.get("COMEBACK_HOSTED", "0"))
        values: dict[str, Any] = {
            setting.name: setting.metadata["hosted"]
            for setting in fields(cls)
            if is_hosted and setting.metadata["hosted"] is not None
        }
        values |= {known[name].name: READERS[known[name].name](name, text) for name, text in told.items()}
        hosting = cls(**values)
        hosting._check()
        return hosting

    def _check(self) -> None:
        """Settings that only make sense together. Raises WrongSetting."""
        if self.data_is_database and len(self.data) > 1:
            raise WrongSetting("COMEBACK_DATA names a database and more. Name one database, or order files only.")
        if self.data_is_database and self.table is None:
            raise WrongSetting("COMEBACK_DATA is a database, so COMEBACK_TABLE must name its table of orders.")
        if self.people and not self.login:
            raise WrongSetting("COMEBACK_PEOPLE is for signing in. Set COMEBACK_LOGIN to 1, or take it away.")
        if self.unverified and not self.people:
            raise WrongSetting("COMEBACK_UNVERIFIED is about COMEBACK_PEOPLE. Name who may sign in, or take it away.")
        if len(set(map(Path.resolve, self.data))) < len(self.data):
            raise WrongSetting("COMEBACK_DATA names a file twice. Name each file once.")
        if self.table is not None and not self.data_is_database:
            raise WrongSetting(
                "COMEBACK_TABLE is for a database. Take it away, or set COMEBACK_DATA to a .duckdb file."
            )

    @property
    def data_is_database(self) -> bool:
        """Whether what is published is a DuckDB database."""
        return any(path.suffix.lower() in named_files.DATABASES for path in self.data)

    def limits(self, folder: Path | None = None, files: tuple[Path, ...] = ()) -> Limits:
        """What an engine may use. `folder`, `files`: all that it may read.

        What is published and what visitors bring have an engine each, and half of the memory.
        """
        memory = self.memory
        if memory is None and self.hosted:
            memory = f"{max(int(memory_of_machine() * ENGINE_SHARE) // MEGABYTE, 64)}MiB"
        if memory is not None and self.data and self.uploads:
            memory = f"{max(size_in_bytes(memory) // 2, size_in_bytes(LEAST_MEMORY)) // 1000}KB"
        return Limits(
            rows=self.rows,
            file_megabytes=self.file_megabytes,
            query_seconds=self.query_seconds,
            memory=memory,
            spill=self.spill,
            folder=folder,
            files=files,
        )


@cache
def current() -> Hosting:
    """The settings of this process. Raises WrongSetting, also for a secrets.toml that cannot be read.

    Streamlit reads that file for every visitor, whether or not anybody signs in, and fails with it.
    """
    for path in map(Path, config.get_option("secrets.files")):
        if path.suffix == ".toml" and (fault := named_files.fault_of_secrets(path, PREFIX)):
            raise WrongSetting(f"{path}, which is for signing in, {fault}")
    return Hosting.read(os.environ)


def memory_of_machine(limits: tuple[Path, ...] = CGROUP_LIMITS) -> int:
    """Bytes that this process may use: what its container is allowed, or all of the computer's."""
    if sys.platform == "win32":  # it is asked in another way there: what is told is believed
        return 1024**4
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in limits:
        try:
            allowed = int(path.read_text())
        except (OSError, ValueError):  # no such kind of container, or "max"
            continue
        return min(whole, allowed)
    return whole


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() in YES | NO:
        return text.lower() in YES
    raise WrongSetting(f"{name} is “{text}”. Set it to 1 for yes or 0 for no.")


def _paths(name: str, text: str) -> tuple[Path, ...]:
    paths = tuple(Path(part) for part in _listed(name, text, os.pathsep))
    for path in paths:
        if fault := named_files.fault_of_data(path):
            join = "" if "," not in text else f" Several are joined by “{os.pathsep}”."
            raise WrongSetting(f"{name} names {path}, which {fault}{join}")
    return paths


def _listed(name: str, text: str, separator: str = ",") -> list[str]:
    """The entries of a list. One without any is refused: an empty list may mean everybody."""
    if entries := [part.strip() for part in text.split(separator) if part.strip()]:
        return entries
    raise WrongSetting(f"{name} is “{text}”, a list without an entry. Give one, or take it away.")


def _names(name: str, text: str) -> tuple[str, ...]:
    names = tuple(_listed(name, text))
    for host in names:
        if not HOST.fullmatch(host):
            raise WrongSetting(
                f"{name} holds “{host}”. Give names alone, such as retention.example.com, joined by commas; one with "
                "other letters than a to z as browsers send it (xn--…)."
            )
    return names


def _people(name: str, text: str) -> tuple[str, ...]:
    people = tuple(entry.lower() for entry in _listed(name, text))
    if any("@" not in entry or entry == "@" for entry in people):
        raise WrongSetting(f"{name} holds an entry without @. Give e-mails, or @example.com for all of a domain.")
    if any(not PERSON.fullmatch(entry) for entry in people):
        raise WrongSetting(f"{name} holds an entry that is no e-mail and no @domain. Join entries by commas alone.")
    return people


def _size(name: str, text: str) -> str:
    try:
        Limits(memory=text)
    except ValueError:
        raise WrongSetting(f"{name} is “{text}”. {A_SIZE}") from None
    return text


def _memory(name: str, text: str) -> str:
    size, has = size_in_bytes(_size(name, text)), memory_of_machine()
    if size < size_in_bytes(LEAST_MEMORY):
        raise WrongSetting(f"{name} is “{text}”. The engine needs {LEAST_MEMORY} at least. {A_SIZE}")
    if size > has:
        raise WrongSetting(f"{name} is “{text}”; this machine has {has // MEGABYTE} MiB. Give half of that, or less.")
    return text


def _spill(name: str, text: str) -> str:
    if size_in_bytes(_size(name, text)) > size_in_bytes(MOST_SPILL):
        raise WrongSetting(f"{name} is “{text}”, more than {MOST_SPILL}. {A_SIZE}")
    return text


def _whole(name: str, text: str) -> int:
    digits = text.replace("_", "").replace(",", "")
    if not WHOLE.fullmatch(text) or len(digits) > MOST_DIGITS or int(digits) == 0:
        raise WrongSetting(f"{name} is “{text}”. Give a whole number above 0, such as 100.")
    return int(digits)


def _megabytes(name: str, text: str) -> int:
    megabytes, has = _whole(name, text), memory_of_machine() // MEGABYTE
    if megabytes > has:  # an upload lies in memory
        raise WrongSetting(f"{name} is “{text}” megabytes; this machine has {has} of memory. Give fewer, such as 100.")
    return megabytes


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not SHORTEST_QUERY <= seconds <= LONGEST_QUERY:
        raise WrongSetting(
            f"{name} is “{text}”. Give seconds from {SHORTEST_QUERY:g} to {LONGEST_QUERY:g}, such as 30."
        )
    return seconds


def _key(name: str, text: str) -> bytes:
    # The text itself is a secret and stays out of the sentence.
    if len(text) < SHORTEST_KEY:
        raise WrongSetting(f"{name} is shorter than {SHORTEST_KEY} characters. Make one with: openssl rand -hex 32")
    if "$(" in text or "openssl" in text:  # everybody can read it in the instructions
        raise WrongSetting(f"{name} holds a command. Give what the command prints: openssl rand -hex 32")
    return text.encode()


READERS = {
    "hosted": _yes_or_no,
    "data": _paths,
    "table": lambda _name, text: text,
    "login": _yes_or_no,
    "people": _people,
    "unverified": _yes_or_no,
    "uploads": _yes_or_no,
    "hosts": _names,
    "memory": _memory,
    "spill": _spill,
    "rows": _whole,
    "file_megabytes": _megabytes,
    "query_seconds": _seconds,
    "pseudonym_key": _key,
}
