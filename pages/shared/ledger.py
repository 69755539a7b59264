"""The ledger of the opened orders: every line of the files counted, left out or merged, by which rule."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import sources, ui
from retention_core.answers.churn import customers_in_words
from retention_core.orders.read_parts import STRUCTURE, Part
from retention_core.orders.rules import RULE
from retention_core.say import money, number, say

# What the reader says of lines that became no row; the other rules bring their own sentence.
OUTCOMES = {"kept": "Kept", "left out": "Left out", "merged": "Merged", "note": "Note"}
# In the order of the table on the page. A phone shows the first three, in these pixels; the others share the rest.
SHOWN = {"What": 205, "Outcome": 75, "Lines": 70, "Orders": None, "Money": None, "Customers": None, "Currency": None}
FITS = 34  # letters of "What" on one line
WRAPPED = 65  # pixels of a row: the least at which its text goes over several lines
MOST_HIGH = 560  # pixels of the table; what is longer scrolls
LONG_START = 5
# What became of the lines, in the words of the check; the first sentence of the page names the same numbers.
FATES = {
    "kept": "{n} kept",
    "left out": "{n} left out",
    "fell": "{n} of other tables that fell with their orders or customers",
    "merged": "{n} merged with others",
}
# Lines of second tables that fall with an order or a customer: never the reason worth naming first.
CONSEQUENCES = ("order_not_counted", "customer_not_counted")


def sentence() -> str:
    """ "36,969 orders of 5,878 customers were kept; 253,803 lines were left out, most often: …"

    Lines of second tables that fall with their order or customer are named apart: they have no reason of their own.
    """
    frame, totals = sources.shop().ledger(), sources.query("customer_totals", {}).iloc[0]
    merged = int(frame.loc[frame["outcome"] == "merged", "rows"].sum())
    out = frame[frame["outcome"] == "left out"]
    left_out = out.groupby(["rule", "currency"], dropna=False, as_index=False)[["rows", "amount"]].sum()
    left_out = left_out.sort_values("rows", ascending=False)
    follows = left_out["rule"].isin(CONSEQUENCES)
    parts = [_kept(int(totals["orders"]), int(totals["customers"]), _order_lines(frame))]
    if merged:
        parts.append(_counted(merged, "1 line was merged with another", "{n} lines were merged with others"))
    if left_out.empty:
        parts.append(say("none was left out") if merged else say("no line was left out"))
    if not follows.all():
        first = left_out[~follows].iloc[0]
        worth = say(", worth {money}", money=_money(first)) if first["amount"] else ""
        lines = _counted(first["rows"], "1 line", "{n} lines")
        left = _counted(left_out.loc[~follows, "rows"].sum(), "1 line was left out", "{n} lines were left out")
        most = say("“{rule}” ({lines}{worth})", rule=_words(first["rule"]), lines=lines, worth=worth)
        parts.append(say("{left}, most often: {most}", left=left, most=most))
    if follows.any():
        falling = _counted(left_out.loc[follows, "rows"].sum(), "1 line of another table", "{n} lines of other tables")
        words = "{lines} belonged to none of them" if follows.all() else "{lines} fell with their orders or customers"
        parts.append(say(words, lines=falling))
    return "; ".join(parts) + "."


def _kept(orders: int, customers: int, lines: int) -> str:
    """How many orders of how many customers count, and of how many lines they are made where that differs."""
    if not orders:
        return say("No order of the files counts")
    of = {
        "orders": _counted(orders, "1 order", "{n} orders"),
        "lines": say(" ({n} lines)", n=number(lines)) if lines > orders else "",
        "customers": customers_in_words(customers),
    }
    return say(
        "{orders}{lines} of {customers} was kept" if orders == 1 else "{orders}{lines} of {customers} were kept", **of
    )


def _counted(n: float, one: str, several: str) -> str:
    return say(one) if n == 1 else say(several, n=number(n))


def _order_lines(frame: pd.DataFrame) -> int:
    """Kept lines of the tables that tell who ordered: more than orders where an order has a line for each product."""
    return int(frame.loc[frame["outcome"].eq("kept") & frame["customers"].gt(0), "rows"].sum())


def show() -> None:
    """The check that no line is missing, the table, examples of a rule, and the ledger to keep."""
    shop = sources.shop()
    frame = shop.ledger()
    _check(frame, shop.loaded.parts)
    table = for_people(frame)
    _table(table)
    _examples(frame)
    ui.download(say("The ledger"), "ledger", lambda: table)


def _table(table: pd.DataFrame) -> None:
    """The rows of `for_people`: of several files each stands beside what it is about, where a phone shows it too.

    One currency of all of them stands in the name of the column.
    """
    currencies = table.loc[table["Money"].notna(), "Currency"].unique().tolist()
    is_alike = len(currencies) < 2
    money_name = ", ".join(["Money", *filter(None, currencies)]) if is_alike else "Money"
    if table["File"].nunique() > 1:
        table = table.assign(What=table["What"] + " · " + _without_shared_start(table["File"]))
    is_long = table["What"].str.len().max() > FITS
    texts = ("What", "Outcome", "Currency")
    st.dataframe(
        table,
        hide_index=True,
        column_order=[name for name in SHOWN if not (is_alike and name == "Currency")],
        row_height=WRAPPED if is_long else None,
        height=min(WRAPPED * (len(table) + 1), MOST_HIGH) if is_long else "auto",
        alt=say("The ledger: one row for each file and rule, with lines, orders, customers and money"),
        placeholder="",
        column_config={
            **{name: st.column_config.TextColumn(width=SHOWN[name]) for name in texts},
            **{name: _column(name) for name in ("Lines", "Orders", "Customers")},
            "Money": _column("Money", money_name, step=0.01),
        },
    )


def facts() -> None:
    """How the files were read, in words."""
    shop = sources.shop()
    about = shop.facts
    rows = {
        "Layout": shop.loaded.layout,
        "Amounts": about.money,
        "Currency": about.currency or say("the files name none"),
        **({"Cost of the goods": about.cost} if about.cost else {}),
        "Refunds": about.refunds,
        "Times": about.times,
    }
    st.markdown("\n".join(f"- **{say(name)}:** {ui.plain(words)}" for name, words in rows.items()))
    for note in about.notes:
        st.markdown(f":material/info: {ui.plain(note)}")


def _column(name: str, label: str | None = None, step: float | None = None) -> Any:
    """A column of numbers with thousands marks; of money, the `step` of cents keeps both decimals."""
    return st.column_config.NumberColumn(label, format="localized", step=step, width=SHOWN[name])


def _check(frame: pd.DataFrame, parts: Sequence[Part]) -> None:
    """Kept, left out and merged make up every line that the files have: the promise of this page, shown."""
    counted = frame[frame["outcome"] != "note"]
    fate = counted["outcome"].mask(counted["rule"].isin(CONSEQUENCES), "fell")
    sums = {fate: int(rows) for fate, rows in counted["rows"].groupby(fate).sum().items()}
    terms = [say(words, n=number(sums[fate])) for fate, words in FATES.items() if sums.get(fate)]
    lines = sum(part.physical_lines for part in parts)
    total = say("{terms} = {lines} lines of the files", terms=" + ".join(terms), lines=number(lines))
    if sum(sums.values()) == lines:
        st.success(say("Every line is accounted for: {total}.", total=ui.plain(total)), icon=":material/check:")
    else:
        st.error(
            say("This does not add up: {total}. Please report it.", total=ui.plain(total)), icon=":material/error:"
        )


def for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per file and rule, in words; what was kept first, then the largest."""
    outcome = frame["outcome"].map(list(OUTCOMES).index)
    place = outcome.where(~frame["rule"].isin(STRUCTURE), len(OUTCOMES))
    frame = frame.assign(place=place).sort_values(
        ["place", "orders", "amount", "rows"], ascending=[True, False, False, False]
    )
    has_money = frame["amount"].ne(0)
    return pd.DataFrame(
        {
            "File": frame["file"],
            "What": frame["rule"].map(_words),
            "Outcome": frame["outcome"].map(OUTCOMES).map(say),
            "Lines": frame["rows"],
            "Orders": _unless_none(frame["orders"]),
            "Customers": _unless_none(frame["customers"]),
            "Money": frame["amount"].round(2).where(has_money),
            "Currency": frame["currency"].where(has_money & frame["currency"].notna(), ""),
        }
    )


def for_report(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per file and rule that says something of orders, in words; the file only where there are several."""
    table = for_people(frame[~frame["rule"].isin(STRUCTURE)])
    if not table["Money"].isna().all():
        sums = zip(table["Money"], table["Currency"], strict=True)
        table["Money"] = [money(amount, unit or None, 2) if amount == amount else "" for amount, unit in sums]
    names = ["What", "Outcome", "Lines", "Orders", "Customers", "Money", "File"]
    without = {"File"} if table["File"].nunique() < 2 else set()
    return table[[name for name in names if name not in without]]


def _without_shared_start(files: pd.Series) -> pd.Series:
    """The names from where they differ: files of one export often begin alike, and the column is narrow."""
    names = files.unique().tolist()
    start = commonprefix(names)  # noqa: RUF071 - letters are compared, these are no paths
    if len(names) == 1 or len(start) < LONG_START or start in names:
        return files
    return "…" + files.str.slice(len(start))


def _unless_none(counts: pd.Series) -> pd.Series:
    """Blank where a rule touches none: lines of a second table have no customers, a header no orders."""
    return counts.astype("Int64").where(counts.gt(0))


def _examples(frame: pd.DataFrame) -> None:
    """Lines of a rule on demand. Of broken lines only the number: their columns, and so what is a name, are unknown."""
    found = frame[(frame["examples"].map(len) > 0) & ~frame["rule"].isin(STRUCTURE)].reset_index(drop=True)
    if found.empty:
        return
    names = [f"{_words(rule)} · {file}" for rule, file in zip(found["rule"], found["file"], strict=True)]
    chosen = st.selectbox(
        say("Show lines of a rule"),
        range(len(found)),
        index=None,
        format_func=names.__getitem__,
        placeholder=say("Choose a rule"),
        key="ledger_examples",
    )
    if chosen is None:
        return
    row = found.iloc[chosen]
    lines = [(line, text if row["rule"] in RULE else "") for line, text in row["examples"]]
    st.dataframe(pd.DataFrame(lines, columns=["Line", "Order, day, amount"]), hide_index=True, width="content")


def _words(rule: str) -> str:
    return say(RULE[rule].sentence)


def _money(row: pd.Series) -> str:
    return money(float(row["amount"]), row["currency"] if isinstance(row["currency"], str) else None)
