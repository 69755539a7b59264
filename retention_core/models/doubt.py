"""How sure a figure is that several fitted models make together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from retention_core.models.btyd import Fit
from retention_core.models.cohort_curve import CohortCurve
from retention_core.models.maximise import Maximum
from retention_core.models.spend import GammaGamma
from retention_core.models.triples import Floats

Fitted = TypeVar("Fitted", Fit, CohortCurve, GammaGamma)

LOG_STEP = 1e-3  # of the differences that tell how a figure moves with the parameters


def directions(maximum: Maximum) -> Floats:
    """Moves of the parameters' logs of one standard error each, unrelated to each other; none at a boundary."""
    covariance = maximum.log_covariance
    if maximum.at_boundary or not np.isfinite(covariance).all():
        return np.zeros((0, len(covariance)))
    return np.asarray(np.linalg.cholesky(covariance).T)


def moved(fitted: Fitted, step: Floats) -> Fitted:
    """The model with `step` added to the logs of its parameters."""
    maximum = fitted.maximum
    return replace(fitted, maximum=replace(maximum, params=maximum.params * np.exp(step)))


def of_log(figure: Callable[[Fitted], float], fitted: Fitted) -> float:
    """Standard deviation of the log of a figure, from the doubt about the model's parameters (delta method)."""
    slopes = [
        np.log(figure(moved(fitted, LOG_STEP * move)) / figure(moved(fitted, -LOG_STEP * move))) / (2 * LOG_STEP)
        for move in directions(fitted.maximum)
    ]
    return float(np.linalg.norm(slopes)) if slopes else 0.0
