"""What a server is told to read and cannot: the start ends with one sentence on the file, the setting, the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pages.shared.hosting import PREFIX, Hosting, WrongSetting
from pages.shared.named_files import fault_of_secrets
from tests.conftest import ROOT
from tests.hosting.serving import environment

START = "from pages.shared import server"
# The same as somebody to whom files can be closed: root, as whom tests may run, reads all.
AS_NOBODY = """
import os, sys
from pathlib import Path
from pages.shared import hosting, named_files
if os.geteuid() == 0:
    os.seteuid(65534)
print(named_files.fault_of_secrets(Path(sys.argv[1]), hosting.PREFIX))
hosting.Hosting.read({"COMEBACK_DATA": sys.argv[1]})
"""

Lay = Callable[[Path], object]
UNREADABLE: dict[str, tuple[Lay, str]] = {
    "folder": (lambda path: path.mkdir(), "is a folder. Give the file itself."),
    "loop": (lambda path: path.symlink_to(path), "cannot be read (Too many levels of symbolic links)."),
    "dangling": (lambda path: path.symlink_to("nowhere"), "is no file here. Check the path"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is no ordinary file but a device or a pipe."),
    "pipe": (lambda path: os.mkfifo(path), "is no ordinary file but a device or a pipe."),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_with_its_setting(kind: str, tmp_path: Path) -> None:
    lay, expected = UNREADABLE[kind]
    path, secrets = tmp_path / "orders.csv", tmp_path / "secrets.toml"
    lay(path)
    lay(secrets)
    with pytest.raises(WrongSetting) as refused:
        Hosting.read({"COMEBACK_DATA": str(path)})
    assert str(refused.value).startswith(f"COMEBACK_DATA names {path}, which {expected}")
    assert str(fault_of_secrets(secrets, PREFIX)).startswith(expected)


def test_a_file_that_is_closed_to_the_server_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("a,b\n")
    path.chmod(0)
    ran = _run(AS_NOBODY, str(path))
    assert ran.stdout.startswith("may not be read by the user of this program.")
    assert f"WrongSetting: COMEBACK_DATA names {path}, which may not be read by the user of this program." in ran.stderr


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty."),
        (b"12345678DUCK\x40", "is a DuckDB database. Let its name end in .duckdb."),
    ],
)
def test_a_file_that_holds_no_orders_for_sure_is_refused(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(WrongSetting) as refused:
        Hosting.read({"COMEBACK_DATA": str(path)})
    assert str(refused.value).startswith(f"COMEBACK_DATA names {path}, which {expected}")


def test_a_real_database_is_known_by_whatever_name(tmp_path: Path) -> None:
    path = tmp_path / "shop.ddb"
    duckdb.connect(str(path)).close()
    with pytest.raises(WrongSetting, match="is a DuckDB database"):
        Hosting.read({"COMEBACK_DATA": str(path)})


def test_a_file_is_named_once(tmp_path: Path) -> None:
    path, other = tmp_path / "orders.csv", tmp_path / "link.csv"
    path.write_text("a,b\n")
    other.symlink_to(path)
    with pytest.raises(WrongSetting, match="names a file twice"):
        Hosting.read({"COMEBACK_DATA": f"{path}{os.pathsep}{other}"})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[auth]\nclient_secret = "marker\xff"\n', "is not written in UTF-8."),
        (b'\xef\xbb\xbf[auth]\nclient_secret = "marker"\n', "begins with a byte order mark."),
        (b"[auth]\n\nclient_secret = marker\n", "is no TOML: see line 3. Texts stand in quotes"),
        (b'[auth]\nclient_secret = "marker', "is no TOML: see its end."),
        (b'auth = "marker"\n', "has an auth that is no table."),
        (b'[[auth]]\nclient_secret = "marker"\n', "has an auth that is no table."),
        (b'COMEBACK_PEOPLE = "marker@example.com"\n', "holds COMEBACK_PEOPLE, which is read from the environment."),
        (b'[auth]\nCOMEBACK_LOGIN = "1"\n', "holds COMEBACK_LOGIN, which is read from the environment."),
        (b'[auth]\nclient_secret = "marker"\n', None),
        (b"", None),
    ],
)
def test_secrets_that_cannot_be_used_are_told_without_their_words(
    content: bytes, expected: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "secrets.toml"
    path.write_bytes(content)
    told = fault_of_secrets(path, PREFIX)
    assert (told is None) if expected is None else str(told).startswith(expected)
    assert "marker" not in str(told)


def test_there_need_be_no_secrets(tmp_path: Path) -> None:
    assert fault_of_secrets(tmp_path / "secrets.toml", PREFIX) is None


def test_what_streamlit_has_put_into_the_environment_may_stand_in_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Community Cloud, where that is the only way to a setting."""
    path = tmp_path / "secrets.toml"
    path.write_text('COMEBACK_HOSTED = "1"\n')
    monkeypatch.setenv("COMEBACK_HOSTED", "1")
    assert fault_of_secrets(path, PREFIX) is None


@pytest.mark.parametrize("kind", ["secrets", "no database", "no table"])
def test_the_start_ends_with_a_sentence_and_no_traceback(kind: str, tmp_path: Path) -> None:
    """Of secrets also where nobody signs in: Streamlit reads them all the same, and fails for every visitor."""
    database, secrets = tmp_path / "shop.duckdb", tmp_path / ".streamlit" / "secrets.toml"
    settings, expected = (
        {"COMEBACK_DATA": str(database), "COMEBACK_TABLE": "orders"},
        "COMEBACK_DATA and COMEBACK_TABLE",
    )
    if kind == "no database":
        database.write_text("This is a letter about orders.")
    elif kind == "no table":
        duckdb.connect(str(database)).close()
    else:
        secrets.parent.mkdir()
        secrets.write_bytes(b"\xff\xfe")
        settings, expected = {"HOME": str(tmp_path)}, f"{secrets}, which is for signing in, is not written in UTF-8."
    ran = _run(START, **settings)
    assert ran.returncode == 1 and "Traceback" not in ran.stderr and '"crashed"' not in ran.stderr
    assert ran.stderr.splitlines()[-1].startswith(expected)


def _run(script: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env=environment(**settings),
        capture_output=True,
        text=True,
    )
