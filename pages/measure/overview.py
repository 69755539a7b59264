"""Overview: the shop in eight numbers, what changed, and where to look next."""

from datetime import date

import pandas as pd
import streamlit as st

from pages.shared import scope, sources, ui
from retention_core import answers, changes, rates
from retention_core.charts import measure
from retention_core.say import say

STEPS = {"month": "Month", "quarter": "Quarter", "week": "Week"}
AGAINST = {"previous": "The one before", "year": "A year earlier"}
YEAR_BACK = {"month": 12, "quarter": 4, "week": 52}
# The cards in reading order: a name short enough for a card, and what its small line shows.
CARDS = {
    "customers": ("Customers", "customers who ordered, month by month"),
    "second_order_within_365_days": ("Back within a year", "by month of the first order, within 360 days"),
    "repeat_purchase_rate": ("Came back so far", "the rate as it stood at the end of each month"),
    "churn": ("Lost in a month", "month by month"),
    "revenue": ("Revenue", "month by month"),
    "average_order_value": ("Order value", "month by month"),
    "customer_value_historic": ("Customer value", "as it stood at the end of each month"),
    "orders_not_first": ("Repeat orders", "share of each month's orders"),
}


def trends(totals: pd.DataFrame, observed_on: date) -> dict[str, pd.Series]:
    """The small lines of the cards, finished months only."""
    over = totals[totals["is_complete"]]
    by_age = ui.query("rolling_retention", form="by")
    lost = rates.over_time("churn", ui.query("retention_rates"), totals, observed_on)
    return {
        "customers": over["customers"],
        "second_order_within_365_days": by_age.loc[by_age["is_complete"] & by_age["age"].eq(11), "retained_share"],
        "repeat_purchase_rate": rates.repeat_rate_to_date(ui.query("cohort_retention", form="by"))["value"],
        "churn": lost.loc[lost["is_complete"], "value"],
        "revenue": over["revenue"],
        "average_order_value": over["average_order_value"],
        "customer_value_historic": over["revenue"].cumsum() / over["new_customers"].cumsum(),
        "orders_not_first": over["repeat_orders"] / over["orders"],
    }


def what_changed(step: str, against: str) -> list[str]:
    """The last whole period against an earlier one, in sentences."""
    totals = ui.query("period_totals", grain=step)
    over = totals[totals["is_complete"]]
    back = 1 if against == "previous" else YEAR_BACK[step]
    if len(over) <= back:
        return [say("The orders do not reach back far enough for this comparison.")]
    now, before = over.iloc[-1], over.iloc[-1 - back]
    names = (measure.period_name(row["period"], step) for row in (now, before))
    return answers.changes_in_words(changes.of_totals(now, before), *names, sources.shop().facts.currency)


def leads() -> list[tuple[str, str, dict[str, str]]]:
    """Where to look next: a page, the reason found in the data, and the settings that show it."""
    found = [("retention", answers.waiting_answer(ui.query("second_order_within")), {})]
    for dimension, label in scope.DIMENSIONS.items():
        groups = {
            name: ui.query("second_order_within", days=[365], **part).iloc[0]
            for name, part in ui.segments(dimension).items()
        }
        if gap := answers.gap_answer(groups):
            found.append(("cohorts", gap, {"lines": label, "form": "Second order by then"}))
    return found[:4]


ui.customers_or_stop("Overview")
reading = ui.metric("second_order_within_365_days")
answer = answers.second_order_answer(reading, 365)
ui.answer("Overview", answer)
totals = ui.query("period_totals")
lines = trends(totals, sources.shop().observed_on)
with st.grid(4, min_column_width=150):
    for key, (label, note) in CARDS.items():
        ui.card(key, ui.metric(key), lines[key].dropna().tolist(), label, note)

st.subheader(say("Orders month by month"), anchor=False)
ui.chart(measure.orders_by_kind(totals, "month"), say("Orders by month: first orders and later orders"))
ui.tell(answers.repeat_answer(ui.metric("repeat_purchase_rate_orders"), ui.metric("orders_from_repeat_customers")))

left, right = st.columns(2, gap="large")
with left:
    st.subheader(say("What changed"), anchor=False)
    with st.container(horizontal=True):
        step = ui.choose("Last whole", STEPS, "step")
        against = ui.choose("Against", AGAINST, "against")
    ui.tell(*what_changed(step, against))
with right:
    st.subheader(say("Where to look next"), anchor=False)
    for page, reason, settings in leads():
        ui.tell(reason)
        st.page_link(
            f"pages/measure/{page}.py", label=say("Look"), icon=":material/arrow_forward:", query_params=settings
        )
ui.explain(tuple(CARDS), {"customer_totals": {}, "period_totals": {"grain": step}, "second_order_within": {}})
