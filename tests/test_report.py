"""Reports: what was said stands in the file, in order; nothing of it runs, and nothing is fetched."""

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from base64 import b64decode
from datetime import date, datetime
from functools import partial
from html.parser import HTMLParser

import altair as alt
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import retention_core as rc
from retention_core import report, written
from retention_core.charts import measure, picture
from retention_core.written import Written
from tests.conftest import ROOT
from tests.test_export import PAYLOADS

FORMULAS = PAYLOADS[:8]
HOSTILE = [
    "<script>window.__p=1</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</style><link rel=stylesheet href=//evil.example/a.css>",
    "![x](https://evil.example/p.png) **bold** \\<b>",
    "]]></svg><image href='https://evil.example/p.png'/>&amp;",
]
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "footer", "h1", "h2", "p", "ul", "li", "a"),
    *("dl", "div", "dt", "dd", "figure", "img", "table", "thead", "tbody", "tr", "th", "td", "strong", "span", "br"),
}
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ABOUT = report.About("Shop", datetime(2026, 11, 22, 9, 30), "https://app.example/retention?rate=Lost")


def totals() -> pd.DataFrame:
    months = pd.date_range("2026-01-01", periods=3, freq="MS")
    return pd.DataFrame(
        {"period": months, "first_orders": [3, 2, 1], "repeat_orders": [1, 2, 3], "is_complete": [True, True, False]}
    )


def named(text: str) -> report.Picture:
    """A picture with a text of strangers on its axis."""
    drawn = measure.orders_by_kind(totals(), "month")
    drawn.data = drawn.data.assign(name=text, kind=text)
    return report.Picture(drawn, text)


def everywhere(text: str) -> list[report.Block]:
    """A text of strangers in every place that takes one."""
    return [
        report.Answer(text, text, text),
        report.Setting(text, text),
        report.Figure(text, text, text),
        report.Heading(text),
        named(text),
        report.Note(text),
        report.Table(pd.DataFrame({text: [text, "x"], "n": [1, 2]})),
        report.Table(pd.DataFrame({text: [text]}, index=pd.Index([text], name=text)), has_index=True, is_marked=True),
        report.Words((text,)),
        report.Words((text, text)),
        report.Verdict(text, "bad"),
        report.Definition(text, text, text, (text,)),
    ]


def about(text: str) -> report.About:
    return report.About(text, ABOUT.made_at, f"https://app.example/?a={text}", text, pd.DataFrame({text: [text]}))


class Markup(HTMLParser):
    """The tags and attributes that a browser would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def pictures_in(page: str) -> list[str]:
    return [b64decode(found).decode() for found in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)]


def sheets_of(book: bytes) -> dict[str, list[list[object]]]:
    found = CalamineWorkbook.from_filelike(io.BytesIO(book))
    return {name: found.get_sheet_by_name(name).to_python() for name in found.sheet_names}


def test_a_report_says_all_of_it_in_the_order_of_the_page() -> None:
    blocks = [
        report.Answer("Retention", "17 % come back.", "Only customers from Poland."),
        report.Figure("Customers", "1,234", "since May"),
        report.Heading("Month by month"),
        report.Picture(measure.orders_by_kind(totals(), "month"), "Orders by month"),
        report.Note("Striped: not over yet."),
        report.Table(pd.DataFrame({"Month": ["Jan"], "Share": ["17 %"]})),
        report.Definition("Share", "Of those who bought.", "a / b", ("Young.",)),
    ]
    page = report.to_html(blocks, ABOUT).decode()
    said = [
        *(
            "Shop",
            "22 Nov 2026",
            "Retention",
            "17\u00a0% come back.",
            "Only customers from Poland.",
            "1,234",
            "since May",
        ),
        *(
            "Month by month",
            "Orders by month",
            "Striped: not over yet.",
            '<td class="short">Jan</td>',
            "17 %",
            "Of those who bought.",
        ),
        *("a / b", "Young.", "https://app.example/retention?rate=Lost"),
    ]
    places = [page.index(text, page.index("<main>")) for text in said]
    assert places == sorted(places)


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_text_of_strangers_becomes_markup(payload: str) -> None:
    page = report.to_html(everywhere(payload), about(payload)).decode()
    read = Markup()
    read.feed(page)
    assert read.tags <= TAGS and not {name for name in read.attributes if name.startswith("on")}
    assert page.count("<img ") == 1


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_picture_with_names_of_strangers_is_drawn_and_holds_no_script(payload: str) -> None:
    page = report.to_html(everywhere(payload), about(payload)).decode()
    (svg,) = pictures_in(page)
    root = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        "svg",
        "rect",
        "g",
        "path",
        "text",
        "tspan",
        "line",
        "defs",
        "linearGradient",
        "stop",
        "clipPath",
        "title",
    }
    for element in root.iter():
        assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]
        assert not re.search(r"url\((?!#)", " ".join(element.attrib.values()))
    assert any(payload[:5] in (element.text or "") for element in root.iter())


def test_a_page_asks_nothing_of_anybody() -> None:
    page = report.to_html(everywhere("name"), ABOUT).decode()
    assert "default-src 'none'" in page and "script-src" not in page
    sources = re.findall(r'(?:src|href|action|poster)="([^"]*)"', page)
    assert sources and all(one.startswith(("data:image/svg+xml", ABOUT.link)) for one in sources)
    assert not re.search(r"url\(|@import", page)


def test_only_a_web_address_becomes_a_link() -> None:
    page = report.to_html([], report.About("Shop", ABOUT.made_at, "javascript:alert(1)")).decode()
    assert "javascript" not in page


def test_without_the_extra_charts_are_left_out_and_the_page_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(picture, "find_spec", lambda name: None)
    page = report.to_html(everywhere("name"), ABOUT).decode()
    assert "vl-convert-python" in page and "<img" not in page and "Not drawn: name" in page


def test_pictures_have_the_colours_of_the_app() -> None:
    theme = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    light = theme[theme.index("[theme.light]") : theme.index("[theme.dark]")]
    for name, colours in (
        ("Categorical", picture.CATEGORIES),
        ("Sequential", picture.SEQUENCE),
        ("Diverging", picture.DIVERGING),
    ):
        told = re.search(rf"chart{name}Colors = \[(.*?)\]", light)
        assert told and re.findall(r'"(#\w+)"', told[1]) == colours


def test_a_whole_page_of_the_sample_shop_is_small() -> None:
    shop = rc.open_orders(rc.sample("replenish"))
    chart = measure.orders_by_kind(shop.query("period_totals"), "month")
    assert len(picture.to_svg(chart)) < 60_000
    assert "aria-label" not in picture.to_svg(chart)


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_of_a_workbook_runs(payload: str) -> None:
    book = zipfile.ZipFile(io.BytesIO(report.to_workbook(everywhere(payload), about(payload))))
    sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 7  # contents, said, picture, two tables, definitions, left out
    for name in sheets:
        found = list(ElementTree.fromstring(book.read(name)).iter())
        assert "f" not in {element.tag.rpartition("}")[2] for element in found}
        links = [element for element in found if element.tag == f"{SPREADSHEET}hyperlink"]
        assert len(links) == (6 if name.endswith("sheet1.xml") else 0)
        assert all({"ref", "location"} <= set(one.attrib) <= {"ref", "location", "display"} for one in links)
    texts = ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter()
    assert not [text for element in texts if (text := element.text or "").strip().startswith(("=", "+", "@"))]
    assert "externalLink" not in " ".join(book.namelist())


def test_a_workbook_holds_the_view_and_its_figures_are_numbers() -> None:
    table = pd.DataFrame(
        {
            "Month": ["Jan", "Feb"], "Share": ["17 %", "–"], "Money": ["€1,234.50", "-€3.00"],
            "Mixed": ["17 %", "€3"], "Id": ["0012", "99"], "Day": [date(2026, 1, 2), None], "Open": ["1,200", "7 …"],
        }
    )  # fmt: skip
    blocks = [report.Answer("Retention", "17 % come back."), report.Heading("Shares: all/some"), report.Table(table)]
    sheets = sheets_of(report.to_workbook(blocks, ABOUT))
    assert list(sheets) == ["Contents", "Summary", "Shares all some"]
    assert ["Retention", "17 % come back.", "", "", ""] in sheets["Summary"]
    assert ["Data", "Shop", "", "", ""] in sheets["Summary"]
    head, january, february = sheets["Shares all some"]
    assert head == list(table.columns)
    assert january == ["Jan", 0.17, 1234.5, "17 %", "0012", date(2026, 1, 2), 1200]
    assert february == ["Feb", "", -3, "€3", "99", "", "7 …"]


def in_excel(book: bytes, sheet: str) -> list[list[str]]:
    """The cells of a sheet of whole numbers and shares as Excel shows them: the value by its number format."""
    styles = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read("xl/styles.xml"))
    own = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(f"{SPREADSHEET}numFmt")}
    formats = {"0": "General", "3": "#,##0", "9": "0%", "10": "0.00%", **own}
    cells = next(styles.iter(f"{SPREADSHEET}cellXfs"))
    looks = [formats[str(one.get("numFmtId"))] or "" for one in cells]
    number = 1 + list(sheets_of(book)).index(sheet)
    drawn = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read(f"xl/worksheets/sheet{number}.xml"))
    rows = [[cell for cell in row if cell.get("t") != "s"] for row in drawn.iter(f"{SPREADSHEET}row")]
    return [
        [_as_shown(float(cell[0].text or "nan"), looks[int(cell.get("s", "0"))]) for cell in row] for row in rows if row
    ]


def _as_shown(value: float, look: str) -> str:
    """A per cent sign in a number format multiplies by 100; a quoted one, or one behind a backslash, is only a sign."""
    value *= 100 ** re.sub(r'"[^"]*"|\\.', "", look).count("%")
    digits = len((re.search(r"\.(0+)", look) or ["", ""])[1])
    return f"{value:,.{digits}f}" + "".join(re.findall(r"[ %]", look.replace('"', "")))


def test_a_share_reads_in_excel_as_it_reads_on_the_page() -> None:
    table = pd.DataFrame({"Month": ["Jan", "Feb"], "Whole": ["17 %", "100 %"], "Fine": ["1.8 %", "-2.9 %"]})
    book = report.to_workbook([report.Heading("Shares"), report.Table(table)], ABOUT)
    assert in_excel(book, "Shares") == [["17%", "1.8%"], ["100%", "-2.9%"]]
    shares = pd.DataFrame({"share": [0.183], "name": ["a"]})
    drawn = alt.layer(
        alt.Chart().mark_line().encode(x="name:N", y=alt.Y("share:Q", axis=alt.Axis(format=".0%"))), data=shares
    )
    assert in_excel(report.to_workbook([report.Picture(drawn, "")], ABOUT), "Figures – chart") == [["18.3%"]]


def test_a_forecast_is_a_number_behind_a_tilde() -> None:
    table = pd.DataFrame({"Month": ["Jan", "Feb"], "Money": ["€46.83", "~ €100.30"]})
    book = report.to_workbook([report.Heading("Money"), report.Table(table)], ABOUT)
    assert sheets_of(book)["Money"][1:] == [["Jan", 46.83], ["Feb", 100.3]]
    looks = zipfile.ZipFile(io.BytesIO(book)).read("xl/styles.xml").decode()
    assert r'formatCode="\~\ &quot;€&quot;#,##0.00"' in looks and 'formatCode="&quot;€&quot;#,##0.00"' in looks


@pytest.mark.parametrize("names", [["1.10", "1.1"], ["101", "205"], ["2,024", "2,025"], ["5 %", "10 %"]])
def test_a_name_of_digits_stays_a_name(names: list[str]) -> None:
    plain = report.Table(pd.DataFrame({"Channel": names, "Customers": ["12", "1,205"]}))
    indexed = report.Table(pd.DataFrame({"Won": ["7", "8"]}, index=pd.Index(names, name="Channel")), has_index=True)
    drawn = alt.layer(
        alt.Chart().mark_bar().encode(x="n:Q", y="channel:N"), data=pd.DataFrame({"n": 1, "channel": names})
    )
    rules = report.About("Shop", ABOUT.made_at, left_out=pd.DataFrame({"Lines": [1, 2], "File": names}))
    blocks = [report.Heading("A"), plain, report.Heading("B"), indexed, report.Heading("C"), report.Picture(drawn, "")]
    sheets = sheets_of(report.to_workbook(blocks, rules))
    assert sheets["A"][1:] == [[names[0], 12], [names[1], 1205]]
    assert sheets["B"][1:] == [[names[0], 7], [names[1], 8]]
    assert [row[0] for row in sheets["C – chart"][1:]] == names
    assert [row[1] for row in sheets["What became of every line"][1:]] == names


@pytest.mark.parametrize("unknown", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_not_known(unknown: float) -> None:
    table = pd.DataFrame({"Name": ["a", "b"], "n": [1.5, unknown], "Mixed": ["x", unknown], "None": [unknown, unknown]})
    blocks = [report.Heading("A"), report.Table(table), report.Table(table.set_index("n"), has_index=True)]
    assert sheets_of(report.to_workbook(blocks, ABOUT))["A"][1:] == [["a", 1.5, "x", ""], ["b", "", "", ""]]
    page = report.to_html(blocks, ABOUT).decode()
    assert "inf" not in page.lower().partition("<main>")[2] and "∞" not in page


def test_a_chart_is_a_sheet_of_the_rows_it_draws() -> None:
    chart = measure.orders_by_kind(totals(), "month")
    sheets = sheets_of(report.to_workbook([report.Answer("Overview", ""), report.Picture(chart, "")], ABOUT))
    head, *rows = sheets["Overview – chart"]
    assert head == ["Kind", "Period", "Orders"] and len(rows) == 6
    assert rows[0][1] == date(2026, 1, 1), "a month is a date"
    assert sorted(row[head.index("Orders")] for row in rows) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("name", ["", "'", "History", "a" * 99, "[x]:*?/\\", "Summary", "summary", "\x00\n"])
def test_sheets_have_names_that_excel_takes(name: str) -> None:
    blocks = [block for _ in range(12) for block in (report.Heading(name), report.Table(pd.DataFrame({"a": [1]})))]
    names = list(sheets_of(report.to_workbook(blocks, ABOUT)))
    assert len({one.casefold() for one in names}) == len(names) == 14
    assert all(0 < len(one) <= 31 and not set(one) & set("[]:*?/\\") and one.strip("'") == one for one in names)
    assert "history" not in {one.casefold() for one in names}


def looks_of(book: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(book)).read("xl/styles.xml").decode().replace("&quot;", '"')


def test_the_first_sheet_leads_to_the_others_and_says_what_they_hold() -> None:
    table = report.Table(pd.DataFrame({"a": [1, 2]}))
    blocks = [report.Answer("Retention", "Fine."), report.Heading("Owner's share"), table, named("Orders by month")]
    book = report.to_workbook(blocks, ABOUT)
    head, *rows = sheets_of(book)["Contents"]
    assert head == ["Sheet", "What it holds", "Rows"]
    assert (
        [row[0] for row in rows] == list(sheets_of(book))[1:] == ["Summary", "Owner's share", "Owner's share – chart"]
    )
    assert rows[1][1:] == ["Table: Owner's share", 2] and rows[2][1:] == ["Chart: Orders by month", 6]
    drawing = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml"))
    led = [(one.get("ref"), one.get("location")) for one in drawing.iter(f"{SPREADSHEET}hyperlink")]
    assert led == [("A2", "'Summary'!A1"), ("A3", "'Owner''s share'!A1"), ("A4", "'Owner''s share – chart'!A1")]


def test_a_long_heading_makes_a_name_that_ends_with_a_word() -> None:
    cells, heads = (
        pd.DataFrame({"a": [1]}),
        ("What a customer brings, month by month", "How long those who come back wait"),
    )
    blocks = [block for head in heads for block in (report.Heading(head), report.Table(cells), named("x"))]
    names = list(sheets_of(report.to_workbook(blocks, ABOUT)))[2:]
    assert names[:2] == ["What a customer brings", "What a customer brings – chart"]
    assert names[2:] == ["How long those who come back", "How long those who come – chart"]


def test_ranges_and_counts_are_two_numbers_and_what_is_unknown_is_empty() -> None:
    table = pd.DataFrame(
        {
            "Channel": ["A", "B", "C"],
            "Share": ["38–41 %", "–", "9.5–11 %"],
            "Money": ["€14K (€4.5K–€25.3K)", "€900 (€1–€1.2K)", "–"],
            "Of all": ["12 of 1,200", "–", "3 of 4"],
        }
    )
    book = report.to_workbook([report.Heading("T"), report.Table(table)], ABOUT)
    assert sheets_of(book)["T"] == [
        ["Channel", "Share, from", "Share, to", "Money", "Money, from", "Money, to", "Of all", "Of all, of"],
        ["A", 0.38, 0.41, 14_000, 4500, 25_300, 12, 1200],
        ["B", "", "", 900, 1, 1200, "", ""],
        ["C", 0.095, 0.11, "", "", "", 3, 4],
    ]
    assert '"€"#,##0.0,"K"' in looks_of(book), "what was said in thousands is shown in thousands"


def test_ends_below_nothing_and_shares_too_small_to_be_said_are_numbers_too() -> None:
    table = pd.DataFrame(
        {
            "Channel": ["A", "B"],
            "Left": ["−€169 to €2.7K", "€3–€5"],
            "Change": ["−2.9 % (−5.0 to −1.1 %)", "1.0 % (0.4–1.6 %)"],
            "Share": ["<0.1 %", "2.5 %"],
        }
    )
    book = report.to_workbook([report.Heading("T"), report.Table(table)], ABOUT)
    assert sheets_of(book)["T"][1:] == [
        ["A", -169, 2700, -0.029, -0.05, -0.011, 0.001],
        ["B", 3, 5, 0.01, 0.004, 0.016, 0.025],
    ]
    assert '"&lt;"0.0%' in looks_of(book), "it is shown as less than that"


def test_a_share_has_nothing_behind_its_last_digit() -> None:
    book = report.to_workbook([report.Heading("T"), report.Table(pd.DataFrame({"n": ["a"], "s": ["7.4 %"]}))], ABOUT)
    assert sheets_of(book)["T"][1][1] == 0.074


def test_written_numbers_are_whole_in_a_workbook_and_words_on_paper() -> None:
    euros = partial(written.compact_money, currency="EUR")
    frame = pd.DataFrame(
        {
            "Channel": ["A", "B", "101"],
            "Won": [written.month(date(2026, month, 9)) for month in (1, 2, 3)],
            "Share": [written.percent(share) for share in (0.0183, 0.12345, None)],
            "Sure": [
                written.between(written.percent(low), written.percent(high))
                for low, high in ((0.1, 0.2), (-0.02, 0.03))
            ]
            + [written.between(written.percent(None), written.percent(0.1))],
            "Left": [written.with_range(euros(14_321.0), euros(4500.0), euros(25_300.0)), euros(-3.0), euros(None)],
            "Comes": [written.expected(euros(12.5)), written.unfinished(euros(12.5)), euros(7.0)],
            "Paid back": [Written(2, "after 2 months"), Written(float("inf"), "not yet"), Written(float("nan"), "–")],
        }
    )
    blocks = [report.Heading("T"), report.Table(frame)]
    book = report.to_workbook(blocks, ABOUT)
    assert sheets_of(book)["T"] == [
        ["Channel", "Won", "Share", "Sure, from", "Sure, to", "Left", "Left, from", "Left, to", "Comes", "Paid back"],
        ["A", date(2026, 1, 1), 0.0183, 0.1, 0.2, 14_321, 4500, 25_300, 12.5, "after 2 months"],
        ["B", date(2026, 2, 1), 0.12345, -0.02, 0.03, -3, "", "", "€12.50 …", "not yet"],
        ["101", date(2026, 3, 1), "", "", "", "", "", "", 7, ""],
    ]
    assert all(look in looks_of(book) for look in ('"€"#,##0.00', r'\~\ "€"#,##0.00', "0.0%", "mmm yyyy"))
    page = report.to_html(blocks, ABOUT).decode()
    assert '<td class="number">€14.3K<span class="room"> </span>(€4.5K–€25.3K)</td>' in page
    assert ">−2.0 to 3.0 %<" in page and ">~ €12.50<" in page and ">not yet<" in page


@pytest.mark.parametrize("currency", ['"[Red]', "PLN", None, "abc", "€"])
def test_only_the_code_of_a_currency_becomes_a_part_of_a_format(currency: str | None) -> None:
    look = written.money(1.0, currency).look
    assert look == ('"PLN "#,##0.00' if currency == "PLN" else "#,##0.00")


def test_months_are_dates_and_a_cohort_is_a_month_and_its_size() -> None:
    frame = pd.DataFrame(
        {"First order": ["All", "Jul 2024 · 1,162", "Aug 2024 · 9"], "Paid back": ["–", "Nov 2026", "Jan 2027"]}
    )
    words = pd.DataFrame(
        {"Paid back": ["a", "b"], "When": ["Nov 2026", "in the first month"], "On": ["2 Jan 2026", "–"]}
    )
    blocks = [report.Heading("A"), report.Table(frame), report.Heading("B"), report.Table(words)]
    book = report.to_workbook(blocks, ABOUT)
    assert sheets_of(book)["A"] == [
        ["First order", "Customers at the start", "Paid back"],
        ["All", "", ""],
        [date(2024, 7, 1), 1162, date(2026, 11, 1)],
        [date(2024, 8, 1), 9, date(2027, 1, 1)],
    ]
    assert sheets_of(book)["B"][1:] == [["a", "Nov 2026", date(2026, 1, 2)], ["b", "in the first month", ""]]
    assert 'formatCode="mmm yyyy"' in looks_of(book) and 'formatCode="yyyy-mm-dd"' in looks_of(book)


def test_the_summary_holds_a_card_as_numbers() -> None:
    cards = [report.Figure("Share", "39 %", "38–41 %"), report.Figure("Costs", "€1.3K"), report.Figure("Is", "1", "so")]
    rows = sheets_of(report.to_workbook(cards, ABOUT))["Summary"]
    assert rows[-3:] == [["Share", 0.39, 0.38, 0.41, ""], ["Costs", 1300, "", "", ""], ["Is", 1, "", "", "so"]]


def drawn_sheet(frame: pd.DataFrame, *layers: alt.Chart) -> list[list[object]]:
    book = report.to_workbook([report.Picture(alt.layer(*layers, data=frame), "")], ABOUT)
    return sheets_of(book)["Figures – chart"]


def test_a_sheet_of_a_chart_holds_numbers_once_and_no_column_that_only_draws() -> None:
    frame = pd.DataFrame(
        {
            "value": [0.39412, 0.2],
            "words": ["39 %", "20 %"],
            "low": [0.3812, float("nan")],
            "high": [0.4087, float("nan")],
            "span": ["38 % – 41 %", "– – –"],
            "label": ["goal", "goal"],
            "place": [0, 1],
            "seen": [0, 12],
            "is_seen": [False, True],
            "name": ["Jul 2024", "Aug 2024"],
            "month": pd.to_datetime(["2024-07-01", "2024-08-01"]),
        }
    )
    base = alt.Chart().encode(x=alt.X("month:T").title(None).axis(format="%b %Y"))
    hover = [alt.Tooltip("name:N", title="Month"), alt.Tooltip("words:N", title="Back"),
             alt.Tooltip("span:N", title="95 % sure"), alt.Tooltip("seen:Q", title="Customers")]  # fmt: skip
    sheet = drawn_sheet(
        frame,
        base.mark_area().encode(y="low:Q", y2="high:Q"),
        base.mark_line().encode(y=alt.Y("value:Q").title("Comes back").axis(format="~%")),
        base.transform_filter("datum.is_seen").mark_point().encode(order="place:Q", tooltip=hover),
        base.mark_text().encode(text="label:N"),
    )
    assert sheet == [
        ["Month", "Comes back", "95 % sure, from", "95 % sure, to", "Customers"],
        [date(2024, 7, 1), 0.39412, 0.3812, 0.4087, ""],
        [date(2024, 8, 1), 0.2, "", "", 12],
    ]


@pytest.mark.parametrize("axis", [{"format": "%b %Y"}, {"labelExpr": "[timeFormat(datum.value, '%b'), '']"}])
def test_months_on_an_axis_are_months_in_a_sheet(axis: dict[str, str]) -> None:
    frame = pd.DataFrame({"month": pd.to_datetime(["2024-07-01", "2024-08-01"]), "n": [1, 2]})
    chart = alt.Chart().mark_line().encode(x=alt.X("month:T").title("Month").axis(**axis), y=alt.Y("n:Q").title("N"))
    book = report.to_workbook([report.Picture(alt.layer(chart, data=frame), "")], ABOUT)
    assert 'formatCode="mmm yyyy"' in looks_of(book)
    assert sheets_of(book)["Figures – chart"][1] == [date(2024, 7, 1), 1]


def test_a_goal_among_zones_has_the_name_of_its_label() -> None:
    frame = pd.DataFrame(
        {
            "kind": ["zone", "goal"],
            "zone": ["Within reach", ""],
            "x": [0.0, 0.4],
            "x2": [0.5, 0.4],
            "label": ["", "goal 40 %"],
        }
    )
    base = alt.Chart().encode(x=alt.X("x:Q").title(None))
    zones = base.transform_filter("datum.zone != ''").mark_bar().encode(
        x2="x2:Q", color=alt.Color("zone:N").scale(domain=["Within reach"], range=["green"]).legend(title=None)
    )  # fmt: skip
    sheet = drawn_sheet(frame, zones, base.transform_filter("datum.kind == 'goal'").mark_text().encode(text="label:N"))
    assert sheet == [["Zone", "From", "To"], ["Within reach", 0, 0.5], ["goal 40 %", 0.4, 0.4]]


def test_columns_of_a_table_stand_as_what_they_hold() -> None:
    frame = pd.DataFrame(
        {
            "Plan": ["A"],
            "Value": ["~ €62.40"],
            "Left": ["€14K (€4.5K–€25.3K)"],
            "Why": ["a sentence of many words, no figure"],
        }
    )
    page = report.to_html([report.Table(frame)], ABOUT).decode()
    assert re.findall(r'<td class="(\w+)"', page) == ["short", "number", "number", "wordy"]


def test_a_table_wider_than_paper_stands_in_parts_that_all_name_their_rows() -> None:
    months = [f"m{number}" for number in range(30)]
    rows = [["Jan", *["17 %"] * 30], ["Feb", *["9 %"] * 5, *[""] * 25]]
    frame = pd.DataFrame(rows, columns=["Cohort", *months])
    for table in (report.Table(frame), report.Table(frame.set_index("Cohort"), has_index=True)):
        page = report.to_html([table], ABOUT).decode()
        parts = [re.findall(r"<th[^>]*col[^>]*>(\w+)<", part) for part in re.findall(r"<thead>.*?</thead>", page)]
        assert [part[0] for part in parts] == ["Cohort"] * 3
        assert [name for part in parts for name in part[1:]] == months and max(map(len, parts)) <= 14
        assert (page.count(">Jan<"), page.count(">Feb<")) == (3, 1), "no row that says nothing"


def test_a_figure_may_break_before_its_range_only() -> None:
    frame = pd.DataFrame(
        {"Plan": ["On screen"], "Left": ["€14K (€4.5K–€25.3K)"], "Text": ["2.0 % (0.5–3.8 %) of all who came"]}
    )
    page = report.to_html([report.Table(frame)], ABOUT).decode()
    assert '<td class="number">€14K<span class="room"> </span>(€4.5K–€25.3K)</td>' in page
    assert "2.0\u00a0% (0.5\u2060–\u20603.8\u00a0%) of" in page


def test_a_picture_is_as_high_as_in_the_app() -> None:
    """There a height holds legend and axis too: without that, a strip stands above an empty band."""
    svg = ElementTree.fromstring(picture.to_svg(measure.orders_by_kind(totals(), "month").properties(height=168)))
    assert float(svg.get("height", "0")) == 168 and float(svg.get("width", "0")) == picture.WIDTH
