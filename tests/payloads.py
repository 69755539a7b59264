"""Shops made of hostile text: every text column, column name and file name tries to be something else than a name."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache

Texts = tuple[str, ...]
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
# What a spreadsheet would run, in the file's own separator or in another.
FORMULAS = (
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", f'=HYPERLINK("http://{FOREIGN}","x")', " =1+1"),
    *("=cmd|'/C calc'!A0", "\uff1d1+1", ";=1+1", 'a";=1+1;"b', "a\n=1+1"),
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
RUNS = re.compile(r"[\s\x00-\x1f\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")
CUSTOMERS, MONTHS = 420, 22
START = date(2023, 1, 3)

TEXT_COLUMNS = ("channel", "country", "category", "campaign", "payment_method", "delivery_method", "status")
PLAIN_COLUMNS = {"order_id": "Order ID", "ordered_at": "Order date", "amount": "Amount", "currency": "Currency"}


def columns(texts: Texts = PAYLOADS) -> dict[str, str]:
    """Field of the reader → its name in the file: those of the text columns are payloads too."""
    hostile = ("customer_id", "coupon", *TEXT_COLUMNS)
    named = {field: f"{texts[place % len(texts)]} {field}" for place, field in enumerate(hostile)}
    return PLAIN_COLUMNS | named


def alive(text: str) -> bool:
    """Whether a payload of the text is Markdown and no longer only a name."""
    return bool(ALIVE.search(text) or ADDRESS.search(re.sub(r"\\([^\w\s])", r"\1", text)))


def runs_in_a_spreadsheet(cell: str) -> bool:
    """Whether a text cell is a formula; a number with its sign is none."""
    return bool(RUNS.match(cell)) and not NUMBER.fullmatch(cell)


def holds_payload(text: str) -> bool:
    return "zq" in text or "window.__p" in text


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def as_cell(text: str) -> bytes:
    """The text as it stands in a file."""
    return _csv([text], []).rstrip(b"\r\n")


def _text(number: int, texts: Texts) -> str:
    return texts[number % len(texts)]


def _customer(number: int, texts: Texts) -> str:
    return f"{_text(number, texts)} c{number}"


def value(column: str, number: int, texts: Texts = PAYLOADS) -> str:
    """The value of a text column: each column begins with another payload, so that each is often the largest group."""
    return f"{_text(number + TEXT_COLUMNS.index(column), texts)} {column}"


@cache
def orders_file(texts: Texts = PAYLOADS) -> bytes:
    """Orders of two years; about half of the customers come back, the sooner the lower their number."""
    rows = []
    for number in range(CUSTOMERS):
        first = START + timedelta(days=number * 30 * MONTHS // CUSTOMERS)
        for again in range(1 + (number % 2) * (number % 5 + 1)):
            day = first + timedelta(days=again * (19 + number % 23))
            cells: dict[str, object] = {name: value(name, number + again, texts) for name in TEXT_COLUMNS[:-1]}
            cells |= {
                "order_id": f"{_text(number, texts)} {number}-{again}",
                "customer_id": _customer(number, texts),
                "ordered_at": f"{day} 11:30:00",
                "amount": f"{10 + number % 17 + again}.50",
                "coupon": _text(number, texts) if number % 3 else "",
                "status": "paid" if number % 19 else value("status", number, texts),
                "currency": "EUR",
            }
            rows.append([cells[field] for field in columns(texts)])
    rows.append(
        ["x", _customer(0, texts), texts[0], texts[1], *[""] * (len(columns(texts)) - 4)]
    )  # cells that are quoted
    return _csv(list(columns(texts).values()), rows)


@cache
def other_files(texts: Texts = PAYLOADS) -> tuple[tuple[str, bytes], ...]:
    """Customers, events, products and spend of the same shop."""
    months = [f"{2023 + month // 12}-{month % 12 + 1:02}-01" for month in range(MONTHS)]
    spend = [
        (month, value("channel", turn, texts), 40 + turn)
        for month in months
        for turn in range(len(texts))
    ]  # fmt: skip
    people = [
        (_customer(number, texts), f"19{60 + number % 40}-05-0{number % 8 + 1}", "yes" if number % 7 else "no",
         value("channel", number, texts))
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    kinds = ("cart_abandoned", "review", "newsletter_opened", *(f"{text} event" for text in texts))
    events = [
        (_customer(number, texts), kinds[number % len(kinds)], f"{START + timedelta(days=60 + number)} 10:00:00",
         _text(number, texts))
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    lines = [
        (f"{_text(number, texts)} {number}-0", f"{_text(number, texts)} p{number % 9}",
         f"{_text(number + 3, texts)} product", value("category", number, texts), 1, f"{10 + number % 17}.50")
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    return (
        (
            f"spend {FILE_NAME}",
            _csv(["month", "channel", "amount", texts[0]], [(*row, texts[1]) for row in spend]),
        ),
        (f"customers {FILE_NAME}", _csv(["customer_id", "birthday", "consent", "first_channel"], people)),
        (f"events {FILE_NAME}", _csv(["customer_id", "event", "occurred_at", "detail"], events)),
        (f"lines {FILE_NAME}", _csv(["order_id", "product_id", "product", "category", "quantity", "amount"], lines)),
    )


@cache
def contracts_file(with_days: bool = False, texts: Texts = PAYLOADS) -> bytes:
    """Contracts under a plan, a region and a column whose name is itself a payload."""
    rows: list[tuple[object, ...]] = []
    for number in range(600):
        months, is_over = number * 7 % 23 + 1, number % 3 > 0
        groups = (f"{texts[number % 4]} plan", f"{texts[number % 2 + 5]} region", texts[number % 6])
        if with_days:
            start = date(2022, 1, 1) + timedelta(days=number % 300)
            end = start + timedelta(days=30 * months) if is_over else ""
            rows.append((_customer(number, texts), start, end, 20 + number % 5, *groups))
        else:
            rows.append((_customer(number, texts), months, "yes" if is_over else "no", 20 + number % 5, *groups))
    kept = ("start date", "end date") if with_days else ("tenure", "Churn")
    return _csv(["customer", *kept, "MonthlyCharges", "plan", "region", texts[0]], rows)


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
