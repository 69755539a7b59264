"""The same numbers once more, from plain pandas on the same orders: every cell of every table must be equal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import retention_core as rc

FREQUENCY = {"month": "M", "quarter": "Q", "week": "W-SUN"}


def online_retail_lines(shared_data: Path) -> pd.DataFrame:
    first = pd.read_parquet(shared_data / "online_retail_ii_2009_2010.parquet")
    second = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    second.columns = first.columns
    lines = pd.concat([first[first["InvoiceDate"] < "2010-12-01"], second])
    sold = (lines["Quantity"] > 0) & (lines["Price"] > 0) & lines["Customer ID"].notna()
    return lines[sold & ~lines["Invoice"].astype(str).str.startswith("C")]


def online_retail(shared_data: Path) -> tuple[rc.Shop, pd.DataFrame]:
    lines = online_retail_lines(shared_data)
    lines["amount"] = lines["Quantity"] * lines["Price"]
    orders = lines.groupby(["Customer ID", "Invoice"]).agg(at=("InvoiceDate", "min"), amount=("amount", "sum"))
    orders = orders.reset_index().rename(columns={"Customer ID": "customer"})
    files = [shared_data / "online_retail_ii_2009_2010.parquet", shared_data / "online_retail_2010_2011.parquet"]
    return rc.open_orders(files, refunds="ignore"), orders


def cdnow(shared_data: Path) -> tuple[rc.Shop, pd.DataFrame]:
    file = shared_data / "cdnow_master.csv.gz"
    orders = pd.read_csv(file, parse_dates=["date"])
    orders = orders.rename(columns={"customer_id": "customer", "date": "at", "dollar_value": "amount"})
    return rc.open_orders(file), orders


@pytest.fixture(scope="module", params=[online_retail, cdnow], ids=["online_retail", "cdnow"])
def both(request: pytest.FixtureRequest, shared_data: Path) -> tuple[rc.Shop, pd.DataFrame]:
    shop, orders = request.param(shared_data)
    orders["day"] = orders["at"].dt.normalize()
    orders["first"] = orders.groupby("customer")["day"].transform("min")
    return shop, orders


def test_online_retail_ii_has_its_known_totals(shared_data: Path) -> None:
    """5,878 customers, 36,969 orders, 17,431,533.178: no customer, C invoices, quantity or price <= 0 left out."""
    files = [shared_data / "online_retail_ii_2009_2010.parquet", shared_data / "online_retail_2010_2011.parquet"]
    totals = rc.open_orders(files, refunds="ignore").query("customer_totals").iloc[0]
    assert (totals["customers"], totals["orders"], round(totals["revenue"], 6)) == (5878, 36969, 17431533.178)


@pytest.mark.parametrize("grain", FREQUENCY)
@pytest.mark.parametrize("form", ["in", "on_or_after", "by"])
def test_every_cohort_cell_equals_pandas(both: tuple[rc.Shop, pd.DataFrame], grain: str, form: str) -> None:
    shop, orders = both
    got = shop.query("cohort_retention", grain=grain, form=form).set_index(["cohort", "age"])
    period = orders["day"].dt.to_period(FREQUENCY[grain])
    cohort = orders["first"].dt.to_period(FREQUENCY[grain])
    rows = orders.assign(period=period, cohort=cohort)
    last = rows["period"].max()
    sizes = rows.drop_duplicates("customer").groupby("cohort")["customer"].count()
    active = rows.groupby(["cohort", "period"])["customer"].agg(set).to_dict()
    revenue = rows.groupby(["cohort", "period"])["amount"].sum().to_dict()
    second = rows[rows["day"] > rows["first"]].groupby("customer").agg(at=("period", "min"), cohort=("cohort", "first"))
    seen = 0
    for start, size in sizes.items():
        for age, now in enumerate(pd.period_range(start, last, freq=FREQUENCY[grain])):
            row = got.loc[(start.start_time, age)]
            if form == "in":
                expected = len(active.get((start, now), ()))
            elif form == "on_or_after":
                later = [people for (c, p), people in active.items() if c == start and p >= now]
                expected = len(set().union(*later))
            else:
                expected = int(((second["cohort"] == start) & (second["at"] <= now)).sum())
            assert (row["cohort_customers"], row["active_customers"]) == (size, expected)
            assert row["revenue"] == pytest.approx(revenue.get((start, now), 0.0))
            assert row["is_complete"] == (now.end_time.normalize() <= orders["day"].max())
            seen += 1
    assert seen == len(got)


@pytest.mark.parametrize("window_days", [30, 90, 365])
@pytest.mark.parametrize("grain", ["month", "quarter", "week"])
def test_every_rate_equals_pandas(both: tuple[rc.Shop, pd.DataFrame], grain: str, window_days: int) -> None:
    shop, orders = both
    got = shop.query("retention_rates", grain=grain, window_days=window_days)
    window = pd.Timedelta(days=window_days)

    def active(moment: pd.Timestamp) -> set[object]:
        return set(orders.loc[(orders["day"] < moment) & (orders["day"] >= moment - window), "customer"])

    firsts = orders.groupby("customer")["day"].min()
    for row in got.itertuples():
        start, end = active(row.starts_at), active(row.ends_at)
        new = set(firsts[(firsts >= row.starts_at) & (firsts < row.ends_at)].index) & end
        counted = (row.customers_start, row.customers_end, row.new_customers, row.retained)
        assert counted == (len(start), len(end), len(new), len(start & end))
        assert row.reactivated == len(end - start - new)


def test_returning_in_a_window_equals_pandas(both: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = both
    middle = orders["day"].min() + (orders["day"].max() - orders["day"].min()) / 2
    start, end = middle.normalize(), middle.normalize() + pd.Timedelta(days=61)
    before = set(orders.loc[orders["day"] < start, "customer"])
    within = set(orders.loc[(orders["day"] >= start) & (orders["day"] < end), "customer"])
    row = shop.query("returning_in_window", starts_at=start, ends_at=end).iloc[0]
    assert (row["existing_customers"], row["returning_customers"]) == (len(before), len(before & within))


def test_rolling_ages_equal_pandas(both: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = both
    rows = orders.assign(cohort=orders["first"].dt.to_period("M"), age=(orders["day"] - orders["first"]).dt.days // 30)
    expected = rows.groupby(["cohort", "age"])["customer"].nunique()
    got = shop.query("rolling_retention")
    got["cohort"] = got["cohort"].dt.to_period("M")
    got = got.set_index(["cohort", "age"])["active_customers"]
    assert got[got > 0].to_dict() == expected.to_dict()


def test_second_orders_and_the_summary_of_the_models_equal_pandas(both: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = both
    last = orders["day"].max()
    days = orders.drop_duplicates(["customer", "day"]).sort_values(["customer", "day"])
    people = days.groupby("customer")["day"].agg(["min", "max", "count"])
    second = days.groupby("customer").nth(1).set_index("customer")["day"]
    wait = (second - people["min"].reindex(second.index)).dt.days
    for row in shop.query("second_order_within").itertuples():
        observed = people.index[(last - people["min"]).dt.days >= row.days]
        assert row.customers == len(observed)
        assert row.ordered_again == int((wait.reindex(observed) <= row.days).sum())
    triples = pd.DataFrame(
        {
            "repeat_orders": people["count"] - 1,
            "first_to_last": (people["max"] - people["min"]).dt.days,
            "age": (last - people["min"]).dt.days,
        }
    )
    expected = triples.value_counts().sort_index().to_dict()
    got = shop.query("btyd_summary").set_index(["repeat_orders", "first_to_last", "age"])["customers"].to_dict()
    assert got == expected


def test_scores_do_not_depend_on_the_order_of_rows(both: tuple[rc.Shop, pd.DataFrame]) -> None:
    """Equal values get equal scores: as many as the percentiles they pass; a value on an edge stays below."""
    shop, _ = both
    people = shop.query("customer_summary")
    for score, column, sign in (
        ("f_score", "orders", 1),
        ("m_score", "revenue", 1),
        ("r_score", "days_since_last_order", -1),
    ):
        edges = np.quantile(people[column], [0.2, 0.4, 0.6, 0.8])
        passed = (people[column].to_numpy()[:, None] > edges).sum(axis=1)
        assert (people[score].to_numpy() == (1 + passed if sign == 1 else 5 - passed)).all()


def test_period_totals_and_concentration_equal_pandas(both: tuple[rc.Shop, pd.DataFrame]) -> None:
    shop, orders = both
    totals = shop.query("period_totals").set_index("period")
    for month, rows in orders.groupby(orders["day"].dt.to_period("M")):
        row = totals.loc[month.start_time]
        again = rows["customer"].duplicated(keep=False) | (rows["first"] < month.start_time)
        assert (row["customers"], row["orders"]) == (rows["customer"].nunique(), len(rows))
        assert row["repeat_customers"] == rows.loc[again, "customer"].nunique()
        assert row["revenue"] == pytest.approx(rows["amount"].sum())
    spent = orders.groupby("customer")["amount"].sum().sort_values(ascending=False)
    for row in shop.query("concentration").itertuples():
        assert row.top_revenue == pytest.approx(spent.head(int(np.ceil(row.top_share * len(spent)))).sum())


def test_a_filter_on_the_first_order_equals_opening_those_customers_alone(shared_data: Path) -> None:
    shop, orders = online_retail(shared_data)
    lines = online_retail_lines(shared_data)
    first = lines.sort_values(["InvoiceDate", "Invoice"]).drop_duplicates("Customer ID")
    french = set(first.loc[first["Country"] == "France", "Customer ID"])
    theirs = orders[orders["customer"].isin(french)]
    totals = shop.query("customer_totals", country="France").iloc[0]
    assert (totals["customers"], totals["orders"]) == (len(french), len(theirs))
    assert totals["revenue"] == pytest.approx(theirs["amount"].sum())
