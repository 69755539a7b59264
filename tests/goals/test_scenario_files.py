"""Scenarios written and read back are the same; what others wrote into the file is refused in a plain sentence."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_core import export
from retention_core.goals.goal import BOUNDS, Goal, GoalError, Lever, Scenario, Uplift
from retention_core.goals.scenario_files import assumptions, from_csv, from_json, to_json
from tests.goals import made

lawful = settings(max_examples=40, deadline=None)
names = st.lists(st.sampled_from(["Plan", "Päivä; 2", "=1+1", "'quoted'", "a,b"]), min_size=1, max_size=4, unique=True)


@st.composite
def scenarios(draw: st.DrawFn) -> tuple[Scenario, ...]:
    by = st.sampled_from([None, date(2025, 5, 1)])
    return tuple(
        Scenario(name, replace(draw(made.goals()), by=draw(by), horizon=draw(st.sampled_from([None, 6]))))
        for name in draw(names)
    )


@lawful
@given(listed=scenarios())
def test_json_gives_back_what_was_written(listed) -> None:
    assert from_json(to_json(listed)) == listed
    assert from_json(to_json(listed).encode()) == listed


@lawful
@given(listed=scenarios())
def test_a_list_of_assumptions_gives_back_what_was_written(listed) -> None:
    assert from_csv(export.to_csv(assumptions(listed))) == listed


def test_a_spreadsheet_may_use_semicolons() -> None:
    listed = (Scenario("Plan", Goal((made.lever(),), target=0.3)),)
    assert from_csv(assumptions(listed).to_csv(index=False, sep=";")) == listed


def document(**changes) -> dict:
    """One scenario with one lever; "lever" and "goal" change these, other names the file itself."""
    whole = json.loads(to_json([Scenario("Plan", Goal((made.lever(),), target=0.3))]))
    whole["scenarios"][0]["levers"][0] |= changes.pop("lever", {})
    whole["scenarios"][0] |= changes.pop("goal", {})
    return whole | changes


@pytest.mark.parametrize(
    "changes,sentence",
    [
        ({"format": "other"}, "no scenarios of Comeback"),
        ({"version": 2}, "version 2; this program reads version 1"),
        ({"version": True}, "version True"),
        ({"more": 1}, "nothing else"),
        ({"scenarios": {}}, "no list of scenarios"),
        ({"scenarios": []}, "0 scenarios; it must have 1 to 4"),
        ({"scenarios": [{"name": str(n)} for n in range(5)]}, "5 scenarios"),
        ({"scenarios": [{"name": "a"}, {"name": "a"}]}, "Two scenarios are called 'a'"),
        ({"goal": {"name": ""}}, "no name"),
        ({"goal": {"name": "a\nb"}}, "one line of at most 60"),
        ({"goal": {"name": 7}}, "name is 7"),
        ({"goal": {"target": 12}}, "target is 12; it must lie between 0 and 1"),
        ({"goal": {"target": 1e999}}, "Infinity"),
        ({"goal": {"window": 100}}, "window is 100; it can be 90, 180, 365"),
        ({"goal": {"by": "01.11.2027"}}, "by is '01.11.2027'; write a day as 2027-11-01"),
        ({"goal": {"horizon": 2.5}}, "whole number"),
        ({"goal": {"levers": "all"}}, "no list of levers"),
        ({"goal": {"__class__": "x"}}, "'__class__', which this program does not know"),
        ({"lever": {"key": "Robert'); drop table"}}, "a key is small letters"),
        ({"lever": {"audience": "../../etc/passwd"}}, "no query's name"),
        ({"lever": {"audience": None}}, "no query's name"),
        ({"lever": {"acts_on": "everything"}}, "acts_on is 'everything'; it can be return_after_first"),
        ({"lever": {"acts_on": ["nothing"]}}, "acts_on is"),
        ({"lever": {"grade": "A+"}}, "it can be A, B, C, D"),
        ({"lever": {"is_on": 1}}, "is_on is 1"),
        ({"lever": {"reach": True}}, "reach is True; it must be a number"),
        ({"lever": {"reach": "0.5"}}, "reach is '0.5'; it must be a number"),
        ({"lever": {"uplift_sd": 0.9}}, "sd is 0.9; with the mean 0.05 it must be below"),
        ({"lever": {"uplift_kind": "cauchy"}}, "it can be beta or normal"),
        ({"lever": {"source": "x" * 501}}, "at most 500 characters"),
        ({"lever": {"power": 1}}, "'power', which this program does not know"),
    ],
)
def test_what_others_wrote_is_refused_in_a_sentence(changes, sentence) -> None:
    with pytest.raises(GoalError) as refused:
        from_json(json.dumps(document(**changes)))
    assert sentence in str(refused.value) and len(str(refused.value)) < 250


@pytest.mark.parametrize("name", [name for name in BOUNDS if name in Lever.__dataclass_fields__])
@pytest.mark.parametrize("value", [-1, 1e12, None, []])
def test_every_number_of_a_lever_has_bounds(name, value) -> None:
    with pytest.raises(GoalError, match=f"{name} is"):
        from_json(json.dumps(document(lever={name: value})))
    with pytest.raises(GoalError, match=f"{name} is nan"):
        made.lever(**{name: float("nan")})


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("9" * 5_000, "no JSON"),
        ('{"a": 1, "a": 2}', "'a' twice"),
        ('{"a": NaN}', "NaN for a number"),
        ("[]", "no scenarios of Comeback"),
        (b"\xff\xfe{}", "no text in UTF-8"),
        ("x" * 600_000, "more than 500,000 characters"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(text, sentence) -> None:
    with pytest.raises(GoalError, match=sentence):
        from_json(text)


@pytest.mark.parametrize(
    "lines,sentence",
    [
        ("a,b,c,d\n", "first line must be scenario, lever, assumption, value"),
        ("scenario,lever,assumption,value\n", "0 scenarios"),
        ("scenario,lever,assumption,value\nPlan,,target\n", "Line 2 has 3 cells"),
        ("scenario,lever,assumption,value\nPlan,,target,a lot\n", "Line 2: 'target' is 'a lot'"),
        ("scenario,lever,assumption,value\nPlan,,target,nan\n", "target is nan"),
        ("scenario,lever,assumption,value\nPlan,,target,0.1\nPlan,,target,0.2\n", "Line 3 has 'target' again"),
        ("scenario,lever,assumption,value\nPlan,one,is_on,maybe\n", "it can be yes or no"),
        ("scenario,lever,assumption,value\nPlan,one,reach,0.5\n", "Lever 'one' has no acts_on"),
        ('scenario,lever,assumption,value\nPlan,,"target', "no list of assumptions"),
    ],
)
def test_a_list_that_is_none_is_refused(lines, sentence) -> None:
    with pytest.raises(GoalError, match=sentence):
        from_csv(lines)


def test_a_goal_has_each_lever_once_and_not_too_many() -> None:
    with pytest.raises(GoalError, match="Lever one is there twice"):
        Goal((made.lever("one"), made.lever("one")))
    with pytest.raises(GoalError, match="41 levers; at most 40"):
        Goal(tuple(made.lever(f"lever_{place}") for place in range(41)))


@given(mean=st.floats(0.001, 0.98), grade=st.sampled_from("BCD"), more=st.floats(0.001, 0.98))
def test_an_uplift_keeps_its_evidence_when_it_is_moved(mean, grade, more) -> None:
    one = Uplift.graded(mean, grade)
    moved = one.moved(more).moved(mean)
    assert moved.mean == mean and moved.sd == pytest.approx(one.sd)
    assert Uplift.tested(0.1, 0.02).moved(0.3) == Uplift("normal", 0.3, 0.02)
