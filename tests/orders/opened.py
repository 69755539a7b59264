"""Order files written by a test, opened the way the program opens them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from retention_core.engines import duckdb as engine
from retention_core.orders.ledger import physical_lines
from retention_core.orders.load import Answers, Loaded, load


@dataclass(frozen=True)
class Opened:
    """A loaded data set with its clean tables as frames. Money is in float for comparison."""

    loaded: Loaded
    orders: pd.DataFrame
    lines: pd.DataFrame | None
    connection: engine.Connection

    @property
    def ledger(self) -> pd.DataFrame:
        return self.loaded.ledger

    def rule(self, key: str) -> dict[str, Any]:
        """The ledger's row of a rule, over all files and currencies."""
        rows = self.ledger[self.ledger["rule"] == key]
        return {name: rows[name].sum() for name in ("rows", "orders", "customers", "amount")}

    def keeps_the_law(self) -> bool:
        """Kept, left out and merged rows of each file are its physical lines."""
        accounted = physical_lines(self.ledger)
        physical = {part.name: part.physical_lines for part in self.loaded.parts}
        return accounted == physical


@contextmanager
def opened(*paths: Path, **answers: Any) -> Iterator[Opened]:
    connection = engine.connect()
    try:
        loaded = load(connection, list(paths), Answers(**answers))
        orders = connection.execute("SELECT * FROM clean_orders ORDER BY ordered_at, order_id, customer_id").df()
        money = ["amount", "discount", "refunded", "tax", "shipping"]
        orders[money] = orders[money].astype(float)
        lines = None
        if loaded.facts.has_order_lines:
            lines = connection.execute("SELECT * FROM clean_order_lines ORDER BY order_id, line").df()
        yield Opened(loaded, orders, lines, connection)
    finally:
        connection.close()


def write(folder: Path, text: str, name: str = "orders.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def table(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows)
