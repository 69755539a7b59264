"""Parts of pages that show what the models say: who is still a customer, what customers are worth, how good it is."""

from __future__ import annotations

from pages.shared import sources
from retention_core import forecasts


def made() -> forecasts.Forecasts:
    """The forecasts of the chosen customers: fitted once per data set and scope, whatever is set on the page."""
    return sources.derived("forecasts", forecasts.of_shop)


def who_is_still_a_customer() -> None:
    """Who will order again, by silence and number of orders, who is at risk and worth it, and how good this is."""


def model_value() -> forecasts.Estimate | None:
    """What an existing customer brings in the next year by the model, with its 80 % interval; None: not known."""
    return made().value_existing
