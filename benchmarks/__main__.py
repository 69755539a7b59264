"""One command for all figures: `python -m benchmarks --orders 10_000_000 --peers duckdb,polars,pandas --repeat 3`.

`python -m benchmarks models` compares the models, see benchmarks.models.
"""

import argparse
import subprocess
import sys

from benchmarks import log_path, models, report
from benchmarks.child import PEERS
from benchmarks.measure import ROOT, FailedError, measure


def _peers(text: str) -> list[str]:
    peers = [peer for peer in text.split(",") if peer]
    if unknown := set(peers) - PEERS.keys():
        raise argparse.ArgumentTypeError(
            f"no peer is called {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}"
        )
    return peers


def main() -> None:
    if sys.argv[1:2] == ["models"]:
        models.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000_000, help="size of the log, made if it is not there yet")
    parser.add_argument("--peers", type=_peers, default=list(PEERS), help="whom to compare with, joined by commas")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the least and the median of them are shown")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds after which a peer is given up")
    parser.add_argument("--dry", action="store_true", help="print the tables, keep nothing")
    given = parser.parse_args()
    log_file = log_path(given.orders)
    if not log_file.exists():
        # In a child: this process must stay small, see benchmarks.measure.
        subprocess.run([sys.executable, "-m", "benchmarks.generate", f"--orders={given.orders}"], cwd=ROOT, check=True)
    try:
        run = measure(log_file, given.orders, given.peers, given.repeat, given.timeout)
    except FailedError as failure:
        sys.exit(f"No figures: {failure}")
    if not given.dry:
        report.append(run)
    print(report.render(run, report.last_runs().get(report.FULL_SIZE)))


if __name__ == "__main__":
    main()
