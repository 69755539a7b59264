"""Maximum likelihood over positive parameters: where the top is, how sharp it is, and whether there is one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retention_core.models.triples import Floats

LogLikelihood = Callable[[Floats], tuple[float, Floats]]
"""Parameters → (log-likelihood, its gradient in the parameters)."""

REACH = 12.0  # a parameter may leave its usual size by a factor of e^12, about 160,000, either way
EDGE = 0.05  # this near to the end of its reach, in logs, it has run to the boundary
STEP = 1e-4  # of the central differences of the gradient, in logs
POLISH_STEPS = 4
ENOUGH = 1e-5  # the top is found when a Newton step promises less than this in log-likelihood
LOOSE = 3.0  # a standard error of 3 in logs is a factor of 20 either way: the data do not tell the parameter


@dataclass(frozen=True)
class Maximum:
    """The top of a log-likelihood. `log_covariance` is of the parameters' logs; nan where the top is not a top."""

    params: Floats
    log_likelihood: float
    log_covariance: Floats
    converged: bool
    at_boundary: bool

    @property
    def standard_errors(self) -> Floats:
        """Of the parameters themselves, by the delta method."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.params * np.sqrt(np.diag(self.log_covariance)))

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """One row per draw: parameters from the normal approximation in their logs (Laplace).

        Where there is no curvature each draw is the fit itself: such a fit is at a boundary and says so.
        """
        if not np.isfinite(self.log_covariance).all():
            return np.tile(self.params, (count, 1))
        return np.exp(rng.multivariate_normal(np.log(self.params), self.log_covariance, size=count))


def maximise(log_likelihood: LogLikelihood, start: Floats, usual: Floats) -> Maximum:
    """Climbs from `start` in the logs of the parameters; `usual` is the ordinary size of each. Odd data never raise."""
    from scipy.optimize import Bounds, minimize

    centre = np.log(usual)
    low, high = centre - REACH, centre + REACH

    def downhill(theta: Floats) -> tuple[float, Floats]:
        params = np.exp(theta)
        value, slope = log_likelihood(params)
        if not np.isfinite(value) or not np.isfinite(slope).all():
            return 1e15, np.zeros_like(theta)
        return -value, -slope * params

    theta = np.clip(np.log(start), low, high)
    scale = max(abs(downhill(theta)[0]), 1.0)

    def scaled(theta: Floats) -> tuple[float, Floats]:
        value, slope = downhill(theta)
        return value / scale, slope / scale

    found = minimize(
        scaled,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(low, high),
        options={"maxiter": 500, "ftol": 1e-11, "gtol": 1e-9},
    )
    return _at_the_top(downhill, np.asarray(found.x, np.float64), low, high)


def _at_the_top(downhill: LogLikelihood, theta: Floats, low: Floats, high: Floats) -> Maximum:
    """Newton steps from where the climb ended; then the curvature says how sharp the top is."""
    value, slope = downhill(theta)
    promise, covariance = np.inf, np.full((len(theta), len(theta)), np.nan)
    for _ in range(POLISH_STEPS):
        curvature = _curvature(downhill, theta)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
            covariance = np.full_like(curvature, np.nan)
            break
        covariance = np.linalg.inv(curvature)
        promise = float(slope @ covariance @ slope) / 2
        if promise < ENOUGH:
            break
        stepped = np.clip(theta - covariance @ slope, low, high)
        stepped_value, stepped_slope = downhill(stepped)
        if not stepped_value < value:
            break
        theta, value, slope = stepped, stepped_value, stepped_slope
    loose = not np.isfinite(covariance).all() or bool((np.diag(covariance) > LOOSE**2).any())
    at_edge = bool((np.minimum(theta - low, high - theta) < EDGE).any())
    return Maximum(np.exp(theta), -value, covariance, promise < ENOUGH, at_edge or loose)


def _curvature(downhill: LogLikelihood, theta: Floats) -> Floats:
    """Second derivatives in the logs: central differences of the gradient, made symmetric."""
    steps = STEP * np.eye(len(theta))
    rows = np.array([(downhill(theta + step)[1] - downhill(theta - step)[1]) / (2 * STEP) for step in steps])
    return np.asarray((rows + rows.T) / 2)
