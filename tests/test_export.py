"""Files for spreadsheets: nothing in them runs."""

import io
import zipfile

import pandas as pd
import pytest

from retention_core import export

PAYLOADS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_becomes_text_in_csv(payload: str) -> None:
    read = pd.read_csv(io.BytesIO(export.to_csv(pd.DataFrame({"name": [payload], "n": [-5]}))), encoding="utf-8-sig")
    assert read["name"].iloc[0].startswith("'") and read["n"].iloc[0] == -5


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_becomes_text_in_excel(payload: str) -> None:
    frame = pd.DataFrame({payload: [payload], "link": ["http://example.com"], "n": [-5.5]})
    book = zipfile.ZipFile(io.BytesIO(export.to_excel(frame)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert "-5.5" in sheet


@pytest.mark.parametrize("kind", ["string", "category", "object"])
@pytest.mark.parametrize("payload", ["=1+1", "\u00a0=1+1", "\ufeff@x"])
def test_no_kind_of_text_column_lets_a_formula_through(kind: str, payload: str) -> None:
    frame = pd.DataFrame({"a": pd.Series([payload], dtype=kind), "b": pd.Series([payload], dtype=kind)})
    frame.columns = ["same", "same"]
    assert all(cell.startswith("'") for cell in export.safe_frame(frame).iloc[0])


def test_plain_rows_come_back_as_they_were() -> None:
    frame = pd.DataFrame({"name": ["Ann", "Łódź"], "n": [1, -2]})
    assert pd.read_csv(io.BytesIO(export.to_csv(frame)), encoding="utf-8-sig").equals(frame)
