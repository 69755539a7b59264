"""Every layout on its real-layout file: recognised by its headers, and its numbers equal to those of plain pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from retention_core.orders.layouts import LAYOUTS

from .opened import opened, write

GOOD_OLIST = ["delivered", "shipped", "invoiced", "processing", "approved"]


@dataclass(frozen=True)
class Numbers:
    """What pandas finds in a file: one row per order with customer and amount."""

    customers: int
    orders: int
    revenue: float


def _numbers(orders: pd.DataFrame, customer: str, amount: str) -> Numbers:
    return Numbers(orders[customer].nunique(), len(orders), round(float(orders[amount].sum()), 2))


def _shopify(folder: Path, name: str) -> Numbers:
    rows = pd.read_csv(folder / "exports" / name, dtype={"Email": str})
    orders = rows[rows["Total"].notna() & rows["Email"].notna()].copy()
    orders["who"] = orders["Email"].str.strip().str.lower()
    orders["net"] = (orders["Total"] - orders["Taxes"] - orders["Shipping"] - orders["Refunded Amount"]).clip(lower=0)
    return _numbers(orders, "who", "net")


def _woocommerce_analytics(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "exports/woocommerce_analytics_orders.csv")
    formatted = rows["N. Revenue (formatted)"].str.replace("[£,]", "", regex=True).astype(float)
    sales = rows[formatted > 0].assign(gross=formatted)
    taken_back = -formatted[formatted < 0].groupby(rows["Order #"]).sum()
    sales["net"] = (sales["gross"] - sales["Order #"].map(taken_back).fillna(0)).clip(lower=0)
    return _numbers(sales, "Customer", "net")


def _woocommerce_lines(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "exports/woocommerce_order_lines.csv.gz").drop_duplicates("Order Number")
    orders = rows[rows["Order Status"].isin(["Completed", "Refunded"]) & (rows["Order Currency"] == "GBP")].copy()
    goods = orders["Order Total Amount"] - orders["Order Tax Amount"] - orders["Order Shipping Amount"]
    orders["net"] = (goods - orders["Order Refund Amount"]).clip(lower=0)
    return _numbers(orders, "Email (Billing)", "net")


def _stripe(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "exports/stripe_payments.csv")
    paid = rows[rows["Status"] != "Failed"].copy()
    paid["net"] = (paid["Amount"] - paid["Amount Refunded"]).clip(lower=0)
    return _numbers(paid, "Customer ID", "net")


def _ru_cms(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "exports/ru_cms_orders_cp1251.csv", sep=";", encoding="cp1251", dtype=str)
    orders = rows[rows["Статус"] != "Отменён"].copy()

    def money(column: str) -> pd.Series:
        plain = orders[column].fillna("0").str.replace(r"[\s\u00a0]", "", regex=True).str.replace(",", ".")
        return plain.astype(float)

    orders["net"] = (money("Сумма заказа") - money("Сумма возврата")).clip(lower=0)
    return _numbers(orders, "E-mail", "net")


def _cdnow(folder: Path) -> Numbers:
    return _numbers(
        pd.read_csv(folder / "cdnow_master.csv.gz", dtype={"customer_id": str}), "customer_id", "dollar_value"
    )


def _superstore(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "superstore.csv.gz")
    return _numbers(rows.groupby(["Order ID", "Customer ID"], as_index=False)["Sales"].sum(), "Customer ID", "Sales")


def _complete_journey(folder: Path) -> Numbers:
    rows = pd.read_parquet(folder / "complete_journey_transactions_odd.parquet")
    lines = rows[rows["quantity"] > 0]
    baskets = lines.groupby(["basket_id", "household_id"], as_index=False)["sales_value"].sum()
    return _numbers(baskets, "household_id", "sales_value")


def _olist(folder: Path) -> Numbers:
    orders, customers, items = (
        pd.read_csv(folder / f"olist_sample_{name}.csv.gz") for name in ("orders", "customers", "order_items")
    )
    orders = orders[orders["order_status"].isin(GOOD_OLIST)].merge(customers, on="customer_id")
    orders = orders.merge(items.groupby("order_id", as_index=False)["price"].sum(), on="order_id")
    return _numbers(orders, "customer_unique_id", "price")


def _fivetran(folder: Path) -> Numbers:
    rows = pd.read_csv(folder / "exports/fivetran_shopify_orders.csv")
    orders = rows[rows["currency"].eq("USD") & rows["cancelled_timestamp"].isna() & ~rows["is_test_order"].astype(bool)]
    orders = orders[~orders["financial_status"].isin(["pending", "voided"]) & orders["customer_id"].notna()].copy()
    gross = orders["total_price"] - orders["total_tax"] - orders["shipping_cost"]
    refund = orders["refund_subtotal"].fillna(0)
    refund = refund.where(~(orders["financial_status"].eq("refunded") & refund.eq(0)), gross)
    orders["net"] = (gross - refund).clip(lower=0)
    return _numbers(orders, "customer_id", "net")


def _plain(folder: Path, name: str, customer: str, amount: str) -> Numbers:
    return _numbers(pd.read_csv(folder / name), customer, amount)


OLIST = tuple(f"olist_sample_{name}.csv.gz" for name in ("orders", "customers", "order_items", "order_payments"))
CASES: dict[str, tuple[tuple[str, ...], dict[str, object], Callable[[Path], Numbers]]] = {
    "shopify": (("exports/shopify_orders_export.csv.gz",), {}, lambda f: _shopify(f, "shopify_orders_export.csv.gz")),
    "shopify_sparse": (
        ("exports/shopify_orders_export_sparse.csv",), {}, lambda f: _shopify(f, "shopify_orders_export_sparse.csv"),
    ),
    "woocommerce_analytics": (("exports/woocommerce_analytics_orders.csv",), {}, _woocommerce_analytics),
    "woocommerce_lines": (("exports/woocommerce_order_lines.csv.gz",), {"currency": "GBP"}, _woocommerce_lines),
    "stripe": (("exports/stripe_payments.csv",), {}, _stripe),
    "ru_cms": (("exports/ru_cms_orders_cp1251.csv",), {}, _ru_cms),
    "fivetran_shopify": (("exports/fivetran_shopify_orders.csv",), {"currency": "USD"}, _fivetran),
    "cdnow": (("cdnow_master.csv.gz",), {}, _cdnow),
    "superstore": (("superstore.csv.gz",), {}, _superstore),
    "complete_journey": (("complete_journey_transactions_odd.parquet",), {}, _complete_journey),
    "olist": (OLIST, {}, _olist),
    "apparel": (("apparel_trans.csv.gz",), {}, lambda f: _plain(f, "apparel_trans.csv.gz", "Id", "Price")),
    "retail_transactions": (
        ("retail_transactions.csv.gz",), {},
        lambda f: _plain(f, "retail_transactions.csv.gz", "customer_id", "tran_amount"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_layout_gives_the_numbers_of_plain_pandas(shared_data: Path, case: str) -> None:
    files, answers, expected = CASES[case]
    with opened(*(shared_data / name for name in files), **answers) as shop:
        orders = shop.orders
        found = Numbers(orders["customer_id"].nunique(), len(orders), round(float(orders["amount"].sum()), 2))
        assert found == expected(shared_data) and found.orders > 0
        assert shop.keeps_the_law()
        titles = {layout.key: layout.title for layout in LAYOUTS}
        assert shop.loaded.layout == titles.get(case.removesuffix("_sparse"), "Columns found by name and content")


@pytest.mark.parametrize("case", ["shopify", "shopify_sparse", "woocommerce_lines"])
def test_order_totals_are_counted_once_and_lines_are_kept(shared_data: Path, case: str) -> None:
    files, answers, _ = CASES[case]
    with opened(shared_data / files[0], **answers, refunds="ignore") as shop:
        assert shop.lines is not None and shop.rule("kept")["rows"] == len(shop.lines)
        goods = shop.lines.groupby("order_id")["amount"].sum().astype(float)
        gross = shop.orders.set_index("order_id")["amount"]
        assert (goods - gross).abs().median() < 0.01


def test_shopify_customers_are_one_in_any_case(shared_data: Path) -> None:
    with opened(shared_data / "exports/shopify_orders_export.csv.gz") as shop:
        customers = shop.orders["customer_id"]
        assert (customers == customers.str.strip().str.lower()).all()
        assert shop.orders["ordered_at"].max() == pd.Timestamp("2011-12-09 12:49:00")


def test_superstore_days_come_first_without_a_question(shared_data: Path) -> None:
    with opened(shared_data / "superstore.csv.gz") as shop:
        first, last = shop.loaded.facts.first_ordered_at, shop.loaded.facts.last_ordered_at
        assert (str(first), str(last)) == ("2019-01-03 00:00:00", "2022-12-30 00:00:00")


def test_olist_amount_comes_from_payments_where_items_are_missing(shared_data: Path) -> None:
    orders, customers, _, payments = (shared_data / name for name in OLIST)
    with opened(orders, customers, payments) as shop:
        paid = pd.read_csv(payments).groupby("order_id")["payment_value"].sum()
        assert abs(shop.orders["amount"].sum() - paid.reindex(shop.orders["order_id"]).sum()) < 0.01
        assert set(shop.orders["payment_method"].dropna()) == {"credit_card", "voucher", "boleto", "debit_card"}


@pytest.mark.parametrize("columns", [4, 5])
def test_cdnow_as_it_was_published_without_header(shared_data: Path, tmp_path: Path, columns: int) -> None:
    """The original files are blank-separated, dates as yyyymmdd, ids with leading zeros."""
    rows = pd.read_csv(shared_data / "cdnow_sample.csv.gz", dtype=str).head(500)
    shown = rows.columns if columns == 5 else rows.columns.drop("sample_id")
    rows["date"] = rows["date"].str.replace("-", "")
    text = "".join(" " + "  ".join(row) + "\n" for row in rows[shown].itertuples(index=False))
    with opened(write(tmp_path, text, "CDNOW.txt")) as shop:
        assert len(shop.orders) == 500
        assert set(shop.orders["customer_id"]) == set(rows["customer_id"])
        assert abs(shop.orders["amount"].sum() - rows["dollar_value"].astype(float).sum()) < 0.001
        assert str(shop.orders["ordered_at"].min().date()) == "1997-01-01"


def test_excel_workbook_of_order_lines(shared_data: Path) -> None:
    with opened(shared_data / "exports/online_retail_week_2011-06.xlsx", refunds="ignore") as shop:
        rows = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet")
        week = rows[(rows["InvoiceDate"] >= "2011-06-01") & (rows["InvoiceDate"] < "2011-06-08")]
        sold = week[(week["Quantity"] > 0) & (week["UnitPrice"] > 0) & week["CustomerID"].notna()]
        assert len(shop.orders) == sold["InvoiceNo"].nunique()
        assert set(shop.orders["customer_id"]) == set(sold["CustomerID"].astype(int).astype(str))
        assert abs(shop.orders["amount"].sum() - (sold["Quantity"] * sold["UnitPrice"]).sum()) < 0.01


def test_each_layout_asks_for_headers_that_no_other_layout_has() -> None:
    needs = [frozenset(layout.needs) for layout in LAYOUTS]
    assert len(set(needs)) == len(needs)
    assert len({layout.key for layout in LAYOUTS}) == len(LAYOUTS)
