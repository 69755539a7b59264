"""Retention: rates over time by definition and window, all definitions side by side, and how long people wait."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import scope, sources, ui
from retention_core import rates
from retention_core.answers import retention as answers
from retention_core.charts import measure
from retention_core.metrics import METRICS, Reading
from retention_core.say import between, number, percent, say

PERIODS = {"month": "Month", "quarter": "Quarter", "week": "Week"}
RATES = {
    "crr_strict": "Kept",
    "churn": "Turned inactive",
    "crr_textbook": "Textbook",
    "crr_returning": "Ordered this period",
    "returning_customer_rate": "As Shopify prints it",
}
RENAMED = {"Lost": "Turned inactive", "Came back": "Ordered this period"}  # what links of before say
WINDOWS = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "365 days", "ever": "Ever"}
WITH_WINDOW = ("crr_textbook", "crr_strict", "churn")
# Why each figure differs from its neighbours, in the order of the table.
DIFFERS = {
    "crr_textbook": "Also counts customers who had lapsed and came back in the period, so it can pass 100 %.",
    "crr_strict": "Only the customers of the start can be kept; those who came back do not make up for others.",
    "churn": "The other side of the strict rate: the two add up to 100 %.",
    "crr_returning": "Divides by everybody ever won, however long ago, and asks for an order in this one period.",
    "returning_customer_rate": "Divides by those who ordered in the period: it says who buys now, not who came back.",
    "repeat_purchase_rate": "Divides by all customers to date, even yesterday's, who have had no time to return.",
    "repeat_purchase_rate_orders": "The same, but a second order on the same day counts as a return.",
    "second_order_within_365_days": "Gives everybody the same year, and leaves out those who have not had it yet.",
}


def span_of(reading: Reading) -> str:
    """The interval in brackets, with the decimal of the value beside it; empty where there is none."""
    if reading.low is None or reading.high is None or reading.low == reading.high:
        return ""
    return f"({between(percent(max(reading.low, 0.0), 1), percent(reading.high, 1))})"


def definitions(period: str, window: int | None) -> pd.DataFrame:
    """One row per definition: why it differs, its value with interval, and what was divided by what."""
    rows = []
    for key, why in DIFFERS.items():
        parameters: dict[str, Any] = {"grain": period} if key in RATES else {}
        if key in WITH_WINDOW:
            parameters["window_days"] = window
        elif key == "second_order_within_365_days":
            parameters = ui.truly_new()
        reading = ui.metric(key, **parameters)
        if key in WITH_WINDOW and window is None:  # true by definition: nobody is ever lost
            reading = replace(reading, low=reading.value, high=reading.value)
        value = f"**{ui.unbroken(percent(reading.value, 1))}** {ui.unbroken(span_of(reading))}"
        divided = say("{a} of {b}", a=number(reading.numerator), b=number(reading.denominator))
        rows.append((f"**{say(METRICS[key].label)}.** {say(why)}", value, divided))
    return pd.DataFrame(
        rows, columns=[say("Definition, and why it differs"), say("Value, 95 % sure"), say("Customers")]
    )


ui.customers_or_stop("Retention")
head = st.container()
with st.container(horizontal=True, gap="medium"):
    scope.read_old_words("rate", RENAMED)
    rate = ui.choose("Rate", RATES, "rate")
    period = ui.choose("By", PERIODS, "period")
    with st.popover(say("More settings"), icon=":material/tune:"):
        chosen = ui.choose("Active means ordered within", WINDOWS, "window", default="365")
        if rate not in WITH_WINDOW:
            ui.caption(say("It plays no part in the chosen rate."))
window = None if chosen == "ever" else int(chosen)
asked = {"grain": period, "window_days": window}
totals = ui.query("period_totals", grain=period)
series = rates.over_time(rate, ui.query("retention_rates", **asked), totals, sources.shop().observed_on)
if rate in WITH_WINDOW and window is None:  # true by definition, so there is nothing to be unsure of
    series = series.assign(low=series["value"], high=series["value"])
over = series[series["is_complete"]]
last = measure.period_name(over["period"].iloc[-1], period) if len(over) else ""
answer = answers.rate_answer(rate, over, answers.period_in_words(last, period), window)
with head:
    ui.answer("Retention", answer)
if len(over):
    name = say(METRICS[rate].label)
    ui.chart(measure.rate_over_time(series, name, period), say("{name} over time. {answer}", name=name, answer=answer))
if rate in WITH_WINDOW and window is None:
    ui.caption(
        say(
            "With “Ever” a customer stays active for good. Choose days under “More settings” to see who turns inactive."
        )
    )

ui.heading(say("How long people wait for the second order"))
asked_new = ui.truly_new()
spans, curve = ui.query("second_order_within", **asked_new), ui.query("second_order_curve", **asked_new)
waiting = answers.waiting_answer(spans)
ui.tell(waiting)
if spans["customers"].gt(0).any():
    picture = measure.waiting_curve(curve, spans[spans["customers"] > 0])
    ui.chart(picture, say("Share of customers who have ordered again, by day. {answer}", answer=waiting))
    ui.caption(
        say("Curve: all customers, each for as long as observed. Points: customers who first bought that long ago.")
    )
    ui.tell_left_out()

ui.heading(say("One shop, eight answers"))
ui.tell(
    say(
        "All of these get called retention. They differ because each counts different customers, out of different "
        "customers."
    )
)
over = totals[totals["is_complete"]]
if len(over):
    in_period = answers.period_in_words(measure.period_name(over["period"].iloc[-1], period), period)
    ui.caption(
        say("The first five are those of {period}; the other three are of all customers to date.", period=in_period)
    )
ui.table(definitions(period, window))
ui.explain(
    tuple(DIFFERS), {"retention_rates": asked, "period_totals": {"grain": period}, "second_order_curve": asked_new}
)
