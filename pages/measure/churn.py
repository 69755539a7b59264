"""Churn: from when on a silent customer counts as gone, how many are, who moved, and when to remind."""

import streamlit as st

from pages.shared import churn_parts, ui
from retention_core import lifecycle
from retention_core.answers import churn as answers

LIMITS = {"own": "Own waits", "60": "60 days", "90": "90 days", "180": "180 days", "365": "365 days"}

ui.customers_or_stop("Churn")
head = st.container()
chosen = ui.choose("Lapsed means silent for longer than", LIMITS, "lapsed")
curves = ui.query("wait_curve")
waits = lifecycle.waits(curves)
limits = lifecycle.own_limits(waits) if chosen == "own" else lifecycle.fixed_limits(int(chosen))
flows = ui.query("lifecycle_flows", **limits.parameters())
totals = ui.query("period_totals")
standing = lifecycle.stages(flows, totals["period"])
today = standing[standing["month"] == standing["month"].max()]
wait = (waits.get(1) or waits.get(lifecycle.ALL_ORDERS)) if chosen == "own" else None
with head:
    ui.answer("Churn", answers.churn_answer(today, wait, limits.lapsed_days[0]))
churn_parts.waits(ui.query("order_gaps"), waits)
churn_parts.stages(standing, flows, totals, limits)
churn_parts.reminders(curves, waits)
ui.explain((), {"wait_curve": {}, "order_gaps": {}, "lifecycle_flows": limits.parameters()}, churn_parts.NOTES)
