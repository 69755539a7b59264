"""Files for spreadsheets: nothing in them runs, and what was written comes back."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_core import export

PAYLOADS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", '=HYPERLINK("http://x","y")'),
    *("=cmd|'/C calc'!A0", "\uff1d1+1", "\uff20SUM(1)", "\u00a0=1", "\ufeff@x", "\u200b=1", " \t=1", "\x00=1", "'=1"),
]
# The cell is harmless where the comma parts them, and begins with a formula where something else does.
NEXT_CELLS = [";=1+1", "a;=1+1", 'a";=1+1;"b', "a\t=1+1", "a\n=1+1", 'a;"=1+1', "a; =1", "a|@SUM(1)", "a\r\n+1"]
LIVE = re.compile(r"[\s\x00-\x1f\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]")
SEPARATORS = [",", ";", "\t", "|"]
text = st.text(alphabet="=+-@'\";,|\t\r\n ab1\u200b\uff1d\x0b", max_size=12) | st.text(max_size=12)


def as_opened(content: bytes, separator: str) -> list[list[str]]:
    """The cells that a spreadsheet finds, whether the separator is the file's own or another."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_becomes_text_in_csv(payload: str) -> None:
    rows = as_opened(export.to_csv(pd.DataFrame({payload: [payload], "n": [-5]})), ",")
    assert rows[0][0].startswith("'") or rows[0][0].startswith(" \t'")
    assert rows[1][0] == rows[0][0] and rows[1][1] == "-5"


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("payload", PAYLOADS + NEXT_CELLS)
def test_no_separator_makes_a_formula_of_a_part_of_a_cell(payload: str, separator: str) -> None:
    frame = pd.DataFrame({"n": ["x"], payload: [payload], "z": ["y"]})
    for line in as_opened(export.to_csv(frame), separator):
        assert not [cell for cell in line if LIVE.match(cell)]


@pytest.mark.parametrize("payload", PAYLOADS + NEXT_CELLS)
def test_a_formula_becomes_text_in_excel(payload: str) -> None:
    frame = pd.DataFrame({payload: [payload], "link": ["http://example.com"], "n": [-5.5]})
    book = zipfile.ZipFile(io.BytesIO(export.to_excel(frame)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert set(re.findall(r'<c r="A\d"[^>]*? t="(\w+)"', sheet)) <= {"s", "inlineStr"}
    assert len(re.findall(r'<c r="A\d"[^>]*? t="', sheet)) == 2
    assert "<f>" not in sheet and "hyperlink" not in sheet.lower()
    assert not [name for name in book.namelist() if "rels" in name and b"xternal" in book.read(name)]
    assert "-5.5" in sheet


@pytest.mark.parametrize("kind", ["string", "category", "object"])
@pytest.mark.parametrize("payload", ["=1+1", "\u00a0=1+1", "\ufeff@x"])
def test_no_kind_of_text_column_lets_a_formula_through(kind: str, payload: str) -> None:
    frame = pd.DataFrame({"a": pd.Series([payload], dtype=kind), "b": pd.Series([payload], dtype=kind)})
    frame.columns = ["same", "same"]
    assert all(cell.startswith("'") for cell in export.safe_frame(frame).iloc[0])


def test_plain_rows_come_back_as_they_were() -> None:
    frame = pd.DataFrame(
        {"name": ["Ann", "Łódź", "ann@example.com", "a-b", "2024-01-01", "x; y"], "n": [1, -2, 3, 4, 5, 6]}
    )
    assert pd.read_csv(io.BytesIO(export.to_csv(frame)), encoding="utf-8-sig").equals(frame)


@given(text)
def test_what_was_disarmed_can_be_armed_again(words: str) -> None:
    assert export.armed(export.disarmed(words)) == words


@given(text, text)
def test_nothing_in_a_list_is_live(first: str, second: str) -> None:
    content = export.to_csv(pd.DataFrame({"a": ["x"], first: [second], "b": [first]}))
    for separator in SEPARATORS:
        assert not [cell for line in as_opened(content, separator) for cell in line if LIVE.match(cell)]
