"""Who may stand on a list that people write letters from: one rule for every list.

Who said no is left out. As soon as the files tell of anybody whether they agreed, silence counts as no: who never said
yes is left out too, as they are not counted as writable in the audiences of the plan. Where the files tell of nobody,
all stay, and the list says that consent must be checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class LeftOut:
    """Customers that a list leaves out. `refused`: said no; `untold`: the files tell it of others, not of them.

    `is_known`: whether the files tell of anybody.
    """

    refused: int
    untold: int
    is_known: bool


def writable(everyone: pd.DataFrame, is_known: bool, customer: str = "customer") -> tuple[pd.DataFrame, LeftOut]:
    """The rows of customers who may be written to, and how many customers are left out.

    `everyone`: rows with the column `customer` and `consent`, missing where the files do not tell it of them; the
    column goes where `is_known` is false: then nothing tells it of anybody.
    """
    if not is_known:
        return everyone.drop(columns="consent"), LeftOut(0, 0, False)
    consent = everyone["consent"].astype("boolean")
    refused, untold = consent.eq(False).fillna(False), consent.isna()
    left_out = LeftOut(
        int(everyone.loc[refused, customer].nunique()), int(everyone.loc[untold, customer].nunique()), True
    )
    return everyone[~refused & ~untold], left_out
