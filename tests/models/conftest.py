"""Histories and fits that several files of tests look at, made once."""

from pathlib import Path

import pandas as pd
import pytest

from retention_core.models import btyd
from tests.models import summaries

CDNOW_CALIBRATION, CDNOW_END = "1997-09-30", "1998-06-30"


@pytest.fixture(scope="session")
def cdnow(shared_data: Path) -> pd.DataFrame:
    """One row per customer of the CDNOW sample, in weeks to 1997-09-30; hidden_orders in the 39 weeks after."""
    return summaries.histories(summaries.cdnow(shared_data), CDNOW_CALIBRATION, CDNOW_END)


@pytest.fixture(scope="session")
def cdnow_fits(cdnow: pd.DataFrame) -> dict[str, btyd.Fit]:
    return {model: btyd.fit(cdnow, model) for model in btyd.MODELS}
