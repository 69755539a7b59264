"""What is read off a frame of `cohort_retention`: its mean row, cohorts older than the data, cells that stand out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retention_core.metrics import SMALL_SAMPLE, Z95, wilson

FIRST_COHORTS = 3


def mean_by_age(cells: pd.DataFrame) -> pd.DataFrame:
    """One row per age: the mean over cohorts weighted by size. Unfinished cells and left-truncated cohorts stay out.

    Columns: age, cohorts, cohort_customers, active_customers, retained_share, low, high (95 % Wilson), orders, revenue,
    value_per_customer (from the first order to that age) and first_value_per_customer (of that, in the first period),
    both of the cohorts that have reached that age.
    """
    counted = _counted(cells).sort_values(["cohort", "age"])
    revenue = counted.groupby("cohort")["revenue"]
    sums = (
        counted.assign(to_age=revenue.cumsum(), at_first=revenue.transform("first"))
        .groupby("age")
        .agg(
            cohorts=("cohort", "count"),
            cohort_customers=("cohort_customers", "sum"),
            active_customers=("active_customers", "sum"),
            orders=("orders", "sum"),
            revenue=("revenue", "sum"),
            to_age=("to_age", "sum"),
            at_first=("at_first", "sum"),
        )
    )
    means = sums.drop(columns=["to_age", "at_first"]).reset_index()
    customers = means["cohort_customers"]
    means["retained_share"] = means["active_customers"] / customers
    means["low"], means["high"] = wilson(means["active_customers"], customers)
    means["value_per_customer"] = sums["to_age"].to_numpy() / customers
    means["first_value_per_customer"] = sums["at_first"].to_numpy() / customers
    return means


def cumulative_value(cells: pd.DataFrame) -> pd.DataFrame:
    """The same rows with `value_per_customer`: revenue per customer of the cohort from its first order to that age."""
    ordered = cells.sort_values(["cohort", "age"])
    revenue = ordered.groupby("cohort")["revenue"].cumsum()
    return ordered.assign(value_per_customer=revenue / ordered["cohort_customers"])


def left_truncated(cells: pd.DataFrame, known_since: pd.Timestamp | None = None) -> list[pd.Timestamp]:
    """First days of the cohorts that hold customers who bought before the data begin.

    `cells` are those of the whole shop, unfiltered, in the form "in": the first cohorts of a part of the customers
    need not be the shop's first. With `known_since` these are the cohorts that began before that day. Without it, up
    to three first cohorts whose size is over twice the median of the later ones, or whose return in the first three
    whole periods is higher than that of the later cohorts beyond chance (three standard errors) and by a quarter; the
    first cohort in line ends the search.
    """
    cohorts = np.sort(cells["cohort"].unique())
    if known_since is not None:
        return [pd.Timestamp(day) for day in cohorts if pd.Timestamp(day) < pd.Timestamp(known_since)]
    early = cells[cells["is_complete"] & cells["age"].between(1, 3)]
    marked: list[pd.Timestamp] = []
    for day in cohorts[:FIRST_COHORTS]:
        later = early[early["cohort"] > day]
        if later["cohort"].nunique() < 2 * FIRST_COHORTS or not _out_of_line(early[early["cohort"] == day], later):
            break
        marked.append(pd.Timestamp(day))
    return marked


def _out_of_line(cohort: pd.DataFrame, later: pd.DataFrame) -> bool:
    if cohort.empty:
        return False
    later_sizes = later.groupby("cohort")["cohort_customers"].first()
    if cohort["cohort_customers"].iloc[0] > 2 * later_sizes.median():
        return True
    trials, later_trials = cohort["cohort_customers"].sum(), later["cohort_customers"].sum()
    share = cohort["active_customers"].sum() / trials
    later_share = later["active_customers"].sum() / later_trials
    pooled = (cohort["active_customers"].sum() + later["active_customers"].sum()) / (trials + later_trials)
    error = np.sqrt(pooled * (1 - pooled) * (1 / trials + 1 / later_trials))
    return bool(share > 1.25 * later_share and share - later_share > 3 * error)


def with_marks(cells: pd.DataFrame, truncated: Sequence[pd.Timestamp] = ()) -> pd.DataFrame:
    """The same rows with is_left_truncated, is_small (cohort of under 30), shrunk_share and stands_out.

    truncated: first days of the cohorts older than the data, as `left_truncated` finds them in the whole shop.
    shrunk_share: the cell pulled to the mean of its age as far as its size allows (beta-binomial, by moments).
    stands_out: 1 above, -1 below, 0 not told apart from the other cohorts of that age: the 95 % interval of the shrunk
    share holds their mean. Cells that are unfinished or left-truncated never stand out.
    """
    marked = cells.assign(
        is_left_truncated=cells["cohort"].isin(list(truncated)),
        is_small=cells["cohort_customers"] < SMALL_SAMPLE,
    )
    counted = marked[marked["is_complete"] & ~marked["is_left_truncated"]]
    prior = pd.DataFrame(
        {age: _beta_prior(group) for age, group in counted.groupby("age")}, index=["mean", "strength"]
    ).T.rename_axis("age")
    joined = marked.join(prior, on="age")
    trials = joined["cohort_customers"] + joined["strength"]
    share = (joined["active_customers"] + joined["mean"] * joined["strength"]) / trials
    error = Z95 * np.sqrt((share * (1 - share)).clip(lower=0) / (trials + 1))
    usable = joined["is_complete"] & ~joined["is_left_truncated"] & (joined["age"] > 0) & share.notna()
    above, below = usable & (share - error > joined["mean"]), usable & (share + error < joined["mean"])
    return marked.assign(shrunk_share=share, stands_out=above.astype(int) - below.astype(int))


def _beta_prior(column: pd.DataFrame) -> tuple[float, float]:
    """Mean and strength (a + b) of the beta distribution of the cohorts' true shares at one age, by moments.

    The spread beyond what chance alone gives is the cohorts' own (Kleinman 1973); none of it: infinitely strong,
    taken as a hundred times the customers.
    """
    trials = column["cohort_customers"].to_numpy(float)
    hits = column["active_customers"].to_numpy(float)
    mean, total = hits.sum() / trials.sum(), trials.sum()
    strongest = 100 * total
    if len(column) < 3 or not 0 < mean < 1:
        return mean, strongest
    spread = float((trials * (hits / trials - mean) ** 2).sum())
    expected = mean * (1 - mean) * (len(trials) - 1)
    between = (spread - expected) / (total - (trials**2).sum() / total)
    if between <= 0:
        return mean, strongest
    return mean, float(np.clip(mean * (1 - mean) / between - 1, 1.0, strongest))


def _counted(cells: pd.DataFrame) -> pd.DataFrame:
    """Finished cells of cohorts that `with_marks` has not marked as older than the data."""
    finished = cells[cells["is_complete"]]
    return finished[~finished["is_left_truncated"]] if "is_left_truncated" in finished else finished
