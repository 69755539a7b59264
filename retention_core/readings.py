"""How a number is read from a shop: what is divided by what, and how far chance alone could have moved it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.store import Shop

Z95 = 1.959963984540054
SMALL_SAMPLE = 30  # customers: of fewer, one more or less moves a number a lot
FEWEST = 10  # customers: what fewer differ by says too little of how far chance may have moved their mean
LARGE_PART = 0.2  # of the money: a customer with more of it carries the number
CARRIED = "A single customer holds more than a fifth of this money: the number and its interval rest on that one."


@dataclass(frozen=True)
class Reading:
    """One number: `value` with its 95 % interval, what was divided by what, caveats. None: not known.

    `customers`: how many people it rests on, where it has an interval.
    """

    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    unit: str
    caveats: tuple[str, ...] = ()
    customers: float | None = None


Read: TypeAlias = "Callable[[Shop, Mapping[str, Any]], Reading]"


def wilson(hits: Any, trials: Any, z: float = Z95) -> tuple[Any, Any]:
    """Ends of the score interval (Wilson 1927) of a share, for numbers or whole columns; 95 % unless z differs."""
    centre = hits + z**2 / 2
    half = z * (hits * (trials - hits) / trials + z**2 / 4) ** 0.5
    low, high = (centre - half) / (trials + z**2), (centre + half) / (trials + z**2)
    return low * (low > 0), high + (1 - high) * (high > 1)


def errors_aside(customers: float) -> float | None:
    """Standard errors of a mean on either side of it that are 95 % sure; None with too few customers to say.

    Student's t where it differs from the normal: the deviation among few customers is itself not well known.
    """
    if customers < FEWEST:
        return None
    if customers >= SMALL_SAMPLE:
        return Z95
    from scipy.special import stdtrit

    return float(stdtrit(customers - 1, 0.975))


def count(query: str, column: str) -> Read:
    """A plain count or sum: it has no sampling error."""

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        value = float(shop.query(query, **parameters)[column].iloc[0])
        return Reading(value, None, None, value, None, "")

    return reading


def share(numerator: str, denominator: str, rows: Callable[[pd.DataFrame], pd.DataFrame], query: str) -> Read:
    """A share of customers, read from the last of the chosen rows, with its Wilson interval."""

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        chosen = rows(shop.query(query, **parameters))
        return _share_of(chosen[numerator].iloc[-1], chosen[denominator].iloc[-1]) if len(chosen) else _NOT_KNOWN

    return reading


def _share_of(hits: float, trials: float) -> Reading:
    hits, trials = float(hits), float(trials)
    if trials <= 0:
        return Reading(None, None, None, hits, trials, "")
    return Reading(hits / trials, *wilson(hits, trials), hits, trials, "", customers=trials)


_NOT_KNOWN = Reading(None, None, None, None, None, "")


def every_row(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def complete(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["is_complete"]]


def last_complete(frame: pd.DataFrame) -> pd.DataFrame:
    """The last whole period, if anybody was active when it began: an older one is not the present."""
    last = complete(frame).tail(1)
    return last[last["customers_start"] > 0]


def textbook_crr(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """(E - N) / S = (retained + reactivated) / S; the reactivated come from outside S, their count as Poisson."""
    rows = last_complete(shop.query("retention_rates", **parameters))
    if rows.empty:
        return _NOT_KNOWN
    row = rows.iloc[-1]
    start, retained, reactivated = (float(row[name]) for name in ("customers_start", "retained", "reactivated"))
    low, high = wilson(retained, start)
    value, kept = (retained + reactivated) / start, retained / start
    back = Z95 * math.sqrt(reactivated) / start
    low, high = value - math.hypot(kept - low, back), value + math.hypot(high - kept, back)
    return Reading(value, low, high, retained + reactivated, start, "", customers=start)


def churn(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    rows = last_complete(shop.query("retention_rates", **parameters))
    if rows.empty:
        return _NOT_KNOWN
    row = rows.iloc[-1]
    return _share_of(row["customers_start"] - row["retained"], row["customers_start"])


def returning(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """The returning form over the last whole period, or over the window that is asked for."""
    asked = dict(parameters)
    if "starts_at" not in asked:
        grain = asked.pop("grain", "month")
        periods = complete(shop.query("period_totals", grain=grain))
        if periods.empty:
            return _NOT_KNOWN
        asked |= {"starts_at": periods["period"].iloc[-1], "ends_at": periods["ends_at"].iloc[-1]}
    row = shop.query("returning_in_window", **asked).iloc[0]
    return _share_of(row["returning_customers"], row["existing_customers"])


def second_order(days: int) -> Read:
    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        row = shop.query("second_order_within", days=[days], **parameters).iloc[0]
        return _share_of(row["ordered_again"], row["customers"])

    return reading


def ratio(numerator: str, denominator: str, squares: Callable[[float, pd.Series], float]) -> Read:
    """A ratio of two sums over customers; its error is that of the customers' deviations (linearised, Cochran 1977).

    `squares(ratio, totals)` is the sum over customers of (numerator - ratio * denominator) squared. Where nobody has
    brought less than nothing, the interval ends at 0.
    """

    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        totals = shop.query("customer_totals", **parameters).iloc[0]
        top, bottom, customers = (float(totals[name]) for name in (numerator, denominator, "customers"))
        if bottom <= 0:
            return Reading(None, None, None, top, bottom, "")
        ratio = top / bottom
        is_carried = numerator.endswith("revenue") and float(totals["most_revenue"]) > LARGE_PART * totals["revenue"]
        caveats = (CARRIED,) if is_carried and customers > 1 else ()
        errors = errors_aside(customers)
        if errors is None:
            return Reading(ratio, None, None, top, bottom, "", caveats, customers)
        deviation = max(squares(ratio, totals), 0.0) * customers / (customers - 1)
        half = errors * math.sqrt(deviation) / bottom
        low = ratio - half if totals["negative_revenue"] < 0 else max(ratio - half, 0.0)
        return Reading(ratio, low, ratio + half, top, bottom, "", caveats, customers)

    return reading


def per_customer(column: str) -> Read:
    """The mean of a sum over customers."""
    return ratio(column, "customers", lambda mean, t: float(t[f"{column}_squares"] - t["customers"] * mean**2))


def repeat_share(column: str, whole: str) -> Read:
    """What customers with two or more orders hold of a whole."""

    def squares(r: float, t: pd.Series) -> float:
        repeaters = float(t[f"{column}_squares"])
        return (1 - r) ** 2 * repeaters + r**2 * (float(t[f"{whole}_squares"]) - repeaters)

    return ratio(column, whole, squares)


def order_value_squares(value: float, t: pd.Series) -> float:
    return float(t["revenue_squares"] - 2 * value * t["revenue_orders"] + value**2 * t["orders_squares"])


def later_orders_squares(r: float, t: pd.Series) -> float:
    return float((1 - r) ** 2 * t["orders_squares"] - 2 * (1 - r) * t["orders"] + t["customers"])


def top_share(place: int) -> Read:
    def reading(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
        row = shop.query("concentration", **parameters)
        if row.empty or row["revenue"].iloc[place] <= 0:
            return _NOT_KNOWN
        top, total = float(row["top_revenue"].iloc[place]), float(row["revenue"].iloc[place])
        return Reading(top / total, None, None, top, total, "")

    return reading


def _yearly_retention(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """Of the customers active a year before the last observed day, the share that ordered in the year up to it."""
    ends_at = shop.observed_on + timedelta(days=1)
    starts_at = ends_at - timedelta(days=365)
    if (starts_at - shop.first_on).days < 365:
        return _NOT_KNOWN
    row = shop.query("returning_in_window", starts_at=starts_at, ends_at=ends_at, window_days=365, **parameters).iloc[0]
    return _share_of(row["returning_customers"], row["existing_customers"])


def simple_value(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    """AOV × orders per customer and year × margin × years, years = 1 / yearly churn.

    The interval holds the error of the churn and that of what a customer brings in a year, as if they were independent.
    The two are added on the log scale, on which a product is a sum (delta method).
    """
    scope = {key: value for key, value in parameters.items() if key != "margin"}
    margin = float(parameters.get("margin", 1.0))
    kept = _yearly_retention(shop, scope)
    year = shop.query("last_year", **scope).iloc[0]
    if kept.value is None or kept.low is None or kept.high is None or kept.value >= 1 or not year["customers"]:
        return _NOT_KNOWN
    yearly = float(year["revenue"]) / float(year["customers"]) * margin
    value, customers = yearly / (1 - kept.value), min(float(year["customers"]), kept.customers or 0.0)
    caveats = (CARRIED,) if year["most_revenue"] > LARGE_PART * year["revenue"] and customers > 1 else ()
    found = Reading(value, None, None, yearly, 1 - kept.value, "", caveats, customers)
    errors = errors_aside(customers)
    if errors is None or yearly <= 0 or kept.high >= 1:
        return found
    own = errors * _error_of_mean(year) / (yearly / margin)
    down = math.hypot(own, math.log((1 - kept.low) / (1 - kept.value)))
    up = math.hypot(own, math.log((1 - kept.value) / (1 - kept.high)))
    return replace(found, low=value * math.exp(-down), high=value * math.exp(up))


def _error_of_mean(year: pd.Series) -> float:
    """Standard error of the revenue per customer. `year`: the row of last_year."""
    customers, revenue = float(year["customers"]), float(year["revenue"])
    squares = max(float(year["revenue_squares"]) - revenue**2 / customers, 0.0)
    return math.sqrt(squares / (customers - 1) / customers)


def median_wait(shop: Shop, parameters: Mapping[str, Any]) -> Reading:
    curve = shop.query("second_order_curve", **parameters)

    def first_day(column: str) -> float | None:
        passed = curve.loc[curve[column] >= 0.5, "day"]
        return float(passed.iloc[0]) if len(passed) else None

    if curve.empty:
        return _NOT_KNOWN
    ordered, customers = float(curve["ordered"].sum()), float(curve["at_risk"].iloc[0])
    return Reading(first_day("share"), first_day("high"), first_day("low"), ordered, customers, "", (), customers)
