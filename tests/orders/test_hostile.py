"""One file is one test: `hostile/<file>.expect.json` says how a file is read, or with which words it is refused.

To add a test, add a file and its expectation; a file too large to keep is made by `hostile/make.py`. Expected are
rows, rules (lines per rule), columns, kind, encoding, delimiter, header_line, types, notes (words that must occur),
cells (line → cells of that row), examples (rule → examples); or refused (words of the message) and line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retention_core.orders.read import Caps, OrdersError, Part, read

from .hostile.make import MAKERS

FOLDER = Path(__file__).parent / "hostile"
SUFFIX = ".expect.json"
NAMES = sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob("*" + SUFFIX))
CAPS = Caps(excel_memory=1024**3)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_file(name: str, tmp_path: Path) -> None:
    expected = json.loads((FOLDER / (name + SUFFIX)).read_text(encoding="utf-8"))
    path = FOLDER / name
    if name in MAKERS:
        path = tmp_path / name
        MAKERS[name](path)
    with duckdb.connect() as connection:
        if "refused" in expected:
            _check_refusal(connection, path, expected)
            return
        parts = read(connection, path, relation="orders", caps=CAPS, **expected.get("options", {}))
        wanted = expected.get("parts", [expected])
        assert len(parts) == len(wanted)
        for part, want in zip(parts, wanted, strict=True):
            _check_part(connection, part, want)


def test_every_file_has_an_expectation() -> None:
    files = {path.name for path in FOLDER.iterdir() if not path.name.endswith((".py", SUFFIX))}
    assert files - {"__pycache__", ".gitattributes"} | set(MAKERS) == set(NAMES)


def _check_refusal(connection: duckdb.DuckDBPyConnection, path: Path, expected: dict[str, Any]) -> None:
    with pytest.raises(OrdersError) as refusal:
        read(connection, path, relation="orders", caps=CAPS, **expected.get("options", {}))
    message = str(refusal.value)
    assert message.startswith(path.name)
    assert ". Do: " in message
    assert refusal.value.line == expected.get("line")
    for words in expected["refused"]:
        assert words in message
    assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [(0,)]


def _check_part(connection: duckdb.DuckDBPyConnection, part: Part, expected: dict[str, Any]) -> None:
    other = {lines.rule: lines.lines for lines in part.other_lines}
    assert (part.rows, other) == (expected["rows"], expected["rules"])
    assert part.rows + sum(other.values()) == part.physical_lines
    assert connection.execute(f"SELECT count(*) FROM {part.relation}").fetchall() == [(part.rows,)]
    for field in ("kind", "encoding", "delimiter", "header_line"):
        assert getattr(part, field) == expected.get(field, getattr(part, field))
    for field in ("columns", "types"):
        assert list(getattr(part, field)) == expected.get(field, list(getattr(part, field)))
    for words in expected.get("notes", []):
        assert words in " ".join(part.notes)
    for rule, examples in expected.get("examples", {}).items():
        (found,) = [lines.examples for lines in part.other_lines if lines.rule == rule]
        assert [list(example) for example in found] == examples
    as_text = "SELECT COLUMNS(* EXCLUDE line)::VARCHAR FROM " + part.relation + " WHERE line = ?"
    for line, cells in expected.get("cells", {}).items():
        assert connection.execute(as_text, [int(line)]).fetchall() == [tuple(cells)], f"line {line}"
