"""The page Goals says what the library says, on any data and with any link; plans outlast the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

import retention_core as rc
from pages.shared import hosting, sources
from pages.shared.sources import Upload
from retention_core import report
from retention_core.answers import goals as answers
from retention_core.answers.realism import share_of
from retention_core.goals import baseline, levers, link, realism, scenario_files
from retention_core.goals.baseline import Baseline
from retention_core.goals.goal import MOST_SCENARIOS, Goal, Lever, Scenario
from retention_core.goals.simulate import rate_without, simulate
from retention_core.say import compact_money, number, percent
from tests.conftest import ROOT
from tests.pages import tables
from tests.pages.conftest import Visit, said
from tests.pages.test_measure import FEW_MONTHS, HOSTILE, OLDER, ONE_CUSTOMER, ONE_DAY, WITHOUT_AMOUNTS

PAGE = "plan/goals"
THREE_ORDERS = b"customer,ordered_at,amount\na,2025-01-05,10\na,2025-02-05,12\nb,2025-05-07,9\n"
TWO_MONTHS = (
    "customer,ordered_at,amount\n"
    + "".join(f"c{n},2025-01-{1 + n % 28:02},20\nc{n},2025-02-{1 + n % 28:02},5\n" for n in range(40))
).encode()
ODD = {
    "3 orders": THREE_ORDERS, "one day": ONE_DAY, "2 months": TWO_MONTHS, "one customer": ONE_CUSTOMER,
    "4 months": FEW_MONTHS, "no amounts": WITHOUT_AMOUNTS.encode(),
}  # fmt: skip
UPLIFT = "Of 100 reached who would not return, now return"
PLAN = "365~0.2~2027-01~0.5~welcome:0.5"


@pytest.fixture(scope="module")
def gift() -> Iterator[rc.Shop]:
    shop = rc.open_orders(rc.sample("gift"))
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def foretold(gift: rc.Shop) -> Baseline:
    return baseline.baseline(gift)


@pytest.fixture(scope="module")
def offered(gift: rc.Shop) -> tuple[Lever, ...]:
    return levers.of_shop(gift)


@pytest.fixture(scope="module")
def usual() -> tuple[str, dict[str, float]]:
    """What the page says, and the levers that are on, where a link asks for nothing."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["shop"] = "gift"
    app.run().switch_page(f"pages/{PAGE}.py").run()
    return head(app), on(app)


def head(app: AppTest) -> str:
    """The sentence that the page begins with."""
    return unescaped(app.header[0].value)


def boxes(app: AppTest) -> dict[str, str]:
    """The verdict by the kind of box it stands in: success, warning or error."""
    return {kind: unescaped(box.value) for kind in ("success", "warning", "error") for box in app.get(kind)}


def unescaped(text: object) -> str:
    return re.sub(r"\\(.)", r"\1", str(text)).replace("\u00a0", " ").replace("\u2060", "")


def plans(app: AppTest) -> pd.DataFrame:
    """The table of plans side by side: one row per plan, by its name."""
    (found,) = (frame for frame in tables.read(app) if "Plan" in frame and "Chance" in frame)
    return found.set_index("Plan")


def field(app: AppTest, label: str) -> Any:
    """The control of that name, whatever its kind."""
    return next(one for one in [*app.number_input, *app.slider] if one.label == label)


def pictures(app: AppTest) -> list[pd.DataFrame]:
    """The frames behind the charts."""
    return [pa.ipc.open_stream(one.proto.data.data).read_pandas() for one in app.get("vega_lite_chart")]


def rates_drawn(app: AppTest) -> pd.DataFrame:
    """The frame behind the picture of the rate."""
    (fan,) = (frame for frame in pictures(app) if "is_over" in frame)
    return fan


def rates(app: AppTest) -> pd.DataFrame:
    """One row per month: the rate without a plan and with these levers, as drawn."""
    fan = rates_drawn(app)
    coming = fan[fan["part"].isin(["Without a plan", "With these levers"])]
    return coming.pivot(index="month", columns="part", values=["value", "p10", "p90"])


def changed(app: AppTest) -> str:
    """What the link says was changed of the levers."""
    return "".join(app.query_params.get("set", ""))


def numbers(app: AppTest) -> AppTest:
    """Open what is behind the levers: it is filled only for those who look."""
    app.session_state["numbers"] = True
    return app.run()


def move(app: AppTest, key: str, to: float) -> AppTest:
    """Move a slider. Only what follows from it is drawn anew, so the whole page is read afterwards."""
    app.slider(key).set_value(to).run()
    assert not app.exception and not app.slider, "the sliders stay as they are"
    app.query_params[key] = str(to)  # as a browser does
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def on(app: AppTest) -> dict[str, float]:
    """The levers that are on, with their strength."""
    return {one.key[3:]: one.value for one in app.slider if str(one.key).startswith("do_") and one.value}


def test_the_first_visit_shows_a_plan_and_says_what_it_brings(
    visit: Visit, gift: rc.Shop, foretold: Baseline, offered: tuple[Lever, ...]
) -> None:
    app = visit(PAGE, shop="gift")
    assert not app.exception
    assert set(on(app)) <= set(levers.suggested(offered)) and set(on(app).values()) == {1.0}
    assert list(boxes(app)) == ["success"], "what is suggested at first is within reach"
    target, by = app.slider("target").value, foretold.months[11]
    result = simulate(
        foretold, Goal(tuple(replace(one, is_on=one.key in on(app)) for one in offered), target=target, by=by)
    )
    facts = realism.facts_of(gift)
    assert percent(facts.rate.value) in head(app) or percent(facts.rate.value, 1) in head(app)
    assert f"{answers.chance(result.probability)} (without it {answers.chance(result.probability_before)})" in head(app)
    assert target >= (facts.rate.value or 1), "nobody is shown a goal that is below today"
    assert app.slider("target").max == 1.0
    row = plans(app).loc["On screen"]
    assert row["Order again in time"].startswith(percent(result.rate.mean, 1))
    assert row["Chance"] == answers.chance(result.probability)
    drawn = rates(app)["value", "With these levers"].to_numpy()
    months = result.months.query("variant == 'plan' and series == 'rate'")
    assert drawn == pytest.approx(months["p50"].to_numpy())


def test_a_first_visit_sets_no_widget_twice(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit warns of it once in the life of a server, with a stack, and remembers that it has."""
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    assert not visit(PAGE, shop="gift").exception
    assert not policies._shown_default_value_warning


@pytest.mark.parametrize("shop", sources.SAMPLES)
def test_the_page_opens_on_each_sample_shop(visit: Visit, shop: str) -> None:
    app = visit(PAGE, shop=shop)
    assert not app.exception
    assert on(app)
    assert len(boxes(app)) == 1
    assert len(pictures(app)) == 3
    with_levers, without = (rates(app)["value", part] for part in ("With these levers", "Without a plan"))
    assert (with_levers >= without).all() and (with_levers > without).any()


def test_without_a_lever_the_plan_is_the_forecast(visit: Visit, foretold: Baseline, offered: tuple[Lever, ...]) -> None:
    app = visit(PAGE, shop="gift", **{f"do_{key}": "0" for key in levers.suggested(offered)})
    assert not app.exception
    assert on(app) == {}
    for of in ("value", "p10", "p90"):
        both = rates(app)[of]
        assert (both["With these levers"] == both["Without a plan"]).all()
    target, by = app.slider("target").value, foretold.months[11]
    chance = simulate(foretold, Goal(target=target, by=by)).probability
    assert f"without any lever the chance is {answers.chance(chance)}" in head(app)
    assert "(without:" not in head(app)
    assert "No lever is on: the plan is the forecast itself" in said(app)
    row = plans(app).loc["On screen"]
    assert row["Cost"].startswith("€0") and row["Paid back"] == "–" and row["Levers"] == "–"


@pytest.mark.parametrize(
    ("target", "box", "words"),
    [
        ("0.5", "error", "50 % by Jun 2027 is something nobody has been seen doing"),
        ("0.16", "warning", "16 % by Jun 2027 is a stretch"),
        ("0.11", "warning", "11 % by Jun 2027 is within your own range"),  # but beyond what these levers bring
        ("0.105", "success", "10.5 % by Jun 2027 is within your own range"),
        ("0.05", "success", "5.0 % by Jun 2027 needs nothing"),
    ],
)
def test_the_verdict_on_a_target_has_words_and_reasons(visit: Visit, target: str, box: str, words: str) -> None:
    app = visit(PAGE, shop="gift", target=target)
    assert list(boxes(app)) == [box]
    assert boxes(app)[box].startswith(words) and len(boxes(app)[box]) > len(words) + 20
    if box != "success":
        assert words in head(app)


def test_a_target_beyond_all_that_was_seen_comes_with_a_better_one(
    visit: Visit, gift: rc.Shop, foretold: Baseline
) -> None:
    app, by = visit(PAGE, shop="gift", target="0.5"), foretold.months[11]
    text = boxes(app)["error"]
    without = rate_without(foretold, Goal(by=by)).mean
    judged = realism.judge(realism.facts_of(gift), without, 0.5, by)
    best = next(one for one in judged.witnesses if one.key == "own_best").figures["quarter_share"]
    for share in (without, best, judged.targets.realistic):
        assert share_of(share).replace("\u00a0", " ") in text, "the shop's own figures"
    assert "the chance is under 1 %" in head(app)
    assert app.metric[0].value != "0 %", "a forecast is never sure of nothing"
    assert "No mix of these levers has an even chance of reaching 50 % by Jun 2027" in said(app)
    assert not any(button.label == "Set these levers" for button in app.button), "what falls short is not offered"


def test_the_target_and_the_plan_do_not_move_the_forecast(visit: Visit) -> None:
    low, high = visit(PAGE, shop="gift", target="0.05"), visit(PAGE, shop="gift", target="0.5", do_win_back="1")
    assert rates(low)["value", "Without a plan"].equals(rates(high)["value", "Without a plan"])


def test_the_cheapest_levers_can_be_set(visit: Visit, foretold: Baseline, offered: tuple[Lever, ...]) -> None:
    target = round(rate_without(foretold, Goal(by=foretold.months[11])).p50 + 0.003, 3)
    app = visit(PAGE, shop="gift", target=str(target), **{f"do_{key}": "0" for key in levers.suggested(offered)})
    (way,) = (line for line in said(app).splitlines() if line.startswith("Cheapest way to"))
    assert way.startswith(f"Cheapest way to {percent(target, 1)} with a chance of 50 %: ".replace("\u00a0", " "))
    assert chance_in_table(app) < 50
    press(app, "Set these levers")
    assert not app.exception
    assert on(app) and chance_in_table(app) >= 50
    cost = float(way.split("Cost: €")[1].rstrip(".").replace(",", ""))
    assert plans(app).loc["On screen", "Cost"].startswith(compact_money(cost, "EUR"))
    names = {lever.key: lever.strategy for lever in offered if lever.uplift.mean > 0}
    assert all(names[key] in way for key in on(app)), "what may as well do harm is no way to a goal"


def chance_in_table(app: AppTest) -> float:
    """The chance of the plan on screen in per cent, as the table says it."""
    return float(plans(app).loc["On screen", "Chance"].split()[0])


@pytest.mark.parametrize("orders", ODD.values(), ids=ODD.keys())
def test_odd_shops_get_a_sentence_and_can_be_played_with(visit: Visit, orders: bytes) -> None:
    app = visit(PAGE, orders=orders)
    assert not app.exception
    assert "How many customers you keep is not known yet" in head(app)
    shown = [part for metric in app.metric for part in (metric.value, metric.delta)]
    assert not any("nan" in str(part) or re.search(r"\d\.\d{3}", str(part)) for part in shown), shown
    app = visit(PAGE, orders=orders, target="0.4", within="90 days", margin_of_plan="0.5", do_welcome="0.5")
    assert not app.exception
    press(app, "Keep the plan on screen")
    assert not app.exception
    assert plans(app).index.tolist() == ["On screen", "Plan 1"]


NOBODY_NEW = (
    "customer,ordered_at,amount\n"
    + "".join(
        f"c{n},{date(2023, 1, 1 + n % 28) + timedelta(days=90 * back)},20\n" for n in range(60) for back in range(9)
    )
).encode()


@pytest.mark.parametrize(
    ("orders", "why"), [(FEW_MONTHS, "Too early for a goal"), (NOBODY_NEW, "nobody to act on")], ids=["early", "nobody"]
)
def test_where_a_goal_has_no_meaning_there_is_none_below_either(visit: Visit, orders: bytes, why: str) -> None:
    app = visit(PAGE, orders=orders)
    assert not app.exception and why in head(app)
    assert on(app) == {} and boxes(app) == {} and not any(one.key == "target" for one in app.slider)
    row = plans(app).loc["On screen"]
    assert (row["Goal"], row["Chance"], app.metric[0].value) == ("–", "–", "–")
    for words in ("For your shop: cautious", "No lever is needed", "No mix of", "have to be true", "Is it realistic?"):
        assert words not in said(app)
    assert not any("goal " in str(label) for label in rates_drawn(app)["label"]), "no goal in the picture either"
    app.slider("do_loyalty_programme").set_value(1.0).run()
    assert not app.exception and app.metric[0].value == "–"


def test_a_shorter_time_that_has_been_seen_brings_the_goal_and_the_first_plan(visit: Visit) -> None:
    app = visit(PAGE, orders=FEW_MONTHS)
    (within,) = (group for group in app.get("button_group") if group.key == "within")
    within.set_value("90").run()
    assert not app.exception and "Too early" not in head(app)
    assert app.slider("target").value > 0.05 and plans(app).loc["On screen", "Chance"] != "–"


def test_a_first_visit_shows_no_plan_that_loses_money_and_says_why(visit: Visit) -> None:
    first = date(2024, 1, 1)
    rows = "".join(
        f"c{n},{first + timedelta(days=n * 3 + wait)},3\n" for n in range(300) for wait in (0, 40)[: 1 + n % 2]
    )
    app = visit(PAGE, orders=f"customer,ordered_at,amount\n{rows}".encode())
    assert not app.exception and app.slider("target").value
    assert on(app) == {} and "The plan begins without a lever" in said(app)
    assert plans(app).loc["On screen", "Left after costs"] == "0"
    assert "The plan begins without a lever" not in said(visit(PAGE, shop="gift"))


def test_the_margin_is_at_first_what_the_costs_of_the_file_leave(visit: Visit) -> None:
    rows = "".join(
        f"c{n},{date(2024, 1, 1) + timedelta(days=n * 3 + wait)},100,63\n" for n in range(250) for wait in (0, 40)
    )
    app = visit(PAGE, orders=f"customer,ordered_at,amount,cost\n{rows}".encode())
    assert not app.exception and app.slider("margin_of_plan").value == 0.37
    assert "Margin: 37 %." in said(app) and "margin_of_plan" not in app.query_params
    assert visit(PAGE, shop="gift").slider("margin_of_plan").value == 1.0


def test_a_slider_that_nobody_touched_follows_what_is_suggested_elsewhere(visit: Visit) -> None:
    app = visit(PAGE, do_loyalty_programme="0.5")
    assert {"post_purchase", "loyalty_programme"} < on(app).keys()
    app.session_state["shop"], app.session_state["upload"] = "upload", Upload((("orders.csv", NOBODY_NEW),))
    app.run()
    assert not app.exception and app.slider("do_post_purchase").value == 0, "no first plan for nobody"
    assert on(app) == {"loyalty_programme": 0.5}, "what was set stays"


def test_a_kept_plan_shows_the_test_that_is_chosen(visit: Visit) -> None:
    """Two tests of the same lever found opposite things."""
    orders, events = ["customer_id,ordered_at,amount"], ["customer_id,event,occurred_at,detail"]
    for n in range(1_200):
        first = date(2024, 1, 1) + timedelta(days=n * 7 % 800)
        arm, name = ("control" if n % 2 else "letters"), ("good" if n % 4 < 2 else "bad")
        is_back = n % 10 < 8 if (arm == "letters") is (name == "good") else n % 10 < 3
        orders += [f"c{n},{first + timedelta(days=wait)},50" for wait in ((0, 60) if is_back else (0,))]
        events.append(f"c{n},email_sent,{first}T00:00:00,{name}:{arm}")
    orders.append(f"last,{date(2026, 6, 1)},50")
    files = tuple((f"{name}.csv", "\n".join(rows).encode()) for name, rows in (("orders", orders), ("events", events)))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["shop"], app.session_state["upload"] = "upload", Upload(files)
    app.query_params.update({"own_test": "true", "plan": "Tested~~365~0.5~2027-01~1~email_frequency:1,test:1"})
    app.run().switch_page(f"pages/{PAGE}.py").run()
    assert not app.exception and app.toggle("own_test").value
    shown = {}
    for name in ("good: letters", "bad: letters"):
        app.selectbox("test").set_value(name).run()
        shown[name] = plans(app).loc["Tested", "Order again in time"]
    assert len(set(shown.values())) == 2, shown


def test_where_no_files_are_handed_in_none_is_asked_for(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert numbers(visit(PAGE, shop="gift")).get("file_uploader")
    monkeypatch.setenv("COMEBACK_UPLOADS", "0")
    hosting.current.cache_clear()
    try:
        app = numbers(visit(PAGE, shop="gift"))
        assert not app.exception and not app.get("file_uploader")
        assert "This plan (JSON)" in [button.label for button in app.get("download_button")]
    finally:
        monkeypatch.undo()
        hosting.current.cache_clear()


def test_without_amounts_nothing_is_said_about_money(visit: Visit) -> None:
    app = visit(PAGE, orders=WITHOUT_AMOUNTS.encode())
    assert not re.search(r"[€$£] ?\d|\d ?EUR", head(app) + said(app))
    profit = {metric.label: metric for metric in app.metric}["Left after costs"]
    assert profit.value == "–" and not re.search(r"\d|––", str(profit.delta))
    assert plans(app).loc["On screen", "Left after costs"].strip("– ()") == ""


def test_a_shop_with_older_customers_and_filters(visit: Visit) -> None:
    app = visit(PAGE, orders=OLDER, channel=["A"])
    assert not app.exception
    assert "You keep 20 %" in head(app)


HOSTILE_LINKS = {"target": "abc", "do_welcome": "99", "plan": "~~~", "set": "<img>", "within": "7", "by": "Jan 1999"}
NOTES = ("The link asked for something that is not here", "The plan of the link")


@pytest.mark.parametrize(("key", "value"), HOSTILE_LINKS.items())
def test_what_a_link_asks_for_in_vain_is_said_and_the_default_shown(
    visit: Visit, usual: tuple[str, dict[str, float]], key: str, value: str
) -> None:
    app = visit(PAGE, shop="gift", **{key: value})
    assert not app.exception
    assert (head(app), on(app)) == usual
    assert any(note in said(app) for note in NOTES)


@pytest.mark.parametrize("value", [*HOSTILE, "nan", "inf", "-1", "1e999", "~" * 300], ids=lambda value: value[:9])
def test_a_hostile_link_shows_the_page(visit: Visit, usual: tuple[str, dict[str, float]], value: str) -> None:
    keys = ("target", "by", "within", "margin_of_plan", "do_welcome", "plan", "set", "own_test", "lever")
    app = visit(PAGE, shop="gift", **dict.fromkeys(keys, value))
    assert not app.exception
    assert "You keep" in head(app) and on(app) == usual[1]


@pytest.mark.parametrize(
    "plan",
    [
        *("A~~inf~0.2~2027-01~1", "A~~nan~0.2~2027-01~1", f"A~~{PLAN},ramp_months:inf", "A~~365~~~1"),
        *("A~~365~0.2~2035-01~1", "A~~365~0.2~2020-01~1", f"~~{PLAN}", "<img src=x>~~365~0.2~2027-01~1"),
    ],
)
def test_a_plan_that_cannot_be_here_is_left_out_with_a_sentence_or_shown(visit: Visit, plan: str) -> None:
    app = visit(PAGE, shop="gift", plan=[plan, f"Good~~{PLAN}"])
    assert not app.exception
    assert "Good" in plans(app).index
    assert len(plans(app)) == 3 or any(note in said(app) for note in (*NOTES, "A: "))


@pytest.mark.parametrize("changes", ["welcome:0,ramp_months:inf", "welcome:0,uplift:nan", "welcome:0,cost_once:1e999"])
def test_changes_that_cannot_be_leave_the_levers_as_they_are(
    visit: Visit, usual: tuple[str, dict[str, float]], changes: str
) -> None:
    app = visit(PAGE, shop="gift", set=changes)
    assert not app.exception
    assert head(app) == usual[0]


def test_no_more_plans_than_fit_are_taken_from_a_link(visit: Visit) -> None:
    app = visit(PAGE, shop="gift", plan=[f"P{n}~~365~0.2~2027-01~1" for n in range(9)])
    assert len(plans(app)) == 1 + MOST_SCENARIOS
    keep = next(button for button in app.button if button.label == "Keep the plan on screen")
    assert keep.disabled


def test_plans_stand_side_by_side_and_are_opened_and_dropped(visit: Visit) -> None:
    app = visit(PAGE, shop="gift", target="0.3", do_welcome="0.5")
    before = plans(app).loc["On screen"]
    app.text_input[0].set_value("Thirty")
    press(app, "Keep the plan on screen")
    assert not app.exception
    assert plans(app).index.tolist() == ["On screen", "Thirty"]
    move(app, "target", 0.2)
    move(app, "do_welcome", 0.0)
    assert plans(app).loc["Thirty"].equals(before.rename("Thirty")), "what was kept stays as it was"
    assert not plans(app).loc["On screen"].equals(before)
    app.button("open_0").click().run()
    assert not app.exception
    assert (app.slider("target").value, app.slider("do_welcome").value) == (0.3, 0.5)
    assert plans(app).loc["On screen"].equals(before)
    app.button("drop_0").click().run()
    assert plans(app).index.tolist() == ["On screen"]
    assert not app.query_params.get("plan")


@pytest.mark.parametrize("name", ["On screen", "x~", "~~~", "a~~b", "<b>|*_[x](y)", ""])
def test_a_plan_of_any_name_is_kept_beside_the_one_on_screen(visit: Visit, name: str) -> None:
    app = visit(PAGE, shop="gift")
    app.text_input[0].set_value(name)
    press(app, "Keep the plan on screen")
    assert not app.exception
    assert len(plans(app)) == 2
    assert "The plan of the link" not in said(app)


@pytest.mark.parametrize("plan", ["365~0.95~2027-01~1", "365~0.2~2027-01~0", "365~0.2~2026-07~1", "90~0~2027-01~0.01"])
def test_a_plan_whose_settings_are_off_the_scale_of_a_slider_opens(visit: Visit, plan: str) -> None:
    app = visit(PAGE, shop="gift", plan=f"A~~{plan}")
    app.button("open_0").click().run()
    assert not app.exception


def test_a_number_behind_a_lever_is_changed_and_said(visit: Visit, offered: tuple[Lever, ...]) -> None:
    app = visit(PAGE, shop="gift")
    assert not any(box.key == "lever" for box in app.selectbox), "closed, it costs nothing"
    before = head(numbers(app))
    app.selectbox("lever").set_value("welcome").run()
    field(app, UPLIFT).set_value(0.2)
    field(app, "Cost once (EUR)").set_value(777.0)
    press(app, "Use these numbers")
    assert not app.exception
    assert changed(app) == "welcome:0,uplift:0.2,cost_once:777"
    assert head(app) != before
    assert "of those who would not have returned, 20 % (" in said(app) or "returned, 20.0 % (" in said(app)
    app = visit(PAGE, shop="gift", set="welcome:0,uplift:0.2,cost_once:777")
    assert head(app) != before, "a link says it too"
    numbers(app).selectbox("lever").set_value("welcome").run()
    assert (field(app, UPLIFT).value, field(app, "Cost once (EUR)").value) == (0.2, 777)


def test_what_was_kept_rests_on_the_numbers_it_was_kept_with(visit: Visit) -> None:
    app = visit(PAGE, shop="gift")
    press(app, "Keep the plan on screen")
    before = plans(app).loc["Plan 1"]
    numbers(app).selectbox("lever").set_value("welcome").run()
    field(app, UPLIFT).set_value(0.2)
    press(app, "Use these numbers")
    assert not plans(app).loc["On screen"].equals(before.rename("On screen"))
    assert plans(app).loc["Plan 1"].equals(before)


def test_a_plan_written_to_a_file_comes_back_with_the_same_numbers(
    visit: Visit, foretold: Baseline, offered: tuple[Lever, ...]
) -> None:
    text = "365~0.15~2027-03~0.6~welcome:0.5,uplift:0.1,cost_once:900~win_back:1"
    goal = link.from_text(text, offered)
    row = plans(visit(PAGE, shop="gift", plan=f"File~~{text}")).loc["File"]
    for name, content in {
        "plan.json": scenario_files.to_json((Scenario("File", goal),)).encode(),
        "plan.csv": scenario_files.assumptions((Scenario("File", goal),)).to_csv(index=False).encode(),
    }.items():
        app = numbers(visit(PAGE, shop="gift"))
        app.get("file_uploader")[-1].set_value([(name, content, "text/plain")]).run()
        press(app, "Open “File”")
        assert not app.exception
        assert plans(app).loc["On screen"].equals(row.rename("On screen"))
        assert changed(app) == "welcome:0,uplift:0.1,cost_once:900"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 9_000, b"scenario,lever\n"])
def test_a_file_that_is_no_plan_is_refused_in_a_sentence(visit: Visit, content: bytes) -> None:
    app = numbers(visit(PAGE, shop="gift"))
    app.get("file_uploader")[-1].set_value([("plan.json", content, "application/json")]).run()
    assert not app.exception
    assert any(len(str(box.value)) > 20 for box in app.error)


def test_a_link_that_asks_for_the_shops_own_test_shows_it_at_once(visit: Visit, replenish: rc.Shop) -> None:
    found = levers.read_test(replenish, treated="weekly")
    assert found is not None
    effect = percent(found.difference / (1 - found.shares[1]), 1)
    app = visit(PAGE, own_test="true")
    assert app.toggle("own_test").value
    assert f"of those who would not have returned, {effect}" in said(app)
    app.toggle("own_test").set_value(False).run()
    assert f"of those who would not have returned, {effect}" not in said(app)


def test_the_plan_stands_in_one_table_on_the_page_and_in_the_report(visit: Visit, gift: rc.Shop) -> None:
    off = {f"do_{key}": "0" for key in ("thanks", "cross_sell", "email_frequency", "replenishment", "second_order")}
    app = visit(PAGE, shop="gift", do_welcome="0.5", margin_of_plan="0.4", **off)
    (table,) = (frame for frame in tables.read(app) if "Evidence" in frame)
    assert len(table) == len(on(app))
    welcome = table[table["Lever"].str.startswith("Welcome")].iloc[0]
    reached = levers.reach_of_shop(gift)["welcome"].customers / 2
    assert (welcome["Set to"], welcome["Customers reached"]) == (percent(0.5), number(reached))
    assert list(table)[:2] == ["Lever", "Cost"], "of what a phone shows"
    assert re.fullmatch(r"[\d.]+\s%\s\([\d.]+–[\d.]+\s%\) come back", welcome["Assumed"])
    assert "“Come back”: of those who would not have returned" in said(app)
    assert welcome["Evidence"].startswith("C: an observation") and welcome["Cost"].startswith("€")
    goal = (
        f"Goal: {share_of(app.slider('target').value)} of the customers first won in Jun 2027 order again within a year"
    )
    assert f"{goal}. Margin: 40 %." in said(app)
    blocks = app.session_state["noted"].blocks()
    assert any(goal in str(block) for block in blocks), "the report has it too"
    assert any("Evidence" in block.frame for block in blocks if isinstance(block, report.Table))


def test_which_levers_are_on_is_said_above_all_tabs_and_follows_the_sliders(visit: Visit) -> None:
    app = visit(PAGE, shop="gift", do_welcome="0")
    usual = f"{len(on(app))} lever"
    assert usual in said(app)
    app.slider("do_welcome").set_value(0.5).run()
    drawn = said(app)
    assert "New customers come back: " in drawn and "Welcome and thank-you after the first order (50 %)" in drawn


def test_the_shops_own_test_does_not_slip_into_what_was_changed_by_hand(visit: Visit) -> None:
    app = visit(PAGE)
    app.toggle("own_test").set_value(True).run()
    numbers(app).selectbox("lever").set_value("welcome").run()
    field(app, UPLIFT).set_value(0.1)
    press(app, "Use these numbers")
    assert changed(app) == "welcome:0,uplift:0.1"


def test_what_a_slider_moves_runs_no_sql_and_fits_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visit(PAGE, orders=OLDER, channel=["A"])
    asked: list[str] = []

    def noted(module: object, name: str) -> None:
        whole = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, **named: (asked.append(name), whole(*given, **named))[1])

    noted(rc.Shop, "query"), noted(rc.Shop, "metric")
    noted(baseline, "baseline"), noted(levers, "of_shop"), noted(realism, "facts_of")
    before = head(app)
    move(app, "target", 0.35)
    move(app, "margin_of_plan", 0.4)
    move(app, "do_welcome", 0.25)
    move(app, "do_win_back", 1.0)
    press(app, "Keep the plan on screen")
    app.button("open_0").click().run()
    assert not app.exception and head(app) != before
    assert asked == []
    (within,) = (group for group in app.get("button_group") if group.key == "within")
    within.set_value("90").run()
    assert asked[0] == "facts_of" and "baseline" not in asked, "another window asks how many came back in it, no more"


def test_a_lever_that_is_moved_says_what_it_changed_and_what_it_does_alone(visit: Visit) -> None:
    app = visit(PAGE, shop="gift", do_welcome="0")
    assert "Move a slider: what it changes is said here." in said(app)
    app.slider("do_welcome").set_value(0.5).run()
    drawn = said(app)
    assert "Welcome and thank-you after the first order at 50 %: " in drawn, "what the move changed"
    (alone,) = (line for line in drawn.splitlines() if line.startswith("**Alone: +"))
    assert len(pictures(app)) == 3 and "You keep" in head(app) and len(plans(app)) == 1
    assert not app.exception and not app.slider, "nothing else is drawn anew"
    app.query_params["do_welcome"] = "0.5"
    assert alone in said(app.run()), "the whole page says the same"
    app.slider("margin_of_plan").set_value(0.5).run()
    others = [line for line in said(app).splitlines() if line.startswith("**Alone: ")]
    assert others and alone not in others, "a margin changes what each lever leaves"
    app.query_params["margin_of_plan"] = "0.5"
    move(app.run(), "do_welcome", 0.0)
    assert said(app).count("**Alone: ") == len(others) - 1, "a lever that is off does nothing"


@pytest.mark.parametrize(("tab", "column"), [("What matters most", "at_low"), ("Money over time", "p25")])
def test_the_other_pictures_are_drawn_when_they_are_looked_at(visit: Visit, tab: str, column: str) -> None:
    app = visit(PAGE, shop="gift", shown=tab)
    assert not app.exception
    assert len(pictures(app)) == 3
    assert any(column in frame and "is_over" not in frame for frame in pictures(app))


def test_real_shops(shared_data: Path) -> None:
    names = ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["shop"] = "upload"
    app.session_state["upload"] = Upload(tuple((name, (shared_data / name).read_bytes()) for name in names))
    app.run().switch_page(f"pages/{PAGE}.py").run()
    assert not app.exception
    assert re.search(r"You keep \d\d(\.\d)? %", head(app))
    assert rates(app).index.min() > pd.Timestamp(date(2011, 11, 1))
