"""BG/NBD, Gamma-Gamma and 12-month value by pymc-marketing, in an environment of its own (`pymc.txt`).

    python -m benchmarks.peers.pymc_models SUMMARY.csv VALUES.npy --method map

`map` climbs to the top of the posterior under flat priors, which is maximum likelihood. `mcmc` samples with the default
priors, as the package's guide does; its parameters and values are means of the draws.
"""

import argparse
import json
import logging
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from pymc_extras.prior import Prior
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel

from benchmarks.child import Watch

MONTHS, MONTHLY_DISCOUNT = 12, 0.01
YEAR_DAYS = 365.25  # months of 30.4375 days
NAMES = {"customer": "customer_id", "repeat_orders": "frequency", "first_to_last": "recency", "age": "T"}
SEED = 1


def _flat(*names: str) -> dict[str, Prior]:
    return {name: Prior("HalfFlat") for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.pymc_models", description=__doc__)
    parser.add_argument("summary", type=Path)
    parser.add_argument("values", type=Path)
    parser.add_argument("--method", choices=("map", "mcmc"), default="map")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    table = pd.read_csv(given.summary).rename(columns=NAMES | {"mean_repeat_amount": "monetary_value"})
    returning = table[(table["frequency"] > 0) & (table["monetary_value"] > 0)]
    is_map = given.method == "map"
    settings = {"progressbar": False, "random_seed": SEED}
    watch = Watch()
    with watch.step("fit"):
        orders = BetaGeoModel(model_config=_flat("r", "alpha", "a", "b") if is_map else None)
        orders.fit(table.drop(columns="monetary_value"), method=given.method, **settings)
    with watch.step("spend"):
        spend = GammaGammaModel(model_config=_flat("p", "q", "v") if is_map else None)
        spend.fit(returning[["customer_id", "frequency", "monetary_value"]], method=given.method, **settings)
    with watch.step("value"):
        values = spend.expected_customer_lifetime_value(
            orders, table, future_t=MONTHS, discount_rate=MONTHLY_DISCOUNT, time_unit="D"
        ).mean(("chain", "draw"))
    np.save(given.values, values.to_numpy().astype(np.float64))
    said = {
        "params": [float(orders.fit_result[name].mean()) for name in ("r", "alpha", "a", "b")],
        "spend_params": [float(spend.fit_result[name].mean()) for name in ("p", "q", "v")],
        "is_point": is_map,
        "year_days": YEAR_DAYS,
        "versions": {name: version(name) for name in ("pymc-marketing", "pymc", "pytensor", "numpy", "pandas")},
    }
    print(json.dumps(asdict(watch) | said))


if __name__ == "__main__":
    main()
