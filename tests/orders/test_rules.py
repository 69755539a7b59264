"""Each cleaning rule on a file of a few lines: what the file says, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from retention_core.orders.rules import RULES
from retention_core.orders.words import STATUSES

from .opened import opened, write

HEAD = "order_id,customer_id,ordered_at,amount"
LINES = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"

# rule -> the header and rows of a file in which it applies to exactly one row, beside one good order
ONE_ROW = {
    "no_customer": (HEAD, "1,a,2024-01-01,5", "2,,2024-01-02,7"),
    "no_date": (HEAD, "1,a,2024-01-01,5", "2,b,,7"),
    "unreadable_date": (HEAD, "1,a,2024-01-01,5", "2,b,soon,7"),
    "no_amount": (HEAD, "1,a,2024-01-01,5", "2,b,2024-01-02,"),
    "unreadable_amount": (HEAD, "1,a,2024-01-01,5", "2,b,2024-01-02,seven"),
    "no_order_number": (HEAD, "1,a,2024-01-01,5", ",b,2024-01-02,7"),
    "total_row": (HEAD, "1,a,2024-01-01,5", "TOTAL,,,5"),
    "exact_duplicate": (HEAD, "1,a,2024-01-01,5", "1,a,2024-01-01,5"),
    "refund_matched": (HEAD, "1,a,2024-01-01,5", "2,a,2024-01-09,-2"),
    "refund_unmatched": (HEAD, "1,a,2024-01-05,5", "2,a,2024-01-01,-2"),
    "cancelled": (HEAD + ",status", "1,a,2024-01-01,5,paid", "2,b,2024-01-02,7,Cancelled"),
    "failed": (HEAD + ",status", "1,a,2024-01-01,5,paid", "2,b,2024-01-02,7,Failed"),
    "pending": (HEAD + ",status", "1,a,2024-01-01,5,paid", "2,b,2024-01-02,7,on-hold"),
    "test_order": (HEAD + ",status", "1,a,2024-01-01,5,paid", "2,b,2024-01-02,7,test"),
    "bad_debt": (LINES, "1,P,Tea,1,2024-01-01,5,a,UK", "A2,B,Adjust bad debt,1,2024-01-02,7,b,UK"),
    "not_positive": (LINES, "1,P,Tea,1,2024-01-01,5,a,UK", "1,Q,Gift,1,2024-01-01,0,a,UK"),
    "unknown_status": (HEAD + ",status", "1,a,2024-01-01,5,paid", "2,b,2024-01-02,7,levitating"),
    "spreadsheet_id": (HEAD, "1,a,2024-01-01,5", "2,1.23E+10,2024-01-02,7"),
    "identical_lines": (LINES, "1,P,Tea,1,2024-01-01,5,a,UK", "1,P,Tea,1,2024-01-01,5,a,UK"),
}  # fmt: skip


@pytest.mark.parametrize("rule", ONE_ROW)
def test_rule_applies_to_its_row_and_to_no_other(tmp_path: Path, rule: str) -> None:
    with opened(write(tmp_path, "\n".join(ONE_ROW[rule]) + "\n")) as shop:
        row = shop.ledger[shop.ledger["rule"] == rule].iloc[0]
        is_note = row["outcome"] == "note"
        assert row["rows"] == 1
        assert shop.rule("kept")["rows"] == (2 if is_note else 1)
        assert row["examples"][0][0] == 3
        assert shop.orders["order_id"].iloc[0] == "1"
        assert shop.keeps_the_law()


# Lines that are no row of the table: each has its files in tests/orders/hostile.
OF_THE_READER = {"header", "blank", "continuation", "preamble", "bad_quote", "too_long", "wrong_width"}
OTHER_TESTS = {
    "kept", "other_currency", "refund_ignored", "refunded_in_full", "in_another_file", "newer_version", "refund_excess",
    "after_as_of", "shared_order_number", "order_not_counted", "customer_not_counted", "customer_again",
    "unreadable_row", "no_cost",
}  # fmt: skip


def test_every_rule_of_the_table_is_tested() -> None:
    assert {rule.key for rule in RULES} == ONE_ROW.keys() | OTHER_TESTS | OF_THE_READER


def test_ledger_names_the_value_that_cannot_be_read(tmp_path: Path) -> None:
    with opened(write(tmp_path, "\n".join(ONE_ROW["unreadable_date"]) + "\n")) as shop:
        assert "soon" in shop.ledger.set_index("rule").loc["unreadable_date", "examples"][0][1]


def test_money_of_rows_left_out_stands_in_the_ledger(tmp_path: Path) -> None:
    with opened(write(tmp_path, "\n".join(ONE_ROW["no_customer"]) + "\n")) as shop:
        assert shop.rule("no_customer") == {"rows": 1, "orders": 1, "customers": 0, "amount": 7.0}


ORDER = HEAD + ",refunded,status\n"
REFUNDED = ORDER + "1,a,2024-01-01,10,4,paid\n2,a,2024-02-01,10,10,refunded\n3,b,2024-03-01,10,0,paid\n"


@pytest.mark.parametrize(
    ("refunds", "amounts"), [("net", [6.0, 0.0, 10.0]), ("drop", [6.0, 10.0]), ("ignore", [10.0, 10.0, 10.0])]
)
def test_refunded_column(tmp_path: Path, refunds: str, amounts: list[float]) -> None:
    with opened(write(tmp_path, REFUNDED), refunds=refunds) as shop:
        assert list(shop.orders["amount"]) == amounts
        assert shop.rule("refunded_in_full")["rows"] == (1 if refunds == "drop" else 0)
        assert shop.keeps_the_law()


def test_status_refunded_without_a_sum_takes_all_of_it_back(tmp_path: Path) -> None:
    text = HEAD + ",status\n1,a,2024-01-01,10,refunded\n2,a,2024-02-01,10,paid\n"
    with opened(write(tmp_path, text)) as shop:
        assert list(shop.orders["amount"]) == [0.0, 10.0]


@pytest.mark.parametrize(
    ("refunds", "amounts"), [("net", [6.0, 10.0]), ("drop", [6.0, 10.0]), ("ignore", [10.0, 10.0])]
)
def test_refund_rows_with_the_number_of_their_order(tmp_path: Path, refunds: str, amounts: list[float]) -> None:
    text = HEAD + "\n1,a,2024-01-01,10\n2,a,2024-02-01,10\n1,a,2024-03-01,-4\n"
    with opened(write(tmp_path, text), refunds=refunds) as shop:
        assert list(shop.orders["amount"]) == amounts
        assert shop.rule("refund_ignored")["rows"] == (1 if refunds == "ignore" else 0)
        assert shop.keeps_the_law()


CANCELLATIONS = f"""{LINES}
1,P,Tea,10,2024-01-01,2,a,UK
2,P,Tea,5,2024-02-01,2,a,UK
2,Q,Cup,1,2024-02-01,7,a,UK
C3,P,Tea,-3,2024-03-01,2,a,UK
C4,P,Tea,-4,2024-01-15,2,a,UK
C5,Q,Cup,-1,2024-01-15,7,a,UK
C6,P,Tea,-9,2024-03-02,2,a,UK
"""


def test_cancelled_invoices_take_back_the_latest_earlier_purchase_of_the_product(tmp_path: Path) -> None:
    """C3 and C6 belong to order 2 and together exceed its tea by 14; C4 to order 1; nothing was bought before C5."""
    with opened(write(tmp_path, CANCELLATIONS)) as shop:
        assert dict(zip(shop.orders["order_id"], shop.orders["amount"], strict=True)) == {"1": 12.0, "2": 7.0}
        assert dict(zip(shop.orders["order_id"], shop.orders["refunded"], strict=True)) == {"1": 8.0, "2": 10.0}
        assert shop.rule("refund_matched")["rows"] == 3
        assert shop.rule("refund_unmatched") == {"rows": 1, "orders": 1, "customers": 1, "amount": -7.0}
        assert shop.rule("refund_excess")["amount"] == 14.0
        assert shop.keeps_the_law()


def test_a_refund_column_above_the_price_is_noted(tmp_path: Path) -> None:
    """Of order 2, 3 more came back than was paid; all of order 1 came back, its shipping too."""
    text = (
        "order number,customer,date,amount,shipping,refunded amount\n1,a,2024-01-01,10,5,15\n2,b,2024-01-02,10,5,18\n"
    )
    with opened(write(tmp_path, text), includes="nothing") as shop:
        assert list(shop.orders["amount"]) == [0.0, 0.0]
        assert shop.rule("refund_excess") == {"rows": 1, "orders": 1, "customers": 0, "amount": 3.0}


TOTALS = "order number,customer,date,amount,item"


def test_rows_of_an_order_share_its_fate_where_the_total_is_repeated(tmp_path: Path) -> None:
    """A total that cannot be read, and a negative one, take all rows of their order with them."""
    bad = "1,a,2024-01-01,ten,Tea\n1,a,2024-01-01,ten,Cup\n"
    good = "2,b,2024-01-02,7,Tea\n2,b,2024-01-02,7,Cup\n" + "".join(f"{n},c,2024-01-03,5,Tea\n" for n in range(5, 12))
    refund = "3,b,2024-01-05,-2,Tea\n3,b,2024-01-05,-2,Cup\n"
    with opened(write(tmp_path, f"{TOTALS}\n{bad}{good}{refund}"), rows="totals") as shop:
        assert shop.orders.set_index("order_id")["amount"]["2"] == 5.0 and "1" not in set(shop.orders["order_id"])
        assert shop.rule("unreadable_amount")["rows"] == 2
        assert shop.rule("refund_matched") == {"rows": 2, "orders": 1, "customers": 1, "amount": -2.0}
        assert len(shop.orders) == 8
        assert shop.keeps_the_law()


def test_order_number_of_several_customers_is_an_order_of_each(tmp_path: Path) -> None:
    text = LINES + "\n1,P,Tea,1,2024-01-01,5,a,UK\n1,P,Tea,1,2024-01-01,7,b,UK\n1,Q,Cup,1,2024-01-01,1,b,UK\n"
    with opened(write(tmp_path, text)) as shop:
        assert list(shop.orders["order_id"]) == ["1", "1 (2)"]
        assert list(shop.orders["amount"]) == [5.0, 8.0]
        assert shop.rule("shared_order_number") == {"rows": 3, "orders": 2, "customers": 2, "amount": 0.0}
        assert shop.lines is not None and list(shop.lines["order_id"]) == ["1", "1 (2)", "1 (2)"]


def test_order_is_at_the_time_of_its_first_line(tmp_path: Path) -> None:
    text = LINES + "\n1,P,Tea,1,2024-01-01 10:02:00,5,a,UK\n1,Q,Cup,1,2024-01-01 10:01:00,7,a,UK\n"
    with opened(write(tmp_path, text)) as shop:
        assert list(shop.orders["ordered_at"]) == [pd.Timestamp("2024-01-01 10:01:00")]
        assert list(shop.orders["amount"]) == [12.0]


CURRENCIES = HEAD + ",currency\n1,a,2024-01-01,10,EUR\n2,a,2024-02-01,10,usd\n3,b,2024-03-01,10,EUR\n"


def test_one_currency_is_counted_and_the_others_keep_their_own_money(tmp_path: Path) -> None:
    with opened(write(tmp_path, CURRENCIES), currency="EUR") as shop:
        left = shop.ledger.set_index("rule").loc["other_currency"]
        assert (left["rows"], left["amount"], left["currency"]) == (1, 10.0, "USD")
        assert shop.orders["amount"].sum() == 20.0 and shop.loaded.facts.currency == "EUR"


def test_other_currencies_are_turned_with_rates(tmp_path: Path) -> None:
    with opened(write(tmp_path, CURRENCIES), currency="EUR", rates={"USD": 0.9}) as shop:
        assert list(shop.orders["amount"]) == [10.0, 9.0, 10.0]
        assert set(shop.orders["currency"]) == {"EUR"}


def test_same_lines_in_two_files_count_once_and_equal_lines_of_one_file_stay(tmp_path: Path) -> None:
    tea, cup = "1,P,Tea,1,2024-01-01,5,a,UK\n", "2,Q,Cup,1,2024-01-02,7,b,UK\n"
    first = write(tmp_path, f"{LINES}\n{tea}{tea}", "first.csv")
    second = write(tmp_path, f"{LINES}\n{tea}{tea}{tea}{cup}", "second.csv")
    with opened(first, second) as shop:
        assert list(shop.orders["amount"]) == [15.0, 7.0]
        assert shop.rule("in_another_file")["rows"] == 2
        assert shop.keeps_the_law()


def test_newer_version_of_an_order_replaces_the_older_one(tmp_path: Path) -> None:
    june = write(tmp_path, ORDER + "1,a,2024-06-01,10,0,paid\n2,b,2024-06-02,10,0,paid\n", "june.csv")
    july = write(
        tmp_path,
        ORDER + "2,b,2024-06-02,10,10,refunded\n1,a,2024-06-01,10,0,paid\n3,c,2024-07-02,10,0,paid\n",
        "july.csv",
    )
    for files in ((june, july), (july, june)):
        with opened(*files) as shop:
            assert list(shop.orders["amount"]) == [10.0, 0.0, 10.0]
            assert shop.rule("newer_version")["rows"] == 1 and shop.rule("in_another_file")["rows"] == 1
            assert shop.keeps_the_law()


def test_purchases_without_a_number_in_two_files_count_once(tmp_path: Path) -> None:
    head = "customer,date,amount\n"
    first = write(tmp_path, head + "a,2024-01-01,5\na,2024-01-01,5\n", "first.csv")
    second = write(tmp_path, head + "a,2024-01-01,5\nb,2024-01-02,6\n", "second.csv")
    with opened(first, second) as shop:
        assert sorted(shop.orders["amount"]) == [5.0, 5.0, 6.0]
        assert shop.rule("in_another_file")["rows"] == 1
        assert shop.orders["order_id"].is_unique


def test_second_tables_leave_out_what_belongs_to_no_counted_order(shared_data: Path) -> None:
    names = ("orders", "customers", "order_items", "order_payments")
    with opened(*(shared_data / f"olist_sample_{name}.csv.gz" for name in names)) as shop:
        assert shop.rule("order_not_counted")["rows"] > 0
        assert shop.rule("customer_not_counted")["rows"] > 0
        assert shop.keeps_the_law()


def test_customers_and_events_that_cannot_be_used(tmp_path: Path) -> None:
    orders = write(tmp_path, HEAD + "\n1,a,2024-01-01,5\n")
    customers = write(tmp_path, "customer_id,birthday,consent\na,,yes\na,,no\n,,no\n", "customers.csv")
    with opened(orders, customers) as shop:
        assert shop.rule("customer_again")["rows"] == 1 and shop.rule("unreadable_row")["rows"] == 1
        assert shop.connection.execute("SELECT consent FROM clean_customers").fetchall() == [(False,)]


def test_several_files_of_one_kind_are_one_table(tmp_path: Path) -> None:
    """Of customers the first word counts, but any no to letters; a row that an earlier file has too counts once."""
    files = [write(tmp_path, HEAD + "\n1,a,2024-01-01,5\n2,b,2024-01-02,5\n3,c,2024-01-03,5\n")]
    for name, customers, events, spend in (
        ("one", "a,,no\nb,1990-05-01,yes\n", "a,open,2024-01-05\n", "2024-01-01,mail,5\n"),
        (
            "two",
            "a,1980-01-01,yes\nb,1991-01-01,no\nc,,yes\n",
            "a,open,2024-01-05\nb,open,2024-01-06\n",
            "2024-02-01,mail,6\n",
        ),
    ):
        files.append(write(tmp_path, f"customer_id,birthday,consent\n{customers}", f"customers_{name}.csv"))
        files.append(write(tmp_path, f"customer_id,event,occurred_at\n{events}", f"events_{name}.csv"))
        files.append(write(tmp_path, f"month,channel,amount\n{spend}", f"spend_{name}.csv"))
    with opened(*files) as shop:
        told = shop.connection.execute("SELECT customer_id, year(birthday), consent FROM clean_customers").fetchall()
        assert told == [("a", 1980, False), ("b", 1990, False), ("c", None, True)]
        assert shop.connection.execute("SELECT customer_id FROM clean_events").fetchall() == [("a",), ("b",)]
        assert shop.connection.execute("SELECT count(*) FROM clean_spend").fetchall() == [(2,)]
        assert shop.rule("customer_again")["rows"] == 2 and shop.rule("in_another_file")["rows"] == 1
        assert shop.keeps_the_law()


def test_a_status_word_means_one_thing() -> None:
    words = [word for meaning in STATUSES.values() for word in meaning]
    assert len(words) == len(set(words))
    assert all(word == word.lower() and word for word in words)
