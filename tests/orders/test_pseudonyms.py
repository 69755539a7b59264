"""With a key a shop knows its customers by pseudonyms: every number stays, and no trace of the raw file."""

from __future__ import annotations

import gc
import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import retention_core as rc
from retention_core.engines import duckdb as engine
from retention_core.orders import ledger, pseudonyms
from tests.orders.opened import table, write

KEY = b"a secret of this test"
CONNECTION = engine.connect()
COMMON = ["Order ID", "Customer Email", "Date", "Amount", "Customer Name", "Phone", "Street", "Note"]


def expected(raw: str, key: bytes = KEY) -> str:
    return hmac.new(key, raw.encode(), hashlib.sha256).hexdigest()[:16]


@given(st.binary(min_size=1, max_size=200), st.text())
def test_the_engine_makes_the_hmac_that_python_makes(key: bytes, raw: str) -> None:
    if "\0" in raw or any("\ud800" <= sign <= "\udfff" for sign in raw):  # no text of a file
        return
    query = f"SELECT {pseudonyms.sql('$raw')}"
    assert CONNECTION.execute(query, {**pseudonyms.paddings(key), "raw": raw}).fetchall() == [(expected(raw, key),)]


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, table([["order_id", "customer_id", "ordered_at", "amount"], [1, "a", "2024-01-05", 10]]))
    with pytest.raises(ValueError, match="must not be empty"):
        rc.open_orders(path, pseudonym_key=b"")


def columns_of_text(shop: rc.Shop) -> list[tuple[str, str]]:
    found = shop._connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND data_type LIKE '%VARCHAR%'"
    )
    return found.fetchall()


def held_by(thing: object) -> Iterator[object]:
    """All that can be reached from a thing: of functions what they were given, not the module they stand in."""
    to_see, seen = [thing], {id(thing)}
    while to_see:
        one = to_see.pop()
        yield one
        if isinstance(one, FunctionType):
            further: list[object] = [*(one.__closure__ or ()), *(one.__defaults__ or ())]
        else:
            further = gc.get_referents(one)
        further = [each for each in further if id(each) not in seen and not isinstance(each, type | ModuleType)]
        seen.update(map(id, further))
        to_see += further


def texts_of(shop: rc.Shop) -> Iterator[str]:
    """All texts that a shop holds: every text column of its cursor, its records and its ledger."""
    yield from (thing for thing in held_by(shop) if isinstance(thing, str))
    for name, column in columns_of_text(shop):
        yield from (str(value) for (value,) in shop._connection.execute(f'SELECT "{column}" FROM "{name}"').fetchall())
    yield repr(vars(shop))
    yield repr(shop.loaded)
    yield shop.ledger().to_csv()


@pytest.fixture
def marked() -> Callable[[str], str]:
    count = itertools.count()
    return lambda kind: f"marker{kind}{next(count)}"


def personal_rows(marked: Callable[[str], str]) -> list[list[object]]:
    """Orders of ten customers: who they are stands in five columns, none of which has anything to do with a number."""
    people = [
        [f"{marked('mail')}@mail.example", marked("name"), f"+49 {marked('phone')}", marked("street")]
        for _ in range(10)
    ]
    rows: list[list[object]] = []
    for number in range(40):
        mail, name, phone, street = people[number % 10]
        day = f"2024-{number // 8 + 1:02}-{number % 8 * 3 + 1:02}"
        rows.append([f"A{number}", mail, day, f"{20 + number}.50", name, phone, street, marked("note")])
    return rows


def test_nothing_of_the_raw_file_stays_in_the_engine(tmp_path: Path, marked: Callable[[str], str]) -> None:
    shop = rc.open_orders(write(tmp_path, table([COMMON, *personal_rows(marked)])), pseudonym_key=KEY)
    held = "\n".join(texts_of(shop))
    assert "marker" not in held
    assert shop.query("customer_totals")["customers"].tolist() == [10]


def test_without_a_key_the_keys_are_those_of_the_file(tmp_path: Path, marked: Callable[[str], str]) -> None:
    shop = rc.open_orders(write(tmp_path, table([COMMON, *personal_rows(marked)])))
    held = "\n".join(texts_of(shop))
    assert "markermail" in held
    assert "markername" not in held
    assert "markerphone" not in held


def test_every_number_is_that_of_the_shop_with_raw_keys() -> None:
    raw, coded = rc.open_orders(rc.sample("replenish")), rc.open_orders(rc.sample("replenish"), pseudonym_key=KEY)
    for name, settings in {
        "cohort_retention": {},
        "audiences": {},
        "event_audiences": {},
        "product_audiences": {},
        "customer_totals": {},
        "rfm_segments": {},
        "first_category_value": {},
        "randomised_test": {},
    }.items():
        pd.testing.assert_frame_equal(raw.query(name, **settings), coded.query(name, **settings))
    ledgers = [shop.ledger().drop(columns="examples") for shop in (raw, coded)]
    pd.testing.assert_frame_equal(*ledgers)
    assert raw.facts == coded.facts
    listed = [shop.query("customer_names", customers=list(range(30_000))) for shop in (raw, coded)]
    assert sorted(map(expected, listed[0]["customer_id"])) == sorted(listed[1]["customer_id"])
    consents = [frame.set_index("customer_id")["consent"] for frame in listed]
    consents[0].index = consents[0].index.map(expected)
    pd.testing.assert_series_equal(consents[0].sort_index(), consents[1].sort_index())


def test_keys_that_differ_in_capitals_only_stay_apart(tmp_path: Path) -> None:
    rows = [
        ["order_id", "customer_id", "ordered_at", "amount"],
        [1, "aB7", "2024-01-05", 10],
        [2, "AB7", "2024-02-05", 10],
    ]
    shop = rc.open_orders(write(tmp_path, table(rows)), pseudonym_key=KEY)
    assert set(shop.query("customer_names", customers=[0, 1])["customer_id"]) == {expected("aB7"), expected("AB7")}


def test_an_email_is_one_customer_in_every_file_however_it_is_written(tmp_path: Path) -> None:
    orders = [
        ["order_id", "customer_id", "ordered_at", "amount"],
        [1, "Anna@mail.example", "2024-01-05", 10],
        [2, " anna@MAIL.example", "2024-02-05", 10],
    ]
    customers = [["customer_id", "birthday", "consent"], ["ANNA@mail.example", "", "no"]]
    paths = [write(tmp_path, table(orders)), write(tmp_path, table(customers), "customers.csv")]
    for key, name in ((None, "anna@mail.example"), (KEY, expected("anna@mail.example"))):
        listed = rc.open_orders(paths, pseudonym_key=key).query("customer_names", customers=[0])
        assert listed[["customer_id", "consent"]].to_dict("records") == [{"customer_id": name, "consent": False}]


def test_broken_lines_and_unreadable_cells_are_kept_by_place_only(tmp_path: Path, marked: Callable[[str], str]) -> None:
    rows = personal_rows(marked)
    text = table([COMMON, *rows]) + f"A99,{marked('mail')}@mail.example\n"
    text += table([[f"B{n}", f"{marked('mail')}@mail.example", marked("date"), 10, "", "", "", ""] for n in range(3)])
    text += table(
        [
            [f"C{n}", f"{marked('mail')}@mail.example", "2024-05-05", f"markeramount{letter}"] + [""] * 4
            for n, letter in enumerate("abc")
        ]
    )
    shop = rc.open_orders(write(tmp_path, text), pseudonym_key=KEY)
    found = shop.ledger().set_index("rule")
    assert found.at["unreadable_date", "rows"] == found.at["unreadable_amount", "rows"] == 3
    assert found["examples"]["wrong_width"] == [(len(rows) + 2, "")]
    assert "marker" not in "\n".join(texts_of(shop))
    secret = pseudonyms.paddings(KEY).values()
    assert not [thing for thing in held_by(shop) if isinstance(thing, bytes) and thing in secret]


# What may name somebody, digits only or letters and digits, with the separators that people use.
MARKERS = ["555-123-4567", "0888.123.456", "0888123456", "555 1234", "4111111111111111", "4111 1111 1111 1111"]
MARKERS += ["AnnaKowalska84", "anna_84", "Anna 84", "84", "1234567.891", "+359888123456", "00000001.00"]


@pytest.mark.parametrize("marker", MARKERS)
def test_an_example_keeps_days_amounts_and_known_statuses_only(marker: str) -> None:
    text = f"{marker} · 2024-01-05 · -12.50 · cancelled · {marker}"
    frame = ledger.without_words(pd.DataFrame({"examples": [[(7, text), (9, "")]]}))
    assert frame["examples"].tolist() == [[(7, "… · 2024-01-05 · -12.50 · cancelled · …"), (9, "")]]


def test_examples_of_shifted_rows_tell_place_and_figures(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Order ID", "Customer", "Date", "Amount", "Financial Status"]]
    rows += [[f"A{number}", f"c{number % 5}", f"2024-01-{number + 1:02}", "10.50", "paid"] for number in range(20)]
    rows += [[marker, "c1", "2024-01-05", "12.50", "cancelled"] for marker in MARKERS[::2]]
    path = write(tmp_path, table(rows))
    raw, coded = (rc.open_orders(path, pseudonym_key=key).ledger().set_index("rule") for key in (None, KEY))
    assert raw.at["cancelled", "examples"][0] == (22, "555-123-4567 · 2024-01-05 · 12.50 · cancelled")
    assert coded.at["cancelled", "examples"] == [(n, "… · 2024-01-05 · 12.50 · cancelled") for n in range(22, 27)]


CONTRACT = ["Customer Email", "Tenure Months", "Churned", "Contract", "City", "Customer Name", "Phone", "Note"]


def contracts(marked: Callable[[str], str], count: int = 60) -> str:
    """A list of contracts of ten people: few enough names, phones and notes to pass for groups."""
    people = [[f"{marked('mail')}@mail.example", marked("name"), marked("phone"), marked("note")] for _ in range(10)]
    rows: list[list[object]] = [[*CONTRACT]]
    for number in range(count):
        mail, name, phone, note = people[number % 10]
        term, city = ("One year", "Month-to-month")[number % 2], ("Sofia", "Plovdiv")[number % 3 % 2]
        rows.append([mail, number % 24 + 1, ("Yes", "No")[number % 2], term, city, name, phone, note])
    return table(rows)


def test_contracts_are_known_by_pseudonyms_and_no_group_names_anybody(
    tmp_path: Path, marked: Callable[[str], str]
) -> None:
    path = write(tmp_path, contracts(marked))
    raw, coded = rc.open_contracts(path), rc.open_contracts(path, pseudonym_key=KEY)
    assert list(raw.rows["customer"].map(expected)) == list(coded.rows["customer"])
    pd.testing.assert_frame_equal(raw.rows.drop(columns="customer"), coded.rows.drop(columns="customer"))
    assert {"Customer Name", "Phone", "Note"} <= set(raw.groups)
    assert list(coded.groups) == ["Contract", "City"]
    assert (raw.terms, coded.terms) == ("Contract", "Contract")
    assert "marker" not in "\n".join(
        [repr(vars(coded)), coded.rows.to_csv(), coded.groups.to_csv(), str(coded.groups.dtypes)]
    )


def test_a_value_that_few_customers_share_makes_no_group(tmp_path: Path, marked: Callable[[str], str]) -> None:
    """Names held once beside many times "none" are few to a column, but each is somebody's."""
    rows: list[list[object]] = [["Customer", "Tenure Months", "Churned", "Contract", "Colour", "Kept by", "City"]]
    for n in range(200):
        own, term = marked("friend") if n < 4 else "none", "One year" if n % 2 else "Month-to-month"
        term = f"marker{n} one year" if n < 2 else term
        four = marked("four") if n == 0 else "red"
        rows.append([f"c{n}", n % 24 + 1, ("Yes", "No")[n % 2], term, four, own, ("Sofia", "Plovdiv")[n % 2]])
    rows += [[f"c{n % 4}", n + 1, "No", "One year", "markerblue", "none", "Sofia"] for n in range(20)]
    path = write(tmp_path, table(rows))
    raw, coded = rc.open_contracts(path), rc.open_contracts(path, pseudonym_key=KEY)
    assert list(raw.groups) == ["Contract", "Colour", "Kept by", "City"] and list(coded.groups) == ["Contract", "City"]
    assert list(coded.term_months()) == list(raw.term_months())
    assert set(coded.groups["Contract"]) == {"One year", "Month-to-month", "12 months"}
    assert "marker" not in coded.groups.to_csv() + str(coded.groups.dtypes) + repr(vars(coded))


def test_published_groups_of_contracts_stay(shared_data: Path) -> None:
    path = shared_data / "telco_churn.csv.gz"
    assert list(rc.open_contracts(path, pseudonym_key=KEY).groups) == list(rc.open_contracts(path).groups)
