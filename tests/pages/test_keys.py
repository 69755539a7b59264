"""Settings live in the link under their key, and the link goes along to the next page: a key means one thing only."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from pages.shared.scope import DIMENSIONS
from tests.conftest import ROOT

CHOICES = {"choose", "choose_several"}  # of pages.shared.ui: bound to the link, the key is the third argument
OF_THE_SCOPE = {"since", "until", *DIMENSIONS}  # drawn in a loop of pages/shared/scope.py
# Meant to go along: the same question with the same answers on each of these pages.
ALIKE = {"ages": {"pages/measure/cohorts.py", "pages/shared/value_parts.py"}}


def keys_in(source: str) -> Iterator[str]:
    """The keys of widgets bound to the link; what an f-string fills in stands as {}. Keys handed on are left out."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        key = given.get("key")
        if key is None and name in CHOICES and len(call.args) > 2:
            key = call.args[2]
        if name not in CHOICES and "bind" not in given:
            continue
        if isinstance(key, ast.Constant):
            yield str(key.value)
        elif isinstance(key, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in key.values)


def places() -> dict[str, set[str]]:
    """Of each key the modules in which it is given to a widget."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for key in keys_in(path.read_text(encoding="utf-8")):
            found[key].add(str(path.relative_to(ROOT)))
    return found


def test_a_key_of_the_link_is_used_in_one_place() -> None:
    """Used on two pages, a setting of one would leak into the other."""
    twice = {key: sorted(where) for key, where in places().items() if len(where) > 1 and where != ALIKE.get(key)}
    assert not twice


def test_no_page_takes_a_key_of_the_scope() -> None:
    assert not {key: where for key, where in places().items() if key in OF_THE_SCOPE}


def test_keys_are_found_however_they_are_given() -> None:
    page = (
        'ui.choose("By", GROUPS, "by")\nst.slider("Margin", key="margin", bind="query-params")\n'
        'st.button("Go", key="go")\nchoose_several("C", names, key=f"of_{grain}")\nst.toggle("x", key=name, bind="q")\n'
    )
    assert list(keys_in(page)) == ["by", "margin", "of_{}"]
    assert {"margin", "grain", "shop", "contract_file"} <= places().keys()
