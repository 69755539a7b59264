"""Order data in, honest retention numbers out. See `open_orders`, `Shop.query`, `Shop.metric`."""

from pathlib import Path

from retention_core.store import Shop, open_orders

SAMPLES = Path(__file__).parent.parent / "sample_data"

__all__ = ["Shop", "open_orders", "sample"]


def sample(name: str) -> list[Path]:
    """The files of a sample shop, "replenish" or "gift", ready for `open_orders`."""
    files = sorted((SAMPLES / name).glob("*.csv.gz"))
    if not files:
        raise KeyError(f"there is no sample shop {name!r}; there are replenish and gift")
    return files
