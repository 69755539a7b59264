"""One shop from its description to everything that happened in it."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Bools, Ints, Texts
from sample_data.events import Events, events
from sample_data.goods import Lines, Money, lines, money
from sample_data.orders import COMPLETED, GUEST, REFUNDED, Orders, orders
from sample_data.people import People, Purchases, people, purchases
from sample_data.seasons import Calendar, calendar
from sample_data.shops import Shop
from sample_data.spend import marketing_spend


@dataclass(frozen=True)
class Simulation:
    """A shop with everything its files do not tell: who would have come back, and why."""

    shop: Shop
    calendar: Calendar
    people: People
    purchases: Purchases
    orders: Orders
    lines: Lines
    money: Money
    events: Events
    spend_channels: tuple[str, ...]
    spend: Ints  # cents by month and channel
    customer_ids: Texts  # of People first, then of the accounts without a sale

    @property
    def is_sale(self) -> Bools:
        """Which order rows count as orders: neither cancelled, failed, pending nor a test."""
        return np.isin(self.money.status, (COMPLETED, REFUNDED))


def simulate(shop: Shop, seed: int) -> Simulation:
    """Invent a shop. Each step has its own stream, so a change in one leaves the draws of the others alone."""
    streams = np.random.default_rng([seed, shop.stream]).spawn(7)
    days = calendar(shop, streams[0])
    who = people(shop, days, streams[1])
    bought = purchases(shop, who, days, streams[2])
    rows = orders(shop, who, bought, days, streams[3])
    content = lines(shop, who, rows, streams[4])
    cash = money(shop, rows, content, streams[4])
    ids = _customer_ids(rows)
    happened = events(shop, who, bought, rows, cash, ids, streams[5])
    spend_channels, spend = marketing_spend(shop, who, streams[6])
    return Simulation(
        shop=shop,
        calendar=days,
        people=who,
        purchases=bought,
        orders=rows,
        lines=content,
        money=cash,
        events=happened,
        spend_channels=spend_channels,
        spend=spend,
        customer_ids=ids,
    )


def _customer_ids(rows: Orders) -> Texts:
    """Codes in the order of sign-up, which is the first row of each person."""
    of_account = np.flatnonzero(rows.person != GUEST)
    persons, first = np.unique(rows.person[of_account], return_index=True)
    if not np.array_equal(persons, np.arange(len(persons))):
        raise ValueError("a person without any order row has no customer code")
    signed_up = np.argsort(np.argsort(of_account[first], kind="stable"), kind="stable")
    return np.array([f"C-{number + 1:06d}" for number in signed_up])
