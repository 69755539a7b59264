"""What the pages draw where the data set is a list of contracts: Churn, Value, the ledger, and the way there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

import retention_core as rc
from pages.shared import contract_tables, customer_lists, scope, sources, ui
from pages.shared.sources import Upload
from retention_core import letters
from retention_core.answers import contracts as answers
from retention_core.charts import contracts as charts
from retention_core.contracts import check, keeping, worth
from retention_core.contracts.keeping import Kept
from retention_core.contracts.record import Contracts
from retention_core.orders.layouts import BY_KEY
from retention_core.orders.load import Inspected, OrdersError
from retention_core.say import say

FILES = {"ever": "everybody who ever began", "month": "who ran in one last month"}
HORIZONS = {"12": "12 months", "24": "24 months", "36": "36 months", "60": "60 months"}
FIELD_WORDS = {
    "months_kept": "Months kept",
    "churned": "Ended or not",
    "started_on": "Day of the start",
    "ended_on": "Day of the end",
    "monthly_amount": "Amount of a month",
    "consent": "Agreed to letters",
}
CHOSEN = {"customer_id": "Customer: whose contract", **FIELD_WORDS}
KEEPING_NOTES = (
    "Kept after t months (Kaplan-Meier): at each month the share that stays of those who came up for renewal, "
    "multiplied over the months. A contract that still runs counts for as long as it was watched and no longer.",
    "A contract counts the renewals that it made; a lost one ended at the renewal that it did not make. Contracts "
    "younger than a month are left out: they have not come up for renewal.",
    "The dashed line is the shifted beta-geometric model (Fader and Hardie 2007): each contract is renewed with a "
    "chance of its own, so those that are left grow more loyal. Contracts that renew at different times are fitted "
    "apart.",
    "In an average month so many end: all ends divided by all months that contracts were watched. In a file of one "
    "month, where every contract was watched in that month only, it is all ends divided by all contracts, which is far "
    "more: the two are the same rule on two kinds of file, so the page asks which kind yours is.",
    "In a file of one month the share that ends at each age is counted from the contracts of that age, and the curve "
    "multiplies these shares up to the last age without a gap (period life table).",
)
WORTH_NOTES = (
    "In its first months: the amount of a month, on average over the group, × the months a new contract is paid for, "
    "which is the area under the counted curve × the margin. Not discounted. The range holds chance in both, "
    "in the amount and in the months; it takes the two as unrelated within a group.",
    "To its end: the same to the last renewal by the model, each renewal discounted (DERL, Fader and Hardie 2010). The "
    "range holds chance in the model's two parameters and in the amount: that the future may differ from the past is "
    "not in it. Only where the model stays within 5 of 100 of the counted curve.",
    "Still to come: margin × amount × discounted renewals to come, added over the running contracts, the next renewal "
    "counted in full. What was paid before is not in it. Where it is counted: amount × the months of the coming ones "
    "that a contract of that age is kept for, by the counted curve, not discounted.",
)


def churn_or_none() -> bool:
    """Draws the Churn page of a list of contracts; False, and nothing drawn, where the data set is orders."""
    contracts = sources.contracts()
    if contracts is None:
        return False
    head = st.container()
    is_one_month = _ask_kind(contracts)
    every = _kept(None)
    with head:
        ui.answer(say("Churn"), answers.kept_answer(every[0], contracts))
        ui.tell(answers.monthly_loss(every[0]))
    groups = _groups(contracts)
    curves = keeping.curves(groups, until=max(group.longest for group in groups))
    ui.chart(charts.kept_curves(_named(curves)), say("Share of contracts still kept, by month since they began"))
    ui.caption(say("Lines: counted, with the range that is 95 % sure. Dashed: the model, where it can be fitted."))
    ui.caption(contract_tables.how_watched(contracts, is_one_month))
    ui.table(contract_tables.kept(groups))
    contract_tables.tell_models(groups)
    _checked(contracts)
    contract_tables.renewals(groups)
    ui.download(say("Kept by month"), "contracts_kept", lambda: curves)
    ui.explain((), {}, KEEPING_NOTES)
    return True


def value_or_none() -> bool:
    """Draws the Value page of a list of contracts; False, and nothing drawn, where the data set is orders."""
    contracts = sources.contracts()
    if contracts is None:
        return False
    if not contracts.has_amount:
        ui.answer(say("Value"), say("The file tells no monthly amount, so nothing is said about money."))
        ui.link("pages/measure/churn.py", say("How long contracts are kept"))
        return True
    head = st.container()
    is_one_month = _ask_kind(contracts)
    horizon, terms = _settings()
    every = _kept(None)[0]
    groups = _groups(contracts)
    with head:
        span = worth.value_within(every, horizon, terms)
        ui.answer(say("Value"), answers.value_answer(span, horizon, contracts.currency))
        if not contracts.currency:
            ui.caption(say("Amounts are in the file's currency; the file does not name it."))
    title = say("Margin of a new contract") if terms.margin < 1 else say("Brought by a new contract")
    value = worth.cumulative(groups, horizon, terms)
    if value["value"].notna().any():
        ui.chart(charts.value_curves(_named(value), title), say("{title}, by month", title=title))
    asked = {"horizon": horizon, "margin": terms.margin, "discount": terms.discount, "by": _by(contracts)}
    asked["is_one_month"] = is_one_month
    table = sources.of_contracts("contract_worth", _worth, **asked)
    ui.table(contract_tables.worth(table, groups, horizon, contracts.currency))
    if said := answers.counted_instead(groups, horizon):
        ui.caption(said)
    contract_tables.tell_models(groups)
    ui.caption(contract_tables.how_watched(contracts, is_one_month))
    _list_of_contracts(contracts, groups, horizon, terms)
    ui.explain((), {}, WORTH_NOTES)
    return True


def say_orders_needed(title: str) -> None:
    """In place of a page that counts orders."""
    st.title(title, anchor=False)
    st.header(
        say("This page counts orders; the open file is a list of contracts. Its answers stand under Churn and Value."),
        anchor=False,
    )
    links()


def links() -> None:
    """The ways to what a list of contracts can answer."""
    with st.container(horizontal=True):
        ui.link("pages/measure/churn.py", say("Churn"))
        ui.link("pages/measure/value.py", say("Value"))


def offer(draft: Upload, found: Sequence[Inspected] = ()) -> None:
    """For contracts under headers that are not known: which column is what. Changes the draft."""
    known = {BY_KEY[table.layout].kind for table in found if table.layout in BY_KEY}
    if known:  # the headers say for certain what the file is
        return
    with st.expander(say("Is it a list of contracts or subscriptions?"), icon=":material/contract:"):
        try:
            columns = found[0].part.columns if found else sources.columns_of(draft)
        except OrdersError:
            return
        with st.form(f"{draft.key[:12]}_contracts", border=False):
            st.caption(
                say(
                    "Say whose contract it is, and either the months kept with whether it ended, or the days of start "
                    "and end. A contract without an end is taken as running."
                )
            )
            told = {field: _column(words, columns) for field, words in CHOSEN.items()}
            if st.form_submit_button(say("Read the file as contracts"), icon=":material/contract:"):
                mapping = {field: column for field, column in told.items() if column}
                layout = "contract_days" if "started_on" in mapping else "contract_months"
                answers_now = replace(draft.answers, layout=layout, mapping=mapping)
                st.session_state["draft"] = replace(draft, answers=answers_now)
                st.rerun()


def _column(words: str, columns: Sequence[str]) -> str | None:
    return st.selectbox(say(words), columns, index=None, placeholder=say("not in this file"))


def _ask_kind(contracts: Contracts) -> bool:
    """Whether a snapshot holds the ends of one month only, which its owner knows and the file does not tell."""
    if contracts.is_snapshot:
        ui.choose("The file lists", FILES, "contract_file", help=(
            "Everybody: who ended years ago is in it too. One last month: who ran when that month began, and of them "
            "who ended in it. The figures differ a lot."
        ))  # fmt: skip
    return _is_one_month(contracts)


def _is_one_month(contracts: Contracts) -> bool:
    return contracts.is_snapshot and st.session_state.get("contract_file") == "month"


def _kept(by: str | None) -> tuple[Kept, ...]:
    contracts = sources.contracts()
    is_one_month = contracts is not None and _is_one_month(contracts)
    return sources.of_contracts("kept", keeping.kept, by=by, is_one_month=is_one_month)


def _groups(contracts: Contracts) -> tuple[Kept, ...]:
    return _kept(_choose_by(contracts))


def _choose_by(contracts: Contracts) -> str | None:
    """The column whose values are compared; their names are the file's, so `say` gets none of them."""
    names = [str(name) for name in contracts.groups]
    if not names:
        return None
    options = [contracts.terms, *(name for name in names if name != contracts.terms)] if contracts.terms else names
    everything = say("All contracts together")
    scope.note_unknown("contracts_by", [*options, everything])
    st.selectbox(
        say("Compare by"), [*options, everything], index=0 if contracts.terms else len(options),
        key="contracts_by", bind="query-params",
    )  # fmt: skip
    return _by(contracts)


def _by(contracts: Contracts) -> str | None:
    chosen = st.session_state.get("contracts_by")
    return chosen if chosen in contracts.groups else None


def _settings() -> tuple[int, worth.Terms]:
    with st.container(horizontal=True, gap="medium"):
        horizon = int(ui.choose("First", HORIZONS, "contract_months", default="24"))
        scope.note_unfit("contract_margin", 1, 100)
        margin = st.number_input(
            say("Margin, %"), 1, 100, 100, key="contract_margin", bind="query-params", width=130,
            help=say("What stays of a payment after the cost of what was delivered."),
        )  # fmt: skip
        scope.note_unfit("contract_discount", 1, 50)
        discount = st.number_input(
            say("Money of next year is worth less by, %"), 1, 50, 10, key="contract_discount", bind="query-params",
            width=290,
            help=say("What 100 in a year are worth less than 100 today. Used where money is forecast to the end."),
        )  # fmt: skip
    return horizon, worth.Terms(margin / 100, discount / 100)


def _worth(
    contracts: rc.Contracts, horizon: int, margin: float, discount: float, by: str | None, is_one_month: bool
) -> pd.DataFrame:
    return worth.table(keeping.kept(contracts, by, is_one_month), horizon, worth.Terms(margin, discount))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(name=frame["name"].map(contract_tables.called))


def _checked(contracts: Contracts) -> None:
    """How well the models would have foretold the last months."""
    ui.heading(say("Would the model have known?"))
    if contracts.is_snapshot:
        ui.tell(say("A snapshot names no days, so no month can be hidden and forecast: the model is not checked."))
        return
    found = sources.of_contracts("contracts_checked", check.hide_and_forecast, by=_by(contracts))
    said = answers.checked(found)
    ui.tell(*said or [say("Too little happened before the last months to forecast them from.")])


def _list_of_contracts(contracts: Contracts, groups: tuple[Kept, ...], horizon: int, terms: worth.Terms) -> None:
    """The contracts of customers who may be written to, to take along."""
    listed, left_out = letters.writable(contracts.rows, contracts.tells_consent)
    customer_lists.tell_left_out(left_out, contracts.rows["customer"].nunique())
    if listed.empty:
        return
    customer_lists.tell_names(contracts.has_pseudonyms)
    may_be_listed = contracts.rows.index.isin(listed.index)
    ui.download(
        say("Value of each contract"),
        "contract_values",
        lambda: _each(contracts, may_be_listed, groups, horizon, terms),
    )


def _each(
    contracts: Contracts,
    may_be_listed: npt.NDArray[np.bool_],
    groups: tuple[Kept, ...],
    horizon: int,
    terms: worth.Terms,
) -> pd.DataFrame:
    """One row per listed contract of the groups shown, named as people read it.

    Who, months, whether it ended, the amount of a month, its group, and what is to come with how that is known.
    """
    by = _by(contracts)
    frames = []
    for group in groups:
        which = contracts.groups[by].eq(group.name) if by else pd.Series(True, contracts.rows.index)
        rows = contracts.rows.loc[which, ["customer", "months", "is_lost", "amount"]].reset_index(drop=True)
        rows = rows.assign(contracts=contract_tables.called(group.name)).join(
            worth.each_contract(group, horizon, terms)
        )
        frames.append(rows[may_be_listed[which]])
    return _as_read(pd.concat(frames, ignore_index=True), contracts.currency)


def _as_read(rows: pd.DataFrame, currency: str | None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            say("Customer"): rows["customer"],
            say("Contracts"): rows["contracts"],
            say("Months kept"): rows["months"],
            say("Ended"): rows["is_lost"].map({True: say("yes"), False: say("no")}),
            customer_lists.in_money("Amount of a month", currency): rows["amount"].round(2),
            say("Months to come"): rows["months_to_come"].round(1),
            customer_lists.in_money("Still to come", currency): rows["value_to_come"].round(2),
            say("How it is known"): rows["is_counted"].map({True: say("counted"), False: say("by the model")}),
        }
    )
