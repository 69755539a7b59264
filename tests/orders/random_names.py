"""Orders under random names of columns, with random values to filter by: does the shop count what Python counts?

Names and values are made of what breaks careless programs: quotes, pieces of SQL and of the engine's own syntax,
control characters, letters of many scripts, words that mean nothing or everything to a parser.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import retention_core as rc

PIECES = (
    *("'", "''", '"', '""', "`", "\\", ";", "--", "/*", "*/", ")", "(", ",", "[1]", "::", "||", "=", "%", "_", "*"),
    *("$1", "$channel", "$since", "{table}", "{}", "{0}", "%s", ":x", "@v", "#", "&amp;", "<b>", "\t", "\n", "\r\n"),
    *(" or 1=1", "' or '1'='1", "'); drop table orders; --", "union select", "select", "from", "null", "NULL", "nan"),
    *("true", "0", "-1", "1e9", "orders", "customers", "channel", "c0", "line", "rowid", "temp.orders", "date", "a"),
    *("customer_id", "amount", "ß", "İ", "é", "e\u0301", "Ж", "中", "ع", "🛒", "A", "aa", " ", "  ", "x" * 300),
    *("\x01", "\x07", "\x1b", "\x7f", "\x85", "\u200b", "\u2028", "\u202e", "\ud7ff", "\ufeff", "\uffff", "\U0010ffff"),
)  # fmt: skip
FILTERED = ("channel", "country", "category")
FIELDS = ("order_id", "customer_id", "ordered_at", "amount", *FILTERED)
DECOYS, CUSTOMERS, ORDERS, VALUES = 13, 24, 60, 4
BEGIN = datetime(2024, 1, 1)
Order = dict[str, str]


@dataclass
class Tried:
    """How many names and values were tried, and what came of them that should not: each in a few words."""

    names: int = 0
    values: int = 0
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def try_names(folder: Path, files: int, seed: int) -> Tried:
    """Open so many files, each with twenty random names of columns, and ask each for the customers of its values."""
    random, tried = Random(seed), Tried()
    for number in range(files):
        try:
            _try(folder / "orders.csv", random, tried)
        except Exception as problem:  # whatever it is, it is what is looked for
            tried.errors.append(f"file {number}: {type(problem).__name__}: {problem}")
    return tried


def _try(path: Path, random: Random, tried: Tried) -> None:
    names = _different(random, len(FIELDS) + DECOYS, as_name=True)
    values = {name: _different(random, VALUES + 1) for name in FILTERED}
    absent = {name: words.pop() for name, words in values.items()}
    orders = _orders(random, values)
    decoys = [_text(random) for _ in orders]
    cells = [[*order.values(), *[decoy] * DECOYS] for order, decoy in zip(orders, decoys, strict=True)]
    places = random.sample(range(len(names)), len(names))
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
        writer.writerows([[row[place] for place in places] for row in (names, *cells)])
    mapping = dict(zip(FIELDS, map(_as_name, names), strict=False))  # as the page and the questions name columns
    shop = rc.open_orders(path, mapping=mapping, encoding="utf-8", delimiter=",", header=True, decimal=".")
    try:
        tried.names += len(names)
        told = sorted(shop.loaded.parts[0].columns)
        if told != sorted(map(_as_name, names)):
            tried.wrong.append(f"columns {told} in place of {sorted(names)}")
        for name in FILTERED:
            for wanted in ([word] for word in [*values[name], absent[name]]):
                _ask(shop, orders, {name: wanted}, tried)
        _ask(shop, orders, {name: random.sample(values[name], 2) for name in FILTERED}, tried)
    finally:
        shop.close()


def _ask(shop: rc.Shop, orders: list[Order], scope: dict[str, list[str]], tried: Tried) -> None:
    """Compare the shop's customers, orders and revenue with those counted here."""
    tried.values += sum(map(len, scope.values()))
    given = {name: [_as_value(value) for value in values] for name, values in scope.items()}
    row = shop.query("customer_totals", **given).iloc[0]
    customers, count, revenue = counted(orders, given)
    same = (int(row["customers"]), int(row["orders"])) == (customers, count)
    if not (same and math.isclose(row["revenue"], revenue, abs_tol=0.001)):
        told = f"{row['customers']}, {row['orders']}, {row['revenue']}"
        tried.wrong.append(f"{given}: {told} in place of {customers}, {count}, {revenue}")


def counted(orders: Iterable[Order], scope: dict[str, list[str]]) -> tuple[int, int, float]:
    """Customers whose first order has one of the values of each column; their orders and revenue."""
    first: dict[str, Order] = {}
    for order in sorted(orders, key=lambda order: order["ordered_at"]):
        first.setdefault(order["customer_id"], order)
    wanted = {
        customer
        for customer, order in first.items()
        if all(_as_value(order[name]) in values for name, values in scope.items())
    }
    theirs = [order for order in orders if order["customer_id"] in wanted]
    return len(wanted), len(theirs), sum(float(order["amount"]) for order in theirs)


def _orders(random: Random, values: dict[str, list[str]]) -> list[Order]:
    """Orders at moments of their own, so that a customer's first one is no matter of taste."""
    moments = random.sample(range(500_000), ORDERS)
    return [
        {
            "order_id": f"A{number}",
            "customer_id": f"c{random.randrange(CUSTOMERS)}",
            "ordered_at": f"{BEGIN + timedelta(minutes=moment)}",
            "amount": f"{random.randint(1, 99)}.{random.randint(0, 99):02}",
        }
        | {name: random.choice(words) for name, words in values.items()}
        for number, moment in enumerate(moments)
    ]


def _different(random: Random, count: int, as_name: bool = False) -> list[str]:
    """So many texts that stay different, and are something, once they are read."""
    settled, found = _as_name if as_name else _as_value, list[str]()
    while len(found) < count:
        text = _text(random)
        if settled(text) and settled(text) not in map(settled, found):
            found.append(text)
    return found


def _text(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randint(1, 4)))


def _as_name(text: str) -> str:
    """A name as the reader tells it: blanks of all kinds are one blank each, none at the ends."""
    return " ".join(text.split())


def _as_value(text: str) -> str:
    """A value as the reader tells it: every line end is the same, and no blanks at the ends."""
    return text.replace("\r\n", "\n").strip(" ")
