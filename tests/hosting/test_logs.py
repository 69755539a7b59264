"""No cell, file name or link of a visitor reaches stdout or stderr, whatever goes wrong and whoever writes it down."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.wire import visit
from tests.conftest import ROOT
from tests.hosting.serving import environment, serve

MARKER = "marker@example.com"
# Each goes wrong, or writes something down, in another way.
WAYS = {
    "a message": "logging.getLogger('x').error(MARKER)",
    "a message with its parts": "logging.getLogger('x').error('cell %s of %s', MARKER, {'k': MARKER})",
    "a message made before": "logging.getLogger('x').warning(f'cell {MARKER}')",
    "an exception as a message": "logging.getLogger('x').error(ValueError(MARKER))",
    "a caught exception": """
try: int(MARKER)
except ValueError: logging.getLogger('x').exception('bad cell %s', MARKER)
""",
    "an exception with a cause": """
try:
    try: int(MARKER)
    except ValueError as cause: raise KeyError(MARKER) from cause
except KeyError: logging.getLogger('x').exception('bad')
""",
    "a note with an exception": "logging.getLogger('x').error('bad', exc_info=OSError(2, MARKER, MARKER))",
    "a group": "logging.getLogger('x').error('bad', exc_info=ExceptionGroup(MARKER, [ValueError(MARKER)]))",
    "a stack": "logging.getLogger('x').error('bad', stack_info=True)",
    "a warning": "warnings.warn(MARKER)",
    "a new logger of Streamlit": "streamlit.logger.get_logger('new.one').error('bad %s', MARKER)",
    "an error of a page": "streamlit.error_util._log_uncaught_app_exception(ValueError(MARKER))",
    "a thread that crashes": "thread = threading.Thread(target=int, args=[MARKER]); thread.start(); thread.join()",
    "what cannot be raised": """
class Gone:
    def __del__(self): int(MARKER)
Gone()
""",
    "a task nobody waited for": """
async def fail(): int(MARKER)
async def begin(): asyncio.create_task(fail()); await asyncio.sleep(0)
asyncio.run(begin())
gc.collect()
""",
}
CRASHES = {
    "of Python": "raise RuntimeError(MARKER)",
    "of the engine": "engine.connect().execute('select cast($1 as integer)', [MARKER])",
}
BEFORE = """
import asyncio, gc, logging, os, threading, warnings
import streamlit.error_util, streamlit.logger
from pages.shared import server  # which starts the log
from retention_core.engines import duckdb as engine
MARKER = os.environ['MARKER']
"""


def _said(script: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", BEFORE + script],
        cwd=ROOT,
        env=environment(MARKER=MARKER),
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


def test_no_way_of_going_wrong_quotes_a_cell() -> None:
    said = _said("\n".join(WAYS.values()) + "\nlogging.getLogger('uvicorn.access').info('GET /?q=%s', MARKER)")
    assert "marker" not in said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert sum(line["level"] in {"WARNING", "ERROR", "CRITICAL"} for line in lines) == len(WAYS), said


@pytest.mark.parametrize("crash", CRASHES)
def test_no_crash_quotes_a_cell(crash: str) -> None:
    said = _said(CRASHES[crash])
    assert "marker" not in said and '"crashed"' in said


def test_a_page_that_goes_wrong_tells_its_visitor_nothing_and_the_log_its_place(tmp_path: Path) -> None:
    for part in ("app.py", ".streamlit", "pages", "retention_core", "sample_data"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    (tmp_path / "pages/data/glossary.py").write_text(f"raise ValueError('{MARKER}')\n")

    async def said(address: str) -> tuple[list[str], list[bytes]]:
        async with visit(address, "glossary", keep_bytes=True) as (visitor, _):
            return visitor.errors(), visitor.received

    with serve(tmp_path, root=tmp_path) as served:
        errors, received = asyncio.run(said(served.address))
        log = served.log.read_text()
    assert errors and not any(b"marker" in raw or b"ValueError" in raw for raw in received)
    assert "marker" not in log and "pages/data/glossary.py:1" in log


def test_a_crash_is_known_by_its_kind_and_place() -> None:
    script = "from pages.shared import server\nfrom retention_core import say\nsay.number(object())"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment(), capture_output=True, text=True)
    line = json.loads(next(line for line in ran.stderr.splitlines() if '"crashed"' in line))
    assert line["error"] == "TypeError"
    assert any(place.startswith("retention_core/say.py:") for place in line["places"])


def test_a_setting_that_cannot_be_meant_is_told_to_whom_starts_the_server(tmp_path: Path) -> None:
    for settings, expected in (
        ({"COMEBACK_ROWS": "many"}, "COMEBACK_ROWS is “many”. Give a whole number"),
        ({"COMEBACK_LOGIN": "1", "HOME": str(tmp_path)}, "COMEBACK_LOGIN needs redirect_uri"),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", "from pages.shared import server"],
            cwd=ROOT, env=environment(**settings), capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 1 and expected in ran.stderr and "Traceback" not in ran.stderr
