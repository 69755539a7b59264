"""The same six analyses by Comeback and by its peers on generated order logs: `python -m benchmarks`."""

from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


def log_path(orders: int) -> Path:
    """Where the log of that many orders lies, whether it exists yet or not."""
    return DATA / f"orders_{orders}.parquet"
