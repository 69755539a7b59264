"""Turns the last run of each part of `benchmarks.models` into the Markdown of `README.md`."""

import json
import math
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.report import README, RESULTS, Goal, between, judged, quiet, table

BEGIN, END = "<!-- models: begin -->", "<!-- models: end -->"
HOLD_OUTS, YEARS, RECOVERY = "hold-outs", "years", "recovery"
COMPARED = ("million-lifetimes", "million-pymc", "cdnow-lifetimes", "cdnow-pymc", "cdnow-mcmc")
STEPS = {
    "fit": "fit BG/NBD",
    "fit grouped": "fit BG/NBD, the peer told how many share a history",
    "spend": "fit Gamma-Gamma",
    "value": "12-month value of every customer",
}
OURS = {"fit grouped": "fit"}  # we always look for shared histories
MODELS = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD", "cohort_curve": "curve"}
SPEND = {"gamma_gamma": "Gamma-Gamma"}
MADE = {"exact": "exact", "log": "of the log, to the moment", "days": "of the log, in whole days"}
SAME_VALUE, SAME_LIKELIHOOD, ENOUGH_SEEDS = 1e-9, 1e-3, 0.9
GOALS = {"fit": 30, "value": 50}  # times lifetimes, a million customers

Part = dict[str, Any]


def keep(run: Part) -> None:
    """Add the run to the file of its part and render the README from the last run of every part."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"models_{run['part']}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    path.write_text(json.dumps([*runs, run], indent=1, allow_nan=False) + "\n", encoding="utf-8")
    README.write_text(with_figures(README.read_text(encoding="utf-8"), last_runs()), encoding="utf-8")


def last_runs() -> dict[str, Part]:
    """The last run of each part."""
    paths = {part: RESULTS / f"models_{part}.json" for part in (*COMPARED, HOLD_OUTS, YEARS, RECOVERY)}
    return {part: json.loads(path.read_text(encoding="utf-8"))[-1] for part, path in paths.items() if path.exists()}


def with_figures(text: str, runs: dict[str, Part]) -> str:
    """The text of the README with what stands between the marks of the models replaced by the tables of these runs."""
    return between(text, BEGIN, END, render(runs))


def render(runs: dict[str, Part]) -> str:
    """All tables of these parts, and the goals that they speak about."""
    sections = [_compared(runs[part]) for part in COMPARED if part in runs]
    if HOLD_OUTS in runs:
        sections.append(_hold_outs(runs[HOLD_OUTS]))
    if YEARS in runs:
        sections.append(_years(runs[YEARS]))
    if RECOVERY in runs:
        sections.append(_recovery(runs[RECOVERY]))
    goals = list(goals_of(runs))
    if goals:
        sections.append("### Goals of the models\n\n" + judged(goals))
    return "\n\n".join(sections)


def goals_of(runs: dict[str, Part]) -> Iterator[Goal]:
    """The goals of the project for the models, each with its measured figure."""
    if run := runs.get("million-lifetimes"):
        for step, least in GOALS.items():
            ratio = times(run, step)
            yield Goal(f"{STEPS[step]}, a million", f"≥ {least} × lifetimes", f"{ratio:.0f} ×", ratio >= least)
        worse = run["judged"]["log_likelihood"] - run["ours"]["log_likelihood"]
        said = "not worse" if worse <= 0 else f"worse by {worse:.0e}"
        goal = f"not worse than lifetimes by {SAME_LIKELIHOOD}"
        yield Goal("log-likelihood, a million", goal, said, worse <= SAME_LIKELIHOOD)
        differ = run["judged"]["values_differ"]
        yield Goal("value, a million", f"equal to {SAME_VALUE:.0e}", f"{differ:.0e}", differ <= SAME_VALUE)
    if run := runs.get(RECOVERY):
        for found in run["recoveries"]:
            share = min(found["held"].values()) / found["seeds"]
            goal = f"≥ {_percent(ENOUGH_SEEDS)} of seeds, each parameter"
            yield Goal(f"truth within 95 %: {_made(found)}", goal, _percent(share), share >= ENOUGH_SEEDS)


def times(run: Part, step: str, kind: str = "seconds") -> float:
    """How many times as long the peer took, least to least."""
    ratio: float = min(run[kind]["peer"][step]) / min(run[kind]["ours"][OURS.get(step, step)])
    return ratio


def _compared(run: Part) -> str:
    ours, peer, ruled = run["ours"], run["peer"], run["judged"]
    rows = [
        (
            name,
            _spread(run["seconds"]["ours"][OURS.get(step, step)]),
            _spread(run["seconds"]["peer"][step]),
            f"{times(run, step):,.0f}",
            f"{times(run, step, 'cpu_seconds'):,.0f}",
        )
        for step, name in STEPS.items()
        if step in run["seconds"]["peer"]
    ]
    peaks = " and ".join(f"{max(map(max, run['peak_mb'][who].values())):,.0f} MB" for who in ("ours", "peer"))
    head = ("from one row per customer", "ours, s", "peer, s", "times faster", "in CPU s")
    lines = [
        f"### {run['customers']:,} customers of {run['data']}: {run['title']}",
        _conditions(run),
        f"{', '.join(f'{name} {number}' for name, number in peer['versions'].items())}."
        f" Rounds: {run['repeat']}; least (median). {quiet(run['others_cores'])}"
        f" Peaks of memory, ours and the peer's: {peaks}.",
        table(head, rows),
        f"r, α, a, b per day: ours {_numbers(ours['params'])}; peer {_numbers(peer['params'])}."
        f" Log-likelihood by our function: ours {ours['log_likelihood']:,.4f},"
        f" the peer's parameters {ruled['log_likelihood'] - ours['log_likelihood']:+.1e}."
        f" Gamma-Gamma p, q, v: ours {_numbers(ours['spend_params'])}; peer {_numbers(peer['spend_params'])}.",
        _values(run),
    ]
    return "\n\n".join(lines)


def _values(run: Part) -> str:
    ours, peer, ruled = run["ours"], run["peer"], run["judged"]
    said = f"Value of all: ours {ours['sum_360']:,.0f} in 360 days and {ours['sum_365']:,.0f} in 365, our year;"
    said += f" the peer {ruled['sum']:,.0f} in its year of {peer['year_days']:g} days."
    if peer["is_point"]:
        differ = ruled["values_differ"]
        return f"{said} At the peer's parameters and days no customer's value differs by more than {differ:.0e} of it."
    return f"{said} The peer's is the mean over its draws."


def _hold_outs(run: Part) -> str:
    found: list[Part] = run["hold_outs"]
    splits: dict[tuple[str, str], dict[str, Part]] = {}
    for row in found:
        splits.setdefault((row["shop"], row["split"]), {})[row["model"]] = row
    chosen = {row["shop"]: row["model"] for row in run["chosen"]}
    rows = []
    for (shop, split), by_model in splits.items():
        any_row = next(iter(by_model.values()))
        cells = [_forecast(by_model[model], chosen[shop] == model) for model in MODELS]
        sizes = f"{any_row['seen_days']:,} / {any_row['hidden_days']:,}"
        rows.append((shop, split, sizes, f"{any_row['customers']:,.0f}", f"{any_row['actual']:,.0f}", *cells))
    usable = [row for row in found if row["is_usable"]]
    coverage, total, page_coverage, page_total = (
        sum(row[name] for row in usable) / len(usable) if usable else math.nan
        for name in ("coverage", "total_held", "page_coverage", "page_total_held")
    )
    head = ("shop", "hidden", "days seen / hidden", "customers", "orders hidden", *MODELS.values())
    lines = [
        "### Hidden months of real shops",
        _conditions(run),
        table(head, rows),
        f"The 80 % intervals of the {len(usable)} usable forecasts held in {_percent(coverage)} of the cells"
        f" and, for the total, in {_percent(total)}. As the product draws them, with the errors that forecasts had"
        f" made before the split, they held in {_percent(page_coverage)} of cells, {_percent(page_total)} of totals.",
        _unusable(found),
    ]
    lines += [f"{row['shop']}: left out, {row['why']}." for row in run["skipped"]]
    return "\n\n".join(line for line in lines if line)


def _forecast(row: Part, is_chosen: bool) -> str:
    error = "–" if row["error_share"] is None else f"{100 * row['error_share']:+.1f} %"
    said = f"{error} · {row['mean_absolute_error']:.2f} · {_percent(row['coverage'])}{'' if row['is_usable'] else ' †'}"
    return f"**{said}**" if is_chosen else said


def _unusable(found: list[Part]) -> str:
    """What the product says of each fit that is not usable."""
    reasons: dict[str, list[str]] = {}
    for row in found:
        if not row["is_usable"]:
            reasons.setdefault(row["message"], []).append(f"{MODELS[row['model']]} on {row['shop']}, {row['split']}")
    return "\n".join(f"- † {'; '.join(which)}: “{message}”" for message, which in reasons.items())


def _years(run: Part) -> str:
    told = [row for row in run["years"] if row["expected"] is not None]
    held = sum(row["low"] <= row["actual"] <= row["high"] for row in told)
    rows = []
    for row in run["years"]:
        said = ("nothing", "–", "–", "–")
        if row["expected"] is not None:
            error, inside = row["expected"] / row["actual"] - 1, row["low"] <= row["actual"] <= row["high"]
            band = f"{row['low']:.3g} to {row['high']:.3g}"
            said = (f"{row['expected']:.3g}", band, f"{100 * error:+.0f} %", "yes" if inside else "**no**")
        model = MODELS.get(row["model"], "counting" if row["expected"] is not None else "–")
        size = f"{row['customers']:,.0f}"
        rows.append((row["shop"], row["said_on"], f"{row['seen_days']:,}", size, model, *said, f"{row['actual']:.3g}"))
    head = ("shop", "said on", "days seen", "customers", "by", "said", "80 % interval", "error", "held", "came")
    summed = f"Of {len(run['years'])} days on which one could ask, the product gave a figure on {len(told)};"
    summed += f" its 80 % interval held {held} times of them."
    return "\n\n".join(["### The product's own word on a year ahead", _conditions(run), table(head, rows), summed])


def _recovery(run: Part) -> str:
    rows = []
    for found in run["recoveries"]:
        held = [f"{name} {count}" for name, count in found["held"].items()]
        truth = _numbers([*found["true"].values()])
        mean = _numbers([*found["mean"].values()])
        rows.append((_made(found), truth, mean, f"{found['usable']} of {found['seeds']}", " · ".join(held)))
    head = ("customers made by", "true parameters", "mean of the fits", "usable fits", "seeds that hold it")
    return "\n\n".join(["### Known truths", _conditions(run), table(head, rows)])


def _made(found: Part) -> str:
    return f"{(MODELS | SPEND)[found['model']]}, {found['customers']:,} customers, {MADE[found['customers_are']]}"


def _conditions(run: Part) -> str:
    machine = run["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB"
    return f"{run['date']}, commit {run['commit']}; {where}."


def _spread(seconds: list[float]) -> str:
    """The least, and the median in brackets: CDNOW takes milliseconds, a million customers seconds."""
    return f"{min(seconds):.3g} ({statistics.median(seconds):.3g})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.5g}" for value in values)
