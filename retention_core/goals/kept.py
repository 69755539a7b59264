"""What was worked out from a baseline, kept for the next move of a slider."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline

T = TypeVar("T")


class Kept(Generic[T]):
    """The latest `most` of each baseline, by key. A baseline that nobody holds any more takes its own along, so what is
    kept may not hold it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: WeakKeyDictionary[Baseline, dict[Hashable, T]] = WeakKeyDictionary()

    def get(self, baseline: Baseline, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns, called once per key."""
        own = self._known.setdefault(baseline, {})
        found = own.get(key)
        if found is None:
            found = make()
            for oldest in list(own)[: max(len(own) + 1 - self._most, 0)]:
                own.pop(oldest, None)
            own[key] = found
        return found
