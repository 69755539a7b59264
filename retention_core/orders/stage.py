"""One part of the input as rows of one shape: fields instead of columns, values instead of text, a rule on each row.

The staged relation has one row per row of the file, with the columns of `STAGED`. `amount` is what the row adds to its
order (the whole order where a row is an order; nothing on the later rows of an order whose totals stand on the first),
`rule` is null where the row is counted, `value` the text that could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_core.orders import values, words
from retention_core.orders.layouts import COST_FIELDS, FIELDS, Grain, Layout

if TYPE_CHECKING:
    from retention_core.engines.duckdb import Connection
    from retention_core.orders.read_parts import Part

TEXTS: tuple[str, ...] = (
    "channel",
    "campaign",
    "coupon",
    "payment_method",
    "delivery_method",
    "country",
    "category",
    "product",
)
MONEYS = ("discount", "refunded", "tax", "shipping")
# The cost of an order is known where each of its lines tells one: a part of it would pass for the whole.
SUM_OF_COSTS = "CASE WHEN count({cost}) = count({lines}) THEN sum({cost}) END"
# Values of an order, as against those of one of its lines.
OF_ORDER = (*MONEYS, "channel", "campaign", "coupon", "payment_method", "delivery_method", "country")
STAGED = (
    "part", "line", "order_id", "customer_id", "ordered_at", "amount", "line_amount", "quantity", "price", "product_id",
    "product", "currency", "status", "meaning", "value", "rule", "is_line", *MONEYS, *TEXTS[:-1], "cost",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How one part is read: its layout, the column number of each field, and how dates and money are read."""

    part: Part
    layout: Layout
    grain: Grain
    columns: Mapping[str, int]
    dates: Mapping[str, values.DateReading]
    moneys: Mapping[str, values.MoneyReading]
    email_key: bool
    timezone: bool
    bare: frozenset[int] = frozenset()  # typed text columns without blanks around their values: used as they are
    guests_named: bool = True  # False: it is known that no customer is called "guest", "nan" and the like

    @property
    def has_lines(self) -> bool:
        return self.grain != "order" and ("product_id" in self.columns or "product" in self.columns)


def read_columns(
    connection: Connection,
    part: Part,
    layout: Layout,
    grain: Grain,
    columns: Mapping[str, int],
    *,
    decimal: str | None,
    day_first: bool | None,
    timezone: bool,
) -> Reading:
    """How every mapped column of `part` is read, chosen on all its values."""
    dates: dict[str, values.DateReading] = {}
    moneys: dict[str, values.MoneyReading] = {}
    for name, number in columns.items():
        column, kind, role = f"c{number}", part.types[number], FIELDS.get(name, "text")
        if role == "date":
            dates[name] = values.read_dates(connection, part.relation, column, kind, day_first)
        elif role in ("money", "number"):
            moneys[name] = values.read_money(connection, part.relation, column, kind, decimal)
    moneys = _agreed(moneys)
    emails = _holds_emails(connection, part, columns)
    bare = _bare(connection, part, columns)
    guests = columns.get("customer_id") not in bare or _names_guests(connection, part, columns["customer_id"])
    return Reading(part, layout, grain, columns, dates, moneys, emails, timezone, bare, guests)


def stage(connection: Connection, reading: Reading, number: int) -> str:
    """Makes the relation `load_staged_<number>` and returns its name: a table for text, a view on typed columns."""
    name = f"load_staged_{number}"
    thing = "VIEW" if reading.part.kind == "parquet" and reading.grain == "order" else "TABLE"
    connection.execute(f"CREATE OR REPLACE TEMP {thing} {name} AS {_select(reading, number)}")
    return name


def _select(reading: Reading, number: int) -> str:
    cells = _cells(reading, number)
    inner = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
    source = f"SELECT line, {inner} FROM {reading.part.relation}"
    if "status" in reading.columns:
        source += f" LEFT JOIN {words.meanings_sql()} ON meanings.word = lower({_raw_text(reading, 'status')})"
    if reading.grain == "header":
        source = _filled_down(source, _cost_stands_on_lines(reading))
    value = "CASE WHEN ordered_at IS NULL THEN date_value WHEN amount IS NULL THEN amount_value END"
    fixed = {"part": f"CAST({number} AS USMALLINT)", "rule": _rule_sql(reading), "value": value}
    fixed["is_line"] = str(reading.grain == "line").lower()
    columns = ", ".join(f"{fixed[name]} AS {name}" if name in fixed else name for name in STAGED)
    return f"WITH cells AS ({source}) SELECT {columns} FROM cells"


def _cells(reading: Reading, number: int) -> dict[str, str]:
    """SQL of each staged column, and of `first_cell`, over the file's columns."""
    cells = {
        name: f"CAST(NULL AS {_type(name)})"
        for name in STAGED
        if name not in ("part", "line", "rule", "value", "is_line")
    }
    for name, column in reading.columns.items():
        if name in cells and name != "currency":
            cells[name] = _cell(reading, name, column)
    cells["order_id"] = cells["order_id"] if "order_id" in reading.columns else _row_id(number)
    cells["line_amount"] = _line_amount(reading, cells)
    cells["amount"] = _amount(reading, cells)
    cells["cost"] = _cost(reading, cells)
    cells["currency"] = _currency(reading)
    cells["meaning"] = _meaning(reading, cells["status"])
    cells["date_value"] = _raw(reading, "ordered_at")
    cells["amount_value"] = _raw(reading, *(("amount",) if "amount" in reading.columns else ("line_amount", "price")))
    cells["first_cell"] = (
        values.text_sql("c0", reading.part.types[0]) if values.is_text(reading.part.types[0]) else "NULL"
    )
    return cells


def _type(name: str) -> str:
    if name in (*MONEYS, "amount", "line_amount", "cost", "profit"):
        return values.MONEY
    if name in ("quantity", "price", "unit_cost"):
        return "DECIMAL(19,4)"
    return "TIMESTAMP" if name == "ordered_at" else "VARCHAR"


def _cell(reading: Reading, name: str, number: int) -> str:
    column, kind, role = f"c{number}", reading.part.types[number], FIELDS[name]
    if role == "date":
        return values.wall_time(reading.dates[name], column, reading.layout.utc, reading.timezone)
    if role in ("money", "number"):
        money = reading.moneys[name].of(column)
        if name in COST_FIELDS:
            money = values.unless_percent(money, column, kind)
        return money if _type(name) == values.MONEY else f"TRY_CAST({money} AS {_type(name)})"
    if role == "id":
        key = column if number in reading.bare else values.id_sql(column, kind)
        return f"lower({key})" if name == "customer_id" and reading.email_key else key
    return values.text_sql(column, kind)


def _row_id(number: int) -> str:
    """Without an order number each row is an order: its id is the row's own place."""
    return f"concat('{f'file {number + 1} ' if number else ''}row ', line)"


def _line_amount(reading: Reading, cells: Mapping[str, str]) -> str:
    if "line_amount" in reading.columns:
        return cells["line_amount"]
    if "price" in reading.columns and "quantity" in reading.columns:
        return f"TRY_CAST(TRY({cells['quantity']} * {cells['price']}) AS {values.MONEY})"
    if reading.grain == "line" and "amount" in reading.columns:
        return cells["amount"]
    return f"CAST(NULL AS {values.MONEY})"


def _amount(reading: Reading, cells: Mapping[str, str]) -> str:
    if reading.grain == "line":
        return cells["line_amount"]
    if "amount" not in reading.columns:
        return f"CAST(0 AS {values.MONEY})"
    extras = [f"coalesce({cells[name]}, 0)" for name in reading.layout.includes if name in reading.columns]
    if not extras:
        return cells["amount"]
    return f"CAST({' - '.join([cells['amount'], *extras])} AS {values.MONEY})"


def _cost(reading: Reading, cells: Mapping[str, str]) -> str:
    """What the goods of the row cost: as told, pieces × cost of one, or amount less profit.

    Null where no cell tells it, the cell cannot be read, or the cost would be below 0: that is no cost of goods.
    """
    if "cost" in reading.columns:
        cost = cells["cost"]
    elif _cost_stands_on_lines(reading) or {"unit_cost", "quantity"} <= reading.columns.keys():
        unit = _cell(reading, "unit_cost", reading.columns["unit_cost"])
        pieces = f"coalesce({cells['quantity']}, 1)" if "quantity" in reading.columns else "1"
        cost = f"TRY_CAST(TRY({pieces} * {unit}) AS {values.MONEY})"
    elif ("profit" in reading.columns and reading.grain == "line") or {"profit", "amount"} <= reading.columns.keys():
        profit = _cell(reading, "profit", reading.columns["profit"])
        cost = f"TRY_CAST({cells['amount']} - {profit} AS {values.MONEY})"
    else:
        return f"CAST(NULL AS {values.MONEY})"
    return f"CASE WHEN {cost} >= 0 THEN {cost} END"


def _cost_stands_on_lines(reading: Reading) -> bool:
    """Whether each line tells what one of its pieces costs; else the cost is that of the row."""
    return reading.grain != "order" and "unit_cost" in reading.columns and "cost" not in reading.columns


def _currency(reading: Reading) -> str:
    fixed = f"'{reading.layout.currency}'" if reading.layout.currency else "CAST(NULL AS VARCHAR)"
    if "currency" not in reading.columns:
        return fixed
    number = reading.columns["currency"]
    return values.currency_sql(f"c{number}", reading.part.types[number])


def _meaning(reading: Reading, status: str) -> str:
    """What the row's status, cancelled and test columns say together."""
    whens = []
    if "cancelled_at" in reading.columns:
        whens.append(f"WHEN {_raw_text(reading, 'cancelled_at')} IS NOT NULL THEN 'cancelled'")
    if "test" in reading.columns:
        whens.append(f"WHEN {words.contains(words.TEST_WORDS, _raw_text(reading, 'test'))} THEN 'test'")
    if "status" in reading.columns:
        whens.append(f"WHEN {status} IS NOT NULL THEN coalesce(meanings.meaning, 'unknown')")
    return f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"


def _raw_text(reading: Reading, name: str) -> str:
    number = reading.columns[name]
    return values.text_sql(f"c{number}", reading.part.types[number])


def _raw(reading: Reading, *names: str) -> str:
    """The text that stands in the first of these fields' columns, to be shown where it cannot be read."""
    for name in names:
        if name in reading.columns:
            number = reading.columns[name]
            # A typed column holds no text that could not be read; turning it into text would cost more than all else.
            if values.is_text(reading.part.types[number]):
                return values.text_sql(f"c{number}", "VARCHAR")
    return "CAST(NULL AS VARCHAR)"


def _filled_down(source: str, has_line_costs: bool) -> str:
    """Order values from the first row of the order that has them; its money on that order's first row only."""
    down = ("customer_id", "ordered_at", "currency", "status", "meaning", "date_value", "amount", "amount_value")
    firsts = ", ".join(f"arg_min({name}, line) AS {name}" for name in (*down, *OF_ORDER))
    cost = SUM_OF_COSTS.format(cost="cost", lines="*") if has_line_costs else "arg_min(cost, line)"
    firsts += f", {cost} AS cost"
    money = ", ".join(
        f"CASE WHEN raw.line = head.line THEN head.{name} END AS {name}" for name in ("amount", "cost", *OF_ORDER)
    )
    own = ("line_amount", "quantity", "price", "product_id", "product", "category", "first_cell")
    return (
        f"WITH raw AS ({source}), head AS (SELECT order_id, min(line) AS line, {firsts} FROM raw GROUP BY order_id)"
        f" SELECT raw.line, raw.order_id, head.amount AS order_amount, {', '.join(f'raw.{name}' for name in own)},"
        f" {', '.join(f'head.{name}' for name in down if name != 'amount')}, {money}"
        " FROM raw JOIN head ON head.order_id IS NOT DISTINCT FROM raw.order_id"
    )


def _rule_sql(reading: Reading) -> str:
    """The first rule that applies to a row, as a key of RULES; null: the row is counted, for all it says itself."""
    texts = ("coalesce(first_cell, order_id)", "customer_id", "date_value")
    is_total = " OR ".join(f"coalesce({words.contains(words.TOTAL_WORDS, text)}, false)" for text in texts)
    whens = [
        f"WHEN ordered_at IS NULL THEN CASE WHEN {is_total} THEN 'total_row'"
        " WHEN date_value IS NULL THEN 'no_date' ELSE 'unreadable_date' END",
        "WHEN order_id IS NULL OR order_id = '' THEN 'no_order_number'",
    ]
    guests = words.contains(words.NO_CUSTOMER_WORDS, "customer_id") if reading.guests_named else "false"
    whens.append(f"WHEN customer_id IS NULL OR {guests} THEN 'no_customer'")
    if {"status", "test", "cancelled_at"} & reading.columns.keys():
        whens += [
            f"WHEN meaning = '{meaning}' THEN '{rule}'"
            for meaning, rule in (
                ("test", "test_order"),
                ("cancelled", "cancelled"),
                ("failed", "failed"),
                ("pending", "pending"),
            )
        ]
    has_money = reading.grain == "line" or "amount" in reading.columns
    if has_money:
        cause = "CASE WHEN amount_value IS NULL THEN 'no_amount' ELSE 'unreadable_amount' END"
        whens.append(f"WHEN {_rule_amount(reading)} IS NULL THEN {cause}")
    return f"CASE {' '.join(whens + _sign_rules(reading))} END"


def _rule_amount(reading: Reading) -> str:
    """The amount that a rule looks at: the rows of an order whose total stands on one of them share their fate."""
    return "order_amount" if reading.grain == "header" else "amount"


def _sign_rules(reading: Reading) -> list[str]:
    """Refunds as rows of their own, bad debt, and lines without quantity or price."""
    whens = []
    if reading.layout.bad_debt_prefix:
        whens.append(f"WHEN starts_with(order_id, '{reading.layout.bad_debt_prefix}') THEN 'bad_debt'")
    if reading.layout.cancellation_prefix:
        whens.append(f"WHEN starts_with(order_id, '{reading.layout.cancellation_prefix}') THEN 'refund'")
    if reading.grain == "line":
        if "price" in reading.columns:
            whens.append("WHEN price <= 0 THEN 'not_positive'")
        whens.append("WHEN line_amount < 0 THEN 'refund'")
        if "quantity" in reading.columns:
            whens.append("WHEN quantity <= 0 THEN 'not_positive'")
    elif "amount" in reading.columns:
        whens.append(f"WHEN {_rule_amount(reading)} < 0 THEN 'refund'")
    return whens


def _holds_emails(connection: Connection, part: Part, columns: Mapping[str, int]) -> bool:
    """Whether the customer is named by an e-mail address, which is the same in capitals."""
    number = columns.get("customer_id")
    if number is None or not values.is_text(part.types[number]):
        return False
    column = f"c{number}"
    mails, filled = connection.execute(
        f"SELECT count(*) FILTER (contains({column}, '@')), count(*) FILTER ({column} <> '')"
        f" FROM (SELECT {column} FROM {part.relation} WHERE {column} <> '' LIMIT 1000)"
    ).fetchall()[0]
    return bool(filled and mails * 2 > filled)


def _bare(connection: Connection, part: Part, columns: Mapping[str, int]) -> frozenset[int]:
    """Id columns of a typed file without blanks around any value: there each function on all rows can be felt."""
    ids = {
        number for name, number in columns.items() if FIELDS.get(name) == "id" and values.is_text(part.types[number])
    }
    if part.kind != "parquet" or not ids:
        return frozenset()
    padded = ", ".join(f"bool_or(c{number} LIKE ' %' OR c{number} LIKE '% ')" for number in sorted(ids))
    found = connection.execute(f"SELECT {padded} FROM {part.relation}").fetchall()[0]
    return frozenset(number for number, is_padded in zip(sorted(ids), found, strict=True) if not is_padded)


def _names_guests(connection: Connection, part: Part, number: int) -> bool:
    """Whether a bare customer column holds a word for no customer; the file's statistics often say no at once."""
    named = words.is_any(f"c{number}", words.in_any_case(words.NO_CUSTOMER_WORDS))
    return bool(connection.execute(f"SELECT 1 FROM {part.relation} WHERE {named} LIMIT 1").fetchall())


def _agreed(moneys: Mapping[str, values.MoneyReading]) -> dict[str, values.MoneyReading]:
    """One decimal mark for the whole file: a column that could be read both ways follows one that could not."""
    marks = {reading.decimal for reading in moneys.values() if reading.decimal is not None}
    if len(marks) != 1:
        return dict(moneys)
    mark = marks.pop()
    return {name: values.with_mark(reading, mark) for name, reading in moneys.items()}
