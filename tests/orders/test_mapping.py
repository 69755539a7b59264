"""Unknown headers and values: what is proposed, how values are read, and when a question is asked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from retention_core.engines import duckdb as engine
from retention_core.orders.load import NeedsAnswers, inspect
from retention_core.orders.read import read

from .opened import opened, write


def _dates(tmp_path: Path, values: list[str], **answers: object) -> list[str]:
    text = "customer;date;amount\n" + "".join(f"c{n};{value};5\n" for n, value in enumerate(values))
    with opened(write(tmp_path, text), **answers) as shop:
        return [str(moment) for moment in shop.orders.sort_values("customer_id")["ordered_at"]]


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["2024-01-31", "2024-02-01"], "2024-01-31 00:00:00"),
        (["2024-01-31T10:11:12", "2024-02-01T00:00:00"], "2024-01-31 10:11:12"),
        (["2024-01-31 10:11", "2024-02-01"], "2024-01-31 10:11:00"),
        (["2024-01-31 10:11:12.345", "2024-02-01 00:00:00.1"], "2024-01-31 10:11:12.345000"),
        (["31.01.2024 10:11:12", "01.02.2024 00:00:00"], "2024-01-31 10:11:12"),
        (["31/01/24", "01/02/24"], "2024-01-31 00:00:00"),
        (["01/31/2024 1:05 PM", "02/01/2024 2:00 AM"], "2024-01-31 13:05:00"),
        (["14-Jan-15", "16-Jul-14"], "2015-01-14 00:00:00"),
        (["Jan 31, 2024", "Feb 1, 2024"], "2024-01-31 00:00:00"),
        (["20240131", "20240201"], "2024-01-31 00:00:00"),
        (["45322.5", "45323"], "2024-01-31 12:00:00"),
        (["1706694000", "1706695000"], "2024-01-31 09:40:00"),
        (["1706694000000", "1706695000000"], "2024-01-31 09:40:00"),
        (["2024-01-31 10:00:00 +0200", "2024-02-01 10:00:00 +0200"], "2024-01-31 10:00:00"),
    ],
)
def test_dates_as_shops_write_them(tmp_path: Path, values: list[str], first: str) -> None:
    assert _dates(tmp_path, values)[0] == first


def test_day_or_month_first_is_asked_when_nothing_settles_it(tmp_path: Path) -> None:
    with pytest.raises(NeedsAnswers) as asked:
        _dates(tmp_path, ["03/04/2024", "05/06/2024"])
    (question,) = asked.value.questions
    assert question.key == "day_first"
    assert [option.consequence for option in question.options] == [
        "03/04/2024 is 3 April 2024", "03/04/2024 is 4 March 2024",
    ]  # fmt: skip
    assert "day_first=True or False" in str(asked.value)
    assert _dates(tmp_path, ["03/04/2024"], day_first=True) == ["2024-04-03 00:00:00"]
    assert _dates(tmp_path, ["03/04/2024"], day_first=False) == ["2024-03-04 00:00:00"]


def test_one_value_above_twelve_settles_day_and_month(tmp_path: Path) -> None:
    assert _dates(tmp_path, ["03/04/2024", "13/06/2024"])[0] == "2024-04-03 00:00:00"
    assert _dates(tmp_path, ["03/04/2024", "06/13/2024"])[0] == "2024-03-04 00:00:00"
    assert _dates(tmp_path, ["03/03/2024", "06/06/2024"])[0] == "2024-03-03 00:00:00"  # the same either way


def test_a_column_with_both_orders_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NeedsAnswers):
        _dates(tmp_path, ["13/04/2024", "04/13/2024", "05/06/2024"])


def _amounts(tmp_path: Path, values: list[str], **answers: object) -> list[float]:
    text = "customer;date;amount\n" + "".join(f"c{n};2024-01-01;{value}\n" for n, value in enumerate(values))
    with opened(write(tmp_path, text), refunds="ignore", **answers) as shop:
        return list(shop.orders.sort_values("customer_id")["amount"])


@pytest.mark.parametrize(
    ("values", "amounts"),
    [
        (["1,234.50", "7"], [1234.5, 7.0]),
        (["1.234,50", "7"], [1234.5, 7.0]),
        (["£1,234.56", "£0.50"], [1234.56, 0.5]),
        (["EUR 1.000,50", "EUR 2,00"], [1000.5, 2.0]),
        (["32 880,00", "1\u00a0000,5"], [32880.0, 1000.5]),
        (["1'234.50", "3.20"], [1234.5, 3.2]),
        (["12,50 zł", "7,00 zł"], [12.5, 7.0]),
        (["1,234,567", "2"], [1234567.0, 2.0]),
        (["0.125", "0.250"], [0.125, 0.25]),
        (["10.000", "1234.5"], [10.0, 1234.5]),
        (["5", "12"], [5.0, 12.0]),
        (["1 234", "5"], [1234.0, 5.0]),
    ],
)
def test_money_as_shops_write_it(tmp_path: Path, values: list[str], amounts: list[float]) -> None:
    assert _amounts(tmp_path, values) == amounts


@pytest.mark.parametrize("value", ["(4.00)", "-4.00", "−4.00", "-£4.00", "£-4.00", "4.00-"])
def test_negative_money_is_a_refund(tmp_path: Path, value: str) -> None:
    text = f"customer;date;amount\na;2024-01-01;10.00\na;2024-01-02;{value}\n"
    with opened(write(tmp_path, text)) as shop:
        assert list(shop.orders["amount"]) == [6.0]


@pytest.mark.parametrize("value", ["1.23E+10", "seven", "1.2.3", "12:30", "--"])
def test_what_is_no_money_is_left_out_and_named(tmp_path: Path, value: str) -> None:
    good = "".join(f"a;2024-01-0{day};10.00\n" for day in range(1, 8))
    with opened(write(tmp_path, f"customer;date;amount\n{good}b;2024-01-09;{value}\n")) as shop:
        assert list(shop.orders["amount"]) == [10.0] * 7
        assert value in shop.ledger.set_index("rule").loc["unreadable_amount", "examples"][0][1]


def test_decimal_mark_is_asked_when_nothing_settles_it(tmp_path: Path) -> None:
    with pytest.raises(NeedsAnswers) as asked:
        _amounts(tmp_path, ["1.234", "5.678"])
    assert [question.key for question in asked.value.questions] == ["decimal"]
    assert _amounts(tmp_path, ["1.234", "5.678"], decimal=".") == [1.234, 5.678]
    assert _amounts(tmp_path, ["1.234", "5.678"], decimal=",") == [1234.0, 5678.0]


def test_decimal_mark_of_another_column_settles_it(tmp_path: Path) -> None:
    text = "order_id;customer_id;ordered_at;amount;refunded\n1;a;2024-01-01;1.234;0,50\n2;b;2024-01-01;5.678;1,25\n"
    with opened(write(tmp_path, text), refunds="ignore") as shop:
        assert list(shop.orders["amount"]) == [1234.0, 5678.0]


def test_ids_stay_text(tmp_path: Path) -> None:
    ids = ["007", "7", "1234567890123456789012", " padded ", "12345.0"]
    text = "customer,date,amount\n" + "".join(f"{value},2024-01-01,5\n" for value in ids)
    with opened(write(tmp_path, text)) as shop:
        assert set(shop.orders["customer_id"]) == {"007", "7", "1234567890123456789012", "padded", "12345.0"}


def test_ids_that_a_data_frame_made_decimal_are_whole_again(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"customer_id": [17850.0, 12.0, None], "date": pd.to_datetime(["2024-01-01"] * 3), "amount": 5.0}
    )
    path = tmp_path / "orders.parquet"
    frame.to_parquet(path)
    with opened(path) as shop:
        assert set(shop.orders["customer_id"]) == {"17850", "12"}
        assert shop.rule("no_customer")["rows"] == 1


HEADERS = [
    ("Kundennummer;Bestelldatum;Gesamtbetrag", "de"),
    ("Клиент;Дата заказа;Сумма", "ru"),
    ("Zákazník;Datum objednávky;Částka", "cs"),
    ("Klient;Data zamówienia;Kwota", "pl"),
    ("Client email;Purchase date;Order total", "en"),
    ("user_id;created at;revenue", "en"),
    ("Cliente;Fecha;Importe", "es"),
    ("клиент;дата;сума", "bg"),
]


@pytest.mark.parametrize(("header", "language"), HEADERS)
def test_headers_in_other_languages(tmp_path: Path, header: str, language: str) -> None:
    text = header + "\nk1@example.com;2024-01-31;5,50\nk2@example.com;2024-02-01;6,00\n"
    with opened(write(tmp_path, text)) as shop:
        assert list(shop.orders["customer_id"]) == ["k1@example.com", "k2@example.com"], language
        assert list(shop.orders["amount"]) == [5.5, 6.0]


def test_headerless_file_is_asked_for_column_by_column(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"k{n % 7},2024-01-{n % 28 + 1:02d},{n}.50\n" for n in range(40)))
    with pytest.raises(NeedsAnswers) as asked, opened(path, header=False):
        pass
    assert {question.field for question in asked.value.questions} == {"customer_id", "ordered_at", "amount"}
    first = {question.field: question.options[0].value for question in asked.value.questions}
    assert first == {"customer_id": "column 1", "ordered_at": "column 2", "amount": "column 3"}
    with opened(path, header=False, mapping=first) as shop:
        assert len(shop.orders) == 40 and shop.orders["customer_id"].nunique() == 7


def test_unclear_headers_are_asked_for_and_clear_ones_are_not(tmp_path: Path) -> None:
    path = write(tmp_path, "thing,date,amount\nx1,2024-01-01,5.50\nx2,2024-01-02,6.50\nx1,2024-01-03,7.50\n")
    with pytest.raises(NeedsAnswers) as asked, opened(path):
        pass
    assert [question.field for question in asked.value.questions] == ["customer_id"]
    with opened(path, mapping={"customer_id": "thing"}) as shop:
        assert len(shop.orders) == 3


def test_answered_mapping_overrides_a_known_layout(shared_data: Path) -> None:
    with opened(shared_data / "exports/stripe_payments.csv", mapping={"customer_id": "Customer Email"}) as shop:
        assert shop.orders["customer_id"].str.contains("@").all()


def test_ship_date_and_birthday_are_no_order_date(tmp_path: Path) -> None:
    text = "order_id,customer_id,birthday,ship date,order date,total\n1,a,1990-01-01,2024-01-05,2024-01-02,5\n"
    with opened(write(tmp_path, text)) as shop:
        assert str(shop.orders["ordered_at"][0].date()) == "2024-01-02"


REPEATED = (
    "order number,customer,date,amount,item\n1,a,2024-01-01,{},Tea\n1,a,2024-01-01,{},Cup\n2,b,2024-01-02,7,Tea\n"
)


def test_repeated_totals_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, REPEATED.format(10, 10))
    with pytest.raises(NeedsAnswers) as asked, opened(path):
        pass
    assert [question.key for question in asked.value.questions] == ["rows"]
    with opened(path, rows="totals") as totals, opened(path, rows="lines") as lines:
        assert list(totals.orders["amount"]) == [10.0, 7.0]
        assert list(lines.orders["amount"]) == [20.0, 7.0]


def test_different_amounts_of_one_order_are_lines(tmp_path: Path) -> None:
    with opened(write(tmp_path, REPEATED.format(4, 10))) as shop:
        assert list(shop.orders["amount"]) == [14.0, 7.0]


def test_tax_and_shipping_beside_an_unknown_amount_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "order number,customer,date,total,vat,shipping\n1,a,2024-01-01,12,2,1\n")
    with pytest.raises(NeedsAnswers) as asked, opened(path):
        pass
    (question,) = asked.value.questions
    assert (question.key, len(question.options)) == ("includes", 4)
    with opened(path, includes="tax and shipping") as shop:
        assert list(shop.orders["amount"]) == [9.0]
    with opened(path, includes="nothing") as shop:
        assert list(shop.orders["amount"]) == [12.0]


def test_mixed_currencies_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "customer,date,amount,currency\na,2024-01-01,5,EUR\nb,2024-01-02,6,USD\n")
    with pytest.raises(NeedsAnswers) as asked, opened(path):
        pass
    (question,) = asked.value.questions
    assert {option.value for option in question.options} == {"EUR", "USD"}


def test_inspect_asks_what_load_would_ask_and_offers_the_time_zone(tmp_path: Path, shared_data: Path) -> None:
    connection = engine.connect()
    asked = inspect(
        connection, read(connection, write(tmp_path, "customer,date,amount\na,01/02/2024,5\n"), relation="a")
    )
    stripe = inspect(connection, read(connection, shared_data / "exports/stripe_payments.csv", relation="b"))
    connection.close()
    assert [question.key for question in asked[0].questions] == ["day_first"]
    assert [(question.key, question.required) for question in stripe[0].questions] == [("timezone", False)]


def test_sql_and_html_in_names_and_cells_are_only_text(tmp_path: Path) -> None:
    evil = "'); DROP TABLE clean_orders; --"
    text = f'customer,date,amount,"{evil}"\n"{evil}",2024-01-01,5,"{evil}"\n<b>b</b>,2024-01-02,6,x\n'
    with opened(write(tmp_path, text), mapping={"channel": evil}) as shop:
        assert set(shop.orders["customer_id"]) == {evil, "<b>b</b>"}
        assert evil in set(shop.orders["channel"])


@pytest.mark.parametrize("guest", ["guest", "NaN", "", None, " "])
def test_guests_of_a_typed_file_are_no_customers(tmp_path: Path, guest: str | None) -> None:
    frame = pd.DataFrame({"customer_id": ["a", guest, "b"], "date": pd.to_datetime(["2024-01-01"] * 3), "amount": 5.0})
    path = tmp_path / "orders.parquet"
    frame.to_parquet(path)
    with opened(path) as shop:
        assert set(shop.orders["customer_id"]) == {"a", "b"}
        assert shop.rule("no_customer")["rows"] == 1 and shop.keeps_the_law()


def test_a_mapped_name_is_found_as_written_and_never_by_a_likeness_of_two(tmp_path: Path) -> None:
    text = 'Order,Customer,Date,Total,"Sales\nchannel",::null,NULL\n' + "".join(
        f"{n},c{n % 4},2024-0{n % 6 + 1}-01,10,line,signs,letters\n" for n in range(12)
    )
    path = write(tmp_path, text)
    for column, value in (("Sales\nchannel", "line"), ("::null", "signs"), ("NULL", "letters")):
        with opened(path, mapping={"channel": column}) as shop:
            assert set(shop.orders["channel"]) == {value}
    with opened(path, mapping={"channel": "Null"}) as shop:
        assert not set(shop.orders["channel"]) & {"signs", "letters"}, "either of two may be meant"
