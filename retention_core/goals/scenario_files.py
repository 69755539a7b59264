"""Scenarios as files: JSON, or a list of assumptions for a spreadsheet. Files come from strangers: all is checked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

import pandas as pd

from retention_core.export import armed
from retention_core.goals.goal import BOUNDS, MOST_SCENARIOS, Goal, GoalError, Lever, Scenario, Uplift

FORMAT = "comeback-scenarios"
VERSION = 1
MOST_CHARACTERS = 500_000
UPLIFT = {"uplift_kind": "kind", "uplift_mean": "mean", "uplift_sd": "sd"}
GOAL = tuple(one.name for one in fields(Goal) if one.name != "levers")
LEVER = (*(one.name for one in fields(Lever) if one.name != "uplift"), *UPLIFT)
REQUIRED = (*(one.name for one in fields(Lever) if one.default is MISSING and one.name != "uplift"), *UPLIFT)
WHOLE = ("window", "horizon", "ramp_months")
DATES = ("by", "starts")
OPTIONAL = ("target", "by", "horizon", "starts")
COLUMNS = ("scenario", "lever", "assumption", "value")


def to_json(scenarios: Iterable[Scenario]) -> str:
    """All that `from_json` needs to build the same scenarios."""
    listed = [
        {"name": one.name, **_goal_row(one.goal), "levers": [_lever_row(lever) for lever in one.goal.levers]}
        for one in scenarios
    ]
    return json.dumps({"format": FORMAT, "version": VERSION, "scenarios": listed}, indent=1, ensure_ascii=False)


def from_json(text: str | bytes) -> tuple[Scenario, ...]:
    """The scenarios of a file. GoalError: what it is that cannot be read, in one sentence."""
    try:
        read = json.loads(_text(text), object_pairs_hook=_once, parse_constant=_no_number)
    except GoalError:
        raise
    except (ValueError, RecursionError) as error:
        raise GoalError(
            "The file is no JSON that can be read; export a scenario again and choose that file."
        ) from error
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise GoalError("The file holds no scenarios of Comeback; export one here and choose that file.")
    if read.get("version") != VERSION or isinstance(read["version"], bool):
        raise GoalError(f"The file is of version {_short(read.get('version'))}; this program reads version {VERSION}.")
    listed = read.get("scenarios")
    if set(read) != {"format", "version", "scenarios"}:
        raise GoalError("The file must hold format, version and a list of scenarios, and nothing else.")
    return _checked(_scenario(row) for row in _rows("The file", "scenarios", listed))


def assumptions(scenarios: Iterable[Scenario]) -> pd.DataFrame:
    """One row per assumption of each scenario: scenario, lever (empty: the goal's own), assumption, value, as text."""
    rows: list[tuple[str, str, str, str]] = []
    for one in scenarios:
        rows += [(one.name, "", name, _written(value)) for name, value in _goal_row(one.goal).items()]
        for lever in one.goal.levers:
            settings = {name: value for name, value in _lever_row(lever).items() if name != "key"}
            rows += [(one.name, lever.key, name, _written(value)) for name, value in settings.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def from_csv(text: str | bytes) -> tuple[Scenario, ...]:
    """The scenarios of a list of `assumptions`, as a spreadsheet may have written it. GoalError like `from_json`."""
    plain = _text(text)
    first = plain.partition("\n")[0]
    try:
        table = list(csv.reader(io.StringIO(plain), delimiter=";" if first.count(";") >= 3 else ",", strict=True))
    except csv.Error as error:
        raise GoalError("The file is no list of assumptions; export one here and choose that file.") from error
    if not table or tuple(cell.strip() for cell in table[0]) != COLUMNS:
        raise GoalError(f"The file's first line must be {', '.join(COLUMNS)}; export a list here and choose that file.")
    goals: dict[str, dict[str, Any]] = {}
    levers: dict[str, dict[str, dict[str, Any]]] = {}
    for line, cells in enumerate(table[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(COLUMNS):
            raise GoalError(f"Line {line} has {len(cells)} cells; it must have {len(COLUMNS)}.")
        scenario, lever, name, value = map(armed, cells)
        goal = goals.setdefault(scenario, {})
        row = levers.setdefault(scenario, {}).setdefault(lever, {"key": lever}) if lever else goal
        if name in row:
            raise GoalError(f"Line {line} has {_short(name)} again; each assumption can be there once.")
        row[name] = _parsed(line, name, value)
    rows = ({"name": name, **goal, "levers": list(levers.get(name, {}).values())} for name, goal in goals.items())
    return _checked(_scenario(row) for row in rows)


def _goal_row(goal: Goal) -> dict[str, Any]:
    return {name: _plain(getattr(goal, name)) for name in GOAL}


def _lever_row(lever: Lever) -> dict[str, Any]:
    row = {name: _plain(getattr(lever, name)) for name in LEVER if name not in UPLIFT}
    return row | {name: _plain(getattr(lever.uplift, part)) for name, part in UPLIFT.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    # numpy's floats are floats, but write themselves otherwise
    return float(value) if isinstance(value, float) else value


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _scenario(row: Mapping[str, Any]) -> Scenario:
    place = f"Scenario {_short(row.get('name'))}"
    _only(place, row, ("name", "levers", *GOAL), ("name",))
    listed = _rows(place, "levers", row.get("levers", []))
    return Scenario(row["name"], Goal(tuple(map(_lever, listed)), **_settings(place, row, GOAL)))


def _lever(row: Mapping[str, Any]) -> Lever:
    place = f"Lever {_short(row.get('key'))}"
    _only(place, row, LEVER, REQUIRED)
    uplift = Uplift(**{part: row[name] for name, part in UPLIFT.items()})
    return Lever(uplift=uplift, **_settings(place, row, tuple(name for name in LEVER if name not in UPLIFT)))


def _settings(place: str, row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The values that records take: dates as dates, whole numbers as such."""
    found = {name: row[name] for name in names if name in row}
    for name in set(DATES) & set(found):
        found[name] = None if found[name] is None else _date(place, name, found[name])
    for name in set(WHOLE) & set(found):
        if isinstance(found[name], float) and found[name].is_integer():
            found[name] = int(found[name])
    return found


def _date(place: str, name: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GoalError(f"{place}: {name} is {_short(value)}; write a day as 2027-11-01.") from None


def _parsed(line: int, name: str, value: str) -> Any:
    """A cell as JSON would have had it."""
    if name in OPTIONAL and not value:
        return None
    if name == "is_on":
        if value.lower() not in ("yes", "no"):
            raise GoalError(f"Line {line}: is_on is {_short(value)}; it can be yes or no.")
        return value.lower() == "yes"
    if name not in BOUNDS and name not in (*WHOLE, "uplift_mean", "uplift_sd"):
        return value
    try:
        return float(value)
    except ValueError:
        raise GoalError(f"Line {line}: {_short(name)} is {_short(value)}; it must be a number such as 0.25.") from None


def _only(place: str, row: Mapping[str, Any], names: tuple[str, ...], required: tuple[str, ...]) -> None:
    if unknown := sorted(set(row) - set(names)):
        raise GoalError(f"{place} has {_short(unknown[0])}, which this program does not know.")
    if missing := [name for name in required if name not in row]:
        raise GoalError(f"{place} has no {missing[0]}.")


def _checked(scenarios: Iterable[Scenario]) -> tuple[Scenario, ...]:
    found = tuple(scenarios)
    if not 1 <= len(found) <= MOST_SCENARIOS:
        raise GoalError(f"The file has {len(found)} scenarios; it must have 1 to {MOST_SCENARIOS}.")
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise GoalError(f"Two scenarios are called {_short(twice[0])}; give each its own name.")
    return found


def _text(text: str | bytes) -> str:
    if len(text) > MOST_CHARACTERS:
        raise GoalError(f"The file has more than {MOST_CHARACTERS:,} characters; scenarios are much shorter.")
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GoalError("The file is no text in UTF-8; export a scenario again and choose that file.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise GoalError(f"The file has {_short(twice[0])} twice in one place; each can be there once.")
    return dict(pairs)


def _no_number(constant: str) -> None:
    raise GoalError(f"The file has {constant} for a number; only real numbers can be read.")


def _rows(place: str, name: str, listed: Any) -> list[dict[str, Any]]:
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise GoalError(f"{place}: its {name} are no list of {name}.")
    return listed


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
