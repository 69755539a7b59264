"""What `btyd` asks of a buy-till-you-die model, and nothing else: a new model is a class with these methods."""

from typing import Protocol

from retention_core.models.maximise import LogLikelihood
from retention_core.models.triples import Floats, Triples


class Model(Protocol):
    """Formulas of arrays of one shape. `while_alive` means: of a customer known to be still buying at T."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters, in the order of the papers."""
        ...

    def start(self, triples: Triples) -> Floats:
        """Where to begin the search."""
        ...

    def usual(self, triples: Triples) -> Floats:
        """The ordinary size of each parameter: far from it lies the boundary."""
        ...

    def likelihood(self, triples: Triples) -> LogLikelihood: ...

    def time_scale(self, params: Floats, T: Floats) -> Floats:
        """The future fades slowly in ln(1 + time / scale)."""
        ...

    def stopped_share(self, params: Floats, longest: float) -> float:
        """About the share of customers seen to stop within the age `longest`."""
        ...

    def p_alive(self, params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats: ...

    def orders_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Expected orders in (T, T + horizon]."""
        ...

    def rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """Expected orders per unit of time at T + later."""
        ...

    def pair_rate_while_alive(self, params: Floats, x: Floats, T: Floats, later: Floats) -> Floats:
        """Density of two orders, the second at T + later: what the variance needs."""
        ...

    def no_order_while_alive(self, params: Floats, x: Floats, T: Floats, horizon: Floats) -> Floats:
        """Probability of no order in (T, T + horizon]."""
        ...

    def probability_of_orders_new(self, params: Floats, n: Floats, t: Floats) -> Floats:
        """P(X(t) = n) of a new customer."""
        ...
