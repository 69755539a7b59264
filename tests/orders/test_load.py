"""Opening whole files: the published totals, the facts, the second tables, what is left behind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from retention_core.engines import duckdb as engine
from retention_core.orders.load import NeedsAnswers, OrdersError, inspect, load
from retention_core.orders.read import read

from .opened import Opened, opened, write

ONLINE_RETAIL = ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet")
CLEAN_COLUMNS = [
    "part", "order_id", "customer_id", "ordered_at", "amount", "discount", "refunded", "tax", "shipping", "currency",
    "channel", "campaign", "coupon", "payment_method", "delivery_method", "country", "category", "status",
    "cost",
]  # fmt: skip


@pytest.mark.parametrize("order", [ONLINE_RETAIL, ONLINE_RETAIL[::-1]])
def test_both_online_retail_files_give_the_published_totals(shared_data: Path, order: tuple[str, str]) -> None:
    with opened(*(shared_data / name for name in order), refunds="ignore") as shop:
        customers, orders, revenue = shop.connection.execute(
            "SELECT count(DISTINCT customer_id), count(*), sum(amount) FROM clean_orders"
        ).fetchall()[0]
        assert (customers, orders, revenue) == (5878, 36969, Decimal("17431533.1780"))
        assert shop.rule("in_another_file")["rows"] == 22523
        assert shop.rule("in_another_file")["orders"] == 1088
        assert any("(12,133 rows)" in note for note in shop.loaded.facts.notes)  # 6,865 + 5,268 equal lines
        assert shop.keeps_the_law()


def test_clean_orders_has_all_columns_whatever_the_file_has(shared_data: Path) -> None:
    with opened(shared_data / "grocery_elog.csv.gz") as shop:
        assert list(shop.orders.columns) == CLEAN_COLUMNS
        assert not shop.loaded.facts.has_amount
        assert len(shop.orders) == 10483


def test_nothing_but_the_second_tables_is_left_after_release(shared_data: Path) -> None:
    with opened(shared_data / ONLINE_RETAIL[0]) as shop:
        shop.loaded.release()
        found = shop.connection.execute("SELECT table_name FROM information_schema.tables WHERE table_catalog = 'temp'")
        assert {row[0] for row in found.fetchall()} == {"customer_ids", "clean_order_lines"}


def test_nothing_is_left_after_a_refusal(tmp_path: Path) -> None:
    connection = engine.connect()
    path = write(tmp_path, "customer,date,amount\na,01/02/2024,5\nb,03/04/2024,6\n")
    with pytest.raises(NeedsAnswers):
        load(connection, [path])
    found = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'temp'"
    ).fetchall()
    connection.close()
    assert found == []


def test_lines_add_up_to_orders(shared_data: Path) -> None:
    with opened(shared_data / "superstore.csv.gz") as shop:
        assert shop.lines is not None
        by_order = shop.lines.groupby("order_id")["amount"].sum().astype(float)
        assert (by_order - shop.orders.set_index("order_id")["amount"]).abs().max() < 1e-6
        assert shop.orders["order_id"].is_unique
        assert shop.rule("shared_order_number") == {"rows": 8, "orders": 8, "customers": 4, "amount": 0.0}


def test_sample_shop_with_its_second_tables(tmp_path: Path) -> None:
    orders = write(tmp_path, "order_id,customer_id,ordered_at,amount\n1,a,2024-01-01,5\n2,b,2024-01-02,6\n")
    lines = "order_id,product_id,product,category,quantity,amount\n1,P1,Tea,drinks,1,5\n9,P2,Cup,things,1,3\n"
    customers = "customer_id,birthday,consent\na,1990-05-01,yes\na,1990-05-01,yes\nb,,no\n"
    events = "customer_id,event,occurred_at,detail\na,review,2024-01-03T10:00:00,5\n,review,2024-01-03T10:00:00,5\n"
    files = [orders, write(tmp_path, lines, "lines.csv"), write(tmp_path, customers, "customers.csv")]
    files += [
        write(tmp_path, events, "events.csv"),
        write(tmp_path, "month,channel,amount\n2024-01-01,mail,9.5\n", "spend.csv"),
    ]
    with opened(*files) as shop:
        facts = shop.loaded.facts
        assert (facts.has_order_lines, facts.has_customers, facts.has_events, facts.has_spend) == (True,) * 4
        assert shop.lines is not None and list(shop.lines["order_id"]) == ["1"]
        assert list(shop.orders["category"].fillna("")) == ["drinks", ""]
        assert shop.connection.execute("FROM clean_customers ORDER BY 1").fetchall()[1][2] is False
        assert shop.connection.execute("SELECT count(*) FROM clean_customers").fetchall() == [(2,)]
        assert shop.connection.execute("SELECT count(*) FROM clean_events").fetchall() == [(1,)]
        assert shop.rule("order_not_counted")["rows"] == 1
        assert shop.keeps_the_law()


ORDERS = "order_id,customer_id,ordered_at\n"
LINES = "order_id,product_id,product,category,quantity,amount,cost\n"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_value\n"
KEYS = "customer_id,customer_unique_id\n"


def by_order(shop: Opened, field: str) -> dict[str, object]:
    """This field by order number; None: not known."""
    told = shop.orders.set_index("order_id")[field]
    return {str(order): None if pd.isna(value) else value for order, value in told.items()}


def two_years(folder: Path, first: str, second: str, name: str) -> list[Path]:
    """Orders 1 and 2 of 2023, 3 of 2024, and another table of the same export in two files."""
    old = write(folder, f"{ORDERS}1,a,2023-05-01\n2,b,2023-12-31\n", "orders_2023.csv")
    new = write(folder, f"{ORDERS}3,c,2024-05-01\n", "orders_2024.csv")
    return [old, new, write(folder, first, f"{name}_2023.csv"), write(folder, second, f"{name}_2024.csv")]


def test_lines_in_a_file_per_year_are_one_table(tmp_path: Path) -> None:
    """A row that the second export has again counts once; order 2 stands in both, and its rows add up."""
    first = LINES + "1,x,Tea,drinks,1,10,4\n1,x,Tea,drinks,1,10,4\n2,y,Pot,things,1,20,9\n"
    second = LINES + "2,y,Pot,things,1,20,9\n2,z,Cup,things,2,8,3\n3,x,Tea,drinks,1,10,4\n9,x,Tea,drinks,1,10,4\n"
    for files in (two_years(tmp_path, first, second, "lines"), two_years(tmp_path, second, first, "lines")):
        with opened(*files) as shop:
            assert by_order(shop, "amount") == {"1": 20, "2": 28, "3": 10}
            assert {order: float(str(cost)) for order, cost in by_order(shop, "cost").items()} == {
                "1": 8,
                "2": 12,
                "3": 4,
            }
            assert shop.loaded.facts.has_amount and shop.lines is not None
            assert list(shop.lines["order_id"]) == ["1", "1", "2", "2", "3"]
            assert (shop.rule("in_another_file")["rows"], shop.rule("in_another_file")["orders"]) == (1, 1)
            assert (shop.rule("order_not_counted")["rows"], shop.rule("order_not_counted")["orders"]) == (1, 1)
            assert shop.keeps_the_law()


def test_equal_rows_count_as_often_as_in_the_file_that_has_most(tmp_path: Path) -> None:
    tea = "1,x,Tea,drinks,1,10,4\n"
    with opened(*two_years(tmp_path, LINES + tea * 2, LINES + tea * 3, "lines")) as shop:
        assert by_order(shop, "amount")["1"] == 30
        assert shop.rule("in_another_file")["rows"] == 2
        assert shop.lines is not None and len(shop.lines) == 3
        assert shop.keeps_the_law()


def test_files_of_lines_may_differ_in_columns(tmp_path: Path) -> None:
    """Of an order whose second line is in a file without costs the cost is not known; and costs come in three ways."""
    first = "amount,unit_cost,order_id,product_id,product,quantity\n10,2,1,x,Tea,2\n20,9,2,y,Pot,1\n"
    second = "order_id,product_id,product,category,quantity,amount\n2,z,Cup,things,1,5\n1,x,Tea,drinks,2,10.00\n"
    third = "order_id,product_id,product,quantity,amount,profit\n3,x,Tea,1,10,7\n"
    files = [*two_years(tmp_path, first, second, "lines"), write(tmp_path, third, "lines_2025.csv")]
    for order in (files, [*files[:2], files[3], files[2], files[4]]):
        with opened(*order) as shop:
            assert by_order(shop, "amount") == {"1": 10, "2": 25, "3": 10}
            assert {key: value and float(str(value)) for key, value in by_order(shop, "cost").items()} == {
                "1": 4, "2": None, "3": 3,
            }  # fmt: skip
            assert by_order(shop, "category")["1"] == "drinks", "told by one of the two files that have the row"
            assert shop.rule("in_another_file")["rows"] == 1
            assert shop.keeps_the_law()


def test_a_cost_put_right_later_is_no_second_line(tmp_path: Path) -> None:
    line = "1,x,Tea,drinks,1,10,"
    with opened(*two_years(tmp_path, f"{LINES}{line}4\n", f"{LINES}{line}5\n", "lines")) as shop:
        assert by_order(shop, "amount")["1"] == 10 and float(str(by_order(shop, "cost")["1"])) == 4


def test_payments_in_a_file_per_year_are_one_table(tmp_path: Path) -> None:
    """Order 2 was paid in two years: equal sums, but a payment of each year."""
    first = PAYMENTS + "1,1,card,10\n2,1,card,20\n"
    second = PAYMENTS + "1,1,card,10\n2,2,voucher,20\n3,1,cash,30\n9,1,cash,30\n"
    with opened(*two_years(tmp_path, first, second, "payments")) as shop:
        assert by_order(shop, "amount") == {"1": 10, "2": 40, "3": 30}
        assert by_order(shop, "payment_method") == {"1": "card", "2": "card", "3": "cash"}
        assert shop.rule("in_another_file")["rows"] == 1 and shop.rule("order_not_counted")["rows"] == 1
        assert shop.keeps_the_law()


def test_keys_of_customers_in_a_file_per_year_are_one_table(tmp_path: Path) -> None:
    with opened(*two_years(tmp_path, f"{KEYS}a,ann\nb,bob\n", f"{KEYS}b,bob\nc,ann\nd,eve\n", "customers")) as shop:
        assert by_order(shop, "customer_id") == {"1": "ann", "2": "bob", "3": "ann"}
        assert shop.rule("in_another_file")["rows"] == 1 and shop.rule("customer_not_counted")["rows"] == 1
        assert shop.keeps_the_law()


def test_orders_without_numbers_open_beside_lines(tmp_path: Path) -> None:
    """No line can be told to be theirs."""
    orders = write(tmp_path, "customer,date\na,2024-01-31\nb,2024-02-29\n")
    with opened(orders, write(tmp_path, f"{LINES}1,x,Tea,drinks,1,10,4\n", "lines.csv")) as shop:
        assert len(shop.orders) == 2 and not shop.loaded.facts.has_amount
        assert shop.rule("order_not_counted")["rows"] == 1


def test_numbers_match_whatever_blanks_and_types_they_have(tmp_path: Path) -> None:
    orders = write(tmp_path, f"{ORDERS}1,a,2024-05-01\n 2,b,2024-05-02\n")
    path = tmp_path / "lines.parquet"
    told = {"order_id": [1, 2], "product_id": ["x", "y"], "product": ["Tea", "Pot"], "quantity": [1, 1]}
    pd.DataFrame({**told, "amount": [10.0, 20.0]}).to_parquet(path)
    with opened(orders, path) as shop:
        assert by_order(shop, "amount") == {"1": 10, "2": 20}


def test_nothing_of_several_files_is_left_after_release(tmp_path: Path) -> None:
    with opened(*two_years(tmp_path, f"{KEYS}a,ann\nb,bob\n", f"{KEYS}c,ann\n", "customers")) as shop:
        shop.loaded.release()
        found = shop.connection.execute("SELECT table_name FROM information_schema.tables WHERE table_catalog = 'temp'")
        assert [row[0] for row in found.fetchall()] == ["customer_ids"]


def test_inspect_shows_columns_and_five_rows(shared_data: Path) -> None:
    connection = engine.connect()
    parts = read(connection, shared_data / "retail_transactions.csv.gz", relation="raw_0")
    (found,) = inspect(connection, parts)
    connection.close()
    assert {guess.field: guess.name for guess in found.guesses} == {
        "customer_id": "customer_id", "ordered_at": "trans_date", "amount": "tran_amount",
    }  # fmt: skip
    assert list(found.preview.columns) == ["customer_id", "trans_date", "tran_amount"]
    assert len(found.preview) == 5
    assert found.confidence > 0.9 and not found.questions


def test_times_in_utc_can_be_turned_into_the_shop_s_own(shared_data: Path) -> None:
    path = shared_data / "complete_journey_transactions_odd.parquet"
    with opened(path) as utc, opened(path, timezone="America/New_York") as local:
        assert utc.orders["ordered_at"].max().date().isoformat() == "2018-01-01"
        assert local.orders["ordered_at"].max().date().isoformat() == "2017-12-31"
        assert utc.loaded.facts.times == "in UTC, as the file writes them"
        assert local.loaded.facts.times == "turned into the time of America/New_York"


def test_summer_time_is_the_wall_time_unless_a_zone_is_given(tmp_path: Path) -> None:
    text = "customer,date,amount\na,2011-10-29 23:30:00 +0100,5\nb,2011-10-31T09:00:00Z,6\n"
    path = write(tmp_path, text)
    with opened(path) as written, opened(path, timezone="Europe/Sofia") as local:
        assert [str(moment) for moment in written.orders["ordered_at"]] == [
            "2011-10-29 23:30:00",
            "2011-10-31 09:00:00",
        ]
        assert [str(moment) for moment in local.orders["ordered_at"]] == ["2011-10-30 01:30:00", "2011-10-31 11:00:00"]


def test_files_of_two_systems_are_not_added_up(shared_data: Path) -> None:
    shopify, stripe = shared_data / "exports/shopify_orders_export.csv.gz", shared_data / "exports/stripe_payments.csv"
    with pytest.raises(OrdersError, match="would count twice"), opened(shopify, stripe):
        pass


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("telco_churn.csv.gz", "table of contracts, not orders"),
        ("hillstrom_email_ab.csv.gz", "not orders"),
        ("cdnow_summary_weeks.csv", "summary, not orders"),
        ("donations_bgbb.csv", "summary, not orders"),
        ("sbg_survival.csv", "survival rates, not orders"),
        ("apparel_static_cov.csv", "no column holds dates"),
        ("retail_campaign_response.csv.gz", "no column holds dates"),
        ("complete_journey_coupon_redemptions_odd.csv", "redeemed coupons"),
        ("complete_journey_demographics_odd.csv", "no column holds dates"),
        ("olist_sample_order_items.csv.gz", "no table of orders"),
    ],
)
def test_tables_that_are_no_orders_are_refused_in_plain_words(shared_data: Path, name: str, says: str) -> None:
    with pytest.raises(OrdersError, match=says) as refused, opened(shared_data / name):
        pass
    assert refused.value.file == name and refused.value.advice


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"timezone": "Sofia"}, "no time zone"),
        ({"refunds": "all"}, "refunds cannot be"),
        ({"rates": {"EUR": 0.8}}, "rates need a currency"),
        ({"mapping": {"buyer": "customer"}}, "there is no field buyer"),
    ],
)
def test_wrong_answers_are_named(tmp_path: Path, answers: dict[str, object], says: str) -> None:
    path = write(tmp_path, "customer,date,amount\na,2024-01-01,5\n")
    with pytest.raises(OrdersError, match=says), opened(path, **answers):
        pass
