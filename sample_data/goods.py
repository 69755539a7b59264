"""What is in each basket and what it costs: order lines, discounts, shipping, tax, refunds. Money in whole cents."""

from dataclasses import dataclass

import numpy as np

from sample_data.arrays import Dates, Ints
from sample_data.orders import COMPLETED, DELIVERY_METHODS, REFUNDED, TEST, Orders
from sample_data.people import People
from sample_data.seasons import DATES, month_of
from sample_data.shops import Shop

_YEARLY_PRICE_RISE = 0.03
_EXTRA_PIECES = 0.22
_EXPRESS, _PICKUP = DELIVERY_METHODS.index("Express"), DELIVERY_METHODS.index("Pickup point")


@dataclass(frozen=True)
class Lines:
    """One entry per order line; `order` is the row of Orders, `amount` is after the discount."""

    order: Ints
    product: Ints
    quantity: Ints
    amount: Ints
    discount: Ints


@dataclass(frozen=True)
class Money:
    """One entry per row of Orders, in cents: amount after discount, before refund, without tax and shipping."""

    amount: Ints
    discount: Ints
    refunded: Ints
    tax: Ints
    shipping: Ints
    status: Ints  # as in Orders, with what was refunded in full


def lines(shop: Shop, who: People, rows: Orders, rng: np.random.Generator) -> Lines:
    """The goods of every order. One product twice in a basket is one line with a quantity."""
    known = (rows.person >= 0) & (rows.person < len(who))
    basket = np.ones(len(rows))
    basket[known] = who.basket[rows.person[known]]
    picks = 1 + np.where(rows.status == TEST, 0, rng.poisson(shop.lines_per_order * basket))
    order = np.repeat(np.arange(len(rows)), picks)
    product = _on_sale(shop, rows.date[order], rng)

    # The customer's own favourite is the first pick of most orders: soap and coffee are bought again, gifts are not.
    favourite = _favourites(shop, len(who), rng)
    is_first_pick = np.concatenate([[True], np.diff(order) > 0])
    own = is_first_pick & known[order] & (rng.random(len(order)) < shop.same_product_share)
    product[own] = favourite[rows.person[order[own]]]

    order, product = _with_companions(shop, order, product, rng)
    pieces = 1 + rng.poisson(_EXTRA_PIECES, len(order))
    key, place = np.unique(order * len(shop.products) + product, return_inverse=True)
    quantity = np.bincount(place, weights=pieces).astype(int)
    order, product = np.divmod(key, len(shop.products))

    list_price = _price(shop, product, rows.date[order]) * quantity
    amount = (list_price * (100 - rows.coupon_percent[order]) + 50) // 100
    return Lines(order, product, quantity, amount, list_price - amount)


def money(shop: Shop, rows: Orders, content: Lines, rng: np.random.Generator) -> Money:
    """Totals of every order; a part of the completed ones is refunded, in full or one line of it."""
    amount = _per_order(rows, content, content.amount)
    discount = _per_order(rows, content, content.discount)
    draw = rng.random(len(rows))
    sold = rows.status == COMPLETED
    full = sold & (draw < shop.refunded_share)
    part = sold & ~full & (draw < shop.refunded_share + shop.partly_refunded_share)
    last_line = content.amount[np.searchsorted(content.order, np.arange(len(rows)), side="right") - 1]
    partly = np.where(last_line < amount, last_line, amount * rng.integers(20, 61, len(rows)) // 100)
    tax_share = np.array([round(country.tax_share * 100) for country in shop.countries])[rows.country]
    shipping = np.where(amount >= shop.free_shipping_cents, 0, np.where(rows.delivery_method == _PICKUP, 390, 490))
    return Money(
        amount=amount,
        discount=discount,
        refunded=np.where(full, amount, np.where(part, partly, 0)),
        tax=(amount * tax_share + 50) // 100,
        shipping=np.where(rows.delivery_method == _EXPRESS, 990, shipping),
        status=np.where(full, REFUNDED, rows.status),
    )


def _per_order(rows: Orders, content: Lines, cents: Ints) -> Ints:
    return np.bincount(content.order, weights=cents, minlength=len(rows)).astype(int)


def _on_sale(shop: Shop, date: Dates, rng: np.random.Generator) -> Ints:
    """A product for each pick, by weight, among what is sold in that month."""
    weight = np.array(
        [[p.weight if not p.months or month in p.months else 0.0 for p in shop.products] for month in range(1, 13)]
    )
    cumulative = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    return (cumulative[month_of(date) - 1] <= rng.random(len(date))[:, None]).sum(axis=1)


def _favourites(shop: Shop, size: int, rng: np.random.Generator) -> Ints:
    """One product per customer, sold all year; accessories are bought once and are nobody's favourite."""
    weight = np.array([0.0 if p.months or p.category == "Accessories" else p.weight for p in shop.products])
    return rng.choice(len(shop.products), size, p=weight / weight.sum())


def _with_companions(shop: Shop, order: Ints, product: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Every seventh time the product that goes with it is bought too."""
    place = {p.product_id: position for position, p in enumerate(shop.products)}
    companion = np.array([place.get(p.goes_with, -1) for p in shop.products])[product]
    added = (companion >= 0) & (rng.random(len(order)) < 1 / 7)
    return np.concatenate([order, order[added]]), np.concatenate([product, companion[added]])


def _price(shop: Shop, product: Ints, date: Dates) -> Ints:
    """List price in cents; raised every January, to full ten cents less one."""
    years = date.astype("datetime64[Y]").astype(int) - int(DATES[0].astype("datetime64[Y]").astype(int))
    base = np.array([p.cents for p in shop.products])[product]
    return np.round(base * (1 + _YEARLY_PRICE_RISE) ** years / 10).astype(int) * 10
