"""What customers do besides ordering. None of it moves an order, save the loyalty club and the weekly letter."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Bools, Floats, Ints, Texts
from sample_data.goods import Money
from sample_data.orders import COMPLETED, NEWSLETTER_DAY, NEWSLETTER_MONTHS, REFUNDED, Orders
from sample_data.people import CONTROL, NO_TEST, WEEKLY, People, Purchases, chance
from sample_data.seasons import DATES, DAYS, month_of, seconds_since_opening
from sample_data.shops import Shop

ARM_DETAIL = {CONTROL: "test:control", WEEKLY: "test:weekly"}
APP_LOG_ODDS = (-2.0, 1.1)  # constant, per unit of loyalty
APP_DAYS = 40.0
_DAY = 86_400
_COMPLAINTS = ("damaged", "wrong item", "not as described", "delivery late")
_QUESTIONS = ("delivery late", "question about the order", "question about a product", "invoice copy")


@dataclass(frozen=True)
class Events:
    """One entry per event, by time."""

    person: Ints
    event: Texts
    seconds: Ints
    detail: Texts


def events(
    shop: Shop,
    who: People,
    bought: Purchases,
    rows: Orders,
    cash: Money,
    customer_ids: Texts,
    rng: np.random.Generator,
) -> Events:
    """Everything that happened after the first order of each customer, by time."""
    sales = np.flatnonzero(np.isin(cash.status, (COMPLETED, REFUNDED)) & (rows.person >= 0))
    had_refund = cash.refunded[sales] > 0
    parts = [
        _app_installs(who, rng),
        _loyalty_signups(bought),
        _email_test(who),
        *_newsletters(who, bought, rng),
        *_carts_and_wishes(shop, who, bought, rng),
        _reviews(rows, sales, had_refund, rng),
        _support_tickets(rows, sales, had_refund, rng),
        _referrals(shop, who, customer_ids, rng),
    ]
    person = np.concatenate([part[1] for part in parts])
    event = np.concatenate([np.full(len(part[1]), part[0]) for part in parts])
    seconds = np.concatenate([part[2] for part in parts])
    detail = np.concatenate([np.broadcast_to(part[3], part[1].shape) for part in parts])
    kept = np.flatnonzero(seconds < DAYS * _DAY)
    by_time = kept[np.lexsort((person[kept], seconds[kept]))]
    return Events(person[by_time], event[by_time], seconds[by_time], detail[by_time])


def app_chance(who: People) -> Floats:
    """Chance that a customer ever installs the app: the loyal do it more often. The app itself changes nothing."""
    return chance(APP_LOG_ODDS[0] + APP_LOG_ODDS[1] * who.loyalty)


_Part = tuple[str, Ints, Ints, Texts | str]


def _app_installs(who: People, rng: np.random.Generator) -> _Part:
    person = np.flatnonzero(rng.random(len(who)) < app_chance(who))
    moment = who.first[person] + rng.exponential(APP_DAYS, len(person))
    platform = rng.choice(np.array(["ios", "android"]), len(person), p=[0.46, 0.54])
    return "app_install", person, seconds_since_opening(moment), platform


def _loyalty_signups(bought: Purchases) -> _Part:
    person = np.flatnonzero(bought.joined < DAYS)
    return "loyalty_signup", person, seconds_since_opening(bought.joined[person]) + 60, "club"


def _email_test(who: People) -> _Part:
    """One row per customer of the test: the first letter, the morning after the first order."""
    person = np.flatnonzero(who.arm != NO_TEST)
    sent = (who.first[person].astype(np.int64) + 1) * _DAY + 9 * 3_600
    return "email_sent", person, sent, np.where(who.arm[person] == WEEKLY, ARM_DETAIL[WEEKLY], ARM_DETAIL[CONTROL])


def _newsletters(who: People, bought: Purchases, rng: np.random.Generator) -> list[_Part]:
    """The shop's letter of the season, to those with consent who ordered in the last 365 days; the loyal open more."""
    parts: list[_Part] = []
    for day in np.flatnonzero(np.isin(month_of(DATES), NEWSLETTER_MONTHS)):
        if DATES[day] - DATES[day].astype("datetime64[M]") != np.timedelta64(NEWSLETTER_DAY - 1, "D"):
            continue
        recent = (bought.moment < day) & (bought.moment >= day - 365)
        person = np.unique(bought.person[recent & who.consent[bought.person]])
        opened = person[rng.random(len(person)) < chance(-1.0 + 0.5 * who.loyalty[person])]
        name = f"newsletter:{np.datetime_as_string(DATES[day], unit='M')}"
        sent = int(day) * _DAY + 10 * 3_600
        after = (rng.exponential(0.6, len(opened)) * _DAY).astype(np.int64)
        parts.append(("email_sent", person, np.full(len(person), sent), name))
        parts.append(("email_opened", opened, sent + 60 + after, name))
    return parts


def _carts_and_wishes(shop: Shop, who: People, bought: Purchases, rng: np.random.Generator) -> list[_Part]:
    """Carts left before a later order (won back) or for good, and products remembered for later."""
    before = np.flatnonzero((bought.number > 0) & (rng.random(len(bought.person)) < 0.05))
    won_back = np.maximum(bought.moment[before] - rng.uniform(0.05, 2.0, len(before)), who.first[bought.person[before]])
    left = np.repeat(np.arange(len(who)), rng.poisson(0.22, len(who)))
    left_at = who.first[left] + rng.exponential(70.0, len(left))
    wishing = np.repeat(np.arange(len(who)), rng.poisson(0.22 * np.exp(0.35 * who.loyalty)))
    wished_at = who.first[wishing] + rng.exponential(90.0, len(wishing))
    carts, carts_at = np.concatenate([bought.person[before], left]), np.concatenate([won_back, left_at])
    return [
        ("cart_abandoned", carts, seconds_since_opening(carts_at), _products(shop, len(carts), rng)),
        ("wish_list", wishing, seconds_since_opening(wished_at), _products(shop, len(wishing), rng)),
    ]


def _products(shop: Shop, size: int, rng: np.random.Generator) -> Texts:
    weight = np.array([0.0 if product.months else product.weight for product in shop.products])
    return rng.choice(np.array([product.product_id for product in shop.products]), size, p=weight / weight.sum())


def _reviews(rows: Orders, sales: Ints, had_refund: Bools, rng: np.random.Generator) -> _Part:
    wrote = rng.random(len(sales)) < 0.055
    good, bad = rng.choice([5, 4, 3, 2, 1], (2, wrote.sum()), p=[0.58, 0.27, 0.08, 0.03, 0.04])
    stars = np.where(had_refund[wrote], 6 - bad, good)
    after = (rng.uniform(5, 21, wrote.sum()) * _DAY).astype(np.int64)
    row = sales[wrote]
    return "review", rows.person[row], rows.seconds[row] + after, np.char.add("stars:", stars.astype(str))


def _support_tickets(rows: Orders, sales: Ints, had_refund: Bools, rng: np.random.Generator) -> _Part:
    asked = rng.random(len(sales)) < np.where(had_refund, 0.45, 0.015)
    row = sales[asked]
    complaint, question = rng.choice(np.array(_COMPLAINTS), len(row)), rng.choice(np.array(_QUESTIONS), len(row))
    after = (rng.uniform(0.5, 12, len(row)) * _DAY).astype(np.int64)
    return (
        "support_ticket",
        rows.person[row],
        rows.seconds[row] + after,
        np.where(had_refund[asked], complaint, question),
    )


def _referrals(shop: Shop, who: People, customer_ids: Texts, rng: np.random.Generator) -> _Part:
    """Who brought the customers of the channel Referral: the most loyal of four earlier customers taken at random."""
    channel = [one.name for one in shop.channels].index("Referral")
    newcomer = np.flatnonzero((who.channel == channel) & (np.arange(len(who)) > 0))
    candidates = (rng.random((len(newcomer), 4)) * newcomer[:, None]).astype(int)
    referrer = candidates[np.arange(len(newcomer)), who.loyalty[candidates].argmax(axis=1)]
    moment = np.maximum(who.first[newcomer] - rng.uniform(0.1, 9.0, len(newcomer)), who.first[referrer])
    return "referral", referrer, seconds_since_opening(moment), customer_ids[newcomer]
