"""The benchmark of pages asks what the pages ask, and names what is slow."""

import re
from typing import Any, cast

import pytest

import retention_core as rc
from benchmarks import pages
from benchmarks.generate import generate
from tests.conftest import ROOT

SOURCES = ("measure/churn.py", "shared/churn_parts.py", "measure/value.py", "shared/value_parts.py")
# Asked only where files tell product categories or costs, which the generated log does not.
NOT_OF_THE_LOG = {"category_cohorts", "known_costs", "margin_cells", "cohort_margins", "channel_margins"}


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> pages.Listener:
    log = tmp_path_factory.mktemp("log") / "orders.parquet"
    generate(log, 2_000)
    listener = pages.Listener(rc.open_orders(log))
    for scope in pages.SCOPES.values():
        pages.churn(cast("rc.Shop", listener), scope)
        pages.value(cast("rc.Shop", listener), scope)
    return listener


def test_every_question_of_the_pages_is_asked(listener: pages.Listener) -> None:
    text = "\n".join((ROOT / "pages" / source).read_text(encoding="utf-8") for source in SOURCES)
    on_pages = set(re.findall(r'ui\.query\(\s*"(\w+)"', text)) - NOT_OF_THE_LOG
    assert {"wait_curve", "channel_worth"} <= on_pages
    whole = {one.query for one in listener.questions if "channel" not in one.parameters}
    filtered = {one.query for one in listener.questions if one.parameters.get("channel") == [pages.FILTER_CHANNEL]}
    assert on_pages <= whole
    assert on_pages <= filtered


def test_a_question_is_written_down_once_with_its_rows_and_time(listener: pages.Listener) -> None:
    before = len(listener.questions)
    rows = len(listener.query("wait_curve"))
    assert len(listener.questions) == before
    known = next(one for one in listener.questions if one.query == "wait_curve")
    assert (known.rows, known.parameters) == (rows, {})
    assert known.first.ms > 0


def test_a_question_above_the_goal_is_named() -> None:
    run: dict[str, Any] = {
        "date": "2026-01-01", "commit": "abc", "machine": {"processor": "x", "cores": 2}, "orders": 2_000,
        "others_cores": 0.0, "open": {"ms": 1.0, "cpu_ms": 1.0}, "works": [],
        "questions": [_asked("wait_curve", 100.0, 150.0), _asked("order_gaps", 100.5, 201.0)],
    }  # fmt: skip
    assert "1 of 2 questions are answered within 100 ms. Not: order_gaps all (100)." in pages.render(run)
    loud = pages.render(run | {"others_cores": 1.0})
    assert "Not a quiet machine" in loud
    assert "1 of 2 questions are answered within 200 ms of CPU, the machine not being quiet. Not: order_gaps" in loud


def _asked(query: str, ms: float, cpu_ms: float) -> dict[str, Any]:
    first = {"ms": 1_000.0, "cpu_ms": 1_000.0}
    later = {"ms": ms, "cpu_ms": cpu_ms}
    return {
        "page": "Churn",
        "scope": "all",
        "query": query,
        "parameters": {},
        "rows": 1,
        "first": first,
        "later": later,
    }
