"""What the goods cost: told by row, by piece or by profit, summed to orders, taken back with refunds, or not known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from .opened import Opened, opened, table, write

ORDERS = "order_id,customer_id,ordered_at,amount"


def costs(shop: Opened) -> dict[str, float | None]:
    """The cost by order number; None: not known."""
    told = shop.orders.set_index("order_id")["cost"].astype(float)
    return {str(order): None if cost != cost else cost for order, cost in told.items()}


def one_order(folder: Path, cell: str, header: str = "cost", **answers: object) -> float | None:
    """The cost of an order of 10, beside one that costs 4, with this cell in its column."""
    text = table(
        [[*ORDERS.split(","), header], [1, "a", "2024-01-01", "10", "4.5"], [2, "b", "2024-01-02", "10", cell]]
    )
    with opened(write(folder, text), **answers) as shop:
        assert shop.keeps_the_law()
        return costs(shop)["2"]


@pytest.mark.parametrize(
    ("cell", "cost"),
    [
        ("6", 6.0), ("0", 0.0), ('"1,234.50"', 1234.5), ("€ 6.20", 6.2), (" 6 ", 6.0), ("12", 12.0),
        ("", None), ("n/a", None), ("-", None), ("-6", None), ("(6.00)", None), ("1e3", None), ("6 %", None),
        ("=2*3", None), ("nan", None), ("inf", None), ("1" * 40, None),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_cost_is_not_known_and_never_0(tmp_path: Path, cell: str, cost: float | None) -> None:
    assert one_order(tmp_path, cell) == cost


def test_profit_is_amount_less_cost(tmp_path: Path) -> None:
    assert one_order(tmp_path, "4", "profit") == 6
    assert one_order(tmp_path, "-3", "profit") == 13, "sold at a loss"
    assert one_order(tmp_path, "11", "profit") is None, "more profit than money: the column means something else"


def test_superstore_tells_the_cost_of_every_order(shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "superstore.csv.gz")
    with opened(shared_data / "superstore.csv.gz") as shop:
        profit = shop.orders["amount"].astype(float).sum() - shop.orders["cost"].astype(float).sum()
        assert shop.orders["cost"].notna().all()
        assert profit == pytest.approx(rows["Profit"].sum(), abs=1e-3)
        assert "amount less the profit column" in shop.loaded.facts.cost


LINES = "order_id,customer_id,ordered_at,sku,quantity,unit price"


@pytest.mark.parametrize(("header", "first", "second"), [("cost", "6", "5"), ("Cost per item", "3", "5")])
def test_lines_are_summed_to_orders(tmp_path: Path, header: str, first: str, second: str) -> None:
    text = f"{LINES},{header}\n1,a,2024-01-01,x,2,5,{first}\n1,a,2024-01-01,y,1,9,{second}\n2,b,2024-01-02,x,1,5,\n"
    with opened(write(tmp_path, text)) as shop:
        assert costs(shop) == {"1": 11, "2": None}
        assert shop.rule("no_cost")["rows"] == 1
        assert any("No cost of the goods" in note for note in shop.loaded.facts.notes)


def test_an_order_of_which_one_line_tells_no_cost_has_none(tmp_path: Path) -> None:
    text = f"{LINES},cost\n1,a,2024-01-01,x,2,5,6\n1,a,2024-01-01,y,1,9,?\n2,b,2024-01-02,x,1,5,3\n"
    with opened(write(tmp_path, text)) as shop:
        assert costs(shop) == {"1": None, "2": 3}
        assert (shop.rule("no_cost")["rows"], shop.rule("no_cost")["orders"]) == (1, 1)


SHOPIFY = (
    "Name,Email,Financial Status,Created at,Currency,Total,Taxes,Shipping,Refunded Amount,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem cost\n"
)


def test_shopify_lines_tell_what_one_piece_costs(tmp_path: Path) -> None:
    text = (
        SHOPIFY + "#1,a@x.org,paid,2024-01-01 10:00:00 +0200,EUR,25,3,2,0,2,Tea,5,2\n#1,a@x.org,,,,,,,,1,Pot,10,7\n"
        "#2,b@x.org,paid,2024-01-02 10:00:00 +0200,EUR,10,0,0,5,1,Tea,5,2\n#2,b@x.org,,,,,,,,1,Cup,5,1\n"
        "#3,c@x.org,paid,2024-01-03 10:00:00 +0200,EUR,10,0,0,0,1,Tea,5,2\n#3,c@x.org,,,,,,,,1,Cup,5,\n"
    )
    with opened(write(tmp_path, text)) as shop:
        assert costs(shop) == {"#1": 11, "#2": 1.5, "#3": None}, "half of the second order was paid back"


def test_lines_in_a_file_of_their_own_are_summed_to_orders(tmp_path: Path) -> None:
    orders = write(tmp_path, f"{ORDERS}\n1,a,2024-01-01,20\n2,b,2024-01-02,20\n3,c,2024-01-03,20\n")
    lines = "order_id,product_id,product,quantity,amount,cost\n1,x,Tea,1,10,4\n1,y,Pot,1,10,5\n"
    lines += "2,x,Tea,1,10,4\n2,y,Pot,1,10,\n"
    with opened(orders, write(tmp_path, lines, "lines.csv")) as shop:
        assert costs(shop) == {"1": 9, "2": None, "3": None}
        assert shop.rule("no_cost")["orders"] == 2


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [("net", {"1": 6, "2": 3, "3": 0}), ("drop", {"1": 6, "2": 3}), ("ignore", {"1": 6, "2": 6, "3": 6})],
)
def test_a_refund_takes_as_much_of_the_cost_as_of_the_amount(
    tmp_path: Path, refunds: str, expected: dict[str, float]
) -> None:
    text = f"{ORDERS},refunded,cost\n1,a,2024-01-01,10,0,6\n2,b,2024-01-02,10,5,6\n3,c,2024-01-03,10,10,6\n"
    with opened(write(tmp_path, text), refunds=refunds) as shop:
        assert costs(shop) == expected


def test_a_refund_row_takes_cost_off_its_purchase(tmp_path: Path) -> None:
    text = f"{ORDERS},cost\n1,a,2024-01-01,10,6\n1,a,2024-01-05,-5,-3\n2,b,2024-01-02,10,6\n"
    with opened(write(tmp_path, text), rows="lines") as shop:
        assert costs(shop) == {"1": 3, "2": 6}


def test_costs_are_turned_into_the_currency_that_counts(tmp_path: Path) -> None:
    text = f"{ORDERS},currency,cost\n1,a,2024-01-01,10,EUR,6\n2,b,2024-01-02,10,USD,6\n"
    with opened(write(tmp_path, text), currency="EUR", rates={"USD": 0.5}) as shop:
        assert costs(shop) == {"1": 6, "2": 3}


@pytest.mark.parametrize(
    "header",
    ["Cost", "COGS", "Cost of goods sold", "Себестоимость", "Wareneinsatz", "Náklady", "Koszt własny", "Себестойност"],
)
def test_a_cost_is_known_by_its_name_in_several_languages(tmp_path: Path, header: str) -> None:
    text = f"Kunde,Bestelldatum,Betrag,{header}\na,2024-01-31,10,6\nb,2024-01-30,12,7\n"
    with opened(write(tmp_path, text)) as shop:
        assert shop.orders["cost"].astype(float).tolist() == [7, 6]


@pytest.mark.parametrize("header", ["cost", "total cost", "product cost", "margin", "shipping cost", "unit cost"])
def test_a_name_that_can_mean_something_else_is_no_cost(tmp_path: Path, header: str) -> None:
    """Beside no other money "cost" can be what was paid; the others can be many things beside an amount too."""
    beside = "" if header == "cost" else ",amount"
    text = table([["customer", "date", header + beside], ["a", "2024-01-31", "6.50" + (",10" if beside else "")]])
    answers = {"mapping": {"amount": "cost"}} if header == "cost" else {"includes": "nothing"}
    with opened(write(tmp_path, text), **answers) as shop:
        assert shop.loaded.facts.cost == ""
        assert shop.orders["cost"].isna().all()
        assert shop.orders["amount"].tolist() == [6.5 if header == "cost" else 10]


def test_a_file_without_costs_says_nothing_of_them(tmp_path: Path) -> None:
    with opened(write(tmp_path, f"{ORDERS}\n1,a,2024-01-01,10\n")) as shop:
        assert shop.loaded.facts.cost == ""
        assert "no_cost" not in set(shop.ledger["rule"])
