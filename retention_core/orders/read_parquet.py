"""A Parquet file as a view: nothing is copied, the columns keep their types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retention_core.engines.duckdb import OutOfMemory, Stopped
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import Job, Part, column_names

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_TIMES = {"DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_PLAIN = _WHOLE | _TIMES | {"BOOLEAN", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR"}


def read_parquet(connection: Connection, path: Path, sha256: str, relation: str, job: Job) -> Part:
    """The one part of a Parquet file. The view reads the file at each use: it must stay where it is."""
    source = _quoted(path)
    try:
        (rows,) = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({source})").fetchall()[0]
        cursor = connection.execute(f"SELECT * FROM read_parquet({source}) LIMIT 0")
        described = [(str(column[0]), str(column[1])) for column in cursor.description or []]
        cursor.fetchall()
    except (OutOfMemory, Stopped):  # no fault of the file
        raise
    except Exception as problem:
        raise OrdersError(
            job.name,
            "the Parquet file is damaged or cut off, or it cannot be opened from its folder",
            "export or download it again",
        ) from problem
    _check(len(described), int(rows or 0), job)
    aliases = ", ".join(f"c{column}" for column in range(len(described)))
    types = tuple(
        kind if kind.split("(")[0].split(" ")[0] in _PLAIN and "[" not in kind else "VARCHAR" for _, kind in described
    )
    shown = ", ".join(
        f"c{column}" if types[column] == kind else f"CAST(c{column} AS VARCHAR) AS c{column}"
        for column, (_, kind) in enumerate(described)
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {relation} AS"
        f" SELECT file_row_number + 1 AS line, {shown} FROM read_parquet({source}) AS parquet({aliases})"
    )
    return Part(
        name=job.name,
        kind="parquet",
        sha256=sha256,
        encoding=None,
        delimiter=None,
        header_line=None,
        columns=column_names([column for column, _ in described], len(described)),
        types=types,
        relation=relation,
        rows=int(rows or 0),
        physical_lines=int(rows or 0),
        other_lines=(),
    )


def _check(columns: int, rows: int, job: Job) -> None:
    if columns > job.caps.columns:
        raise OrdersError(
            job.name,
            f"the file has {columns:,} columns, more than {job.caps.columns:,}",
            "keep the columns of the orders only",
        )
    job.check_rows(rows)


def _quoted(path: Path) -> str:
    """The path as an SQL text whose * ? [ stand for themselves: a view cannot take parameters."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))
    return "'" + plain.replace("'", "''") + "'"
