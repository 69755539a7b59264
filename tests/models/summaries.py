"""The purchase histories that the papers fitted, made from the order logs with pandas."""

from pathlib import Path

import pandas as pd

WEEK = 7


def read_days(path: Path, customer: str, day: str, amount: str | None = None) -> pd.DataFrame:
    """One row per customer and day with an order: customer, day, amount (0 where the log has none)."""
    log = pd.read_csv(path, dtype={customer: str}, parse_dates=[day])
    log = log.assign(customer=log[customer], day=log[day], amount=log[amount] if amount else 0.0)
    return log.groupby(["customer", "day"], as_index=False)["amount"].sum()


def cdnow(folder: Path) -> pd.DataFrame:
    return read_days(folder / "cdnow_sample.csv.gz", "customer_id", "date", "dollar_value")


def cdnow_master(folder: Path) -> pd.DataFrame:
    return read_days(folder / "cdnow_master.csv.gz", "customer_id", "date", "dollar_value")


def apparel(folder: Path) -> pd.DataFrame:
    return read_days(folder / "apparel_trans.csv.gz", "Id", "Date", "Price")


def grocery(folder: Path) -> pd.DataFrame:
    return read_days(folder / "grocery_elog.csv.gz", "cust", "date")


def retail_transactions(folder: Path) -> pd.DataFrame:
    log = pd.read_csv(folder / "retail_transactions.csv.gz")
    log["day"] = pd.to_datetime(log["trans_date"], format="%d-%b-%y")
    return log.rename(columns={"customer_id": "customer"}).groupby(["customer", "day"], as_index=False).size()


def online_retail(folder: Path) -> pd.DataFrame:
    """Sales lines of known customers in both years; the days that both files hold count once anyway."""
    older = pd.read_parquet(folder / "online_retail_ii_2009_2010.parquet").rename(columns={"Customer ID": "customer"})
    newer = pd.read_parquet(folder / "online_retail_2010_2011.parquet").rename(
        columns={"CustomerID": "customer", "UnitPrice": "Price"}
    )
    columns = ["customer", "InvoiceDate", "Quantity", "Price"]
    lines = pd.concat([older[columns], newer[columns]])
    lines = lines[lines["customer"].notna() & (lines["Quantity"] > 0) & (lines["Price"] > 0)]
    return lines.assign(day=lines["InvoiceDate"].dt.normalize()).groupby(["customer", "day"], as_index=False).size()


def histories(days: pd.DataFrame, until: str, hidden_until: str | None = None, unit: int = WEEK) -> pd.DataFrame:
    """One row per customer with an order by `until`: repeat_orders, first_to_last, age in `unit` days.

    With `amount`: mean_repeat_amount, 0 for one-time buyers. With `hidden_until`: hidden_orders from then to there.
    """
    seen = days[days["day"] <= until]
    by_customer = seen.groupby("customer")["day"].agg(["min", "max", "count"])
    first = by_customer["min"]
    table = pd.DataFrame(
        {
            "repeat_orders": by_customer["count"] - 1,
            "first_to_last": (by_customer["max"] - first).dt.days / unit,
            "age": (pd.Timestamp(until) - first).dt.days / unit,
        }
    )
    if "amount" in seen:
        repeats = seen[seen["day"] > seen["customer"].map(first)]
        table["mean_repeat_amount"] = repeats.groupby("customer")["amount"].mean().reindex(table.index, fill_value=0.0)
    if hidden_until:
        hidden = days[(days["day"] > until) & (days["day"] <= hidden_until)]
        table["hidden_orders"] = hidden.groupby("customer").size().reindex(table.index, fill_value=0)
    return table


def activity(days: pd.DataFrame, until: str, unit: int = WEEK) -> pd.DataFrame:
    """One row per age in periods of `unit` days: age, customers watched through it, repeat orders they made in it."""
    seen = days[days["day"] <= until]
    first = seen.groupby("customer")["day"].min()
    watched = (pd.Timestamp(until) - first).dt.days // unit
    repeats = seen[seen["day"] > seen["customer"].map(first)]
    age = ((repeats["day"] - repeats["customer"].map(first)).dt.days - 1) // unit
    age = age[age < repeats["customer"].map(watched)]
    ages = pd.RangeIndex(watched.max())
    customers = (
        watched.value_counts().sort_index(ascending=False).cumsum().sort_index().reindex(ages + 1, method="bfill")
    )
    return pd.DataFrame(
        {"age": ages, "customers": customers.to_numpy(), "orders": age.value_counts().reindex(ages, fill_value=0)}
    )


def hidden_periods(days: pd.DataFrame, until: str, hidden_until: str, length: int = 30) -> pd.DataFrame:
    """One row per whole period of `length` days after `until`: starts, ends (days since), orders of known customers."""
    known = days.loc[days["day"] <= until, "customer"].unique()
    hidden = days[(days["day"] > until) & days["customer"].isin(known)]
    period = ((hidden["day"] - pd.Timestamp(until)).dt.days - 1) // length
    periods = pd.RangeIndex((pd.Timestamp(hidden_until) - pd.Timestamp(until)).days // length)
    orders = period.value_counts().reindex(periods, fill_value=0)
    return pd.DataFrame({"starts": periods * float(length), "ends": (periods + 1.0) * length, "orders": orders})
