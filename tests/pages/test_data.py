"""The Orders and Glossary pages, driven through Streamlit's own test frame: what a shop owner reads and can do."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Radio

from pages.shared import concepts, hosting, opening, sources
from retention_core import Shop
from retention_core.metrics import METRICS
from tests.conftest import ROOT

PLAIN = b"""Order ID,Customer,Order date,Amount
A1,ann,2024-01-15,20.00
A2,bob,2024-01-20,30.50
A3,ann,2024-03-02,12.00
A4,,2024-03-05,99.00
"""
TROUBLE = "![x](http://evil.example/p.png)"


def open_page(page: str = "pages/data/source.py", **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params.update(link)
    return app.run().switch_page(page).run()


def take(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    return app.file_uploader[0].set_value([(name, content, "text/csv") for name, content in files]).run()


def open_files(*files: tuple[str, bytes]) -> AppTest:
    return take(open_page(), *files).button(key="open_orders").click().run()


def words(app: AppTest) -> str:
    """Everything that the page says, without the escapes of Markdown and the joiners that keep addresses from life."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "success", "warning")
    said = " ".join(str(element.value) for kind in kinds for element in getattr(app, kind))
    return re.sub(r"\\([^\w\s])", r"\1", said).replace("\xa0", " ").replace("\u2060", "")


def ledger(app: AppTest) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if "Outcome" in frame.value.columns)


def radio_about(app: AppTest, key: str) -> Radio:
    return next(radio for radio in app.radio if f"_{key}_" in str(radio.key))


def test_the_sample_shop_accounts_for_every_line_and_says_that_it_is_a_sample() -> None:
    app = open_page()
    assert not app.exception
    assert "orders of" in app.header[0].value and "sample data" in words(app)
    counted = ledger(app)
    lines = counted.loc[counted["Outcome"] != "Note", "Lines"].sum()
    assert f"{lines:,} lines of the files" in words(app)
    shown = next(frame.proto for frame in app.dataframe if "Outcome" in frame.value.columns)
    assert list(shown.column_order)[:3] == ["What", "Outcome", "Lines"], "what a phone shows"
    assert "Currency" not in shown.column_order, "all money is in one, which the name of the column says"
    assert "Money, EUR" in shown.columns


def test_a_file_is_shown_as_understood_and_then_opened() -> None:
    app = take(open_page(), ("orders.csv", PLAIN))
    assert not app.exception
    assert "orders.csv" in words(app) and "4 in 5 lines" in words(app) and "comma" in words(app)
    assert app.dataframe[0].value.shape == (4, 4)
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert app.session_state["shop"] == "upload"
    said = words(app)
    assert "3 orders of 2 customers were kept; 1 line was left out" in said
    assert "Every line is accounted for: 4 kept + 1 left out = 5 lines of the files." in said
    assert ledger(app).set_index("Outcome").loc["Left out", "Lines"] == 1


@pytest.mark.parametrize("keeps", [False, True])
def test_whether_lists_name_customers_is_explained_before_opening_and_said_after(keeps: bool) -> None:
    app = take(open_page(), ("orders.csv", PLAIN))
    tick = next(box for box in app.checkbox if box.label.startswith("Lists must come back"))
    assert "write to customers" in tick.help and "To write to the customers of a list, tick the box." in words(app)
    tick.set_value(keeps).run().button(key="open_orders").click().run()
    assert ("Lists show your customers' own numbers or e-mails" in words(app)) is keeps
    assert ("Lists show pseudonyms in place of" in words(app)) is not keeps
    app.selectbox(key="shop").set_value("replenish").run()
    assert "Lists show" not in words(app), "of one's own orders only"


def test_the_limit_stands_beside_the_uploader_with_what_to_do() -> None:
    said = words(open_page())
    assert f"All files together: at most {st.get_option('server.maxUploadSize')} MB." in said
    assert "save it as Parquet" in said


def test_a_file_of_too_many_rows_is_not_asked_whether_it_is_a_list_of_contracts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asks(app: AppTest) -> bool:
        return any("list of contracts" in box.label for box in app.expander)

    assert asks(take(open_page(), ("towns.csv", b"name,town\nann,Sofia\nbob,Varna\n"))), "of a file nobody knows"
    monkeypatch.setenv("COMEBACK_ROWS", "3")
    hosting.current.cache_clear()
    try:
        app = take(open_page(), ("orders.csv", PLAIN))
        assert "more than 3 rows" in words_of_error(app.error[0].value) and not asks(app)
    finally:
        monkeypatch.undo()
        hosting.current.cache_clear()


def test_several_files_make_one_shop() -> None:
    later = b"Order ID,Customer,Order date,Amount\nB1,ann,2024-05-01,10.00\nB2,,2024-05-01,1.00\n"
    app = open_files(("a.csv", PLAIN), ("b.csv", later))
    assert "4 orders of 2 customers were kept; 2 lines were left out" in words(app)
    assert "(2 lines, worth 100.00)" in words(app)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"   \n\n", "the file holds no text"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a picture (PNG)"),
        (b"PK\x03\x04" + b"\0" * 100, "zip"),
        (b"name,town\nann,Sofia\nbob,Varna\n", "no column holds dates"),
    ],
)
def test_a_file_that_is_no_orders_is_refused_and_nothing_is_lost(content: bytes, said: str) -> None:
    app = open_files(("good.csv", PLAIN))
    take(app, ("bad.csv", content))
    assert not app.exception
    refusals = " ".join(words_of_error(error.value) for error in app.error)
    assert "bad.csv" in refusals and said.casefold() in refusals.casefold() and "What to do" in refusals
    assert app.session_state["upload"].files[0][0] == "good.csv"
    if "draft" in app.session_state:
        app.button(key="other_files").click().run()
    assert "3 orders of 2 customers" in words(app)


def words_of_error(text: str) -> str:
    return re.sub(r"\\([^\w\s])", r"\1", text)


def test_a_header_alone_is_no_shop_but_no_accident() -> None:
    app = take(open_page(), ("orders.csv", PLAIN.splitlines(keepends=True)[0]))
    if not app.error:
        app.button(key="open_orders").click().run()
    assert not app.exception
    assert app.error or "No order of the files counts" in words(app)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("A1,ann,2024-01-15,20.00\n", "1 order of 1 customer"),
        ("A1,ann,2024-01-15,20.00\nA2,ann,2024-02-15,20.00\n", "2 orders of 1 customer"),
        ("A1,ann,2024-01-15,20.00\nA2,bob,2024-01-15,20.00\n", "2 orders of 2 customers"),
    ],
    ids=["one order", "one customer", "one day"],
)
def test_the_smallest_shops_open(rows: str, said: str) -> None:
    app = open_files(("orders.csv", f"Order ID,Customer,Order date,Amount\n{rows}".encode()))
    assert not app.exception
    assert said in words(app) and "no line was left out" in words(app)


def test_dates_that_can_be_read_two_ways_are_asked_for_and_block_until_answered() -> None:
    rows = "".join(f"A{day},c{day},0{day}/05/2024,10.00\n" for day in range(1, 8))
    app = take(open_page(), ("orders.csv", f"Order ID,Customer,Order date,Amount\n{rows}".encode()))
    assert app.button(key="open_orders").disabled
    question = radio_about(app, "day_first")
    assert "day or month" in words(app)
    question.set_value(False).run()
    app.button(key="open_orders").click().run()
    assert not app.exception
    shop = sources_shop(app)
    assert [shop.first_on.month, shop.observed_on.month] == [1, 7]


def sources_shop(app: AppTest) -> Shop:
    """The shop that the session looks at, opened from what the session holds."""
    return sources.open_upload(app.session_state["upload"])


MIXED = b"""Order ID,Customer,Order date,Amount,Currency
A1,ann,2024-01-15,20.00,EUR
A2,bob,2024-01-20,30.00,EUR
A3,ann,2024-03-02,100.00,BGN
"""


def test_several_currencies_are_asked_for_and_one_is_counted() -> None:
    app = open_files(("orders.csv", MIXED))
    assert not app.exception and "upload" not in app.session_state
    assert "which currency" in words(app).casefold() and app.button(key="open_orders").disabled
    assert "50.00 EUR before refunds" in words_of_error(radio_about(app, "currency").proto.captions[0])
    radio_about(app, "currency").set_value("EUR").run()
    app.button(key="open_orders").click().run()
    assert "2 orders of 2 customers were kept; 1 line was left out" in words(app)


def test_several_currencies_are_added_up_with_rates() -> None:
    app = open_files(("orders.csv", MIXED))
    radio_about(app, "currency").set_value("EUR").run()
    app.number_input[0].set_value(0.5).run()
    app.button(key="open_orders").click().run()
    assert "3 orders of 2 customers were kept" in words(app)
    assert ledger(app).set_index("Outcome").loc["Kept", "Money"].max() == pytest.approx(100)


def test_unknown_headers_are_asked_for() -> None:
    rows = "".join(f"x{day % 3},2024-05-{day:02},{day}.50\n" for day in range(1, 10))
    app = take(open_page(), ("orders.csv", f"foo,bar,baz\n{rows}".encode()))
    assert app.button(key="open_orders").disabled
    for field, column in (("customer_id", "foo"), ("ordered_at", "bar"), ("amount", "baz")):
        next(radio for radio in app.radio if str(radio.key).endswith(f"mapping_{field}")).set_value(column)
    app.run()
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert "9 orders of 3 customers were kept" in words(app)


def test_a_column_can_be_given_another_meaning() -> None:
    rows = "A1,ann,2024-01-15,20.00,5.00\nA2,bob,2024-01-20,30.00,6.00\n"
    content = f"Order ID,Customer,Order date,Amount,Net\n{rows}".encode()
    app = take(open_page(), ("orders.csv", content))
    next(box for box in app.selectbox if box.label == "Amount of the order").set_value("Net")
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert ledger(app).set_index("Outcome").loc["Kept", "Money"].max() == pytest.approx(11)


def test_delete_my_data_forgets_it() -> None:
    app = open_files(("secret.csv", PLAIN))
    app.button(key="delete_data").click().run()
    assert not app.exception
    held = {key: repr(value) for key, value in app._session_state.filtered_state.items()}
    assert not [key for key, value in held.items() if "secret.csv" in value]
    assert "No orders are open yet" in words(app) and not app.dataframe


def test_a_shop_is_closed_when_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    really = sources.open_upload
    monkeypatch.setattr(sources, "open_upload", lambda *told: opened.append(really(*told)) or opened[-1])
    app = open_files(("orders.csv", PLAIN))
    assert opened[0].query("customer_totals")["customers"].iloc[0] == 2
    app.button(key="delete_data").click().run()
    with pytest.raises(Exception, match=r"[Cc]losed"):
        opened[0].query("customer_totals")


def test_a_link_to_uploaded_orders_asks_for_the_file_in_place() -> None:
    app = open_page("pages/measure/cohorts.py", shop="Your uploaded orders")
    assert not app.exception
    assert "upload the same file" in words(app) and app.file_uploader


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", TROUBLE, "../../etc/passwd", "=1+1", "x" * 5000, "\x00"]
)
def test_hostile_links_show_the_default(value: str) -> None:
    app = open_page("pages/data/glossary.py", shop=value, entry=value, since=value, channel=value)
    assert not app.exception
    assert app.selectbox(key="shop").value == "replenish"
    assert app.selectbox(key="entry").value is None


def raw_markdown(app: AppTest) -> Iterator[str]:
    """All texts of the page that Streamlit reads as Markdown."""
    for kind in ("title", "header", "subheader", "markdown", "caption", "error", "info", "success", "warning"):
        yield from (str(element.value) for element in getattr(app, kind))
    for kind in ("radio", "selectbox", "button", "checkbox", "number_input", "multiselect", "expander"):
        yield from (str(element.label) for element in getattr(app, kind))
    for radio in app.radio:
        yield from (*radio.options, *radio.proto.captions)
    yield from (str(tab.label) for tab in app.tabs)


def is_alive(trouble: str, text: str) -> bool:
    """Whether it stands there as the file has it, or its address does: one of those is a link without any brackets."""
    return trouble in text or "://evil" in re.sub(r"\\([^\w\s])", r"\1", text)


@pytest.mark.parametrize(
    "trouble", [TROUBLE, "<script>alert(1)</script>", "[click](http://evil.example)", ":red[x]", "$x$"]
)
def test_names_and_cells_of_a_file_are_never_markdown(trouble: str) -> None:
    cells = "".join(f'{trouble},"{trouble}",0{day}/05/2024,{day}.50,{trouble}\n' for day in range(1, 10))
    content = f"{trouble} 1,{trouble},{trouble} 2,{trouble} 3,Status\n{cells}".encode()
    app = take(open_page(), (f"{trouble}.csv", content))
    assert not app.exception
    assert trouble in words(app), "the file's own names must be on the page for this test to mean anything"
    assert not [text for text in raw_markdown(app) if is_alive(trouble, text)]


def test_examples_show_no_address() -> None:
    content = b"Order ID,Email,Order date,Amount,Status\nA1,ann@example.com,2024-01-15,20.00,cancelled\n"
    content += b"A2,bob@example.com,2024-01-15,20.00,paid\n"
    app = open_files(("orders.csv", content))
    app.selectbox(key="ledger_examples").set_value(0).run()
    examples = app.dataframe[-1].value
    assert len(examples) == 1 and examples.iloc[0, 0] == 2
    assert "@" not in examples.to_csv() and "ann" not in examples.to_csv()


def test_every_number_and_word_has_an_entry() -> None:
    app = open_page("pages/data/glossary.py")
    said = words(app)
    assert not app.exception
    assert not [block.label for block in METRICS.values() if f"**{block.label}." not in said]
    assert not [concept.label for concept in concepts.CONCEPTS if f"**{concept.label}." not in said]


def test_every_entry_opens_with_its_formula_value_and_sql() -> None:
    app = open_page("pages/data/glossary.py")
    for key, block in METRICS.items():
        app.selectbox(key="entry").set_value(key).run()
        assert not app.exception, key
        assert block.formula in words(app) and block.source in words(app), key
        assert app.metric[0].value != "–" or "Not known yet" in words(app), key
        assert "select" in app.code[0].value, key


def test_the_worked_examples_say_what_the_formula_gives() -> None:
    app = open_page("pages/data/glossary.py")
    app.selectbox(key="entry").set_value("example_81").run()
    assert "78 %" in words(app) and f"{(40_000 - 1_000) / 50_000:.0%}" == "78%" and f"{40_000 / 49_000:.1%}" == "81.6%"
    app.selectbox(key="entry").set_value("example_45").run()
    assert "900 / 2,000 = **45 %**" in words(app) and "43–47 %" in words(app)


def test_the_table_of_segments_is_the_one_that_runs() -> None:
    rules = concepts.segment_rules()
    assert rules.shape == (5, 5) and rules.loc["R 5", "F 5"] == "Champions" and rules.loc["R 1", "F 1"] == "Lost"
    assert set(rules.to_numpy().ravel()) == set(concepts.SEGMENT_NAMES.values())


def test_the_search_finds_words_of_the_text() -> None:
    app = open_page("pages/data/glossary.py")
    app.text_input(key="words").set_value("kaplan").run()
    assert "Half have ordered again after" in words(app) and "Churn rate" not in words(app)
    app.text_input(key="words").set_value("no such word here").run()
    assert "No entry holds these words" in words(app)


def test_the_command_line_opens_a_file_for_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(PLAIN)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "app.py"), str(path)])
    app = open_page()
    assert not app.exception
    assert app.selectbox(key="shop").value == "file" and "3 orders of 2 customers" in words(app)


def test_a_file_of_the_command_line_that_is_missing_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(ROOT / "app.py"), str(tmp_path / "missing.csv")])
    app = open_page()
    assert not app.exception
    assert "missing.csv" in words(app) and app.file_uploader


def test_a_file_of_the_command_line_that_leaves_something_open_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mixed.csv"
    path.write_bytes(MIXED)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "app.py"), str(path)])
    app = open_page()
    assert "Which currency should be counted" in words(app)
    app.button(key="answer_for_file").click().run()
    app.button(key="open_orders").click().run()
    radio_about(app, "currency").set_value("BGN").run()
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert app.session_state["shop"] == "upload" and "1 order of 1 customer" in words(app)


def test_a_setting_that_makes_a_file_unreadable_can_be_taken_back() -> None:
    app = take(open_page(), ("orders.csv", PLAIN.replace(b"ann", "änn".encode("cp1252"))))
    next(box for box in app.selectbox if box.label.startswith("Letters")).set_value("utf-8")
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    assert "orders.csv" in words(app) and app.error
    app.button(key="take_back").click().run()
    assert not app.error
    app.button(key="open_orders").click().run()
    assert "3 orders of 2 customers were kept" in words(app)


THREE = b"""Order ID,Customer,Order date,Amount,Currency
A1,ann,2024-01-15,20.00,EUR
A2,bob,2024-01-20,30.00,USD
A3,ann,2024-03-02,100.00,GBP
"""


def test_slow_files_with_a_question_open_and_are_understood_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_SECONDS", 0.0)  # every file is slow: progress and "Cancel" are always drawn
    understood = []
    really = sources.inspect_upload
    monkeypatch.setattr(sources, "inspect_upload", lambda *told: understood.append(told) or really(*told))
    app = open_files(("orders.csv", THREE))
    radio_about(app, "currency").set_value("GBP").run()
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert "1 order of 1 customer was kept" in words(app)
    assert len(understood) == 1


def test_a_setting_that_only_counts_money_differently_reads_no_file_again(monkeypatch: pytest.MonkeyPatch) -> None:
    understood = []
    really = sources.inspect_upload
    monkeypatch.setattr(sources, "inspect_upload", lambda *told: understood.append(told) or really(*told))
    app = take(open_page(), ("orders.csv", PLAIN))
    next(box for box in app.selectbox if box.label == "Refunds").set_value("ignore")
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    assert app.session_state["draft"].answers.refunds == "ignore" and len(understood) == 1
    next(box for box in app.selectbox if box.label == "Decimal mark").set_value(".")
    next(button for button in app.button if button.label == "Read the files like this").click().run()
    assert len(understood) == 2


def test_a_file_is_understood_and_opened_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_SECONDS", 0.0)
    app = take(open_page(), ("orders.csv", PLAIN))
    del app.session_state["inspected"]
    app.button(key="open_orders").click().run()
    assert not app.exception
    assert "3 orders of 2 customers were kept" in words(app)


def test_one_rate_of_two_blocks_and_says_which_is_missing() -> None:
    app = open_files(("orders.csv", THREE))
    assert "count all of them with rates" in words(app)
    radio_about(app, "currency").set_value("GBP").run()
    assert not app.button(key="open_orders").disabled
    rate = {box.label: box for box in app.number_input}
    rate["1 USD in GBP"].set_value(0.5).run()
    assert app.button(key="open_orders").disabled and "The rate of EUR is missing" in words(app)
    next(box for box in app.number_input if box.label == "1 EUR in GBP").set_value(0.8).run()
    app.button(key="open_orders").click().run()
    assert "3 orders of 2 customers were kept" in words(app)
    assert ledger(app).set_index("Outcome").loc["Kept", "Money"].max() == pytest.approx(100 + 16 + 15)


def test_an_empty_export_says_that_it_has_no_rows_and_how_small_it_is() -> None:
    app = take(open_page(), ("orders.csv", b"foo,bar\n"))
    assert not app.exception
    assert "column names but no rows" in words_of_error(app.error[0].value) and "8 bytes" in words(app)


def test_the_glossary_says_whom_its_numbers_are_about() -> None:
    app = open_page("pages/data/glossary.py", since="2025-01-01")
    app.selectbox(key="entry").set_value("customers").run()
    assert "Only customers who first bought from 1 Jan 2025" in words(app)


def test_an_entry_that_does_not_exist_is_said_to_be_missing() -> None:
    app = open_page("pages/data/glossary.py", entry=TROUBLE)
    assert f"There is no entry “{TROUBLE}”" in words(app)
    assert not [text for text in raw_markdown(app) if is_alive(TROUBLE, text)]
    label = concepts.CONCEPTS[0].label
    assert "There is no entry" not in words(open_page("pages/data/glossary.py", entry=label))


def ask_a_hostile_question() -> None:
    from pages.shared import review
    from pages.shared.sources import Upload
    from retention_core.orders.load import Option, Question

    options = tuple(Option(f"**{n}**", f"**{n}**", "**cells**") for n in range(8))
    review.ask(Upload(()), [Question("currency", "**Which?**", options, "**why**", "file.csv")])


def test_nothing_of_a_question_is_markdown() -> None:
    app = AppTest.from_function(ask_a_hostile_question).run()
    app.selectbox[0].set_value("**1**").run()
    assert not app.exception and len(app.number_input) == 7
    marked = [text for text in raw_markdown(app) if re.search(r"(?<![*\\])\*\*[A-Za-z0-9]", text)]
    assert not marked


def test_the_shop_of_the_command_line_is_closed_when_its_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(PLAIN)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "app.py"), str(path)])
    opened = []
    really = sources.open_upload
    monkeypatch.setattr(sources, "open_upload", lambda *told: opened.append(really(*told)) or opened[-1])
    app = open_page()
    path.write_bytes(PLAIN + b"A5,cid,2024-04-01,5.00\n")
    app.run()
    assert "4 orders of 3 customers" in words(app) and len(opened) == 2
    with pytest.raises(Exception, match=r"[Cc]losed"):
        opened[0].query("customer_totals")


def test_after_deleting_there_is_a_way_back_to_the_sample_shop() -> None:
    app = open_files(("orders.csv", PLAIN))
    app.button(key="delete_data").click().run()
    assert "Your orders were deleted from this app's memory" in words(app)
    app.button(key="look_at_sample").click().run()
    assert app.selectbox(key="shop").value == "replenish" and "sample data" in words(app)
    assert "were deleted" not in words(app)


def test_merged_lines_are_named_in_the_headline() -> None:
    rows = [f"A{n},c{n},2024-01-1{n},20.00\n" for n in range(3)]
    told = "Order ID,Customer,Order date,Amount\n" + "".join(rows)
    once = open_files(("orders.csv", (told + rows[0]).encode()))
    assert "3 orders of 3 customers were kept; 1 line was merged with another; none was left out." in words(once)
    assert ": 4 kept + 1 merged with others = 5 lines of the files." in words(once)
    twice = open_files(("orders.csv", (told + "".join(rows)).encode()))
    assert "3 lines were merged with others; none was left out." in words(twice)


def test_lines_that_fall_with_an_order_are_named_apart_and_what_does_not_apply_is_blank() -> None:
    orders = b"order_id,customer_id,ordered_at,amount\n1,a,2024-01-01,5\n2,b,2024-01-02,6\n3,,2024-01-02,6\n"
    lines = b"order_id,product_id,product,category,quantity,amount\n1,P1,Tea,drinks,1,5\n3,P2,Cup,things,1,3\n"
    lines += b"3,P1,Tea,drinks,1,3\n"
    app = open_files(("orders.csv", orders), ("lines.csv", lines))
    said = words(app)
    assert "1 line was left out, most often: “No customer" in said
    assert "2 lines of other tables fell with their orders or customers" in said
    assert ": 5 kept + 1 left out + 2 of other tables that fell with their orders or customers = 8 lines" in said
    table = ledger(app).set_index("What")
    assert table.loc["Counted · lines.csv", ["Customers", "Money"]].isna().all()
    assert pd.isna(table.loc["The line that names the columns · orders.csv", "Orders"])
    assert table.loc["Counted · orders.csv", "Money"] == 11


def test_orders_of_several_lines_are_told_apart_from_their_lines() -> None:
    lines = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    rows = [(1, 11, 7), (1, 12, 7), (1, 13, 7), (2, 11, 8), (3, 11, "")]
    lines += "".join(f"{o},{p},Tea,1,2011-01-0{o} 10:00,2.5,{c},France\n" for o, p, c in rows).encode()
    app = open_files(("invoices.csv", lines))
    assert "2 orders (4 lines) of 2 customers were kept; 1 line was left out" in words(app)


def test_tables_beside_the_orders_are_certain_and_told_apart_in_the_ledger(shared_data: Path) -> None:
    names = [f"olist_sample_{kind}.csv.gz" for kind in ("orders", "order_items", "order_payments", "customers")]
    app = take(open_page(), *((name, (shared_data / name).read_bytes()) for name in names))
    assert "not sure" not in words(app) and words(app).count("– certain") == 4
    app.button(key="open_orders").click().run()
    assert not app.exception
    shown = ledger(app)
    files = shown["What"].str.split(" · ").str[1]
    assert set(files) == {f"…{name.removeprefix('olist_sample_')}" for name in names}
    assert shown.loc[0, "What"] == "Counted · …orders.csv.gz" and shown.loc[0, "Money"] > 1_000_000


def test_the_likeliest_date_comes_first_and_text_last() -> None:
    rows = "".join(f"word{day},x{day % 3},2024-05-{day:02},2024-06-{day:02},{day}.50\n" for day in range(1, 10))
    app = take(open_page(), ("orders.csv", f"foo,bar,baz,quux,amount\n{rows}".encode()))
    when = next(radio for radio in app.radio if str(radio.key).endswith("mapping_ordered_at"))
    labels = [words_of_error(label) for label in when.options]
    assert labels == ["baz (recommended)", "quux", "foo", "bar", "amount"]


@pytest.mark.parametrize("page", ["pages/measure/overview.py", "pages/data/source.py"])
def test_where_no_files_are_taken_none_are_asked_for(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def notes() -> str:
        return " ".join(one.value for one in open_page(page).caption if "invented shop" in one.value)

    asked = "Open your own orders"
    assert asked in notes()
    monkeypatch.setenv("COMEBACK_UPLOADS", "0")
    hosting.current.cache_clear()
    try:
        assert notes() and asked not in notes()
    finally:
        monkeypatch.undo()
        hosting.current.cache_clear()
