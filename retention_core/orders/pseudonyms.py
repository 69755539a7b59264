"""Customer keys as pseudonyms: the same for the same key of a file and the same secret, and nothing that leads back.

A pseudonym is HMAC-SHA256(secret, key of the file) as 16 hexadecimal characters. The key of the file is taken as the
rules of reading leave it: trimmed, and in small letters where the customers of the file are known by e-mail addresses.
Other keys keep their capitals, because "aB7" and "AB7" may be two customers: a pseudonym never merges what is told
apart without it. 64 bits: that any two of a million customers share one has a chance of 1 in 37 million.

The code is made by the engine (RFC 2104 from two hashes), once for each customer and not for each row.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

Paddings: TypeAlias = dict[str, bytes]
"""The secret as RFC 2104 mixes it into a hash: one block before the text, one before that hash."""

LENGTH = 16  # hexadecimal characters
BLOCK = 64  # bytes of a block of SHA-256
# The tables of an opened shop that name customers by the key of the file.
KEYED = ("customer_ids", "clean_customers", "clean_events")


def sql(text: str) -> str:
    """SQL: the pseudonym of a text expression, null where it is null. Its parameters are `paddings`."""
    return f"left(sha256($outer || unhex(sha256($inner || encode({text})))), {LENGTH})"


def paddings(key: bytes) -> Paddings:
    """What `sql` needs to know of the secret key. Raises ValueError for an empty one."""
    if not key:
        raise ValueError("a pseudonym key must not be empty: everybody could make the same pseudonyms")
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    return {"inner": bytes(byte ^ 0x36 for byte in block), "outer": bytes(byte ^ 0x5C for byte in block)}


def put_in_place(connection: Connection, secret: Paddings) -> None:
    """Every table that names customers by their key names them by pseudonyms from now on; the keys are gone."""
    there = {
        name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    }
    for table in (name for name in KEYED if name in there):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS"
            f" WITH coded AS (SELECT customer_id AS raw_key, {sql('customer_id')} AS pseudonym"
            f" FROM (SELECT DISTINCT customer_id FROM {table}))"
            f" SELECT {table}.* REPLACE (coded.pseudonym AS customer_id)"
            f" FROM {table} LEFT JOIN coded ON coded.raw_key = {table}.customer_id",
            secret,
        ).fetchall()


def without_text(part: Part) -> Part:
    """The part without the text of its lines: of those that became no row only the numbers stay."""
    lines = tuple(
        replace(other, examples=tuple((line, "") for line, _ in other.examples)) for other in part.other_lines
    )
    return replace(part, other_lines=lines)
