"""Parts of the cohorts page: who is behind a cell, spans of days of one's own, customers known since."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import customer_lists, scope, sources, ui
from retention_core import cohorts, written
from retention_core.charts import measure
from retention_core.say import number, say

MOST_PEOPLE, MOST_EDGES, LAST_DAY = 1000, 12, 3650
EDGES = "1, 31, 91, 181, 366"


def known_since() -> pd.Timestamp | None:
    """Since when the file knows all customers, where the user knows better than the marks."""
    shop, asked = sources.shop(), st.query_params.get("known_since")
    day = st.date_input(
        say("Customers known since"),
        None,
        min_value=shop.first_on,
        max_value=shop.observed_on,
        key="known_since",
        bind="query-params",
        help=say(
            "Cohorts of earlier days hold customers who bought before the file begins: they are marked with † and left "
            "out of the mean. Without a day, cohorts that are out of line at the beginning are marked."
        ),
        width=200,
    )
    if asked and day is None:
        scope.say_not_here()
    return pd.Timestamp(day) if day else None


def people(clicked: Any, grain: str, form: str, unit: str, shown: pd.DataFrame) -> None:
    """The customers who ordered in the period of the clicked cell, to look at and to take along."""
    picked = {(cell.get("cohort_key"), cell.get("age")) for cell in clicked["selection"].get("cell", [])}
    drawn = set(zip(shown["cohort"].dt.strftime("%Y-%m-%d"), shown["age"], strict=True))
    if not picked & drawn:
        st.caption(say("Click a cell to see its customers."))
        return
    cohort, age = (picked & drawn).pop()
    if grain == "rolling":
        listed = ui.query("rolling_customers", cohort=cohort, age=age)
    else:
        listed = ui.query("cohort_customers", grain=grain, cohort=cohort, age=age)
    name = measure.period_name(pd.Timestamp(cohort), grain)
    when = {"unit": unit.lower(), "age": age, "n": number(len(listed))}
    ui.heading(say("Customers of {cohort} who ordered in {unit} {age}: {n}", cohort=name, **when))
    if form != "in":
        ui.caption(
            say("The list shows who ordered in that very period; the cell counts other periods too, so it differs.")
        )
    listed = customer_lists.writable(listed)
    if listed.empty:
        return
    facts = sources.shop().facts
    named = _as_read(listed, facts.currency, facts.has_amount)
    customer_lists.show(named.head(MOST_PEOPLE), sources.shop().loaded.has_pseudonyms)
    ui.download(say("These customers"), f"customers_{cohort}_{age}", lambda: named)


def _as_read(listed: pd.DataFrame, currency: str | None, tells_amounts: bool) -> pd.DataFrame:
    """The same customers under names and with days that people read; no money where the files tell none."""
    columns = {
        say("Customer"): listed["customer_id"],
        say("First order"): listed["first_ordered_at"].dt.date,
        say("Last order"): listed["last_ordered_at"].dt.date,
        say("Orders in this period"): listed["orders"],
        say("Orders to date"): listed["total_orders"],
    }
    if tells_amounts:
        columns[customer_lists.in_money("Revenue in this period", currency)] = listed["revenue"].round(2)
        columns[customer_lists.in_money("Revenue to date", currency)] = listed["total_revenue"].round(2)
    if "consent" in listed:
        columns[say("Agreed to letters")] = customer_lists.agreed(listed["consent"])
    return pd.DataFrame(columns)


def brackets(older: list[pd.Timestamp]) -> None:
    """Who came back within spans of days that the user sets, over all cohorts that have lived through them."""
    ui.heading(say("Your own spans of days"))
    text = st.text_input(
        say("First day of each span, and the day after the last"), EDGES, key="edges", bind="query-params"
    )
    edges = sorted({int(day) for day in re.findall(r"\d{1,4}", text or "") if int(day) <= LAST_DAY})
    if not 2 <= len(edges) <= MOST_EDGES:
        st.caption(say("Write two to {n} days after the first order, such as {example}.", n=MOST_EDGES, example=EDGES))
        return
    cells = ui.query("bracket_retention", edges=edges).rename(columns={"from_day": "age"})
    means = cohorts.mean_by_age(cohorts.with_marks(cells, older))
    if means.empty:
        ui.caption(say("No cohort has lived through a whole span yet."))
        return
    spans = means.merge(cells[["age", "to_day"]].drop_duplicates())
    table = pd.DataFrame(
        {
            say("Days since the first order"): spans["age"].astype(str) + "–" + (spans["to_day"] - 1).astype(str),
            say("Ordered in them"): list(map(written.percent, spans["retained_share"])),
            say("95 % sure"): [
                written.between(written.percent(low), written.percent(high))
                for low, high in zip(spans["low"], spans["high"], strict=True)
            ],
            say("Customers"): list(map(written.number, spans["cohort_customers"])),
            say("Cohorts"): list(map(written.number, spans["cohorts"])),
        }
    )
    ui.frame(table, hide_index=True)
    ui.explain((), {"bracket_retention": {"edges": edges}}, label="How are the spans computed?")
