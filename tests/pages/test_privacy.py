"""Personal data in the app: pseudonyms unless lists must come back, lists without those who said no, and deletion."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from google.protobuf.message import Message  # type: ignore[import-untyped,unused-ignore]
from streamlit.runtime.state.common import TESTING_KEY
from streamlit.testing.v1 import AppTest

from pages.shared import downloads, hosting, privacy, sources
from pages.shared.sources import Upload
from retention_core.orders.questions import Answers
from tests.conftest import ROOT
from tests.pages.conftest import said

PSEUDONYM = re.compile("[0-9a-f]{16}")
MAIL = "reader{}@mail.example"


def orders(consent: tuple[str, str] | None = ("yes", "no"), mail: str = MAIL) -> bytes:
    """Twelve customers who order in January and in February; every third one gives the second answer on letters."""
    lines = ["Order ID,Customer Email,Date,Amount,Full Name" + (",Newsletter" if consent else "")]
    for number in range(12):
        answer = f",{consent[number % 3 == 0]}" if consent else ""
        for month in (1, 2):
            person = f"{mail.format(number)},2024-{month:02}-{number + 1:02},10,Name of {number}"
            lines.append(f"{month}{number:02},{person}{answer}")
    return "\n".join(lines).encode()


def cell() -> None:
    """The list behind the cell of the customers of January, one month later."""
    import pandas as pd

    from pages.shared import cohort_parts

    clicked = {"selection": {"cell": [{"cohort_key": "2024-01-01", "age": 1}]}}
    shown = pd.DataFrame({"cohort": [pd.Timestamp("2024-01-01")], "age": [1]})
    cohort_parts.people(clicked, "month", "in", "Month", shown)


def list_of(upload: Upload) -> AppTest:
    app = AppTest.from_function(cell, default_timeout=60)
    app.session_state["shop"], app.session_state["upload"] = "upload", upload
    return app.run()


def open_page(page: str = "pages/data/source.py") -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run().switch_page(page).run()


def take(content: bytes) -> AppTest:
    return open_page().file_uploader[0].set_value([("orders.csv", content, "text/csv")]).run()


def names(upload: Upload) -> set[str]:
    opened = sources.open_upload(upload)
    return set(opened.query("customer_names", customers=list(range(20)))["customer_id"])


@pytest.mark.parametrize("keeps", [False, True])
def test_customers_get_pseudonyms_unless_their_owner_ticks_otherwise(keeps: bool) -> None:
    app = take(orders())
    tick = app.checkbox[0]
    assert "own numbers or e-mails" in tick.label and tick.value is False
    assert "lists show pseudonyms" in said(app)
    if keeps:
        tick.set_value(True).run()
        assert "in the memory of this visit only, and lists show them" in said(app)
    app.button(key="open_orders").click().run()
    assert not app.exception
    upload = app.session_state["upload"]
    assert upload.keeps_keys is keeps
    found = names(upload)
    assert len(found) == 12
    assert (found == {MAIL.format(number) for number in range(12)}) is keeps
    assert all(PSEUDONYM.fullmatch(name) for name in found) is not keeps


def test_the_choice_can_be_changed_by_opening_the_files_again() -> None:
    app = take(orders()).button(key="open_orders").click().run()
    app.button(key="open_again").click().run()
    app.checkbox[0].set_value(True).run().button(key="open_orders").click().run()
    assert app.session_state["upload"].keeps_keys and "draft" not in app.session_state


def test_the_choice_tells_uploads_apart() -> None:
    files = (("orders.csv", orders()),)
    assert Upload(files).key != Upload(files, keeps_keys=True).key


def test_nobody_who_said_no_to_letters_is_in_a_list() -> None:
    app = list_of(Upload((("orders.csv", orders()),), keeps_keys=True))
    assert not app.exception
    listed = app.dataframe[0].value
    assert set(listed["Customer"]) == {MAIL.format(number) for number in range(12) if number % 3}
    assert "4 of 12 customers said no to letters and are left out." in said(app)
    assert "Customers of Jan 2024 who ordered in month 1: 12" in said(app)
    assert "pseudonym" not in said(app)


def test_where_no_file_tells_of_consent_the_list_says_so() -> None:
    app = list_of(Upload((("orders.csv", orders(consent=None)),)))
    assert len(app.dataframe[0].value) == 12 and "Agreed to letters" not in app.dataframe[0].value
    assert "The files do not tell who agreed to letters: check it before you write to anybody." in said(app)


def test_where_others_agreed_those_who_were_not_asked_are_left_out_too() -> None:
    app = list_of(Upload((("orders.csv", orders(consent=("yes", ""))),), keeps_keys=True))
    assert set(app.dataframe[0].value["Customer"]) == {MAIL.format(number) for number in range(12) if number % 3}
    sentence = "4 of 12 customers said neither yes nor no to letters while others did and are left out."
    assert sentence in said(app)
    assert "check it before you write" not in said(app)


def test_where_nobody_agreed_there_is_no_list() -> None:
    app = list_of(Upload((("orders.csv", orders(consent=("", "no"))),)))
    assert not app.dataframe and not app.get("download_button")
    reasons = "4 said no to letters, 8 said neither yes nor no while others did."
    assert f"12 of 12 customers are left out: {reasons}" in said(app)
    assert "Nobody is left who agreed to letters, so there is no list." in said(app)


def contracts(answers: tuple[str, ...]) -> bytes:
    """120 contracts of as many customers, who answer in turn; no such column where there are no answers."""
    lines = ["Customer,Tenure Months,Churned,Monthly Charge" + (",Accepts Marketing" if answers else "")]
    for n in range(120):
        told = f",{answers[n % len(answers)]}" if answers else ""
        lines.append(f"c{n},{n % 24 + 1},{('Yes', 'No')[n % 2]},{10 + n % 7}{told}")
    return "\n".join(lines).encode()


def value_of_contracts() -> None:
    from pages.shared import contract_parts

    contract_parts.value_or_none()


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes | str]]:
    """What each download button would make, by the name of its file: Streamlit keeps it until the button is pressed."""
    made: dict[str, Callable[[], bytes | str]] = {}
    button = downloads.button

    def noting(label: str, name: str, key: str, kind: str, make: Callable[[], bytes | str], **more: Any) -> None:
        made[name] = make
        button(label, name, key, kind, make, **more)

    monkeypatch.setattr(downloads, "button", noting)
    return made


@pytest.mark.parametrize(
    ("answers", "listed", "sentences"),
    [
        (
            ("yes", "no", ""),
            {0},
            ["80 of 120 customers are left out: 40 said no to letters, 40 said neither yes nor no while"],
        ),
        ((), {0, 1, 2}, ["The files do not tell who agreed to letters"]),
        (("no",), set(), ["120 of 120 customers said no to letters", "Nobody is left who agreed to letters"]),
    ],
)
def test_a_list_of_contracts_keeps_to_consent(
    answers: tuple[str, ...], listed: set[int], sentences: list[str], offered: dict[str, Callable[[], bytes | str]]
) -> None:
    upload = Upload((("contracts.csv", contracts(answers)),), Answers(layout="contract_months"), keeps_keys=True)
    app = AppTest.from_function(value_of_contracts, default_timeout=60)
    app.session_state["shop"], app.session_state["upload"] = "upload", upload
    app.run()
    assert not app.exception and all(sentence in said(app) for sentence in sentences)
    assert ("do not tell who agreed" in said(app)) is (not answers)
    assert len(offered) == len(app.get("download_button")) and bool(offered) is bool(listed)
    files = [make for name, make in offered.items() if name.endswith(".csv")]
    assert bool(files) is bool(listed)
    for make in files:
        taken = pd.read_csv(io.BytesIO(make()))  # type: ignore[arg-type]
        assert set(taken["Customer"]) == {f"c{n}" for n in range(120) if n % 3 in listed}
        assert taken["Amount of a month"].tolist() == [10 + int(name[1:]) % 7 for name in taken["Customer"]]


def test_a_list_of_pseudonyms_says_how_to_get_names_back() -> None:
    app = list_of(Upload((("orders.csv", orders()),)))
    assert all(PSEUDONYM.fullmatch(name) for name in app.dataframe[0].value["Customer"])
    assert "open the files again under Orders" in said(app)


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("COMEBACK_HOSTED", "1")
    monkeypatch.setenv("COMEBACK_PSEUDONYM_KEY", "the same key tomorrow")
    hosting.current.cache_clear()
    yield monkeypatch
    hosting.current.cache_clear()


def test_a_key_in_the_settings_gives_the_same_pseudonyms_tomorrow(hosted: pytest.MonkeyPatch) -> None:
    upload = Upload((("orders.csv", orders()),))
    before = names(upload)
    hosted.setattr(privacy, "KEY_OF_THIS_PROCESS", secrets.token_bytes(privacy.KEY_BYTES))
    assert names(upload) == before
    hosted.delenv("COMEBACK_PSEUDONYM_KEY")
    hosting.current.cache_clear()
    assert names(upload).isdisjoint(before)


def test_nobody_finds_out_by_files_of_their_own_who_the_customers_of_others_are(
    hosted: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not those of published orders and not those of another visitor; the same files have the same ones again."""
    path = tmp_path / "orders.csv"
    path.write_bytes(orders())
    published, mine = names(Upload((("orders.csv", path),))), names(Upload((("orders.csv", orders()),)))
    guessed = names(Upload((("orders.csv", orders(consent=None)),)))
    assert len(published) == len(mine) == len(guessed) == 12
    assert published.isdisjoint(mine) and published.isdisjoint(guessed) and mine.isdisjoint(guessed)
    assert names(Upload((("renamed.csv", orders()),))) == mine
    path.write_bytes(orders(consent=None))
    assert names(Upload((("newer.csv", path),))) == published, "what is published keeps its pseudonyms when it grows"


def test_the_order_of_files_makes_no_other_pseudonyms() -> None:
    one, other = b"the one", b"the other"
    assert privacy.pseudonym_key([one, other]) == privacy.pseudonym_key([other, one]) != privacy.pseudonym_key([one])


def test_what_a_server_publishes_has_pseudonyms_whatever_is_asked(hosted: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(orders())
    assert all(PSEUDONYM.fullmatch(name) for name in names(Upload((("orders.csv", path),), keeps_keys=True)))


def test_files_of_ones_own_computer_stay_as_they_are(tmp_path: Any) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(orders())
    assert names(Upload((("orders.csv", path),))) == {MAIL.format(number) for number in range(12)}


def holders(needle: str) -> list[str]:
    """What in this process holds a text with the needle in it, other than the needle itself."""
    gc.unfreeze()  # the app takes what it has at its start out of the collector's sight
    gc.collect()
    found, raw = [], needle.encode()
    to_see, seen = gc.get_objects(), set[int]()
    while to_see:
        thing = to_see.pop()
        if isinstance(thing, pd.DataFrame) and needle in thing.to_csv():
            found.append(f"frame {thing.shape}")
        for held in gc.get_referents(thing):
            if isinstance(held, str) and held is not needle and needle in held:
                found.append(f"{type(thing).__name__}: {held[:80]}")
            elif isinstance(held, bytes | bytearray) and held is not raw and raw in held:
                found.append(f"{type(thing).__name__}: {bytes(held[:80])!r}")
            elif isinstance(held, Message) and raw in held.SerializeToString():
                found.append(f"{type(thing).__name__}: message {type(held).__name__}")
            elif isinstance(held, tuple | dict) and not gc.is_tracked(held) and id(held) not in seen:
                seen.add(id(held))  # of plain things only, so the collector does not list it
                to_see.append(held)
    return found


def marked_orders(needle: str) -> bytes:
    """120 customers, three months; the needle is in e-mails, a channel, a category and a line that is left out."""
    lines = ["Order ID,Customer Email,Date,Amount,Channel,Category"]
    for number in range(120):
        kinds = f"{('Search', f'{needle} shop')[number % 2]},{('Tea', f'{needle} tea')[number % 3 == 0]}"
        lines += [
            f"{month}-{number},{needle}{number}@mail.example,2024-{month:02}-{number % 28 + 1:02},10,{kinds}"
            for month in (1, 2, 3)
            if number * month % 3 != 1
        ]
    lines.append(f"9-1,{needle}@mail.example,{needle} is no day,10,Search,Tea")
    return "\n".join(lines).encode()


def click_cell(app: AppTest, month: str, age: int) -> AppTest:
    """What a browser tells when somebody clicks a cell of the cohorts."""
    chart = next(one.proto for one in app.get("vega_lite_chart") if one.proto.id.endswith("-cells"))
    told = app._tree.get_widget_states()
    told.widgets.add(id=chart.id).string_value = json.dumps(
        {"selection": {"cell": [{"cohort_key": month, "age": age}]}}
    )
    return app._run(told)


def opened_and_looked_at(needle: str) -> AppTest:
    """Orders with the needle in every kind of text, their file's name too, and each kind of page; then Orders again."""
    app = open_page().file_uploader[0].set_value([(f"{needle}s.csv", marked_orders(needle), "text/csv")]).run()
    app.checkbox[0].set_value(True).run().button(key="open_orders").click().run()
    for page in ("measure/overview", "measure/churn", "measure/cohorts"):
        assert not app.switch_page(f"pages/{page}.py").run().exception
    assert f"{needle}0@mail.example" in set(click_cell(app, "2024-01-01", 1).dataframe[0].value["Customer"])
    assert not app.multiselect(key="channel").set_value([f"{needle} shop"]).run().exception
    assert not app.switch_page("pages/data/source.py").run().exception
    assert needle in str(app.selectbox(key="ledger_examples").options), "the file's name is in a list to choose from"
    return app


def test_what_is_deleted_is_in_no_object_of_the_process() -> None:
    needle = "".join(reversed("eteledrekram"))
    app = opened_and_looked_at(needle)
    assert holders(needle), "the search finds what is open"
    app.button(key="delete_data").click().run()
    assert not app.exception and "upload" not in app.session_state
    app.session_state[TESTING_KEY].clear()  # AppTest's own: how lists were written, of which a server keeps nothing
    left = holders(needle)
    assert not left, left[:5]


def who_they_are() -> None:
    """Keeps the customers' own names, as Churn does of those worth winning back, and offers to delete them."""
    import streamlit as st

    from pages.shared import sources

    def listed(shop):  # type: ignore[no-untyped-def]
        return shop.query("customer_names", customers=list(range(20)))

    if "upload" in st.session_state:
        st.write(len(sources.derived("who_they_are", listed)))
        st.button("Delete", on_click=sources.forget_upload, key="delete")


def test_what_was_derived_of_deleted_orders_is_in_no_object_either() -> None:
    needle = "".join(reversed("devired.rekram"))
    app = AppTest.from_function(who_they_are, default_timeout=60)
    app.session_state["shop"] = "upload"
    mail = f"{needle}{{}}@mail.example"
    app.session_state["upload"] = Upload((("orders.csv", orders(mail=mail)),), keeps_keys=True)
    del mail
    app.run()
    assert not app.exception and any(held.startswith("frame") for held in holders(needle))
    app.button(key="delete").click().run()
    assert not app.exception and "upload" not in app.session_state
    left = holders(needle)
    assert not left, left[:5]


def test_after_deletion_all_settings_and_buttons_work_as_before() -> None:
    """Streamlit knows the widgets anew: those that stay keep their values, and those that come back answer."""
    app = take(orders()).button(key="open_orders").click().run().switch_page("pages/measure/cohorts.py").run()
    app.segmented_control(key="grain").set_value("quarter").run().switch_page("pages/data/source.py").run()
    for _ in range(2):
        app.button(key="delete_data").click().run()
        assert not app.exception and "upload" not in app.session_state
        assert "deleted from this app's memory" in app.success[0].value and app.selectbox(key="shop").value == "upload"
        assert not app.run().success, "the button is pressed once"
        app.file_uploader[0].set_value([("orders.csv", orders(), "text/csv")]).run()
        app.button(key="open_orders").click().run()
        assert "upload" in app.session_state and app.session_state["grain"] == "quarter"
    app.selectbox(key="shop").set_value("gift").run()
    assert not app.exception and app.selectbox(key="shop").value == "gift"
    assert app.switch_page("pages/measure/cohorts.py").run().segmented_control(key="grain").value == "quarter"


def kept_in(app: AppTest) -> str:
    """All that the session and the link hold as text, the link with which the latest run began too."""
    began = app._session_state._state.query_params._initial_query_params
    return repr(app.session_state.to_dict()) + repr(dict(app.query_params)) + repr(began)


def test_filters_and_answers_about_columns_are_deleted_with_the_files() -> None:
    needle = "".join(reversed("lennahcrekram"))
    lines = ["Order ID,Customer,Date,Amount,Channel"]
    lines += [f"{n},c{n % 9},2024-{n % 3 + 1:02}-{n % 28 + 1:02},10,{('Search', needle)[n % 2]}" for n in range(60)]
    app = take("\n".join(lines).encode())
    assert any(sources.ABOUT_FILES.match(key) for key in app.session_state.to_dict()), "the answers on the files"
    app.button(key="open_orders").click().run().switch_page("pages/measure/cohorts.py").run()
    app.segmented_control(key="grain").set_value("quarter").run()
    app.multiselect(key="channel").set_value([needle]).run()
    app.date_input(key="until").set_value(date(2024, 3, 1)).run()
    assert not app.exception and needle in kept_in(app)
    app.switch_page("pages/data/source.py").run().button(key="delete_data").click().run()
    assert not app.exception and needle not in kept_in(app)
    held = app.session_state.to_dict()
    assert not [key for key in held if sources.FROM_FILES.fullmatch(key) or sources.ABOUT_FILES.match(key)]
    assert held["grain"] == "quarter", "plain settings stay"


def test_values_of_the_files_go_from_the_link_too_and_plain_settings_stay() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"shop": "Your uploaded orders", "channel": "Somebody", "grain": "quarter"})
    app.run().switch_page("pages/data/source.py").run()
    app.file_uploader[0].set_value([("orders.csv", orders(), "text/csv")]).run()
    app.button(key="delete_data").click().run()
    assert not app.exception and "Somebody" not in kept_in(app) and "quarter" in kept_in(app)


ABOUT_THE_FILES = {
    "own_test": "true",
    "test": "Letter in May: with a coupon",
    "known_since": "2024-01-05",
    "cohorts": "Jan 2024",
    "cohorts_month": "Jan 2024",
    "margin_of_3": "0.4",
    "contract_file": "who ran in one last month",
}


def test_what_a_link_says_about_the_files_goes_and_a_kept_plan_stays() -> None:
    """A plan holds numbers and the name that its owner gave it."""
    plan = "My plan~~365~0.42~2027-06~0.4~welcome:1"
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update({"shop": "Your uploaded orders", "plan": plan, **ABOUT_THE_FILES})
    app.run().switch_page("pages/data/source.py").run()
    app.file_uploader[0].set_value([("orders.csv", orders(), "text/csv")]).run()
    app.button(key="delete_data").click().run()
    assert not app.exception and app.query_params["plan"] in (plan, [plan])
    assert not ABOUT_THE_FILES.keys() & app.query_params.keys()


@pytest.mark.parametrize(("first", "setting"), sources.SUGGESTED.items())
def test_what_the_files_suggested_goes_with_them_and_what_was_chosen_stays(first: str, setting: str) -> None:
    for chosen, stays in ((0.31, False), (0.5, True)):
        app = take(orders())
        app.session_state[first], app.session_state[setting] = 0.31, chosen
        app.button(key="delete_data").click().run()
        assert not app.exception and first not in app.session_state
        assert (setting in app.session_state) is stays


def test_no_error_path_writes_anybody_down() -> None:
    """Each kind of path once; ERROR_PATHS=1000 walks as many, which takes minutes."""
    count = os.environ.get("ERROR_PATHS", "25")
    walk = [sys.executable, "-m", "tests.pages.error_paths", count]
    done = subprocess.run(walk, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]
    assert f"{int(count) // 25} crash of ours" in done.stdout and " refused" in done.stdout and " opened" in done.stdout
    assert "ValueError" in done.stderr, "a mistake of ours is written down, by its kind"
    for written in (done.stdout, done.stderr):
        assert "marker.person" not in written
