"""Opening whole files: the published totals, the facts, the second tables, what is left behind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from retention_core.engines import duckdb as engine
from retention_core.orders.load import NeedsAnswers, OrdersError, inspect, load
from retention_core.orders.read import read

from .opened import opened, write

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
