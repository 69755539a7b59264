"""A goal against a baseline: what its levers bring month by month, how sure that is, what it costs, what matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retention_core.goals.arithmetic import Cells, evaluate, force, rate_with
from retention_core.goals.bands import COLUMNS, Band, band, bands
from retention_core.goals.draws import draw_uplifts
from retention_core.goals.goal import Goal, GoalError, Lever
from retention_core.goals.sensitivity import Inputs, alone, tornado
from retention_core.goals.start import SERIES, Start, bands_of, needed, rate_band, started
from retention_core.models.triples import Floats

if TYPE_CHECKING:
    from retention_core.goals.baseline import Baseline


__all__ = ["COLUMNS", "SERIES", "Band", "Result", "goal_month", "rate_without", "simulate"]


@dataclass(frozen=True)
class Result:
    """What comes out of a goal. Frames hold identifiers; shares are 0-1; extra is against the baseline.

    `months`: one row per variant (baseline, plan), series (rate, customers, orders, revenue, margin_after_cost) and
    month: variant, series, month, mean, p10, p25, p50, p75, p90. A rate is that of the customers first won in the
    month.
    `waterfall`: one row per step from the baseline's rate in `month` to the plan's: step (baseline, lever, overlap,
    plan), key, change, starts_at, ends_at. Mean rates; each lever's bar is what it does alone, in the goal's order.
    `levers`: one row per lever in force, alone on the expected baseline with its expected uplift: key, rate_change,
    extra_margin (before costs), cost, profit, extra_retained, break_even_uplift (NaN: no uplift pays for it).
    `payback`: one row per month: month, paid_back (share of draws whose costs are covered from that month on), and the
    profit up to it: mean, p10, p25, p50, p75, p90.
    `rate_before`, `rate`: the baseline's and the plan's rate in `month`. `probability`: that the rate reaches the
    target; None without one. `profit`: extra margin after all costs; `cost`: programme and discounts;
    `extra_retained`: customers who come back within a year and would not have. `probability_of_profit`: None where
    amounts are not known. `payback_month`: first month from which half of the draws are paid back; None if never, or
    without costs. `cost_per_extra`: cost of one more customer retained; None where under 90 % of the draws retain more.
    """

    months: pd.DataFrame
    waterfall: pd.DataFrame
    levers: pd.DataFrame
    payback: pd.DataFrame
    month: date
    rate_before: Band
    rate: Band
    probability: float | None
    probability_before: float | None
    profit: Band
    probability_of_profit: float | None
    cost: Band
    extra_retained: Band
    payback_month: date | None
    cost_per_extra: Band | None
    inputs: Inputs = field(repr=False, compare=False)

    @cached_property
    def tornado(self) -> pd.DataFrame:
        """One row per uncertain input, widest profit first: input, key, at_low, at_high (the input's p10 and p90),
        rate_low, rate_mid, rate_high, profit_low, profit_mid, profit_high. All other inputs at the middle. Worked out
        when it is first asked for: a slider that moves does not need it."""
        return tornado(self.inputs)


def simulate(baseline: Baseline, goal: Goal, seed: int = 0) -> Result:
    """What a goal's levers bring on a baseline, in as many joint draws as it has. Same seed, same bytes."""
    with started(baseline, goal) as start:
        return _simulated(start, baseline, goal, seed)


def _simulated(start: Start, baseline: Baseline, goal: Goal, seed: int) -> Result:
    cells, base, levers = start.cells, start.base, goal.in_force
    strengths = np.array([[lever.strength for lever in levers]])
    uplifts = draw_uplifts(levers, len(cells.order_value), seed)
    plan = evaluate(cells, levers, uplifts, strengths) if levers else base
    place = goal_month(goal, cells.months)
    profit = np.cumsum(plan.margin_after_cost - base.margin_after_cost, axis=1)
    cost = plan.cost.sum(axis=1) + np.zeros(len(profit))
    extra = plan.retained - base.retained
    luck = start.luck[:, place]
    before, rate = base.rate[:, place], plan.rate[:, place]
    payback = _payback(cells.months, profit)
    return Result(
        months=_months(cells.months, start.bands, bands_of(plan, start.luck) if levers else start.bands),
        waterfall=_waterfall(start.cells, levers, uplifts, place, before, rate),
        levers=alone(start, levers, uplifts.mean(axis=0, keepdims=True), strengths, place),
        payback=payback,
        month=cells.months[place],
        rate_before=rate_band(before, luck),
        rate=rate_band(rate, luck),
        probability=_chance(rate, luck, goal.target),
        probability_before=_chance(before, luck, goal.target),
        profit=band(profit[:, -1]),
        probability_of_profit=None if np.isnan(profit).any() else float((profit[:, -1] > 0).mean()),
        cost=band(cost),
        extra_retained=band(extra),
        payback_month=_payback_month(payback) if cost.any() else None,
        cost_per_extra=band(cost / extra) if (extra > 0).mean() >= 0.9 and (extra != 0).all() else None,
        inputs=Inputs(baseline, goal, levers, uplifts, strengths, place),
    )


def _chance(rate: Floats, luck: Floats, target: float | None) -> float | None:
    """Share of the draws in which the target is seen."""
    return None if target is None else float((rate >= needed(target, luck)).mean())


def rate_without(baseline: Baseline, goal: Goal) -> Band:
    """The goal's rate in its month if nothing is done: `Result.rate_before`, without the rest."""
    with started(baseline, goal) as start:
        place = goal_month(goal, start.cells.months)
        return rate_band(start.base.rate[:, place], start.luck[:, place])


def goal_month(goal: Goal, months: tuple[date, ...]) -> int:
    """Place of the month whose new customers the goal is about: that of its date, else the last."""
    if goal.by is None:
        return len(months) - 1
    place = (goal.by.year - months[0].year) * 12 + goal.by.month - months[0].month
    if not 0 <= place < len(months):
        raise GoalError(
            f"The goal's date is {goal.by:%Y-%m}; it must lie from {months[0]:%Y-%m} to {months[-1]:%Y-%m}."
        )
    return place


def _months(months: tuple[date, ...], base: Floats, plan: Floats) -> pd.DataFrame:
    variants = ("baseline", "plan")
    found = np.concatenate([base, plan]).reshape(-1, len(COLUMNS))
    whose = {
        "variant": np.repeat(variants, len(SERIES) * len(months)),
        "series": np.tile(np.repeat(SERIES, len(months)), len(variants)),
        "month": np.tile(_days(months), len(variants) * len(SERIES)),
    }
    return pd.DataFrame(whose | dict(zip(COLUMNS, found.T, strict=True)))


def _waterfall(
    cells: Cells, levers: tuple[Lever, ...], uplifts: Floats, place: int, before: Floats, rate: Floats
) -> pd.DataFrame:
    """What each lever does alone, then what they lose by overlapping, so that the bars add up to the plan."""
    first, end = float(before.mean()), float(rate.mean())
    steps, level = [("baseline", "", first, 0.0, first)], first
    for column, lever in enumerate(levers):
        if lever.acts_on == "return_after_first":
            away = 1 - force(lever, cells.months)[place] * uplifts[:, column]
            by_itself = rate_with(cells, place, away)
            change = float(by_itself.mean()) - first
            steps.append(("lever", lever.key, change, level, level + change))
            level += change
    steps += [("overlap", "", end - level, level, end), ("plan", "", end, 0.0, end)]
    return pd.DataFrame(steps, columns=["step", "key", "change", "starts_at", "ends_at"])


def _payback(months: tuple[date, ...], profit: Floats) -> pd.DataFrame:
    """Paid back from a month on: the profit up to it, and up to every later month, is not below 0."""
    lowest_to_come = np.minimum.accumulate(profit[:, ::-1], axis=1)[:, ::-1]
    paid_back = np.where(np.isnan(profit).any(axis=0), np.nan, (lowest_to_come >= 0).mean(axis=0))
    found = dict(zip(COLUMNS, bands(profit.T).T, strict=True))
    return pd.DataFrame({"month": _days(months), "paid_back": paid_back, **found})


def _payback_month(payback: pd.DataFrame) -> date | None:
    paid = payback.loc[payback["paid_back"] >= 0.5, "month"]
    return paid.iloc[0].date() if len(paid) else None


def _days(months: tuple[date, ...]) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array(months, dtype="datetime64[ns]")
