"""Who agreed to letters: from a file of customers, or from the orders, whose latest word counts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import retention_core as rc
from retention_core import letters
from tests.orders.opened import table, write

SHOPIFY = ["Name", "Email", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price", "Total"]
SHOPIFY += ["Accepts Marketing"]
PLAIN = ["Order ID", "Customer", "Order date", "Amount"]


def consents(shop: rc.Shop) -> dict[str, bool | None]:
    listed = shop.query("customer_names", customers=list(range(100)))
    return {row.customer_id: None if pd.isna(row.consent) else bool(row.consent) for row in listed.itertuples()}


def test_the_latest_order_that_tells_counts(tmp_path: Path) -> None:
    rows = [
        SHOPIFY,
        ["#3", "ann@mail.example", "paid", "2024-03-01 10:00:00 +0000", 1, 10, 10, ""],
        ["#2", "ann@mail.example", "paid", "2024-02-01 10:00:00 +0000", 1, 10, 10, "no"],
        ["#2", "ann@mail.example", "", "2024-02-01 10:00:00 +0000", 1, 5, "", ""],
        ["#1", "Ann@mail.example", "paid", "2024-01-01 10:00:00 +0000", 1, 10, 10, "yes"],
        ["#4", "bob@mail.example", "paid", "2024-01-02 10:00:00 +0000", 1, 10, 10, "no"],
        ["#5", "bob@mail.example", "voided", "2024-01-03 10:00:00 +0000", 1, 10, 10, "yes"],
        ["#6", "eve@mail.example", "paid", "2024-01-03 10:00:00 +0000", 1, 10, 10, ""],
    ]
    shop = rc.open_orders(write(tmp_path, table(rows)))
    assert consents(shop) == {"ann@mail.example": False, "bob@mail.example": True, "eve@mail.example": None}
    assert not shop.facts.has_customers, "no file of customers: nothing is known of birthdays"
    assert shop.query("audiences")["is_consent_known"].all()


@pytest.mark.parametrize(
    ("header", "answer", "expected"),
    [
        ("Accepts Marketing", "yes", True),
        ("Newsletter", "SUBSCRIBED", True),
        ("Email Marketing Consent", "not_subscribed", False),
        ("accepts_marketing", "FALSE", False),
        ("Marketing opt-in", "maybe", False),
        ("Opt in", "", None),
    ],
)
def test_consent_is_known_by_its_header_in_any_orders(
    tmp_path: Path, header: str, answer: str, expected: bool | None
) -> None:
    rows = [[*PLAIN, header], [1, "ann", "2024-01-05", 10, answer], [2, "ann", "2024-01-04", 10, ""]]
    assert consents(rc.open_orders(write(tmp_path, table(rows)))) == {"ann": expected}


def test_a_file_of_customers_goes_before_the_orders(tmp_path: Path) -> None:
    rows = [[*PLAIN, "Newsletter"], [1, "ann", "2024-01-05", 10, "yes"], [2, "bob", "2024-01-05", 10, "yes"]]
    told = [["Customer", "Newsletter"], ["ann", "no"], ["bob", ""]]
    paths = [write(tmp_path, table(rows)), write(tmp_path, table(told), "customers.csv")]
    assert consents(rc.open_orders(paths)) == {"ann": False, "bob": True}


@pytest.mark.parametrize("answers", [("yes", "no"), ("no", "yes"), ("", "no"), ("no", "", "yes")])
def test_any_no_of_a_customer_in_files_of_customers_counts(tmp_path: Path, answers: tuple[str, ...]) -> None:
    """In whichever row, and in whichever of two files: as in a list of contracts."""
    orders = write(tmp_path, table([PLAIN, [1, "ann", "2024-01-05", 10], [2, "bob", "2024-01-05", 10]]))
    header, bob = ["Customer", "Newsletter"], [["bob", ""], ["bob", "yes"]]
    one = write(tmp_path, table([header, *(["ann", answer] for answer in answers), *bob]), "one.csv")
    assert consents(rc.open_orders([orders, one])) == {"ann": False, "bob": True}
    parts = [
        write(tmp_path, table([header, ["ann", answer], *bob]), f"part{n}.csv") for n, answer in enumerate(answers)
    ]
    assert consents(rc.open_orders([orders, *parts])) == {"ann": False, "bob": True}


def test_customers_as_shopify_exports_them(tmp_path: Path) -> None:
    rows = [SHOPIFY[:-1], ["#1", "Ann@mail.example", "paid", "2024-01-01 10:00:00 +0000", 1, 10, 10]]
    header = ["Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing", "Default Address Address1"]
    header += ["Phone", "Accepts SMS Marketing", "Total Spent", "Total Orders", "Note"]
    told = [header, ["'77", "A", "B", "ANN@mail.example", "no", "Street 1", "'+49 1", "yes", "10", 1, ""]]
    paths = [write(tmp_path, table(rows)), write(tmp_path, table(told), "customers_export.csv")]
    assert consents(rc.open_orders(paths)) == {"ann@mail.example": False}


def test_orders_with_a_column_of_consent_are_no_list_of_customers(tmp_path: Path) -> None:
    rows = [["Email", "Newsletter", "Datum", "Betrag"], ["ann@mail.example", "ja", "2024-01-05", "10,50"]]
    assert consents(rc.open_orders(write(tmp_path, table(rows, ";")))) == {"ann@mail.example": True}


def contracts(folder: Path, rows: list[list[object]], header: str = "Newsletter", **answers: object) -> rc.Contracts:
    named = ["Customer", "Tenure Months", "Churned", "Monthly Charge", header]
    return rc.open_contracts(write(folder, table([named, *rows]), "contracts.csv"), **answers)  # type: ignore[arg-type]


def consents_of(contracts: rc.Contracts) -> dict[str, bool | None]:
    rows = contracts.rows.itertuples()
    return {str(row.customer): None if pd.isna(row.consent) else bool(row.consent) for row in rows}


CONTRACTS: list[list[object]] = [
    ["ann", 5, "No", 10, "no"],
    ["ann", 7, "No", 10, "yes"],
    ["bob", 5, "Yes", 10, "subscribed"],
    ["bob", 9, "No", 10, ""],
    ["eve", 6, "No", 10, ""],
    ["dan", 8, "No", 10, "yes"],
    ["dan", 0, "No", 10, "never"],  # not one month old: the contract does not count, the word does
]


@pytest.mark.parametrize("header", ["Newsletter", "Accepts Marketing", "consent"])
def test_a_list_of_contracts_tells_consent_and_any_no_of_a_customer_counts(tmp_path: Path, header: str) -> None:
    opened = contracts(tmp_path, CONTRACTS, header)
    assert consents_of(opened) == {"ann": False, "bob": True, "eve": None, "dan": False} and opened.tells_consent
    assert header not in opened.groups


def test_a_column_can_be_named_or_refused_as_consent_of_contracts(tmp_path: Path) -> None:
    named = contracts(tmp_path, CONTRACTS, "Post", mapping={"consent": "Post"})
    assert consents_of(named)["ann"] is False
    refused = contracts(tmp_path, CONTRACTS, mapping={"consent": ""})
    assert not refused.tells_consent and set(consents_of(refused).values()) == {None} and "Newsletter" in refused.groups


def test_contracts_without_such_a_column_tell_of_nobody(tmp_path: Path) -> None:
    opened = contracts(tmp_path, CONTRACTS, "Region")
    assert not opened.tells_consent and set(consents_of(opened).values()) == {None}


PEOPLE = [(None, "eve"), (True, "bob"), (False, "ann"), (False, "ann")]


def test_one_rule_for_every_list() -> None:
    everyone = pd.DataFrame(PEOPLE, columns=["consent", "customer"])
    listed, left_out = letters.writable(everyone, is_known=True)
    assert listed["customer"].tolist() == ["bob"] and left_out == letters.LeftOut(refused=1, untold=1, is_known=True)
    nobody_asked = everyone.assign(consent=None)
    listed, left_out = letters.writable(nobody_asked, is_known=False)
    assert len(listed) == 4 and "consent" not in listed and left_out == letters.LeftOut(0, 0, is_known=False)
    listed, left_out = letters.writable(nobody_asked, is_known=True)
    assert listed.empty and left_out.untold == 3, "the files tell of others, who are not on this list"


@pytest.mark.parametrize("answers", [("yes", "no", ""), ("yes", "", ""), ("", "no", ""), ("", "", "")])
def test_lists_and_audiences_agree_on_who_may_be_written_to(tmp_path: Path, answers: tuple[str, ...]) -> None:
    rows = [[*PLAIN, "Newsletter"]]
    rows += [[n, f"c{n}", f"2024-01-{n + 1:02}", 10, answers[n % 3]] for n in range(12)]  # type: ignore[list-item]
    shop = rc.open_orders(write(tmp_path, table(rows)))
    listed = shop.query("cohort_customers", cohort="2024-01-01")
    kept, _ = letters.writable(listed, bool(listed["is_consent_known"].any()), "customer_id")
    audiences = shop.query("audiences").set_index("stage")
    assert len(kept) == audiences.at["new", "writable"]
    told = shop.query("customer_consents")
    assert len(told) == 4 * sum(map(bool, answers)) and told["customer"].notna().all()


def test_consent_of_somebody_who_never_ordered_is_known_too(tmp_path: Path) -> None:
    rows = [PLAIN, [1, "ann", "2024-01-05", 10]]
    told = [["Customer", "Newsletter"], ["eve", "yes"]]
    shop = rc.open_orders([write(tmp_path, table(rows)), write(tmp_path, table(told), "customers.csv")])
    assert shop.query("customer_consents")["customer"].isna().tolist() == [True]
    assert shop.query("cohort_customers", cohort="2024-01-01")["is_consent_known"].tolist() == [True]
