"""Value: what a customer brings, what winning one costs, when that is paid back, and what one may pay."""

import streamlit as st

from pages.shared import contract_parts, ui, value_parts
from retention_core import worth
from retention_core.answers import value as answers
from retention_core.say import say

NOTES = (
    "Value per customer: money of a cohort from its first order to the end of that month / customers of the cohort. "
    "Customers who never came back count too.",
    "First year: of customers won a year ago or earlier, the money of the first order and of the 365 days after it. "
    "Intervals: 95 %, from the customers' own deviations.",
    "All cohorts: each month of age adds what the cohorts that have lived through it brought in it per customer.",
    "Cost of winning one: marketing spend / customers who first bought, by channel (matched by name) and whole month. "
    "Spend knows no country, category or coupon: with such a filter the cost stays that of the channel.",
    "Margin: taken after the sums. A rate by product category weighs each cell by what was bought in it. From the "
    "file: amount less what the goods cost, order by order; a refund takes as much of the cost off as of the amount. "
    "Orders without a known cost are taken to cost what the others of the shop do on average.",
)

if contract_parts.value_or_none():
    st.stop()
ui.customers_or_stop("Value")
if not ui.tells_amounts():
    st.title("Value", anchor=False)
    st.header(say("This file tells no amounts, so what a customer is worth cannot be said."), anchor=False)
    ui.tell(say("Add a column with the amount of each order, or a file with prices, under Data › Orders."))
    st.page_link("pages/data/source.py", label=say("Orders"), icon=":material/upload_file:")
    st.stop()
head = st.container()
margin = value_parts.margin()
channels = value_parts.worth_of_channels(margin)
with head:
    said = answers.headline(
        worth.year_value(channels), worth.new_value(channels), value_parts.currency(), margin != worth.Margin()
    )
    ui.answer("Value", said)
ui.caption(value_parts.note(margin))
ui.caption(answers.carried_answer(ui.query("customer_totals").iloc[0], value_parts.currency()))
triangle = value_parts.cells(margin)
picked = value_parts.by_cohort(triangle)
costs = value_parts.costs_and_payback(margin, channels, triangle, picked)
value_parts.allowance(margin, costs)
value_parts.who_brings(margin)
value_parts.four_values(margin, channels)
ui.explain(
    ("customer_value_historic", "customer_value_simple", "concentration_top_10", "concentration_top_20"),
    value_parts.queries(margin),
    NOTES,
)
