"""Order logs of any size with a known truth, written as Parquet in the order in which a shop takes its orders.

    python -m benchmarks.generate --orders 10_000_000

Customers arrive over 36 months with growth and a season. Each then orders as BG/NBD assumes (Fader, Hardie & Lee 2005,
section 2): exponential gaps at a personal rate, and after each repeat order a personal chance to be gone for good. The
parameters stand in the file's metadata beside the seed. The same seed and number of orders give the same bytes.

Memory: 16 bytes an order and some 20 bytes a customer, plus one month of finished rows: 1.4 GB for 50 million orders.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks import log_path

MONTHS = np.arange("2023-01", "2026-02", dtype="datetime64[M]")  # 36 months and the end of the last one
BEGIN = MONTHS[0].astype("datetime64[s]")
BOUNDARIES = (MONTHS.astype("datetime64[s]") - BEGIN).astype(np.int64)
DAY = 86_400
CHUNK = 200_000  # customers simulated at once; part of what makes the bytes, so a constant
ROW_GROUP = 250_000

CHANNELS = ("search", "direct", "email", "social", "marketplace")
CHANNEL_WEIGHTS = (0.35, 0.25, 0.15, 0.15, 0.10)
COUNTRIES = ("DE", "PL", "CZ", "AT", "FR", "NL", "SK", "SE")
COUNTRY_WEIGHTS = (0.40, 0.18, 0.12, 0.10, 0.08, 0.06, 0.04, 0.02)
CATEGORIES = ("coffee", "tea", "skin", "hair", "kitchen", "garden", "books", "toys", "pets", "sport", "gifts", "home")
CATEGORY_WEIGHTS = (0.16, 0.06, 0.13, 0.08, 0.12, 0.05, 0.11, 0.07, 0.07, 0.06, 0.05, 0.04)
CATEGORY_PRICES = np.array([22, 14, 35, 28, 60, 45, 18, 30, 33, 70, 40, 55], dtype=np.float64)
COUPONS = ("", "WELCOME10", "SPRING", "SUMMER", "AUTUMN", "WINTER", "THANKS5")
FIRST_COUPON_WEIGHTS = (0.70, 0.22, 0.02, 0.02, 0.02, 0.02, 0.0)
LATER_COUPON_WEIGHTS = (0.86, 0.0, 0.03, 0.03, 0.03, 0.03, 0.02)
SEASON = np.array([0.85, 0.85, 0.95, 0.95, 1.0, 0.9, 0.85, 0.9, 1.0, 1.05, 1.4, 1.3])

ORDER = np.dtype(
    [("customer", "i4"), ("second", "i4"), ("cents", "i4")]
    + [(name, "u1") for name in ("channel", "country", "category", "coupon")]
)
SCHEMA = pa.schema(
    [
        ("order_id", pa.int64()),
        ("customer_id", pa.string()),
        ("ordered_at", pa.timestamp("us")),
        ("amount", pa.float64()),
        *((name, pa.dictionary(pa.int8(), pa.string())) for name in ("channel", "country", "category", "coupon")),
    ]
)


@dataclass(frozen=True)
class Truth:
    """Parameters of BG/NBD per day; they give 2.65 orders a customer over these 36 months."""

    r: float = 0.45
    alpha: float = 84.5
    a: float = 0.65
    b: float = 2.9


def generate(path: Path, orders: int, seed: int = 1, truth: Truth | None = None) -> None:
    """Write a log of exactly `orders` orders, one row per order, sorted by time."""
    truth = truth or Truth()
    months, rank = simulate(orders, np.random.default_rng(seed), truth)
    metadata = {"truth": json.dumps({"seed": seed, "orders": orders, "customers": rank.size, **asdict(truth)})}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    # Without the stored Arrow schema every reader sees plain strings, not pandas categories or Polars enums.
    with pq.ParquetWriter(part, SCHEMA, compression="zstd", store_schema=False) as writer:
        writer.add_key_value_metadata(metadata)
        for table in _tables(months, rank):
            writer.write_table(table, row_group_size=ROW_GROUP)
    part.rename(path)


def simulate(orders: int, rng: np.random.Generator, truth: Truth) -> tuple[list[list[NDArray[Any]]], NDArray[Any]]:
    """The orders as `ORDER` records by month, and for each simulated customer the rank by first order."""
    months: list[list[NDArray[Any]]] = [[] for _ in range(MONTHS.size - 1)]
    acquired: list[NDArray[Any]] = []
    missing, customers = orders, 0
    while missing:
        log = _orders_of(CHUNK, rng, truth)
        log = log[:missing]  # only the very last customer of a log can lose later orders
        missing -= log.size
        is_first = np.concatenate([[True], np.diff(log["customer"]) > 0])
        acquired.append(log["second"][is_first])
        log["customer"] += customers
        customers += acquired[-1].size
        month = np.searchsorted(BOUNDARIES, log["second"], side="right") - 1
        by_month = log[np.argsort(month, kind="stable")]
        for place, rows in enumerate(np.split(by_month, np.searchsorted(np.sort(month), range(1, len(months))))):
            months[place].append(rows)
    rank = np.empty(customers, np.int32)
    rank[np.argsort(np.concatenate(acquired), kind="stable")] = np.arange(customers, dtype=np.int32)
    return months, rank


def _orders_of(customers: int, rng: np.random.Generator, truth: Truth) -> NDArray[Any]:
    """The orders of new customers as `ORDER` records sorted by customer (numbered from 0) and time."""
    first = arrivals(customers, rng)
    customer, second = purchases(first, rng, truth)
    by_customer = np.argsort(customer, kind="stable")  # the rounds of purchases are in time order already
    log = np.empty(customer.size, ORDER)
    log["customer"], log["second"] = customer[by_customer], second[by_customer]
    who = log["customer"]
    is_first = np.concatenate([[True], np.diff(who) > 0])
    log["country"] = _pick(COUNTRY_WEIGHTS, customers, rng)[who]
    log["channel"] = _mostly(0.7, _pick(CHANNEL_WEIGHTS, customers, rng)[who], CHANNEL_WEIGHTS, rng)
    log["category"] = _mostly(0.6, _pick(CATEGORY_WEIGHTS, customers, rng)[who], CATEGORY_WEIGHTS, rng)
    later = _pick(LATER_COUPON_WEIGHTS, who.size, rng)
    log["coupon"] = np.where(is_first, _pick(FIRST_COUPON_WEIGHTS, who.size, rng), later)
    level = rng.gamma(4.0, 0.25, customers)[who] * rng.lognormal(-0.08, 0.4, who.size)
    log["cents"] = 100 + (100 * CATEGORY_PRICES[log["category"]] * level).astype(np.int32)
    return log


def arrivals(customers: int, rng: np.random.Generator) -> NDArray[Any]:
    """Seconds until each customer's first order; the last month brings half as many again as the first."""
    growth = np.linspace(1.0, 1.5, MONTHS.size - 1)
    weight = np.diff(BOUNDARIES) * growth * SEASON[np.arange(MONTHS.size - 1) % 12]
    month = rng.choice(weight.size, customers, p=weight / weight.sum())
    return np.asarray(BOUNDARIES[month] + (rng.random(customers) * np.diff(BOUNDARIES)[month]).astype(np.int64))


def purchases(first: NDArray[Any], rng: np.random.Generator, truth: Truth) -> tuple[NDArray[Any], NDArray[Any]]:
    """Customer and second of every order until the end of the months, one round of orders after the other."""
    rate = rng.gamma(truth.r, 1 / (truth.alpha * DAY), first.size)
    dropout = rng.beta(truth.a, truth.b, first.size)
    alive, now = np.arange(first.size), first
    customers, seconds = [alive], [now]
    while alive.size:
        # A rate may underflow to 0: never. A gap of at least a second leaves no two orders of a customer in doubt.
        with np.errstate(divide="ignore"):
            gap = rng.standard_exponential(alive.size) / rate[alive]
        now = now + 1 + np.minimum(gap, BOUNDARIES[-1]).astype(np.int64)
        seen = now < BOUNDARIES[-1]
        alive, now = alive[seen], now[seen]
        customers.append(alive)
        seconds.append(now)
        stays = rng.random(alive.size) >= dropout[alive]
        alive, now = alive[stays], now[stays]
    return np.concatenate(customers), np.concatenate(seconds)


def _pick(weights: tuple[float, ...], size: int, rng: np.random.Generator) -> NDArray[Any]:
    """Numbers from 0 with these weights."""
    last = len(weights) - 1
    return np.minimum(np.searchsorted(np.cumsum(weights), rng.random(size), side="right"), last).astype(np.uint8)


def _mostly(share: float, usual: NDArray[Any], weights: tuple[float, ...], rng: np.random.Generator) -> NDArray[Any]:
    """The usual choice in that share of the orders, any choice in the others."""
    return np.where(rng.random(usual.size) < share, usual, _pick(weights, usual.size, rng))


def _tables(months: list[list[NDArray[Any]]], rank: NDArray[Any]) -> Iterator[pa.Table]:
    """The finished rows of each month in time order; a month's records are let go once written."""
    written = 0
    for place in range(len(months)):
        log = np.concatenate(months[place])
        months[place] = []
        log = log[np.argsort(log["second"], kind="stable")]
        yield _table(log, rank, written)
        written += log.size


def _table(log: NDArray[Any], rank: NDArray[Any], written: int) -> pa.Table:
    seconds = BEGIN.astype("datetime64[us]") + log["second"].astype("timedelta64[s]")
    columns = [
        pa.array(np.arange(written + 1, written + 1 + log.size, dtype=np.int64)),
        _customer_ids(rank[log["customer"]] + np.int64(1)),
        pa.array(seconds),
        pa.array(log["cents"] / 100),
        _words(log["channel"], CHANNELS),
        _words(log["country"], COUNTRIES),
        _words(log["category"], CATEGORIES),
        _words(log["coupon"], COUPONS),
    ]
    return pa.table(columns, schema=SCHEMA)


def _customer_ids(number: NDArray[Any]) -> pa.Array:
    """C0000000001, … built as bytes: ten million formatted strings would take longer than all the rest."""
    text = np.empty((number.size, 11), np.uint8)
    text[:, 0] = ord("C")
    for place in range(10, 0, -1):
        number, digit = np.divmod(number, 10)
        text[:, place] = ord("0") + digit
    offsets = np.arange(number.size + 1, dtype=np.int32) * 11
    return pa.StringArray.from_buffers(number.size, pa.py_buffer(offsets), pa.py_buffer(text))


def _words(code: NDArray[Any], words: tuple[str, ...]) -> pa.Array:
    """The word of each code; the empty word is null."""
    codes = pa.array(code.astype(np.int8), mask=np.array([word == "" for word in words])[code])
    return pa.DictionaryArray.from_arrays(codes, pa.array(words))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="the file to write; without it benchmarks/data/orders_<n>.parquet")
    given = parser.parse_args()
    generate(given.out or log_path(given.orders), given.orders, given.seed)


if __name__ == "__main__":
    main()
