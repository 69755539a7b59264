"""BG/NBD, Gamma-Gamma and 12-month value by lifetimes, in an environment of its own (`lifetimes.txt`).

python -m benchmarks.peers.lifetimes_models SUMMARY.csv VALUES.npy
"""

import argparse
import json
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

from benchmarks.child import Watch

MONTHS, MONTHLY_DISCOUNT = 12, 0.01
YEAR_DAYS = 360.0  # customer_lifetime_value(freq="D") counts months of 30 days


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.lifetimes_models", description=__doc__)
    parser.add_argument("summary", type=Path)
    parser.add_argument("values", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    table = pd.read_csv(given.summary)
    x, t_x, T, mean = (table[name] for name in ("repeat_orders", "first_to_last", "age", "mean_repeat_amount"))
    watch, returning = Watch(), (x > 0) & (mean > 0)
    with watch.step("fit"):
        orders = BetaGeoFitter(penalizer_coef=0.0)
        orders.fit(x, t_x, T)
    with watch.step("fit grouped"):
        histories = pd.DataFrame({"x": x, "t_x": t_x, "T": T}).groupby(["x", "t_x", "T"], as_index=False).size()
        BetaGeoFitter(penalizer_coef=0.0).fit(
            histories["x"], histories["t_x"], histories["T"], weights=histories["size"]
        )
    with watch.step("spend"):
        spend = GammaGammaFitter(penalizer_coef=0.0)
        spend.fit(x[returning], mean[returning])
    with watch.step("value"):
        values = spend.customer_lifetime_value(
            orders, x, t_x, T, mean, time=MONTHS, discount_rate=MONTHLY_DISCOUNT, freq="D"
        )
    np.save(given.values, values.to_numpy(np.float64))
    said = {
        "params": [float(orders.params_[name]) for name in ("r", "alpha", "a", "b")],
        "spend_params": [float(spend.params_[name]) for name in ("p", "q", "v")],
        "is_point": True,
        "year_days": YEAR_DAYS,
        "versions": {name: version(name) for name in ("lifetimes", "numpy", "pandas", "scipy")},
    }
    print(json.dumps(asdict(watch) | said))


if __name__ == "__main__":
    main()
