"""Both forecasters at every origin and now: the customers known so far, their monthly actives in the coming months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from retention_core.goals import curve, people, rolling
from retention_core.goals.curve import Curve, Triangle
from retention_core.goals.people import People
from retention_core.goals.rolling import Look, Mix, Spread, Trial
from retention_core.models import btyd
from retention_core.models.triples import Floats

CURVE, PEOPLE, BOTH = "cohort_curve", "buy_till_you_die", "together"
NOW = -1  # months_back of the day after the last observed one
RECENT = 3  # months that tell the recent level
STEADY = 20.0  # actives added to both sides of the recent level: a handful of orders is no trend


@dataclass(frozen=True)
class Views:
    """Customers as they stood at each origin, by months back; `scale`: customers of the shop for each of the sample."""

    by_back: Mapping[int, People]
    histories: Mapping[int, pd.DataFrame]
    scale: float

    def fit(self, back: int) -> btyd.Fit | None:
        """The model at an origin; None with too little data for any."""
        if back not in self.histories:
            return None
        fit = btyd.fit(self.histories[back])
        return None if fit.has_too_little_data or not np.isfinite(fit.log_likelihood) else fit


def backs_needed(size: int) -> list[int]:
    """The origins to ask of `stage_histories`: each with its recent months, and now."""
    origins = rolling.months_back(size)
    wanted = {NOW, RECENT, *origins, *(back + RECENT for back in origins)}
    return sorted(back for back in wanted if back < size)


def views(histories: pd.DataFrame, lapse_days: int, scale: float) -> Views:
    """From `stage_histories`."""
    asked = histories["months_back"].unique().tolist()
    parts = {back: histories[histories["months_back"] == back] for back in asked}
    return Views({back: people.people(part, lapse_days) for back, part in parts.items()}, parts, scale)


@dataclass(frozen=True)
class Forecast:
    """Of the customers known now.

    total (H,): expected monthly actives. stages (3, H): what the people forecaster says of each stage (nan without it).
    moves (K, H): of the log of the total, one standard error of the parameters in K unrelated directions. spread: error
    beyond that, from the rolling origins. scatter: variance of a month's actives / their mean.
    """

    total: Floats
    stages: Floats
    moves: Floats
    spread: Spread
    scatter: float
    mixed: Mix
    curve: Curve
    fit: btyd.Fit | None
    trials: tuple[Trial, ...]
    mixtures: tuple[Trial, ...]

    def draws(self, draws: int, rng: np.random.Generator) -> Floats:
        """(D, H) monthly actives. The error of the level is one number for all months, growing with the horizon.

        It is drawn from the t distribution that `Spread.holds` judges by.
        """
        months = len(self.total)
        level = rng.standard_t(rolling.DEGREES, (draws, 1)) * self.spread.at(months)
        parameters = rng.standard_normal((draws, len(self.moves))) @ self.moves
        chance = rng.standard_normal((draws, months)) * np.sqrt(self.scatter / np.maximum(self.total, 1.0))
        log_off = np.clip(level + parameters + np.minimum(chance, 1.0), -3.0, 3.0)
        return np.asarray(self.total * np.exp(log_off - np.minimum(log_off.var(axis=0), 1.0) / 2))


def forecast(known: Triangle, seen: Views, coming: pd.DatetimeIndex, as_of: pd.Timestamp, running: float) -> Forecast:
    """`running`: customers who came in the month that is not over; no cohort of the triangle yet."""
    trials = [trial for back in rolling.months_back(known.size) for trial in _trials(known, seen, back)]
    looks, fitted, fit = _looks(known, seen, NOW, coming, as_of, running)
    tried = [name for name in (CURVE, PEOPLE) if any(trial.forecaster == name for trial in trials)]
    mixed = rolling.mix(trials, tried or list(looks))  # untried, they count the same
    mixtures = _mixtures(trials)
    errors = {h: [t.error(h, 0.0) for t in mixtures if len(t.actual) >= h] for h in rolling.HORIZONS}
    spread = rolling.spread(errors, known.size)
    ends = _ends(coming, as_of)
    stages = np.full((3, len(coming)), np.nan)
    moves = [_curve_moves(fitted, known, coming) * mixed.weights.get(CURVE, 0.0)]
    if fit is not None:
        stages = people.monthly_actives(fit, seen.by_back[NOW], ends) * seen.scale
        moves.append(people.moves(fit, seen.by_back[NOW], ends) * mixed.weights.get(PEOPLE, 0.0))
    return Forecast(
        total=mixed.path(looks),
        stages=stages,
        moves=np.concatenate(moves),
        spread=spread,
        scatter=min(fitted.scatter, 10.0),
        mixed=mixed,
        curve=fitted,
        fit=fit,
        trials=tuple(trials),
        mixtures=tuple(mixtures),
    )


def _looks(
    known: Triangle, seen: Views, back: int, coming: pd.DatetimeIndex, as_of: pd.Timestamp, running: float = 0.0
) -> tuple[dict[str, Look], Curve, btyd.Fit | None]:
    """What both say at an origin of the triangle that ends there; `as_of` is the last day they know."""
    fitted = curve.fit(known)
    season = fitted.season[coming.month.to_numpy() - 1]
    expected = curve.ahead(fitted, known, coming)[0].sum(axis=0)
    if running:
        expected = expected + running * fitted.share(np.arange(1, len(coming) + 1), coming.month.to_numpy() - 1)
    looks = {CURVE: Look(expected, fitted.level)}
    fit = seen.fit(back)
    if fit is not None:
        plain = people.monthly_actives(fit, seen.by_back[back], _ends(coming, as_of)).sum(axis=0) * seen.scale
        looks[PEOPLE] = Look(plain * season, _recent_level(known, seen, max(back, 0), fit, fitted))
    return looks, fitted, fit


def _recent_level(known: Triangle, seen: Views, back: int, fit: btyd.Fit, fitted: Curve) -> float:
    """What the customers of three months ago did since, beside what the model of today would have said of them then."""
    earlier = seen.by_back.get(back + RECENT)
    if earlier is None or known.size <= RECENT:
        return 1.0
    start = known.size - RECENT
    months = known.months[start:]
    ends = _ends(months, months[0] - pd.Timedelta(days=1))
    season = fitted.season[months.month.to_numpy() - 1]
    said = people.monthly_actives(fit, earlier, ends).sum(axis=0) @ season * seen.scale
    happened = known.active[:start, start:].sum()
    return float((happened + STEADY) / (said + STEADY))


def _trials(known: Triangle, seen: Views, back: int) -> list[Trial]:
    origin = known.size - back
    coming = known.months[origin : origin + max(rolling.HORIZONS)]
    actual = known.active[:origin, origin : origin + len(coming)].sum(axis=0)
    looks = _looks(known.until(origin), seen, back, coming, coming[0] - pd.Timedelta(days=1))[0]
    return [Trial(name, origin, look, actual) for name, look in looks.items()]


def _mixtures(trials: list[Trial]) -> list[Trial]:
    """The forecasters together at each origin, weighted by what they did at the others."""
    mixtures = []
    for origin in sorted({trial.origin for trial in trials}):
        here = {trial.forecaster: trial for trial in trials if trial.origin == origin}
        others = [trial for trial in trials if trial.origin != origin]
        mixed = rolling.mix(others, list(here))
        path = mixed.path({name: trial.look for name, trial in here.items()})
        mixtures.append(Trial(BOTH, origin, Look(path, 1.0), next(iter(here.values())).actual))
    return mixtures


def _curve_moves(fitted: Curve, known: Triangle, coming: pd.DatetimeIndex) -> Floats:
    slopes = curve.ahead(fitted, known, coming)[1]
    # What no datum speaks of has a wide belief and no weight in the slopes; season columns are pinned without a season.
    return np.asarray((slopes @ np.linalg.cholesky(fitted.covariance + 1e-12 * np.eye(len(fitted.beta)))).T)


def _ends(coming: pd.DatetimeIndex, as_of: pd.Timestamp) -> Floats:
    """Days from the last known day to the start of each coming month and to the end of the last one."""
    edges = coming.append(coming[-1:] + pd.offsets.MonthBegin())
    return np.array([(edge - as_of).days - 1 for edge in edges], np.float64)
