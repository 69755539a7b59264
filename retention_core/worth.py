"""What customers are worth: money per customer by age, margin, what winning one costs, and when that is paid back.

Everything here works on the small frames of `sql/`: a margin or a cost that moves needs no query.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from retention_core.metrics import Reading, errors_aside

FEW_CUSTOMERS = 30  # a cohort of fewer says little: one of them moves its mean


@dataclass(frozen=True)
class Margin:
    """What is left of a sale: `rate` of it (0-1), save for the product categories that have a rate of their own.

    `from_file`: what the goods cost is taken from the orders themselves, and no rate counts.
    """

    rate: float = 1.0
    by_category: Mapping[str, float] = field(default_factory=dict)
    from_file: bool = False

    def of(self, category: str) -> float:
        return self.by_category.get(category, self.rate)


def margin_rates(mix: pd.DataFrame, margin: Margin, by: Sequence[str]) -> pd.Series:
    """The margin (0-1) of each group of `by`: its categories' margins weighted by revenue.

    `mix`: rows of category_cohorts. A group whose revenue adds up to nothing has no entry.
    """
    earned = mix["revenue"] * mix["category"].map(margin.of)
    sums = mix.assign(earned=earned).groupby(list(by))[["earned", "revenue"]].sum()
    sums = sums[sums["revenue"] > 0]
    return (sums["earned"] / sums["revenue"]).rename("margin")


def rate_of_all(margin: Margin, mix: pd.DataFrame | None = None) -> float:
    """The margin of all revenue together. `mix`: rows of category_cohorts."""
    if mix is None or not margin.by_category:
        return margin.rate
    whole = margin_rates(mix.assign(all=0), margin, ["all"])
    return float(whole.iloc[0]) if len(whole) else margin.rate


def less_cost(cells: pd.DataFrame, margins: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The same rows, revenue replaced by what was left of it once the goods were paid; 0 where nothing was ordered.

    `cells`: one row per group of `by`; `margins`: rows of margin_cells for the same customers.
    """
    sums = margins.groupby(list(by), as_index=False)["margin"].sum()
    found = cells[list(by)].merge(sums, how="left", on=list(by))["margin"]
    return cells.assign(revenue=found.fillna(0.0).to_numpy(float))


def rate_of_costs(margins: pd.DataFrame) -> float:
    """The margin of all revenue together, by the costs of the file. `margins`: rows of margin_cells."""
    revenue = float(margins["revenue"].sum())
    return float(margins["margin"].sum()) / revenue if revenue > 0 else 1.0


def scaled(reading: Reading, rate: float) -> Reading:
    """A reading of money as margin: value, interval and numerator times the rate."""

    def times(money: float | None) -> float | None:
        return None if money is None else money * rate

    return replace(
        reading,
        value=times(reading.value),
        low=times(reading.low),
        high=times(reading.high),
        numerator=times(reading.numerator),
    )


def in_margin(
    frame: pd.DataFrame, margin: Margin, mix: pd.DataFrame | None = None, by: Sequence[str] = ()
) -> pd.DataFrame:
    """The same rows, money turned into margin: columns …revenue times the rate, …squares times its square.

    Without `mix` (rows of category_cohorts) or rates by category, one rate for all; else that of the row's group `by`.
    """
    rates = pd.Series(margin.rate, index=frame.index)
    if mix is not None and margin.by_category:
        found = frame[list(by)].merge(margin_rates(mix, margin, by).reset_index(), how="left", on=list(by))
        rates = found["margin"].fillna(rate_of_all(margin, mix)).set_axis(frame.index)
    money = {name: frame[name] * rates for name in frame if str(name).endswith("revenue")}
    squares = {name: frame[name] * rates**2 for name in frame if str(name).endswith("squares")}
    return frame.assign(**{str(name): column for name, column in {**money, **squares}.items()})


def mean_value(revenue: float, squares: float, customers: float, negative: float = -math.inf) -> Reading:
    """Money per customer with its 95 % interval; none of few customers.

    `squares`: sum over customers of their money squared; `negative`: sum of those of whom less than nothing is left:
    where there are none, the interval ends at 0.
    """
    if customers <= 0:
        return Reading(None, None, None, revenue, customers, "money")
    mean, errors = revenue / customers, errors_aside(customers)
    if errors is None:
        return Reading(mean, None, None, revenue, customers, "money", customers=customers)
    variance = max(squares - customers * mean**2, 0.0) / (customers - 1)
    half = errors * math.sqrt(variance / customers)
    low = mean - half if negative < 0 else max(mean - half, 0.0)
    return Reading(mean, low, mean + half, revenue, customers, "money", customers=customers)


def year_value(worth: pd.DataFrame) -> Reading:
    """Money of the first year per customer won a year ago or earlier. `worth`: rows of channel_worth."""
    return _mean_of("year", worth)


def new_value(worth: pd.DataFrame) -> Reading:
    """Money to date per customer won in the last year. `worth`: rows of channel_worth."""
    return _mean_of("new", worth)


def _mean_of(span: str, worth: pd.DataFrame) -> Reading:
    names = (f"{span}_revenue", f"{span}_squares", f"{span}_customers", "negative_revenue")
    return mean_value(*(float(worth[name].sum()) for name in names))


def first_order_value(worth: pd.DataFrame) -> Reading:
    """Money of the first day per customer, of all customers. `worth`: rows of channel_worth."""
    customers, revenue = float(worth["customers"].sum()), float(worth["first_revenue"].sum())
    mean = revenue / customers if customers else None
    return Reading(mean, None, None, revenue, customers, "money", customers=customers)


def triangle(cells: pd.DataFrame, forecast: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per cohort and age: what a customer of the cohort has brought by the end of that age.

    `cells`: cohort, age, cohort_customers, revenue, is_complete; `forecast`: rows of Baseline.triangle, in the same
    money. Columns: those, value_per_customer, value_per_customer_p10 and _p90 (80 % of the cases, missing where
    observed), is_forecast. A running month stays out where its forecast is known.
    """
    seen = cells.sort_values(["cohort", "age"])
    value = seen.groupby("cohort")["revenue"].cumsum() / seen["cohort_customers"]
    ends = {f"value_per_customer_{end}": np.nan for end in ("p10", "p90")}
    seen = seen.assign(value_per_customer=value, is_forecast=False, **ends)
    if forecast is None or forecast.empty:
        return seen.reset_index(drop=True)
    coming = forecast[forecast["is_forecast"] & forecast["cohort"].isin(seen["cohort"])]
    if coming.empty:
        return seen.reset_index(drop=True)
    kept = coming[["cohort", "age", "value_per_customer", *ends]].assign(is_forecast=True, is_complete=True)
    sizes = seen.drop_duplicates("cohort").set_index("cohort")["cohort_customers"]
    kept["cohort_customers"] = kept["cohort"].map(sizes)
    keys = pd.MultiIndex.from_frame(kept[["cohort", "age"]])
    running = ~seen["is_complete"] & pd.MultiIndex.from_frame(seen[["cohort", "age"]]).isin(keys)
    seen = seen[~running]
    known = pd.MultiIndex.from_frame(seen[["cohort", "age"]])
    return pd.concat([seen, kept[~keys.isin(known)]]).sort_values(["cohort", "age"], ignore_index=True)


def spread_cohorts(cells: pd.DataFrame, back: Sequence[int], few: int = FEW_CUSTOMERS) -> list[pd.Timestamp]:
    """Cohorts to show at first, older ones first: the `back`-th from the latest, of those that say something.

    `cells`: rows of `triangle` with is_left_truncated. Cohorts of `few` customers or more who had not bought before
    the data begin; without any, the largest ones.
    """
    sizes = cells.drop_duplicates("cohort").set_index("cohort").sort_index()
    telling = sizes[(sizes["cohort_customers"] >= few) & ~sizes["is_left_truncated"]].index.tolist()
    if not telling:
        return sorted(sizes["cohort_customers"].nlargest(len(back)).index)
    return sorted({telling[-min(place, len(telling))] for place in back})


def forecast_in_margin(forecast: pd.DataFrame, cells: pd.DataFrame, earned: pd.DataFrame) -> pd.DataFrame:
    """Rows of Baseline.triangle, its money as margin: each cohort's at the margin that it has had so far.

    `cells`, `earned`: the same rows of cohort_retention, in revenue and in margin.
    """
    if forecast.empty:
        return forecast
    so_far, before = (frame.groupby("cohort")["revenue"].sum() for frame in (earned, cells))
    rates = forecast["cohort"].map(so_far / before.where(before > 0))
    money = [name for name in forecast if str(name).startswith("value_per_customer")]
    return forecast.assign(**{str(name): forecast[name] * rates for name in money})


def value_by_age(cells: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """One row per group of `by` and age: money per customer from the first order to the end of that age.

    Each month of age adds what the cohorts that have lived through it brought in it per customer, so the value never
    falls with age where no amount is negative. Columns: by, age, cohorts, cohort_customers, value_per_customer.
    """
    over = cells[cells["is_complete"]]
    sums = over.groupby([*by, "age"]).agg(
        cohorts=("cohort", "nunique"), cohort_customers=("cohort_customers", "sum"), revenue=("revenue", "sum")
    )
    per_customer = sums["revenue"] / sums["cohort_customers"]
    running = per_customer.groupby(list(by)).cumsum() if by else per_customer.cumsum()
    return sums.assign(value_per_customer=running).drop(columns="revenue").reset_index()


def payback(values: pd.Series, cost: float) -> int | None:
    """The first age at which the value per customer reaches the cost; None: not yet, or no cost is known.

    `values`: value_per_customer by age, as the index; ages that are not over stay out.
    """
    reached = values[values >= cost]  # an unknown cost is reached by nothing
    return int(reached.index[0]) if len(reached) else None


def paid_by_age(curves: pd.DataFrame, costs: pd.Series, by: str) -> pd.DataFrame:
    """One row per group of `by` and age: value_per_customer, cost of winning one, left (value less cost), is_payback.

    `curves`: rows with by, age, value_per_customer; `costs`: cost by group. Groups without a cost stay out.
    """
    known = curves.assign(cost=curves[by].map(costs)).dropna(subset=["cost"])
    left = known["value_per_customer"] - known["cost"]
    firsts = {
        group: payback(rows.set_index("age")["value_per_customer"], float(rows["cost"].iloc[0]))
        for group, rows in known.groupby(by)
    }
    return known.assign(left=left, is_payback=known["age"] == known[by].map(firsts))


def spend_in(
    months: pd.DataFrame, since: date | None = None, until: date | None = None, channels: Sequence[str] | None = None
) -> pd.DataFrame:
    """The rows of acquisition to count: whole months that the spend covers, begun in the days and channels asked for.

    A month between the first and the last one with spend is covered: a channel without a row in it had none.
    """
    told = months.loc[months["spend"].notna(), "month"]
    if told.empty:
        return months.head(0)
    kept = months["is_complete"] & months["month"].between(told.min(), told.max())
    if since is not None:
        kept &= months["month"] >= pd.Timestamp(since).replace(day=1)
    if until is not None:
        kept &= months["month"] < pd.Timestamp(until)
    if channels is not None:
        kept &= months["channel"].isin(list(channels))
    return months[kept]


def acquisition_costs(months: pd.DataFrame, by: str | None = "channel") -> pd.DataFrame:
    """One row per channel (or `by` "month", or one row for all with None): spend, customers won, cost of winning one.

    `months`: rows of `spend_in`. The cost is missing where nothing was spent or nobody was won: not told is not free.
    """
    groups = months.assign(all="") if by is None else months
    key = by or "all"
    sums = groups.groupby(key).agg(spend=("spend", lambda told: told.sum(min_count=1)), customers=("customers", "sum"))
    cost = (sums["spend"] / sums["customers"].where(sums["customers"] > 0)).where(sums["spend"] > 0)
    return sums.assign(cost=cost).reset_index()


def cost_of(channels: pd.Series, costs: pd.DataFrame) -> pd.Series:
    """The cost of winning one by channel as the orders write it: names match whatever their case, as in acquisition."""
    known = costs.set_index(costs["channel"].str.lower())["cost"]
    return pd.Series(channels.str.strip().str.lower().map(known).to_numpy(float), index=channels.to_numpy())


def unmatched_spend(costs: pd.DataFrame) -> pd.DataFrame:
    """The rows of acquisition_costs by channel with spend that won nobody: letters, or other names."""
    return costs[(costs["spend"] > 0) & (costs["customers"] == 0)]


def paid_back(values: pd.DataFrame, curves: pd.DataFrame, costs: pd.Series, by: str) -> pd.DataFrame:
    """One row per group of `by`: what its customers bring, what one cost, how often and when that came back.

    `values`: by, customers, first_revenue, and year_customers, year_revenue, year_squares of those whose value counts,
    negative_revenue;
    `curves`: rows of value_by_age; `costs`: cost by group. Columns: by, customers, first_value, value, low, high
    (95 %), cost, times (value / cost), payback_age; missing where not known, or not yet.
    """
    readings = [year_value(values.iloc[[place]]) for place in range(len(values))]
    cost = values[by].map(costs).astype(float)
    ages = curves.groupby(by)
    by_age = {group: rows.set_index("age")["value_per_customer"] for group, rows in ages}
    paid = [
        payback(by_age[group], price) if group in by_age else None
        for group, price in zip(values[by], cost, strict=True)
    ]
    return pd.DataFrame(
        {
            by: values[by],
            "customers": values["customers"],
            "first_value": values["first_revenue"] / values["customers"],
            **{end: [getattr(reading, end) for reading in readings] for end in ("value", "low", "high")},
            "cost": cost,
            "times": [ratio(reading.value, price) for reading, price in zip(readings, cost, strict=True)],
            "payback_age": pd.Series(paid, index=values.index, dtype=float),
        }
    ).astype(dict.fromkeys(("value", "low", "high", "times"), float))


def all_channels(
    values: pd.DataFrame, mean: pd.DataFrame, cost: float, name: str = ""
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """The shop as one channel called `name`: rows, value by age and cost for `paid_back`.

    `values`: rows of channel_worth; `mean`: rows of value_by_age without groups; `cost`: of winning one, spend that won
    nobody directly included.
    """
    sums = values.drop(columns="channel").sum().to_frame().T.assign(channel=name)
    return sums, mean.assign(channel=name), pd.Series({name: cost})


def ratio(value: float | None, cost: float | None) -> float | None:
    """LTV : CAC, how often a customer brings back what winning one costs."""
    if value is None or cost is None or not cost > 0:
        return None
    return value / cost


def profit(revenue: float, cost: float) -> float:
    """What remains of a customer's money once what was spent on the customer is paid."""
    return revenue - cost


def rise(before: float, after: float) -> float | None:
    """By how much of itself a profit rose: 7.0 is 700 %. None where there was none to rise from."""
    return (after - before) / before if before > 0 else None


def allowances(values: pd.DataFrame, costs: pd.Series, share: float, is_first_order: bool = False) -> pd.DataFrame:
    """One row per channel: value per customer with low and high (95 %), allowed (its share), cost of one now.

    `values`: rows of channel_worth; `costs`: cost by channel; `is_first_order`: only the money of the first day counts.
    """
    read = first_order_value if is_first_order else year_value
    readings = [read(values.iloc[[place]]) for place in range(len(values))]
    found = pd.DataFrame(
        {end: [getattr(reading, end) for reading in readings] for end in ("value", "low", "high")}, dtype=float
    )
    names = values["channel"].reset_index(drop=True)
    allowed = found["value"].map(partial(allowable_cost, share=share))
    return found.assign(channel=names, allowed=allowed, cost=names.map(costs).astype(float))


def allowable_cost(value: float, margin: float = 1.0, share: float = 1.0) -> float:
    """What may be paid to win a customer who brings `value`: its margin, and of that the share one will spend."""
    return value * margin * share
