"""Integrals over a customer's future, in the logarithm of time, where rates that fade slowly are smooth."""

from collections.abc import Callable
from functools import cache

import numpy as np

from retention_core.models.triples import Floats

DISCOUNTED_AWAY = 40.0  # e^-40 of the present: the far end of an endless future


@cache
def unit_nodes(count: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on 0–1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


def over_time(rate: Callable[[Floats], Floats], scale: Floats, start: Floats, end: Floats, nodes: int) -> Floats:
    """∫ rate(u) du from start to end, where the rate changes slowly in ln(1 + u / scale)."""
    first = np.log1p(start / scale)
    length = np.log1p(end / scale) - first
    total = np.zeros(np.broadcast(scale, start, end).shape)
    for node, weight in zip(*unit_nodes(nodes), strict=True):
        w = first + node * length
        total = total + weight * length * scale * np.exp(w) * rate(scale * np.expm1(w))
    return total
