"""The law of the ledger: kept, left out and merged rows are the physical lines of each file, always."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_core.orders.ledger import COLUMNS
from retention_core.orders.rules import RULE

from .opened import opened, write

OLIST = tuple(f"olist_sample_{name}.csv.gz" for name in ("orders", "customers", "order_items", "order_payments"))
FILES: tuple[tuple[tuple[str, ...], dict[str, object]], ...] = (
    (("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet"), {}),
    (("exports/online_retail_week_2011-06.xlsx",), {}),
    (("cdnow_master.csv.gz",), {}),
    (("cdnow_sample.csv.gz",), {}),
    (("apparel_trans.csv.gz",), {}),
    (("grocery_elog.csv.gz",), {}),
    (("retail_transactions.csv.gz",), {}),
    (("superstore.csv.gz",), {}),
    (("complete_journey_transactions_odd.parquet",), {}),
    (OLIST, {}),
    (("exports/shopify_orders_export.csv.gz",), {}),
    (("exports/shopify_orders_export.csv.gz", "exports/shopify_orders_export_sparse.csv"), {}),
    (("exports/stripe_payments.csv",), {}),
    (("exports/woocommerce_analytics_orders.csv",), {}),
    (("exports/woocommerce_order_lines.csv.gz",), {"currency": "EUR"}),
    (("exports/ru_cms_orders_cp1251.csv",), {}),
    (("exports/fivetran_shopify_orders.csv",), {"currency": "EUR"}),
)


@pytest.mark.parametrize(("files", "answers"), FILES, ids=[files[0].split("/")[-1] for files, _ in FILES])
def test_ledger_adds_up_to_the_lines_of_every_order_file(
    shared_data: Path, files: tuple[str, ...], answers: dict[str, object]
) -> None:
    with opened(*(shared_data / name for name in files), refunds="drop", **answers) as shop:
        assert shop.keeps_the_law()
        kept = shop.ledger[shop.ledger["rule"] == "kept"]
        assert kept["orders"].max() > 0
        order_files = kept[kept["amount"] != 0] if shop.loaded.facts.has_amount else kept
        assert order_files["orders"].sum() == len(shop.orders)
        assert abs(kept["amount"].sum() - shop.orders["amount"].sum()) < 0.01


def test_same_days_in_both_shopify_exports_count_once(shared_data: Path) -> None:
    whole, quarter = (
        shared_data / "exports/shopify_orders_export.csv.gz",
        shared_data / "exports/shopify_orders_export_sparse.csv",
    )
    with opened(whole) as one, opened(whole, quarter) as both:
        assert len(one.orders) == len(both.orders)
        assert both.rule("in_another_file")["rows"] == 12965


def test_ledger_has_its_columns_and_known_rules(shared_data: Path) -> None:
    with opened(shared_data / "exports/stripe_payments.csv") as shop:
        assert tuple(shop.ledger.columns) == COLUMNS
        told = shop.ledger[shop.ledger["rule"] != "header"]
        assert all(RULE[row.rule].outcome == row.outcome for row in told.itertuples())
        assert set(shop.ledger["outcome"]) <= {"kept", "left out", "merged", "note"}


@pytest.mark.parametrize(
    "file", ["exports/stripe_payments.csv", "exports/ru_cms_orders_cp1251.csv", "exports/shopify_orders_export.csv.gz"]
)
def test_examples_hold_no_personal_data(shared_data: Path, file: str) -> None:
    with opened(shared_data / file, mapping={}) as shop:
        left = shop.ledger[shop.ledger["outcome"] == "left out"]
        assert len(left)
        for examples in left["examples"]:
            assert 1 <= len(examples) <= 5
            assert not any("@" in text or "+7" in text for _, text in examples)


def test_email_in_a_broken_date_is_masked(tmp_path: Path) -> None:
    text = "order_id,customer_id,ordered_at,amount\n1,a,2024-01-01,5\n2,b,jane.doe@example.com,7\n"
    with opened(write(tmp_path, text)) as shop:
        example = shop.ledger.set_index("rule").loc["unreadable_date", "examples"][0]
        assert example[0] == 3 and "jane" not in example[1]


def test_broken_lines_are_shown_by_number_only(tmp_path: Path) -> None:
    text = "order_id,customer_id,ordered_at,amount\n1,a,2024-01-01,5\n2,Jane Doe,2024-01-02\n"
    with opened(write(tmp_path, text)) as shop:
        broken = shop.ledger.set_index("rule").loc["wrong_width"]
        assert (broken["outcome"], broken["rows"], broken["examples"]) == ("left out", 1, [(3, "")])
        assert shop.keeps_the_law()


CELLS = {
    "order_id": st.sampled_from(["1", "2", "3", "C4", "", "TOTAL"]),
    "customer_id": st.sampled_from(["a", "b", " a ", "", "guest", "x@example.com"]),
    "ordered_at": st.sampled_from(["2024-01-01", "2024-02-29 10:00", "2023-02-29", "", "soon", "2025-06-01"]),
    "amount": st.sampled_from(["10", "10.5", "0", "-3", "-10", "", "ten", "1e9", "99999999999999999999"]),
    "refunded": st.sampled_from(["", "0", "5", "10", "200"]),
    "currency": st.sampled_from(["EUR", "EUR", "USD", ""]),
    "status": st.sampled_from(["paid", "cancelled", "failed", "pending", "test", "refunded", "odd", ""]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12)
LINE_CELLS = {
    "Invoice": st.sampled_from(["1", "2", "C3", "A4", ""]),
    "StockCode": st.sampled_from(["P", "Q", ""]),
    "Quantity": st.sampled_from(["1", "3", "0", "-1", "", "many"]),
    "InvoiceDate": st.sampled_from(["2024-01-01 10:00", "2024-01-02 10:00", "", "soon"]),
    "Price": st.sampled_from(["2.5", "4", "0", "-1", ""]),
    "Customer ID": st.sampled_from(["a", "b", ""]),
}
LINE_ROWS = st.lists(st.fixed_dictionaries(LINE_CELLS), min_size=1, max_size=12)
REFUNDS = st.sampled_from(["net", "drop", "ignore"])
RANDOM_FILES = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _text(rows: list[dict[str, str]], good: dict[str, str]) -> str:
    header = list(rows[0])
    return "".join(
        ",".join(row[name] for name in header) + "\n" for row in [dict(zip(header, header, strict=True)), good, *rows]
    )


@RANDOM_FILES
@given(files=st.lists(ROWS, min_size=1, max_size=2), refunds=REFUNDS)
def test_random_order_files_keep_the_law(files: list[list[dict[str, str]]], refunds: str) -> None:
    good = dict(zip(CELLS, ["9", "z", "2024-05-05", "7.5", "", "EUR", "paid"], strict=True))
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), _text(rows, good), f"{n}.csv") for n, rows in enumerate(files)]
        with opened(*paths, refunds=refunds, currency="EUR", decimal=".") as shop:
            assert shop.keeps_the_law()
            assert not shop.orders.duplicated(["order_id", "customer_id"]).any()
            assert (shop.orders["amount"] >= 0).all()
            assert shop.orders["customer_id"].notna().all() and shop.orders["ordered_at"].notna().all()


@RANDOM_FILES
@given(files=st.lists(LINE_ROWS, min_size=1, max_size=2), refunds=REFUNDS)
def test_random_order_lines_keep_the_law(files: list[list[dict[str, str]]], refunds: str) -> None:
    good = dict(zip(LINE_CELLS, ["9", "P", "2", "2024-01-01 09:00", "2.5", "z"], strict=True))
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), _text(rows, good), f"{n}.csv") for n, rows in enumerate(files)]
        with opened(*paths, refunds=refunds) as shop:
            assert shop.keeps_the_law()
            assert shop.lines is not None and set(shop.lines["order_id"]) <= set(shop.orders["order_id"])
            if refunds == "ignore":
                goods = float(shop.lines["amount"].astype(float).sum())
                assert goods <= float(shop.orders["amount"].sum()) + 1e-9
            taken_back = shop.orders["refunded"].fillna(0)
            assert (taken_back >= 0).all()
