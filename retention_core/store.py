"""`Shop`: one opened data set. Tables are built once; every question afterwards is one file of `sql/`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_core.engines import duckdb as engine
from retention_core.limits import NO_LIMITS, OPENING, Limits, NoRoom, QueryTooLong
from retention_core.orders import load as orders
from retention_core.orders.faults import opened_for
from retention_core.queries import build_text, moment_of, named_tables, statement

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.goals.baseline import Baseline
    from retention_core.metrics import Reading

DETAILS = {
    **dict.fromkeys(("discount", "refunded", "tax", "shipping", "cost"), "decimal(18, 4)"),
    **dict.fromkeys(("campaign", "coupon"), "varchar"),
}


@dataclass(frozen=True)
class _Periods:
    """How a table of customer × period is cut, in SQL: number of the period of {day}, its first day, the day after."""

    grain: str
    number: str
    starts_on: str
    ends_on: str
    cohort: str = ""

    def columns(self) -> dict[str, str]:
        """The expressions that the building text leaves open."""
        days = {
            "cohort": "first_on",
            "period": "ordered_on",
            "previous_period": "previous_on",
            "next_period": "next_on",
        }
        numbers = {name: self.number.format(day=day) for name, day in days.items()}
        numbers["cohort"] = self.cohort or numbers["cohort"]
        return {"grain": self.grain, **numbers, "starts_on": self.starts_on, "ends_on": self.ends_on}


_MONTH = "cast((year({day}) - 1970) * 12 + month({day}) - 1 as integer)"
_PERIODS = {
    "customer_weeks": _Periods(
        "week",
        "cast(({day} - date '1969-12-29') // 7 as integer)",
        "(date '1969-12-29' + 7 * period)",
        "(date '1969-12-29' + 7 * (period + 1))",
    ),
    "customer_months": _Periods(
        "month", _MONTH, "cast(date_trunc('month', last_on) as date)", "(last_day(last_on) + 1)"
    ),
    "customer_quarters": _Periods(
        "quarter",
        "cast((year({day}) - 1970) * 4 + quarter({day}) - 1 as integer)",
        "cast(date_trunc('quarter', last_on) as date)",
        "cast(date_trunc('quarter', last_on) + interval 3 month as date)",
    ),
    "customer_ages": _Periods(
        "30 days of age",
        "cast(({day} - first_on) // 30 as integer)",
        "(first_on + 30 * period)",
        "(first_on + 30 * (period + 1))",
        cohort=_MONTH.format(day="first_on"),
    ),
}
MADE_WHEN_NAMED = frozenset((*_PERIODS, "order_days", "waits", "customer_habits"))


class Closed(Exception):  # noqa: N818 - no error of the caller: somebody else has closed the shop
    """The shop was closed before it could answer: its session has ended, or its data were deleted."""

    def __init__(self) -> None:
        super().__init__("the shop was closed, and its tables are gone")


class Shop:
    """One opened data set on its own cursor. Safe to use from several threads; `close` gives all memory back.

    `query_seconds`: how long one statement may take, a number of seconds or None for any time.
    """

    def __init__(
        self,
        connection: engine.Connection,
        loaded: orders.Loaded,
        observed_on: date,
        query_seconds: float | None = None,
    ) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._is_closed = False
        self._query_seconds = query_seconds
        self._tables: set[str] = set()
        self.loaded = loaded
        self.facts = loaded.facts
        self.observed_on = observed_on
        self.first_on: date = observed_on
        self._build()

    def _build(self) -> None:
        span = {"observed_on": self.observed_on}
        for name in ("macros", "second_tables", "segments", "attributes"):
            self._connection.execute(build_text(name))
        self._make_orders()
        self.loaded.release()
        self.loaded = replace(self.loaded, release=orders.nothing_to_release)
        self._connection.execute(build_text("customers"), span)
        first_on = self._connection.execute("select min(first_on) from customers").fetchall()[0][0]
        self.first_on = first_on or self.observed_on
        self._connection.execute(build_text("calendars"), {"first_on": self.first_on, **span})
        self._make("customer_months")
        engine.limit_seconds(self._connection, self._query_seconds)

    def _make_orders(self) -> None:
        """A column that the file does not know is added empty at the end: it need not travel through sort and join."""
        counts = ", ".join(f"count({name}) > 0" for name in DETAILS)
        there = self._connection.execute(f"select {counts} from clean_orders").fetchall()[0]
        known = [name for name, is_there in zip(DETAILS, there, strict=True) if is_there]
        details = "".join(f", {name}" for name in known)
        self._connection.execute(build_text("orders").format(details=details))
        for name in DETAILS.keys() - known:
            self._connection.execute(f"alter table orders add column {name} {DETAILS[name]}")

    def _make(self, table: str) -> None:
        """Build a table that is not there yet: those that few pages need are made when a query first names them."""
        if table in self._tables:
            return
        if table in _PERIODS:
            text = build_text("customer_periods").format(table=table, **_PERIODS[table].columns())
        else:
            text = build_text(table)
        span = {"observed_on": self.observed_on, "first_on": self.first_on}
        self._connection.execute(text, {key: day for key, day in span.items() if f"${key}" in text})
        self._tables.add(table)

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """The frame that `sql/<name>.sql` describes in its first lines, for the customers of the scope.

        Scope: `since`, `until` (days of the first order), `channel`, `country`, `category` (lists), `coupon` (bool).
        Raises KeyError for an unknown query and TypeError for an unknown or missing parameter, QueryTooLong and
        NoRoom where the limits or the machine end it, and Closed where `close` does.
        """
        text, values = self._statement(name, parameters)
        with self._asking():
            self._make_lazily(named_tables(text) & MADE_WHEN_NAMED - self._tables)
            return self._connection.execute(text, values).df()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """The cursor to oneself, and its interruptions by what they are. Waiting for it ends like a query."""
        if not self._lock.acquire(timeout=-1 if self._query_seconds is None else self._query_seconds):
            raise Closed if self._is_closed else QueryTooLong(self._query_seconds or 0)
        try:
            if self._is_closed:
                raise Closed
            try:
                yield
            except engine.Stopped as problem:
                if self._is_closed or self._query_seconds is None:
                    raise Closed from problem
                raise QueryTooLong(self._query_seconds) from problem
            except engine.Error as problem:
                if engine.has_no_room(problem):
                    raise NoRoom from problem
                raise
        finally:
            self._lock.release()

    def _make_lazily(self, tables: Iterable[str]) -> None:
        """Build what a query names for the first time; as a step of opening, it may take longer than a query."""
        if not tables:
            return
        engine.limit_seconds(self._connection, self._query_seconds and self._query_seconds * OPENING)
        try:
            for table in tables:
                self._make(table)
        finally:
            engine.limit_seconds(self._connection, self._query_seconds)

    def sql(self, name: str, **parameters: Any) -> str:
        """The text that `query` runs with these parameters."""
        return self._statement(name, parameters)[0]

    def metric(self, key: str, **parameters: Any) -> Reading:
        """One number of the registry with its interval, denominator and caveats."""
        from retention_core import metrics

        return metrics.read(self, key, **parameters)

    def baseline(self, **settings: Any) -> Baseline:
        """The coming months without any change, as draws; settings and scope as in `goals.baseline.baseline`."""
        from retention_core.goals.baseline import baseline

        return baseline(self, **settings)

    def ledger(self) -> pd.DataFrame:
        """One row per rule: what was kept, left out and merged on opening, with rows, orders, customers and money."""
        return self.loaded.ledger.copy()

    def close(self) -> None:
        """Give everything back. A query that runs is interrupted: whoever asked it gets Closed."""
        self._is_closed = True
        while not self._lock.acquire(timeout=0.05):
            self._connection.interrupt()  # again and again: it counts only while a statement runs
        try:
            engine.close(self._connection)
        finally:
            self._lock.release()

    def _statement(self, name: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return statement(name, parameters, {"observed_on": self.observed_on, "first_on": self.first_on})


def open_orders(
    paths: str | Path | Sequence[str | Path],
    *,
    as_of: str | date | datetime | None = None,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    pseudonym_key: bytes | None = None,
    limits: Limits = NO_LIMITS,
    **answers: Any,
) -> Shop:
    """Open one order file, or several that belong together, as a `Shop`.

    `as_of` is the moment up to which the shop is looked at (default: just after the last order). `answers` are the
    fields of `orders.Answers` (layout, mapping, encoding, delimiter, decimal, day_first, timezone, currency, rates,
    refunds …). With a `pseudonym_key` the shop knows its customers by pseudonyms only (`orders.pseudonyms`).
    `limits` is what opening and querying may ask of the machine. Raises `NeedsAnswers` when the file leaves open
    something that changes numbers, and `OrdersError`, which names file, line, cause and what to do, when it cannot be
    read or asks for more.
    """
    files = [Path(path) for path in _listed_paths(paths)]
    moment = None if as_of is None else moment_of(as_of)
    given = orders.Answers(**answers, as_of=moment)
    with opened_for(files, names, limits, stays=True) as connection:
        loaded = orders.load(
            connection, files, given, names=names, progress=progress, pseudonym_key=pseudonym_key, limits=limits
        )
        return Shop(connection, loaded, _observed_on(loaded.facts.last_ordered_at, moment), limits.query_seconds)


def _listed_paths(paths: str | Path | Sequence[str | Path]) -> Iterable[str | Path]:
    return [paths] if isinstance(paths, str | Path) else paths


def _observed_on(last_ordered_at: datetime | None, as_of: datetime | None) -> date:
    """The last day that is looked at: that of the last order, or the last whole one before the moment `as_of`."""
    if as_of is not None:
        return (as_of - timedelta(microseconds=1)).date()
    return last_ordered_at.date() if last_ordered_at else date(1970, 1, 1)
