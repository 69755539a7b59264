"""The baseline's rate of customers to come on real shops: stand at an earlier day, see what the year's newcomers did.

    python -m benchmarks.backtest_rates FOLDER_OF_REAL_DATA

Compared is the share of the customers won in the next twelve months that ordered again within 90 or 365 days. The
months count as much as they brought, so that a wrong number of newcomers is no wrong rate; the band holds chance, too.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import retention_core as rc
from benchmarks.backtest import LEAST, SHOPS, into_readme
from benchmarks.real_shops import RealShop
from retention_core.goals.baseline import Baseline, baseline

RESULTS = Path(__file__).resolve().parent / "results" / "backtest_rates.json"
WINDOWS = (90, 365)  # days
WON = 12  # months
EVERY = 3  # months between the days stood at
FEW = 200  # customers won, below which chance alone decides


@dataclass(frozen=True)
class Rate:
    """One forecast. `customers`: won in the twelve months from `start`; actual, expected, low, high (80 % band): shares
    of them that order again within `window` days; `held`: the band holds the actual share."""

    shop: str
    window: int
    start: str
    history_months: int
    customers: int
    actual: float
    expected: float
    low: float
    high: float
    held: bool


def rates(folder: Path, shops: Sequence[RealShop] = SHOPS, every: int = EVERY) -> Iterator[Rate]:
    """One per shop, window and day stood at. A shop without its files, too short, or with few newcomers has none."""
    for real in shops:
        paths = real.paths(folder)
        if not all(path.exists() for path in paths):
            continue
        whole = rc.open_orders(paths)
        days, ends = whole.query("first_order_days"), pd.Timestamp(whole.observed_on)
        whole.close()
        first = pd.Timestamp(days["first_on"].min()).to_period("M").to_timestamp()
        for start in pd.date_range(first + pd.DateOffset(months=LEAST), ends, freq=pd.DateOffset(months=every)):
            last = start + pd.DateOffset(months=WON) - pd.Timedelta(days=1)
            won = days[(days["first_on"] >= start) & (days["first_on"] <= last)]
            windows = [window for window in WINDOWS if last + pd.Timedelta(days=window) <= ends]
            if windows and won["customers"].sum() >= FEW:
                yield from _rates(real, paths, start, won, windows)


def _rates(
    real: RealShop, paths: list[Path], start: pd.Timestamp, won: pd.DataFrame, windows: list[int]
) -> Iterator[Rate]:
    shop = rc.open_orders(paths, as_of=start.date())
    said = baseline(shop, months=WON)
    history = len(said.history)
    shop.close()
    month = won["first_on"].dt.to_period("M").dt.to_timestamp()
    customers = won.groupby(month)["customers"].sum().reindex(pd.DatetimeIndex(said.months), fill_value=0).to_numpy()
    for window in windows:
        drawn = rate_draws(said, customers, window)
        low, high = np.quantile(drawn, [0.1, 0.9])
        actual = float(won[f"again_{window}"].sum() / customers.sum())
        yield Rate(
            shop=real.title,
            window=window,
            start=str(start.date()),
            history_months=history,
            customers=int(customers.sum()),
            actual=actual,
            expected=float(drawn.mean()),
            low=float(low),
            high=float(high),
            held=bool(low <= actual <= high),
        )


def rate_draws(said: Baseline, customers: np.ndarray, window: int, seed: int = 1) -> np.ndarray:
    """(D,) share of so many newcomers of each coming month that orders again within the window, chance included."""
    share = said.returning_within[window][:, (said.rows["stage"] == "new").to_numpy()]
    return np.asarray(np.random.default_rng(seed).binomial(customers, share).sum(axis=1) / customers.sum())


def table(found: Sequence[Mapping[str, object]]) -> str:
    """Markdown: one row per shop and window; errors in percentage points, the sign of the mean tells a bias."""
    frame = pd.DataFrame(found)
    lines = [
        "| customers won in the next 12 months | window | days stood at | rate | mean error | mean size | held |",
        "|---|---|---|---|---|---|---|",
    ]
    for (shop, window), mine in frame.groupby(["shop", "window"], sort=False):
        off = 100 * (mine["expected"] - mine["actual"])
        lines.append(
            f"| {shop} | {window} days | {len(mine)} | {mine['actual'].mean():.1%} | {off.mean():+.1f} points "
            f"| {off.abs().mean():.1f} | {int(mine['held'].sum())} of {len(mine)} |"
        )
    relative = frame["expected"] / frame["actual"] - 1
    lines += [
        "",
        f"The 80 % band held {int(frame['held'].sum())} of {len(frame)} times;",
        f"median error {relative.abs().median():.0%} of the rate.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest_rates", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the real order files")
    parser.add_argument("--dry", action="store_true", help="print the table, keep nothing")
    given = parser.parse_args()
    found = [asdict(rate) for rate in rates(given.folder)]
    if not given.dry:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        into_readme("rates", table(found))
    print(table(found))


if __name__ == "__main__":
    main()
