"""The hosted server as strangers meet it: headers on every answer, closed routes, limits, and lines of its log."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.wire import visit, xsrf_token
from tests.hosting.serving import Served, serve

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(
        tmp_path_factory.mktemp("server"),
        COMEBACK_FILE_MEGABYTES="1",
        COMEBACK_HOSTS="127.0.0.1",
        STREAMLIT_SERVER_COOKIE_SECRET="a-long-secret-of-the-tests",
    ) as served:
        yield served


def _script(server: Served) -> str:
    found = re.search(r'src="\./(static/js/index[^"]+)"', server.ask("/")[2].decode())
    assert found
    return f"/{found[1]}"


def test_no_visitor_comes_before_the_app_has_run(server: Served) -> None:
    """The port opens after the first run: the first line of the log that is about a visit comes after "ready"."""
    assert [server.ask("/readyz")[0] for _ in range(2)] == [200, 200]  # the line of the first is there at the second
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert events.index("ready") < events.index("request")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 200),
        ("/cohorts?channel=Search", "GET", 200),
        ("/static/js/nothing.js", "GET", 200),  # the page itself, which then says so
        ("/media/0123456789abcdef.csv", "GET", 404),
        ("/_stcore/health", "GET", 200),
        ("/_stcore/host-config", "GET", 200),
        ("/_stcore/metrics", "GET", 404),
        ("/_stcore/upload_file/nobody/nothing", "PUT", 403),
        ("/readyz", "GET", 200),
        ("/../../etc/passwd", "GET", 400),
        ("/cohorts/", "GET", 301),
    ],
)
def test_every_kind_of_answer_has_the_headers(server: Served, path: str, method: str, status: int) -> None:
    got, headers, _ = server.ask(path, method)
    assert got == status
    assert EXPECTED.items() <= headers.items()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers  # this connection is not TLS
    if path.startswith("/media"):
        assert headers["cache-control"] == "private, no-store"


def test_a_script_comes_whole_and_only_behind_tls_is_tls_demanded(server: Served) -> None:
    status, headers, body = server.ask(_script(server))
    assert status == 200 and len(body) > 10_000 and "javascript" in headers["content-type"]
    behind = server.ask("/", headers={"X-Forwarded-Proto": "https"})[1]
    assert behind["strict-transport-security"].startswith("max-age=31536000")
    for proto, is_secure in (("https", True), ("http", False)):
        cookie = server.ask("/_stcore/health", headers={"X-Forwarded-Proto": proto})[1]["set-cookie"]
        assert ("; secure" in cookie.lower()) is is_secure


def test_the_page_may_run_its_own_scripts_and_no_others(server: Served) -> None:
    policy = dict(part.strip().split(" ", 1) for part in server.ask("/")[1]["content-security-policy"].split(";"))
    assert "unsafe" not in policy["script-src"] and "*" not in " ".join(policy.values())
    assert policy["connect-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
    assert "http" not in " ".join(policy.values())


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics/",
        "//_stcore/metrics",
        "/_stcore//metrics",
        "/_stcore/%6detrics",
        "/_stcore/metrics?families=x",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/_stcore/agent/mcp",
        "/_stcore/script-health-check",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_what_tells_strangers_of_the_app_is_closed(server: Served, path: str, method: str) -> None:
    status, _, body = server.ask(path, method)
    assert status == 404 and body in {b"", b"Not found"}


async def _answers_to_files(server: Served, *sizes: int) -> list[int]:
    """What a visitor is answered for files of so many bytes."""
    async with visit(server.address, "source") as (visitor, _):
        return [_send(server, visitor.xsrf, (await visitor._place_for("orders.csv")).upload_url, n) for n in sizes]


def _send(server: Served, token: str, path: str, size: int) -> int:
    part = '--b0undary\r\nContent-Disposition: form-data; name="f"; filename="orders.csv"\r\n\r\n'
    headers = {
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token,
        "Content-Type": "multipart/form-data; boundary=b0undary",
    }
    body = part.encode() + b"x" * size + b"\r\n--b0undary--\r\n"
    status, answered, _ = server.ask(path, "PUT", headers, body)
    assert EXPECTED.items() <= answered.items()
    return status


def test_files_need_a_visitor_and_have_a_size(server: Served) -> None:
    """204: taken; 413: above COMEBACK_FILE_MEGABYTES, which is 1 here; 400: nobody has this session."""
    assert asyncio.run(_answers_to_files(server, 1_000, 2 * 1024**2)) == [204, 413]
    assert _send(server, xsrf_token(server.address), "/_stcore/upload_file/nobody/nothing", 1_000) == 400


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1", 101),
        ("127.0.0.1", "https://evil.example", 403),
        ("evil.example", "https://evil.example", 403),
    ],
)
def test_only_pages_of_this_address_may_talk_to_the_app(server: Served, host: str, origin: str, status: int) -> None:
    """The handshake of the WebSocket, through which all data go; a good one passes as it was."""
    handshake = {
        "Host": f"{host}:{server.port}",
        "Origin": f"{origin}:{server.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "streamlit",
    }
    got, headers, _ = server.ask("/_stcore/stream", headers=handshake)
    assert got == status
    if status == 101:
        assert headers["upgrade"] == "websocket"


def test_the_log_is_json_and_holds_no_word_of_a_visitor(server: Served) -> None:
    server.ask("/marker@example.com?channel=marker@example.com")
    server.ask("/media/marker@example.com")
    server.ask("/_stcore/upload_file/marker@example.com/x", "PUT", {"Cookie": "marker@example.com"}, b"marker@example")
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all({"time", "level", "logger", "event"} <= line.keys() for line in lines)
    requests = [line for line in lines if line["event"] == "request"]
    assert requests and all({"status", "milliseconds", "method", "path"} <= line.keys() for line in requests)
    assert "marker" not in server.log.read_text()


def test_a_server_that_takes_no_files_takes_none(tmp_path: Path) -> None:
    from pages.shared import hosting, server

    hosting.current.cache_clear()
    assert not server.is_closed("/_stcore/upload_file/a/b")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMEBACK_UPLOADS", "0")
        hosting.current.cache_clear()
        assert server.is_closed("/_stcore/upload_file/a/b")
    hosting.current.cache_clear()
