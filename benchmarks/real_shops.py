"""The real order files that the models are tried on; the folder that holds them is no part of the repository."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import retention_core as rc

HIDDEN = {"6 months": 182, "12 months": 364}  # days: whole weeks, so as many Sundays are hidden as Mondays
SHORTEST_DAYS = 90  # that must be left to learn from
PAPER = "as in the papers"


@dataclass(frozen=True)
class RealShop:
    """`files` are names within the folder, or the sample shop that is part of the repository.

    `paper`: the last day seen and the last day hidden where a paper split these data.
    """

    title: str
    files: tuple[str, ...] = ()
    sample: str = ""
    paper: tuple[date, date] | None = None

    def paths(self, folder: Path) -> list[Path]:
        return rc.sample(self.sample) if self.sample else [folder / name for name in self.files]

    def opened(self, folder: Path) -> rc.Shop:
        return rc.open_orders(self.paths(folder))

    def splits(self, shop: rc.Shop) -> dict[str, tuple[date, date]]:
        """Last day seen and last day hidden, by name; none that leaves too little to learn from, none twice."""
        ends = shop.observed_on
        splits = {name: (ends - timedelta(days), ends) for name, days in HIDDEN.items()}
        splits = {name: split for name, split in splits.items() if (split[0] - shop.first_on).days >= SHORTEST_DAYS}
        return splits | ({PAPER: self.paper} if self.paper and self.paper not in splits.values() else {})


CDNOW_SAMPLE = RealShop("CDNOW, the papers' tenth", ("cdnow_sample.csv.gz",))

REAL_SHOPS = (
    RealShop("CDNOW", ("cdnow_master.csv.gz",), paper=(date(1997, 9, 30), date(1998, 6, 30))),
    RealShop("apparel", ("apparel_trans.csv.gz",), paper=(date(2006, 12, 31), date(2010, 12, 20))),
    RealShop("grocery", ("grocery_elog.csv.gz",), paper=(date(2006, 12, 31), date(2007, 12, 30))),
    RealShop("Online Retail II", ("online_retail_ii_2009_2010.parquet", "online_retail_2010_2011.parquet")),
    RealShop("Complete Journey", ("complete_journey_transactions_odd.parquet",)),
    RealShop("Retail Transactions", ("retail_transactions.csv.gz",)),
    RealShop("sample shop: gift", sample="gift"),
    RealShop("sample shop: replenish", sample="replenish"),
)
