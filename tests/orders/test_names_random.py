"""Random names of columns and values of filters: the shop counts what Python counts."""

from pathlib import Path

import pytest

import retention_core as rc

from .random_names import try_names


def test_names_and_values_are_only_names_and_values(tmp_path: Path) -> None:
    tried = try_names(tmp_path, files=12, seed=5)
    assert (tried.wrong, tried.errors) == ([], [])
    assert (tried.names, tried.values) == (240, 252)


def test_a_wrong_count_and_an_error_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that heeds no filter, and one that fails."""
    ask = rc.Shop.query
    monkeypatch.setattr(rc.Shop, "query", lambda shop, name, **_: ask(shop, name))
    assert len(try_names(tmp_path, files=1, seed=5).wrong) >= 15
    monkeypatch.setattr(rc, "open_orders", lambda *_, **__: 1 / 0)
    tried = try_names(tmp_path, files=2, seed=5)
    assert tried.names == 0 and [what.split(":")[1] for what in tried.errors] == [" ZeroDivisionError"] * 2
