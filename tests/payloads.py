"""Shops made of hostile text: every text column, column name and file name tries to be something else than a name."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

FOREIGN = "zq.example"  # reserved for examples: nobody answers there, and nobody may be asked
# Each holds several payloads, as a page shows only the largest few groups; blank ends and line breaks are part of them.
PAYLOADS = (
    f"![zq](http://{FOREIGN}/a.png) {{0}} {{name}} %s %(x)d",
    f"<img src=http://{FOREIGN}/b.png onerror='window.__p=1'><script>window.__p=2</script><svg onload=window.__p=3>",
    f"[zq](javascript:window.__p=4) [zq2](http://{FOREIGN}/c) <http://{FOREIGN}/d>",
    ":red[zq] :red-background[zq] :material/zq: :zq_smile: $zq_1$ **zq** _zq_ ~~zq~~ `zq` # zq",
    f"https://{FOREIGN}/e www.{FOREIGN} zq@{FOREIGN} mailto:zq@{FOREIGN} [zq]: http://{FOREIGN}/f",
    f"|zq|zq|\r\n|-|-|\r\n\r\n    ![zq](http://{FOREIGN}/g.png)|",
    "\u202ezq\u2066 datum.zq ' \" \\ " + "zq" * 250,
)
# What of them would come alive where Streamlit reads Markdown. An escape stands between the signs of each otherwise.
ALIVE = re.compile(
    r"(?<!\\)!(?<!\\)\[zq|(?<!\\)\]\((http://zq|javascript)|(?<!\\)<(img|script|svg|http)|(?<!\\):red(-background)?\[zq"
    r"|(?<!\\):material/zq|(?<!\\)\$zq|(?<!\\)\*\*zq|(?<!\\)\b_zq|(?<!\\)~~zq|(?<!\\)`zq|(?<!\\)\|zq|[\r\u2028\u2029]"
    r"|[\u202a-\u202e\u2066-\u2069]"
)
# Addresses become links by themselves, whether their signs are escaped or not.
ADDRESS = re.compile(rf"(https?://|www\.|@){re.escape(FOREIGN)}")
FILE_NAME = f"![zq](http:__{FOREIGN}_h.png) <img src=x onerror=window.__p=5> :red[zq] $zq$ www.{FOREIGN} {{0}}.csv"
LINK_KEYS = (
    *("shop", "channel", "country", "category", "since", "until", "coupon", "grain", "lapsed", "entry", "words"),
    *("plan", "lever", "test", "contracts_by", "contract_months", "margin", "share", "payload", "by", "cohorts_month"),
)
CUSTOMERS, MONTHS = 420, 22
START = date(2023, 1, 3)

# field of the reader -> its name in the file. The names of the text columns are payloads too.
COLUMNS: Mapping[str, str] = {
    "order_id": "Order ID",
    "customer_id": f"customer {PAYLOADS[0]}",
    "ordered_at": "Order date",
    "amount": "Amount",
    "channel": f"channel {PAYLOADS[1]}",
    "country": f"country {PAYLOADS[2]}",
    "category": f"category {PAYLOADS[3]}",
    "campaign": f"campaign {PAYLOADS[4]}",
    "coupon": f"coupon {PAYLOADS[5]}",
    "payment_method": f"payment {PAYLOADS[6]}",
    "delivery_method": f"delivery {PAYLOADS[0]}",
    "status": "Status",
    "currency": "Currency",
}
TEXT_COLUMNS = ("channel", "country", "category", "campaign", "payment_method", "delivery_method", "status")


def alive(text: str) -> bool:
    """Whether a payload of the text is Markdown and no longer only a name."""
    return bool(ALIVE.search(text) or ADDRESS.search(re.sub(r"\\([^\w\s])", r"\1", text)))


def holds_payload(text: str) -> bool:
    return "zq" in text or "window.__p" in text


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _customer(number: int) -> str:
    return f"c{number} {PAYLOADS[number % len(PAYLOADS)]}"


def value(column: str, number: int) -> str:
    """The value of a text column: each column begins with another payload, so that each is often the largest group."""
    place = TEXT_COLUMNS.index(column)
    return f"{column} {PAYLOADS[(number + place) % len(PAYLOADS)]}"


@cache
def orders_file() -> bytes:
    """Orders of two years; about half of the customers come back, the sooner the lower their number."""
    rows = []
    for number in range(CUSTOMERS):
        first = START + timedelta(days=number * 30 * MONTHS // CUSTOMERS)
        for again in range(1 + (number % 2) * (number % 5 + 1)):
            day = first + timedelta(days=again * (19 + number % 23))
            cells: dict[str, object] = {name: value(name, number + again) for name in TEXT_COLUMNS[:-1]}
            cells |= {
                "order_id": f"{number}-{again} {PAYLOADS[number % len(PAYLOADS)]}",
                "customer_id": _customer(number),
                "ordered_at": f"{day} 11:30:00",
                "amount": f"{10 + number % 17 + again}.50",
                "coupon": PAYLOADS[number % len(PAYLOADS)] if number % 3 else "",
                "status": "paid" if number % 19 else value("status", number),
                "currency": "EUR",
            }
            rows.append([cells[field] for field in COLUMNS])
    rows.append(["x", _customer(0), PAYLOADS[0], PAYLOADS[1], *[""] * (len(COLUMNS) - 4)])  # cells that are quoted
    return _csv(list(COLUMNS.values()), rows)


@cache
def other_files() -> tuple[tuple[str, bytes], ...]:
    """Customers, events, products and spend of the same shop."""
    months = [f"{2023 + month // 12}-{month % 12 + 1:02}-01" for month in range(MONTHS)]
    spend = [
        (month, value("channel", turn), 40 + turn)
        for month in months
        for turn in range(len(PAYLOADS))
    ]  # fmt: skip
    people = [
        (_customer(number), f"19{60 + number % 40}-05-0{number % 8 + 1}", "yes" if number % 7 else "no",
         value("channel", number))
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    kinds = ("cart_abandoned", "review", "newsletter_opened", *(f"event {text}" for text in PAYLOADS))
    events = [
        (_customer(number), kinds[number % len(kinds)], f"{START + timedelta(days=60 + number)} 10:00:00",
         PAYLOADS[number % len(PAYLOADS)])
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    lines = [
        (f"{number}-0 {PAYLOADS[number % len(PAYLOADS)]}", f"p{number % 9} {PAYLOADS[number % len(PAYLOADS)]}",
         f"product {PAYLOADS[(number + 3) % len(PAYLOADS)]}", value("category", number), 1, f"{10 + number % 17}.50")
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    return (
        (
            f"spend {FILE_NAME}",
            _csv(["month", "channel", "amount", PAYLOADS[0]], [(*row, PAYLOADS[1]) for row in spend]),
        ),
        (f"customers {FILE_NAME}", _csv(["customer_id", "birthday", "consent", "first_channel"], people)),
        (f"events {FILE_NAME}", _csv(["customer_id", "event", "occurred_at", "detail"], events)),
        (f"lines {FILE_NAME}", _csv(["order_id", "product_id", "product", "category", "quantity", "amount"], lines)),
    )


@cache
def contracts_file(with_days: bool = False) -> bytes:
    """Contracts under a plan, a region and a column whose name is itself a payload."""
    rows: list[tuple[object, ...]] = []
    for number in range(600):
        months, is_over = number * 7 % 23 + 1, number % 3 > 0
        groups = (f"plan {PAYLOADS[number % 6]}", f"region {PAYLOADS[number % 5 + 2]}", PAYLOADS[number % 4])
        if with_days:
            start = date(2022, 1, 1) + timedelta(days=number % 300)
            end = start + timedelta(days=30 * months) if is_over else ""
            rows.append((_customer(number), start, end, 20 + number % 5, *groups))
        else:
            rows.append((_customer(number), months, "yes" if is_over else "no", 20 + number % 5, *groups))
    kept = ("start date", "end date") if with_days else ("tenure", "Churn")
    return _csv(["customer", *kept, "MonthlyCharges", "plan", "region", PAYLOADS[0]], rows)


def mapping() -> dict[str, str]:
    """What an owner would answer about the hostile column names."""
    return dict(COLUMNS)


def plan_file(name: str, kind: str) -> bytes:
    """A plan to read back, of this name."""
    if kind == "csv":
        return _csv(
            ["scenario", "lever", "assumption", "value"], [(name, "", "window", "365"), (name, "", "margin", 0.5)]
        )
    scenario = {"name": name, "levers": [], "window": 365}
    return json.dumps({"format": "comeback-scenarios", "version": 1, "scenarios": [scenario]}).encode()


def hostile_link() -> dict[str, str]:
    """Every key of the app's links, and one that is none, with a payload each."""
    return {key: PAYLOADS[place % len(PAYLOADS)] for place, key in enumerate(LINK_KEYS)}
