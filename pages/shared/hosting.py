"""The settings of a server: environment variables that begin with COMEBACK_, read once into one record.

Nothing needs to be set on one's own computer. `docs/hosting.md` holds the same table for people.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from retention_core.limits import Limits

PREFIX = "COMEBACK_"
YES, NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
SHORTEST_KEY = 16
PERSON = re.compile(r"[^\s;<>@]*@[^\s;<>@]+")
WHOLE = re.compile(r"[0-9]+(_[0-9]+)*|[0-9]{1,3}(,[0-9]{3})+")  # 1,0 may be a decimal of another country: no number
A_SIZE = "Give a size with its unit, such as 2GB or 500MB."
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
        told = {name: text.strip() for name, text in environment.items() if name.startswith(PREFIX) and text.strip()}
        known = {f"{PREFIX}{setting.name.upper()}": setting for setting in fields(cls)}
        if unknown := sorted(set(told) - set(known)):
            raise WrongSetting(f"{unknown[0]} is no setting. There are: {', '.join(known)}.")
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
        if self.table is not None and not self.data_is_database:
            raise WrongSetting(
                "COMEBACK_TABLE is for a database. Take it away, or set COMEBACK_DATA to a .duckdb file."
            )

    @property
    def data_is_database(self) -> bool:
        """Whether what is published is a DuckDB database."""
        return any(path.suffix.lower() in {".duckdb", ".db"} for path in self.data)

    def limits(self, folder: Path | None = None, files: tuple[Path, ...] = ()) -> Limits:
        """What the engine may use. `folder`, `files`: all that it may read."""
        memory = self.memory
        if memory is None and self.hosted:
            memory = f"{max(int(memory_of_machine() * ENGINE_SHARE) // MEGABYTE, 64)}MiB"
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
    """The settings of this process. Raises WrongSetting."""
    return Hosting.read(os.environ)


def memory_of_machine(limits: tuple[Path, ...] = CGROUP_LIMITS) -> int:
    """Bytes that this process may use: what its container is allowed, or all of the computer's."""
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
    paths = tuple(Path(part) for part in text.split(os.pathsep) if part)
    for path in paths:
        if not path.is_file():
            raise WrongSetting(f"{name} names {path}, which is no file here. Check the path, and that it is mounted.")
    return paths


def _names(name: str, text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    for host in names:
        if "/" in host or ":" in host:
            raise WrongSetting(f"{name} holds “{host}”. Give names alone, such as retention.example.com.")
    return names


def _people(name: str, text: str) -> tuple[str, ...]:
    people = tuple(part.strip().lower() for part in text.split(",") if part.strip())
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
    if not re.search("[1-9]", _size(name, text)):  # the engine can spill nothing, but it cannot work with nothing
        raise WrongSetting(f"{name} is “{text}”. {A_SIZE}")
    return text


def _whole(name: str, text: str) -> int:
    digits = text.replace("_", "").replace(",", "")
    if not WHOLE.fullmatch(text) or int(digits) == 0:
        raise WrongSetting(f"{name} is “{text}”. Give a whole number above 0, such as 100.")
    return int(digits)


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise WrongSetting(f"{name} is “{text}”. Give seconds above 0, such as 30.")
    return seconds


def _key(name: str, text: str) -> bytes:
    if len(text) < SHORTEST_KEY:  # the text itself is a secret and stays out of the sentence
        raise WrongSetting(f"{name} is shorter than {SHORTEST_KEY} characters. Make one with: openssl rand -hex 32")
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
    "spill": _size,
    "rows": _whole,
    "file_megabytes": _whole,
    "query_seconds": _seconds,
    "pseudonym_key": _key,
}
