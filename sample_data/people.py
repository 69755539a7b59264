"""Customers: who they are, when each orders, and when each leaves for good. The truth of the shops lives here."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Bools, Dates, Floats, Ints
from sample_data.seasons import DATES, DAYS, MONTH, MONTHS, Calendar, holiday_window
from sample_data.shops import Shop

NO_TEST, CONTROL, WEEKLY = -1, 0, 1
_WEAKEST_COHORT = 0.93


@dataclass(frozen=True)
class People:
    """One entry per customer who ordered, by the moment of the first order. Indices point into the shop's tuples."""

    first: Floats  # moment of the first order, days since opening
    channel: Ints
    country: Ints
    consent: Bools
    birthday: Dates  # NaT where the customer did not tell
    rate: Floats  # orders per day while active, season aside
    leave: Floats  # chance to leave for good after an order
    stay_factor: Floats  # times the chance to stay after the first order: holiday buyers, cohort noise
    leave_first: Floats  # chance to leave after the first order: `leave`, `stay_factor` and the weekly letter
    arm: Ints  # NO_TEST, CONTROL or WEEKLY
    bargain: Floats  # how gladly a coupon is used, around 1
    basket: Floats  # how much is put into a basket, around 1
    loyalty: Floats  # standardised mix of rate and staying; decides who installs, joins, reviews, refers

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Purchases:
    """One entry per order of a customer; `joined`: one moment per customer, infinite for those never in the club."""

    person: Ints
    moment: Floats
    number: Ints  # 0 for the first order
    joined: Floats


def people(shop: Shop, calendar: Calendar, rng: np.random.Generator) -> People:
    """Draw everybody who ever orders with an account, in the order of their first orders."""
    counts = rng.poisson(calendar.arrivals * shop.expected_customers / DAYS)
    first = np.sort(np.repeat(np.arange(DAYS), counts) + rng.random(counts.sum()))
    size = len(first)
    day = first.astype(int)
    channel = draw_channel(shop, first, rng)

    shape, days, leave_a, leave_b, basket = (
        np.array([getattr(one, field) for one in shop.channels])[channel]
        for field in ("rate_shape", "rate_scale_days", "leave_a", "leave_b", "basket")
    )
    rate = rng.gamma(shape) / days
    leave = rng.beta(leave_a, leave_b)

    # Not every month wins customers of the same kind: a little less of them stay after the first order.
    stay_factor = rng.uniform(_WEAKEST_COHORT, 1.0, len(MONTHS))[MONTH[day]]
    stay_factor *= np.where(holiday_window(DATES[day]), shop.holiday_stay_factor, 1.0)

    consent = rng.random(size) < 0.62
    in_test = consent & (DATES[day] >= np.datetime64(shop.email_test.since))
    in_test &= DATES[day] < np.datetime64(shop.email_test.until)
    arm = np.where(in_test, rng.integers(0, 2, size), NO_TEST)
    leave_first = (1 - (1 - leave) * stay_factor) * np.where(arm == WEEKLY, shop.email_test.leave_factor, 1.0)

    return People(
        first=first,
        channel=channel,
        country=draw_country(shop, size, rng),
        consent=consent,
        birthday=_birthdays(size, rng),
        rate=rate,
        leave=leave,
        leave_first=leave_first,
        stay_factor=stay_factor,
        arm=arm,
        bargain=rng.gamma(0.8, 1 / 0.8, size),
        basket=basket * np.exp(rng.normal(0.0, 0.35, size)),
        loyalty=_standard(0.5 * _standard(np.log(rate)) - 0.85 * _standard(leave)),
    )


def purchases(shop: Shop, who: People, calendar: Calendar, rng: np.random.Generator) -> Purchases:
    """Let everybody order until they leave or the files end.

    After an order the customer leaves with the chance `leave`; who stays orders again after an exponential time on the
    busy-weighted clock. From the second order on some join the loyalty club, which makes leaving a little rarer.
    """
    at_clock = calendar.clock_at(who.first)
    joined = np.full(len(who), np.inf)
    persons, moments, numbers = [np.arange(len(who))], [who.first], [np.zeros(len(who), int)]
    here, number = np.arange(len(who)), 0
    while len(here):
        leave = (
            who.leave_first if number == 0 else who.leave * np.where(joined < np.inf, shop.loyalty_leave_factor, 1.0)
        )
        here = here[rng.random(len(here)) >= leave[here]]
        at_clock[here] += rng.exponential(1 / who.rate[here])
        moment = calendar.day_at(at_clock[here])
        here, moment = here[moment < DAYS], moment[moment < DAYS]
        number += 1
        joins = (rng.random(len(here)) < chance(-1.5 + 0.7 * who.loyalty[here])) & (joined[here] == np.inf)
        joined[here[joins]] = moment[joins]
        persons.append(here)
        moments.append(moment)
        numbers.append(np.full(len(here), number))
    return Purchases(np.concatenate(persons), np.concatenate(moments), np.concatenate(numbers), joined)


def draw_channel(shop: Shop, moment: Floats, rng: np.random.Generator) -> Ints:
    """A channel for each newcomer; the shares drift from the first day's to the last day's."""
    start, end = (np.array([getattr(c, f) for c in shop.channels]) for f in ("share_first_day", "share_last_day"))
    shares = start + (end - start) * (moment / DAYS)[:, None]
    return _pick(np.cumsum(shares, axis=1), rng)


def draw_country(shop: Shop, size: int, rng: np.random.Generator) -> Ints:
    """A country for each; it has no bearing on anything but the tax."""
    return _pick(np.tile(np.cumsum([c.share for c in shop.countries]), (size, 1)), rng)


def chance(log_odds: Floats) -> Floats:
    """Log-odds as a chance between 0 and 1."""
    return 1 / (1 + np.exp(-log_odds))


def _pick(cumulative_shares: Floats, rng: np.random.Generator) -> Ints:
    draw = rng.random(len(cumulative_shares)) * cumulative_shares[:, -1]
    return (cumulative_shares <= draw[:, None]).sum(axis=1)


def _birthdays(size: int, rng: np.random.Generator) -> Dates:
    age_days = np.clip(rng.normal(41, 12, size), 18, 84) * 365.25
    birthday = DATES[0] - age_days.astype(int)
    return np.where(rng.random(size) < 0.68, birthday, np.datetime64("NaT", "D"))


def _standard(values: Floats) -> Floats:
    return (values - values.mean()) / values.std()
