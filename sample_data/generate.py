"""Writes the two sample shops: `python -m sample_data.generate [folder]`. The same seed gives the same bytes."""

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sample_data.goods import Lines, Money, lines, money
from sample_data.orders import DELIVERY_METHODS, GUEST, PAYMENT_METHODS, STATUSES, Orders, channel_names, orders
from sample_data.people import People, Purchases, people, purchases
from sample_data.seasons import OPENED, Calendar, calendar
from sample_data.shops import SHOPS, Shop

SEED = 20260701

_ORDER_COLUMNS = (
    *(
        "order_id",
        "customer_id",
        "ordered_at",
        "status",
        "currency",
        "amount",
        "discount",
        "refunded",
        "tax",
        "shipping",
    ),
    *("channel", "campaign", "coupon", "payment_method", "delivery_method", "country"),
)
_LINE_COLUMNS = ("order_id", "product_id", "product", "category", "quantity", "amount")


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
    customer_ids: np.ndarray  # of People first, then of the accounts without a sale


def simulate(shop: Shop, seed: int = SEED) -> Simulation:
    """Invent a shop. Each step has its own stream, so a change in one leaves the draws of the others alone."""
    days_rng, people_rng, orders_rng, goods_rng = np.random.default_rng([seed, shop.stream]).spawn(4)
    days = calendar(shop, days_rng)
    who = people(shop, days, people_rng)
    bought = purchases(shop, who, days, people_rng)
    rows = orders(shop, who, bought, days, orders_rng)
    content = lines(shop, who, rows, goods_rng)
    cash = money(shop, rows, content, goods_rng)
    return Simulation(shop, days, who, bought, rows, content, cash, _customer_ids(rows))


def write(folder: Path, seed: int = SEED) -> list[Path]:
    """Write both shops into a folder; returns the paths."""
    paths = []
    for shop in SHOPS:
        result = simulate(shop, seed)
        paths += [
            _write_csv(folder / shop.key / "orders.csv.gz", _ORDER_COLUMNS, _order_rows(result)),
            _write_csv(folder / shop.key / "order_lines.csv.gz", _LINE_COLUMNS, _line_rows(result)),
        ]
    return paths


def _customer_ids(rows: Orders) -> np.ndarray:
    """Codes in the order of sign-up, which is the first row of each person."""
    persons, first_row = np.unique(rows.person[rows.person != GUEST], return_index=True)
    rank = np.argsort(np.argsort(np.flatnonzero(rows.person != GUEST)[first_row], kind="stable"), kind="stable")
    if not np.array_equal(persons, np.arange(len(persons))):
        raise ValueError("a person without any order row has no customer code")
    return np.array([f"C-{number + 1:06d}" for number in rank])


def _order_ids(result: Simulation) -> list[str]:
    return [f"{result.shop.order_prefix}-{number + 1:06d}" for number in range(len(result.orders))]


def _order_rows(result: Simulation) -> Iterable[Sequence[object]]:
    shop, rows, cash = result.shop, result.orders, result.money
    return zip(
        _order_ids(result),
        np.where(rows.person == GUEST, "", result.customer_ids[rows.person]),
        _times(rows.seconds),
        _named(STATUSES, cash.status),
        [shop.currency] * len(rows),
        *(_decimal(cents) for cents in (cash.amount, cash.discount, cash.refunded, cash.tax, cash.shipping)),
        _named(channel_names(shop), rows.channel),
        rows.campaign,
        rows.coupon,
        _named(PAYMENT_METHODS, rows.payment_method),
        _named(DELIVERY_METHODS, rows.delivery_method),
        _named([country.code for country in shop.countries], rows.country),
        strict=True,
    )


def _line_rows(result: Simulation) -> Iterable[Sequence[object]]:
    products, content, order_ids = result.shop.products, result.lines, np.array(_order_ids(result))
    return zip(
        order_ids[content.order],
        _named([p.product_id for p in products], content.product),
        _named([p.name for p in products], content.product),
        _named([p.category for p in products], content.product),
        content.quantity,
        _decimal(content.amount),
        strict=True,
    )


def _named(names: Sequence[str], index: np.ndarray) -> np.ndarray:
    return np.array(names)[index]


def _times(seconds: np.ndarray) -> np.ndarray:
    return np.datetime_as_string(OPENED.astype("datetime64[s]") + seconds)


def _decimal(cents: np.ndarray) -> list[str]:
    return [f"{value // 100}.{value % 100:02d}" for value in cents.tolist()]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A gzipped UTF-8 CSV without a time stamp or a file name inside: equal rows are equal bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(text.getvalue().encode("utf-8"))
    return path


if __name__ == "__main__":
    for written in write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(f"{written}  {written.stat().st_size:,} bytes")
