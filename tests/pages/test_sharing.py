"""Share: what a page said is noted in its order, for the page on screen only, and links of strangers do no harm."""

from __future__ import annotations

from datetime import datetime

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import recording, sharing, sources
from pages.shared.scope import DIMENSIONS, NOT_HERE
from retention_core import report
from tests.conftest import ROOT
from tests.pages.conftest import Visit, said
from tests.pages.test_keys import places

PAGES = ("measure/overview", "measure/retention", "measure/cohorts", "measure/churn", "measure/value", "plan/goals")
HOSTILE = {
    "long": "x" * 10_000,
    "markup": "<script>window.__p=1</script>![](https://evil.example/p.png)",
    "quotes": "'\"`; drop table orders --",
    "unicode": "\u202eзаказ\u0000\U0001f600",
    "number": "-1e999",
    "list": ["NaN", "[]", "2026-13-45"],
}


def noted(app: AppTest) -> tuple[report.Block, ...]:
    notes: recording.Noted = app.session_state["noted"]
    return notes.blocks()


def of(kind: type, blocks: tuple[report.Block, ...]) -> list:
    return [block for block in blocks if isinstance(block, kind)]


@pytest.mark.parametrize("page", PAGES)
def test_a_report_begins_with_the_answer_and_holds_what_the_page_drew(visit: Visit, page: str) -> None:
    app = visit(page)
    blocks = noted(app)
    assert isinstance(blocks[0], report.Answer)
    assert blocks[0].title == app.title[0].value and len(of(report.Answer, blocks)) == 1
    assert len(of(report.Picture, blocks)) == len(app.get("vega_lite_chart"))
    for heading in of(report.Heading, blocks):
        assert heading.text in said(app)


def test_what_a_page_fills_late_stands_where_it_is_read(visit: Visit) -> None:
    """The answer of Cohorts is drawn after its settings, into the head."""
    kinds = [type(block) for block in noted(visit("measure/cohorts"))]
    assert kinds[0] is report.Answer and kinds[1] is report.Setting
    assert kinds.index(report.Setting) < kinds.index(report.Picture) < kinds.index(report.Table)


def test_settings_are_noted_as_people_read_them(visit: Visit) -> None:
    app = visit("measure/retention", rate="Turned inactive", period="Quarter")
    assert report.Setting("Rate", "Turned inactive") in noted(app)
    assert report.Setting("By", "Quarter") in noted(app)


def test_filters_stand_in_the_head(visit: Visit) -> None:
    (answer,) = of(report.Answer, noted(visit("measure/overview", channel=["Referral"])))
    assert answer.about == "Only customers who first bought through Referral."


def test_another_page_begins_anew(visit: Visit) -> None:
    app = visit("measure/overview")
    assert noted(app)
    app.switch_page("pages/data/glossary.py").run()
    assert noted(app) == ()
    app.switch_page("pages/measure/churn.py").run()
    assert [answer.title for answer in of(report.Answer, noted(app))] == ["Churn"]


def test_a_note_costs_next_to_nothing(visit: Visit) -> None:
    """A tenth of a millisecond each would be felt; this is a hundredth of what a page takes to draw."""
    app = AppTest.from_function(many_notes)
    app.run()
    assert not app.exception
    assert app.session_state["microseconds"] < 1000


def many_notes() -> None:
    import time

    import streamlit as st

    from pages.shared.recording import note
    from retention_core.report import Note

    begin = time.perf_counter()
    for _ in range(1000):
        note(Note("x"))
    st.session_state["microseconds"] = 1e6 * (time.perf_counter() - begin) / 1000


# What each page's widgets are called in the link.
KEYS = {
    "measure/overview": ("since", "until", *DIMENSIONS, "coupon", "step", "against"),
    "measure/retention": ("rate", "period", "window"),
    "measure/cohorts": ("grain", "form", "show", "ages", "known_since", "lines", "cohorts_month", "edges"),
    "measure/churn": ("lapsed",),
    "measure/value": ("margin", "cohorts", "costs_by", "cost", "back", "share"),
    "plan/goals": ("within", "by", "target", "margin_of_plan", "own_test", "test", "do_win_back", "plan", "set"),
    "data/glossary": ("entry",),
}


# Keys whose page says in words of its own what it could not read, and those that show only with other data.
OWN_WORDS = {"edges", "entry", "plan", "set"}
ELSEWHERE = {
    *("cohorts_{}", "contract_file", "contract_margin", "contract_months", "contract_discount", "contracts_by"),
    *("margin_from", "margin_of_{}", "shop", "shown"),
}


def notices(app: AppTest) -> int:
    """How often the page itself says that its link asked in vain: the sidebar is closed on a phone."""
    return sum(1 for box in app.main.info if box.value == NOT_HERE)


@pytest.mark.parametrize("page", KEYS)
def test_a_hostile_link_opens_with_the_defaults_and_says_so(visit: Visit, page: str) -> None:
    """All keys of a page at once: no exception, the usual answer, and a note at each key that was asked in vain."""
    usual = visit(page)
    assert notices(usual) == 0
    for kind, value in HOSTILE.items():
        app = visit(page, **dict.fromkeys(KEYS[page], value))
        assert not app.exception, kind
        assert [title.value for title in app.title] == [title.value for title in usual.title], kind
        assert [header.value for header in app.header] == [header.value for header in usual.header], kind
        noted_keys = [caption for caption in app.caption if caption.value == NOT_HERE]
        assert len(noted_keys) == len(set(KEYS[page]) - OWN_WORDS), kind
        assert notices(app) == (1 if noted_keys else 0), kind
        assert "](https://evil.example" not in "".join(element.value for element in [*app.markdown, *app.caption]), kind


@pytest.mark.parametrize("asked", [HOSTILE["markup"], ""])
def test_a_link_to_a_data_set_that_is_not_here_opens_the_first_and_says_so(asked: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["shop"] = asked
    app.run()
    assert not app.exception and app.session_state["shop"] == "replenish"
    assert [caption.value for caption in app.caption].count(NOT_HERE) == 1
    assert notices(app) == 1 and notices(app.run()) == 0, "once, at the top; what follows was chosen here"


def test_a_link_opens_its_data_set_and_no_label_shouts_that_it_is_required() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["shop"] = sources.SAMPLES["gift"]
    app.run()
    assert not app.exception and app.session_state["shop"] == "gift" and notices(app) == 0
    assert not any(box.proto.required for box in app.selectbox), "Streamlit writes it beside the label"


def test_every_key_of_the_link_is_tried() -> None:
    tried = {key for keys in KEYS.values() for key in keys}
    missing = {key for key in places() if not key.startswith("do_")} - tried - OWN_WORDS - ELSEWHERE
    assert not missing


@pytest.mark.parametrize("zone", ["Etc/Unknown", "../../etc/passwd", "a\0b", "Europe/" + "x" * 300, "Europe", "", None])
def test_a_browser_that_knows_no_time_zone_can_share_too(zone: str | None) -> None:
    assert abs(sharing.now_in(zone).replace(tzinfo=None) - datetime.now()).days == 0
