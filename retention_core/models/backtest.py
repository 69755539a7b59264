"""One forecast of orders that were hidden from the forecaster, beside what happened."""

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
import pandas as pd

from retention_core.models import btyd, cohort_curve
from retention_core.models.doubt import LOG_STEP, directions, moved
from retention_core.models.triples import CUSTOMERS, Floats, Triples, distinct_rows, read_triples

LEVEL = 0.8  # of every interval here
WIDTH = NormalDist().inv_cdf((1 + LEVEL) / 2)
SAMPLE = 10_000  # histories, an even part, that tell how sure a forecast of many more is
PARTS = 2.0  # a month or a group of customers misses by so many times as much as the total, in real shops
MANY = 7  # customers with so many repeat orders or more make one group, as in the papers


@dataclass(frozen=True)
class Backtest:
    """A forecast for all known customers in the hidden `horizon`, and how it did.

    `actual`, `expected`, `low`, `high` count orders; the 80 % interval holds the chance of the orders themselves and
    the doubt about the parameters, not the chance that the model is wrong. `mean_absolute_error` is per customer.
    `groups` has one row per number of repeat orders (the last: 7 or more): repeat_orders, customers, actual, expected,
    low, high, held. `periods` has one row per hidden period: starts, ends and the same.
    """

    model: str
    horizon: float
    customers: float
    actual: float
    expected: float
    low: float
    high: float
    mean_absolute_error: float
    groups: pd.DataFrame
    periods: pd.DataFrame
    is_usable: bool
    message: str

    @property
    def error_share(self) -> float:
        """expected / actual − 1; nan if nothing was ordered."""
        return self.expected / self.actual - 1 if self.actual else float("nan")

    @property
    def coverage(self) -> float:
        """Share of groups and periods whose actual lay within the 80 % interval; nan without any."""
        return float(pd.concat([self.groups["held"], self.periods["held"]]).astype(float).mean())

    @property
    def deviation(self) -> float:
        """Standard deviation of the total, by what its interval holds."""
        return (self.high - self.expected) / WIDTH

    @property
    def total_held(self) -> bool:
        """Whether the actual total lay within its interval."""
        return bool(np.floor(self.low) <= self.actual <= np.ceil(self.high))

    def widened(self, spread: float) -> "Backtest":
        """The same with the error of the model in its intervals: `spread` is its deviation as a share of the total."""
        width = WIDTH * float(np.hypot(self.deviation, spread * self.expected))
        groups, periods = (_widened(part, PARTS * spread) for part in (self.groups, self.periods))
        return replace(
            self,
            low=max(self.expected - width, 0.0),
            high=self.expected + width,
            groups=groups,
            periods=periods,
        )


class Forecaster(Protocol):
    """What is tested. `move` is added to the logs of the parameters: how far the forecast follows tells its doubt."""

    @property
    def fitted(self) -> btyd.Fit | cohort_curve.CohortCurve: ...
    def expected(self, histories: Triples, ends: Floats, move: Floats) -> Floats:
        """Expected orders until each of the `ends`: one row per history, one column per end."""
        ...

    def variance(self, histories: Triples, start: float, end: float) -> Floats:
        """Variance of the orders between start and end, were the parameters known: one entry per history."""
        ...


@dataclass(frozen=True)
class ModelForecaster:
    fitted: btyd.Fit

    def expected(self, histories: Triples, ends: Floats, move: Floats) -> Floats:
        return moved(self.fitted, move).expected_orders_by(histories.x, histories.t_x, histories.T, ends)

    def variance(self, histories: Triples, start: float, end: float) -> Floats:
        return self.fitted.variance_of_orders(histories.x, histories.t_x, histories.T, start, end)


@dataclass(frozen=True)
class CurveForecaster:
    fitted: cohort_curve.CohortCurve

    def expected(self, histories: Triples, ends: Floats, move: Floats) -> Floats:
        (age,), place = distinct_rows(histories.T)
        return moved(self.fitted, move).expected_orders(age[:, None], ends)[place]

    def variance(self, histories: Triples, start: float, end: float) -> Floats:
        # From the age at the start on: of a curve that fades at once, two sums since today differ by rounding alone.
        return self.fitted.overdispersion * self.fitted.expected_orders(histories.T + start, end - start)


@dataclass(frozen=True)
class Hidden:
    """The hidden horizon cut into spans: the whole first, then the periods whose orders are known."""

    starts: Floats
    ends: Floats
    orders: Floats


def run(
    model: str, by: Forecaster, calibration: pd.DataFrame, horizon: float, periods: pd.DataFrame | None
) -> Backtest:
    """Forecasts the spans for all customers, and the whole horizon for groups of customers by their repeat orders."""
    shared = calibration if CUSTOMERS in calibration else calibration.assign(**{CUSTOMERS: 1})
    histories = read_triples(shared)
    actual = shared["hidden_orders"].to_numpy(np.float64)[histories.row]
    hidden = _spans(horizon, float(histories.customers @ actual), periods)
    part = histories.every(len(histories.x) // SAMPLE)  # enough to say how sure the forecast is
    scale = histories.size / max(part.size, 1.0)

    def orders(of: Triples, move: Floats) -> Floats:
        until = by.expected(of, np.concatenate([hidden.starts, hidden.ends]), move)
        return np.asarray(until[:, len(hidden.starts) :] - until[:, : len(hidden.starts)])

    doubt = np.zeros(len(hidden.starts) + MANY + 1)
    for move in directions(by.fitted.maximum):
        up, down = (_cells(part, orders(part, sign * LOG_STEP * move)) for sign in (1, -1))
        doubt += (scale * (up - down) / (2 * LOG_STEP)) ** 2
    chance = [by.variance(part, start, end) for start, end in zip(hidden.starts, hidden.ends, strict=True)]
    expected = orders(histories, np.zeros_like(by.fitted.maximum.params))
    table = _judged(
        customers=np.append(np.full(len(hidden.starts), histories.size), _by_group(histories, np.ones_like(actual))),
        actual=np.append(hidden.orders, _by_group(histories, actual)),
        expected=_cells(histories, expected),
        deviation=np.sqrt(scale * _cells(part, np.array(chance).T) + doubt),
    )
    total, spans, groups = table.iloc[0], table.iloc[1 : len(hidden.starts)], table.iloc[len(hidden.starts) :]
    groups = groups.reset_index(drop=True).rename_axis("repeat_orders").reset_index()
    times = pd.DataFrame({"starts": hidden.starts[1:], "ends": hidden.ends[1:]})
    return Backtest(
        model=model,
        horizon=horizon,
        customers=histories.size,
        **{name: float(total[name]) for name in ("actual", "expected", "low", "high")},
        mean_absolute_error=float(histories.customers @ np.abs(expected[:, 0] - actual) / max(histories.size, 1.0)),
        groups=groups[groups["customers"] > 0].reset_index(drop=True),
        periods=times.join(spans.reset_index(drop=True)),
        is_usable=by.fitted.is_usable,
        message=by.fitted.message,
    )


def _by_group(histories: Triples, values: Floats) -> Floats:
    """Sums over the customers with 0, 1, 2 … repeat orders, the last: MANY or more."""
    group = np.minimum(histories.x, MANY).astype(np.int64)
    sums = np.bincount(group, weights=histories.customers * values, minlength=MANY + 1)
    return sums.astype(np.float64, copy=False)


def _cells(histories: Triples, values: Floats) -> Floats:
    """Sums over all customers of each span (column), then sums of each group over the whole horizon."""
    return np.concatenate([histories.customers @ values, _by_group(histories, values[:, 0])])


def _spans(horizon: float, actual: float, periods: pd.DataFrame | None) -> Hidden:
    if periods is None:
        return Hidden(np.zeros(1), np.array([horizon]), np.array([actual]))
    starts, ends, orders = (periods[name].to_numpy(np.float64) for name in ("starts", "ends", "orders"))
    return Hidden(np.append(0.0, starts), np.append(horizon, ends), np.append(actual, orders))


def _judged(customers: Floats, actual: Floats, expected: Floats, deviation: Floats) -> pd.DataFrame:
    """One row per cell: customers, actual, expected, low, high, held."""
    shown = _interval(actual, expected, deviation)
    return pd.DataFrame({"customers": customers, "actual": actual, "expected": expected, **shown})


def _interval(actual: Floats, expected: Floats, deviation: Floats) -> dict[str, Any]:
    """low, high and whether it held of each cell. Orders are whole: the ends count as inside."""
    low, high = np.maximum(expected - WIDTH * deviation, 0.0), expected + WIDTH * deviation
    return {"low": low, "high": high, "held": (actual >= np.floor(low)) & (actual <= np.ceil(high))}


def _widened(cells: pd.DataFrame, spread: float) -> pd.DataFrame:
    """The cells with a further share of what was expected in their intervals."""
    expected, high = (cells[name].to_numpy(np.float64) for name in ("expected", "high"))
    deviation = np.hypot((high - expected) / WIDTH, spread * expected)
    return cells.assign(**_interval(cells["actual"].to_numpy(np.float64), expected, deviation))
