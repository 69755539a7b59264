"""Overview: the shop in eight numbers, what changed, and where to look next."""

import streamlit as st

from pages.shared import overview_parts, sources, ui
from retention_core.answers import retention as answers
from retention_core.answers.value import carried_answer
from retention_core.charts import measure
from retention_core.metrics import METRICS, Reading
from retention_core.say import month, number, say

STEPS = {"month": "Month", "quarter": "Quarter", "week": "Week"}
AGAINST = {"previous": "The one before", "year": "A year earlier"}
NEED_TIME = ("repeat_purchase_rate", "orders_not_first")  # 0 in the first days of a shop, whoever its customers are
# The cards in reading order: a name short enough for a card, and what its small line shows.
CARDS = {
    "customers": ("Customers", "customers who ordered, month by month"),
    "second_order_within_365_days": ("Back within a year", "by month of the first order, within 360 days"),
    "repeat_purchase_rate": ("Came back so far", "the rate as it stood at the end of each month"),
    "churn": ("Turned inactive", "month by month; inactive: no order for 365 days"),
    "revenue": ("Revenue", "month by month"),
    "average_order_value": ("Order value", "month by month"),
    "customer_value_historic": ("Customer value", "as it stood at the end of each month"),
    "orders_not_first": ("Repeat orders", "share of each month's orders"),
}
BACK_WITHIN_A_YEAR = "second_order_within_365_days"


def read(key: str) -> Reading:
    """The reading of a card."""
    reading = ui.metric(key, **(ui.truly_new() if key == BACK_WITHIN_A_YEAR else {}))
    return ui.too_early(key) if is_early and key in NEED_TIME and not reading.value else reading


ui.customers_or_stop("Overview")
ui.answer("Overview", overview_parts.headline())
ui.tell_left_out()
ui.tell_amounts_missing()
totals, by_age = ui.query("period_totals"), ui.query("rolling_retention", form="by", **ui.truly_new())
totals = totals[totals["customers"].cumsum() > 0]
lines = overview_parts.trends(totals, by_age)
under = {
    "customers": say("since {month}", month=month(totals["period"].iloc[0])),
    "revenue": say("orders: {n}", n=number(ui.metric("orders").value)),
}
cards = {key: card for key, card in CARDS.items() if ui.tells_amounts() or METRICS[key].unit != "money"}
is_early = not ui.query("second_order_within", days=[30])["customers"].iloc[0]
with st.grid(4, min_column_width=150):
    for key, (label, line) in cards.items():
        ui.card(key, read(key), lines[key].dropna().tolist(), label, line, under.get(key, ""))

if ui.tells_amounts():
    ui.caption(carried_answer(ui.query("customer_totals").iloc[0], sources.shop().facts.currency))

ui.heading(say("Orders month by month"))
ui.chart(measure.orders_by_kind(totals, "month"), say("Orders by month: first orders and later orders"))
repeaters = ui.metric("repeat_purchase_rate_orders")
if repeaters.value or not is_early:
    ui.tell(answers.repeat_answer(repeaters, ui.metric("orders_from_repeat_customers")))

left, right = st.columns(2, gap="large")
with left:
    ui.heading(say("What changed"))
    with st.container(horizontal=True):
        step = ui.choose("Last whole", STEPS, "step")
        against = ui.choose("Compared with", AGAINST, "against")
    changed = overview_parts.what_changed(step, against)
    ui.tell(*changed)
    if len(changed) > 1:
        ui.caption(
            say("Chance is worked out for the numbers of customers; for shares, orders and money it is not known.")
        )
with right:
    ui.heading(say("Where to look next"))
    for page, link, reason, settings in overview_parts.leads(by_age):
        ui.tell(reason)
        ui.link(f"pages/measure/{page}.py", say(link), settings)
ui.explain(
    tuple(cards), {"customer_totals": {}, "period_totals": {"grain": step}, "second_order_within": ui.truly_new()}
)
