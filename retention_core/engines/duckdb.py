"""DuckDB: one instance for the process, one cursor with TEMP tables for each opened data set.

A connection used from two threads returns another query's rows, silently; so nobody gets the instance itself, and
whoever holds a cursor guards it with a lock (`Shop` does).
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from typing import TypeAlias

import duckdb

Connection: TypeAlias = duckdb.DuckDBPyConnection
Error = duckdb.Error

SPILL_LIMIT = "20GB"


@cache
def _instance() -> Connection:
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            # Without this any SQL can read the caller's Python variables by name.
            "python_enable_replacements": False,
        }
    )
    # What does not fit into memory goes where only this user can read it, and is removed with the process.
    spill = tempfile.mkdtemp(prefix="comeback-spill-")
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    connection.execute(f"set temp_directory = '{spill.replace(chr(39), chr(39) * 2)}'")
    # In config= this limit is accepted and ignored; set on the open connection it holds.
    connection.execute(f"set max_temp_directory_size = '{SPILL_LIMIT}'")
    # Groups by period and a few small numbers fit an array: twice as fast as hashing them.
    connection.execute("set global perfect_ht_threshold = 20")
    return connection


def connect() -> Connection:
    """A new cursor: its TEMP tables are seen by nobody else and go when it is closed."""
    return _instance().cursor()
