"""Order data in, honest retention numbers out. See `open_orders`, `Shop.query`, `Shop.metric`."""

from retention_core.store import Shop, open_orders

__all__ = ["Shop", "open_orders"]
