"""A server of the tests: `uvicorn pages.shared.server:app` on a free port, in an environment of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

START_SECONDS = 90
APP = ("uvicorn", "pages.shared.server:app", "--host", "127.0.0.1", "--no-access-log")


@dataclass(frozen=True)
class Served:
    """Where a server answers, and where it writes."""

    port: int
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of an answer; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings of the app and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COMEBACK_")} | settings


@contextmanager
def serve(folder: Path, *command: str, port: int | None = None, root: Path = ROOT, **settings: str) -> Iterator[Served]:
    """A server that takes visitors; `command`: another module or app than the hosted one."""
    port = port or free_port()
    with running([*(command or APP), "--port", str(port)], folder, port, root, environment(**settings)) as served:
        yield served


@contextmanager
def running(
    command: list[str], folder: Path, port: int, root: Path, settings: dict[str, str], *before: str
) -> Iterator[Served]:
    """`python -m command`, run by `before` if given, until its port answers; it ends with the block."""
    log = folder / f"server-{port}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", *command], cwd=root, env=settings, stdout=written, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(port, process, log)
            yield Served(port, log)
        finally:
            stop_server(process)


def stop_server(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended: {log.read_text()[-2000:]}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer within {START_SECONDS} s")
