"""The app as it is served, in a process of its own, with its memory and processor time watched."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore] # stubs are not needed to run

from benchmarks.measure import ROOT

HOSTED = ROOT / "pages" / "shared" / "server.py"
START_SECONDS = 60
EVERY_SECONDS = 0.2
MEGABYTE = 1024**2
HOSTED_ENVIRONMENT = {"PYTHONMALLOC": "malloc"}  # as the Dockerfile and `make serve` have it


@dataclass
class Served:
    """A running server. Memory in MB, of the process and its children; `folder` is where it puts temporary files."""

    address: str
    process: psutil.Process
    folder: Path
    log: Path
    peak: float = 0.0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def memory(self) -> float:
        """Resident MB now."""
        return sum(_resident(one) for one in self._all())

    def cpu_seconds(self) -> float:
        """Seconds of the processor so far, all cores together."""
        return sum(sum(_cpu(one)) for one in self._all())

    def threads(self) -> int:
        return int(self.process.num_threads())

    def files(self) -> list[Path]:
        """What lies in its folder for temporary files."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def said(self) -> str:
        """Everything it wrote to its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def lowest_memory(self, seconds: float, goal: float = 0.0) -> float:
        """The least MB seen in that time; ends early below `goal`."""
        until, least = time.monotonic() + seconds, self.memory()
        while time.monotonic() < until and least > goal:
            time.sleep(EVERY_SECONDS)
            least = min(least, self.memory())
        return least

    def watch(self) -> None:
        """Note the peak until the server is stopped."""
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.peak = max(self.peak, self.memory())
            except psutil.NoSuchProcess:
                return

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def served(environment: Mapping[str, str] | None = None, hosted: bool = True, root: Path = ROOT) -> Iterator[Served]:
    """A server that has run the app once: by uvicorn as hosted, or by `streamlit run` as on one's own computer.

    `root`: the checkout, or a copy of it.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        temporary, log = Path(folder) / "tmp", Path(folder) / "log"
        temporary.mkdir()
        told = {**os.environ, **(HOSTED_ENVIRONMENT if hosted else {}), "TMPDIR": str(temporary), **(environment or {})}
        with log.open("wb") as output:
            process = subprocess.Popen(_command(port, hosted), cwd=root, stdout=output, stderr=output, env=told)
        one = Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid), temporary, log)
        try:
            _wait_for(process, one)
            threading.Thread(target=one.watch, daemon=True).start()
            yield one
        finally:
            one._stopped.set()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_hosted() -> bool:
    """Whether the app has a server of its own."""
    return HOSTED.exists()


def _command(port: int, hosted: bool) -> list[str]:
    if hosted and is_hosted():
        return [sys.executable, "-m", "uvicorn", "pages.shared.server:app", "--host=127.0.0.1", f"--port={port}"]
    settings = {"port": port, "address": "127.0.0.1", "headless": "true"}
    return [
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *(f"--server.{name}={value}" for name, value in settings.items()),
    ]


def _wait_for(process: subprocess.Popen[bytes], one: Served) -> None:
    for route in ("_stcore/health", "readyz", "_stcore/script-health-check"):
        until = time.monotonic() + START_SECONDS
        while not _answers(f"{one.address}/{route}"):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start: {one.said()[-2000:]}")
            time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=START_SECONDS):
            return True
    except urllib.error.HTTPError as problem:
        return problem.code == 404  # a route that this server does not offer
    except OSError:
        return False


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MEGABYTE
    except psutil.NoSuchProcess:
        return 0.0


def _cpu(process: psutil.Process) -> tuple[float, float]:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0, 0.0
    return times.user, times.system
