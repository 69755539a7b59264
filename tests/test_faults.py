"""Killed processes, full disks, damaged files: never part of the data, always a sentence, nothing left on disk."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

import retention_core as rc
from pages.shared import handed_in
from pages.shared.handed_in import Upload
from retention_core import scratch
from retention_core.export import to_csv, to_excel
from retention_core.limits import Limits
from retention_core.orders.errors import OrdersError
from tests.conftest import ROOT

ROWS = 3000
Kind = Literal["csv.gz", "parquet snappy", "parquet zstd"]
OPENS_FOR_EVER = """
import sys
from pages.shared.handed_in import Upload, open_upload
upload = Upload((("orders.csv", open(sys.argv[1], "rb").read()),))
print("ready", flush=True)
while True:
    open_upload(upload).close()
"""
SWEEPS = "from retention_core import scratch; print(scratch.folder('uploads'))"


def orders(count: int = ROWS) -> str:
    rows = (f"A{n},c{n % 700},2024-{n % 9 + 1:02}-01,{n % 90 + 1}.50" for n in range(count))
    return "\n".join(("Order ID,Customer,Date,Amount", *rows)) + "\n"


def left_after_kills(folder: Path, moments: list[float]) -> list[str]:
    """What a process that was killed while it opened files, so many seconds after it began, leaves to the next one.

    One text per thing that is still in its folder for temporary files once another process has started and ended.
    """
    source, place = folder / "orders.csv", folder / "tmp"
    source.write_text(orders(60_000))
    place.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
    left: list[str] = []
    for moment in moments:
        command = [sys.executable, "-c", OPENS_FOR_EVER, str(source)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
        assert any(place.iterdir()), "a killed process cannot tidy up: there is nothing to be shown here"
        subprocess.run([sys.executable, "-c", SWEEPS], env=environment, check=True, stdout=subprocess.DEVNULL)
        left += [str(path.relative_to(place)) for path in place.rglob("*")]
    return left


def test_what_a_killed_process_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    assert left_after_kills(tmp_path, [0.3, 0.55]) == []


def test_the_sweep_takes_only_folders_of_the_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    waits = f"{SWEEPS}; import sys; sys.stdout.flush(); sys.stdin.read()"
    (tmp_path / "comeback-not-ours").mkdir()
    (tmp_path / "comeback-a-file").write_text("")
    (tmp_path / "comeback-link").symlink_to(ROOT)
    dead = tmp_path / "comeback-dead"
    (dead / "files").mkdir(parents=True)
    (dead / scratch.LOCK).write_text("")
    with subprocess.Popen(
        [sys.executable, "-c", waits], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as alive:
        assert alive.stdout is not None and alive.stdin is not None
        folder = Path(alive.stdout.readline().decode().strip())
        assert not dead.exists(), "the other process has swept it"
        scratch.sweep()
        assert folder.is_dir()
        alive.stdin.close()
    assert not folder.parent.exists(), "a process that ends takes its folder along"
    assert {path.name for path in tmp_path.iterdir()} == {"comeback-not-ours", "comeback-a-file", "comeback-link"}
    assert (ROOT / "app.py").exists()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("what", ["the upload", "its text", "the spill"])
def test_a_full_disk_is_said_and_leaves_nothing(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"the upload": "1m", "its text": "3m", "the spill": "12m"}
    with small_disk(tmp_path / "disk", sizes[what]) as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        monkeypatch.setattr(scratch, "_own", lambda process: disk)
        memory = "30MB" if what == "the spill" else None
        limits = Limits(memory=memory, folder=scratch.folder("uploads"))
        monkeypatch.setattr(handed_in, "limits", lambda own=True: limits)
        count = 250_000 if what == "the spill" else 60_000
        with pytest.raises(OrdersError, match="the disk of the computer that the app runs on is full") as problem:
            handed_in.open_upload(Upload((("orders.csv", orders(count).encode()),)))
        assert problem.value.file == "orders.csv"
        assert sum(path.stat().st_size for path in disk.rglob("*") if path.is_file()) == 0
        opened = handed_in.open_upload(Upload((("small.csv", orders(100).encode()),)))
        assert isinstance(opened, rc.Shop) and opened.query("customer_totals")["orders"].iloc[0] == 100
        opened.close()


def test_a_workbook_on_a_full_disk_is_no_damaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child that reads it can tell nothing: its answer would lie on the same disk."""
    source = tmp_path / "orders.xlsx"
    rows = [line.split(",") for line in orders(20_000).splitlines()]
    pd.DataFrame(rows[1:], columns=rows[0]).to_excel(source, index=False, engine="xlsxwriter")
    with small_disk(tmp_path / "disk", "256k") as disk:
        limits = Limits(folder=disk)
        with pytest.raises(OrdersError, match="the disk of the computer that the app runs on is full"):
            rc.open_orders(source, limits=limits)
        assert list(disk.iterdir()) == []


def test_an_export_needs_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "full").write_bytes(b"x" * 4096)
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        frame = pd.DataFrame({"customer": [f"c{n}" for n in range(20_000)]})
        assert len(to_csv(frame)) > 100_000
        assert len(to_excel(frame)) > 100_000


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        monkeypatch.setattr(scratch, "_own", scratch._own.__wrapped__)
        with pytest.raises(OrdersError, match=r"nothing can be written to the folder for temporary files.*TMPDIR"):
            handed_in.open_upload(Upload((("orders.csv", orders(100).encode()),)))


def made(kind: Kind, folder: Path) -> bytes:
    if kind == "csv.gz":
        return gzip.compress(orders().encode())
    rows = [line.split(",") for line in orders().splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0]).astype({"Amount": float})
    frame["Date"] = pd.to_datetime(frame["Date"])
    frame.to_parquet(folder / "made.parquet", compression="snappy" if kind == "parquet snappy" else "zstd")
    return (folder / "made.parquet").read_bytes()


def opened_damaged(kind: Kind, folder: Path, flips: int, seed: int) -> dict[str, int]:
    """What becomes of files with one flipped bit each: refused in plain words, right, or "another value".

    A Parquet file need not carry check sums: a flipped bit of a value is another value. But all rows are there, always.
    Raises AssertionError where rows are missing, and whatever is no refusal in plain words.
    """
    found = {"refused": 0, "right": 0, "another value": 0}
    sound, chance = made(kind, folder), random.Random(seed)
    right = None
    for flip in range(-1, flips):
        content = bytearray(sound)
        if flip >= 0:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        try:
            shop = handed_in.open_upload(Upload(((f"orders.{kind}", bytes(content)),)))
        except OrdersError as problem:
            assert problem.cause and problem.advice and flip >= 0
            found["refused"] += 1
            continue
        assert isinstance(shop, rc.Shop)
        ledger = shop.ledger()
        assert ledger.loc[ledger["outcome"].isin(["kept", "left out"]), "rows"].sum() >= ROWS
        total = shop.query("customer_totals")[["customers", "orders", "revenue"]].iloc[0].tolist()
        right = right or total
        found["right" if total == right else "another value"] += flip >= 0
        shop.close()
    return found


@pytest.mark.parametrize("kind", ["csv.gz", "parquet snappy", "parquet zstd"])
def test_a_flipped_bit_is_refused_or_changes_no_row(kind: Kind, tmp_path: Path) -> None:
    found = opened_damaged(kind, tmp_path, 6, seed=5)
    assert sum(found.values()) == 6
    if kind == "csv.gz":
        assert found["another value"] == 0


@pytest.mark.parametrize("kind", ["csv.gz", "parquet snappy"])
@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(kind: Kind, share: float, tmp_path: Path) -> None:
    content = made(kind, tmp_path)
    content = content[: max(20, int(len(content) * share))]
    with pytest.raises(OrdersError, match=r"damaged or cut off"):
        handed_in.open_upload(Upload(((f"orders.{kind}", content),)))
    assert not list(scratch.folder("uploads").iterdir())
