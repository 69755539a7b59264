"""The cleaning rules: the one table that says what happened to rows, for the ledger and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["kept", "left out", "merged", "note"]


@dataclass(frozen=True)
class Rule:
    """One line of the ledger: `sentence` says to people what happened to the rows and why."""

    key: str
    outcome: Outcome
    sentence: str


RULES: tuple[Rule, ...] = (
    Rule("kept", "kept", "Counted"),
    # lines of the file that are no row
    Rule("header", "kept", "The line that names the columns"),
    Rule("blank", "kept", "Blank line"),
    Rule("continuation", "kept", "Further line of a value that goes over several lines"),
    Rule("preamble", "left out", "Title line above the table"),
    Rule("bad_quote", "left out", "A quotation mark opens and never closes"),
    Rule("too_long", "left out", "Longer than any order line can be"),
    Rule("wrong_width", "left out", "More or fewer values than the table has columns"),
    # rows of the file that hold no order
    Rule("total_row", "left out", "A line of totals, not an order"),
    Rule("no_date", "left out", "No date"),
    Rule("unreadable_date", "left out", "The date cannot be read"),
    Rule("no_amount", "left out", "No amount"),
    Rule("unreadable_amount", "left out", "The amount cannot be read"),
    Rule("no_order_number", "left out", "No order number, in a file that has them"),
    Rule("no_customer", "left out", "No customer: guest orders are no one's orders"),
    Rule("test_order", "left out", "Test order"),
    Rule("cancelled", "left out", "Cancelled order"),
    Rule("failed", "left out", "Payment failed"),
    Rule("pending", "left out", "Not paid yet, or a draft"),
    Rule("bad_debt", "left out", "Bad debt written off, not a purchase"),
    Rule("not_positive", "left out", "Quantity or price is zero or negative"),
    Rule("after_as_of", "left out", "Later than the moment up to which the shop is looked at"),
    Rule("other_currency", "left out", "In another currency than the one that is counted, and no rate was given"),
    # refunds
    Rule("refund_ignored", "left out", "Refund or cancelled invoice; refunds are set to be ignored"),
    Rule("refund_matched", "merged", "Refund, subtracted from the purchase it takes back"),
    Rule("refund_unmatched", "left out", "Refund without an earlier purchase in the files; nothing was subtracted"),
    Rule("refunded_in_full", "left out", "Refunded in full; such orders are set to be no orders"),
    # the same thing twice
    Rule("exact_duplicate", "merged", "The same row of the same order once more"),
    Rule("in_another_file", "merged", "The same row is already in another file"),
    Rule("newer_version", "merged", "An older version of an order that another file has newer"),
    # second tables
    Rule("order_not_counted", "left out", "Belongs to an order that is left out or in none of the files"),
    Rule("customer_not_counted", "left out", "Belongs to a customer without a counted order"),
    Rule("customer_again", "merged", "A customer who stands in an earlier row or file"),
    Rule("unreadable_row", "left out", "A value of this row cannot be read"),
    # notes: rows that are counted elsewhere
    Rule("refund_excess", "note", "Refunds above the price of the purchase they belong to; the excess stays"),
    Rule("unknown_status", "note", "A status this program does not know; the orders are counted"),
    Rule("no_cost", "note", "No cost of the goods that can be read; such orders are taken to cost what the others do"),
    Rule("shared_order_number", "note", "One order number with several customers: an order of each of them"),
    Rule("identical_lines", "note", "Lines that are equal in all columns; kept, as they can be two purchases"),
    Rule("spreadsheet_id", "note", "Ids such as 1.23E+10, shortened by a spreadsheet: several can have become one"),
)  # fmt: skip

RULE: Mapping[str, Rule] = {rule.key: rule for rule in RULES}
