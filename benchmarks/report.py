"""Turns the last run of each size into the Markdown of `README.md`: no figure there is typed by hand."""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.analyses import ANALYSES
from benchmarks.child import PEERS
from benchmarks.measure import Run

HERE = Path(__file__).resolve().parent
RESULTS, README = HERE / "results", HERE / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
QUIET_CORES = 0.3  # what other processes may use before a run counts as disturbed
FULL_SIZE, LARGE_SIZE = 10_000_000, 50_000_000
NAMES = [analysis.name for analysis in ANALYSES]
SIX = ["open", *NAMES]
PAGE_QUERIES = [analysis for analysis in ANALYSES if analysis.times_naive_duckdb]


@dataclass(frozen=True)
class Goal:
    """One goal of the project with what was measured for it."""

    work: str
    goal: str
    measured: str
    is_reached: bool


def append(run: Run) -> None:
    """Add the run to the file of its size and render the README from the last run of every size."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"orders_{run.orders}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    path.write_text(json.dumps([*runs, run.as_json()], indent=1) + "\n", encoding="utf-8")
    README.write_text(with_figures(README.read_text(encoding="utf-8"), last_runs()), encoding="utf-8")


def with_figures(text: str, runs: dict[int, Run]) -> str:
    """The text of the README with what stands between its marks replaced by the tables of these runs."""
    return between(text, BEGIN, END, "\n\n".join(render(run, runs.get(FULL_SIZE)) for run in runs.values()))


def between(text: str, begin: str, end: str, figures: str) -> str:
    """The text with the figures in place of what stood between the two marks."""
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{figures or 'No run yet.'}\n\n{end}{rest.partition(end)[2]}"


def last_runs() -> dict[int, Run]:
    """The last run of each size, small sizes first."""
    paths = RESULTS.glob("orders_*.json")
    runs = [Run(**json.loads(path.read_text(encoding="utf-8"))[-1]) for path in paths]
    return {run.orders: run for run in sorted(runs, key=lambda run: run.orders)}


def render(run: Run, full_size: Run | None) -> str:
    """All tables of one run."""
    parts = [f"## {run.orders:,} orders", _conditions(run), _from_nothing(run), _questions(run)]
    goals = list(goals_of(run, full_size))
    if goals:
        parts.append(judged(goals))
    return "\n\n".join(parts)


def _conditions(run: Run) -> str:
    machine, versions = run.machine, {**run.versions}
    commit = versions.pop("commit")
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}."
        f" Commit {commit}; {', '.join(f'{name} {number}' for name, number in versions.items())}.",
        f"Log: {run.log_mb:,.0f} MB of Parquet. Rounds: {run.repeat}; least (median).",
        quiet(run.others_cores),
        f"Answers equal to ours in every cell: {', '.join(_label(work) for work in run.compared) or 'none compared'}.",
    ]
    lines += [f"**{_label(work)} did not finish**: {why}." for work, why in run.failed.items()]
    return "\n".join(lines)


def quiet(others_cores: list[float]) -> str:
    """How busy other processes kept the machine, and whether times count."""
    least, most = min(others_cores), max(others_cores)
    said = f"Other processes kept {least:.1f} to {most:.1f} cores busy meanwhile"
    return (
        f"{said}."
        if most <= QUIET_CORES
        else f"**{said}: not a quiet machine, times are no evidence; read the CPU s.**"
    )


def _from_nothing(run: Run) -> str:
    ours = _six(run, "ours")
    rows = [
        ("Comeback: `import retention_core`", *_cost(run, "import", ["import"]), ""),
        ("Comeback: open", *_cost(run, "ours", ["open"]), ""),
        ("Comeback: open and the six analyses", *_cost(run, "ours", SIX), "1"),
    ]
    for peer, name in PEERS.items():
        if peer in run.seconds:
            times = min(_six(run, peer)) / min(ours)
            rows.append((f"{name}: the six analyses", *_cost(run, peer, SIX), f"{times:.1f}"))
    return table(("from the Parquet file", "s", "CPU s", "peak MB", "times ours"), rows)


def _questions(run: Run) -> str:
    head = ("once opened, ms", "first call", "later calls", "naive DuckDB", "times faster")
    filtered = ("filtered: first call", "naive DuckDB, filtered", "times faster, filtered")
    rows = []
    for analysis in ANALYSES:
        row = [f"{analysis.title} (`{analysis.name}`)", *_against_duckdb(run, analysis.name, "")]
        ours, _, naive, times = _against_duckdb(run, analysis.name, " filtered")
        rows.append((*row, ours, naive, times))
    return table((*head, *filtered), rows)


def _against_duckdb(run: Run, name: str, suffix: str) -> tuple[str, str, str, str]:
    """First call, later calls, naive DuckDB in ms, and how many times faster the first call is."""
    ours = run.seconds["ours"]
    first, again = _ms(ours[name + suffix]), _ms(ours[f"{name}{suffix} again"])
    times = times_faster(run, name, suffix)
    if times is None:
        return first, again, "–", "–"
    return first, again, _ms(_naive(run, name, suffix)), f"{times:,.0f}"


def times_faster(run: Run, name: str, suffix: str = "") -> float | None:
    """Least naive DuckDB over the least of our first calls; None where DuckDB was not measured."""
    if f"duckdb{suffix}" not in run.seconds:
        return None
    return min(_naive(run, name, suffix)) / min(run.seconds["ours"][name + suffix])


def _naive(run: Run, name: str, suffix: str) -> list[float]:
    """Opening belongs to every naive query: with a filter it finds the customers to count."""
    steps = run.seconds[f"duckdb{suffix}"]
    return [one + other for one, other in zip(steps["open"], steps[name], strict=True)]


def goals_of(run: Run, full_size: Run | None) -> Iterator[Goal]:
    """The goals that speak about logs of this size, each with its measured figure."""
    if run.orders == FULL_SIZE:
        yield from _goals_of_opening(run)
        yield from _goals_of_questions(run)
        yield from _goals_of_six(run)
        seconds = min(run.seconds["import"]["import"])
        yield Goal("`import retention_core`", "≤ 0.4 s", f"{seconds:.2f} s", seconds <= 0.4)
    if run.orders == LARGE_SIZE:
        peak = _peak_mb(run, "ours", ["open"])
        yield Goal("memory of opening", "≤ 12 GB", f"{peak / 1000:.1f} GB", peak <= 12_000)
        if full_size:
            times = min(run.seconds["ours"]["open"]) / min(full_size.seconds["ours"]["open"])
            yield Goal("opening", f"≤ 7 × {full_size.orders:,} orders", f"{times:.1f} ×", times <= 7)


def _goals_of_opening(run: Run) -> Iterator[Goal]:
    peak = _peak_mb(run, "ours", ["open"])
    if "duckdb" in run.seconds:
        ratio = min(run.seconds["ours"]["open"]) / min(_six(run, "duckdb"))
        yield Goal("opening", "≤ 0.6 × naive DuckDB's six analyses", f"{ratio:.2f} ×", ratio <= 0.6)
    yield Goal("memory of opening", "≤ 3 GB", f"{peak / 1000:.1f} GB", peak <= 3_000)


def _goals_of_questions(run: Run) -> Iterator[Goal]:
    for analysis in PAGE_QUERIES:
        for suffix in ("", " filtered"):
            ms = 1000 * min(run.seconds["ours"][analysis.name + suffix])
            yield Goal(f"{analysis.title}{',' * bool(suffix)}{suffix}", "≤ 100 ms", f"{ms:.0f} ms", ms <= 100)
        least, times = analysis.times_naive_duckdb, times_faster(run, analysis.name)
        if least and times:
            yield Goal(analysis.title, f"≥ {least} × naive DuckDB", f"{times:,.0f} ×", times >= least)


def _goals_of_six(run: Run) -> Iterator[Goal]:
    for peer, least, said in (("duckdb", 1, "never slower than naive DuckDB"), ("pandas", 5, "≥ 5 × pandas")):
        if peer in run.seconds:
            times = min(_six(run, peer)) / min(_six(run, "ours"))
            yield Goal("six analyses, nothing prepared", said, f"{times:.1f} × faster", times >= least)


def judged(goals: list[Goal]) -> str:
    """One row per goal, and in words which were missed."""
    rows = [(goal.work, goal.goal, goal.measured, "reached" if goal.is_reached else "**missed**") for goal in goals]
    missed = [f"{goal.work} ({goal.measured}, goal {goal.goal})" for goal in goals if not goal.is_reached]
    verdict = f"Missed: {'; '.join(missed)}." if missed else "No goal was missed."
    return table(("goal", "to reach", "measured", ""), rows) + f"\n\n{verdict}"


def _six(run: Run, who: str) -> list[float]:
    """Seconds from the Parquet file to the last of the six answers, by round."""
    return _sums(run.seconds[who], SIX)


def _sums(samples: dict[str, list[float]], steps: list[str]) -> list[float]:
    """The steps added up, round by round."""
    return [sum(parts) for parts in zip(*(samples[step] for step in steps), strict=True)]


def _peak_mb(run: Run, who: str, steps: list[str]) -> float:
    """The highest peak of any round, so memory is never flattered."""
    return max(max(run.peak_mb[who][step]) for step in steps)


def _cost(run: Run, who: str, steps: list[str]) -> tuple[str, str, str]:
    """Seconds by the clock, seconds of all cores and peak MB of these steps together."""
    seconds, cpu_seconds = (_sums(samples[who], steps) for samples in (run.seconds, run.cpu_seconds))
    return _spread(seconds), _spread(cpu_seconds), f"{_peak_mb(run, who, steps):,.0f}"


def _spread(seconds: list[float]) -> str:
    return f"{min(seconds):,.2f} ({statistics.median(seconds):,.2f})"


def _ms(seconds: list[float]) -> str:
    least, median = 1000 * min(seconds), 1000 * statistics.median(seconds)
    digits = 0 if median >= 10 else 1
    return f"{least:,.{digits}f} ({median:,.{digits}f})"


def _label(work: str) -> str:
    peer, _, rest = work.partition(" ")
    return f"{PEERS.get(peer, peer)}{' ' * bool(rest)}{rest}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ruler, *rows))
