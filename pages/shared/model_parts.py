"""Parts of pages that show what the models say: who is still a customer, what customers are worth, how good it is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pages.shared import customer_lists, sources, ui
from retention_core import forecasts, written
from retention_core.answers import forecasts as answers
from retention_core.charts import forecasts as charts
from retention_core.forecasts import AtStake, Forecasts
from retention_core.lifecycle import Limits
from retention_core.say import number, percent, say
from retention_core.written import Written

SILENCES = (30, 90, 180, 360)  # days of the table of typical customers
SEASON = 90
# Of the file; more digits would only look exact.
DIGITS = {
    "will_order": 3,
    "revenue": 2,
    "expected_orders": 2,
    "expected_value": 2,
    "at_risk": 2,
    "from_day": 0,
    "to_day": 0,
}
SHOWN = 100  # customers of the list that are drawn; the file has all that are listed
WITH_MODEL = (
    "Lines: by the model. Points: customers as they were a year ago, and the share of them that really ordered since, "
    "with its 95 % interval."
)
WITHOUT_MODEL = (
    "Customers as they were a year ago, and the share of them that really ordered since, with its 95 % interval. They "
    "are counted: a good or a bad year is in them."
)
HELD = (
    "In its 80 % band: so much of what came, by groups of customers and by months, lay in the model's own band. The "
    "band drawn above includes past errors: {drawn} lay in that."
)
NOTES = (
    "Will order within a year: chance of at least one order in the next 365 days. In the model a customer orders at a "
    "pace of their own and stops for good at some point, which nobody sees; one with a single order may have gone too.",
    "At stake: what the next year would bring if the customer were surely still there, less what is expected.",
    "Open: the chance to be still there is between 10 and 80 %. Where no model can be used, a customer's expected "
    "orders are set beside those of customers with as many orders who had ordered lately; where too few of these were "
    "there, or none came back, nothing is told.",
    "Expected: orders × amount of an order in the next year. The amount is the customer's own mean, pulled to the mean "
    "of all the more, the fewer orders it rests on (Gamma-Gamma). Before costs, not discounted.",
    "80 % sure: chance, the doubt about the model, and how far forecasts miss: an error usual in shops (about 6 % of a "
    "year where two years were seen, more with less), made larger or smaller by how far forecasts on earlier days of "
    "this shop missed.",
    "Models: BG/NBD (Fader, Hardie and Lee 2005), MBG/NBD (Batislam, Denizel and Filiztekin 2007), Pareto/NBD "
    "(Schmittlein, Morrison and Colombo 1987). The one with the least error on hidden months is shown; within five "
    "points of each other the MBG/NBD, because it lets one-time buyers go.",
)


def made() -> Forecasts:
    """The forecasts of the chosen customers: fitted once per data set and scope, whatever is set on the page."""
    return sources.derived("forecasts", forecasts.of_shop)


def _at_stake(fitted: Forecasts) -> AtStake:
    return sources.derived("at_stake", lambda shop, **scope: forecasts.at_stake(shop, fitted, **scope))


def who_is_still_a_customer(limits: Limits, is_own: bool) -> None:
    """Who will order again, by silence and number of orders, who is at risk and worth it, and how good this is.

    `limits`: from when on a customer counts as lapsed on this page; `is_own`: they are the shop's own waits.
    """
    fitted = made()
    ui.heading(say("Who is still a customer"))
    if not fitted.is_usable:
        ui.tell(answers.no_model_answer(fitted))
    if fitted.can_judge:
        _typical_customers(fitted)
        stake = _at_stake(fitted)
        _worth_a_letter(fitted, stake)
        ui.tell(answers.lapsed_and_gone_answer(stake.silences, limits, is_own, fitted.is_usable))
    if fitted.checks:
        _how_good(fitted)


def _typical_customers(fitted: Forecasts) -> None:
    typical = forecasts.typical(fitted)
    counted = fitted.observed.cells() if fitted.observed else pd.DataFrame(columns=charts.COUNTED)
    ui.tell(*_one_time_buyers(fitted, typical))
    picture = charts.will_order(typical, counted)
    ui.chart(picture, say("Chance of an order within a year by days since the last order and number of orders"))
    if fitted.observed is None:
        ui.caption(say("Lines: by the model. The history is too short to count beside them what a year brought."))
    else:
        ui.caption(say(WITH_MODEL if fitted.is_usable else WITHOUT_MODEL))
    if len(typical):
        ui.table(_of_a_hundred(typical), has_index=True)


def _one_time_buyers(fitted: Forecasts, typical: pd.DataFrame) -> list[str]:
    """A sentence on those who bought a season ago, and one on those of the usual silence, in round days."""
    chances = typical[typical["orders"].eq(1)].set_index("silence")["will_order"]
    if chances.empty:
        return []
    days = {min(day, chances.index.max()) for day in (SEASON, 10 * round(_usual_silence(fitted) / 10))}
    return [answers.typical_answer(1, day, chances[day]) for day in sorted(days)]


def _usual_silence(fitted: Forecasts) -> float:
    """Days since the only order of the middle one-time buyer."""
    once = fitted.histories[fitted.histories["repeat_orders"].eq(0)].sort_values("age")
    half = once["customers"].cumsum().searchsorted(once["customers"].sum() / 2)
    return float(once["age"].iloc[half])


def _of_a_hundred(typical: pd.DataFrame) -> pd.DataFrame:
    """One row per number of orders, one column per silence: of 100 such customers, so many order within a year."""
    near = typical[typical["silence"].isin(SILENCES)]
    table = near.pivot(index="orders", columns="silence", values="will_order")
    table = table.map(lambda share: percent(share))
    table.index = pd.Index([say(answers.ORDERS[int(n)]) for n in table.index], name=say("Silent for"))
    return table.rename(columns=lambda days: say("{n} days", n=number(days))).rename_axis(columns=None)


def _worth_a_letter(fitted: Forecasts, stake: AtStake) -> None:
    """The customers in doubt with most at stake: the sum, where it lies, and the list to take along."""
    currency = sources.shop().facts.currency
    ui.heading(say("Who is worth winning back"))
    sentence = answers.stake_answer(
        stake.groups, currency, fitted.tells_money, fitted.is_usable, stake.listed, stake.left_out.is_known
    )
    ui.tell(sentence)
    if not stake.in_doubt:
        return
    picture = charts.at_stake(stake.groups, currency if fitted.tells_money else None, fitted.tells_money)
    ui.chart(picture, say("What is at stake, by number of orders. {text}", text=sentence))
    _letter_list(fitted, stake)


def _letter_list(fitted: Forecasts, stake: AtStake) -> None:
    """Who of the customers in doubt may be written to: the first of them to look at, and the file."""
    listed = stake.listed
    customer_lists.tell_left_out(stake.left_out, stake.in_doubt)
    if listed.empty:
        return
    customer_lists.show(_listed(listed.head(SHOWN), fitted), sources.shop().loaded.has_pseudonyms)
    if stake.in_doubt > len(listed):
        n, everyone = number(len(listed)), number(stake.in_doubt)
        ui.caption(say("In the file: {n} of the {all} who are open, most at stake first.", n=n, all=everyone))
    ui.caption(
        say(
            "At stake: what the next year would bring beyond what is expected, if the customer were still there. It is "
            "what could be lost, not what a letter wins back. Chance: of an order within a year; next order: the "
            "middle half of days, if there is one."
        )
    )
    currency = sources.shop().facts.currency
    ui.download(say("Customers worth winning back"), "customers_at_stake", lambda: _taken_along(listed, currency))


def _listed(rows: pd.DataFrame, fitted: Forecasts) -> pd.DataFrame:
    """The list as people read it: first what it is sorted by, since a phone shows three or four columns."""
    currency = sources.shop().facts.currency

    def amounts(name: str) -> list[Written]:
        return [written.money(value, currency, 0) for value in rows[name]]

    columns: dict[str, Any] = {say("Customer"): rows["customer_id"]}
    if fitted.tells_money:
        columns[say("At stake")] = amounts("at_risk")
    columns[say("Chance within a year")] = [written.percent(share) for share in rows["will_order"]]
    if fitted.tells_money:
        columns |= {say("Expected"): amounts("expected_value"), say("Revenue"): amounts("revenue")}
    columns |= {say("Orders"): rows["orders"], say("Last order, days ago"): rows["days_since_last_order"]}
    if fitted.is_usable:
        columns[say("Next order, days from now")] = [
            written.between(written.number(low), written.number(high))
            for low, high in zip(rows["from_day"], rows["to_day"], strict=True)
        ]
    return pd.DataFrame(columns)


def _taken_along(listed: pd.DataFrame, currency: str | None) -> pd.DataFrame:
    """The list as a file: figures under the names of the page. What is known of nobody has no column."""
    named = {
        "customer_id": say("Customer"),
        "will_order": say("Chance within a year (0 to 1)"),
        "orders": say("Orders"),
        "days_since_last_order": say("Last order, days ago"),
        "revenue": customer_lists.in_money("Revenue", currency),
        "expected_orders": say("Expected orders"),
        "expected_value": customer_lists.in_money("Expected", currency),
        "at_risk": customer_lists.in_money("At stake", currency),
        "from_day": say("Next order, days from now: from"),
        "to_day": say("Next order, days from now: to"),
        "consent": say("Agreed to letters"),
    }
    known = listed[[name for name in named if name in listed]].dropna(axis="columns", how="all").round(DIGITS)
    if "consent" in known:
        known = known.assign(consent=customer_lists.agreed(known["consent"]))
    days = {name: "Int64" for name in ("from_day", "to_day") if name in known}
    return known.astype(days).rename(columns=named)


def _how_good(fitted: Forecasts) -> None:
    """The forecasts of hidden months beside what came, for the shown forecaster and for all."""
    ui.heading(say("How good these forecasts are"))
    check = fitted.checks[-1]
    sentence = answers.check_answer(check, fitted.shown)
    ui.tell(sentence)
    shown = fitted.shown_with_errors(check)
    picture = charts.tracking(shown.periods, check.observed_until)
    ui.chart(picture, say("Hidden months: expected and what came. {text}", text=sentence))
    ui.caption(say("Dashed: expected, with its 80 % band. Points: what came; a triangle lies outside the band."))
    ui.tell(answers.band_answer(shown, check.of(fitted.shown)))
    ui.table(_models(fitted))
    ui.caption(say(HELD, drawn=percent(shown.coverage)))
    if fitted.caveats:
        ui.tell(*(say(caveat) for caveat in fitted.caveats))


def _models(fitted: Forecasts) -> pd.DataFrame:
    """One row per model: its error in each check, how often its own intervals held, and whether it can be used."""
    rows = []
    for test in fitted.checks[-1].tests:
        errors = {
            say("{n} days hidden", n=number(check.horizon)): answers.error_in_words(check.of(test.model).error_share)
            for check in fitted.checks
        }
        shown = {say("Model"): answers.MODEL_NAMES[test.model], **errors}
        shown[say("In its 80 % band")] = percent(test.coverage)
        shown[say("Here")] = answers.use_of(fitted, test.model)
        rows.append(shown)
    return pd.DataFrame(rows)
