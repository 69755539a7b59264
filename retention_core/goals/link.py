"""A goal as the short text of a link: what differs from the shop's own levers, and nothing else.

    365~0.42~2027-06~0.4~welcome:1~win_back:0.5,cost_once:900

Window in days, target, month of the goal, margin; then one part per lever: its strength (0: off), and what was changed
of it. The people reached are counted in the shop that is looked at, so a link never carries data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from retention_core.goals.goal import Goal, GoalError, Lever, check_number

# What a user may change of a lever; `uplift` is its mean.
EDITABLE = ("uplift", "take_up", "cost_once", "cost_per_month", "cost_per_contact", "discount", "ramp_months")
TEST = "test"  # in place of the assumed uplift, what a test of the shop's own found
PARTS, NAMED, FIELDS = "~", ":", ","
HEAD = 4  # parts before the levers
MOST_CHARACTERS = 2000
T = TypeVar("T")
NONE_TESTED: Mapping[str, Lever] = MappingProxyType({})


def to_text(goal: Goal, offers: Sequence[Lever], tested: Mapping[str, Lever] = NONE_TESTED) -> str:
    """The text from which `from_text` makes the same goal. `offers`: the shop's levers, which `goal` has set."""
    own = {lever.key: lever for lever in offers}
    used = {lever.key for lever in goal.levers if lever.grade == "A" and lever.key in tested}
    parts = [str(goal.window), _number(goal.target), f"{goal.by:%Y-%m}" if goal.by else "", _number(goal.margin)]
    for lever in goal.levers:
        is_tested = lever.key in used
        changed = changes(lever, tested[lever.key] if is_tested else own[lever.key])
        strength = lever.strength if lever.is_on else 0.0
        if strength or changed or is_tested:
            settings = [f"{lever.key}{NAMED}{_number(strength)}", *([f"{TEST}{NAMED}1"] if is_tested else [])]
            settings += [f"{name}{NAMED}{_number(value)}" for name, value in changed.items()]
            parts.append(FIELDS.join(settings))
    return PARTS.join(parts)


def from_text(text: str, offers: Sequence[Lever], tested: Mapping[str, Lever] = NONE_TESTED) -> Goal:
    """The goal that a link says, on the levers of this shop. GoalError: a plain sentence on what cannot be.

    `tested`: by key the levers that a randomised test of the shop was about, with what it found.
    """
    if len(text) > MOST_CHARACTERS:
        raise GoalError(f"The plan of the link has {len(text)} characters; at most {MOST_CHARACTERS} can be read.")
    head, levers = text.split(PARTS)[:HEAD], text.split(PARTS)[HEAD:]
    if len(head) < HEAD:
        raise GoalError("The plan of the link is cut off; copy the whole link.")
    window, target, by, margin = head
    settings = _once("lever", [_lever(part) for part in levers])
    own = {lever.key for lever in offers}
    if unknown := sorted(settings.keys() - own):
        raise GoalError(f"The plan of the link has a lever {unknown[0][:40]!r}; this version has none of that name.")
    return Goal(
        levers=tuple(_set(lever, settings.get(lever.key, (0.0, {})), tested) for lever in offers),
        window=_whole("window", _read("window", window)),
        target=_read("target", target) if target else None,
        by=_month(by) if by else None,
        margin=_read("margin", margin),
    )


def changes_to_text(changed: Iterable[Lever], offers: Sequence[Lever]) -> str:
    """Only what was changed of the levers, whether they are on or not; empty where nothing was."""
    off = Goal(tuple(replace(lever, is_on=False) for lever in changed))
    return PARTS.join(to_text(off, offers).split(PARTS)[HEAD:])


def changes_from_text(text: str, offers: Sequence[Lever]) -> tuple[Lever, ...]:
    """The levers with those changes, all as strong as they were. GoalError as in `from_text`."""
    if not text:
        return tuple(offers)
    head = to_text(Goal(), ())
    found = from_text(PARTS.join([head, text]), offers).levers
    return tuple(
        replace(lever, is_on=own.is_on, strength=own.strength) for lever, own in zip(found, offers, strict=True)
    )


def changes(lever: Lever, own: Lever) -> dict[str, float]:
    """What of the lever differs from the shop's own."""
    pairs = {name: (value_of(lever, name), value_of(own, name)) for name in EDITABLE}
    return {name: now for name, (now, before) in pairs.items() if now != before}


def value_of(lever: Lever, name: str) -> float:
    """One of the EDITABLE numbers of a lever."""
    return lever.uplift.mean if name == "uplift" else float(getattr(lever, name))


def changed(lever: Lever, values: Mapping[str, float]) -> Lever:
    """The lever with other EDITABLE numbers. A changed uplift keeps the relative doubt of its evidence."""
    plain = {name: value for name, value in values.items() if name != "uplift"}
    if "ramp_months" in plain:
        plain["ramp_months"] = _whole("ramp_months", plain["ramp_months"])
    uplift = lever.uplift.moved(values["uplift"]) if "uplift" in values else lever.uplift
    return replace(lever, uplift=uplift, **plain)  # type: ignore[arg-type]


def _set(lever: Lever, setting: tuple[float, dict[str, float]], tested: Mapping[str, Lever]) -> Lever:
    strength, values = setting
    check_number(f"Lever {lever.key}", "strength", strength)
    values = dict(values)
    if values.pop(TEST, 0):
        if lever.key not in tested:
            raise GoalError(f"The plan of the link uses a test of {lever.key}; this shop has none that can be used.")
        lever = tested[lever.key]
    return replace(changed(lever, values), is_on=strength > 0, strength=strength if strength > 0 else lever.strength)


def _lever(part: str) -> tuple[str, tuple[float, dict[str, float]]]:
    first, *others = part.split(FIELDS)
    key, strength = _pair(first)
    values = _once("number", [_pair(one) for one in others])
    if unknown := sorted(values.keys() - {*EDITABLE, TEST}):
        raise GoalError(f"The plan of the link changes {unknown[0]!r} of {key}; it can change {', '.join(EDITABLE)}.")
    return key, (strength, values)


def _once(kind: str, pairs: list[tuple[str, T]]) -> dict[str, T]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise GoalError(f"The plan of the link has the {kind} {twice[:40]!r} twice; each can be there once.")
    return found


def _pair(text: str) -> tuple[str, float]:
    name, sign, value = text.partition(NAMED)
    if not sign:
        raise GoalError(f"The plan of the link says {text[:40]!r}; expected is a name, a colon and a number.")
    return name, _read(name, value)


def _read(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise GoalError(f"The plan of the link says {name[:40]} {text[:40]!r}; that is no number.") from None


def _whole(name: str, value: float) -> int:
    if not math.isfinite(value) or value != int(value):
        raise GoalError(f"The plan of the link says {name} is {value:g}; it must be a whole number.")
    return int(value)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise GoalError(f"The plan of the link says the month {text[:40]!r}; it is written as 2027-06.") from None


def _number(value: float | None) -> str:
    """As short as it can be said exactly: 1 and not 1.0."""
    return "" if value is None else repr(value).removesuffix(".0")
