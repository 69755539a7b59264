"""Published figures beside which a rate or a target may be held, each with its definition, window and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Published:
    """A published figure: `value` (for "change": by how much of itself a year's work moves the rate) and where from.

    `definition`: "second_order" counts from the first order; "calendar_year" only to its 31 December, which is shorter
    for nearly everybody and hence never compared; "yearly_return" is any share that returns within a year: only how it
    moved is told. `quality` is a grade of evidence, B or C.
    """

    key: str
    kind: Literal["level", "change"]
    definition: Literal["second_order", "calendar_year", "yearly_return"]
    window: int
    value: float
    source: str
    year: int
    quality: Literal["B", "C"]


RETAILERS = "176 online retailers with 18 million customers, RJMetrics"
BLUECORE = "Bluecore, retailers of its customers"
HILLSTROM = "Hillstrom, a practitioner, on a year's programme"
PUBLISHED: tuple[Published, ...] = (
    Published("all_retailers", "level", "second_order", 365, 0.32, RETAILERS, 2015, "B"),
    Published("luxury", "level", "calendar_year", 365, 0.099, BLUECORE, 2023, "B"),
    Published("apparel", "level", "calendar_year", 365, 0.202, BLUECORE, 2023, "B"),
    Published("sporting", "level", "calendar_year", 365, 0.212, BLUECORE, 2023, "B"),
    Published("health_and_beauty", "level", "calendar_year", 365, 0.215, BLUECORE, 2023, "B"),
    Published("programme_low", "change", "yearly_return", 365, 0.03, HILLSTROM, 2022, "C"),
    Published("programme_high", "change", "yearly_return", 365, 0.15, HILLSTROM, 2022, "C"),
)
PROGRAMME = tuple(one.value for one in PUBLISHED if one.kind == "change")  # least and most, of the rate itself


def published_for(window: int) -> dict[str, Published]:
    """By key: the figures that may be held against second orders within so many days."""
    return {one.key: one for one in PUBLISHED if one.definition != "calendar_year" and one.window == window}
