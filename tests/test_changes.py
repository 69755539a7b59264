"""What changed between two periods: intervals against published values, verdicts, and the sentences made of them."""

from __future__ import annotations

import pandas as pd
import pytest

from retention_core import answers, changes


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10: contrasts (a), (b) and (d).
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_of_two_shares_is_that_of_newcombe(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    change = changes.share_change("x", *now, *before)
    assert change is not None
    assert (change.low, change.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_share_of_nobody_has_no_change() -> None:
    assert changes.share_change("x", 0, 0, 3, 10) is None


def test_two_counts_differ_beyond_chance_only_by_more_than_twice_their_spread() -> None:
    assert not changes.count_change("x", 110, 90).is_beyond_chance  # 20 of 1.96 × 14.1
    assert changes.count_change("x", 130, 90).is_beyond_chance  # 40 of 1.96 × 14.8


def totals(**figures: float) -> pd.Series:
    usual = {"customers": 100, "new_customers": 40, "repeat_customers": 60, "orders": 120, "revenue": 2400.0}
    return pd.Series(usual | figures)


def test_the_sentences_hold_both_figures_and_the_verdict() -> None:
    found = changes.of_totals(totals(customers=150, repeat_customers=90, orders=150), totals())
    sentences = answers.changes_in_words(found, "Jun 2026", "May 2026", "EUR")
    assert (
        sentences[0]
        == "150 customers ordered in Jun 2026: 50 % more than in May 2026 (100), more than chance explains."
    )
    assert sentences[1].endswith("the same as in May 2026 (40), no more than chance can make.")
    assert sentences[2].startswith("60 % were not new, or ordered twice; in May 2026 it was 60 %.")
    assert "Orders: +25 %; value of an order: €16.00 after €20.00." in sentences[3]


def test_a_month_without_orders_is_said_as_one_and_nothing_is_divided_by_it() -> None:
    nothing = totals(customers=0, new_customers=0, repeat_customers=0, orders=0, revenue=0.0)
    assert answers.changes_in_words(changes.of_totals(nothing, nothing), "B", "A", None) == [
        "Nobody ordered in B, and nobody in A."
    ]
    first = answers.changes_in_words(changes.of_totals(totals(), nothing), "B", "A", None)
    assert first[0] == "100 customers ordered in B: after none in A (0), more than chance explains."
    assert len(first) == 2


def test_groups_are_told_apart_only_beyond_chance_and_with_thirty_customers() -> None:
    def group(customers: int, again: int) -> pd.Series:
        return pd.Series({"days": 365, "customers": customers, "ordered_again": again, "share": again / customers})

    assert "Referral: 55 %" in answers.gap_answer({"Social": group(400, 112), "Referral": group(200, 110)})
    assert answers.gap_answer({"Social": group(40, 12), "Referral": group(40, 15)}) == ""
    assert answers.gap_answer({"Social": group(400, 112), "Referral": group(20, 20)}) == ""


@pytest.mark.parametrize(
    ("share", "low", "high", "words"),
    [
        (0.394, 0.383, 0.406, "39 % (38–41 %)"),
        (0.956, 0.950, 0.961, "95.6 % (95.0–96.1 %)"),
        (0.1, -0.1, 0.3, "10 % (0–30 %)"),
    ],
)
def test_a_share_has_as_many_decimals_as_its_interval_is_worth(
    share: float, low: float, high: float, words: str
) -> None:
    assert answers.with_interval(share, low, high) == words
