"""Orders that somebody keeps in a DuckDB database: one table of it, copied once to a file of our own."""

from __future__ import annotations

from pathlib import Path

import duckdb


class NoSuchTable(Exception):  # noqa: N818 - named like the other refusals
    """The database cannot be read, or has no such table. Its message is for the one who named it."""


def copy_table(database: Path, table: str, to: Path) -> None:
    """Write all rows of `table` ("orders" or "schema.orders"; a view will do) as Parquet to `to`.

    The database is opened read-only, for this moment only, and can reach no file but its own and the folder of `to`.
    Raises NoSuchTable.
    """
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(f"set allowed_directories = ['{_quoted(f'{to.resolve().parent}/')}']")
            connection.execute("set enable_external_access = false")
            name = ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in table.split("."))
            connection.execute(f"copy (select * from {name}) to '{_quoted(str(to.resolve()))}' (format parquet)")
    except duckdb.Error as problem:
        raise NoSuchTable(
            f"the table {table} of {database} cannot be read ({type(problem).__name__}). Check its name, and that the "
            "file is a DuckDB database which no other program has open for writing."
        ) from problem


def _quoted(text: str) -> str:
    return text.replace("'", "''")
