"""The floors of the house: which module may import which. This table is the architecture."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Each may import only the floors named behind it (and its own), of retention_core and pages.
FLOORS: dict[str, set[str]] = {
    "retention_core.limits": set(),
    "retention_core.scratch": set(),
    "retention_core.engines": {"limits", "scratch"},
    "retention_core.orders": {"engines", "limits", "scratch"},
    "retention_core.queries": set(),
    "retention_core.store": {"engines", "limits", "orders", "queries", "metrics", "goals"},  # the last two in a method
    "retention_core.readings": {"store"},  # for its type only
    "retention_core.metrics": {"readings", "store"},  # the store for its type only
    "retention_core.cohorts": {"metrics"},
    "retention_core.rates": {"metrics"},
    "retention_core.changes": {"metrics"},
    "retention_core.answers": {"changes", "metrics", "say", "lifecycle", "worth", "contracts", "forecasts", "goals"},
    "retention_core.remembered": set(),
    "retention_core.say": {"remembered"},
    "retention_core.written": {"say"},
    "retention_core.export": set(),
    "retention_core.letters": set(),
    "retention_core.models": set(),
    "retention_core.lifecycle": {"metrics", "models", "store"},
    "retention_core.worth": {"metrics", "models", "store"},
    "retention_core.contracts": {"engines", "limits", "orders", "models"},
    "retention_core.forecasts": {"letters", "models", "store"},
    "retention_core.goals": {"export", "forecasts", "models", "metrics", "readings", "cohorts", "remembered", "store"},
    "retention_core.charts": {
        "answers",
        "cohorts",
        "metrics",
        "say",
        "lifecycle",
        "worth",
        "contracts",
        "forecasts",
        "goals",
        "written",
    },
    "retention_core.report": {"charts", "export", "say", "written"},
    "retention_core": {"limits", "store", "models", "orders", "contracts", "forecasts", "goals"},
}
# What only one part of the house may import at all.
GUARDED = {
    "streamlit": ("app", "pages"),
    "altair": ("retention_core.charts", "pages"),
    "duckdb": ("retention_core.engines",),
    "pickle": ("nothing: order files and links come from strangers",),
}


def modules() -> dict[str, Path]:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "retention_core").rglob("*.py")]
    return {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in files}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(module: str) -> str:
    return max((name for name in FLOORS if module == name or module.startswith(name + ".")), key=len)


@pytest.mark.parametrize("module", sorted(name for name in modules() if name.startswith("retention_core")))
def test_a_module_imports_only_floors_below_it(module: str) -> None:
    own = floor_of(module)
    allowed = {f"retention_core.{name}" for name in FLOORS[own]} | {own}
    inside = {name for name in imports_of(modules()[module]) if name.startswith("retention_core.")}
    wrong = {name for name in inside if not any(name == a or name.startswith(a + ".") for a in allowed)}
    assert not wrong, f"{module} stands on {own} and may not import {wrong}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_guarded_libraries_stay_where_they_belong(module: str) -> None:
    for library, homes in GUARDED.items():
        if any(name.split(".")[0] == library for name in imports_of(modules()[module])):
            assert module.startswith(homes), f"{module} imports {library}; only {homes} may"


def test_no_page_lies_directly_under_pages() -> None:
    """On a fresh server a deep link would run such a file without app.py: without scope, menu or login."""
    assert not list((ROOT / "pages").glob("*.py"))
