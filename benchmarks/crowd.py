"""Many visitors at once: each with a file of the same name and other content, each looking for values not its own."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from benchmarks.wire import Taken, Visitor, visit

FILE_NAME = "orders.csv"  # the same for all, as exports are
UPLOADED = "Your uploaded orders"
MARKED = re.compile(rb"Kanal(\d{4})")  # a channel that only one visitor's file knows
FEWEST_CUSTOMERS, MONTHS = 400, 30
PAGES = ("retention", "cohorts", "churn", "value", "goals")
MOVES = (("target", 0.35), ("target", 0.45), ("margin_of_plan", 0.5), ("target", 0.4), ("margin_of_plan", 0.75))


@dataclass(frozen=True)
class Own:
    """One visitor's orders: what is in the file, and the numbers that the app must show for it."""

    number: int
    content: bytes
    customers: int
    revenue: float


@dataclass
class Life:
    """What one visitor went through: seconds by step, all foreign or wrong values, what each page said."""

    number: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    is_own_seen: bool = False


@cache
def own(number: int) -> Own:
    """The orders of visitor `number`, always the same: its customers are as many as no other's."""
    chance = np.random.default_rng(number)
    customers = FEWEST_CUSTOMERS + number
    lines, revenue = ["Order ID,Customer,Date,Amount,Channel"], 0
    first = np.sort(chance.integers(0, 30 * MONTHS, customers))
    for customer, begin in enumerate(first):
        days = begin + np.cumsum([0, *chance.geometric(1 / 70, chance.geometric(0.4) - 1)])
        for day in days[days < 30 * MONTHS]:
            cents = int(chance.integers(500, 9_500))
            revenue += cents
            date = np.datetime64("2023-01-01") + int(day)
            channel = f"Kanal{number:04}" if customer % 2 else "Search"
            who = f"c{customer}.kanal{number:04}@example.org"
            lines.append(f"{number}-{len(lines)},{who},{date},{cents // 100}.{cents % 100:02},{channel}")
    return Own(number, "\n".join(lines).encode(), customers, revenue / 100)


Meet = Callable[[str], Coroutine[Any, Any, None]]


async def alone(_: str) -> None:
    """Waits for nobody."""


class Crowd:
    """Waits at each step until all who are still there have come to it."""

    def __init__(self, visitors: int) -> None:
        self.visitors = visitors
        self.arrived = Counter[str]()
        self.changed = asyncio.Condition()

    async def __call__(self, step: str) -> None:
        async with self.changed:
            self.arrived[step] += 1
            self.changed.notify_all()
            await self.changed.wait_for(lambda: self.arrived[step] >= self.visitors)

    async def gone(self) -> None:
        """One will not come to the next step."""
        async with self.changed:
            self.visitors -= 1
            self.changed.notify_all()


async def live(
    address: str, number: int, meet: Meet = alone, pause: float = 0.0, pages: tuple[str, ...] = PAGES
) -> Life:
    """Open one's orders, look at pages, move settings at the time of all others, and check what was seen.

    `pause`: mean seconds that a visitor reads between two moves. The last page must be the one of the goals.
    """
    life, mine = Life(number), own(number)
    async with visit(address, keep_bytes=True, shop=UPLOADED) as (visitor, taken):
        _note(life, "first", visitor, taken)
        await _open(life, visitor, mine)
        for page in pages:
            _note(life, page, visitor, await visitor.go(page))
        await meet("pages seen")
        for place, (key, value) in enumerate(MOVES):
            _note(life, f"move {place}", visitor, await visitor.set(key, value))
        await meet("moved at once")
        chance = np.random.default_rng(number)
        for place, (key, value) in enumerate(MOVES if pause else ()):
            await asyncio.sleep(float(chance.uniform(0, 2 * pause)))
            _note(life, f"calm {place}", visitor, await visitor.set(key, value))
        _search(life, visitor)
        await meet("all is seen")
    return life


async def _open(life: Life, visitor: Visitor, mine: Own) -> None:
    _note(life, "upload", visitor, await visitor.upload(FILE_NAME, mine.content))
    _note(life, "open", visitor, await visitor.click("open_orders"))
    shown = visitor.metrics()
    for card, wanted in {"Customers": f"{mine.customers:,}", "Revenue": f"{mine.revenue:,.0f}"}.items():
        if shown.get(card) != wanted:
            life.foreign.append(f"{card}: {shown.get(card)} in place of {wanted}")


def _note(life: Life, step: str, visitor: Visitor, taken: Taken) -> None:
    life.seconds[step].append(taken.seconds)
    life.sizes[step].append(taken.size)
    life.errors += visitor.errors()
    life.said[step] = said(visitor)


def said(visitor: Visitor) -> str:
    """A digest of all sentences, cards, tables and charts of the page."""
    digest = hashlib.sha256("\n".join(visitor.texts()).encode())
    for frame in visitor.frames():
        digest.update(frame.to_csv(index=False).encode())
    return digest.hexdigest()


def _search(life: Life, visitor: Visitor) -> None:
    """Every byte that ever came: no other visitor's mark in it."""
    found = {int(mark) for raw in visitor.received for mark in MARKED.findall(raw)}
    life.is_own_seen = life.number in found
    life.foreign += [f"the mark of visitor {other}" for other in sorted(found - {life.number})]
    visitor.received.clear()
