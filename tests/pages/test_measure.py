"""The pages of the section Measure say what the library says, on any data and with any link."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import sources
from retention_core.say import compact_money, number, percent
from tests.pages import tables
from tests.pages.conftest import Visit, said

PAGES = ("measure/overview", "measure/retention", "measure/cohorts")
HEAD = "customer,ordered_at,amount\n"
ONE_CUSTOMER = f"{HEAD}a,2025-01-05,10\na,2025-02-05,12.50\na,2025-05-07,9\n".encode()
ONE_DAY = (HEAD + "".join(f"c{n},2025-01-05,10\n" for n in range(50))).encode()
# The last months are those of the data: cohorts of March have no third month yet.
FEW_MONTHS = (
    HEAD + "".join(f"c{n},2025-0{1 + n % 3}-1{n % 9},20\nc{n},2025-04-{10 + n % 15},5\n" for n in range(90))
).encode()
WITHOUT_AMOUNTS = "customer,ordered_at\n" + "\n".join(
    f"c{n},2025-0{1 + n % 3}-1{n % 9}\nc{n},2025-04-{10 + n % 15}" for n in range(90)
)


def older_than_the_data() -> bytes:
    """100 customers first seen in January 2024, all back in February; later months win 20 each, of whom 4 return."""
    lines = [
        f"old{n},2024-01-{1 + n % 28:02d},10,{'AB'[n % 2]}\nold{n},2024-02-15,10,{'AB'[n % 2]}" for n in range(100)
    ]
    for month in range(2, 25):
        day = date(2024 + (month - 1) // 12, (month - 1) % 12 + 1, 5)
        lines += [f"m{month}-{n},{day},10,{'AB'[n % 2]}" for n in range(20)]
        lines += [f"m{month}-{n},{day + timedelta(days=40)},10,{'AB'[n % 2]}" for n in range(4)]
    return ("customer,ordered_at,amount,channel\n" + "\n".join(lines)).encode()


OLDER = older_than_the_data()


def drawn(app: AppTest, place: int) -> pd.DataFrame:
    """The frame behind a chart of the page."""
    return pa.ipc.open_stream(app.get("vega_lite_chart")[place].proto.data.data).read_pandas()


# How the answers of the sample shop begin when the link asks for nothing.
DEFAULT_ANSWERS = {
    "measure/overview": "won at least a year ago",
    "measure/retention": "when Jun 2026 began, 95.6 %",
    "measure/cohorts": "In the month after the first order",
}
HOSTILE = ("<img src=x onerror=alert(1)>", "'; drop table orders; --", "99999999999999999999", "", "null", "ż" * 2000)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("shop", sources.SAMPLES)
def test_a_page_opens_on_each_sample_shop_and_says_that_it_is_one(visit: Visit, page: str, shop: str) -> None:
    app = visit(page, shop=shop)
    assert not app.exception
    assert "sample data" in said(app)
    assert any(figure.isdigit() for figure in app.header[0].value), "the answer holds a number"


def test_overview_answers_with_the_reading_of_the_library(visit: Visit, replenish: rc.Shop) -> None:
    app = visit("measure/overview")
    reading = replenish.metric("second_order_within_365_days")
    assert f"Of the {number(reading.denominator)} customers" in said(app)
    assert f" {percent(reading.value)} (" in said(app)
    cards = {card.label: card.value for card in app.metric}
    assert len(cards) == 8
    assert cards["Customers"] == number(replenish.metric("customers").value)
    assert cards["Back within a year"] == percent(reading.value)
    assert cards["Revenue"] == compact_money(replenish.metric("revenue").value, "EUR")
    assert cards["Turned inactive"] == percent(replenish.metric("churn").value)


def test_overview_says_what_changed_with_the_figures_of_both_months(visit: Visit, replenish: rc.Shop) -> None:
    app = visit("measure/overview")
    now, before = (replenish.query("period_totals").query("is_complete")["customers"].iloc[place] for place in (-1, -2))
    assert f"{number(now)} customers ordered in Jun 2026" in said(app)
    assert f"May 2026 ({number(before)})" in said(app)


def test_overview_compares_with_the_year_before_when_the_link_says_so(visit: Visit, replenish: rc.Shop) -> None:
    app = visit("measure/overview", against="A year earlier", step="Quarter")
    before = replenish.query("period_totals", grain="quarter").query("is_complete")["customers"].iloc[-5]
    assert f"Q2 2025 ({number(before)})" in said(app)


def test_retention_answers_with_the_last_whole_period(visit: Visit, replenish: rc.Shop) -> None:
    reading = replenish.metric("churn", grain="quarter", window_days=90)
    app = visit("measure/retention", rate="Turned inactive", period="Quarter", window="90 days")
    assert f"Of the {number(reading.denominator)} customers active (ordered within 90 days) when Q2 2026 began" in said(
        app
    )
    assert f"{percent(reading.value)} (" in said(app)


@pytest.mark.parametrize(("before", "now"), [("Lost", "Turned inactive"), ("Came back", "Ordered this period")])
def test_a_link_in_the_words_of_before_still_means_the_same_rate(visit: Visit, before: str, now: str) -> None:
    old, new = (visit("measure/retention", rate=word) for word in (before, now))
    assert old.header[0].value == new.header[0].value != visit("measure/retention").header[0].value
    assert not old.info, "nothing of the link is missed"


def test_retention_puts_eight_definitions_side_by_side(visit: Visit, replenish: rc.Shop) -> None:
    table = visit("measure/retention").table[0].value
    assert len(table) == 8
    cells = [cell.replace("\u00a0", " ") for cell in table.iloc[:, 1]]
    for place, key in ((1, "crr_strict"), (4, "returning_customer_rate"), (7, "second_order_within_365_days")):
        assert cells[place].startswith(f"**{percent(replenish.metric(key).value, 1)}**")
        assert re.search(r"\*\* \(\d+\.\d\W*–\W*\d+\.\d %\)$", cells[place]), "with the decimals of the value"
    strict, churn = (float(cells[place].strip("*").split(" ")[0]) for place in (1, 2))
    assert strict + churn == pytest.approx(100, abs=0.11)


@pytest.mark.parametrize(("grain", "query"), [("Month", "month"), ("Week", "week"), ("Quarter", "quarter")])
def test_cohorts_answer_with_the_mean_weighted_by_size(
    visit: Visit, replenish: rc.Shop, grain: str, query: str
) -> None:
    cells = replenish.query("cohort_retention", grain=query).query("age == 1 and is_complete")
    share = cells["active_customers"].sum() / cells["cohort_customers"].sum()
    app = visit("measure/cohorts", grain=grain)
    assert f"In the {query} after the first order, {percent(share, 1)} (" in said(app)


def test_the_picture_of_cohorts_is_followed_by_all_its_figures(visit: Visit) -> None:
    table = tables.read(visit("measure/cohorts", orders=FEW_MONTHS, form="Second order by then"))[0]
    assert list(table.index) == [
        "Jan 2025 · 30",
        "Feb 2025 · 30",
        "Mar 2025 · 30",
    ]
    assert table.loc["Mar 2025 · 30", "1"].endswith("…"), "April is not over"
    assert table.loc["Mar 2025 · 30", "2"] == "", "May has not begun: no cell, and no 0 %"


def test_period_zero_is_shown_only_where_not_everybody_ordered_in_it(visit: Visit) -> None:
    first_ages = {
        (show, form): visit("measure/cohorts", orders=FEW_MONTHS, show=show, form=form).dataframe[0].value.columns[0]
        for show, form in (("Share", "In the period"), ("Share", "Second order by then"), ("Revenue", "In the period"))
    }
    assert list(first_ages.values()) == ["1", "0", "1"]
    value = tables.read(visit("measure/cohorts", orders=FEW_MONTHS, show="Value per customer"))[0]
    assert value.loc["Jan 2025 · 30", "0"] == "20"


def test_a_filter_is_said_in_words_and_changes_the_number(visit: Visit, replenish: rc.Shop) -> None:
    app = visit("measure/overview", channel=["Social"], coupon="yes")
    reading = replenish.metric("second_order_within_365_days", channel=["Social"], coupon=True)
    assert "Only customers who first bought through Social, with a coupon." in said(app)
    assert f"Of the {number(reading.denominator)} customers" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_filters_that_leave_nobody_are_met_with_advice(visit: Visit, page: str) -> None:
    app = visit(page, orders=FEW_MONTHS, since="2025-04-02")
    assert not app.exception
    assert "Take away a filter" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_days_that_are_turned_round_are_called_so(visit: Visit, page: str) -> None:
    app = visit(page, since="2025-06-01", until="2024-01-01")
    assert not app.exception
    assert "“From” is after “before”" in said(app)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("orders", [ONE_CUSTOMER, ONE_DAY, FEW_MONTHS], ids=["one customer", "one day", "four months"])
def test_little_data_is_answered_in_a_sentence(visit: Visit, page: str, orders: bytes) -> None:
    app = visit(page, orders=orders)
    assert not app.exception
    assert app.header[0].value


def test_what_nobody_had_the_time_to_do_is_not_called_zero(visit: Visit) -> None:
    cards = {card.label: card.value for card in visit("measure/overview", orders=ONE_DAY).metric}
    assert cards["Customers"] == "50"
    unknown = ("Back within a year", "Came back so far", "Turned inactive", "Repeat orders")
    assert {cards[name] for name in unknown} == {"–"}
    twice = ONE_DAY + b"c1,2025-01-05 18:00,10\n" * 2
    known = {card.label: card.value for card in visit("measure/overview", orders=twice).metric}
    assert known["Came back so far"] == "–" and known["Repeat orders"] != "–", "what is more than nothing is known"
    assert "nothing can be said about coming back" in said(visit("measure/cohorts", orders=ONE_DAY))
    assert "No period can be judged yet" in said(visit("measure/retention", orders=ONE_DAY))


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    ("page", "keys"),
    [
        ("measure/overview", ("step", "against")),
        ("measure/retention", ("rate", "period", "window")),
        ("measure/cohorts", ("grain", "form", "show", "ages", "lines", "cohorts")),
    ],
)
def test_a_hostile_link_shows_the_defaults(visit: Visit, page: str, keys: tuple[str, ...], value: str) -> None:
    filters = ("since", "until", "channel", "country", "category", "coupon", "nonsense")
    app = visit(page, **dict.fromkeys((*keys, *filters), value))
    assert not app.exception
    assert DEFAULT_ANSWERS[page] in said(app)
    if value:
        assert "The link asked for something that is not here" in said(app)


def test_names_of_the_order_file_are_never_read_as_markdown(visit: Visit) -> None:
    picture = "![x](http://example.com/p.png)"
    rows = "".join(f'c{n},2024-0{1 + n % 9}-11,5,"{picture}"\nc{n},2025-06-11,5,"{picture}"\n' for n in range(60))
    rows += "".join(f"d{n},2024-0{1 + n % 9}-11,5,Plain\n" for n in range(60))
    orders = f"customer,ordered_at,amount,channel\n{rows}".encode()
    link = {"channel": picture, "lines": "Channel"}
    for page, settings in (("measure/overview", {}), ("measure/overview", link), ("measure/cohorts", link)):
        app = visit(page, orders=orders, **settings)
        assert not app.exception
        texts = [str(part.value) for part in (*app.header, *app.markdown, *app.caption)]
        assert not any(picture in text for text in texts)


def test_own_spans_of_days_show_who_ordered_in_them(visit: Visit) -> None:
    app = visit("measure/cohorts", orders=FEW_MONTHS, edges="0, 31, 61")
    spans = tables.read(app)[1]
    assert spans.iloc[:, 0].tolist() == ["0–30", "31–60"]
    assert spans.iloc[0, 1].replace("\u00a0", " ") == "100 %"
    assert app.dataframe[1].value.iloc[0, 1] == 1, "a number, which stands to the right"


@pytest.mark.parametrize("edges", ["", "<script>", "5", "9999999", "1," * 50])
def test_spans_of_days_that_mean_nothing_are_answered_with_an_example(visit: Visit, edges: str) -> None:
    app = visit("measure/cohorts", orders=FEW_MONTHS, edges=edges)
    assert not app.exception


def test_cohorts_before_the_day_customers_are_known_stay_out_of_the_mean(visit: Visit) -> None:
    app = visit("measure/cohorts", orders=FEW_MONTHS, known_since="2025-02-01")
    assert "†" in said(app) and not app.exception


def test_customers_older_than_the_data_are_not_counted_as_new(visit: Visit) -> None:
    app = visit("measure/overview", orders=OLDER)
    assert "20 % (15–26 %) ordered again within a year" in said(app)
    assert "Jan 2024: left out of second orders" in said(app)
    assert {card.label: card.value for card in app.metric}["Back within a year"] == "20 %"
    assert "20 % (15–26 %) within a year" in said(app), "where to look next"
    retention = visit("measure/retention", orders=OLDER)
    assert "20 % within 365 days" in said(retention)
    assert retention.table[0].value.iloc[7, 1].replace("\u00a0", " ").startswith("**20.0 %**")
    curve = drawn(retention, 1).query("not is_span")
    assert curve["share"].max() == pytest.approx(0.2, abs=0.02)


def test_who_asks_for_later_customers_anyway_is_told_of_no_others(visit: Visit) -> None:
    assert "left out of second orders" not in said(visit("measure/overview", orders=OLDER, since="2024-03-01"))


@pytest.mark.parametrize("form", ["In the period", "Second order by then"])
@pytest.mark.parametrize("grain", ["Month", "30 days of age"])
def test_the_same_cohorts_stay_out_whatever_is_shown(visit: Visit, grain: str, form: str) -> None:
    app = visit("measure/cohorts", orders=OLDER, grain=grain, form=form, lines="Channel")
    picture, curves = drawn(app, 0), drawn(app, 1)
    assert picture.query("is_mean and age == 1")["basis"].tolist() == ["88 / 440"], "22 months of 20 and no January"
    assert curves.query("not is_mean and age == 1")["cohort_customers"].tolist() == [220, 220]
    assert app.dataframe[-1].value.iloc[0, 3] == 460


def test_what_can_still_grow_has_no_mean_and_nothing_stands_out(visit: Visit) -> None:
    app = visit("measure/cohorts", form="In it or later")
    picture = drawn(app, 0)
    assert not picture["is_mean"].any() and not picture["stands_out"].any()
    assert "So far, " in app.header[0].value
    assert "All so far" in said(app)


def test_without_amounts_nothing_is_said_about_money(visit: Visit) -> None:
    app = visit("measure/overview", orders=WITHOUT_AMOUNTS.encode())
    assert not app.exception
    assert not {"Revenue", "Order value", "Customer value"} & {card.label for card in app.metric}
    assert "Revenue was" not in said(app) and "This file tells no amounts" in said(app)
    cohorts_page = visit("measure/cohorts", orders=WITHOUT_AMOUNTS.encode(), show="Revenue")
    assert not cohorts_page.exception
    (show,) = (group for group in cohorts_page.get("button_group") if group.key == "show")
    assert [option.content for option in show.proto.options] == ["Share", "Customers"]


def test_a_shop_younger_than_a_year_is_answered_for_the_longest_span_it_has(visit: Visit) -> None:
    assert "won at least 90 days ago" in visit("measure/overview", orders=FEW_MONTHS).header[0].value


@pytest.mark.parametrize("link", [{"channel": "Nope"}, {"since": "abc"}, {"coupon": "maybe"}, {"country": "x" * 999}])
def test_a_filter_that_is_not_here_opens_the_box_that_says_so(visit: Visit, link: dict[str, str]) -> None:
    assert visit("measure/overview", **link).sidebar.expander[0].proto.expanded
    assert not visit("measure/overview").sidebar.expander[0].proto.expanded


def test_a_filter_of_the_link_is_seen_on_the_first_run(visit: Visit) -> None:
    assert visit("measure/overview", channel="Social").sidebar.expander[0].proto.expanded


def test_other_periods_of_the_first_order_bring_their_own_cohorts_to_compare(visit: Visit) -> None:
    app = visit("measure/cohorts")
    (grain,) = (group for group in app.get("button_group") if group.key == "grain")
    grain.set_value("quarter").run()
    picked = app.multiselect("cohorts_quarter").value
    assert len(picked) == 3
    assert visit("measure/cohorts", grain="Quarter", cohorts_quarter=["Q2 2025"]).multiselect(
        "cohorts_quarter"
    ).value == ["2025-04-01"]


def test_the_two_ends_of_an_interval_stay_on_one_line_of_the_answer(visit: Visit) -> None:
    head = visit("measure/retention").header[0].value
    assert re.search(r"\(95\\\.0\u2060–\u206096\\\.1\u00a0%\\\)", head)


def test_what_is_true_by_definition_has_no_interval(visit: Visit) -> None:
    app = visit("measure/retention", window="Ever")
    head = app.header[0].value.replace("\u00a0", " ").replace("\\", "")
    assert "active (ever ordered) when Jun 2026 began, 100 % were still active" in head
    assert app.table[0].value.iloc[1, 1].replace("\u00a0", " ").strip() == "**100.0 %**"
    assert "The first five are those of Jun 2026" in said(app)


@pytest.mark.parametrize(("form", "differs"), [("In the period", False), ("Second order by then", True)])
def test_the_people_of_a_cell_say_which_of_its_periods_they_ordered_in(visit: Visit, form: str, differs: bool) -> None:
    app = visit("measure/cohorts", orders=FEW_MONTHS, form=form)
    app.session_state["cells"] = {"selection": {"cell": [{"cohort_key": "2025-02-01", "age": 1}]}}
    app.run()
    assert "Customers of Feb 2025 who ordered in month 1" in said(app)
    assert ("The list shows who ordered in that very period" in said(app)) is differs
