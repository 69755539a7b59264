"""Files that the one who runs a server has named or laid there: why one cannot be used, and what to do.

Each function returns the end of a sentence that begins with the file, or None where all is well.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

DATABASES = {".duckdb", ".db"}
_MARK_AT, _MARK = 8, b"DUCK"  # how a DuckDB database begins
_ABSENT = "is no file here. Check the path, and that it is mounted."


def fault_of(path: Path) -> str | None:
    """Of a file that is to be read, whatever it holds."""
    try:
        if path.is_dir():
            return "is a folder. Give the file itself."
        if path.exists() and not path.is_file():
            return "is no ordinary file but a device or a pipe. Give a file."
        with path.open("rb") as file:
            file.read(1)
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except PermissionError:
        return "may not be read by the user of this program. Let that user read it, and look into its folder."
    except OSError as problem:
        return f"cannot be read ({os.strerror(problem.errno or 0)}). Check the path, and the disk."
    return None


def fault_of_data(path: Path) -> str | None:
    """Of order files and databases to publish. What is in an order file is seen only when it is opened."""
    if fault := fault_of(path):
        return fault
    with path.open("rb") as file:
        beginning = file.read(_MARK_AT + len(_MARK))
    if not beginning:
        return "is empty. Give a file that holds orders."
    if beginning[_MARK_AT:] == _MARK and path.suffix.lower() not in DATABASES:
        return "is a DuckDB database. Let its name end in .duckdb."
    return None


def fault_of_secrets(path: Path, prefix: str) -> str | None:
    """Of a secrets.toml, which need not be there. `prefix`: how names of settings begin, which it cannot hold.

    No value that it holds is quoted.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return None
    except OSError:  # its folder is closed, or is none: told below
        pass
    if fault := fault_of(path):
        return fault
    try:
        text = path.read_text(encoding="utf-8")
        told = tomllib.loads(text)
    except UnicodeDecodeError:
        return "is not written in UTF-8. Save it as UTF-8."
    except tomllib.TOMLDecodeError as problem:
        if text.startswith("\ufeff"):
            return "begins with a byte order mark. Save it as UTF-8 without BOM."
        place = re.search("line [0-9]+", str(problem))
        return f'is no TOML: see {place[0] if place else "its end"}. Texts stand in quotes: name = "text".'
    inside = told.get("auth", {})
    if not isinstance(inside, dict):
        return "has an auth that is no table. Write [auth] on a line of its own, once."
    # Under `streamlit run` Streamlit has put them into the environment by now; under uvicorn they would come too late.
    late = [name for name in (*told, *inside) if name.startswith(prefix) and name not in os.environ]
    return f"holds {late[0]}, which is read from the environment. Move it there." if late else None
