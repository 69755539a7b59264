"""What is read off the cohort table: means by size, cohorts older than the data, cells that stand out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import retention_core as rc
from retention_core import cohorts
from tests.conftest import ROOT


def table(rows: list[tuple[str, int, int, int, bool]]) -> pd.DataFrame:
    names = ["cohort", "age", "cohort_customers", "active_customers", "is_complete"]
    cells = pd.DataFrame(rows, columns=names).assign(orders=1, revenue=10.0)
    cells["cohort"] = pd.to_datetime(cells["cohort"])
    return cells.assign(retained_share=cells["active_customers"] / cells["cohort_customers"])


def steady(sizes: list[int], shares: list[float]) -> pd.DataFrame:
    """Monthly cohorts of these sizes, of which the same share returns at every age 1..6."""
    months = pd.period_range("2024-01", periods=len(sizes), freq="M")
    return table(
        [
            (str(month.start_time.date()), age, size, round(size * share) if age else size, True)
            for month, size, share in zip(months, sizes, shares, strict=True)
            for age in range(7)
        ]
    )


def test_the_mean_is_weighted_by_size_and_leaves_unfinished_cells_out() -> None:
    cells = table(
        [
            ("2024-01-01", 1, 900, 90, True),
            ("2024-02-01", 1, 100, 50, True),
            ("2024-03-01", 1, 500, 0, False),
        ]
    )
    mean = cohorts.mean_by_age(cells).iloc[0]
    assert mean["retained_share"] == pytest.approx(140 / 1000)
    assert (mean["cohorts"], mean["cohort_customers"]) == (2, 1000)
    assert mean["low"] < 0.14 < mean["high"]


def test_cumulative_value_adds_up_revenue_per_customer() -> None:
    cells = table([("2024-01-01", age, 4, 1, True) for age in range(3)])
    assert cohorts.cumulative_value(cells)["value_per_customer"].tolist() == [2.5, 5.0, 7.5]


def test_what_a_customer_has_brought_by_an_age_is_of_those_who_have_reached_it() -> None:
    """January brought 30 at once and 60 by month 1; February, too young for that, brought 6."""
    cells = table([("2024-01-01", 0, 4, 4, True), ("2024-01-01", 1, 4, 2, True), ("2024-02-01", 0, 12, 12, True)])
    means = cohorts.mean_by_age(cells.assign(revenue=[120.0, 120.0, 72.0]))
    assert means["value_per_customer"].tolist() == [192 / 16, 240 / 4]
    assert means["first_value_per_customer"].tolist() == [192 / 16, 120 / 4]


def test_a_first_cohort_that_is_far_too_large_is_marked() -> None:
    cells = steady([2000, *[300] * 9], [0.2] * 10)
    assert cohorts.left_truncated(cells) == [pd.Timestamp("2024-01-01")]
    marked = cohorts.with_marks(cells, cohorts.left_truncated(cells))
    assert cohorts.mean_by_age(marked)["cohorts"].max() == 9


def test_first_cohorts_that_return_far_more_often_are_marked() -> None:
    cells = steady([300] * 10, [0.4, 0.35, *[0.2] * 8])
    assert cohorts.left_truncated(cells) == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]


def test_a_shop_that_really_opened_then_is_not_marked() -> None:
    assert cohorts.left_truncated(steady([40, 90, 150, *[300] * 7], [0.2] * 10)) == []


def test_who_says_since_when_customers_are_known_is_believed() -> None:
    cells = steady([300] * 10, [0.2] * 10)
    marked = cohorts.left_truncated(cells, pd.Timestamp("2024-03-01"))
    assert marked == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]


def test_the_first_cohort_of_online_retail_holds_older_customers(shared_data: Path) -> None:
    shop = rc.open_orders(shared_data / "online_retail_ii_2009_2010.parquet", refunds="ignore")
    assert pd.Timestamp("2009-12-01") in cohorts.left_truncated(shop.query("cohort_retention"))


@pytest.mark.parametrize("name", ["replenish", "gift"])
def test_the_sample_shops_opened_with_their_data(name: str) -> None:
    assert cohorts.left_truncated(rc.open_orders(rc.sample(name)).query("cohort_retention")) == []


def test_a_small_lucky_cohort_does_not_stand_out_and_a_large_one_does() -> None:
    sizes, shares = [500] * 9 + [12], [0.2] * 9 + [0.42]
    marked = cohorts.with_marks(steady(sizes, shares))
    small = marked[marked["cohort_customers"] == 12]
    assert small["is_small"].all() and (small["stands_out"] == 0).all()
    assert (small.loc[small["age"] > 0, "shrunk_share"] < 0.42).all()
    large = cohorts.with_marks(steady([500] * 10, [0.2] * 9 + [0.42]))
    last = large[large["cohort"] == large["cohort"].max()]
    assert (last.loc[last["age"] > 0, "stands_out"] == 1).all()


def test_chance_alone_makes_few_cells_stand_out() -> None:
    """300 cohorts with one true share: at most about one cell in twenty, as the interval promises."""
    rng = np.random.default_rng(3)
    months = pd.period_range("2000-01", periods=300, freq="M")
    cells = table([(str(m.start_time.date()), 4, 200, int(rng.binomial(200, 0.2)), True) for m in months])
    assert (cohorts.with_marks(cells)["stands_out"] != 0).mean() < 0.05


def test_unfinished_cells_never_stand_out() -> None:
    cells = steady([500] * 10, [0.2] * 9 + [0.0])
    cells.loc[cells["cohort"] == cells["cohort"].max(), "is_complete"] = False
    marked = cohorts.with_marks(cells)
    assert (marked.loc[~marked["is_complete"], "stands_out"] == 0).all()


def test_an_empty_table_has_no_means_and_no_marks() -> None:
    shop = rc.open_orders(ROOT / "tests" / "queries" / "given.csv")
    cells = shop.query("cohort_retention", channel="nowhere")
    assert cohorts.mean_by_age(cells).empty and cohorts.with_marks(cells).empty and cohorts.left_truncated(cells) == []
