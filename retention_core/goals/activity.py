"""How active customers will be, kept as what it is made of: written out it is as much memory as all else of a shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retention_core.models.triples import Floats


@dataclass(frozen=True, eq=False)
class Activity:
    """Shares of customers that order in a month. D draws, E existing rows, N new ones, H months.

    existing (D, E, H). again (N, H): expected share of the newcomers that order again; habit (D, N) and off (D, H): how
    far a draw is off it, as factors. most (D, N): no more than these order again.
    """

    existing: Floats
    again: Floats
    habit: Floats
    off: Floats
    most: Floats

    def shares(self) -> Floats:
        """(D, E + N, H), written out anew with each call."""
        new = self.again * self.habit[:, :, None]
        new *= self.off[:, None]
        np.minimum(new, self.most[:, :, None], out=new)
        return np.concatenate([self.existing, new], axis=1)
