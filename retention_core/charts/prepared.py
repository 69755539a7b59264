"""Pictures that every move of a slider draws anew: how they are drawn is worked out once, only their frame is new.

To build a layered chart and to turn it into its specification takes Altair 20 ms and more, the same each time. A
browser that gets the same specification with another frame moves what is there, and does not start from nothing. The
frame is an Arrow table, which goes to the browser as it is: a DataFrame takes a millisecond to make and two to send.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import pyarrow as pa

from retention_core.charts.theme import EVEN

FRAME = alt.NamedData("frame")
Column: TypeAlias = Sequence[Any] | np.ndarray[Any, Any]


class Prepared(alt.LayerChart):
    """A layered chart of a frame whose specification, the data left out, is known. Nobody may change the latter.

    `data`: an Arrow table.
    """

    def __init__(self, data: Any, specification: dict[str, Any]) -> None:
        # Not LayerChart's own, which looks for what the layers have in common.
        super(alt.LayerChart, self).__init__(data=data, layer=[])
        object.__setattr__(self, "_specification", specification)

    def copy(self, deep: Any = True, ignore: Any = None) -> Prepared:
        return Prepared(self.data, self._specification)

    def to_dict(self, validate: bool = True, **_: Any) -> dict[str, Any]:
        """The Vega-Lite specification; checked against the schema if `validate`."""
        data: Any = self.data
        shown = alt.to_values(data.to_pandas()) if isinstance(data, pa.Table) else data.to_dict()
        found = {**self._specification, "data": shown}
        if validate:
            alt.LayerChart.validate(found)
        return found


def frame(columns: Mapping[str, Column]) -> Any:
    """One row per place of the columns, as an Arrow table. NaN is not known: a null."""
    return pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})


def specification(height: int, *layers: alt.Chart) -> dict[str, Any]:
    """The layers over each other, as `Prepared` takes them."""
    found: dict[str, Any] = alt.LayerChart(data=FRAME, layer=list(layers), height=height, config=EVEN).to_dict(
        validate=False
    )
    del found["data"]
    return found
