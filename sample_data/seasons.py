"""The calendar of a shop: 36 months of days, how busy each is, and the clock that runs faster in busy weeks."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Bools, Dates, Floats, Ints
from sample_data.shops import Shop

OPENED = np.datetime64("2023-07-01", "D")
CLOSED = np.datetime64("2026-07-01", "D")  # the first day that is not in the files
DAYS = int((CLOSED - OPENED).astype(int))
DATES = OPENED + np.arange(DAYS)
MONTH = (DATES.astype("datetime64[M]") - OPENED.astype("datetime64[M]")).astype(int)
MONTHS = DATES.astype("datetime64[M]")[np.unique(MONTH, return_index=True)[1]]
BLACK_FRIDAYS = np.array(["2023-11-24", "2024-11-29", "2025-11-28"], "datetime64[D]")

# Monday … Sunday; most people order from the sofa on Sunday evening, few on Saturday.
_WEEKDAY = np.array([1.10, 1.02, 1.00, 0.98, 0.90, 0.84, 1.16])
# Orders by hour of the day: asleep until six, a bump at lunch, the peak at nine in the evening.
_HOUR = np.array([8, 4, 2, 1, 1, 3, 9, 20, 32, 40, 45, 48, 52, 48, 44, 43, 45, 49, 56, 68, 80, 78, 52, 24], float)
_HOUR_EDGES = np.concatenate([[0.0], np.cumsum(_HOUR) / _HOUR.sum()])
_SMOOTHING_DAYS = 21


@dataclass(frozen=True)
class Calendar:
    """`arrivals` and `repeats`: how busy each of the days is, mean 1. `clock[d]`: busy-weighted days before day d."""

    arrivals: Floats
    repeats: Floats
    clock: Floats

    def clock_at(self, day: Floats) -> Floats:
        """What the busy-weighted clock shows at a moment (days since opening)."""
        return np.interp(day, np.arange(DAYS + 1), self.clock)

    def day_at(self, clock: Floats) -> Floats:
        """The moment at which the clock shows a value; infinite when that is after the last day."""
        return np.interp(clock, self.clock, np.arange(DAYS + 1), right=np.inf)


def calendar(shop: Shop, rng: np.random.Generator) -> Calendar:
    """The shop's days. Both series carry noise by month and by day, as real takings do."""
    growth = (1 + shop.yearly_growth) ** (np.arange(DAYS) / 365.25)
    opening = 1 - 0.45 * np.exp(-np.arange(DAYS) / 40)
    arrivals = _season(shop.arrivals_by_month, shop.black_friday_arrivals) * growth * opening * _noise(rng, 0.06)
    repeats = _season(shop.repeats_by_month, shop.black_friday_repeats) * _noise(rng, 0.035)
    repeats /= repeats.mean()
    return Calendar(arrivals / arrivals.mean(), repeats, np.concatenate([[0.0], np.cumsum(repeats)]))


def seconds_since_opening(moment: Floats) -> Ints:
    """Whole seconds of moments in days; within a day the hours people really order are used."""
    day = np.floor(moment)
    hour = np.interp(moment - day, _HOUR_EDGES, np.arange(25.0))
    return day.astype(np.int64) * 86_400 + np.minimum((hour * 3_600).astype(np.int64), 86_399)


def month_of(date: Dates) -> Ints:
    """Calendar month of dates, 1 to 12."""
    return date.astype("datetime64[M]").astype(int) % 12 + 1


def black_friday(date: Dates) -> Bools:
    """Whether a date lies from Black Friday to the Monday after."""
    after = (date[..., None] - BLACK_FRIDAYS).astype(int)
    return ((after >= 0) & (after <= 3)).any(axis=-1)


def holiday_window(date: Dates) -> Bools:
    """Whether a date lies from Black Friday to 23 December: the buyers of the season."""
    after = (date[..., None] - BLACK_FRIDAYS).astype(int)
    last = (BLACK_FRIDAYS.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 9 - BLACK_FRIDAYS
    return ((after >= 0) & (after <= last.astype(int))).any(axis=-1)


def _season(by_month: tuple[float, ...], on_black_friday: float) -> Floats:
    """Busy-ness by day: months that flow into each other, weekdays, Black Friday, the drop before Christmas."""
    level = np.array(by_month)[month_of(DATES) - 1]
    padded = np.pad(level, _SMOOTHING_DAYS // 2, mode="edge")
    level = np.convolve(padded, np.ones(_SMOOTHING_DAYS) / _SMOOTHING_DAYS, mode="valid")
    level = np.where(_after_christmas(), by_month[0], level)
    level = level * _WEEKDAY[(DATES.astype(int) + 3) % 7]  # 1970-01-01 was a Thursday
    return level * np.where(black_friday(DATES), on_black_friday, 1.0)


def _after_christmas() -> Bools:
    """Whether each day is after the last parcel before Christmas and before the new year has settled."""
    day_of_month = (DATES - DATES.astype("datetime64[M]")).astype(int) + 1
    return ((month_of(DATES) == 12) & (day_of_month >= 21)) | ((month_of(DATES) == 1) & (day_of_month <= 12))


def _noise(rng: np.random.Generator, month_sd: float) -> Floats:
    by_month = rng.normal(0.0, month_sd, len(MONTHS))[MONTH]
    return np.exp(by_month + rng.normal(0.0, 0.10, DAYS))
