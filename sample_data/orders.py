"""Orders as the shop's system would export them: the true purchases, guests, and what never became a sale."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Bools, Dates, Floats, Ints, Texts
from sample_data.people import People, Purchases, draw_channel, draw_country
from sample_data.seasons import DATES, DAYS, Calendar, black_friday, month_of, seconds_since_opening
from sample_data.shops import Shop

GUEST = -1
CHANNELS_OF_RETURNERS = ("Email", "Direct")
STATUSES = ("completed", "refunded", "cancelled", "failed", "pending", "test")
COMPLETED, REFUNDED, CANCELLED, FAILED, PENDING, TEST = range(len(STATUSES))
PAYMENT_METHODS = ("Card", "PayPal", "Invoice", "Bank transfer")
DELIVERY_METHODS = ("Standard", "Express", "Pickup point")
_PAYMENT_SHARES = (0.41, 0.36, 0.16, 0.07)
_DELIVERY_SHARES = (0.76, 0.09, 0.15)
NEWSLETTER_MONTHS, NEWSLETTER_DAY = (2, 4, 5, 9, 10, 11, 12), 3
_CANCELLED_SHARE, _FAILED_SHARE, _TEST_ORDERS, _PENDING_ORDERS = 0.021, 0.012, 14, 9


@dataclass(frozen=True)
class Orders:
    """One entry per row of orders.csv, by time.

    `person` is a row of People, GUEST, or a number from len(People) on for those who have an account but no sale.
    `number` counts the true purchases of a person from 0; -1 on rows that are none.
    """

    person: Ints
    number: Ints
    status: Ints
    seconds: Ints  # since opening
    days_since_previous: Floats  # NaN without a previous purchase
    channel: Ints  # index into channel_names
    country: Ints
    coupon: Texts
    campaign: Texts
    coupon_percent: Ints
    payment_method: Ints
    delivery_method: Ints

    def __len__(self) -> int:
        return len(self.person)

    @property
    def date(self) -> Dates:
        return DATES[self.seconds // 86_400]


def channel_names(shop: Shop) -> tuple[str, ...]:
    return tuple(channel.name for channel in shop.channels) + CHANNELS_OF_RETURNERS


def orders(shop: Shop, who: People, bought: Purchases, calendar: Calendar, rng: np.random.Generator) -> Orders:
    """All rows of the order file with everything but the goods and the money."""
    person, moment, number, status = _rows(shop, who, bought, calendar, rng)
    by_time = np.argsort(moment, kind="stable")
    person, moment, number, status = person[by_time], moment[by_time], number[by_time], status[by_time]

    channel, country = draw_channel(shop, moment, rng), draw_country(shop, len(person), rng)
    known = (person >= 0) & (person < len(who))
    channel[known], country[known] = who.channel[person[known]], who.country[person[known]]
    consent, bargain = np.zeros(len(person), bool), np.ones(len(person))
    consent[known], bargain[known] = who.consent[person[known]], who.bargain[person[known]]
    channel = _channel_of_returners(shop, channel, number, consent, rng)

    gap = _days_since_previous(bought, person, moment, number)
    coupon, campaign, percent = _coupons(
        shop, DATES[moment.astype(int)], number, gap, channel, rng.random(len(person)) / bargain
    )
    return Orders(
        person=person,
        number=number,
        status=status,
        seconds=seconds_since_opening(moment),
        days_since_previous=gap,
        channel=channel,
        country=country,
        coupon=coupon,
        campaign=campaign,
        coupon_percent=percent,
        payment_method=rng.choice(len(PAYMENT_METHODS), len(person), p=_PAYMENT_SHARES),
        delivery_method=rng.choice(len(DELIVERY_METHODS), len(person), p=_DELIVERY_SHARES),
    )


def _rows(
    shop: Shop, who: People, bought: Purchases, calendar: Calendar, rng: np.random.Generator
) -> tuple[Ints, Floats, Ints, Ints]:
    """(person, moment, number, status) of the true purchases, the guests, and the rows that are no sale."""
    sales = len(bought.person)
    guests = _moments(calendar, round(sales * shop.guest_share / (1 - shop.guest_share)), rng)
    cancelled, failed = round(sales * _CANCELLED_SHARE), round(sales * _FAILED_SHARE)

    # Most cancelled orders are placed anew within two days, most failed payments repeated within the hour.
    cancelled_first = rng.integers(0, sales, round(cancelled * 0.6))
    failed_first = rng.integers(0, sales, round(failed * 0.7))
    never_sold = _moments(calendar, cancelled - len(cancelled_first), rng)
    failed_guests = _moments(calendar, failed - len(failed_first), rng)
    pending = DAYS - rng.random(_PENDING_ORDERS) * 2.5
    tests = np.sort(
        rng.choice([0.5, 1.5, 200.5, 411.5, 650.5, 801.5, 1000.5], _TEST_ORDERS) + rng.random(_TEST_ORDERS) / 9
    )

    accounts = len(who) + np.arange(len(never_sold) + len(pending) + 1)  # the last one is the shop's own test account
    parts = (
        (bought.person, bought.moment, bought.number, COMPLETED),
        (GUEST, guests, -1, COMPLETED),
        (bought.person[cancelled_first], _just_before(bought.moment[cancelled_first], 2.0, rng), -1, CANCELLED),
        (accounts[: len(never_sold)], never_sold, -1, CANCELLED),
        (bought.person[failed_first], _just_before(bought.moment[failed_first], 0.03, rng), -1, FAILED),
        (GUEST, failed_guests, -1, FAILED),
        (accounts[len(never_sold) : -1], pending, -1, PENDING),
        (accounts[-1], tests, -1, TEST),
    )
    person, number, status = (
        np.concatenate([np.broadcast_to(part[field], part[1].shape) for part in parts]) for field in (0, 2, 3)
    )
    return person, np.concatenate([part[1] for part in parts]), number, status


def _moments(calendar: Calendar, size: int, rng: np.random.Generator) -> Floats:
    """Moments of newcomers, busy days more often."""
    day = np.searchsorted(np.cumsum(calendar.arrivals) / DAYS, rng.random(size), side="right")
    return np.minimum(day, DAYS - 1) + rng.random(size)


def _just_before(moment: Floats, days: float, rng: np.random.Generator) -> Floats:
    return np.maximum(moment - rng.random(len(moment)) * days, 0.0)


def _channel_of_returners(shop: Shop, channel: Ints, number: Ints, consent: Bools, rng: np.random.Generator) -> Ints:
    """Later orders mostly come by e-mail (with consent) or directly, some again by the first channel."""
    email, direct = len(shop.channels), len(shop.channels) + 1
    draw = rng.random(len(channel))
    by_email = np.where(consent, 0.38, 0.0)
    later = np.where(draw < by_email, email, np.where(draw < 0.72, direct, channel))
    return np.where(number > 0, later, channel)


def _days_since_previous(bought: Purchases, person: Ints, moment: Floats, number: Ints) -> Floats:
    """Days since the purchase before, NaN on first purchases and on rows that are none."""
    order = np.lexsort((bought.number, bought.person))
    gap = np.full(len(order), np.nan)
    gap[1:] = np.where(np.diff(bought.person[order]) == 0, np.diff(bought.moment[order]), np.nan)
    starts = np.searchsorted(bought.person[order], np.arange(bought.person.max() + 1))
    result = np.full(len(person), np.nan)
    sale = (number >= 0) & (person >= 0)
    result[sale] = gap[starts[person[sale]] + number[sale]]
    return result


def _coupons(
    shop: Shop, date: Dates, number: Ints, gap: Floats, channel: Ints, draw: Floats
) -> tuple[Texts, Texts, Ints]:
    """(coupon, campaign, per cent off). A coupon changes what is paid, never whether somebody comes back."""
    month, year = np.datetime_as_string(date, unit="M"), np.datetime_as_string(date, unit="Y")
    day_of_month = (date - date.astype("datetime64[M]")).astype(int) + 1
    by_email = channel == len(shop.channels)
    news = by_email & np.isin(month_of(date), NEWSLETTER_MONTHS) & (day_of_month >= NEWSLETTER_DAY)
    spring = np.isin(month_of(date), shop.seasonal_months)
    rules = [  # the first that applies counts
        (black_friday(date) & (draw < 0.80), "BF20", np.char.add("black-friday-", year), 20),
        (spring & (draw < 0.28), shop.seasonal_coupon, np.char.add("spring-", year), 10),
        ((number == 0) & (draw < 0.36), "WELCOME10", np.full(len(date), "welcome"), 10),
        (by_email & (gap > 120) & (draw < 0.45), "COMEBACK15", np.full(len(date), "win-back"), 15),
        (news & (draw < 0.45), "NEWS10", np.char.add("newsletter-", month), 10),
    ]
    coupon, campaign, percent = np.full(len(date), "", "U12"), np.full(len(date), "", "U24"), np.zeros(len(date), int)
    for applies, code, name, off in reversed(rules):
        coupon[applies], campaign[applies], percent[applies] = code, name[applies], off
    return coupon, campaign, percent
