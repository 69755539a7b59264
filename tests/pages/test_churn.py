"""The page Churn: what it says is what the library says, on the samples, on real shops and on odd ones."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import sources
from pages.shared.sources import Upload
from retention_core import forecasts, lifecycle
from retention_core.say import number, percent
from tests.conftest import ROOT
from tests.pages import tables
from tests.pages.conftest import Visit, said

PAGE = "measure/churn"
HEAD = "customer,ordered_at,amount\n"
ODD = {
    "one order per customer": "".join(f"c{n},{date(2024, 1, 5) + timedelta(days=3 * n)},10\n" for n in range(80)),
    "three orders in all": "a,2025-01-05,10\na,2025-02-05,12\nb,2025-05-07,9\n",
    "one day": "".join(f"c{n},2025-01-05,10\n" for n in range(50)),
    "one customer": "a,2025-01-05,10\na,2025-03-05,10\na,2025-09-05,10\n",
    "two days apart": "".join(f"c{n},2025-01-05,10\nc{n},2025-01-07,10\n" for n in range(40)),
}


def returning(customers: int, first: date, days: int, waits: tuple[int, ...], prefix: str = "c") -> str:
    """Orders of customers won evenly over so many days, every other of whom comes back, after one of the waits."""
    rows = []
    for n in range(customers):
        won = first + timedelta(days=n * days // customers)
        back = won + timedelta(days=waits[n // 2 % len(waits)])
        rows.append(f"{prefix}{n},{won},10\n")
        if n % 2 and back <= first + timedelta(days=days):
            rows.append(f"{prefix}{n},{back},10\n")
    return "".join(rows)


def opened(*paths: Path) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["shop"] = "upload"
    app.session_state["upload"] = Upload(tuple((path.name, path.read_bytes()) for path in paths))
    app.run().switch_page(f"pages/{PAGE}.py").run()
    assert not app.exception
    return app


def stages_of(app: AppTest) -> pd.DataFrame:
    """The table of stages as it is read, by stage."""
    """The table of stages, by name: its first column holds the name, in bold, and what it means."""
    table = next(table.value for table in app.table if "Days silent" in table.value)
    parts = table.iloc[:, 0].str.extract(r"\*\*(?P<Stage>.+)\.\*\* (?P<Meaning>.+)")
    return table.join(parts).set_index("Stage")


def lapsed_after(app: AppTest) -> str:
    return str(stages_of(app)["Days silent"]["Lapsed"])


def gone(standing: dict[str, int]) -> int:
    return standing["lapsed"] + standing["lost"]


def now(shop: rc.Shop, limits: lifecycle.Limits) -> dict[str, int]:
    flows = shop.query("lifecycle_flows", **limits.parameters())
    standing = lifecycle.stages(flows, shop.query("period_totals")["period"]).tail(len(lifecycle.STAGES))
    return standing.set_index("stage")["customers"].to_dict()


@pytest.mark.parametrize("sample", sources.SAMPLES)
def test_churn_answers_with_the_shops_own_limits(visit: Visit, sample: str) -> None:
    shop = rc.open_orders(rc.sample(sample))
    waits = lifecycle.waits(shop.query("wait_curve"))
    counts = now(shop, lifecycle.own_limits(waits))
    customers = sum(counts.values())
    app = visit(PAGE, shop=sample)
    assert not app.exception
    text = said(app)
    assert (
        f"{number(gone(counts))} of {number(customers)} customers ({percent(gone(counts) / customers)}) have lapsed "
        f"or are lost; {number(counts['at_risk'])} more are at risk."
    ) in text
    assert f"Lapsed and lost together are the {number(gone(counts))} above" in text
    assert f"{waits[1].lapse_days} days ({waits[1].lapse_low}–{waits[1].lapse_high})" in text
    assert f"four of five who come back by themselves are back by day {waits[1].reminder_days}" in text
    assert stages_of(app)["Customers"].tolist() == [number(counts[stage]) for stage in lifecycle.STAGES]


def test_a_number_of_days_of_ones_own_takes_the_place_of_the_limits(visit: Visit, replenish: rc.Shop) -> None:
    counts = now(replenish, lifecycle.fixed_limits(90))
    app = visit(PAGE, lapsed="90 days")
    text = said(app)
    assert f"{number(gone(counts))} of " in text and f"{number(counts['at_risk'])} more are at risk" in text
    assert stages_of(app)["Days silent"][["At risk", "Lapsed", "Lost"]].tolist() == ["over 45", "over 90", "over 180"]
    curve = replenish.query("wait_curve", order_number=1)
    silence = lifecycle.silence_after(curve, lifecycle.waits(replenish.query("wait_curve"))[1], 90)
    assert f"{percent(silence.back)} of those who come back by themselves are back by day 90" in text
    assert f"of those still silent then, {percent(silence.soon)} order in the next 30 days" in text


def test_a_filter_leaves_the_others_out(visit: Visit, replenish: rc.Shop) -> None:
    scope = {"since": "2025-01-01"}
    waits = lifecycle.waits(replenish.query("wait_curve", **scope))
    customers = replenish.query("customer_totals", **scope)["customers"].iloc[0]
    text = said(visit(PAGE, **scope))
    assert f"of {number(customers)} customers" in text
    assert f"{waits[1].lapse_days} days ({waits[1].lapse_low}–" in text


@pytest.mark.parametrize("orders", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("lapsed", ["The shop's own waits", "60 days"])
def test_odd_shops_get_a_sentence_and_no_error(visit: Visit, orders: str, lapsed: str) -> None:
    app = visit(PAGE, orders=(HEAD + orders).encode(), lapsed=lapsed)
    assert not app.exception
    head = app.header[0].value.replace("\\", "").replace("\u00a0", " ")
    assert re.search(r" of (1 customer|[\d,]{2,} customers|[2-9] customers) \(", head)


def test_the_page_says_how_to_see_who_stands_behind_its_numbers(visit: Visit) -> None:
    app = visit(PAGE)
    assert "those in doubt with most at stake, if any, are listed below" in said(app)
    assert "Who is worth winning back" in said(app), "where the list is"
    young = visit(PAGE, orders=(HEAD + ODD["two days apart"]).encode())
    assert "Who to write to cannot be listed here yet" in said(young) and "Who is still a customer" in said(young)
    for text in (said(app), said(young)):
        assert "The customers of any month are behind a cell of Cohorts" in text


def test_a_limit_that_a_link_made_up_is_not_taken(visit: Visit) -> None:
    app = visit(PAGE, orders=(HEAD + ODD["two days apart"]).encode(), lapsed="'; drop table orders; --")
    assert not app.exception
    assert "0 of 40 customers (0 %) have lapsed or are lost; " in said(app)
    meaning = stages_of(app)["Meaning"]["Lapsed"]
    assert meaning == "Silent for longer than nine of ten who come back need.", "the shop's own waits are taken"


def test_a_shop_where_nobody_returns_says_that_180_days_are_taken(visit: Visit) -> None:
    app = visit(PAGE, orders=(HEAD + ODD["one order per customer"]).encode())
    text = said(app)
    assert lapsed_after(app) == "over 180"
    assert "Fewer than 30 customers have come back so far" in text
    assert "what a silence means cannot be said yet" in text


@pytest.mark.parametrize(
    "files", [("cdnow_master.csv.gz",), ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet")]
)
def test_real_shops(shared_data: Path, files: tuple[str, ...]) -> None:
    paths = [shared_data / file for file in files]
    shop = rc.open_orders(paths)
    waits = lifecycle.waits(shop.query("wait_curve"))
    assert lapsed_after(opened(*paths)).endswith(f"{waits[1].lapse_days}"), "after a first order it takes longest"


def test_silence_that_tells_little_names_no_day(shared_data: Path) -> None:
    """At a wholesaler's, who has been silent for a year orders as often as who has just ordered."""
    text = said(opened(shared_data / "superstore.csv.gz"))
    assert "Silence tells little here: of those silent for 413 days after a first order, 7.7 % order" in text
    assert "are back by day" not in text


def test_a_young_shop_says_what_is_missing_and_uses_one_word(shared_data: Path) -> None:
    """Ten months, and nine of ten back within five and a half so far: those who come back late are still to come."""
    app = opened(shared_data / "exports/shopify_orders_export.csv.gz")
    text = said(app)
    assert lapsed_after(app) == "over 180"
    assert "Too few customers have been watched for long enough to see how long those who come back wait" in text
    assert "As long as that is so, 180 days of silence are taken for lapsed" in text
    assert "nine of ten who come back need" not in text.split("How is this computed?")[0].split("A customer without")[0]
    assert re.search(r"who is worth winning back, can be said in about \d+ months", text)


def test_a_young_shop_whose_customers_come_back_quickly_says_so_far(visit: Visit) -> None:
    app = visit(PAGE, orders=(HEAD + returning(400, date(2025, 1, 1), 200, tuple(range(2, 42, 2)))).encode())
    text = said(app)
    assert re.fullmatch(r"over 3\d", lapsed_after(app))
    assert "Nine of ten of those seen to come back so far after any order did so within" in text
    assert re.search(r"to tell a first order from later ones: that needs about \d+ months? more", text)
    waits = next(frame for frame in tables.read(app) if "Nine of ten" in frame)
    assert waits.loc["First order", "Nine of ten"].endswith("(any order)")


def test_chosen_customers_of_whom_too_little_is_seen_go_by_the_waits_of_the_shop(visit: Visit) -> None:
    old, few = returning(400, date(2023, 1, 1), 720, (40, 50, 60)), returning(20, date(2024, 11, 1), 50, (5,), "late")
    app = visit(PAGE, orders=(HEAD + old + few).encode(), since="2024-11-01")
    text = said(app)
    assert lapsed_after(app) == "over 60"
    assert "Too few of these customers have come back" in text and "by the waits of the whole shop" in text
    assert "180 days" not in text.split("A customer without a contract")[0]


@pytest.mark.parametrize("sample", sources.SAMPLES)
def test_lapsed_and_gone_are_set_beside_each_other(visit: Visit, sample: str) -> None:
    """The lapsed of the forecasts are those of the head, and the gone are those of the list."""
    shop = rc.open_orders(rc.sample(sample))
    limits = lifecycle.own_limits(lifecycle.waits(shop.query("wait_curve")))
    everyone = forecasts.customers(shop, forecasts.of_shop(shop))
    limit = (everyone["repeat_orders"].clip(upper=4)).map(dict(enumerate(limits.lapsed_days)))
    has_lapsed, has_gone = everyone["days_since_last_order"] > limit, everyone["standing"] == "gone"
    assert has_lapsed.sum() == gone(now(shop, limits))
    text = said(visit(PAGE, shop=sample))
    assert (
        f"Of the {number(has_lapsed.sum())} lapsed or lost, {number((has_lapsed & has_gone).sum())} have gone" in text
    )
    assert f"{number((has_gone & ~has_lapsed).sum())} have gone who have not lapsed" in text


def test_the_page_is_explained_once(visit: Visit) -> None:
    assert [part.label for part in visit(PAGE).expander].count("How is this computed?") == 1
