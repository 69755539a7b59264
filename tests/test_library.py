"""The core as a library: from a file to a fitted model without the app."""

import subprocess
import sys
from pathlib import Path

import pytest

import retention_core as rc
from tests.conftest import ROOT


def test_from_the_file_to_the_published_fit(shared_data: Path) -> None:
    """BG/NBD on the CDNOW sample, Fader, Hardie and Lee 2005: r .243, alpha 4.414 weeks, a .793, b 2.426."""
    shop = rc.open_orders(
        shared_data / "cdnow_sample.csv.gz",
        mapping={"customer_id": "sample_id", "ordered_at": "date", "amount": "dollar_value"},
    )
    fit = rc.btyd.fit(shop.query("btyd_summary", until="1997-09-30"), model="bg_nbd")
    r, alpha, a, b = fit.params.values()
    assert fit.converged and not fit.at_boundary
    assert (r, alpha / 7, a, b) == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.005)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = rc.nothing_such


def test_importing_the_core_brings_no_heavy_library() -> None:
    code = "import sys, retention_core; print(*({'pandas', 'scipy', 'altair', 'streamlit'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
