"""The settings of a server: what they are read from, what is refused, and that the table for people tells the same."""

from dataclasses import fields
from pathlib import Path

import pytest

from pages.shared.hosting import Hosting, WrongSetting, memory_of_machine
from retention_core.limits import size_in_bytes
from tests.conftest import ROOT


def test_nothing_is_limited_on_ones_own_computer() -> None:
    limits = Hosting.read({}).limits()
    assert (limits.rows, limits.query_seconds, limits.memory, limits.spill) == (None, None, None, "20GB")
    assert Hosting.read({"PATH": "/bin", "COMEBACK_ROWS": "  "}) == Hosting()


def test_a_server_for_others_has_limits_of_its_own_and_takes_those_it_is_told() -> None:
    hosted = Hosting.read({"COMEBACK_HOSTED": "1"})
    limits = hosted.limits()
    assert limits.rows and limits.query_seconds and limits.memory
    assert hosted.file_megabytes < Hosting().file_megabytes
    told = Hosting.read({"COMEBACK_HOSTED": "1", "COMEBACK_ROWS": "1_000", "COMEBACK_MEMORY": "500MB"})
    assert (told.limits().rows, told.limits().memory) == (1000, "500MB")
    assert Hosting.read({"COMEBACK_ROWS": "2,000,000"}).rows == 2_000_000


def test_every_variable_is_read(tmp_path: Path) -> None:
    orders, database = tmp_path / "orders.csv", tmp_path / "shop.duckdb"
    orders.write_text("a,b\n")
    database.write_text("a database, as far as its name tells")
    assert Hosting.read({"COMEBACK_DATA": f"{orders}"}).data == (orders,)
    told = {
        "COMEBACK_HOSTED": "yes",
        "COMEBACK_DATA": f"{database}",
        "COMEBACK_TABLE": "sales.orders",
        "COMEBACK_LOGIN": "1",
        "COMEBACK_PEOPLE": "Ann@example.com, @example.org",
        "COMEBACK_UNVERIFIED": "1",
        "COMEBACK_UPLOADS": "0",
        "COMEBACK_HOSTS": "retention.example.com, *.example.org",
        "COMEBACK_MEMORY": "0.5 GB",
        "COMEBACK_SPILL": "500MB",
        "COMEBACK_ROWS": "10",
        "COMEBACK_FILE_MEGABYTES": "7",
        "COMEBACK_QUERY_SECONDS": "2.5",
        "COMEBACK_PSEUDONYM_KEY": "0123456789abcdef",
    }
    read = Hosting.read(told)
    assert set(told) == {f"COMEBACK_{setting.name.upper()}" for setting in fields(Hosting)}
    assert all(getattr(read, setting.name) != setting.default for setting in fields(Hosting))
    assert read.people == ("ann@example.com", "@example.org")
    assert read.hosts == ("retention.example.com", "*.example.org")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"COMEBACK_HOSTED": "perhaps"}, "COMEBACK_HOSTED is “perhaps”. Set it to 1"),
        ({"COMEBACK_ROWS": "many"}, "COMEBACK_ROWS is “many”. Give a whole number"),
        ({"COMEBACK_ROWS": "0"}, "COMEBACK_ROWS"),
        ({"COMEBACK_ROWS": "-5"}, "COMEBACK_ROWS"),
        ({"COMEBACK_FILE_MEGABYTES": "1.5"}, "COMEBACK_FILE_MEGABYTES"),
        ({"COMEBACK_QUERY_SECONDS": "nan"}, "COMEBACK_QUERY_SECONDS"),
        ({"COMEBACK_QUERY_SECONDS": "inf"}, "COMEBACK_QUERY_SECONDS"),
        ({"COMEBACK_MEMORY": "4"}, "COMEBACK_MEMORY is “4”. Give a size with its unit"),
        ({"COMEBACK_MEMORY": "4GB'; drop table x"}, "COMEBACK_MEMORY"),
        ({"COMEBACK_HOSTS": "https://example.com"}, "COMEBACK_HOSTS"),
        ({"COMEBACK_DATA": "/nowhere/orders.csv"}, "COMEBACK_DATA names /nowhere/orders.csv, which is no file here"),
        ({"COMEBACK_TABLE": "orders"}, "COMEBACK_TABLE is for a database"),
        ({"COMEBACK_PEOPLE": "ann@example.com"}, "COMEBACK_PEOPLE is for signing in"),
        ({"COMEBACK_PEOPLE": "ann", "COMEBACK_LOGIN": "1"}, "COMEBACK_PEOPLE holds an entry without @"),
        (
            {"COMEBACK_PEOPLE": "ann@x.org;bob@x.org", "COMEBACK_LOGIN": "1"},
            "COMEBACK_PEOPLE holds an entry that is no",
        ),
        (
            {"COMEBACK_PEOPLE": "ann@x.org bob@x.org", "COMEBACK_LOGIN": "1"},
            "COMEBACK_PEOPLE holds an entry that is no",
        ),
        ({"COMEBACK_PEOPLE": "Ann <ann@x.org>", "COMEBACK_LOGIN": "1"}, "COMEBACK_PEOPLE holds an entry that"),
        ({"COMEBACK_UNVERIFIED": "1", "COMEBACK_LOGIN": "1"}, "COMEBACK_UNVERIFIED is about COMEBACK_PEOPLE"),
        ({"COMEBACK_ROWS": "1,0"}, "COMEBACK_ROWS is “1,0”. Give a whole number"),
        ({"COMEBACK_ROWS": "1000,000"}, "COMEBACK_ROWS is “1000,000”. Give a whole number"),
        ({"COMEBACK_MEMORY": "0GB"}, "COMEBACK_MEMORY is “0GB”. The engine needs 64MB at least"),
        ({"COMEBACK_MEMORY": "32MB"}, "COMEBACK_MEMORY is “32MB”. The engine needs 64MB at least"),
        ({"COMEBACK_MEMORY": "40000TB"}, "COMEBACK_MEMORY is “40000TB”; this machine has "),
        ({"COMEBACK_SPILL": "99999999TB"}, "COMEBACK_SPILL is “99999999TB”, more than 1000TB"),
        ({"COMEBACK_ROWS": "9" * 5_000}, "COMEBACK_ROWS is “999"),
        ({"COMEBACK_ROWS": "5 million"}, "COMEBACK_ROWS is “5 million”. Give a whole number"),
        ({"COMEBACK_FILE_MEGABYTES": "104857600"}, "COMEBACK_FILE_MEGABYTES is “104857600” megabytes; this machine"),
        ({"COMEBACK_FILE_MEGABYTES": "100MB"}, "COMEBACK_FILE_MEGABYTES is “100MB”. Give a whole number"),
        ({"COMEBACK_QUERY_SECONDS": "30000"}, "COMEBACK_QUERY_SECONDS is “30000”. Give seconds from 0.1 to 3600"),
        ({"COMEBACK_QUERY_SECONDS": "0.00001"}, "COMEBACK_QUERY_SECONDS is “0.00001”. Give seconds from 0.1"),
        ({"COMEBACK_QUERY_SECONDS": "0,5"}, "COMEBACK_QUERY_SECONDS is “0,5”. Give seconds"),
        ({"COMEBACK_HOSTS": "a.example.com b.example.com"}, "COMEBACK_HOSTS holds “a.example.com b.example.com”"),
        ({"COMEBACK_HOSTS": "café.example"}, "COMEBACK_HOSTS holds “café.example”. Give names alone"),
        ({"COMEBACK_HOSTS": "example.com:8501"}, "COMEBACK_HOSTS holds “example.com:8501”. Give names alone"),
        ({"COMEBACK_HOSTS": " , "}, "COMEBACK_HOSTS is “,”, a list without an entry"),
        ({"COMEBACK_PEOPLE": ",", "COMEBACK_LOGIN": "1"}, "COMEBACK_PEOPLE is “,”, a list without an entry"),
        ({"COMEBACK_PEOPLE": "*@x.org", "COMEBACK_LOGIN": "1"}, "COMEBACK_PEOPLE holds an entry that is no e-mail"),
        ({"COMEBACK_DATA": ":"}, "COMEBACK_DATA is “:”, a list without an entry"),
        ({"COMEBACK_DATA": "/a.csv,/b.csv"}, "COMEBACK_DATA names /a.csv,/b.csv, which is no file here. Check the"),
        ({"COMEBACK_DATA": "x" * 5_000}, "COMEBACK_DATA names xxx"),
        ({"COMEBACK_TABLE": "or\udcffders"}, "COMEBACK_TABLE holds a character that cannot be printed"),
        ({"COMEBACK_PSEUDONYM_KEY": "$(openssl rand -hex 32)"}, "COMEBACK_PSEUDONYM_KEY holds a command. Give what"),
        ({"comeback_login": "1"}, "comeback_login is no setting. There are: COMEBACK_HOSTED"),
        ({"COMEBACK_UPLOAD": "0"}, "COMEBACK_UPLOAD is no setting. There are: COMEBACK_HOSTED, COMEBACK_DATA"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(told: dict[str, str], expected: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        Hosting.read(told)
    assert str(refused.value).startswith(expected)


def test_a_database_needs_its_table(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"
    database.write_text("a database, as far as its name tells")
    with pytest.raises(WrongSetting, match="COMEBACK_TABLE must name its table"):
        Hosting.read({"COMEBACK_DATA": str(database)})


def test_secrets_are_never_printed() -> None:
    secret = {"COMEBACK_PSEUDONYM_KEY": "very-secret-text-1", "COMEBACK_LOGIN": "1", "COMEBACK_PEOPLE": "ann@x.org"}
    assert "very-secret" not in repr(Hosting.read(secret)) and "ann" not in repr(Hosting.read(secret))
    with pytest.raises(WrongSetting) as refused:
        Hosting.read({"COMEBACK_PSEUDONYM_KEY": "short-secret"})
    assert "short-secret" not in str(refused.value)


def test_the_engine_takes_its_share_of_what_the_container_is_allowed(tmp_path: Path) -> None:
    allowed, unlimited = tmp_path / "memory.max", tmp_path / "unlimited"
    allowed.write_text("1073741824\n")
    unlimited.write_text("max\n")
    assert memory_of_machine((tmp_path / "none", allowed)) == 1024**3
    assert memory_of_machine((unlimited,)) == memory_of_machine(()) > 0
    engine = Hosting.read({"COMEBACK_HOSTED": "1"}).limits().memory
    assert engine and 0.4 < size_in_bytes(engine) / memory_of_machine() < 0.6, "the rest is Python's, and its visitors'"


def test_what_is_published_and_what_visitors_bring_share_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Order ID,Customer,Date,Amount\n")
    told = {"COMEBACK_MEMORY": "512MiB", "COMEBACK_DATA": str(path)}
    memory = Hosting.read(told).limits().memory
    assert memory and size_in_bytes(memory) == pytest.approx(256 * 1024**2, rel=1e-4)
    assert Hosting.read(told | {"COMEBACK_MEMORY": "64MB"}).limits().memory == "64000KB", "with less nothing opens"
    assert Hosting.read(told | {"COMEBACK_UPLOADS": "0"}).limits().memory == "512MiB"


def test_the_table_for_people_has_every_setting_with_its_sentence() -> None:
    rows = [
        line for line in (ROOT / "docs/hosting.md").read_text(encoding="utf-8").splitlines() if "`COMEBACK_" in line
    ]
    table = {row.split("|")[1].strip(" `"): row for row in rows if row.startswith("| `COMEBACK_")}
    assert set(table) == {f"COMEBACK_{setting.name.upper()}" for setting in fields(Hosting)}
    for setting in fields(Hosting):
        assert setting.metadata["about"] in table[f"COMEBACK_{setting.name.upper()}"]
