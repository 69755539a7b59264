"""Order data in, honest retention numbers out. See `open_orders`, `Shop.query`, `Shop.metric`."""

from importlib import import_module
from pathlib import Path
from typing import Any

from retention_core.contracts.opening import open_contracts
from retention_core.contracts.record import Contracts
from retention_core.limits import Limits, QueryTooLong
from retention_core.store import Shop, open_orders

SAMPLES = Path(__file__).parent.parent / "sample_data"
MODELS = ("btyd", "spend", "survival", "validate", "value")
GOALS = {"Goal": "goal", "Lever": "goal", "Scenario": "goal", "Uplift": "goal", "simulate": "simulate"}

__all__ = [
    *GOALS, *MODELS, "Contracts", "Limits", "QueryTooLong", "Shop",
    "forecasts", "open_contracts", "open_orders", "sample",
]  # fmt: skip


def sample(name: str) -> list[Path]:
    """The files of a sample shop, "replenish" or "gift", ready for `open_orders`."""
    files = sorted((SAMPLES / name).glob("*.csv.gz"))
    if not files:
        raise KeyError(f"there is no sample shop {name!r}; there are replenish and gift")
    return files


def __getattr__(name: str) -> Any:
    """The models, the forecasts and what goals are made of, imported when they are first named."""
    if name in MODELS:
        return import_module(f"retention_core.models.{name}")
    if name == "forecasts":
        return import_module("retention_core.forecasts")
    if name in GOALS:
        return getattr(import_module(f"retention_core.goals.{GOALS[name]}"), name)
    raise AttributeError(f"retention_core has no {name!r}")
