"""What was worked out from a baseline, kept for the next move of a slider."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline

T = TypeVar("T")


class Kept(Generic[T]):
    """The `most` that were asked for last, of all baselines together: a server has as many as visitors.

    A baseline that nobody holds any more takes its own along, so what is kept may not hold it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: WeakKeyDictionary[Baseline, dict[Hashable, tuple[int, T]]] = WeakKeyDictionary()
        self._turns = count()
        self._changing = threading.Lock()

    def get(self, baseline: Baseline, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns, called anew only for what was let go."""
        known = self._known.get(baseline, {}).get(key)
        found = make() if known is None else known[1]
        with self._changing:
            self._known.setdefault(baseline, {})[key] = (next(self._turns), found)
            turns = sorted((turn, own, key) for own in self._known.values() for key, (turn, _) in own.items())
            for _, own, oldest in turns[: -self._most]:
                del own[oldest]
        return found
