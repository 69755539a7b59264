"""The goal simulator's baseline on real shops: hide the last months, forecast them, and see how far off it was.

    python -m benchmarks.backtest FOLDER_OF_REAL_DATA

Compared is the total of monthly actives of the customers known before the hidden months. The naive rival is the age
curve that a spreadsheet has: the mean share of each age over the cohorts, and of the last three ages beyond.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

import retention_core as rc
from benchmarks.real_shops import RealShop
from benchmarks.report import README, between
from retention_core.goals.baseline import Baseline, baseline
from retention_core.goals.curve import Triangle, triangle

RESULTS = Path(__file__).resolve().parent / "results" / "backtest.json"
HIDDEN = (6, 12)  # months
EARLIER = (0, 3, 6)  # months by which the whole exercise is moved back, so that the band is judged more than once
LEAST = 6  # months that must be left to learn from
SHOPS = (
    RealShop("sample shop: replenish", sample="replenish"),
    RealShop("sample shop: gift", sample="gift"),
    RealShop("Online Retail II", ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet")),
    RealShop("CDNOW", ("cdnow_master.csv.gz",)),
    RealShop("Complete Journey", ("complete_journey_transactions_odd.parquet",)),
    RealShop("Superstore", ("superstore.csv.gz",)),
    RealShop("Retail Transactions", ("retail_transactions.csv.gz",)),
)


@dataclass(frozen=True)
class Row:
    """One forecast. `error_share`, `naive_error_share`: forecast / actual − 1. low, high: the 80 % band of the total.

    `held`: the band holds the actual total; `months_held`: share of the hidden months whose band holds the month.
    """

    shop: str
    hidden_months: int
    moved_back: int
    history_months: int
    actual: float
    expected: float
    low: float
    high: float
    error_share: float
    naive_error_share: float
    held: bool
    months_held: float


def rows(folder: Path, shops: Sequence[RealShop] = SHOPS, earlier: Sequence[int] = EARLIER) -> Iterator[Row]:
    """One per shop, hidden months and end of the exercise. A shop without its files, or too short, has none."""
    for real in shops:
        paths = real.paths(folder)
        if not all(path.exists() for path in paths):
            continue
        whole = rc.open_orders(paths)
        happened = triangle(whole.query("cohort_retention"), [])
        whole.close()
        for hidden in HIDDEN:
            for moved in earlier:
                origin = happened.size - hidden - moved
                if origin >= LEAST:
                    yield _row(real, paths, happened, origin, hidden, moved)


def _row(real: RealShop, paths: list[Path], happened: Triangle, origin: int, hidden: int, moved: int) -> Row:
    start = happened.months[origin]
    shop = rc.open_orders(paths, as_of=start.date())
    said = baseline(shop, months=hidden)
    shop.close()
    assert said.months[0] == start.date() and said.as_of == start.date() - timedelta(days=1)
    actual = happened.active[:origin, origin : origin + hidden].sum(axis=0)
    draws = existing_actives(said)
    total = draws.sum(axis=1)
    low, high = np.quantile(total, [0.1, 0.9])
    month_low, month_high = np.quantile(draws, [0.1, 0.9], axis=0)
    naive = naive_path(happened.until(origin), hidden).sum()
    return Row(
        shop=real.title,
        hidden_months=hidden,
        moved_back=moved,
        history_months=origin,
        actual=float(actual.sum()),
        expected=float(total.mean()),
        low=float(low),
        high=float(high),
        error_share=float(total.mean() / actual.sum() - 1),
        naive_error_share=float(naive / actual.sum() - 1),
        held=bool(low <= actual.sum() <= high),
        months_held=float(((month_low <= actual) & (actual <= month_high)).mean()),
    )


def existing_actives(said: Baseline) -> np.ndarray:
    """(D, H) customers known at the start who order in each month."""
    existing = said.rows["stage"].to_numpy() != "new"
    return np.asarray((said.active[:, existing] * said.customers[:, existing, None]).sum(axis=1))


def naive_path(known: Triangle, months: int) -> np.ndarray:
    """(H,) actives by the mean share of each age over all cohorts, the mean of the last three ages beyond them."""
    age = np.arange(known.size)[None, :] - np.arange(known.size)[:, None]
    watched = known.customers[:, None] * (age > 0)
    ages = np.maximum(age, 0)
    share = np.bincount(ages.ravel(), (known.active * (age > 0)).ravel()) / np.maximum(
        np.bincount(ages.ravel(), watched.ravel()), 1
    )
    tail = share[-3:].mean()
    later = known.size + np.arange(months)[None, :] - np.arange(known.size)[:, None]
    told = np.where(later < known.size, share[np.minimum(later, known.size - 1)], tail)
    return np.asarray((known.customers[:, None] * told).sum(axis=0))


def table(found: Sequence[Mapping[str, object]]) -> str:
    """Markdown: one row per shop, errors and whether the band held at 6 and 12 hidden months; coverage below."""
    frame = pd.DataFrame(found)
    lines = [
        "| error of the total of monthly actives (naive) | 6 months hidden | held | 12 months hidden | held |",
        "|---|---|---|---|---|",
    ]
    for shop, mine in frame.groupby("shop", sort=False):
        cells = [str(shop)]
        for hidden in HIDDEN:
            last = mine[(mine["hidden_months"] == hidden) & (mine["moved_back"] == 0)]
            ends = mine[mine["hidden_months"] == hidden]
            if last.empty:
                cells += ["–", "–"]
                continue
            row = last.iloc[0]
            cells.append(f"{row['error_share']:+.0%} ({row['naive_error_share']:+.0%})")
            cells.append(f"{int(ends['held'].sum())} of {len(ends)}")
        lines.append("| " + " | ".join(cells) + " |")
    for hidden in HIDDEN:
        ends = frame[frame["hidden_months"] == hidden]
        lines.append("")
        lines.append(
            f"{hidden} months: the 80 % band of the total held {int(ends['held'].sum())} of {len(ends)} times, "
            f"that of a single month {ends['months_held'].mean():.0%}; "
            f"median error {ends['error_share'].abs().median():.0%}, "
            f"naive {ends['naive_error_share'].abs().median():.0%}."
        )
    return "\n".join(lines)


def into_readme(name: str, text: str) -> None:
    """Put the table between its marks in the README."""
    marks = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    README.write_text(between(README.read_text(encoding="utf-8"), *marks, text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the real order files")
    parser.add_argument("--dry", action="store_true", help="print the table, keep nothing")
    given = parser.parse_args()
    found = [asdict(row) for row in rows(given.folder)]
    if not given.dry:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        into_readme("backtest", table(found))
    print(table(found))


if __name__ == "__main__":
    main()
