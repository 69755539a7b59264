"""Hostile text in every column, column name and file name: no page fails, and nothing of it is read as Markdown."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import contract_tables, handed_in, ledger, sharing, ui
from pages.shared.columns import FIELD_WORDS
from pages.shared.handed_in import Upload
from retention_core import report
from retention_core.orders.load import Answers
from tests import payloads
from tests.conftest import ROOT

# Where Streamlit shows or keeps text as it is. Every other field of every element counts as Markdown, so that one which
# is new, to the app or to Streamlit, is looked at without being named here.
AS_IT_IS = {
    "Selectbox": {"options", "default", "raw_value", "placeholder"},
    "MultiSelect": {"options", "default", "raw_values", "placeholder"},
    "TextInput": {"default", "value", "placeholder"},
    "Code": {"code_text"},  # the SQL that ran: a filter's values stand in it as text
    "VegaLiteChart": {"spec", "alt"},  # the specification is looked into; alt is an attribute
    "Dataframe": {"columns", "alt"},  # a canvas; its columns are looked into
    "Table": {"alt"},
    "PageLink": {"query_string"},
}
IDS = ("id", "form_id", "element_id", "user_key")
VALUES_OF_A_CHART = {"domain", "sort"}  # the names that an axis or a legend lists; Vega draws them letter by letter
LOADS = {"href", "url", "link", "image"}  # in a chart or as the kind of a table's column
OPENED = ("sharing", "numbers")  # parts that are drawn only once they are opened
PAGES = (
    *("measure/overview", "measure/retention", "measure/cohorts", "measure/churn", "measure/value"),
    *("plan/goals", "data/source", "data/glossary"),
)


def upload(kind: str, texts: payloads.Texts = payloads.PAYLOADS) -> Upload:
    """The files of one kind, as their owner would open them."""
    if kind == "orders":
        files = ((f"{texts[0]} {payloads.FILE_NAME}", payloads.orders_file(texts)), *payloads.other_files(texts))
        return Upload(files, Answers(mapping=payloads.columns(texts)), keeps_keys=True)
    name, with_days = f"contracts {payloads.FILE_NAME}", kind == "contracts with days"
    layout = (
        Answers(layout="contract_days", as_of=datetime(2024, 9, 7)) if with_days else Answers(layout="contract_months")
    )
    return Upload(((name, payloads.contracts_file(with_days, texts)),), layout, keeps_keys=True)


def visit(kind: str, page: str, texts: payloads.Texts = payloads.PAYLOADS, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["shop"] = "upload"
    app.session_state["upload"] = upload(kind, texts)
    for part in OPENED:
        app.session_state[part] = True
    app.query_params.update(link)
    app.run()
    return app if page == "measure/overview" else app.switch_page(f"pages/{page}.py").run()


def said_by(message: Message) -> Iterator[tuple[str, str, str]]:
    """Message, field and text of all that the element says, whatever it is made of."""
    name = message.DESCRIPTOR.name
    for field, value in message.ListFields():
        many = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_STRING and not field.message_type:
            yield from ((name, field.name, str(text)) for text in many)
        elif field.message_type and field.message_type.GetOptions().map_entry:
            yield from ((name, field.name, str(part)) for pair in value.items() for part in pair)
        elif field.message_type:
            for part in many:
                yield from said_by(part)


def cells(arrow: bytes) -> Iterator[str]:
    """Every name and every text of a frame as the browser gets it."""
    table = pa.ipc.open_stream(arrow).read_all()
    yield from table.column_names
    for column in table.columns:
        yield from (value for value in column.to_pylist() if isinstance(value, str))


def elements(app: AppTest) -> Iterator[Message]:
    for node in app._tree:
        if isinstance(proto := getattr(node, "proto", None), Message):
            yield proto


def read_as_markdown(app: AppTest) -> Iterator[tuple[str, str, str]]:
    """Element, field and text of everything that Streamlit would read as Markdown."""
    for element in elements(app):
        kind = element.DESCRIPTOR.name
        for name, field, text in said_by(element):
            if field not in AS_IT_IS.get(name, ()) and field not in IDS:
                yield name, field, text
        if kind == "Table":
            yield from ((kind, "cells", text) for text in cells(element.arrow_data.data))


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a structure, its keys too, and where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield path, key
            yield from places(part, (*path, key))
    elif isinstance(value, list):
        for part in value:
            yield from places(part, path)


def drawn(app: AppTest) -> Iterator[str]:
    """Every text in the frames of the charts."""
    for element in elements(app):
        if element.DESCRIPTOR.name == "VegaLiteChart":
            yield from cells(element.data.data)


def specified(app: AppTest) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text, and where it stands, of the specifications of charts and of the columns of tables."""
    for element in elements(app):
        kind = element.DESCRIPTOR.name
        if kind in ("VegaLiteChart", "Dataframe"):
            written = element.spec if kind == "VegaLiteChart" else element.columns
            yield from places(json.loads(written or "{}"), (kind,))


def check(app: AppTest) -> None:
    """Nothing failed; nothing of a payload is alive, in words, in charts or in tables; no file lies ready."""
    assert not app.exception, app.exception
    assert not [found for found in read_as_markdown(app) if payloads.alive(found[2])]
    for path, text in specified(app):
        assert not payloads.holds_payload(text) or VALUES_OF_A_CHART & set(path), (path, text[:80])
        assert text not in LOADS, path
    for element in elements(app):
        if element.DESCRIPTOR.name == "DownloadButton":
            assert element.deferred_file_id and not element.url


def texts_with_payloads(app: AppTest) -> set[str]:
    return {name for element in elements(app) for name, _, text in said_by(element) if payloads.holds_payload(text)}


def test_every_page_of_the_app_is_visited() -> None:
    assert set(PAGES) == {str(page.relative_to(ROOT / "pages").with_suffix("")) for page in ROOT.glob("pages/*/*.py")
                          if page.parent.name != "shared"}  # fmt: skip


@pytest.mark.parametrize("text", [*payloads.PAYLOADS, *payloads.columns().values(), payloads.FILE_NAME])
def test_what_is_alive_is_found_and_what_is_plain_is_not(text: str) -> None:
    assert payloads.alive(text) == payloads.holds_payload(text)
    assert not payloads.alive(ui.plain(text))


@pytest.mark.parametrize("page", PAGES)
def test_a_shop_of_payloads(page: str) -> None:
    app = visit("orders", page)
    check(app)
    assert "MultiSelect" in texts_with_payloads(app)  # the filters list them: the shop is what it should be


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", ["contracts", "contracts with days"])
def test_contracts_of_payloads(kind: str, page: str) -> None:
    app = visit(kind, page, contracts_by="plan")
    check(app)
    assert page not in ("measure/churn", "measure/value") or "zq" in str(app.table[0].value)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "measure/churn"])
def test_filters_that_are_payloads(page: str) -> None:
    """The words about whom a page speaks hold them then, and groups are compared by them."""
    link = {"channel": payloads.value("channel", 2), "country": payloads.value("country", 2), "lines": "Channel"}
    app = visit("orders", page, **link)
    check(app)
    assert page.startswith("data") or any("zq" in str(caption.value) for caption in app.caption)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_of_payloads_opens_the_page_with_defaults(page: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(payloads.hostile_link())
    app.run()
    check(app)
    if page != "measure/overview":
        check(app.switch_page(f"pages/{page}.py").run())


@pytest.mark.parametrize("dimension", ["Channel", "Country", "Category"])
def test_groups_side_by_side(dimension: str) -> None:
    app = visit("orders", "measure/cohorts", lines=dimension)
    check(app)
    assert any(payloads.holds_payload(text) for text in drawn(app))


def taken(*files: tuple[str, bytes]) -> AppTest:
    """The Orders page after these files were handed in."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run().switch_page("pages/data/source.py").run()
    return app.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files]).run()


def test_the_review_of_files_of_payloads() -> None:
    """Files as understood, the questions, every setting, and what is left out line by line."""
    app = taken((payloads.FILE_NAME, payloads.orders_file()), *payloads.other_files())
    check(app)
    assert "Selectbox" in texts_with_payloads(app)
    answer_columns(app)
    check(app)
    app.button(key="open_orders").click().run()
    check(app)
    rule = app.selectbox(key="ledger_examples")
    rule.select(rule.options[0] if rule.value is None else rule.value).run()
    check(app)


def answer_columns(app: AppTest) -> None:
    """Name every column in the settings, as their owner would."""
    for field, name in payloads.columns().items():
        box = next(box for box in app.selectbox if box.label == FIELD_WORDS[field])
        box.select(next(column for column in box.options if column.split()[-1] == name.split()[-1]))
    next(button for button in app.button if button.label == "Read the files like this").click().run()


HEAD = "Order ID,Customer,Order date,Amount,Currency\n"


@pytest.mark.parametrize(
    "content",
    [
        "".join([HEAD, *(f'A{n},c{n},2024-01-0{n % 9 + 1},10,"{text[:9]}"\n' for n, text in enumerate("<b![$:*`|"))]),
        HEAD + "".join(f'A{n},c{n},"{text}",10,EUR\n' for n, text in enumerate(payloads.PAYLOADS[:5])),
        HEAD + "".join(f'A{n},c{n},2024-01-01,"{text}",EUR\n' for n, text in enumerate(payloads.PAYLOADS[:5])),
        HEAD + "".join(f"A{n},c{n},0{n + 1}/02/2024,10,EUR\n" for n in range(6)),
        "customer,tenure,churn\n" + "".join(f'c{n},"{text}",yes\n' for n, text in enumerate(payloads.PAYLOADS[:5])),
        "customer,tenure,churn\n" + "".join(f'c{n},3,"{text}"\n' for n, text in enumerate(payloads.PAYLOADS[:5])),
        ",".join(f'"{name} {payloads.PAYLOADS[0]}"' for name in "abc") + "\n1,2,3\n",
        "\x89PNG",
        "",
    ],
    ids=[
        "currencies",
        "days",
        "amounts",
        "day or month",
        "months kept",
        "ended",
        "no column known",
        "picture",
        "empty",
    ],
)
def test_questions_and_refusals(content: str) -> None:
    """What quotes a cell, a column or the name of the file while a file is being opened."""
    app = taken((payloads.FILE_NAME, content.encode()))
    check(app)
    assert any(payloads.holds_payload(str(said.value)) for said in (*app.error, *app.markdown, *app.subheader))
    for button in app.button:
        if button.key == "open_orders" and not button.disabled:
            button.click().run()
            check(app)
            return


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_plans_that_are_read_back(kind: str) -> None:
    """Their names are shown as they are, or the file is refused."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["numbers"] = True
    app.run().switch_page("pages/plan/goals.py").run()
    for place, name in enumerate(payloads.PAYLOADS):
        given = (f"plan {place}.{kind}", payloads.plan_file(name[:60], kind), "text/plain")
        app.file_uploader[0].set_value(given).run()
        check(app)
        assert app.error or any("zq" in button.label for button in app.button)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[[], bytes]]]:
    """What each download button would make, by the name of its file: Streamlit keeps it until the button is pressed."""
    found: dict[str, Callable[[], bytes]] = {}
    add = MediaFileManager.add_deferred

    def noted(
        self: MediaFileManager, data: Any, mimetype: Any, coordinates: str, file_name: Any = None, **more: Any
    ) -> str:
        found[str(file_name)] = data
        return add(self, data, mimetype, coordinates, file_name, **more)

    monkeypatch.setattr(MediaFileManager, "add_deferred", noted)
    yield found


def test_every_download_goes_through_one_place() -> None:
    """Where it is made when asked for, and lies at an address of its own for a minute."""
    calls = [page for page in (ROOT / "pages").rglob("*.py") if "st.download_button(" in page.read_text("utf-8")]
    assert [page.name for page in calls] == ["downloads.py"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", ["orders", "contracts"])
def test_no_download_holds_a_formula(kind: str, page: str, offered: dict[str, Callable[[], bytes]]) -> None:
    app = visit(kind, page, payloads.FORMULAS, contracts_by="plan")
    assert not app.exception
    assert len(offered) == len(app.get("download_button"))
    for name, make in offered.items():
        check_file(name, make())
    for name, content in shared(kind, app, payloads.FORMULAS):
        check_file(name, content)


def shared(kind: str, app: AppTest, texts: payloads.Texts) -> Iterator[tuple[str, bytes]]:
    """The files that Share makes of the page. Its buttons come when that part runs alone, which only a browser does."""
    opened = handed_in.open_upload(upload(kind, texts))
    if isinstance(opened, rc.Contracts):
        left_out = contract_tables.lines(opened)
    else:
        left_out = ledger.for_report(opened.ledger())
        opened.close()
    about = report.About(texts[0], datetime(2024, 9, 7), f"http://127.0.0.1/?channel={texts[0]}", left_out=left_out)
    for _, ending, _, render in sharing.KINDS:
        yield f"report.{ending}", render(app.session_state["noted"].blocks(), about)


def check_file(name: str, content: bytes) -> None:
    """No cell of a list and of a workbook is a formula, whatever parts the cells; a report shows text as text."""
    if name.endswith(".csv"):
        for separator in ",;\t|":
            rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator)
            assert not [cell for row in rows for cell in row if payloads.runs_in_a_spreadsheet(cell)]
    elif name.endswith(".xlsx"):
        book = zipfile.ZipFile(io.BytesIO(content))
        sheets = [book.read(part).decode() for part in book.namelist() if part.startswith("xl/worksheets/")]
        assert sheets and not [sheet for sheet in sheets if "<f>" in sheet or "<f " in sheet]
        links = [link for sheet in sheets for link in re.findall("<hyperlink [^>]*>", sheet)]
        assert not [link for link in links if "location=" not in link or "r:id" in link], "links stay inside"
        assert not [part for part in book.namelist() if part.endswith(".rels") and b"External" in book.read(part)]
    elif name.endswith(".html"):
        text = content.decode()
        assert "<img src=http" not in text and "window.__p=2</script>" not in text and "<svg onload" not in text
    else:
        assert name.endswith(".json") and json.loads(content)


@pytest.mark.parametrize(
    ("kind", "page"), [("orders", "measure/value"), ("orders", "data/source"), ("contracts", "measure/churn")]
)
def test_a_report_shows_payloads_as_text(kind: str, page: str) -> None:
    app = visit(kind, page)
    check(app)
    for name, content in shared(kind, app, payloads.PAYLOADS):
        check_file(name, content)
        assert name.endswith(".xlsx") or b"zq" in content
