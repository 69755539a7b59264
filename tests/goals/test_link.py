"""A goal as the text of a link: what is written is what is read, and what a stranger wrote is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retention_core.goals import link
from retention_core.goals.catalogue import OFFERS
from retention_core.goals.goal import BOUNDS, WINDOWS, Goal, GoalError, Lever
from retention_core.goals.levers import uplift_of
from tests.goals import made

# Every lever of the catalogue as a shop has it that a fifth of the customers return to: off, with its own numbers.
SHOP = tuple(
    Lever(
        offer.key, offer.acts_on, uplift_of(offer, 0.2), offer.grade, reach=0.4, take_up=offer.take_up,
        cost_once=offer.cost_once, cost_per_month=offer.cost_per_month, discount=offer.discount,
        ramp_months=offer.ramp_months, is_on=False,
    )
    for offer in OFFERS
)  # fmt: skip
MADE = (made.lever("welcome", is_on=False), made.lever("win_back", 0.1, sd=0.02, acts_on="win_back", is_on=False))
PLAN = "365~0.2~2027-06~0.4~welcome:1"

often = settings(max_examples=150, deadline=None)


def within(name: str) -> st.SearchStrategy[float]:
    """What may be typed in for one number of a lever."""
    low, high = BOUNDS["mean" if name == "uplift" else name]
    if name == "ramp_months":
        return st.integers(int(low), int(high)).map(float)
    return st.floats(max(low, 0), high, allow_subnormal=False).map(lambda value: value + 0.0)


@st.composite
def changes(draw: st.DrawFn, lever: Lever) -> dict[str, float]:
    names = draw(st.lists(st.sampled_from(link.EDITABLE), unique=True, max_size=3))
    return {name: draw(within(name)) for name in names}


@st.composite
def plans(draw: st.DrawFn, offers: tuple[Lever, ...]) -> Goal:
    """What can be set on the page: levers on and off, stronger and weaker, other numbers behind some of them."""
    touched = set(draw(st.lists(st.sampled_from([one.key for one in offers]), unique=True, max_size=4)))
    levers = []
    for own in offers:
        strength = draw(st.sampled_from([0.0, 0.05, 0.35, 1.0])) if own.key in touched else 0.0
        lever = link.changed(own, draw(changes(own))) if own.key in touched else own
        levers.append(replace(lever, is_on=strength > 0, strength=strength or own.strength))
    return Goal(
        tuple(levers),
        window=draw(st.sampled_from(WINDOWS)),
        target=draw(st.none() | st.floats(0, 1)),
        by=draw(st.none() | st.dates(date(1970, 1, 1), date(2200, 12, 31)).map(lambda day: day.replace(day=1))),
        margin=draw(st.floats(0, 1)),
    )


def refused(text: str, offers: tuple[Lever, ...] = SHOP) -> str:
    """The sentence with which a text is refused."""
    with pytest.raises(GoalError) as problem:
        link.from_text(text, offers)
    return str(problem.value)


def is_plain(sentence: str) -> bool:
    return 20 < len(sentence) < 250 and sentence[0].isupper() and sentence.endswith(".") and "Traceback" not in sentence


@often
@given(goal=st.sampled_from([SHOP, MADE]).flatmap(plans))
def test_a_plan_comes_back_as_it_was_written(goal: Goal) -> None:
    offers = SHOP if len(goal.levers) == len(SHOP) else MADE
    text = link.to_text(goal, offers)
    assert link.from_text(text, offers) == goal
    assert link.to_text(link.from_text(text, offers), offers) == text


@often
@given(goal=plans(SHOP))
def test_changes_come_back_and_leave_strengths_as_they_are(goal: Goal) -> None:
    read = link.changes_from_text(link.changes_to_text(goal.levers, SHOP), SHOP)
    for lever, own, changed in zip(read, SHOP, goal.levers, strict=True):
        assert lever == replace(changed, is_on=own.is_on, strength=own.strength)


def test_only_what_differs_from_the_shop_is_written() -> None:
    assert link.to_text(Goal(SHOP), SHOP) == "365~~~1"
    assert link.changes_to_text(SHOP, SHOP) == ""
    welcome = replace(MADE[0], is_on=True, strength=0.5)
    back = link.changed(MADE[1], {"cost_once": 900})
    goal = Goal((welcome, back), target=0.42, by=date(2027, 6, 1), margin=0.4)
    assert link.to_text(goal, MADE) == "365~0.42~2027-06~0.4~welcome:0.5~win_back:0,cost_once:900"
    assert link.changes_to_text(goal.levers, MADE) == "win_back:0,cost_once:900"


def test_a_changed_number_is_that_of_one_lever_and_the_reach_stays_the_shops() -> None:
    goal = link.from_text(f"{PLAN},uplift:0.3,ramp_months:4~win_back:0.5", SHOP)
    by_key = {lever.key: lever for lever in goal.levers}
    own = {lever.key: lever for lever in SHOP}
    assert by_key["welcome"].uplift == own["welcome"].uplift.moved(0.3)
    assert by_key["welcome"].ramp_months == 4 and by_key["welcome"].reach == own["welcome"].reach
    assert [lever.key for lever in goal.in_force] == [key for key in own if key in ("welcome", "win_back")]
    assert by_key["win_back"] == replace(own["win_back"], is_on=True, strength=0.5)
    assert (goal.window, goal.target, goal.by, goal.margin) == (365, 0.2, date(2027, 6, 1), 0.4)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "cut off"),
        ("~~~", "no number"),
        ("365~0.2", "cut off"),
        ("x" * 2_001, "2001 characters"),
        ("~" * 2_001, "2001 characters"),
        ("abc~0.2~~1", "window 'abc'"),
        ("inf~0.2~~1", "window"),
        ("nan~0.2~~1", "window"),
        ("1e999~0.2~~1", "window"),
        ("100~0.2~~1", "window is 100"),
        ("365.9~0.2~~1", "window"),
        ("365~abc~~1", "target 'abc'"),
        ("365~nan~~1", "target is nan"),
        ("365~inf~~1", "target is inf"),
        ("365~-0.1~~1", "target is -0.1"),
        ("365~1e999~~1", "target is inf"),
        ("365~0.2~2027~1", "month '2027'"),
        ("365~0.2~2027-13~1", "month '2027-13'"),
        ("365~0.2~2027-06-01~1", "month '2027-06-01'"),
        ("365~0.2~0001-01~1", "between 1970 and 2200"),
        ("365~0.2~~", "margin ''"),
        ("365~0.2~~2", "margin is 2"),
        ("365~0.2~~1~", "says ''"),
        ("365~0.2~~1~welcome", "says 'welcome'"),
        ("365~0.2~~1~welcome:", "no number"),
        ("365~0.2~~1~welcome:2", "strength is 2"),
        ("365~0.2~~1~welcome:inf", "strength is inf"),
        ("365~0.2~~1~welcome:1:1", "no number"),
        ("365~0.2~~1~nobody:1", "lever 'nobody'"),
        ("365~0.2~~1~__class__:1", "lever '__class__'"),
        (f"{PLAN},reach:1", "changes 'reach' of welcome"),
        (f"{PLAN},is_on:1", "changes 'is_on' of welcome"),
        (f"{PLAN},uplift:nan", "mean is nan"),
        (f"{PLAN},uplift:2", "mean is 2"),
        (f"{PLAN},uplift:-0.1", "mean is -0.1"),
        (f"{PLAN},take_up:1e999", "take_up is inf"),
        (f"{PLAN},cost_once:-1", "cost_once is -1"),
        (f"{PLAN},cost_once:1e10", "cost_once is 1"),
        (f"{PLAN},discount:1", "discount is 1"),
        (f"{PLAN},ramp_months:inf", "ramp_months"),
        (f"{PLAN},ramp_months:nan", "ramp_months"),
        (f"{PLAN},ramp_months:1e999", "ramp_months"),
        (f"{PLAN},ramp_months:37", "ramp_months is 37"),
        ("365~0.2~~1~<img src=x>:1", "lever '<img src=x>'"),
        ("365~0.2~~1~" + "a" * 1_900 + ":1", "lever 'a"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(text: str, part: str) -> None:
    sentence = refused(text)
    assert part in sentence and is_plain(sentence)


@pytest.mark.parametrize(
    "text", ["365~0.2~~1~welcome:1~welcome:0.5", f"{PLAN},cost_once:1,cost_once:900"], ids=["a lever", "a number"]
)
def test_what_is_said_twice_is_refused(text: str) -> None:
    """Which of the two was meant cannot be known."""
    assert "twice" in refused(text)


@pytest.mark.parametrize("value", ["-0.0", "-0", "0e0"])
def test_a_lever_of_no_strength_is_off_and_keeps_the_strength_it_had(value: str) -> None:
    assert link.from_text(f"365~0.2~~1~welcome:{value}", MADE).levers == MADE


def test_negative_effects_are_for_tests_of_the_shop_alone() -> None:
    tested = (made.lever("letters", -0.02, kind="normal", sd=0.03, is_on=False),)
    assert link.from_text("365~~~1~letters:1,uplift:-0.05", tested).levers[0].uplift.mean == -0.05
    assert "must be of the kind normal" in refused("365~~~1~welcome:1,uplift:-0.05", MADE)


NUMBERS = (
    "0",
    "1",
    "-1",
    "0.5",
    "inf",
    "-inf",
    "nan",
    "1e999",
    "-1e999",
    "1e-400",
    "9" * 400,
    "",
    " ",
    "٣",
    "0x1",
    "1_0",
)
pieces = st.one_of(
    st.sampled_from(["~", ":", ",", "365", "90", "2027-06", "welcome", "win_back", *link.EDITABLE, *NUMBERS]),
    st.text(max_size=6),
)


@often
@given(text=st.lists(pieces, max_size=25).map("".join))
@example("365~\ud800~~1")
@example("365~0.2~\x00~1")
def test_no_text_ends_in_anything_but_a_plan_or_a_sentence(text: str) -> None:
    read_or_refused(text)


@often
@given(name=st.sampled_from(link.EDITABLE), number=st.sampled_from(NUMBERS) | st.floats().map(repr), data=st.data())
def test_no_number_ends_in_anything_but_a_plan_or_a_sentence(name: str, number: str, data: Any) -> None:
    head = ["365", "0.2", "2027-06", "1"]
    head[data.draw(st.integers(0, 3))] = number
    read_or_refused("~".join([*head, "welcome:1"]))
    read_or_refused(f"365~0.2~2027-06~1~welcome:{number}")
    read_or_refused(f"{PLAN},{name}:{number}")
    try:
        link.changes_from_text(f"welcome:0,{name}:{number}", SHOP)
    except GoalError as problem:
        assert is_plain(str(problem))


def read_or_refused(text: str) -> None:
    """Another exception than GoalError fails the test by itself."""
    try:
        goal = link.from_text(text, SHOP)
    except GoalError as problem:
        assert is_plain(str(problem)), problem
    else:
        assert link.from_text(link.to_text(goal, SHOP), SHOP) == goal
