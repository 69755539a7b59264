"""Parts of the page Value: margin, value by cohort, what customers cost and when that is paid back, who brings it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf, nan
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import model_parts, scope, sources, ui
from retention_core import worth, written
from retention_core.answers import four_values as ways
from retention_core.answers import value as answers
from retention_core.charts import value as charts
from retention_core.goals.baseline import baseline
from retention_core.say import NOT_KNOWN, month, say
from retention_core.written import Written

MOST_ROWS, MOST_LINES, MOST_CATEGORIES, MOST_CHANNELS = 24, 4, 8, 6
COHORTS_BACK = (24, 13, 7, 2)  # the cohorts that are drawn at first, counted from the latest: some go on as forecasts
HIGHEST_COST = 1e9  # of winning one customer, in any currency
PAYBACKS = {"0": "With the first order", "90": "In 90 days", "180": "In 180 days", "365": "In a year"}
NO_SPEND = (
    "These files tell no marketing spend. Type in what a new customer costs, or add a table with month, channel and "
    "amount to the order files."
)
MARGINS = {"file": "From the file", "rate": "By a margin of my own"}
GROUPS = {"channel": "Channel", "cohort": "Month of the first order"}


@dataclass(frozen=True)
class Costs:
    """What winning one customer costs: of `all`, None where not known, and of each channel, as the orders write it."""

    all: float | None
    by_channel: pd.Series


def currency() -> str | None:
    return sources.shop().facts.currency


def mix() -> pd.DataFrame | None:
    """Revenue by channel, cohort, age and product category; None where order lines tell no categories."""
    if not sources.shop().facts.has_order_lines:
        return None
    frame = ui.query("category_cohorts")
    return frame if frame["category"].nunique() > 1 else None


def margin() -> worth.Margin:
    """The margin that is set: by the costs of the file, where it tells them; else one rate, and rates by category."""
    with st.popover(say("Set your margin"), icon=":material/percent:"):
        if sources.shop().facts.cost and ui.choose("What the goods cost", MARGINS, "margin_from") == "file":
            return worth.Margin(from_file=True)
        scope.note_unfit("margin", 0.0, 1.0)
        rate = st.slider(
            say("Margin"), 0.0, 1.0, 1.0, 0.01, format="percent", key="margin", bind="query-params", width=320,
            help=say("What is left of a sale once the goods are paid. 100 %: money is counted as revenue."),
        )  # fmt: skip
        split = mix()
        return worth.Margin(rate) if split is None else worth.Margin(rate, _category_rates(split))


def _category_rates(split: pd.DataFrame) -> dict[str, float]:
    sizes = split[split["category"] != ""].groupby("category")["revenue"].sum().nlargest(MOST_CATEGORIES)
    rates, places = {}, _places()
    st.caption(say("By product category: one without a rate of its own has the margin above."))
    for category in sizes.index:
        own = st.number_input(
            ui.plain(category), 0.0, 1.0, None, 0.01, key=f"margin_of_{places[str(category)]}", bind="query-params",
            placeholder=say("0.35 is 35 %"),
        )  # fmt: skip
        if own is not None:
            rates[str(category)] = float(own)
    return rates


def _places() -> dict[str, int]:
    """What stands for a category in the link, where no data of the shop belongs: its place in the alphabet of all.

    Of the whole shop: with a filter a link must not mean another category.
    """
    names = sorted(set(sources.query("category_cohorts", {})["category"]) - {""})
    return {name: place for place, name in enumerate(names, 1)}


def cells(set_margin: worth.Margin) -> pd.DataFrame:
    """One row per cohort and age, in margin, with forecasts: see worth.triangle; with is_left_truncated."""
    frame = ui.query("cohort_retention")
    earned = _cells_in_margin(frame, set_margin, ["cohort", "age"])
    coming = worth.forecast_in_margin(sources.derived("baseline", baseline).triangle, frame, earned)
    older = ui.older_cohorts("month")
    return worth.triangle(earned, coming).assign(is_left_truncated=lambda rows: rows["cohort"].isin(older))


def _split(set_margin: worth.Margin) -> pd.DataFrame | None:
    """The product categories of all revenue, where the margin asks for them."""
    return mix() if set_margin.by_category else None


def _cells_in_margin(frame: pd.DataFrame, set_margin: worth.Margin, by: list[str], **parameters: Any) -> pd.DataFrame:
    """Rows with the revenue of a group `by`, as margin. `parameters`: those with which they were asked for."""
    if set_margin.from_file:
        return worth.less_cost(frame, ui.query("margin_cells", **parameters), by)
    return worth.in_margin(frame, set_margin, _split(set_margin), by)


def note(set_margin: worth.Margin) -> str:
    """What the figures of the page count."""
    return answers.margin_note(set_margin, ui.query("known_costs").iloc[0] if set_margin.from_file else None)


def queries(set_margin: worth.Margin) -> dict[str, dict[str, Any]]:
    """The queries behind the page, for the box that shows them."""
    new = ui.truly_new()
    of_costs = {"known_costs": {}, "margin_cells": {}, "channel_margins": new}
    own = of_costs if set_margin.from_file else {"channel_worth": new}
    return {**own, "cohort_retention": {}, "channel_cohorts": new, "acquisition": {}}


def worth_of_channels(set_margin: worth.Margin, span_days: int = 365) -> pd.DataFrame:
    """Rows of channel_worth in margin, without customers from before the data."""
    if set_margin.from_file:
        return ui.query("channel_margins", span_days=span_days, **ui.truly_new())
    frame = ui.query("channel_worth", span_days=span_days, **ui.truly_new())
    return worth.in_margin(frame, set_margin, _split(set_margin), ["channel"])


def by_cohort(triangle: pd.DataFrame) -> list[str]:
    """Value per customer by age: a few cohorts as lines, all of them as a triangle; the cohorts picked."""
    ui.heading(say("What a customer brings, month by month"))
    with st.container(horizontal=True, gap="medium"):
        ages = int(ui.choose("Ages", {"12": "12", "24": "24", "36": "36"}, "ages"))
        names = {f"{day:%Y-%m-%d}": month(day) for day in triangle["cohort"].drop_duplicates()}
        spread = [f"{day:%Y-%m-%d}" for day in worth.spread_cohorts(triangle, COHORTS_BACK)]
        picked = ui.choose_several("Cohorts", names, "cohorts", default=spread, most=MOST_LINES)
    shown = triangle[triangle["age"] <= ages]
    mean = worth.value_by_age(shown[~shown["is_left_truncated"] & ~shown["is_forecast"]])
    chosen = shown[shown["cohort"].isin(pd.to_datetime(picked))]
    if chosen["is_complete"].any():
        ui.chart(
            charts.value_curves(chosen, mean, currency()),
            say("Value per customer by months since the first order, cohorts: {n}", n=len(picked)),
        )
        ui.caption(f"{answers.curve_signs(chosen)} {answers.small_cohorts(chosen)}".strip())
    rows = {*shown["cohort"].drop_duplicates().nlargest(MOST_ROWS), *chosen["cohort"]}  # each line has its row
    latest = shown[shown["cohort"].isin(rows)]
    ui.chart(charts.value_triangle(latest, currency()), say("Value per customer by cohort and age"))
    if signs := answers.triangle_signs(latest):
        ui.caption(signs)
    with st.expander(say("All figures"), icon=":material/table:"):
        ui.frame(charts.triangle_table(latest, currency()), hide_index=True, placeholder="")
        ui.download(say("All cells"), "value_by_cohort", lambda: triangle)
    return picked


def costs_and_payback(
    set_margin: worth.Margin, channels: pd.DataFrame, triangle: pd.DataFrame, picked: list[str]
) -> Costs:
    """What winning a customer costs and when it is paid back, by channel or month; the costs of one."""
    ui.heading(say("What a customer costs, and when that is paid back"))
    with st.container(horizontal=True, gap="medium"):
        by = ui.choose("By", GROUPS, "costs_by")
        scope.note_unfit("cost", 0.0, HIGHEST_COST)
        typed = st.number_input(
            say("A new customer costs"), 0.0, HIGHEST_COST, None, 1.0, key="cost", bind="query-params", width=220,
            placeholder=say("From the spend") if sources.shop().facts.has_spend else say("Type it in"),
            help=say("Type in what winning one customer costs, in the currency of the orders; it then holds for all."),
        )  # fmt: skip
    months = _spend()
    if typed is None and months.empty:
        ui.tell(say(NO_SPEND))
        return Costs(None, pd.Series(dtype=float))
    whole = worth.acquisition_costs(months, None).iloc[0] if typed is None else pd.Series({"cost": typed})
    mean = worth.value_by_age(triangle[~triangle["is_left_truncated"] & ~triangle["is_forecast"]])
    age = worth.payback(mean.set_index("age")["value_per_customer"], float(whole["cost"]))
    is_margin = set_margin != worth.Margin()
    ui.tell(answers.cost_answer(whole, worth.year_value(channels), age, currency(), is_margin))
    values, curves, costs = _groups(by, set_margin, channels, triangle, months)
    costs = costs if typed is None else pd.Series(typed, index=values[by])
    _draw_payback(values, curves, costs, by, [pd.Timestamp(day) for day in picked])
    table = worth.paid_back(values, curves, costs, by)
    if by == "channel":
        together = worth.all_channels(channels, mean, float(whole["cost"]), say("All channels"))
        table = pd.concat([table, worth.paid_back(*together, by)])
    rows = table if by == "channel" else table[::-1]
    ui.frame(_paid_table(rows, by, bool(set_margin.by_category)), hide_index=True)
    if typed is None:
        by_channel = worth.acquisition_costs(months)
        ui.tell(answers.unmatched_answer(by_channel, whole, currency()), answers.silent_answer(by_channel))
        return Costs(float(whole["cost"]), worth.cost_of(channels["channel"], by_channel))
    return Costs(typed, pd.Series(typed, index=channels["channel"]))


def _draw_payback(
    values: pd.DataFrame, curves: pd.DataFrame, costs: pd.Series, by: str, picked: list[pd.Timestamp]
) -> None:
    """The picture of worth.paid_by_age: the largest channels, or the cohorts that were picked above."""
    names = {group: _named(group, by) for group in values[by]}
    lines = picked if by == "cohort" else list(names)[:MOST_CHANNELS]
    drawn = worth.paid_by_age(curves[curves[by].isin(lines)], costs, by)
    if len(drawn):
        named = {group: names[group] for group in lines if group in set(drawn[by])}
        ui.chart(
            charts.left_after_cost(drawn, named, by, currency()),
            say("What a customer has brought less the cost of winning one, by months since the first order"),
        )
        signs = say("Above 0 the cost is paid back; a ring marks the first such month.")
        ui.caption(signs + (" " + say("The months are those chosen above.") if by == "cohort" else ""))


def _spend() -> pd.DataFrame:
    """The months and channels of the spend that count for the customers of the scope; see worth.spend_in.

    The whole shop is asked: spend knows months and channels, but no country, category or coupon.
    """
    chosen = {**scope.chosen(), **ui.truly_new()}  # months of customers from before the data won fewer than they show
    return worth.spend_in(
        sources.query("acquisition", {}), chosen.get("since"), chosen.get("until"), chosen.get("channel")
    )


def _groups(
    by: str, set_margin: worth.Margin, channels: pd.DataFrame, triangle: pd.DataFrame, months: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Per channel, or per month of the first order: rows for worth.paid_back, value by age, cost of winning one."""
    if by == "channel":
        frame = ui.query("channel_cohorts", **ui.truly_new())
        earned = _cells_in_margin(frame, set_margin, ["channel", "cohort", "age"], **ui.truly_new())
        costs = worth.cost_of(channels["channel"], worth.acquisition_costs(months))
        return channels, worth.value_by_age(earned, ["channel"]), costs
    to_date = ui.query("cohort_margins" if set_margin.from_file else "cohort_worth")
    to_date = to_date.rename(columns={"cohort_customers": "customers", "revenue_squares": "squares"})
    to_date = worth.in_margin(to_date, set_margin, _split(set_margin), ["cohort"])
    values = to_date.assign(
        year_customers=to_date["customers"], year_revenue=to_date["revenue"], year_squares=to_date["squares"]
    )
    seen = triangle[triangle["is_complete"] & ~triangle["is_forecast"]]
    return values, seen, worth.acquisition_costs(months, "month").set_index("month")["cost"]


def _named(group: Any, by: str) -> str:
    """A channel or a month of first orders as people call it."""
    return month(group) if by == "cohort" else str(group) or say("not known")


def _spans(rows: pd.DataFrame, words: Callable[[float], Written]) -> list[Written]:
    return [written.between(words(low), words(high)) for low, high in zip(rows["low"], rows["high"], strict=True)]


def _paid_table(paid: pd.DataFrame, by: str, is_rough: bool) -> pd.DataFrame:
    """The rows of worth.paid_back as written numbers; what is not paid back yet says so, and is sorted last.

    A phone shows the first three columns or four: what the heading asks for comes first.
    """
    digits = answers.table_digits([*paid["value"], *paid["first_value"], *paid["cost"]])
    words = partial(written.money, currency=currency(), digits=digits)
    value = say("First year") if by == "channel" else say("To date")
    return pd.DataFrame(
        {
            (say("Channel") if by == "channel" else say("First order")): [
                written.month(group) if by == "cohort" else _named(group, by) for group in paid[by]
            ],
            say("Cost of one"): [words(cost) for cost in paid["cost"]],
            say("Paid back"): [
                _paid_back(age) if cost == cost else Written(nan, NOT_KNOWN)
                for age, cost in zip(paid["payback_age"], paid["cost"], strict=True)
            ],
            say("Times the cost"): [written.money(times, None, 1) for times in paid["times"]],
            value: [words(brought) for brought in paid["value"]],
            answers.how_sure(is_rough).capitalize(): _spans(paid, words),
            say("First order brings"): [words(first) for first in paid["first_value"]],
            say("Customers won"): [written.number(customers) for customers in paid["customers"]],
        }
    )


def _paid_back(age: float) -> Written:
    return Written(inf if age != age else age, answers.age_in_words(age))


def allowance(set_margin: worth.Margin, costs: Costs) -> None:
    """What one may pay for a new customer, of all and by channel, fed by what this shop's customers bring."""
    ui.heading(say("What you can pay for a customer"))
    with st.container(horizontal=True, gap="medium"):
        back = ui.choose("To be paid back", PAYBACKS, "back", default="365")
        scope.note_unfit("share", 0.0, 1.0)
        share = st.slider(
            say("Part of it to spend"), 0.0, 1.0, 0.5, 0.05, format="percent", key="share", bind="query-params",
            width=320, help=say("The part of what a customer brings by then that may go into winning one."),
        )  # fmt: skip
    channels = worth_of_channels(set_margin, int(back) or 365)
    brought = worth.year_value(channels) if int(back) else worth.first_order_value(channels)
    is_margin = set_margin != worth.Margin()
    ui.tell(answers.allowable_answer(brought, int(back), share, costs.all, currency(), is_margin))
    if len(channels) > 1 and brought.value is not None:
        rows = worth.allowances(channels, costs.by_channel, share, is_first_order=not int(back))
        ui.frame(_allowances_table(rows, is_margin, bool(set_margin.by_category)), hide_index=True)
    with st.expander(say("An example: 30 to win a customer, 35 on the first order"), icon=":material/lightbulb:"):
        # Not through `ui`: a report would print the invented figures as if they were the shop's.
        st.markdown("\n".join(f"- {ui.plain(sentence)}" for sentence in answers.worked_example(currency())))


def _allowances_table(rows: pd.DataFrame, is_margin: bool, is_rough: bool) -> pd.DataFrame:
    """The rows of worth.allowances. Without a margin nothing is said of how far one is from what it costs."""
    words = partial(written.money, currency=currency(), digits=2)
    table = {
        say("Channel"): [_named(channel, "channel") for channel in rows["channel"]],
        (say("Pay up to") if is_margin else say("Pay up to, of revenue")): [words(most) for most in rows["allowed"]],
        say("One costs now"): [words(cost) for cost in rows["cost"]],
        (say("One brings") if is_margin else say("One brings, revenue")): [words(value) for value in rows["value"]],
        answers.how_sure(is_rough).capitalize(): _spans(rows, words),
    }
    return pd.DataFrame(table)


def who_brings(set_margin: worth.Margin) -> None:
    """How customers differ in what they bring: a histogram, and what the best bring."""
    ui.heading(say("Who brings the money"))
    ui.tell(answers.concentration_answer(ui.metric("concentration_top_10"), ui.metric("concentration_top_20")))
    ui.chart(
        charts.distribution(ui.query("value_distribution"), currency()),
        say("Share of customers and of revenue, by what a customer has brought to date"),
    )
    if set_margin != worth.Margin():
        ui.caption(say("This is revenue, whatever the margin."))


def four_values(set_margin: worth.Margin, channels: pd.DataFrame) -> None:
    """What was seen, what the model expects and what the simple formula says, and why they differ."""
    ui.heading(say("One customer, four values"))
    if set_margin.from_file:
        rate = worth.rate_of_costs(ui.query("margin_cells"))
    else:
        rate = worth.rate_of_all(set_margin, _split(set_margin))
    simple = worth.scaled(ui.metric("customer_value_simple"), rate)
    year, first = worth.year_value(channels), worth.first_order_value(channels)
    ui.tell(ways.simple_answer(simple, currency()))
    is_rough = bool(set_margin.by_category)
    rows = ways.four_values(simple, model_parts.made(), year, first, rate, currency(), is_rough)
    named = [(f"**{ui.plain(name)}.** {ui.plain(why)}", ui.plain(value)) for name, why, value in rows]
    columns = [say("Which, and what it says"), say("Value")]
    ui.table(pd.DataFrame(named, columns=columns))
