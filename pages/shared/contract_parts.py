"""What the pages draw where the data set is a list of contracts: Churn, Value, the ledger, and the way there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import retention_core as rc
from pages.shared import sources, ui
from retention_core.answers import contracts as answers
from retention_core.charts import contracts as charts
from retention_core.contracts import keeping, worth
from retention_core.contracts.keeping import Kept
from retention_core.contracts.record import Contracts
from retention_core.say import between, day, money, number, percent, say

HORIZONS = {"12": "12 months", "24": "24 months", "36": "36 months", "60": "60 months"}
FIELD_WORDS = {
    "months_kept": "Months kept",
    "churned": "Ended or not",
    "started_on": "Day of the start",
    "ended_on": "Day of the end",
    "monthly_amount": "Amount of a month",
}
KEEPING_NOTES = (
    "Kept after t months (Kaplan-Meier): at each month the share that stays of those who came up for renewal, "
    "multiplied over the months. A contract that still runs counts for as long as it was watched and no longer.",
    "A contract counts the renewals that it made; a lost one ended at the renewal that it did not make. Contracts "
    "younger than a month are left out: they have not come up for renewal.",
    "The dashed line is the shifted beta-geometric model (Fader and Hardie 2007): each contract is renewed with a "
    "chance of its own, so those that are left grow more loyal. Contracts that renew at different times are fitted "
    "apart.",
    "In an average month so many end: all ends divided by all months that contracts were watched.",
)
WORTH_NOTES = (
    "In its first months: the amount of a month, on average over the group, × the months a new contract is paid for, "
    "which is the area under the counted curve × the margin. Not discounted. It takes the amount and how long a "
    "contract is kept as unrelated within a group.",
    "To its end: the same to the last renewal by the model, each renewal discounted (DERL, Fader and Hardie 2010). The "
    "interval is that of the model's two parameters only: that the future may differ from the past is not in it.",
    "Still to come: margin × amount × discounted renewals to come, added over the running contracts, the next renewal "
    "counted in full. What was paid before is not in it.",
)


def churn_or_none() -> bool:
    """Draws the Churn page of a list of contracts; False, and nothing drawn, where the data set is orders."""
    contracts = sources.contracts()
    if contracts is None:
        return False
    every = sources.of_contracts("kept", keeping.kept, by=None)[0]
    ui.answer(say("Churn"), answers.kept_answer(every, contracts))
    ui.tell(answers.monthly_loss(every, contracts))
    groups = _groups(contracts)
    curves = keeping.curves(groups, until=max(group.longest for group in groups))
    ui.chart(charts.kept_curves(_named(curves)), say("Share of contracts still kept, by month since they began"))
    st.caption(say("Lines: counted, with the range that is 95 % sure. Dashed: the model, where it can be fitted."))
    st.caption(ui.plain(_how_watched(contracts)))
    st.table(_kept_table(groups), hide_index=True, border="horizontal")
    _renewals(groups)
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
    horizon, terms = _settings()
    every = sources.of_contracts("kept", keeping.kept, by=None)[0]
    groups = _groups(contracts)
    with head:
        span = worth.value_within(every, horizon, terms)
        ui.answer(say("Value"), answers.value_answer(span, horizon, contracts.currency))
    title = say("Margin of a new contract") if terms.margin < 1 else say("Brought by a new contract")
    value = worth.cumulative(groups, horizon, terms)
    if value["value"].notna().any():
        ui.chart(charts.value_curves(_named(value), title), say("{title}, by month", title=title))
    asked = {"horizon": horizon, "margin": terms.margin, "discount": terms.discount, "by": _by(contracts)}
    table = sources.of_contracts("contract_worth", _worth, **asked)
    st.table(_worth_table(table, horizon, contracts.currency), hide_index=True, border="horizontal")
    ui.tell(*(f"{_name(group.name)}: {answers.model_sentence(group)}." for group in groups))
    st.caption(ui.plain(_how_watched(contracts)))
    ui.download(say("Value of each contract"), "contract_values", lambda: _each(contracts, groups, terms))
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


def ledger(contracts: Contracts) -> None:
    """Every line of the files by what became of it, and how the file was read."""
    frame = contracts.ledger
    lines = int(frame.loc[frame["outcome"].ne("note"), "rows"].sum())
    of = sum(part.physical_lines for part in contracts.parts)
    if lines == of:
        st.success(say("Every line is accounted for: {n} lines of the files.", n=number(of)), icon=":material/check:")
    else:
        st.error(say("This does not add up: {n} of {of} lines. Please report it.", n=number(lines), of=number(of)))
    table = pd.DataFrame(
        {
            say("What"): frame["rule"].map(answers.rule_words),
            say("Lines"): frame["rows"],
            say("Outcome"): frame["outcome"].map(lambda outcome: say(str(outcome).capitalize())),
            say("Lines such as"): frame["examples"].map(lambda lines: ", ".join(number(line) for line in lines)),
            say("File"): frame["file"],
        }
    )
    st.dataframe(table, hide_index=True, alt=say("The ledger: one row for each file and rule"))
    ui.download(say("The ledger"), "ledger", lambda: table)
    st.caption(ui.plain(f"{contracts.title}. {_how_watched(contracts)}"))


def _groups(contracts: Contracts) -> tuple[Kept, ...]:
    return sources.of_contracts("kept", keeping.kept, by=_choose_by(contracts))


def _choose_by(contracts: Contracts) -> str | None:
    """The column whose values are compared; their names are the file's, so `say` gets none of them."""
    names = [str(name) for name in contracts.groups]
    if not names:
        return None
    options = [contracts.terms, *(name for name in names if name != contracts.terms)] if contracts.terms else names
    everything = say("All contracts together")
    st.selectbox(
        say("Compare by"), [*options, everything], index=0 if contracts.terms else len(options),
        key="contracts_by", bind="query-params", required=True,
    )  # fmt: skip
    return _by(contracts)


def _by(contracts: Contracts) -> str | None:
    chosen = st.session_state.get("contracts_by")
    return chosen if chosen in contracts.groups else None


def _settings() -> tuple[int, worth.Terms]:
    with st.container(horizontal=True, gap="medium"):
        horizon = int(ui.choose("First", HORIZONS, "contract_months", default="24"))
        margin = st.number_input(
            say("Margin, %"), 1, 100, 100, key="contract_margin", bind="query-params", width=130,
            help=say("What stays of a payment after the cost of what was delivered."),
        )  # fmt: skip
        discount = st.number_input(
            say("Discount a year, %"), 1, 50, 10, key="contract_discount", bind="query-params", width=160,
            help=say("Money of next year is worth so much less than money of today. Used to the end of a contract."),
        )  # fmt: skip
    return horizon, worth.Terms(margin / 100, discount / 100)


def _worth(contracts: rc.Contracts, horizon: int, margin: float, discount: float, by: str | None) -> pd.DataFrame:
    return worth.table(keeping.kept(contracts, by), horizon, worth.Terms(margin, discount))


def _how_watched(contracts: Contracts) -> str:
    if contracts.observed_on is None:
        return say(answers.SNAPSHOT)
    return say(answers.DAYS, day=day(contracts.observed_on))


def _name(name: str) -> str:
    return name or say("All contracts")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(name=frame["name"].map(_name))


def _kept_table(groups: tuple[Kept, ...]) -> pd.DataFrame:
    """One row per group, in words."""
    found = keeping.table(groups)
    spans = [between(percent(low), percent(high)) for low, high in zip(found["low"], found["high"], strict=True)]
    kept = [
        f"{percent(value)} ({span})" if value == value else "–"
        for value, span in zip(found["kept_12"], spans, strict=True)
    ]
    return pd.DataFrame(
        {
            say("Contracts"): [ui.plain(_name(group.name)) for group in groups],
            say("Ended / all"): [f"{number(group.lost)} / {number(group.contracts)}" for group in groups],
            say("Kept 12 months, 95 % sure"): [ui.unbroken(words) for words in kept],
            say("Half gone by month"): [answers.half_life(group) for group in groups],
            say("End in a month"): [percent(group.monthly_loss[0], 2) for group in groups],
            say("Model"): [answers.model_sentence(group) for group in groups],
        }
    )


def _renewals(groups: tuple[Kept, ...]) -> None:
    with st.expander(say("Renewal by renewal"), icon=":material/event_repeat:"):
        for group in groups:
            found = keeping.renewals(group)
            unit = say("every {n} months", n=group.unit_months) if group.unit_months > 1 else say("every month")
            st.markdown(f"**{ui.plain(_name(group.name))}**, {unit}")
            table = pd.DataFrame(
                {
                    say("Renewal"): found["renewal"],
                    say("Renewed / came up"): [
                        f"{number(kept)} / {number(faced)}"
                        for kept, faced in zip(found["kept"], found["faced"], strict=True)
                    ],
                    say("Share"): [percent(share, 1) for share in found["retention"]],
                    say("95 % sure"): [
                        between(percent(low, 1), percent(high, 1))
                        for low, high in zip(found["low"], found["high"], strict=True)
                    ],
                    say("By the model"): [percent(share, 1) for share in found["modelled"]],
                }
            )
            st.dataframe(table, hide_index=True, height=220, alt=say("Share renewed at each renewal"))


def _worth_table(found: pd.DataFrame, horizon: int, currency: str | None) -> pd.DataFrame:
    """One row per group, in words."""

    def spans(name: str) -> list[str]:
        return [
            ui.unbroken(f"{money(value, currency)} ({between(money(low, currency), money(high, currency))})")
            if value == value
            else "–"
            for value, low, high in zip(found[name], found[f"{name}_low"], found[f"{name}_high"], strict=True)
        ]

    return pd.DataFrame(
        {
            say("Contracts"): [ui.plain(_name(name)) for name in found["name"]],
            say("Running"): [number(running) for running in found["running"]],
            say("A month"): [ui.plain(money(amount, currency)) for amount in found["amount"]],
            say("Months kept of {n}", n=horizon): [number(months, 1) for months in found["months"]],
            say("In {n} months, 95 % sure", n=horizon): [ui.plain(words) for words in spans("within")],
            say("To its end, by the model"): [ui.plain(words) for words in spans("new")],
            say("Still to come from running ones"): [ui.plain(words) for words in spans("to_come")],
        }
    )


def _each(contracts: Contracts, groups: tuple[Kept, ...], terms: worth.Terms) -> pd.DataFrame:
    """One row per contract of the groups shown: who, months, whether it ended, amount, what is to come."""
    by = _by(contracts)
    frames = []
    for group in groups:
        which = contracts.groups[by].eq(group.name) if by else pd.Series(True, contracts.rows.index)
        rows = contracts.rows.loc[which, ["customer", "months", "is_lost", "amount"]].reset_index(drop=True)
        frames.append(rows.assign(contracts=_name(group.name)).join(worth.each_contract(group, terms)))
    return pd.concat(frames, ignore_index=True)
