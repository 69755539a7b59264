"""Pictures of contracts: valid Vega-Lite, steps for what was counted, dashes only where there is a model."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

import retention_core as rc
from retention_core.charts import contracts as charts
from retention_core.contracts import keeping, worth


@pytest.fixture(scope="module")
def groups() -> tuple[keeping.Kept, ...]:
    """Many contracts that a model fits, and a few that none can be fitted to."""
    rng = np.random.default_rng(1)
    lost_at = rng.geometric(rng.beta(1.0, 6.0, 600))
    months = np.append(np.minimum(lost_at, 18), [3, 5])
    rows = pd.DataFrame(
        {
            "customer": [f"c{number}" for number in range(602)],
            "months": months,
            "is_lost": np.append(lost_at <= 18, [True, False]),
            "amount": 10.0,
            "started_on": pd.NaT,
            "ended_on": pd.NaT,
        }
    )
    kinds = pd.DataFrame({"kind": pd.Series(["many"] * 600 + ["few"] * 2, dtype="category")})
    return keeping.kept(rc.Contracts(rows, kinds, None, pd.DataFrame(), "", "", (), None, None), "kind")


def spec_of(picture: alt.LayerChart) -> dict[str, Any]:
    spec: dict[str, Any] = picture.to_dict()  # raises where it is not valid
    return spec


def marks(picture: alt.LayerChart) -> list[dict[str, Any]]:
    return [layer["mark"] for layer in spec_of(picture)["layer"]]


def test_counted_steps_end_with_the_watch_and_dashes_need_a_model(groups: tuple[keeping.Kept, ...]) -> None:
    curves = keeping.curves(groups, until=18)
    picture = charts.kept_curves(curves)
    band, steps, dashes, _ = marks(picture)
    assert band["interpolate"] == steps["interpolate"] == "step-after"
    assert "strokeDash" in dashes and "strokeDash" not in steps
    layers = spec_of(picture)["layer"]
    assert layers[1]["transform"] == [{"filter": "isValid(datum.survival)"}]
    assert layers[2]["transform"] == [{"filter": "isValid(datum.modelled)"}]
    few = curves[curves["name"].eq("few")]
    assert few["survival"].notna().sum() == 6 and few["modelled"].isna().all()
    assert curves.loc[curves["name"].eq("many"), "modelled"].notna().all()


def test_one_group_needs_no_legend(groups: tuple[keeping.Kept, ...]) -> None:
    one, two = (charts.kept_curves(keeping.curves(shown, 12)) for shown in (groups[:1], groups))
    assert "color" not in spec_of(one)["layer"][1]["encoding"]
    assert spec_of(two)["layer"][1]["encoding"]["color"]["scale"]["domain"] == ["many", "few"]


def test_value_stops_where_nobody_was_watched(groups: tuple[keeping.Kept, ...]) -> None:
    value = worth.cumulative(groups, 12, worth.Terms())
    (rows,) = spec_of(charts.value_curves(value, "Money"))["datasets"].values()
    assert max(row["month"] for row in rows if row["name"] == "few") == 6
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    assert rows[0]["value"] == 10.0  # the first month is paid by all


def test_names_of_the_file_are_text_and_nothing_else(groups: tuple[keeping.Kept, ...]) -> None:
    curves = keeping.curves(groups, 6).assign(name="{evil} <b>' | [x](y)")
    (rows,) = spec_of(charts.kept_curves(curves))["datasets"].values()
    assert rows[0]["name"] == "{evil} <b>' | [x](y)"
