"""The memory of a server's process: what is free goes back to the machine, and what a move works with stays at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is looked after with glibc, on Linux only")

MANY_SHOPS = """
import gc, time
from pathlib import Path
import psutil
import retention_core as rc
from benchmarks.crowd import own
from pages.shared import memory

memory.share_stores()
here, folder = psutil.Process(), Path({folder!r})

def held():
    memory.give_back()
    return here.memory_info().rss

def opened(number):
    path = folder / f"{{number}}.csv"
    path.write_bytes(own(number).content)
    return rc.open_orders(path)

first = opened(0)
start = held()
shops = [opened(number) for number in range(1, 31)]
most = held()
for shop in shops:
    shop.close()
del shop, shops
for _ in range(60):
    if held() - start < (most - start) / 4:
        break
    time.sleep(0.5)
    first.query("customer_totals")
print(round((held() - start) / (most - start), 2))
"""


MANY_MOVES = """
import resource
import retention_core as rc
from pages.shared import memory
from retention_core.goals.baseline import baseline
from retention_core.goals.goal import Goal
from retention_core.goals.simulate import simulate
from tests.goals.made import lever

memory.share_stores()

def pages_asked_for():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

base = baseline(rc.open_orders(rc.sample("replenish")))
plans = [Goal((lever(strength=number / 20),), target=0.4, margin=0.6) for number in range(20)]
for plan in plans:
    simulate(base, plan)
before = pages_asked_for()
for plan in plans:
    simulate(base, plan)
print((pages_asked_for() - before) / len(plans))
"""


def last_number(script: str) -> float:
    """What a process of its own prints last."""
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(ran.stdout.split()[-1])


def test_closed_shops_give_their_memory_back_to_the_machine(tmp_path: Path) -> None:
    assert last_number(MANY_SHOPS.format(folder=str(tmp_path))) < 0.25


def test_a_move_of_a_slider_asks_the_machine_for_no_memory() -> None:
    """Given back after each move and asked for at the next, it would be a third of the time of a simulation."""
    assert last_number(MANY_MOVES) < 100
