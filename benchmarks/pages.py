"""What the pages Churn, Value and Goals ask of an opened log, and how long it takes: `python -m benchmarks.pages`.

The log is opened once. Each page's works are done as the page does them, for the whole shop and for one channel, while
every question they put to the shop is written down; then each question is asked again by itself. The first answer holds
whatever is built on demand (order_days and the like), the later ones are what a filter that is moved has to wait for.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks import log_path
from benchmarks.analyses import FILTER_CHANNEL
from benchmarks.measure import ROOT, commit, machine, others_seconds
from benchmarks.report import QUIET_CORES, README, RESULTS, between, table

if TYPE_CHECKING:
    import pandas as pd

    import retention_core as rc

BEGIN, END = "<!-- pages: begin -->", "<!-- pages: end -->"
KEPT = RESULTS / "pages.json"
LATER_CALLS = 5
GOAL_MS = 100
MOST_KEPT = 50  # values of a list
SCOPES: dict[str, dict[str, Any]] = {"all": {}, "filtered": {"channel": [FILTER_CHANNEL]}}


@dataclass
class Taken:
    """Milliseconds by the clock and of all cores together."""

    ms: float = 0.0
    cpu_ms: float = 0.0


@dataclass
class Question:
    """One query with its parameters, as a page asks it: the first answer, and the median of the later ones."""

    page: str
    scope: str
    query: str
    parameters: dict[str, Any]
    rows: int
    first: Taken
    later: Taken = field(default_factory=Taken)


@dataclass
class Work:
    """What a page has made of several questions, the questions included: the first time in this scope."""

    page: str
    scope: str
    name: str
    taken: Taken


@contextmanager
def _watch() -> Iterator[Taken]:
    taken, begin, cpu_begin = Taken(), time.perf_counter(), time.process_time()
    yield taken
    taken.ms = 1000 * (time.perf_counter() - begin)
    taken.cpu_ms = 1000 * (time.process_time() - cpu_begin)


class Listener:
    """Stands for the shop and writes down what it is asked."""

    def __init__(self, shop: rc.Shop) -> None:
        self.shop = shop
        self.page = self.scope = ""
        self.questions: list[Question] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shop, name)

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        with _watch() as taken:
            frame = self.shop.query(name, **parameters)
        if not any((known.query, known.parameters) == (name, parameters) for known in self.questions):
            self.questions.append(Question(self.page, self.scope, name, parameters, len(frame), taken))
        return frame

    def metric(self, key: str, **parameters: Any) -> Any:
        from retention_core import metrics

        return metrics.read(cast("rc.Shop", self), key, **parameters)


def churn(shop: rc.Shop, scope: dict[str, Any]) -> None:
    """The questions of pages/measure/churn.py, with the shop's own limits and with fixed ones."""
    from retention_core import lifecycle

    curves = shop.query("wait_curve", **scope)
    shop.query("order_gaps", **scope)
    shop.query("period_totals", **scope)
    for limits in (lifecycle.own_limits(lifecycle.waits(curves)), lifecycle.fixed_limits(90)):
        shop.query("lifecycle_flows", **limits.parameters(), **scope)


def value(shop: rc.Shop, scope: dict[str, Any]) -> None:
    """The questions of pages/measure/value.py; what it asks of forecasts and of the baseline are works of their own."""
    for name in ("cohort_retention", "channel_cohorts", "cohort_worth", "customer_totals", "value_distribution"):
        shop.query(name, **scope)
    for days in (365, 180, 90):
        shop.query("channel_worth", span_days=days, **scope)
    shop.query("acquisition")
    for key in ("concentration_top_10", "concentration_top_20", "customer_value_simple"):
        shop.metric(key, **scope)


def _works() -> dict[tuple[str, str], Callable[[rc.Shop, dict[str, Any]], Any]]:
    """By page and name: what is made once per data set and scope."""
    from retention_core import forecasts
    from retention_core.goals import levers, realism
    from retention_core.goals.baseline import baseline

    made: dict[str, Any] = {}

    def forecast(shop: rc.Shop, scope: dict[str, Any]) -> None:
        made["forecasts"] = forecasts.of_shop(shop, **scope)

    return {
        ("Churn", "queries"): churn,
        ("Churn, Value", "forecasts.of_shop"): forecast,
        ("Churn", "forecasts.at_stake"): lambda shop, scope: forecasts.at_stake(shop, made["forecasts"], **scope),
        ("Value", "queries"): value,
        ("Value, Goals", "shop.baseline"): lambda shop, scope: baseline(shop, **scope),
        ("Goals", "levers.of_shop"): lambda shop, scope: levers.of_shop(shop, **scope),
        **{
            ("Goals", f"realism.facts_of, {window} days"): partial(_facts, realism.facts_of, window)
            for window in (365, 180, 90)
        },
    }


def _facts(facts_of: Callable[..., Any], window: int, shop: rc.Shop, scope: dict[str, Any]) -> Any:
    return facts_of(shop, window, **scope)


def measure(log_file: Path) -> dict[str, Any]:
    """One run on that log: works and questions, as JSON holds them."""
    import retention_core as rc

    begin, others_begin = time.perf_counter(), others_seconds()
    with _watch() as opening:
        shop = rc.open_orders(log_file)
    listener, works = Listener(shop), []
    for name, scope in SCOPES.items():
        for (page, work), make in _works().items():
            listener.page, listener.scope = page, name
            print(f"{name}: {work}", file=sys.stderr, flush=True)
            with _watch() as taken:
                make(cast("rc.Shop", listener), scope)
            works.append(Work(page, name, work, taken))
    for question in listener.questions:
        question.later = _again(shop, question)
    others = (others_seconds() - others_begin - time.process_time()) / (time.perf_counter() - begin)
    about = {"date": date.today().isoformat(), "commit": commit(), "machine": machine()}
    return about | {
        "orders": int(shop.query("customer_totals")["orders"].iloc[0]),
        "others_cores": round(max(0.0, others), 2),
        "open": asdict(opening),
        "works": [asdict(work) for work in works],
        "questions": [asdict(replace(one, parameters=_in_short(one.parameters))) for one in listener.questions],
    }


def _in_short(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they are kept: of a long list only its length."""
    return {
        key: f"{len(value):,} of them" if isinstance(value, list) and len(value) > MOST_KEPT else value
        for key, value in parameters.items()
    }


def _again(shop: rc.Shop, question: Question) -> Taken:
    """Medians of the later answers."""
    calls = []
    for _ in range(LATER_CALLS):
        with _watch() as taken:
            shop.query(question.query, **question.parameters)
        calls.append(taken)
    return Taken(*(statistics.median(getattr(call, kind) for call in calls) for kind in ("ms", "cpu_ms")))


def render(run: dict[str, Any]) -> str:
    """The tables of one run, the slow questions named."""
    others, hardware = run["others_cores"], run["machine"]
    is_quiet = others <= QUIET_CORES
    warning = "" if is_quiet else " **Not a quiet machine: times are no evidence; read the CPU ms.**"
    head = (
        f"{run['date']}, commit {run['commit']}; {hardware['processor']}, {hardware['cores']} cores. {run['orders']:,} "
        f"orders, opened in {run['open']['ms'] / 1000:.1f} s ({run['open']['cpu_ms'] / 1000:.1f} s of CPU). Other "
        f"processes kept {others} cores busy.{warning}"
    )
    return "\n\n".join([head, _works_table(run), _questions_table(run), _verdict(run)])


def _works_table(run: dict[str, Any]) -> str:
    rows = [
        (
            work["page"],
            work["name"],
            work["scope"],
            *(f"{work['taken'][kind] / 1000:,.2f}" for kind in ("ms", "cpu_ms")),
        )
        for work in run["works"]
    ]
    return table(("page", "made once per data set and filter", "customers", "s", "CPU s"), rows)


def _questions_table(run: dict[str, Any]) -> str:
    rows = [
        (
            f"{one['page']}: {one['query']} {_in_words(one['parameters'])}".strip(),
            one["scope"],
            f"{one['rows']:,}",
            *(f"{one[when][kind]:,.0f}" for when in ("first", "later") for kind in ("ms", "cpu_ms")),
        )
        for one in run["questions"]
    ]
    return table(("question", "customers", "rows", "first, ms", "CPU ms", "later, ms", "CPU ms"), rows)


def _in_words(parameters: dict[str, Any]) -> str:
    """The parameters in short, the filter left out."""
    own = {key: value for key, value in parameters.items() if key != "channel"}
    words = ", ".join(f"{key} {value}" for key, value in own.items())
    return f"({words if len(words) <= 60 else words[:57] + '…'})" if own else ""


def _verdict(run: dict[str, Any]) -> str:
    kind = "ms" if run["others_cores"] <= QUIET_CORES else "cpu_ms"
    goal = GOAL_MS if kind == "ms" else GOAL_MS * run["machine"]["cores"]
    slow = [
        " ".join(f"{one['query']} {_in_words(one['parameters'])} {one['scope']} ({one['later'][kind]:,.0f})".split())
        for one in run["questions"]
        if one["later"][kind] > goal
    ]
    unit = "ms" if kind == "ms" else "ms of CPU, the machine not being quiet"
    said = (
        f"{len(run['questions']) - len(slow)} of {len(run['questions'])} questions are answered within {goal} {unit}."
    )
    return said + (f" Not: {'; '.join(slow)}." if slow else "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000_000, help="size of the log, made if it is not there yet")
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    given = parser.parse_args()
    log_file = log_path(given.orders)
    if not log_file.exists():
        subprocess.run([sys.executable, "-m", "benchmarks.generate", f"--orders={given.orders}"], cwd=ROOT, check=True)
    run = measure(log_file)
    tables = render(run)
    if not given.dry:
        KEPT.write_text(json.dumps(run, indent=1, default=str) + "\n", encoding="utf-8")
        README.write_text(between(README.read_text(encoding="utf-8"), BEGIN, END, tables), encoding="utf-8")
    print(tables)


if __name__ == "__main__":
    main()
