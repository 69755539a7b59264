"""The sentences about contracts: how many are kept, what they bring, and what the file can and cannot tell."""

from __future__ import annotations

import math

import pandas as pd

from retention_core.contracts.keeping import Kept
from retention_core.contracts.record import RULE, Contracts
from retention_core.contracts.worth import Span
from retention_core.say import between, money, number, percent, say

A_YEAR = 12

SNAPSHOT = (
    "The file is a snapshot: each contract stands in it once, with its months so far and whether it has ended. The "
    "curve takes each of them as watched from its first month: right if everybody who ever ended is in the file. "
    "If only those are in it who ended in one last month, say so above: far more are lost then."
)
ONE_MONTH = (
    "The file is taken as one of a single month: everybody who ran when it began, and who of them ended in it. The "
    "share that ends at each age is counted from the contracts of that age, so the curve of a new contract is put "
    "together from customers who began at different times."
)
DAYS = "Watched from the day a contract began until it ended, or until {day}, the last day of the list."


def kept_answer(every: Kept, contracts: Contracts) -> str:
    """Of 100 new contracts so many are kept for a year, and how many have ended of how many."""
    month = min(A_YEAR, every.longest)
    at = every.kept_at(month).iloc[0]
    return say(
        "Of 100 new contracts about {kept} are still kept after {month} months (95 % sure: {span}); of the {n} "
        "counted{left_out} {lost} have ended.",
        kept=number(100 * at["survival"]),
        month=number(month),
        span=between(number(100 * at["low"]), number(100 * at["high"])),
        n=number(every.contracts),
        left_out=_left_out(contracts),
        lost=number(every.lost),
    )


def _left_out(contracts: Contracts) -> str:
    """ " (11 left out)": rows of the file that count nowhere; empty where there are none."""
    ledger = contracts.ledger
    rows = int(ledger.loc[ledger["outcome"].eq("left out"), "rows"].sum()) if len(ledger) else 0
    return say(" ({n} left out)", n=number(rows)) if rows else ""


def half_life(group: Kept) -> str:
    """When half of the contracts are gone, or that nobody has seen it yet."""
    if group.median is None:
        return say("more than {n}", n=number(group.longest))
    return number(group.median)


def monthly_loss(every: Kept) -> str:
    """The churn rate: of the months that running contracts were watched, the share that ended one."""
    rate, low, high = every.monthly_loss
    span = between(percent(low, 2), percent(high, 2))
    if every.is_one_month:
        return say(
            "In that month {rate} of the running contracts ended (95 % sure: {span}): {lost} of {n}.",
            rate=percent(rate, 1),
            span=between(percent(low, 1), percent(high, 1)),
            lost=number(every.lost),
            n=number(every.contracts),
        )
    return say(
        "In an average month {rate} of the running contracts end (95 % sure: {span}): {lost} ends in {months} "
        "months of contracts.",
        rate=percent(rate, 2),
        span=span,
        lost=number(every.lost),
        months=number(every.contract_months),
    )


def model_sentence(group: Kept) -> str:
    """Whether the model can be trusted for this group, and how far from the counted curve it is at most."""
    if group.is_one_month:
        return say("each contract was watched in one month only, so no model is fitted: only what was counted")
    if group.model is None:
        return say("contracts that renew at different times are mixed here, so no model is fitted")
    if group.model.has_too_little_data:
        return say("too few have ended for a model ({n}; 10 are needed): only what was counted", n=number(group.lost))
    if group.usable_model is None or group.largest_miss is None:
        return say("no model: these contracts do not tell how customers differ; only what was counted")
    miss = number(math.ceil(100 * group.largest_miss))
    if not group.is_modelled:
        return say(
            "the model misses the counted curve by up to {miss} of 100 contracts, so the figures are counted", miss=miss
        )
    return say("the model stays within {miss} of 100 of the counted curve", miss=miss)


def counted_instead(groups: tuple[Kept, ...], horizon: int) -> str:
    """What "counted" means in a table of money; empty where a model speaks for every group."""
    if all(group.is_modelled for group in groups):
        return ""
    return say(
        "“Counted” is no forecast: where no model can be trusted, the money of {n} months by the counted curve stands "
        "instead, not discounted. Running contracts are followed no further than the oldest one was watched.",
        n=number(horizon),
    )


def checked(found: pd.DataFrame) -> list[str]:
    """One sentence per group and span that was hidden and forecast. `found`: check.hide_and_forecast."""
    return [
        say(
            "{name}: with the last {months} months hidden, the model expected {expected} of the {running} then running "
            "to stay (80 % sure: {span}); {kept} did.",
            name=str(row["name"]) or say("All contracts"),
            months=number(row["hidden_months"]),
            expected=number(row["expected"]),
            running=number(row["running"]),
            span=between(number(row["low"]), number(row["high"])),
            kept=number(row["kept"]),
        )
        for row in found.to_dict("records")
    ]


def value_answer(span: Span, horizon: int, currency: str | None) -> str:
    """What a new contract brings in its first months."""
    if span.value != span.value:
        return say("No contract was watched for {n} months, so what so many months bring is not known.", n=horizon)
    return say(
        "A new contract brings {value} in its first {n} months (95 % sure: {span}).",
        value=money(span.value, currency),
        n=number(horizon),
        span=between(money(span.low, currency), money(span.high, currency)),
    )


def ledger_sentence(contracts: Contracts) -> str:
    """ "7,032 contracts of 7,032 customers were kept; 11 lines were left out, most often: …" """
    out = contracts.ledger[contracts.ledger["outcome"].eq("left out")]
    kept = say(
        "{n} contracts of {customers} customers were kept",
        n=number(len(contracts.rows)),
        customers=number(contracts.rows["customer"].nunique()),
    )
    if out.empty:
        return say("{kept}; no line was left out.", kept=kept)
    most = out.sort_values("rows").iloc[-1]
    return say(
        "{kept}; {n} lines were left out, most often: “{rule}” ({lines} lines).",
        kept=kept,
        n=number(out["rows"].sum()),
        rule=rule_words(str(most["rule"])),
        lines=number(most["rows"]),
    )


def rule_words(rule: str) -> str:
    """What a rule of the ledger did."""
    return say(RULE[rule].sentence)
