"""What winning customers cost: advertising by month and channel, in cents."""

import numpy as np

from sample_data.arrays import Ints
from sample_data.people import People
from sample_data.seasons import MONTH, MONTHS
from sample_data.shops import Shop

_YEARLY_COST_RISE = 0.06
_LETTERS_CENTS_PER_MONTH = 9_000


def marketing_spend(shop: Shop, who: People, rng: np.random.Generator) -> tuple[tuple[str, ...], Ints]:
    """(channels, cents by month and channel). Advertising grows dearer every year, letters with the list."""
    won = np.zeros((len(MONTHS), len(shop.channels)))
    np.add.at(won, (MONTH[who.first.astype(int)], who.channel), 1)
    each = np.array([channel.cents_per_new_customer for channel in shop.channels])
    dearer = (1 + _YEARLY_COST_RISE) ** (np.arange(len(MONTHS)) / 12)
    advertising = won * each * dearer[:, None] * np.exp(rng.normal(0.0, 0.10, won.shape))
    letters = _LETTERS_CENTS_PER_MONTH + 2 * np.cumsum(won.sum(axis=1))
    names = (*(channel.name for channel in shop.channels), "Email")
    return names, np.round(np.column_stack([advertising, letters])).astype(np.int64)
