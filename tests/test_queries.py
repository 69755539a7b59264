"""Each folder of tests/queries is a test: the shop of given.csv, the query's parameters, and the rows it must give.

expect.csv may name some of the columns; those are compared. A case is called <query> or <query>-<what it shows>.
"""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import retention_core as rc
from retention_core.queries import query_names, read_query
from tests.conftest import ROOT

CASES = sorted(path for path in (ROOT / "tests" / "queries").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def shop() -> rc.Shop:
    return rc.open_orders(ROOT / "tests" / "queries" / "given.csv")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_query_gives_the_expected_rows(case: Path, shop: rc.Shop) -> None:
    settings = case / "parameters.json"
    parameters = json.loads(settings.read_text()) if settings.exists() else {}
    got = shop.query(case.name.split("-")[0], **parameters)
    expected = pd.read_csv(case / "expect.csv", dtype={"customer_id": str}, keep_default_na=False, na_values=[""])
    got = got[list(expected.columns)]
    for column in expected.columns:
        if pd.api.types.is_datetime64_any_dtype(got[column]):
            expected[column] = pd.to_datetime(expected[column]).astype(got[column].dtype)
        elif column == "value":
            expected[column] = expected[column].fillna("")
    pd.testing.assert_frame_equal(got, expected, check_dtype=False, rtol=1e-9)


@pytest.mark.parametrize("name", query_names())
def test_every_query_has_a_case(name: str) -> None:
    assert any(case.name.split("-")[0] == name for case in CASES)


@pytest.mark.parametrize("name", query_names())
def test_every_query_says_its_grain_and_its_parameters(name: str) -> None:
    query = read_query(name)
    assert query.describes.startswith("One row")
    assert set(re.findall(r"\$(\w+)", query.text)) - {"observed_on", "first_on"} <= query.parameters


def words_of(name: str) -> set[str]:
    head = read_query(name).describes
    words = set(re.findall(r"\w+", head))
    return words.union(*(words_of(other) for other in re.findall(r"Columns as (\w+)", head)))


@pytest.mark.parametrize("name", query_names())
def test_the_head_names_every_column(name: str, shop: rc.Shop) -> None:
    needed = {"starts_at": "2026-03-01", "ends_at": "2026-04-01", "cohort": "2026-01-01"}
    needed |= {"observed_until": "2026-03-01", "hidden_until": "2026-04-10", "customers": [0]}
    frame = shop.query(name, **{key: needed[key] for key in read_query(name).required})
    assert set(frame.columns) <= words_of(name), set(frame.columns) - words_of(name)


def test_an_unknown_query_names_those_there_are(shop: rc.Shop) -> None:
    with pytest.raises(KeyError, match="cohort_retention"):
        shop.query("cohort_retension")


def test_an_unknown_parameter_names_those_it_takes(shop: rc.Shop) -> None:
    with pytest.raises(TypeError, match="window_days"):
        shop.query("retention_rates", windows=3)


def test_a_missing_parameter_is_named(shop: rc.Shop) -> None:
    with pytest.raises(TypeError, match="ends_at"):
        shop.query("returning_in_window", starts_at="2026-03-01")


def test_a_scope_is_data_and_never_sql(shop: rc.Shop) -> None:
    hostile = "Search' or 1=1; drop table orders; --"
    assert shop.query("customer_totals", channel=[hostile])["customers"].iloc[0] == 0
    assert shop.query("customer_totals")["customers"].iloc[0] == 6


def test_two_shops_never_see_each_other(shop: rc.Shop, tmp_path: Path) -> None:
    other = tmp_path / "given.csv"
    other.write_text("customer,date,amount\nZ,2026-01-13,999\nZ,2026-02-14,1\nY,2026-02-15,1\n")
    second = rc.open_orders(other)
    assert second.query("customer_totals")["revenue"].iloc[0] == 1001
    assert shop.query("customer_totals")["revenue"].iloc[0] == 259
    second.close()
    assert shop.query("customer_totals")["revenue"].iloc[0] == 259
