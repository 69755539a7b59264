"""Maximum likelihood over positive parameters: where the top is, how sharp it is, and whether there is one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from retention_core.models.triples import Floats

LogLikelihood = Callable[[Floats], tuple[float, Floats]]
"""Parameters → (log-likelihood, its gradient in the parameters)."""

REACH = 12.0  # a parameter may leave its usual size by a factor of e^12, about 160,000, either way
EDGE = 0.05  # this near to the end of its reach, in logs, it has run to the boundary
STEP = 1e-5  # of the differences of the gradient, in logs
NEWTON_STEPS = 6
ENOUGH = 1e-5  # the top is found when a Newton step promises less than this in log-likelihood
LOOSE = 3.0  # a standard error of 3 in logs is a factor of 20 either way: the data do not tell the parameter
NO_VALUE = 1e15  # instead of a log-likelihood that is no number: the search turns back


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

        At a boundary there is none: each draw is the fit itself, which says that it is no use.
        """
        if self.at_boundary or not np.isfinite(self.log_covariance).all():
            return np.tile(self.params, (count, 1))
        return np.exp(rng.multivariate_normal(np.log(self.params), self.log_covariance, size=count))


def no_data(start: Floats) -> Maximum:
    """What is left to say without a single customer."""
    nothing = np.full((len(start), len(start)), np.nan)
    return Maximum(start, 0.0, nothing, converged=False, at_boundary=True)


def maximise(log_likelihood: LogLikelihood, start: Floats, usual: Floats) -> Maximum:
    """Climbs from `start` in the logs of the parameters; `usual` is the ordinary size of each. Odd data never raise."""
    from scipy.optimize import Bounds, minimize

    downhill = _downhill(log_likelihood)
    low, high = np.log(usual) - REACH, np.log(usual) + REACH
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


def maximise_near(log_likelihood: LogLikelihood, near: Maximum, usual: Floats, times: float) -> Maximum:
    """The same from the top `near` of a sample, when all data are `times` as many: a few steps with its curvature.

    For large data: the sample's curvature is right to some per cent, so each step leaves some per cent of the distance.
    """
    if not near.converged or near.at_boundary:
        return maximise(log_likelihood, near.params, usual)
    downhill = _downhill(log_likelihood)
    low, high = np.log(usual) - REACH, np.log(usual) + REACH
    theta, covariance = np.log(near.params), near.log_covariance / times
    for _ in range(NEWTON_STEPS):
        slope = downhill(theta)[1]
        step = covariance @ slope
        theta = np.clip(theta - step, low, high)
        if slope @ step / 2 < ENOUGH:
            break
    return _at_the_top(downhill, theta, low, high)


def _downhill(log_likelihood: LogLikelihood) -> LogLikelihood:
    """The negative log-likelihood and its gradient in the logs of the parameters."""

    def evaluate(theta: Floats) -> tuple[float, Floats]:
        params = np.exp(theta)
        value, slope = log_likelihood(params)
        if not np.isfinite(value) or not np.isfinite(slope).all():
            return NO_VALUE, np.zeros_like(theta)
        return -value, -slope * params

    return evaluate


def _at_the_top(downhill: LogLikelihood, theta: Floats, low: Floats, high: Floats) -> Maximum:
    """Newton steps from where the climb ended; then the curvature says how sharp the top is."""
    value, slope = downhill(theta)
    top = Maximum(np.exp(theta), -value, np.full((len(theta), len(theta)), np.nan), converged=False, at_boundary=True)
    for _ in range(NEWTON_STEPS):
        curvature = _curvature(downhill, theta, slope)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature)[0] <= 0:
            return top
        covariance = np.asarray(np.linalg.inv(curvature), np.float64)
        loose = bool((np.diag(covariance) > LOOSE**2).any())
        at_edge = bool((np.minimum(theta - low, high - theta) < EDGE).any())
        found = slope @ covariance @ slope / 2 < ENOUGH
        top = Maximum(np.exp(theta), -value, covariance, bool(found), loose or at_edge)
        stepped = np.clip(theta - covariance @ slope, low, high)
        if found:
            break
        stepped_value, stepped_slope = downhill(stepped)
        if not stepped_value < value:
            break
        theta, value, slope = stepped, stepped_value, stepped_slope
        top = replace(top, params=np.exp(theta), log_likelihood=-value)
    return top


def _curvature(downhill: LogLikelihood, theta: Floats, slope: Floats) -> Floats:
    """Second derivatives in the logs: differences of the gradient, made symmetric."""
    rows = np.array([(downhill(theta + step)[1] - slope) / STEP for step in STEP * np.eye(len(theta))])
    return np.asarray((rows + rows.T) / 2)
