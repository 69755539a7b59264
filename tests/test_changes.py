"""What changed between two periods: intervals against published values, verdicts, and the sentences made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retention_core import changes
from retention_core.answers import retention as answers
from retention_core.metrics import Reading


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
    assert sentences[1].endswith("the same as in May 2026 (40), no more than chance explains.")
    assert sentences[2].startswith("60 % had ordered before, or ordered twice in Jun 2026; in May 2026 it was 60 %.")
    assert "chance" not in sentences[2], "many of them are the same people in both months"
    assert "Orders: +25 %; value of an order: €16.00 after €20.00." in sentences[3]


def waits(*shares: tuple[int, int]) -> pd.DataFrame:
    """Of 1,000 customers each, so many ordered again within so many days."""
    rows = [(days, 1000, again, again / 1000) for days, again in shares]
    return pd.DataFrame(rows, columns=["days", "customers", "ordered_again", "share"])


def test_the_lead_to_retention_says_two_shares_the_last_with_its_interval() -> None:
    early = answers.soon_answer(waits((30, 180), (60, 270), (90, 310), (180, 350), (365, 390)))
    assert early == "Most who return do so early: 31 % within 90 days, 39 % (36–42 %) within a year."
    late = answers.soon_answer(waits((30, 10), (60, 20), (90, 100), (180, 200), (365, 390)))
    assert late == "Many who return do so late: 10 % within 90 days, 39 % (36–42 %) within a year."
    assert answers.soon_answer(waits((30, 180))) == "18 % (16–21 %) order again within 30 days."
    assert answers.soon_answer(waits().reset_index()).startswith("No first order is 30 days old yet")


def test_one_customer_is_no_plural() -> None:
    one = totals(customers=1, new_customers=1, repeat_customers=0, orders=1)
    first, second, *_ = answers.changes_in_words(changes.of_totals(one, totals()), "B", "A", "EUR")
    assert first.startswith("1 customer ordered in B: ") and second.startswith("1 of them was new: ")
    reading = Reading(1.0, 0.2, 1.0, 1, 1, "share")
    assert answers.second_order_answer(reading, 90).startswith("Of the 1 customer won at least 90 days ago, 100 %")


def test_customers_of_both_periods_make_the_verdict_on_their_number_careful_not_bold() -> None:
    """400 shops whose customers order by a chance of their own, the same in both months: at most one in 20 changed."""
    rng = np.random.default_rng(6)
    chance = rng.beta(0.5, 1.5, 500)
    drawn = rng.random((2, 400, 500)) < chance
    counts = drawn.sum(axis=2)
    beyond = [changes.count_change("x", *pair).is_beyond_chance for pair in counts.T.tolist()]
    assert 0 < sum(beyond) <= 20


def test_as_many_orders_are_no_change() -> None:
    sentences = answers.changes_in_words(changes.of_totals(totals(revenue=2700.0), totals()), "B", "A", "EUR")
    assert "Orders: as many; value of an order: €22.50 after €20.00." in sentences[3]


def test_a_month_without_orders_is_said_as_one_and_nothing_is_divided_by_it() -> None:
    nothing = totals(customers=0, new_customers=0, repeat_customers=0, orders=0, revenue=0.0)
    assert answers.changes_in_words(changes.of_totals(nothing, nothing), "B", "A", None) == [
        "Nobody ordered in B, and nobody in A."
    ]
    first = answers.changes_in_words(changes.of_totals(totals(), nothing), "B", "A", None)
    assert first[0] == "100 customers ordered in B: after none in A (0), more than chance explains."
    assert len(first) == 2


def test_where_nobody_can_be_new_only_customers_and_money_are_compared() -> None:
    returning = totals(new_customers=0, repeat_customers=100)
    sentences = answers.changes_in_words(changes.of_totals(returning, returning), "B", "A", "EUR")
    assert len(sentences) == 2
    assert not any("new" in sentence for sentence in sentences)


def group(customers: int, again: int) -> pd.Series:
    return pd.Series({"days": 365, "customers": customers, "ordered_again": again, "share": again / customers})


def test_chance_alone_tells_groups_apart_in_few_shops() -> None:
    """300 shops with three ways to make six groups, all with one true share: a gap in at most one shop of twenty."""
    rng = np.random.default_rng(4)

    def has_gap() -> bool:
        draws = rng.binomial(200, 0.3, (3, 6))
        return any(answers.gap_answer({str(n): group(200, hits) for n, hits in enumerate(row)}, 3) for row in draws)

    assert sum(has_gap() for _ in range(300)) <= 15


def test_groups_are_told_apart_only_beyond_chance_and_with_thirty_customers() -> None:
    assert "Referral: 55 %" in answers.gap_answer({"Social": group(400, 112), "Referral": group(200, 110)})
    assert answers.gap_answer({"Social": group(40, 12), "Referral": group(40, 15)}) == ""
    assert answers.gap_answer({"Social": group(400, 112), "Referral": group(20, 20)}) == ""


@pytest.mark.parametrize(
    ("share", "low", "high", "words"),
    [
        (0.394, 0.383, 0.406, "39 % (38–41 %)"),
        (0.956, 0.950, 0.961, "95.6 % (95.0–96.1 %)"),
        (0.1, -0.1, 0.3, "10 % (0–30 %)"),
        (1.0, 1.0, 1.0, "100 %"),
    ],
)
def test_a_share_has_as_many_decimals_as_its_interval_is_worth(
    share: float, low: float, high: float, words: str
) -> None:
    assert answers.with_interval(share, low, high) == words


def means(*rows: tuple[int, int, int]) -> pd.DataFrame:
    """Rows of cohorts.mean_by_age from (age, customers, back)."""
    frame = pd.DataFrame(rows, columns=["age", "cohort_customers", "active_customers"])
    share = frame["active_customers"] / frame["cohort_customers"]
    return frame.assign(retained_share=share, low=share - 0.05, high=share + 0.05)


def test_a_headline_rests_on_a_hundred_customers_and_has_an_interval() -> None:
    sentence = answers.cohort_answer(means((1, 400, 80), (2, 200, 60), (3, 20, 10)), "month", "in", "share", None)
    assert sentence.endswith("20 % (15–25 %) of customers order again; in month 2, 30 % (25–35 %) do.")
    few = answers.cohort_answer(means((1, 40, 8), (2, 20, 10)), "month", "in", "share", None)
    assert few.endswith("20 % (15–25 %) of customers order again.")


def test_what_a_customer_has_brought_and_what_of_it_at_once_is_of_the_same_customers() -> None:
    """The young cohorts bring 50 at once: they have no part in a sentence about the older ones."""
    told = means((0, 900, 900), (1, 400, 80), (2, 200, 60))
    told = told.assign(value_per_customer=[50.0, 70.0, 92.0], first_value_per_customer=[50.0, 45.0, 40.0])
    sentence = answers.cohort_answer(told, "month", "in", "value", None)
    assert sentence == (
        "By the end of month 2, a customer has brought 92.00 on average, 40.00 of it in the first period "
        "(200 customers seen that long)."
    )


def test_what_later_orders_can_still_raise_is_said_to_be_so_far() -> None:
    sentence = answers.cohort_answer(means((1, 400, 80), (2, 200, 60)), "month", "on_or_after", "share", None)
    assert sentence.startswith("So far, 20 % of customers have ordered again in month 1 or later")
