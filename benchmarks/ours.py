"""The six analyses asked of an opened `Shop`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

import retention_core as rc
from benchmarks.analyses import ANALYSES, Analysis


def open_log(path: Path, channel: str | None = None) -> tuple[rc.Shop, dict[str, list[str]]]:
    """The opened shop and the scope of every question."""
    return rc.open_orders(path), {} if channel is None else {"channel": [channel]}


def _asked(analysis: Analysis, log: tuple[rc.Shop, dict[str, list[str]]]) -> pd.DataFrame:
    shop, scope = log
    return shop.query(analysis.name, **analysis.parameters, **scope)


ANSWERS: dict[str, Callable[..., pd.DataFrame]] = {analysis.name: partial(_asked, analysis) for analysis in ANALYSES}
