"""The benchmark compares like with like: reproducible logs and peers that give the same answers. Nothing is timed."""

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks import report
from benchmarks.agreement import difference
from benchmarks.analyses import ANALYSES, FILTER_CHANNEL, Analysis
from benchmarks.generate import generate
from benchmarks.measure import Run
from benchmarks.peers import duckdb_naive

ORDERS = 10_000


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "orders.parquet"
    generate(path, ORDERS)
    return path


@pytest.fixture(scope="module")
def log(log_file: Path) -> pd.DataFrame:
    return pd.read_parquet(log_file)


@pytest.fixture(scope="module", params=[None, FILTER_CHANNEL], ids=["everyone", "filtered"])
def channel(request: pytest.FixtureRequest) -> str | None:
    return request.param


@pytest.fixture(scope="module")
def naive_answers(log_file: Path, channel: str | None) -> dict[str, pd.DataFrame]:
    connection = duckdb_naive.open_log(log_file, channel)
    return {name: answer(connection) for name, answer in duckdb_naive.ANSWERS.items()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_log(log_file: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again.parquet", ORDERS)
    generate(tmp_path / "other.parquet", ORDERS, seed=2)
    assert (tmp_path / "again.parquet").read_bytes() == log_file.read_bytes()
    assert (tmp_path / "other.parquet").read_bytes() != log_file.read_bytes()


def test_the_log_is_one_row_per_order_in_time_order(log: pd.DataFrame) -> None:
    assert list(log["order_id"]) == list(range(1, ORDERS + 1))
    assert log["ordered_at"].is_monotonic_increasing
    assert not log.duplicated(["customer_id", "ordered_at"]).any()
    assert (log["amount"] >= 1).all()
    assert log["customer_id"].str.fullmatch(r"C\d{10}").all()
    assert log.drop(columns="coupon").notna().all(axis=None)


def test_the_log_is_a_shop_of_36_months_with_2_65_orders_a_customer(log: pd.DataFrame, log_file: Path) -> None:
    assert ORDERS / log["customer_id"].nunique() == pytest.approx(2.65, rel=0.05)
    assert log["ordered_at"].dt.to_period("M").nunique() == 36
    first_seen = log["customer_id"].drop_duplicates().str[1:].astype(int)
    assert first_seen.is_monotonic_increasing, "customers are numbered in the order in which they first bought"
    truth = json.loads(pq.read_metadata(log_file).metadata[b"truth"])
    assert truth["customers"] == len(first_seen)
    assert truth["seed"] == 1


@pytest.mark.parametrize("peer", ["pandas_naive", "polars_naive"])
def test_peers_give_the_same_answers(
    peer: str, log_file: Path, channel: str | None, naive_answers: dict[str, pd.DataFrame]
) -> None:
    module = _module(peer)
    opened = module.open_log(log_file, channel)
    answers = {name: answer(opened) for name, answer in module.ANSWERS.items()}
    assert [difference(analysis, naive_answers[analysis.name], answers[analysis.name]) for analysis in ANALYSES] == [
        None for _ in ANALYSES
    ]


def test_comeback_gives_the_same_answers(
    log_file: Path, channel: str | None, naive_answers: dict[str, pd.DataFrame]
) -> None:
    ours = import_module("benchmarks.ours")
    opened = ours.open_log(log_file, channel)
    answers = {name: answer(opened) for name, answer in ours.ANSWERS.items()}
    assert [difference(analysis, naive_answers[analysis.name], answers[analysis.name]) for analysis in ANALYSES] == [
        None for _ in ANALYSES
    ]


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_one_wrong_cell_is_found(analysis: Analysis, naive_answers: dict[str, pd.DataFrame]) -> None:
    answer = naive_answers[analysis.name]
    for column in (*analysis.counts, *analysis.measures):
        wrong = answer.copy()
        wrong.loc[wrong.index[-1], column] += 1
        assert column in str(difference(analysis, answer, wrong))
    assert "rows" in str(difference(analysis, answer, answer.iloc[1:]))


def test_a_missed_goal_is_named_as_missed() -> None:
    names = [analysis.name for analysis in ANALYSES]
    run = Run(
        report.FULL_SIZE, 1, machine=dict.fromkeys(("processor", "cores", "memory_gb", "system", "load_before"), 1)
    )
    run.versions, run.others_cores = {"commit": "abc"}, [0.1]
    ours = {"open": 9.0} | {
        f"{name}{end}": 0.2 for name in names for end in ("", " again", " filtered", " filtered again")
    }
    naive = {"open": 0.0} | dict.fromkeys(names, 2.0)
    for work, seconds in {"import": {"import": 0.3}, "ours": ours, "duckdb": naive, "duckdb filtered": naive}.items():
        run.add(work, {"seconds": seconds, "cpu_seconds": seconds, "peak_mb": dict.fromkeys(seconds, 2_000.0)})
    goals = {(goal.work, goal.goal): goal for goal in report.goals_of(run, run)}
    assert not goals["opening", "≤ 0.6 × naive DuckDB's six analyses"].is_reached  # 9 s of 12 s
    assert goals["opening", "≤ 0.6 × naive DuckDB's six analyses"].measured == "0.75 ×"
    assert goals["memory of opening", "≤ 3 GB"].is_reached
    assert not goals["RFM segments, filtered", "≤ 100 ms"].is_reached
    assert not goals["RFM segments", "≥ 20 × naive DuckDB"].is_reached  # 2 s against 0.2 s
    assert "Missed: opening (0.75 ×, goal ≤ 0.6 × naive DuckDB's six analyses)" in report.render(run, run)


def test_the_readme_shows_the_figures_of_the_last_runs() -> None:
    """Figures are rendered, never typed: what stands between the marks is what the results say."""
    text = report.README.read_text(encoding="utf-8")
    assert text == report.with_figures(text, report.last_runs())


def _module(peer: str) -> ModuleType:
    if peer == "polars_naive":
        pytest.importorskip("polars")
    return import_module(f"benchmarks.peers.{peer}")
