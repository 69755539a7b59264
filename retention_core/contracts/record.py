"""`Contracts`: one opened list of contracts, and what became of every line of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_core.orders import rules
from retention_core.orders.rules import Rule

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from retention_core.orders.read_parts import Part

# What can happen to a row of contracts, beside the rules for lines that are no rows (orders.rules).
RULES: tuple[Rule, ...] = (
    Rule("kept", "kept", "Counted"),
    Rule("no_customer", "left out", "Nobody is named whose contract it is"),
    Rule("no_months", "left out", "The months kept are missing"),
    Rule("unreadable_months", "left out", "The months kept are no number"),
    Rule("no_churned", "left out", "Whether the contract ended is missing"),
    Rule("unreadable_churned", "left out", "Whether the contract ended is neither yes nor no"),
    Rule("no_start", "left out", "No day on which the contract began"),
    Rule("unreadable_start", "left out", "The day on which it began cannot be read"),
    Rule("unreadable_end", "left out", "The day on which it ended cannot be read"),
    Rule("end_before_start", "left out", "It ends before it begins"),
    Rule("after_as_of", "left out", "It begins after the last day that is looked at"),
    Rule("no_renewal_yet", "left out", "Not one month old: it has not come up for renewal and says nothing yet"),
    Rule("exact_duplicate", "merged", "The same row once more"),
    Rule("no_amount", "note", "No monthly amount: counted for keeping, not for value"),
    Rule("ends_later", "note", "Its end is known, but its last month is not over yet: counted as running"),
)
RULE = {**rules.RULE, **{rule.key: rule for rule in RULES}}
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_TERM = re.compile(r"(\d+|one|two|three|four|five)[\s-]*(month|year|yr)s?\b")


@dataclass(frozen=True)
class Contracts:
    """One list of contracts. No engine stands behind it: everything is in two frames.

    `rows`, one row per contract: customer (text), months (renewals faced, counted in months: a running contract has
    been kept for so many, a lost one ended at this one), is_lost, amount (per month, NaN where unknown), started_on
    and ended_on (NaT in a snapshot), consent of its customer to letters (missing: not told). `groups`, same rows: the
    columns of the file with few values, as text. `terms`: the column of `groups` that says for how long a contract
    runs, if there is one. `observed_on`: the last day looked at; None for a snapshot, which names no day.
    `tells_consent`: whether the file tells consent of anybody.
    """

    rows: pd.DataFrame
    groups: pd.DataFrame
    terms: str | None
    ledger: pd.DataFrame
    layout: str
    title: str
    parts: tuple[Part, ...]
    observed_on: date | None
    currency: str | None
    has_pseudonyms: bool = False
    tells_consent: bool = False

    @property
    def is_snapshot(self) -> bool:
        """Whether the file tells months only, no days: then nothing can be hidden and forecast."""
        return self.observed_on is None

    @property
    def has_amount(self) -> bool:
        return bool(self.rows["amount"].notna().any())

    def term_months(self) -> pd.Series:
        """For each contract the months from renewal to renewal: 1 where the file tells no term."""
        if self.terms is None:
            return self.rows["months"] * 0 + 1
        return self.groups[self.terms].map({text: term_months(text) for text in self.groups[self.terms].unique()})


def term_months(text: object) -> int | None:
    """Months from renewal to renewal, as a contract's kind says it: "One year" 12, "month-to-month" 1; None if not."""
    words = str(text).casefold()
    if found := _TERM.search(words):
        count = int(NUMBERS.get(found[1], 0) or found[1])
        return count * (1 if found[2] == "month" else 12) or None
    for word, months in (("quarter", 3), ("month", 1), ("year", 12), ("annual", 12)):
        if word in words:
            return months
    return None
