"""How long until something happens: Kaplan-Meier for any waiting time, shifted beta-geometric for contracts."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from retention_core.models.maximise import LogLikelihood, Maximum, maximise, no_data
from retention_core.models.triples import Floats, arrays

FEW_LOSSES = 10


def kaplan_meier(duration: Any, observed: Any, customers: Any = None, level: float = 0.95) -> pd.DataFrame:
    """One row per time at which something happened: time, at_risk, events, survival, standard_error, low, high.

    `duration` is how long each customer was watched, `observed` whether the event ended the watch. The standard error
    is Greenwood's; the band is his on the scale of ln(−ln survival), so that it stays within 0–1 (Kalbfleisch &
    Prentice 1980). Whoever was watched for a missing or negative time is left out.
    """
    waited, happened, count = arrays(duration, observed, 1.0 if customers is None else customers)
    valid = np.isfinite(waited) & (waited >= 0) & (count > 0)
    time, code = np.unique(waited[valid], return_inverse=True)
    weights, ended = count[valid], count[valid] * (happened[valid] > 0)
    leaving, events = _counts(code, weights, len(time)), _counts(code, ended, len(time))
    at_risk = leaving[::-1].cumsum()[::-1]
    shown = events > 0
    time, at_risk, events = time[shown], at_risk[shown], events[shown]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative_variance = np.cumsum(events / (at_risk * (at_risk - events)))
        standard_error = np.where(survival > 0, survival * np.sqrt(relative_variance), 0.0)
        width = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(relative_variance) / -np.log(survival)
        low, high = survival ** np.exp(width), survival ** np.exp(-width)
    ended_all = survival <= 0
    low = np.where(ended_all, 0.0, low)
    high = np.where(ended_all, np.min(high, where=~ended_all, initial=1.0), high)
    return pd.DataFrame(
        {
            "time": time,
            "at_risk": at_risk,
            "events": events,
            "survival": survival,
            "standard_error": standard_error,
            "low": low,
            "high": high,
        }
    )


def time_until(curve: pd.DataFrame, share: float = 0.5) -> float | None:
    """First time of a `kaplan_meier` curve by which `share` had the event: the median for 0.5; None if never seen."""
    reached = curve.loc[curve["survival"] <= 1 - share + 1e-12, "time"]
    return None if reached.empty else float(reached.iloc[0])


def fit_contracts(periods: Any, lost: Any, customers: Any = None) -> "ShiftedBetaGeometric":
    """The maximum-likelihood sBG of contracts that were kept for `periods` and then `lost`, or are still running.

    A contract lost at its first renewal has 1 period. A contract without a renewal yet tells nothing and is left out,
    as is one with a missing number.
    """
    time, gone, count = arrays(periods, lost, 1.0 if customers is None else customers)
    used = np.isfinite(time) & (time >= 1) & (count > 0)
    time, code = np.unique(time[used], return_inverse=True)
    ended, running = (_counts(code, count[used] * kind, len(time)) for kind in (gone[used] > 0, gone[used] <= 0))
    if not len(time):
        nothing = no_data(np.ones(2))
        return ShiftedBetaGeometric(nothing, 0.0, 0.0)
    maximum = maximise(_contract_likelihood(time, ended, running), np.ones(2), usual=np.ones(2))
    return ShiftedBetaGeometric(maximum, float(ended.sum()), float(running.sum()))


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Each contract is renewed with a chance of its own, the chances differ as a beta: Fader & Hardie (2007), J.
    Interactive Marketing 21(1). Retention of a cohort rises with its age though nobody's chance changes: the weak leave
    first. `lost` and `running` count the contracts."""

    maximum: Maximum
    lost: float
    running: float

    @property
    def params(self) -> dict[str, float]:
        return dict(zip(("alpha", "beta"), self.maximum.params.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        return dict(zip(("alpha", "beta"), self.maximum.standard_errors.tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        return self.maximum.log_likelihood

    @property
    def converged(self) -> bool:
        return self.maximum.converged

    @property
    def at_boundary(self) -> bool:
        return self.maximum.at_boundary

    @property
    def has_too_little_data(self) -> bool:
        return self.lost < FEW_LOSSES

    @property
    def is_usable(self) -> bool:
        return self.converged and not self.at_boundary and not self.has_too_little_data

    @property
    def message(self) -> str:
        """One plain sentence on whether the fit can be trusted."""
        if self.has_too_little_data:
            return f"Too little data: {self.lost:,.0f} contracts have ended, at least {FEW_LOSSES} are needed."
        if self.is_usable:
            return f"The model fits: its best point was found on {self.lost + self.running:,.0f} contracts."
        return (
            "At a boundary: the contracts do not tell how customers differ, all renew at about one rate. "
            "Use the observed curve instead."
        )

    def survival(self, t: Any) -> Floats:
        """Share of contracts kept for at least `t` renewals: B(α, β + t)/B(α, β)."""
        from scipy.special import betaln

        alpha, beta = self.maximum.params
        (time,) = arrays(t)
        return np.asarray(np.exp(betaln(alpha, beta + time) - betaln(alpha, beta)))

    def retention(self, t: Any) -> Floats:
        """Of the contracts kept for t − 1 renewals, the share kept at the t-th: (β + t − 1)/(α + β + t − 1)."""
        alpha, beta = self.maximum.params
        (time,) = arrays(t)
        return np.asarray((beta + time - 1) / (alpha + beta + time - 1))

    def expected_renewals(self, renewals: Any, discount: float) -> Floats:
        """Discounted renewals to come (DERL) of a contract about to face its `renewals`-th, the first one undiscounted.

        Fader & Hardie (2010), Marketing Science 29(1), eq. 6; `discount` per period. ValueError unless above 0: without
        a discount the sum has no end when α ≤ 1.
        """
        from scipy.special import hyp2f1

        if discount <= 0:
            raise ValueError(f"discount is {discount}: an endless future needs a discount above 0")
        alpha, beta = self.maximum.params
        (n,) = arrays(renewals)
        return np.asarray(self.retention(n) * hyp2f1(1.0, beta + n, alpha + beta + n, 1 / (1 + discount)))


def _counts(code: Any, customers: Floats, length: int) -> Floats:
    return np.bincount(code, weights=customers, minlength=length).astype(np.float64, copy=False)


def _contract_likelihood(time: Floats, ended: Floats, running: Floats) -> LogLikelihood:
    """Lost at the t-th renewal: B(α + 1, β + t − 1)/B(α, β); still running after t: B(α, β + t)/B(α, β)."""
    from scipy.special import betaln, psi

    size = float(ended.sum() + running.sum())

    def evaluate(params: Floats) -> tuple[float, Floats]:
        alpha, beta = params
        value = ended @ betaln(alpha + 1, beta + time - 1) + running @ betaln(alpha, beta + time)
        both = (ended + running) @ psi(alpha + beta + time) - size * psi(alpha + beta)
        d_alpha = ended.sum() * psi(alpha + 1) + running.sum() * psi(alpha) - size * psi(alpha) - both
        d_beta = ended @ psi(beta + time - 1) + running @ psi(beta + time) - size * psi(beta) - both
        return float(value - size * betaln(alpha, beta)), np.array([d_alpha, d_beta])

    return evaluate
