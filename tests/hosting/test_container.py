"""The container without an engine for containers: its very files, commands, user and environment, run here."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks.crowd import FILE_NAME, UPLOADED, own
from benchmarks.wire import visit
from pages.shared import transfers
from pages.shared.hosting import Hosting
from retention_core.limits import Limits, size_in_bytes
from retention_core.orders.read_parts import EXCEL_AT_ONCE, caps_of
from tests.conftest import ROOT
from tests.hosting.serving import Served, free_port, running

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
HOSTING = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
USER = 10001
State = dict[Path, tuple[int, int]]
PYTHON = 500_000_000  # bytes to leave for Python and Streamlit's caches


def _steps(word: str) -> list[str]:
    return re.findall(rf"^{word} +(.+)$", DOCKERFILE, re.MULTILINE)


def _command(text: str, port: int) -> list[str]:
    return [str(part).replace("8501", str(port)) for part in json.loads(text[text.index("[") :])]


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """A folder with what the Dockerfile copies and nothing else.

    Unlike the container's it could be written to by the user of the container, so that a test can see that nobody does.
    """
    folder = Path(tempfile.mkdtemp(prefix="comeback-image-"))
    app = folder / "app"
    for step in _steps("COPY"):
        *sources, target = step.split()
        for source in sources:
            place = app / target if target not in {"./", "."} else app / source
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)
    if any("python -m compileall -q ." in step for step in _steps("RUN")):
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(app)], check=True)
    (folder / "tmp").mkdir()
    subprocess.run(["chmod", "-R", "a+rwX", str(folder)], check=True)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture(scope="module")
def before(image: Path) -> State:
    """What the image holds before it runs."""
    return _state(image)


@pytest.fixture(scope="module")
def contained(image: Path, before: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The CMD of the image as its user, in its environment and no other."""
    port, temporary = free_port(), str(image / "tmp")
    settings = dict(part.split("=", 1) for step in _steps("ENV") for part in step.split())
    settings |= {"PATH": os.defpath, "HOME": temporary, "TMPDIR": temporary}
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.getuid() == 0 else []
    (command,) = _steps("CMD")
    folder = tmp_path_factory.mktemp("contained")
    with running(_command(command, port), folder, port, image / "app", settings, *become) as served:
        yield served


def test_the_command_serves_the_app(contained: Served) -> None:
    assert contained.ask("/readyz")[0] == 200
    assert contained.ask("/_stcore/metrics")[0] == 404
    assert "server" not in contained.ask("/")[1]


def test_the_health_check_is_content_and_would_not_be_without_the_app(contained: Served) -> None:
    (check,) = [step for step in _steps("HEALTHCHECK") if "CMD" in step]
    for port, healthy in ((contained.port, True), (free_port(), False)):
        python, *rest = _command(check, port)
        assert python == "python"
        ran = subprocess.run([sys.executable, *rest], capture_output=True)
        assert (ran.returncode == 0) is healthy


def test_nothing_is_written_but_to_tmp(contained: Served, image: Path, before: State) -> None:
    """The root file system can be read-only: where it could write, the app changes nothing while it is used."""
    assert asyncio.run(_used(contained.address)) == []
    assert list((image / "tmp").iterdir()), "what it may write lies in the folder that is left out"
    after = _state(image)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()


def _state(image: Path) -> State:
    """Size and time of change of all that lies outside of /tmp, folders too."""
    outside = [path for path in (image, *image.rglob("*")) if image / "tmp" not in (path, *path.parents)]
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in outside}


async def _used(address: str) -> list[str]:
    """A visitor opens a file, looks at a page and makes a list; the errors that were shown."""
    async with visit(address, shop=UPLOADED) as (visitor, _):
        await visitor.upload(FILE_NAME, own(1).content)
        await visitor.click("open_orders")
        errors = visitor.errors()
        await visitor.go("value")
        await visitor.download("download_value_by_cohort_csv")
        return errors + visitor.errors()


def test_the_container_is_no_root_and_holds_no_data() -> None:
    assert _steps("USER") == [str(USER)]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for step in _steps("COPY") for source in step.split()[:-1]}
    assert copied == allowed and not copied & {"tests", "benchmarks", ".", "deploy"}
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("service", ["app", "proxy"])
def test_both_services_can_do_little(service: str) -> None:
    block = COMPOSE.split(f"\n  {service}:\n")[1].split("\n\n")[0]
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "mem_limit: "):
        assert f"    {line}" in block
    assert "privileged" not in block.replace("no-new-privileges", "") and "docker.sock" not in block


def test_what_the_app_holds_in_memory_fits_below_the_limit_of_its_container() -> None:
    app = COMPOSE.split("\n  app:\n")[1].split("\n\n")[0]
    allowed, temporary = (
        int(re.search(pattern, app)[1]) * 1024**3  # type: ignore[index]
        for pattern in (r"mem_limit: (\d+)g", r"/tmp:size=(\d+)g")
    )
    engine, spill = (
        size_in_bytes(re.search(rf"{name}: (\S+)", app)[1])  # type: ignore[index]
        for name in ("COMEBACK_MEMORY", "COMEBACK_SPILL")
    )
    workbooks = EXCEL_AT_ONCE * caps_of(Limits(memory=f"{engine // 1000}KB")).excel_memory
    files = transfers.SHARE_OF_MEMORY * allowed
    assert engine + temporary + workbooks + files + PYTHON <= allowed and spill < temporary


def test_only_the_proxy_is_reachable_and_it_closes_what_the_app_closes() -> None:
    app = COMPOSE.split("\n  app:\n")[1].split("\n\n")[0]
    assert "ports:" not in app and "networks: [inside]" in app and "inside: {internal: true}" in COMPOSE
    proxy = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    for path in ("/_stcore/metrics*", "/_stcore/agent/*", "/_stcore/script-health-check*", "/readyz"):
        assert path in proxy
    assert "max_size" in proxy and "reverse_proxy app:8501" in proxy
    assert "exclude http.log http.handlers" in proxy, "a failed request would be logged with its link"


def test_what_env_says_reaches_the_app() -> None:
    """A setting that compose does not hand on would be ignored without a word."""
    app = COMPOSE.split("\n  app:\n")[1].split("\n\n")[0]
    handed_on = set(re.findall(r"^ +(COMEBACK_\w+): \$\{\1:", app, re.MULTILINE))
    elsewhere = {"COMEBACK_HOSTED", "COMEBACK_MEMORY", "COMEBACK_SPILL"}  # the image; fixed beside mem_limit
    assert handed_on == {f"COMEBACK_{setting.name.upper()}" for setting in fields(Hosting)} - elsewhere
    assert all(f"`{name}`" in HOSTING.split("## Settings")[0] for name in elsewhere)


def test_the_proxy_takes_files_as_large_as_the_app_does() -> None:
    usual = Hosting.read({"COMEBACK_HOSTED": "1"}).file_megabytes
    proxy = COMPOSE.split("\n  proxy:\n")[1].split("\n\n")[0]
    assert f"COMEBACK_FILE_MEGABYTES: ${{COMEBACK_FILE_MEGABYTES:-{usual}}}\n" in proxy
    told = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    assert f"max_size {{$COMEBACK_FILE_MEGABYTES:{usual}}}.5MiB\n" in told


def test_the_page_names_what_compose_asks_for() -> None:
    """The `.env` of the page has every variable without which compose refuses, and each folder is explained."""
    env = re.search(r"cat > \.env <<END\n(.*?)END\n", HOSTING, re.DOTALL)
    assert env
    written = {line.split("=")[0] for line in env[1].splitlines()}
    assert set(re.findall(r"\$\{(\w+):\?", COMPOSE)) <= written <= set(re.findall(r"\$\{(\w+):", COMPOSE))
    assert all(f"`{name}`" in HOSTING for name in re.findall(r"\$\{(\w+):-\./", COMPOSE))


def test_secrets_and_data_are_never_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.env", "/compose.override.yaml", "/deploy/data/", "/deploy/secrets/"} <= set(ignored)


def test_commands_that_need_a_container_say_that_they_were_not_tried() -> None:
    lines = [line for block in re.findall(r"```sh\n(.*?)```", HOSTING, re.DOTALL) for line in block.splitlines()]
    docker = [line for line in lines if line.startswith("docker ")]
    assert docker and all("# not tried" in line for line in docker)
