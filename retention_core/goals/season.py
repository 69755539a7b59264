"""Monthly series with a season: how many newcomers come, and what an order is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.models.triples import Floats

SEASON_FROM = 18  # months
RECENT = 6  # months that tell the present level
SEASON_WEIGHT = 1.0  # a calendar month seen once is believed by half: 1 / (1 + this)


@dataclass(frozen=True)
class Series:
    """level: of the last months, season taken out; season (12,): factor of each calendar month; spread: of the log of a
    single month; drift: of the log of the level after a year."""

    level: float
    season: Floats
    spread: float
    drift: float

    def draws(self, coming: pd.DatetimeIndex, draws: int, rng: np.random.Generator) -> Floats:
        """(D, H) values of the coming months; their mean is level × season."""
        steps = rng.standard_normal((draws, len(coming))).cumsum(axis=1) * self.drift / np.sqrt(12)
        start = rng.standard_normal((draws, 1)) * self.spread / np.sqrt(RECENT)
        log_noise = start + steps + rng.standard_normal((draws, len(coming))) * self.spread
        variance = self.spread**2 * (1 + 1 / RECENT) + self.drift**2 * np.arange(1, len(coming) + 1) / 12
        season = self.season[coming.month.to_numpy() - 1]
        return np.asarray(self.level * season * np.exp(log_noise - variance / 2))


def series(months: pd.DatetimeIndex, values: Floats, drift: float, spread: float = 0.1) -> Series:
    """The series of past whole months. `drift`, `spread`: what is believed before the data, worth four months."""
    positive = values > 0
    calendar = months.month.to_numpy() - 1
    season = _season(calendar, values) if len(values) >= SEASON_FROM and positive.mean() > 0.8 else np.ones(12)
    plain = values / season[calendar] if len(values) else values
    recent = plain[-RECENT:]
    level = float(recent.mean()) if len(recent) else 0.0
    logs = np.log(plain[plain > 0])
    spread = _pooled(np.diff(logs) / np.sqrt(2), spread)
    halves = np.array([logs[i + 6 : i + 12].mean() - logs[i : i + 6].mean() for i in range(0, len(logs) - 11, 3)])
    drift = _pooled(halves * np.sqrt(2), drift)
    return Series(level, season, min(spread, 1.0), min(drift, 1.0))


def _season(calendar: Floats, values: Floats) -> Floats:
    """(12,) factors with mean 1: each month beside the twelve around it, pulled to 1 by how often it was seen."""
    logs = np.log(np.maximum(values, values[values > 0].min() / 2))
    window = np.convolve(logs, np.r_[0.5, np.ones(11), 0.5] / 12, mode="valid")
    trend = np.concatenate([np.full(6, window[0]), window, np.full(len(logs) - 6 - len(window), window[-1])])
    seen = np.bincount(calendar.astype(int), minlength=12)
    off = np.bincount(calendar.astype(int), logs - trend, 12) / (seen + SEASON_WEIGHT)
    factors = np.exp(off - off.mean())
    return np.asarray(factors / factors.mean())


def _pooled(deviations: Floats, before: float) -> float:
    """Root mean square of the deviations and of the belief before them, which counts as four."""
    return float(np.sqrt((4 * before**2 + (deviations**2).sum()) / (4 + len(deviations))))
