"""Where the tests find files. `shared_data` is the only place that names a path outside the project."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real order files with published results; a public clone has none, then the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip("real order files are not part of the repository")
    return SHARED
