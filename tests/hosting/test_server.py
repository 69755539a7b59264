"""The hosted server as strangers meet it: headers on every answer, closed routes, limits, and lines of its log."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from benchmarks.wire import visit, xsrf_token
from pages.shared import login
from tests.browser.conftest import orders_file
from tests.conftest import ROOT
from tests.hosting.serving import Served, environment, serve

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

# What the guard makes of an app that fails, and of a refused WebSocket: one line each of status and headers.
FAILING = """
import asyncio, json
from pages.shared import server

async def app(scope, receive, send):
    if scope["type"] == "http":
        raise ValueError("marker")
    await send({"type": "websocket.http.response.start", "status": 403, "headers": []})

async def send(message):
    if "status" in message:
        headers = {name.decode(): value.decode() for name, value in message["headers"]}
        print(json.dumps({"status": message["status"], "headers": headers}))

async def ask():
    for kind, scheme in (("http", "http"), ("websocket", "wss")):
        scope = {"type": kind, "scheme": scheme, "path": "/auth/login", "method": "GET", "headers": []}
        await server.Guard(app)(scope, None, send)

asyncio.run(ask())
"""


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


# The hosted app, which says with which options of Streamlit it runs.
TELLING = """
import json, os
from starlette.responses import JSONResponse
from streamlit import config
from pages.shared import server

async def app(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/options":
        told = {name: config.get_option(name) for name in os.environ["ASKED"].split()}
        await JSONResponse(told)(scope, receive, send)
    else:
        await server.app(scope, receive, send)
"""
OPTIONS = {
    "server.maxMessageSize": 50,
    "server.maxCacheDataSize": "500mb",
    "server.headless": True,
    "server.maxUploadSize": 7,
    "server.maxWidgetStateSize": 1,
    "server.disconnectedSessionTTL": 120,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "client.disableDataExport": True,
    "client.showErrorDetails": "none",
    "browser.gatherUsageStats": False,
}


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that nobody has asked for its readiness."""
    folder = tmp_path_factory.mktemp("telling")
    (folder / "telling.py").write_text(TELLING)
    settings = {"PYTHONPATH": str(folder), "ASKED": " ".join(OPTIONS), "COMEBACK_FILE_MEGABYTES": "7"}
    with serve(folder, "uvicorn", "telling:app", "--no-access-log", **settings) as served:
        yield served


def test_no_visitor_comes_before_the_app_has_run(telling: Served) -> None:
    """The port opens after the first run: the first line of the log that is about a visit comes after "ready"."""
    assert [telling.ask("/")[0] for _ in range(2)] == [200, 200]  # the line of the first is there at the second
    events = [json.loads(line)["event"] for line in telling.log.read_text().splitlines()]
    assert "ready" in events[: events.index("request")]


def test_the_server_runs_with_the_limits_that_are_set_for_it(telling: Served) -> None:
    """Those of `.streamlit/config.toml` too, which uvicorn knows nothing of."""
    assert telling.ask("/")[0] == 200
    assert json.loads(telling.ask("/options")[2]) == OPTIONS


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


def test_a_visitor_has_room_for_a_few_files_and_no_more(server: Served) -> None:
    """Three times COMEBACK_FILE_MEGABYTES in memory at once; one that was taken away gives its room back."""

    async def hand_in() -> list[int]:
        async with visit(server.address, "source") as (visitor, _):
            places = [(await visitor._place_for("orders.csv")).upload_url for _ in range(5)]
            first = [_send(server, visitor.xsrf, place, 900_000) for place in places[:4]]
            token = {"Cookie": f"_streamlit_xsrf={visitor.xsrf}", "X-Xsrftoken": visitor.xsrf}
            assert server.ask(places[0], "DELETE", token)[0] == 204
            return [*first, _send(server, visitor.xsrf, places[4], 900_000)]

    assert asyncio.run(hand_in()) == [204, 204, 204, 413, 204]


def test_a_visitor_whose_files_are_refused_reads_why_on_the_page(server: Served) -> None:
    """Streamlit's uploader shows the status alone; nothing is pressed between the refusal and the sentence."""

    async def hand_in() -> tuple[list[int], bytes]:
        async with visit(server.address, "source", keep_bytes=True) as (visitor, _):
            places = [(await visitor._place_for("orders.csv")).upload_url for _ in range(4)]
            answers = [_send(server, visitor.xsrf, place, 900_000) for place in places]
            visitor.received.clear()
            await asyncio.wait_for(visitor.finished(), 30)
            return answers, b"".join(visitor.received)

    answers, shown = asyncio.run(hand_in())
    assert answers[-1] == 413
    assert b"they are too many at once" in shown and b"at most 1 MB together" in shown


def test_files_on_their_way_count_from_their_first_byte(server: Served) -> None:
    """Many at once, none of which is there yet, are no way round the limit."""

    async def hand_in() -> list[int]:
        async with visit(server.address, "source") as (visitor, _):
            place = (await visitor._place_for("orders.csv")).upload_url
            with ExitStack() as held:
                for number in range(3):
                    line = held.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                    line.sendall(_beginning(f"{place}{number}", visitor.xsrf, 1_000_000))
                await asyncio.sleep(1)
                during = _send(server, visitor.xsrf, place, 900_000)
            until = time.monotonic() + 20
            while (after := _send(server, visitor.xsrf, place, 900_000)) != 204 and time.monotonic() < until:
                await asyncio.sleep(0.2)
            return [during, after]

    assert asyncio.run(hand_in()) == [413, 204]


def _beginning(path: str, token: str, size: int) -> bytes:
    """A request that promises so many bytes and sends none of them."""
    return (
        f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: _streamlit_xsrf={token}\r\nX-Xsrftoken: {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=b0undary\r\nContent-Length: {size}\r\n\r\n"
    ).encode()


# The hosted app on a machine whose share for files is 3 MB, whatever it has.
SMALL = """
from pages.shared import hosting, transfers
transfers.SHARE_OF_MEMORY = 3 * hosting.MEGABYTE / hosting.memory_of_machine()
from pages.shared.server import app
"""


def test_the_files_of_all_visitors_together_have_a_size(tmp_path: Path) -> None:
    """Those that lie in wait and those that the app has taken over; what somebody takes away is room for others."""
    (tmp_path / "small.py").write_text(SMALL)
    orders = b"Order ID,Customer,Date,Amount\n" + b"".join(
        b"A%06d,customer%06d,2024-%02d-01,12.50\n" % (n, n % 700, n % 9 + 1) for n in range(23_000)
    )

    async def hand_in() -> list[int]:
        async with visit(small.address, "source") as (one, _), visit(small.address, "source") as (other, _):
            await one.upload("orders.csv", orders)
            places = [(await other._place_for("orders.csv")).upload_url for _ in range(3)]
            answers = [_send(small, other.xsrf, place, len(orders)) for place in places]
            await one.click("other_files")
            return [*answers, _send(small, other.xsrf, places[2], len(orders))]

    command = ("uvicorn", "small:app", "--no-access-log")
    with serve(tmp_path, *command, COMEBACK_FILE_MEGABYTES="1", PYTHONPATH=str(tmp_path)) as small:
        assert asyncio.run(hand_in()) == [204, 204, 503, 204]


def test_nobody_hands_in_files_before_signing_in(tmp_path: Path) -> None:
    """The page that asks for signing in is an open session; nothing of a file for it is kept."""
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text("[auth]\n" + "".join(f'{name} = "http://127.0.0.1:1{login.RETURNS}"\n' for name in login.NEEDED))

    async def hand_in() -> int:
        async with visit(server.address, "source") as (visitor, _):
            return _send(server, visitor.xsrf, f"/_stcore/upload_file/{visitor.session}/1", 1_000)

    with serve(tmp_path, COMEBACK_LOGIN="1", HOME=str(tmp_path)) as server:
        assert asyncio.run(hand_in()) == 403


def test_an_app_that_fails_is_not_run_again_for_everybody_who_asks(tmp_path: Path) -> None:
    for part in ("pages", ".streamlit"):
        shutil.copytree(ROOT / part, tmp_path / part)
    (tmp_path / "retention_core").symlink_to(ROOT / "retention_core")
    (tmp_path / "app.py").write_text("raise RuntimeError")
    with serve(tmp_path, root=tmp_path) as server, ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda _: server.ask("/readyz")[0], range(50)))
        runs = [line for line in server.log.read_text().splitlines() if json.loads(line)["event"] == "not ready"]
    assert answers == [503] * 50
    assert len(runs) <= 2  # at the start; once more where that was ten seconds ago


def test_an_answer_that_fails_has_the_headers_and_a_line_without_its_words() -> None:
    """As a program of its own: the guard around an app that fails, once before and once after it has begun."""
    told = subprocess.run(
        [sys.executable, "-c", FAILING], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    first, second = (json.loads(line) for line in told.stdout.splitlines())
    assert first["status"] == 500 and second["status"] == 403
    for answer in (first, second):
        assert answer["headers"]["x-frame-options"] == "DENY" and "content-security-policy" in answer["headers"]
    assert second["headers"]["strict-transport-security"]
    failed = next(line for line in map(json.loads, told.stderr.splitlines()) if line.get("event") == "request failed")
    assert failed["error"] == "ValueError" and "marker" not in told.stderr


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1", 101),
        ("127.0.0.1", "https://evil.example", 403),
        ("127.0.0.1", "http://localhost", 403),  # Streamlit itself lets it in
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
    server.ask("/", "MARKER")
    server.ask("/_stcore/upload_file/marker@example.com/x", "PUT", {"Cookie": "marker@example.com"}, b"marker@example")
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all({"time", "level", "logger", "event"} <= line.keys() for line in lines)
    requests = [line for line in lines if line["event"] == "request"]
    assert requests and all({"status", "milliseconds", "method", "path"} <= line.keys() for line in requests)
    assert "other" in {line["method"] for line in requests}
    assert "marker" not in server.log.read_text().lower()


@pytest.mark.parametrize(("setting", "is_closed"), [("1", "False"), ("0", "True")])
def test_a_server_that_takes_no_files_takes_none(setting: str, is_closed: str) -> None:
    """Asked in a process of its own: whoever imports the server is one from then on."""
    asked = "from pages.shared import server; print(server.is_closed('/_stcore/upload_file/a/b'))"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=environment(COMEBACK_UPLOADS=setting),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == is_closed


@pytest.mark.parametrize("setting", [None, "", " "])
def test_who_serves_this_app_means_others_unless_told_otherwise(setting: str | None) -> None:
    told = environment() if setting is None else environment(COMEBACK_HOSTED=setting)
    asked = "from pages.shared import server, hosting; print(hosting.current().limits().rows is not None)"
    ran = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True"


def test_a_server_that_is_told_to_stop_takes_its_folder_along(tmp_path: Path) -> None:
    """By the signal that containers are stopped with, which tells Python nothing."""
    database, temporary = tmp_path / "shop.duckdb", tmp_path / "temporary"
    temporary.mkdir()
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create table orders as select * from read_csv('{orders_file(tmp_path)}')")
    settings = {"COMEBACK_DATA": str(database), "COMEBACK_TABLE": "orders", "TMPDIR": str(temporary)}
    with serve(tmp_path, **settings):
        assert [path.name for path in temporary.rglob("*.parquet")] == ["orders.parquet"]
    assert not list(temporary.iterdir())
