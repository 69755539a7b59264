"""Pictures of the section Measure."""

from __future__ import annotations

import altair as alt
import pandas as pd


def cohort_heatmap(cells: pd.DataFrame, means: pd.DataFrame, grain: str) -> alt.Chart:
    """One square per cohort and age; age 0, where everybody ordered, is left out."""
    shown = cells[cells["age"] > 0].assign(name=cells["cohort"].dt.strftime("%Y-%m-%d"))
    return (
        alt.Chart(shown)
        .mark_rect()
        .encode(
            x=alt.X("age:O").title(f"{grain}s since the first order"),
            y=alt.Y("name:O").title("First order"),
            color=alt.Color("retained_share:Q").title("Came back").legend(format=".0%"),
        )
    )
