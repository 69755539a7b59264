"""Who agreed to letters: from a file of customers, or from the orders, whose latest word counts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import retention_core as rc
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
