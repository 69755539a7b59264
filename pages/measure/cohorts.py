"""Cohorts: of the customers won in a period, how many come back in each later one."""

import streamlit as st

from pages.shared import ui
from retention_core import cohorts
from retention_core.charts import measure
from retention_core.say import percent, say

grain = st.segmented_control(
    "Period", ["month", "quarter", "week"], default="month", required=True, key="grain", bind="query-params"
)
cells = cohorts.with_marks(ui.query("cohort_retention", grain=grain))
means = cohorts.mean_by_age(cells)
first = means[means["age"] == 1]

ui.answer("Cohorts", say("{share} come back in the {grain} after their first order.", share=percent(first["retained_share"].iloc[0]), grain=grain))
ui.chart(measure.cohort_heatmap(cells, means, grain), "Share of each cohort that ordered, by age", key="cohort_cells")
ui.explain((), {"cohort_retention": {"grain": grain}})
