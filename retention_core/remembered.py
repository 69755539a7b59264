"""Small things that cost time and are asked for again with each click: remembered, until all are forgotten together.

What one crowd of visitors asked for is of little use to the next, and lies scattered between what they gave back: a
few megabytes hold many times as much, which the process can then not return to the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_forget: list[Callable[[], None]] = []


def remember(most: int) -> Callable[[F], F]:
    """Decorates a function: the `most` answers that were asked for last are known. Nobody may change them."""

    def remembering(function: F) -> F:
        known = lru_cache(maxsize=most)(function)
        _forget.append(known.cache_clear)
        return known  # type: ignore[return-value] # it is called as the function is

    return remembering


def forget() -> None:
    """Forget the answers of all functions."""
    for each in _forget:
        each()
