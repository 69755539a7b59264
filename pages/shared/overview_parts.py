"""Parts of the overview: its headline, the lines of its cards, what changed, where to look next."""

from __future__ import annotations

import pandas as pd

from pages.shared import scope, sources, ui
from retention_core import changes, cohorts, rates
from retention_core.answers import retention as answers
from retention_core.charts import measure
from retention_core.say import say

YEAR = 11  # the age of customers after their twelfth 30 days
YEAR_BACK = {"month": 12, "quarter": 4, "week": 52}
SPANS = (365, 180, 90, 60, 30)


def headline() -> str:
    """How many come back within a year, or within the longest span that somebody has been observed for."""
    for days in SPANS:
        reading = ui.metric(f"second_order_within_{days}_days", **ui.truly_new())
        if reading.value is not None:
            return answers.second_order_answer(reading, days)
    return answers.second_order_answer(reading, SPANS[-1])


def trends(totals: pd.DataFrame, by_age: pd.DataFrame) -> dict[str, pd.Series]:
    """The small lines of the cards, finished months only. `by_age`: rolling_retention by second order."""
    over = totals[totals["is_complete"]]
    lost = rates.over_time("churn", ui.query("retention_rates"), totals, sources.shop().observed_on)
    return {
        "customers": over["customers"],
        "second_order_within_365_days": by_age.loc[by_age["is_complete"] & by_age["age"].eq(YEAR), "retained_share"],
        "repeat_purchase_rate": rates.repeat_rate_to_date(ui.query("cohort_retention", form="by"))["value"],
        "churn": lost.loc[lost["is_complete"], "value"],
        "revenue": over["revenue"],
        "average_order_value": over["average_order_value"],
        "customer_value_historic": over["revenue"].cumsum() / over["new_customers"].cumsum(),
        "orders_not_first": over["repeat_orders"] / over["orders"],
    }


def what_changed(step: str, against: str) -> list[str]:
    """The last whole period against an earlier one, in sentences."""

    def name(row: pd.Series) -> str:
        return answers.period_in_words(measure.period_name(row["period"], step), step)

    totals = ui.query("period_totals", grain=step)
    begun_in_the_data = totals["period"] >= pd.Timestamp(sources.shop().first_on)
    over = totals[totals["is_complete"] & begun_in_the_data]
    back = 1 if against == "previous" else YEAR_BACK[step]
    if len(over) <= back:
        return [say("The orders do not reach back far enough for this comparison.")]
    now, before = over.iloc[-1], over.iloc[-1 - back]
    found = changes.of_totals(now, before)
    if not ui.tells_amounts():
        found = {key: change for key, change in found.items() if change.unit != "money"}
    return answers.changes_in_words(found, name(now), name(before), sources.shop().facts.currency)


def leads(by_age: pd.DataFrame) -> list[tuple[str, str, str, dict[str, str]]]:
    """Where to look next: a page, its link, the reason found in the data, and the settings that show it."""
    waiting = answers.soon_answer(ui.query("second_order_within", **ui.truly_new()))
    found: list[tuple[str, str, str, dict[str, str]]] = [("retention", "Retention", waiting, {})]
    at_a_year = cohorts.with_marks(by_age).query("age == @YEAR and stands_out != 0")
    if len(at_a_year):
        odd, mean = at_a_year.iloc[-1], cohorts.mean_by_age(by_age).query("age == @YEAR").iloc[0]
        reason = answers.odd_cohort_answer(odd, mean, measure.period_name(odd["cohort"], "month"))
        found.append(("cohorts", "Cohorts", reason, {"grain": "30 days of age", "form": "Second order by then"}))
    dimensions = {key: groups for key in scope.DIMENSIONS if len(groups := ui.segments(key)) > 1}
    for dimension, groups in dimensions.items():
        asked = {"days": [365], **ui.truly_new()}
        firsts = {name: ui.query("second_order_within", **asked, **part).iloc[0] for name, part in groups.items()}
        if gap := answers.gap_answer(firsts, len(dimensions)):
            label = scope.DIMENSIONS[dimension]
            found.append(
                ("cohorts", f"Cohorts by {label.lower()}", gap, {"lines": label, "form": "Second order by then"})
            )
            break
    return found
