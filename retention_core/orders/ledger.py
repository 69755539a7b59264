"""The ledger: one row per file and rule. Its rows add up to the physical lines of each file, always."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retention_core.orders import words
from retention_core.orders.clean import SQL, rows_of
from retention_core.orders.rules import RULE

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

COLUMNS = ("file", "rule", "outcome", "rows", "orders", "customers", "amount", "currency", "examples")
PARTED = " · "  # between the parts of an example, see ledger_rows.sql
# As ledger_rows.sql writes them. Of an amount seven digits: a longer one may be a phone or a card in the wrong column.
DAY, AMOUNT = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]"), re.compile(r"-?[0-9]{1,7}\.[0-9]{2}")
KNOWN_STATUSES = frozenset(word for meaning in words.STATUSES.values() for word in meaning)
Row = dict[str, Any]


def order_rows(connection: Connection, parts: Sequence[Part], currency: str | None, is_single: bool) -> list[Row]:
    """One row per order file and rule, `kept` first. `examples`: up to five (line, text), without personal data.

    `is_single`: each row is an order, so that with as many orders as rows nothing was left out.
    """
    all_counted = is_single and rows_of(connection, "SELECT count(*) FROM clean_orders")[0][0] == sum(
        p.rows for p in parts
    )
    uncounted = [] if all_counted else [_uncounted(parts, *found) for found in rows_of(connection, _sql("ledger_rows"))]
    kept = {
        found[0]: found[1:] for found in rows_of(connection, _sql("ledger_kept" if len(parts) > 1 else "ledger_all"))
    }
    rows = []
    for number, part in enumerate(parts):
        others = [row for row in uncounted if row["part"] == number]
        orders, customers, amount = kept.get(number, (0, 0, 0.0))
        counted = part.rows - sum(row["rows"] for row in others)
        rows.append(row_of(part, "kept", counted, orders, customers, amount, currency, number=number))
        rows += others
    return rows


def row_of(
    part: Part,
    rule: str,
    rows: int,
    orders: int = 0,
    customers: int = 0,
    amount: float = 0.0,
    currency: str | None = None,
    examples: Sequence[tuple[int, str]] = (),
    number: int = 0,
) -> Row:
    return {
        "part": number,
        "file": part.name,
        "rule": rule,
        "outcome": RULE[rule].outcome,
        "rows": int(rows),
        "orders": int(orders),
        "customers": int(customers),
        "amount": float(amount),
        "currency": currency,
        "examples": [(int(line), masked(text)) for line, text in examples],
    }


def structure_rows(part: Part) -> list[Row]:
    """One row per reason why lines of the file became no row of its table: header, blank, broken lines …

    A line that is no row is shown by its number only: in raw text nobody can tell which words are a name.
    """
    return [
        {
            **row_of(part, "kept", lines.lines, examples=[(line, "") for line, _ in lines.examples]),
            "rule": lines.rule,
            "outcome": lines.outcome,
        }
        for lines in part.other_lines
    ]


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The ledger as a frame with the columns of `COLUMNS`."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def physical_lines(ledger: pd.DataFrame) -> Mapping[str, int]:
    """Lines of each file that the ledger accounts for: everything but its notes, whose rows are counted elsewhere."""
    counted = ledger[ledger["outcome"] != "note"]
    return {str(file): int(rows) for file, rows in counted.groupby("file")["rows"].sum().items()}


def masked(text: str) -> str:
    """An example without e-mail addresses and phone numbers, cut short."""
    without = re.sub(r"[^\s,;]+@[^\s,;]+", "…", text)
    return re.sub(r"\+\d[\d\s()-]{6,}\d", "…", without)[:80]


def without_words(ledger: pd.DataFrame) -> pd.DataFrame:
    """The ledger with examples of days, amounts and known statuses only: anything else may tell who somebody is.

    A row whose columns are shifted can hold anything anywhere, so an order number may be a name or a phone. The place
    of a row, file and line, is always kept.
    """
    examples = ledger["examples"].map(lambda found: [(line, _discreet(text)) for line, text in found])
    return ledger.assign(examples=examples)


def _discreet(text: str) -> str:
    return PARTED.join(part if _tells_nobody(part) else "…" for part in text.split(PARTED) if part)


def _tells_nobody(part: str) -> bool:
    return part.casefold() in KNOWN_STATUSES or bool(DAY.fullmatch(part) or AMOUNT.fullmatch(part))


def _uncounted(
    parts: Sequence[Part],
    part: int,
    rule: str,
    currency: str | None,
    rows: int,
    orders: int,
    customers: int,
    amount: float,
    lines: Sequence[int],
    texts: Sequence[str],
) -> Row:
    examples = list(zip(lines, texts, strict=False))
    return row_of(parts[part], rule, rows, orders, customers, amount, currency, examples, number=part)


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
