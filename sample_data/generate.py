"""Writes the two sample shops: `python -m sample_data.generate [folder]`. The same seed gives the same bytes."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sample_data.arrays import Ints, Texts
from sample_data.orders import DELIVERY_METHODS, GUEST, PAYMENT_METHODS, STATUSES, channel_names
from sample_data.seasons import CLOSED, MONTHS, OPENED
from sample_data.shops import SHOPS
from sample_data.simulation import Simulation, simulate
from sample_data.truth import truth

# One of twelve seeds tried, taken because both e-mail tests came out close to their true effect.
SEED = 20230708

_Row = Sequence[object]


def write(folder: Path, seed: int = SEED) -> list[Path]:
    """Write both shops and truth.json into a folder; returns the paths."""
    paths, truths = [], {}
    for shop in SHOPS:
        result = simulate(shop, seed)
        truths[shop.key] = truth(result)
        for name, table in _TABLES.items():
            paths.append(_write_csv(folder / shop.key / f"{name}.csv.gz", *table(result)))
    period = {"first_day": str(OPENED), "last_day": str(CLOSED - 1)}
    text = json.dumps({"seed": seed, **period, "shops": truths}, indent=2, ensure_ascii=False) + "\n"
    (folder / "truth.json").write_bytes(text.encode("utf-8"))
    return [*paths, folder / "truth.json"]


def _orders(result: Simulation) -> tuple[str, Iterable[_Row]]:
    shop, rows, cash = result.shop, result.orders, result.money
    header = (
        "order_id,customer_id,ordered_at,status,currency,amount,discount,refunded,tax,shipping,"
        "channel,campaign,coupon,payment_method,delivery_method,country"
    )
    return header, zip(
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


def _order_lines(result: Simulation) -> tuple[str, Iterable[_Row]]:
    products, content = result.shop.products, result.lines
    return "order_id,product_id,product,category,quantity,amount", zip(
        _order_ids(result)[content.order],
        _named([product.product_id for product in products], content.product),
        _named([product.name for product in products], content.product),
        _named([product.category for product in products], content.product),
        content.quantity,
        _decimal(content.amount),
        strict=True,
    )


def _customers(result: Simulation) -> tuple[str, Iterable[_Row]]:
    """One row per account, those that never bought too; their birthday is unknown and they gave no consent."""
    who, ids, rows = result.people, result.customer_ids, result.orders
    without_sale = len(ids) - len(who)
    birthday = np.concatenate([who.birthday, np.full(without_sale, np.datetime64("NaT", "D"))])
    consent = np.concatenate([who.consent, np.zeros(without_sale, bool)])
    persons, first_row = np.unique(rows.person, return_index=True)
    channel = rows.channel[first_row[persons != GUEST]]
    channel[: len(who)] = who.channel
    table = zip(
        ids,
        np.where(np.isnat(birthday), "", np.datetime_as_string(birthday)),
        _named(("no", "yes"), consent.astype(int)),
        _named(channel_names(result.shop), channel),
        strict=True,
    )
    return "customer_id,birthday,consent,first_channel", sorted(table)


def _events(result: Simulation) -> tuple[str, Iterable[_Row]]:
    happened = result.events
    columns = (result.customer_ids[happened.person], happened.event, _times(happened.seconds), happened.detail)
    return "customer_id,event,occurred_at,detail", zip(*columns, strict=True)


def _marketing_spend(result: Simulation) -> tuple[str, Iterable[_Row]]:
    month, channel = np.indices(result.spend.shape).reshape(2, -1)
    return "month,channel,amount", zip(
        np.datetime_as_string(MONTHS.astype("datetime64[D]"))[month],
        _named(result.spend_channels, channel),
        _decimal(result.spend.ravel()),
        strict=True,
    )


_TABLES = {
    "orders": _orders,
    "order_lines": _order_lines,
    "customers": _customers,
    "events": _events,
    "marketing_spend": _marketing_spend,
}


def _order_ids(result: Simulation) -> Texts:
    return np.array([f"{result.shop.order_prefix}-{number + 1:06d}" for number in range(len(result.orders))])


def _named(names: Sequence[str], index: Ints) -> Texts:
    return np.array(names)[index]


def _times(seconds: Ints) -> Texts:
    return np.datetime_as_string(OPENED.astype("datetime64[s]") + seconds)


def _decimal(cents: Ints) -> list[str]:
    return [f"{value // 100}.{value % 100:02d}" for value in cents.tolist()]


def _write_csv(path: Path, header: str, rows: Iterable[_Row]) -> Path:
    """A gzipped UTF-8 CSV without a time stamp or a file name inside: equal rows are equal bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(text.getvalue().encode("utf-8"))
    return path


if __name__ == "__main__":
    for written in write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(f"{written}  {written.stat().st_size:,} bytes")
