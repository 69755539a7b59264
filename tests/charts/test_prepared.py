"""Prepared pictures: the drawing of a chart that is built anew, and a new frame does not change how it is drawn."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from retention_core.charts import plan
from retention_core.charts.prepared import Prepared, frame, specification
from retention_core.charts.theme import layered


def test_a_prepared_picture_is_the_layered_one() -> None:
    columns = {"x": [1.5, math.nan], "day": np.array(["2026-01-01", "2026-02-01"], "datetime64[ns]")}
    base = alt.Chart().encode(x="day:T", y="x:Q")
    layers = base.mark_line(), base.mark_rule(opacity=0)
    built, prepared = (
        layered(pd.DataFrame(columns), 90, *layers).to_dict(),
        Prepared(frame(columns), specification(90, *layers)).to_dict(),
    )
    (values,) = built.pop("datasets").values()
    assert prepared.pop("data")["values"] == values and built.pop("data")
    assert prepared == built


def test_a_copy_takes_another_frame_and_leaves_the_first_picture_as_it_is() -> None:
    first = Prepared(frame({"x": [1]}), specification(90, alt.Chart().mark_point().encode(x="x:Q")))
    other = first.copy(deep=False)
    other.data = alt.NamedData("frame")
    assert other.to_dict()["data"] == {"name": "frame"}
    assert first.to_dict()["data"] == {"values": [{"x": 1}]}


def test_what_is_no_vega_lite_is_refused() -> None:
    broken = Prepared(frame({"x": [1]}), {"layer": [{"mark": "no such mark"}]})
    with pytest.raises(Exception, match="no such mark"):
        broken.to_dict()


@pytest.mark.parametrize("shift", [0.1, 0.3])
def test_how_a_plan_is_drawn_does_not_depend_on_its_figures(shift: float) -> None:
    """So the browser moves what is there when a slider moves."""

    def drawn(rate: float) -> tuple[dict[str, Any], Any]:
        months = pd.DataFrame({"variant": ["baseline", "plan"], "month": pd.Timestamp(2026, 5, 1)})
        months = months.assign(p10=rate - 0.02, p25=rate - 0.01, p50=rate, p75=rate + 0.01, p90=rate + 0.02)
        shares = dict.fromkeys(("rate", "expected", "low", "high", "p10", "p90"), rate)
        history = pd.DataFrame({"cohort": [pd.Timestamp(2024, 5, 1)], "is_complete": [True], **shares})
        picture = plan.rate_fan(history, months, rate, date(2026, 5, 1))
        found = picture.to_dict()
        del found["data"]
        return found, picture.data.to_pandas()

    (one, before), (other, moved) = drawn(0.2), drawn(0.2 + shift)
    assert one == other
    assert (moved["value"] - before["value"]).tolist() == pytest.approx([shift] * len(before))
    # An axis spans five points at least, and what is drawn lies inside.
    assert (before["highest"] - before["lowest"]).tolist() == pytest.approx([0.05] * len(before))
    assert (moved["lowest"] <= moved["p10"]).all() and (moved["p90"] <= moved["highest"]).all()
