"""Tables of contracts in words: how long they are kept, renewal by renewal, what they bring, and the ledger."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import ui
from retention_core import written
from retention_core.answers import contracts as answers
from retention_core.answers.retention import with_interval
from retention_core.contracts import keeping
from retention_core.contracts.keeping import Kept
from retention_core.contracts.record import Contracts
from retention_core.say import NOT_KNOWN, between, day, money, number, percent, say


def called(group: str) -> str:
    """A group as it is called in the file; all contracts where there are no groups."""
    return group or say("All contracts")


def how_watched(contracts: Contracts, is_one_month: bool = False) -> str:
    """Since when and until when the contracts were watched."""
    if contracts.observed_on is None:
        return say(answers.ONE_MONTH if is_one_month else answers.SNAPSHOT)
    return say(answers.DAYS, day=day(contracts.observed_on))


def kept(groups: tuple[Kept, ...]) -> pd.DataFrame:
    """One row per group, in words."""
    found = keeping.table(groups)
    spans = zip(found["kept_12"], found["low"], found["high"], strict=True)
    after_a_year = [with_interval(*span) if span[0] == span[0] else NOT_KNOWN for span in spans]
    return pd.DataFrame(
        {
            say("Contracts"): [ui.plain(called(group.name)) for group in groups],
            say("Ended / all"): [f"{number(group.lost)} / {number(group.contracts)}" for group in groups],
            say("Kept 12 months, 95 % sure"): [ui.unbroken(words) for words in after_a_year],
            say("Half gone by month"): [answers.half_life(group) for group in groups],
            say("End in a month"): [percent(group.monthly_loss[0], 2) for group in groups],
        }
    )


def worth(found: pd.DataFrame, groups: tuple[Kept, ...], horizon: int, currency: str | None) -> pd.DataFrame:
    """One row per group, in words."""

    rows = found.to_dict("records")

    def figure(row: dict[Hashable, Any], name: str) -> str:
        value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
        span = f" ({between(money(low, currency), money(high, currency))})" if low < high else ""
        return ui.unbroken(f"{money(value, currency)}{span}")

    def modelled_or_counted(row: dict[Hashable, Any], group: Kept, by_model: str, counted: str) -> str:
        if group.is_modelled:
            return figure(row, by_model)
        if row[counted] != row[counted]:
            return NOT_KNOWN
        return say("{value}, counted for {n} months", value=figure(row, counted), n=horizon)

    def both(by_model: str, counted: str) -> list[str]:
        pairs = zip(rows, groups, strict=True)
        return [ui.plain(modelled_or_counted(row, group, by_model, counted)) for row, group in pairs]

    return pd.DataFrame(
        {
            say("Contracts"): [ui.plain(called(group)) for group in found["name"]],
            say("Running"): [number(running) for running in found["running"]],
            say("A month"): [ui.plain(money(amount, currency)) for amount in found["amount"]],
            say("Months kept of {n}", n=horizon): [number(months, 1) for months in found["months"]],
            say("In {n} months, 95 % sure", n=horizon): [ui.plain(figure(row, "within")) for row in rows],
            say("To its end"): both("new", "within"),
            say("Still to come from running ones"): both("to_come", "counted"),
        }
    )


def tell_models(groups: tuple[Kept, ...]) -> None:
    """Of each group whether a model fits it, and how well."""
    ui.tell(*(f"{called(group.name)}: {answers.model_sentence(group)}." for group in groups))


def renewals(groups: tuple[Kept, ...]) -> None:
    """Of each group the share that was renewed, behind a click."""
    with st.expander(say("Renewal by renewal"), icon=":material/event_repeat:"):
        for group in groups:
            found = keeping.renewals(group)
            unit = say("every {n} months", n=group.unit_months) if group.unit_months > 1 else say("every month")
            ui.tell(f"{called(group.name)}, {unit}")
            table = pd.DataFrame(
                {
                    say("Renewal"): found["renewal"],
                    say("Came up"): [written.number(faced) for faced in found["faced"]],
                    say("Renewed"): [written.number(kept) for kept in found["kept"]],
                    say("Share"): [written.percent(share, 1) for share in found["retention"]],
                    say("95 % sure"): [
                        written.between(written.percent(low, 1), written.percent(high, 1))
                        for low, high in zip(found["low"], found["high"], strict=True)
                    ],
                    say("By the model"): [written.percent(share, 1) for share in found["modelled"]],
                }
            )
            ui.frame(table, hide_index=True, height=220, alt=say("Share renewed at each renewal"))


def ledger(contracts: Contracts) -> None:
    """Every line of the files by what became of it, and how the file was read."""
    frame = contracts.ledger
    counted = int(frame.loc[frame["outcome"].ne("note"), "rows"].sum())
    of = sum(part.physical_lines for part in contracts.parts)
    if counted == of:
        st.success(say("Every line is accounted for: {n} lines of the files.", n=number(of)), icon=":material/check:")
    else:
        st.error(say("This does not add up: {n} of {of} lines. Please report it.", n=number(counted), of=number(of)))
    table = lines(contracts)
    ui.frame(table, hide_index=True, alt=say("The ledger: one row for each file and rule"))
    ui.download(say("The ledger"), "ledger", lambda: table)
    ui.caption(f"{contracts.title}. {how_watched(contracts)}")


def lines(contracts: Contracts) -> pd.DataFrame:
    """One row per file and rule: what became of the lines, in words."""
    frame = contracts.ledger
    return pd.DataFrame(
        {
            say("What"): frame["rule"].map(answers.rule_words),
            say("Lines"): frame["rows"],
            say("Outcome"): frame["outcome"].map(lambda outcome: say(str(outcome).capitalize())),
            say("Lines such as"): frame["examples"].map(lambda found: ", ".join(number(line) for line in found)),
            say("File"): frame["file"],
        }
    )
