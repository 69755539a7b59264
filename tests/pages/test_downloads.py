"""Lists of customers as files: columns named as people read them, days as days, and nothing where nothing is known."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import customer_lists, downloads
from pages.shared.sources import Upload
from retention_core.letters import LeftOut
from tests.pages.test_privacy import cell, orders, value_of_contracts

Made = dict[str, Callable[[], bytes]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """What each download button would make, by the name of its file."""
    found: Made = {}
    button = downloads.button

    def noting(label: str, name: str, key: str, kind: str, make: Callable[[], Any], **more: Any) -> None:
        found[name] = make
        button(label, name, key, kind, make, **more)

    monkeypatch.setattr(downloads, "button", noting)
    yield found


def shown(page: Callable[[], None], content: bytes, **answers: Any) -> AppTest:
    app = AppTest.from_function(page, default_timeout=120)
    upload = Upload((("orders.csv", content),), keeps_keys=True, **answers)
    app.session_state["shop"], app.session_state["upload"] = "upload", upload
    app.run()
    assert not app.exception
    return app


def read(made: Made, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A file as CSV, every cell as text, and as a workbook."""
    csv = pd.read_csv(io.BytesIO(made[f"{name}.csv"]()), dtype=str, keep_default_na=False)
    return csv, pd.read_excel(io.BytesIO(made[f"{name}.xlsx"]()), engine="calamine")


def test_the_customers_of_a_cell_are_taken_along_as_they_are_read(made: Made) -> None:
    app = shown(cell, orders())
    csv, book = read(made, "customers_2024-01-01_1")
    columns = ["Customer", "First order", "Last order", "Orders in this period", "Orders to date"]
    columns += ["Revenue in this period", "Revenue to date", "Agreed to letters"]
    assert list(csv) == list(book) == list(app.dataframe[0].value) == columns
    one = csv[csv["Customer"] == "reader1@mail.example"].iloc[0]
    assert list(one) == ["reader1@mail.example", "2024-01-02", "2024-02-02", "1", "2", "10.0", "20.0", "yes"]
    assert book["Last order"].iloc[0].hour == 0 and len(book) == len(csv) == 8


def test_what_the_files_do_not_tell_has_no_column(made: Made) -> None:
    without = "\n".join(
        ",".join(field for place, field in enumerate(line.split(",")) if place != 3)
        for line in orders(consent=None).decode().split("\n")
    )
    shown(cell, without.encode())
    csv, _ = read(made, "customers_2024-01-01_1")
    assert list(csv) == ["Customer", "First order", "Last order", "Orders in this period", "Orders to date"]


def letter_list() -> None:
    from pages.shared import model_parts
    from retention_core import lifecycle

    model_parts.who_is_still_a_customer(lifecycle.fixed_limits(90), is_own=False)


def test_customers_worth_winning_back_are_named_as_on_the_page(made: Made) -> None:
    app = AppTest.from_function(letter_list, default_timeout=120)
    app.session_state["shop"] = "replenish"
    app.run()
    assert not app.exception
    csv, book = read(made, "customers_at_stake")
    assert list(csv) == list(book)
    assert {"Customer", "Orders", "Last order, days ago", "At stake (EUR)", "Agreed to letters"} <= set(csv)
    assert not [name for name in csv if "_" in name]
    screen = app.dataframe[0].value
    assert csv["Customer"].tolist()[: len(screen)] == screen["Customer"].tolist()
    windows = csv["Next order, days from now: from"]
    assert windows.iloc[-1] == "" and windows.iloc[0].isdigit(), "unknown is an empty cell"
    assert csv["Chance within a year (0 to 1)"].str.fullmatch(r"[01](\.\d{1,3})?").all()


def test_contracts_are_taken_along_as_they_are_read(made: Made) -> None:
    from retention_core.orders.questions import Answers
    from tests.pages.test_privacy import contracts

    shown(value_of_contracts, contracts(("yes",)), answers=Answers(layout="contract_months"))
    csv, book = read(made, "contract_values")
    assert list(csv) == list(book)
    assert list(csv)[:5] == ["Customer", "Contracts", "Months kept", "Ended", "Amount of a month"]
    assert set(csv["Ended"]) == {"yes", "no"} and set(csv["How it is known"]) <= {"counted", "by the model"}
    assert set(csv.loc[csv["Ended"] == "yes", "Still to come"]) == {"0.0"}


@pytest.mark.parametrize("refused", [0, 1, 16])
@pytest.mark.parametrize("untold", [0, 1, 11])
def test_who_is_left_out_is_one_sentence_that_adds_up(refused: int, untold: int) -> None:
    said = customer_lists.left_out_sentence(LeftOut(refused, untold, True), 312)
    figures = [int(figure) for figure in re.findall(r"\d+", said)]
    assert said.count(".") == (1 if refused + untold else 0)
    if refused + untold:
        assert figures[:2] == [refused + untold, 312]
        assert not figures[2:] or sum(figures[2:]) == figures[0]
        assert bool(re.search("said no", said)) is bool(refused) and ("neither" in said) is bool(untold)
