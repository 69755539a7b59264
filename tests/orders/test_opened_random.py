"""Random orders, in every delimiter, quoting, encoding, line end and decimal mark, come back or are refused."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core.orders.errors import OrdersError
from retention_core.orders.questions import NeedsAnswers

FILES = int(os.environ.get("RANDOM_FILES", "40"))
CUSTOMERS = ["Ann", "Žofie", "Ø; b", 'the "old" one', "Жанна", "a,b", "x|y", "O'Neil", "007", "=1+1"]
MONEY = {"1234.50": "{:.2f}", "1234,50": "{:.2f}", "1,234.50": "{:,.2f}", "1.234,50": "{:,.2f}"}
Order = tuple[str, date, int]
Quoting = Literal[0, 1, 2, 3]  # of the module csv

order = st.tuples(st.sampled_from(CUSTOMERS), st.dates(date(2020, 1, 1), date(2024, 12, 31)), st.integers(1, 9_999_999))


def amount(cents: int, style: str) -> str:
    text = MONEY[style].format(cents / 100)
    return text.translate(str.maketrans(",.", ".,")) if style.endswith(",50") else text


def written(orders: list[Order], delimiter: str, quoting: Quoting, newline: str, style: str) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerow(["Order ID", "Customer", "Date", "Amount"])
    writer.writerows([f"A{n}", who, day, amount(cents, style)] for n, (who, day, cents) in enumerate(orders))
    return sink.getvalue()


def by_customer(orders: list[Order]) -> list[tuple[int, int, int]]:
    """Orders, cents and days between first and last order of each customer, sorted: whatever they are called."""
    found: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for who, day, cents in orders:
        found[who].append((day, cents))
    days = [sorted(day for day, _ in bought) for bought in found.values()]
    return sorted(
        (len(bought), sum(cents for _, cents in bought), (days[-1] - days[0]).days)
        for bought, days in zip(found.values(), days, strict=True)
    )


@settings(max_examples=FILES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    orders=st.lists(order, min_size=3, max_size=30),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251", "cp1250"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    style=st.sampled_from(list(MONEY)),
)
def test_orders_come_back_or_are_refused(
    orders: list[Order], delimiter: str, quoting: Quoting, encoding: str, newline: str, style: str
) -> None:
    text = written(orders, delimiter, quoting, newline, style)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_bytes(text.encode(encoding, errors="replace"))
        orders = [(who.encode(encoding, errors="replace").decode(encoding), day, cents) for who, day, cents in orders]
        try:
            shop = rc.open_orders(path)
        except NeedsAnswers as asked:
            event("asked: " + ", ".join(sorted({question.key for question in asked.questions})))
            shop = rc.open_orders(path, encoding=encoding, delimiter=delimiter, header=True, decimal=style[-3])
        except OrdersError as refusal:
            event("refused")
            assert ". Do: " in str(refusal)
            return
        told = shop.query("customer_histories")
        shop.close()
    rows = zip(told["orders"], told["revenue"], told["first_to_last"], strict=True)
    found = sorted((int(count), round(100 * revenue), int(days)) for count, revenue, days in rows)
    assert found == by_customer(orders)
