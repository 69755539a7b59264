"""What a child process does for the comparison of models: make the summary, fit and value, judge a peer's answer …

    python -m benchmarks.model_child summary SHOP SUMMARY.csv
    python -m benchmarks.model_child ours SUMMARY.csv
    python -m benchmarks.model_child judge SUMMARY.csv VALUES.npy PEER.json
    python -m benchmarks.model_child hold-outs FOLDER
    python -m benchmarks.model_child years FOLDER
    python -m benchmarks.model_child recovery SEEDS

The last line of output is JSON. The libraries are imported before the clock starts.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.special  # noqa: F401 -- the models import it when they first need it: not on the clock

import retention_core as rc
from benchmarks.child import Watch
from benchmarks.forecast_years import forecast_years
from benchmarks.hold_outs import hold_outs
from benchmarks.recovery import recoveries
from retention_core.models import btyd, spend, value
from retention_core.models.maximise import no_data
from retention_core.models.triples import Floats, read_triples

MODEL, MONTHS, MONTHLY_DISCOUNT = "bg_nbd", 12, 0.01
PEERS_YEAR_DAYS = 360.0
COLUMNS = ["customer", "repeat_orders", "first_to_last", "age", "mean_repeat_amount"]


def write_summary(orders_file: Path, until: str | None, path: Path) -> int:
    """The customers of an order file, opened as the product opens it; `path` gets one row per customer, times in days.

    `until`: orders after that day are not seen.
    """
    shop = rc.open_orders(orders_file, as_of=None if until is None else pd.Timestamp(until) + pd.Timedelta(days=1))
    table = shop.query("customer_histories")[COLUMNS]
    part = path.with_suffix(".part")
    table.to_csv(part, index=False)
    part.rename(path)
    return len(table)


def ours(summary: Path) -> dict[str, Any]:
    """Fit and value from a frame of one row per customer: finding equal histories is part of the fit."""
    table, watch = pd.read_csv(summary), Watch()
    with watch.step("fit"):
        fit = btyd.fit(table, MODEL)
    with watch.step("spend"):
        spending = spend.fit(table["repeat_orders"], table["mean_repeat_amount"])
    with watch.step("value"):
        values = _values(fit, spending, table, PEERS_YEAR_DAYS)
    year = _values(fit, spending, table, value.YEAR_DAYS)
    said = {
        "params": list(fit.params.values()),
        "standard_errors": list(fit.standard_errors.values()),
        "spend_params": list(spending.params.values()),
        "log_likelihood": fit.log_likelihood,
        "customers": len(table),
        "histories": len(fit.triples.x),
        "is_usable": fit.is_usable and spending.is_usable,
        "sum_360": float(values.sum()),
        "sum_365": float(year.sum()),
    }
    return asdict(watch) | said


def judge(summary: Path, values: Path, peer: dict[str, Any]) -> dict[str, Any]:
    """A peer's parameters under our log-likelihood, and its values beside ours at the same parameters and days."""
    table = pd.read_csv(summary)
    triples = read_triples(table)
    params = np.array(peer["params"])
    log_likelihood, _ = btyd.MODELS[MODEL].likelihood(triples)(params)
    fit = btyd.Fit(MODEL, no_data(params), triples)
    spending = spend.fit(table["repeat_orders"], table["mean_repeat_amount"])
    spending = replace(spending, maximum=replace(spending.maximum, params=np.array(peer["spend_params"])))
    theirs = np.load(values)
    same = _values(fit, spending, table, peer["year_days"])
    return {
        "log_likelihood": log_likelihood,
        "values_differ": float(np.max(np.abs(theirs - same) / np.abs(same))),
        "sum": float(theirs.sum()),
    }


def _values(fit: btyd.Fit, spending: spend.GammaGamma, table: pd.DataFrame, year_days: float) -> Floats:
    """Discounted value of each customer's next 12 months of together so many days."""
    x, t_x, T, mean = (table[name] for name in COLUMNS[1:])
    return value.value(fit, spending, x, t_x, T, mean, year_days, MONTHS, MONTHLY_DISCOUNT)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_child", description=__doc__)
    works = parser.add_subparsers(dest="work", required=True)
    summary = works.add_parser("summary")
    summary.add_argument("orders_file", type=Path)
    summary.add_argument("path", type=Path)
    summary.add_argument("--until")
    works.add_parser("ours").add_argument("path", type=Path)
    judged = works.add_parser("judge")
    judged.add_argument("path", type=Path)
    judged.add_argument("values", type=Path)
    judged.add_argument("peer", type=json.loads)
    works.add_parser("hold-outs").add_argument("folder", type=Path)
    works.add_parser("years").add_argument("folder", type=Path)
    works.add_parser("recovery").add_argument("seeds", type=int)
    given = parser.parse_args()
    said: dict[str, Any]
    match given.work:
        case "summary":
            said = {"customers": write_summary(given.orders_file, given.until, given.path)}
        case "ours":
            said = ours(given.path)
        case "judge":
            said = judge(given.path, given.values, given.peer)
        case "hold-outs":
            said = hold_outs(given.folder)
        case "years":
            said = {"years": [asdict(row) for row in forecast_years(given.folder)]}
        case "recovery":
            said = {"recoveries": [asdict(found) for found in recoveries(given.seeds)]}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
