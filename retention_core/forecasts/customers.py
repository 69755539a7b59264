"""What a shop's forecasts say of single customers, and who of them is worth winning back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retention_core.forecasts.record import YEAR, Forecasts
from retention_core.letters import LeftOut, writable
from retention_core.models.observed import FEW, ORDERS
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.store import Shop

GONE, SAFE = 0.1, 0.8  # chance to be still a customer below and above which there is little left to decide
MOST_LISTED, WITH_WINDOW = 20_000, 200
LONGEST_SILENCE, SILENCE_STEP = 730, 10  # days of the picture of typical customers


def customers(shop: Shop, made: Forecasts, **scope: Any) -> pd.DataFrame:
    """One row per customer of the scope, which must be that of `made`.

    customer (code), repeat_orders, first_to_last, age, orders, revenue; days_since_last_order; p_alive (missing
    without a model); will_order: probability of an order within a year; expected_orders, expected_value of that year;
    orders_at_risk, at_risk: orders and value lost to the chance that the customer has gone: what one sure to be still
    there would bring, less what is expected; standing: "safe" (80 % sure to be still there, or more), "gone" (10 % or
    less), else "in_doubt"; "unknown" where nothing can be told: counted, and too few were there to count, or even who
    had ordered lately brought nothing. Money is missing where the files tell no amounts.
    """
    return judged(made, shop.query("customer_histories", **scope))


def judged(made: Forecasts, histories: pd.DataFrame) -> pd.DataFrame:
    """The same for some rows of customer_histories."""
    x, t_x, T = (histories[name].to_numpy(np.float64) for name in ("repeat_orders", "first_to_last", "age"))
    if made.fit is not None:
        p_alive = made.fit.p_alive(x, t_x, T)
        expected = made.fit.expected_orders(x, t_x, T, YEAR)
        will_order = 1 - made.fit.probability_no_order(x, t_x, T, YEAR)
        lively = np.divide(expected, p_alive, out=np.zeros_like(expected), where=p_alive > 0)  # were they still there
        still_there = p_alive
    elif made.observed is not None:
        p_alive = np.full_like(x, np.nan)
        expected = made.observed.expected_orders(x, T - t_x)
        will_order = made.observed.will_order(x, T - t_x)
        lively = made.observed.lively_orders(x)
        still_there = np.divide(expected, lively, out=np.full_like(expected, np.nan), where=lively > 0)
        # Compared with cells that hold themselves, few are worth a tenth and nearly all as much: the first says a lot.
        still_there[(still_there >= SAFE) & ~made.observed.tells(x, T - t_x)] = np.nan
    else:
        p_alive = expected = will_order = lively = still_there = np.full_like(x, np.nan)
    amount = _amounts(made, histories)
    verdicts = {"unknown": np.isnan(still_there), "gone": still_there <= GONE, "safe": still_there >= SAFE}
    return histories.assign(
        days_since_last_order=histories["age"] - histories["first_to_last"],
        p_alive=p_alive,
        will_order=will_order,
        expected_orders=expected,
        expected_value=expected * amount,
        orders_at_risk=np.maximum(lively - expected, 0.0),
        at_risk=np.maximum(lively - expected, 0.0) * amount,
        standing=np.select(list(verdicts.values()), list(verdicts), "in_doubt"),
    ).drop(columns="mean_repeat_amount")


def _amounts(made: Forecasts, histories: pd.DataFrame) -> Floats:
    """Expected amount of each customer's next order; missing where the files tell none."""
    if made.spend is None:
        return np.full(len(histories), np.nan)
    return made.spend.mean_spend(histories["repeat_orders"], histories["mean_repeat_amount"])


def next_order_windows(made: Forecasts, some: pd.DataFrame) -> pd.DataFrame:
    """Of customers like each of these who order within a year, the middle half does so `from_day` to `to_day` from now.

    Same index as `some`, rows of `customers`; missing without a model. Dear: for the few on a list.
    """
    if made.fit is None or some.empty:
        return pd.DataFrame({"from_day": np.nan, "to_day": np.nan}, index=some.index)
    low, high = made.fit.next_order_window(some["repeat_orders"], some["first_to_last"], some["age"], YEAR)
    return pd.DataFrame({"from_day": low, "to_day": high}, index=some.index)


@dataclass(frozen=True)
class AtStake:
    """Who is in doubt and what that is worth.

    `groups`: one row per standing and number of orders (first of the group): standing, group, customers, will_order
    (their mean), expected_value, at_risk (sums; of orders where the files tell no amounts). `silences`: one row per
    order_number (of the last order), days_since_last_order and standing: customers. `listed`: the customers in
    doubt who may be written to (see `letters`) with most at stake, as `customers` has them, with customer_id, consent
    (where the files tell it of anybody) and, for the first, from_day and to_day of the next order. `in_doubt`: how many
    there are in all, and `left_out` those of them who may not be written to.
    """

    groups: pd.DataFrame
    silences: pd.DataFrame
    listed: pd.DataFrame
    in_doubt: int
    left_out: LeftOut


def at_stake(shop: Shop, made: Forecasts, **scope: Any) -> AtStake:
    """The customers of the scope, which must be that of `made`, by standing, and the list worth a letter."""
    everyone = customers(shop, made, **scope)
    stake = "at_risk" if made.tells_money else "orders_at_risk"
    value = "expected_value" if made.tells_money else "expected_orders"
    group = np.array(ORDERS)[np.searchsorted(ORDERS, everyone["repeat_orders"] + 1, side="right") - 1]
    groups = (
        everyone.assign(group=group)
        .groupby(["standing", "group"], as_index=False)
        .agg(
            customers=("customer", "size"),
            will_order=("will_order", "mean"),
            expected_value=(value, "sum"),
            at_risk=(stake, "sum"),
        )
    )
    silences = (
        everyone.assign(order_number=everyone["repeat_orders"] + 1)
        .groupby(["order_number", "days_since_last_order", "standing"], as_index=False)
        .agg(customers=("customer", "size"))
    )
    doubtful = everyone[everyone["standing"] == "in_doubt"]
    listed, left_out = _writable(shop, doubtful)
    listed = listed.nlargest(MOST_LISTED, stake).reset_index(drop=True)
    names = shop.query("customer_names", customers=listed["customer"].tolist())
    listed = listed.merge(names[["customer", "customer_id"]], on="customer", how="left")
    listed = listed.join(next_order_windows(made, listed.head(WITH_WINDOW)))
    return AtStake(groups, silences, listed, len(doubtful), left_out)


def _writable(shop: Shop, some: pd.DataFrame) -> tuple[pd.DataFrame, LeftOut]:
    told = shop.query("customer_consents")
    of_customers = told.dropna(subset=["customer"]).astype({"customer": some["customer"].dtype})
    return writable(some.merge(of_customers, on="customer", how="left"), is_known=len(told) > 0)


def typical(made: Forecasts) -> pd.DataFrame:
    """One row per number of orders and days of silence: orders, silence, will_order by the model of one like this.

    The first and last order lie as far apart as is usual with so many orders. Only what this shop has seen: numbers of
    orders that at least FEW customers have, silences that are possible. Empty without a model.
    """
    if made.fit is None:
        return pd.DataFrame(columns=["orders", "silence", "will_order"])
    longest, histories = float(made.histories["age"].max()), made.histories
    parts = []
    for orders in ORDERS:
        alike = histories[histories["repeat_orders"] == orders - 1].sort_values("first_to_last")
        if alike["customers"].sum() < FEW:
            continue
        half = alike["customers"].cumsum().searchsorted(alike["customers"].sum() / 2)
        t_x = float(alike["first_to_last"].iloc[half])
        silence = np.arange(0.0, min(LONGEST_SILENCE, longest - t_x) + 1, SILENCE_STEP)
        will_order = 1 - made.fit.probability_no_order(orders - 1, t_x, t_x + silence, YEAR)
        parts.append(pd.DataFrame({"orders": orders, "silence": silence, "will_order": will_order}))
    return pd.concat(parts, ignore_index=True)
