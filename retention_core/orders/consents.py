"""Who agreed to letters, where orders say it: it belongs to the customer, whose latest order that tells it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_core.orders import values, words
from retention_core.orders.clean import run
from retention_core.orders.stage import Reading

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection


def take_from_orders(connection: Connection, readings: Sequence[Reading]) -> None:
    """Puts what the orders tell of consent into `clean_customers`; what a file of customers tells stays.

    Every row that names a customer and a time counts, also one of an order that was cancelled.
    """
    told = [_told(number, reading) for number, reading in enumerate(readings) if "consent" in reading.columns]
    if told:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE load_consents AS {' UNION ALL '.join(told)}")
        run(connection, "customer_consents")
        connection.execute("DROP TABLE load_consents")


def _told(number: int, reading: Reading) -> str:
    column = reading.columns["consent"]
    text = values.text_sql(f"raw.c{column}", reading.part.types[column])
    return (
        f"SELECT load_rows.customer_id, load_rows.ordered_at, load_rows.part, load_rows.line,"
        f" {words.contains(words.AGREED_WORDS, text)} AS consent"
        f" FROM load_rows JOIN {reading.part.relation} AS raw ON raw.line = load_rows.line"
        f" WHERE load_rows.part = {number} AND load_rows.ordered_at IS NOT NULL AND {text} IS NOT NULL"
    )
