"""The queries: files of `sql/`, what each says of itself, and its text for a grain and a scope. Nothing is run here."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

SQL = Path(__file__).parent / "sql"
SCOPE = ("since", "until", "channel", "country", "category", "coupon")
DAYS = ("since", "until", "starts_at", "ends_at", "cohort", "observed_until", "hidden_until")
LISTS = ("channel", "country", "category", "days", "edges", "customers", "at_risk_days", "lapsed_days", "lost_days")
PERIOD_TABLES = {"week": "customer_weeks", "month": "customer_months", "quarter": "customer_quarters"}
SCOPED_TABLES = ("customers", "orders", *PERIOD_TABLES.values(), "customer_ages", "order_days", "customer_habits")


@dataclass(frozen=True)
class Query:
    """One file of `sql/`: its text without the head, what it says of itself, and its parameters with their defaults."""

    name: str
    text: str
    describes: str
    defaults: dict[str, Any]
    required: frozenset[str]

    @property
    def parameters(self) -> frozenset[str]:
        return self.required | self.defaults.keys()


@cache
def read_query(name: str) -> Query:
    """The query `name`, or a KeyError that lists what there is."""
    path = SQL / f"{name}.sql"
    if name not in query_names():
        raise KeyError(f"there is no query {name!r}; there are {', '.join(query_names())}")
    lines = path.read_text(encoding="utf-8").splitlines()
    head = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    defaults: dict[str, Any] = {}
    required: set[str] = set()
    for line in head:
        if match := re.match(r"\$(\w+)(?: = ([^:]+))?:", line):
            if match[2] is None:
                required.add(match[1])
            else:
                defaults[match[1]] = None if match[2] == "null" else ast.literal_eval(match[2])
    text = "\n".join(line for line in lines if not line.startswith("--"))
    return Query(
        name, text, "\n".join(line for line in head if not line.startswith("$")), defaults, frozenset(required)
    )


@cache
def query_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SQL.glob("*.sql") if path.stem != "scope"))


def statement(name: str, parameters: Mapping[str, Any], days: Mapping[str, date]) -> tuple[str, dict[str, Any]]:
    """The text of the query `name` in the scope that the parameters say, and the values that it takes.

    `days`: what every query may name, the first and the last day of the shop. KeyError for an unknown query, TypeError
    for an unknown or missing parameter.
    """
    query = read_query(name)
    scope = {key: _plain(key, parameters.get(key)) for key in SCOPE if key not in query.parameters}
    own = {key: value for key, value in parameters.items() if key not in scope}
    if unknown := own.keys() - query.parameters:
        raise TypeError(f"{name} has no parameter {', '.join(sorted(unknown))}; it takes {_listed(query)}")
    if missing := query.required - own.keys():
        raise TypeError(f"{name} needs {', '.join(sorted(missing))}")
    values = {**days, **query.defaults, **scope}
    values |= {key: _plain(key, value) for key, value in own.items()}
    text = _compose(query.text, str(values.get("grain", "month")), any(v is not None for v in scope.values()))
    return text, {key: value for key, value in values.items() if re.search(rf"\${key}\b", text)}


def named_tables(text: str) -> set[str]:
    """What stands behind from and join; a column may be called like a table."""
    return set(re.findall(r"\b(?:from|join)\s+(?:temp\.)?(\w+)", text))


def build_text(name: str) -> str:
    """How tables of an opened data set are built: a file of `sql/build/`."""
    return (SQL / "build" / f"{name}.sql").read_text(encoding="utf-8")


def moment_of(value: object) -> datetime:
    """A moment, however it is written. Raises ValueError for what is none."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value.isoformat() if isinstance(value, date) else str(value))


def _listed(query: Query) -> str:
    return ", ".join(sorted(query.parameters | set(SCOPE)))


def _plain(key: str, value: Any) -> Any:
    """A parameter as the engine takes it: a day for a day, a list for a list filter, however it was written."""
    if value is None:
        return None
    if key in DAYS:
        return moment_of(value).date()
    if key in LISTS:
        return [value] if isinstance(value, str | int) else list(value)
    return value


def _compose(text: str, grain: str, scoped: bool) -> str:
    """The query with the relations it names put before it: the grain's table, its calendar, the scope."""
    if grain not in PERIOD_TABLES:
        raise ValueError(f"grain is {grain!r}; it can be {', '.join(PERIOD_TABLES)}")
    named = named_tables(text)
    relations: list[tuple[str, str]] = []
    if "customer_periods" in named:
        named.add(PERIOD_TABLES[grain])
    if scoped:
        scope = "\n".join(line for line in _scope_text().splitlines() if not line.startswith("--"))
        relations += [(table, scope.format(table=table)) for table in SCOPED_TABLES if table in named]
    if "calendar" in named:
        columns = "period, starts_on, ends_on, is_complete, data_starts_on"
        relations.append(("calendar", f"select {columns}\nfrom calendars\nwhere grain = '{grain}'"))
    if not relations and "customer_periods" not in named:
        return text
    text = re.sub(r"\bcustomer_periods\b", PERIOD_TABLES[grain], text)
    before = ",\n".join(f"{name} as (\n{_indented(body)}\n)" for name, body in relations)
    if not before:
        return text
    after = text.removeprefix("with ")
    return f"with {before},\n{after}" if after != text else f"with {before}\n{text}"


@cache
def _scope_text() -> str:
    return (SQL / "scope.sql").read_text(encoding="utf-8")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())
