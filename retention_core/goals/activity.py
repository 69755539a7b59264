"""How active customers will be, kept as what it is made of: written out it is as much memory as all else of a shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retention_core.models.triples import Floats


@dataclass(frozen=True, eq=False)
class Latecomers:
    """Who still comes in the running month: counted in the first row, `part` of which they are.

    expected (H,) and habit (D,): as those of a row of `Activity`.
    """

    expected: Floats
    habit: Floats
    part: float


@dataclass(frozen=True, eq=False)
class Activity:
    """Shares of customers that order in a month. D draws, R rows, H months.

    expected (R, H): the share on the whole. habit (D, R) and off (D, H): how far a draw is off it, as factors, in all
    months of a row and in all rows of a month. most (D, R): no more than these order again.
    """

    expected: Floats
    habit: Floats
    off: Floats
    most: Floats
    late: Latecomers | None = None

    def shares(self) -> Floats:
        """(D, R, H), written out anew with each call."""
        found = self.expected * self.habit[:, :, None]
        found *= self.off[:, None]
        if self.late is not None:
            came = self.late.expected * self.late.habit[:, None] * self.off
            found[:, 0] = (1 - self.late.part) * found[:, 0] + self.late.part * came
        np.minimum(found, self.most[:, :, None], out=found)
        return found
