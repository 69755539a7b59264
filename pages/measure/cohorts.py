"""Cohorts: of the customers won in a period, how many come back in each later one."""

import pandas as pd
import streamlit as st

from pages.shared import cohort_parts, scope, sources, ui
from retention_core import cohorts
from retention_core.answers import retention as answers
from retention_core.charts import measure
from retention_core.say import say

GRAINS = {"month": "Month", "quarter": "Quarter", "week": "Week", "rolling": "30 days of age"}
FORMS = {"in": "In the period", "on_or_after": "In it or later", "by": "Second order by then"}
SHOWS = {"share": "Share", "customers": "Customers", "revenue": "Revenue", "value": "Value per customer"}
AGES = {"12": "12", "24": "24", "36": "36"}
IN_MONEY = ("revenue", "value")
LINES = {"cohort": "Cohorts", **scope.DIMENSIONS, "coupon": "Coupon"}
NOTES = (
    "Share: customers of a cohort who came back / customers of the cohort. Its interval is Wilson's.",
    "All cohorts: weighted by size. Cells that are not over and cohorts with † stay out.",
    "Value per customer, all cohorts: of those that have reached that age. The mean can fall from one age to the next, "
    "where the cohorts that are too young for it have brought more.",
    "▲ ▼: the share is pulled to the mean of its age as far as the cohort is small (beta-binomial); the sign stands "
    "where its 95 % interval leaves out that mean.",
    "“In it or later” can still grow for every age, and most for the latest: later orders have not happened yet. "
    "Younger cohorts have had less time for them, so cohorts are not compared, and there is no mean.",
)
CURVES = "Dashed grey: all cohorts. Bands, where drawn: 95 % sure. Hollow: not over yet."
CURVES_SO_FAR = "All so far: later orders can still raise every point, and most those of younger customers."
MOST_ROWS, MOST_LINES = 36, 6


def asked(grain: str, form: str) -> tuple[str, dict[str, str]]:
    """The query behind these settings, and its parameters."""
    if grain == "rolling":
        return "rolling_retention", {"form": form}
    return "cohort_retention", {"grain": grain, "form": form}


def compared(
    lines: str,
    query: str,
    parameters: dict[str, str],
    show: str,
    shown: pd.DataFrame,
    older: list[pd.Timestamp],
) -> pd.DataFrame:
    """One row per line and age: of the chosen cohorts, or of the groups of a dimension without the `older` cohorts."""
    if lines != "cohort":
        groups = ui.segments(lines, MOST_LINES).items()
        frames = [
            measure.mean_row(cohorts.with_marks(ui.query(query, **parameters, **part), older), show).assign(name=name)
            for name, part in groups
        ]
        return pd.concat(frames) if frames else shown.head(0)
    grain = parameters.get("grain", "month")
    names = {day: measure.period_name(day, grain) for day in sorted(shown["cohort"].unique())}
    options = {day.strftime("%Y-%m-%d"): name for day, name in names.items()}
    spread = list(options)[1 :: max(1, len(options) // 3)][:3]
    picked = ui.choose_several("Cohorts to compare", options, f"cohorts_{grain}", default=spread, most=MOST_LINES)
    chosen = shown[shown["cohort"].isin(pd.to_datetime(picked))]
    return chosen.assign(name=chosen["cohort"].map(names))


ui.customers_or_stop("Cohorts")
shows = {key: label for key, label in SHOWS.items() if ui.tells_amounts() or key not in IN_MONEY}
head = st.container()
with st.container(horizontal=True, gap="medium"):
    grain = ui.choose("Cohorts by", GRAINS, "grain")
    show = ui.choose("Show", shows, "show")
    with st.popover(say("More settings"), icon=":material/tune:"):
        form = ui.choose("Came back", FORMS, "form")
        ages = int(ui.choose("Ages", AGES, "ages"))
        known_since = cohort_parts.known_since()
query, parameters = asked(grain, form)
older = ui.older_cohorts(grain, known_since)
marked = cohorts.cumulative_value(cohorts.with_marks(ui.query(query, **parameters), older))
means = measure.mean_row(marked, show)
is_growing = form == "on_or_after" and show in ("share", "customers")
answer = answers.cohort_answer(means, grain, form, show, sources.shop().facts.currency)
with head:
    ui.answer("Cohorts", answer)
    ui.tell_amounts_missing()
# Everybody ordered in period 0: only value, and second orders by then, have something to show there.
first_age = 0 if show == "value" or (form == "by" and show != "revenue") else 1
in_picture = means[means["age"].between(first_age, ages)]
if not in_picture["age"].gt(0).any():
    st.stop()
if is_growing:  # a mean over cohorts with more and with less time would fall with age for that reason alone
    in_picture = in_picture.head(0)

latest = marked["cohort"].drop_duplicates().nlargest(MOST_ROWS)
shown = marked[marked["cohort"].isin(latest) & marked["age"].between(first_age, ages)]
if show in IN_MONEY or is_growing:
    shown = shown.assign(stands_out=0)  # which is about a share that all cohorts had the same time for
title = say(SHOWS[show])
heatmap = measure.cohort_heatmap(shown, in_picture, show, grain, title)
clicked = ui.chart(
    heatmap, say("Cohorts by age. {answer}", answer=answer), "cells", on_select="rerun", selection_mode="cell"
)
ui.caption(answers.cohort_signs(shown))
cohort_parts.people(clicked, grain, form, say(GRAINS[grain]), shown)

ui.heading(say("Side by side"))
told_apart = {key: label for key, label in LINES.items() if key == "cohort" or len(ui.segments(key)) > 1}
lines = ui.choose("Compare", told_apart, "lines")
curves = compared(lines, query, parameters, show, shown, older)
curves = curves[curves["age"].between(first_age, ages)]
if curves.empty:
    ui.caption(say("Nothing to compare: choose a cohort, or another group that the orders tell apart."))
else:
    pictured = measure.cohort_curves(curves, in_picture[in_picture["age"] <= curves["age"].max()], show, grain, title)
    ui.chart(pictured, say("{title} by age, one line for each of {n}", title=title, n=curves["name"].nunique()))
    ui.caption(say(CURVES_SO_FAR if is_growing else CURVES))

ui.heading(say("All figures"))
ui.frame(measure.cohort_table(shown, show, grain), placeholder="")
ui.download(say("All cells"), "cohorts", lambda: marked)
cohort_parts.brackets(ui.older_cohorts("month", known_since))
ui.explain((), {query: parameters}, NOTES)
